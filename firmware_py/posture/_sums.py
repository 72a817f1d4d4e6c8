"""Sums of rows, twice: in plain floats for a live block, in numpy for a recording.

A numpy call costs as much as two rows do in plain Python; a live window has ten.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .blocks import STANDARD_GRAVITY_M_S2, FloatArray

Rows = list[list[float]]
"""Rows of three numbers."""


def sums_of_rows(gyr: Rows, acc: Rows) -> tuple[int, list[float]]:
    """How many rows are good (finite), and the sums over these.

    Returns:
        A count, and eight sums: rate x y z, acceleration x y z, squared length of the rate, squared distance
        of the length of the acceleration from standard gravity.
    """
    good = 0
    gx = gy = gz = ax = ay = az = gyr_square = acc_square = 0.0
    for (g0, g1, g2), (a0, a1, a2) in zip(gyr, acc, strict=True):
        square = g0 * g0 + g1 * g1 + g2 * g2
        off = math.sqrt(a0 * a0 + a1 * a1 + a2 * a2) - STANDARD_GRAVITY_M_S2
        if square - square == 0.0 and off - off == 0.0:  # finite: NaN and infinity both give NaN
            good += 1
            gx += g0
            gy += g1
            gz += g2
            ax += a0
            ay += a1
            az += a2
            gyr_square += square
            acc_square += off * off
    return good, [gx, gy, gz, ax, ay, az, gyr_square, acc_square]


def sums_of_windows(
    gyr: FloatArray, acc: FloatArray, starts: NDArray[np.intp]
) -> tuple[NDArray[np.int64], FloatArray]:
    """`sums_of_rows` of windows that begin at the rows `starts`: (w,) counts and (w, 8) sums."""
    terms = np.empty((len(gyr), 8))
    terms[:, 0:3] = gyr
    terms[:, 3:6] = acc
    terms[:, 6] = np.einsum("ij,ij->i", gyr, gyr)
    length = np.sqrt(np.einsum("ij,ij->i", acc, acc))
    terms[:, 7] = (length - STANDARD_GRAVITY_M_S2) ** 2
    is_good = np.isfinite(terms[:, 6] + terms[:, 7])
    if not is_good.all():
        terms[~is_good] = 0.0
    return np.add.reduceat(is_good, starts, dtype=np.int64), np.add.reduceat(terms, starts, axis=0)
