"""What the sensor-rate stage hands to the judgement, ten times a second.

`estimate.py` turns blocks of samples into one `TrunkState` for every tick of a fixed grid
(tick k stands at t = k / 10 s); everything behind it (activity, wear, posture, slouch, tally)
works on these few numbers in plain Python, so the size of a block cannot change the story.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .blocks import FloatArray, Remark

TICKS_PER_S = 10
"""Ticks, hence readings, in a second. The time of tick k is k / 10: the float that prints as one decimal."""

TICK_S = 1.0 / TICKS_PER_S
"""Distance of two ticks in seconds."""

Vector = tuple[float, float, float]


class SegmentState(Struct, frozen=True):
    """One sensor at one tick, in the body frame (x forward, y left, z up) of its profile.

    Attributes:
        up: unit vector "up"; equals (0, 0, 1) in the wearer's neutral.
        sigma_deg: one-sigma uncertainty of `up` as an angle, degrees, > 0.
        trusted: False while the filter says its answer is not to be used (start-up, gap, saturation).
        gyr_rad_s: mean angular rate over the tick, bias removed by the profile.
        gyr_rms_rad_s: root mean square of the rate's magnitude over the tick.
        acc_m_s2: mean specific force over the tick.
        acc_rms_m_s2: root mean square, over the tick, of |acc| − 9.80665.
        samples: good samples in the tick; 0 never occurs (the segment is None then).
        bad: samples marked implausible (NaN) in the tick.
        temp_c: chip temperature, NaN where unknown.
    """

    up: Vector
    sigma_deg: float
    trusted: bool
    gyr_rad_s: Vector
    gyr_rms_rad_s: float
    acc_m_s2: Vector
    acc_rms_m_s2: float
    samples: int
    bad: int
    temp_c: float


class TrunkState(Struct, frozen=True):
    """The trunk at one tick.

    Attributes:
        tick: index k on the grid, t = k / `TICKS_PER_S`.
        upper: the upper-back sensor; None where no good sample fell into the tick.
        lower: the low-back sensor; None likewise, or where none is configured.
        remarks: what the drivers said since the tick before.
    """

    tick: int
    upper: SegmentState | None
    lower: SegmentState | None
    remarks: tuple[Remark, ...] = ()

    @property
    def t_s(self) -> float:
        """Time of the tick, seconds since the run began."""
        return self.tick / TICKS_PER_S


def tick_at(t_s: float) -> int:
    """The first tick at or after a time: the one in whose window the time lies."""
    tick = math.ceil(t_s * TICKS_PER_S)
    # That product is rounded; what counts is the tick's own time, k / 10.
    if (tick - 1) / TICKS_PER_S >= t_s:
        return tick - 1
    return tick if tick / TICKS_PER_S >= t_s else tick + 1


def ticks_at(t_s: FloatArray) -> NDArray[np.int64]:
    """`tick_at` of each time, (n,) -> (n,)."""
    ticks = np.ceil(t_s * TICKS_PER_S).astype(np.int64)
    ticks[(ticks - 1) / TICKS_PER_S >= t_s] -= 1
    ticks[ticks / TICKS_PER_S < t_s] += 1
    return ticks
