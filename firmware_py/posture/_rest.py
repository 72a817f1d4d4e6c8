"""When a sensor lay still, found in a whole recording; `_gravity.py` asks the same tick by tick.

At rest neither sensor varies within a tick, the rate does not change from tick to tick, and the specific
force does not move in the sensor's own axes. The last tells rest from an even turn, whose rate is as steady
as a bias; a turn about the vertical moves no force, and only its rate can give it away.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ._motion_model import MotionModel

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def rests(
    rate: FloatArray,
    rate2: FloatArray,
    acc_variance: FloatArray,
    force: FloatArray,
    bias: FloatArray,
    whole: BoolArray,
    tick_s: float,
    model: MotionModel,
) -> BoolArray:
    """(K,) ticks within a stillness that lasted long enough.

    Args:
        rate: (K, 3) mean rate with the known bias taken off, rad/s.
        rate2: (K,) its mean square within the tick.
        acc_variance: (K,) variance of the specific force within the tick, integrated frame, (m/s²)².
        force: (K, 3) mean specific force in the sensor's own axes, m/s².
        bias: (3,) the known bias, rad/s.
        whole: (K,) ticks without a missing sample.
        tick_s: length of a tick.
        model: the limits.
    """
    still = rate2 - np.square(rate).sum(axis=1) < model.rest_gyr_rad_s**2
    still &= acc_variance < model.rest_acc_m_s2**2
    still &= whole
    still &= np.square(rate + bias).sum(axis=1) < model.rest_most_rad_s**2
    jump = np.square(np.diff(rate, axis=0)).sum(axis=1) >= model.rest_gyr_rad_s**2
    sure = np.square(rate).sum(axis=1) < model.rest_doubt_rad_s**2
    at_least, in_doubt = (math.ceil(s / tick_s) for s in (model.rest_after_s, model.rest_after_doubt_s))
    resting = np.zeros(len(still), dtype=np.bool_)
    edges = np.flatnonzero(np.diff(still, prepend=False, append=False))
    for start, stop in edges.reshape(-1, 2).tolist():
        cuts = [start, *(start + 1 + np.flatnonzero(jump[start : stop - 1])).tolist(), stop]
        for a, b in pairwise(cuts):
            if b - a >= at_least:
                for c, d in pairwise([*_moves(force[a:b], a, model.rest_force_m_s2), b]):
                    resting[c:d] = d - c >= (at_least if sure[c:d].all() else in_doubt)
    return resting


def _moves(force: FloatArray, first: int, limit_m_s2: float) -> list[int]:
    """`first`, and every tick at which the force has moved by the limit since the one before."""
    begins = [first]
    if np.square(force - force[0]).sum(axis=1).max() < limit_m_s2**2:
        return begins
    x, y, z = force[0].tolist()
    for tick, (fx, fy, fz) in enumerate(force.tolist(), first):
        if (fx - x) ** 2 + (fy - y) ** 2 + (fz - z) ** 2 >= limit_m_s2**2:
            begins.append(tick)
            x, y, z = fx, fy, fz
    return begins
