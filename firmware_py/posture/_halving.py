"""Half the sampling rate for the filter, without losing what the fast samples knew of a turn.

Two samples of rate ω and specific force a, dt apart, become one of twice the length. Where the axis of a
turn itself turns, the plain means would miss the cross terms (coning, sculling). With the two-sample
corrections, exact for a rate that changes linearly,

    ω = (ω₁ + ω₂)/2 + dt/3 · ω₁ × ω₂
    a = (a₁ + a₂)/2 + dt/3 · (ω₁ × a₂ + a₁ × ω₂)

(Miller, "A new strapdown attitude algorithm", J. Guidance 6, 1983; Savage, "Strapdown inertial navigation
integration algorithm design", J. Guidance 21, 1998), the filter at 48 Hz is as good as at 95 Hz on BROAD's
hand-held trials: 0.59° and 0.59° mean RMSE, where plain means give 0.68°.

Once in plain floats for live blocks, once in numpy for recordings.
"""

from __future__ import annotations

import numpy as np

from ._sums import Rows
from .blocks import FloatArray

LEAST_RATE_HZ = 45.0
"""The rate is halved as long as this much is left: a trunk moves below 10 Hz, the chips cut at 20 Hz."""


def group_size(rate_hz: float) -> int:
    """How many samples become one: a power of two."""
    size = 1
    while rate_hz / (2 * size) >= LEAST_RATE_HZ:
        size *= 2
    return size


def halved_rows(gyr: Rows, acc: Rows, size: int, dt: float) -> tuple[Rows, Rows]:
    """One row for each `size` rows, a power of two, of n, a multiple of it; they are `dt` seconds apart."""
    while size > 1:
        third = dt / 3.0
        rates, forces = iter(gyr), iter(acc)
        gyr, acc = [], []
        for (x1, y1, z1), (x2, y2, z2), (a1, b1, c1), (a2, b2, c2) in zip(
            rates, rates, forces, forces, strict=True
        ):
            gyr.append(
                [
                    0.5 * (x1 + x2) + third * (y1 * z2 - z1 * y2),
                    0.5 * (y1 + y2) + third * (z1 * x2 - x1 * z2),
                    0.5 * (z1 + z2) + third * (x1 * y2 - y1 * x2),
                ]
            )
            acc.append(
                [
                    0.5 * (a1 + a2) + third * (y1 * c2 - z1 * b2 + b1 * z2 - c1 * y2),
                    0.5 * (b1 + b2) + third * (z1 * a2 - x1 * c2 + c1 * x2 - a1 * z2),
                    0.5 * (c1 + c2) + third * (x1 * b2 - y1 * a2 + a1 * y2 - b1 * x2),
                ]
            )
        size //= 2
        dt *= 2.0
    return gyr, acc


def halved(gyr: FloatArray, acc: FloatArray, size: int, dt: float) -> tuple[FloatArray, FloatArray]:
    """`halved_rows` of (n, 3) arrays."""
    while size > 1:
        w1, w2, a1, a2 = gyr[0::2].T, gyr[1::2].T, acc[0::2].T, acc[1::2].T
        gyr, acc = np.empty((len(gyr) // 2, 3)), np.empty((len(gyr) // 2, 3))
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            gyr[:, i] = 0.5 * (w1[i] + w2[i]) + dt / 3.0 * (w1[j] * w2[k] - w1[k] * w2[j])
            sculling = w1[j] * a2[k] - w1[k] * a2[j] + a1[j] * w2[k] - a1[k] * w2[j]
            acc[:, i] = 0.5 * (a1[i] + a2[i]) + dt / 3.0 * sculling
        size //= 2
        dt *= 2.0
    return gyr, acc
