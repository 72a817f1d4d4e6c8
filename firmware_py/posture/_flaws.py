"""Which samples are no measurement: missing ones, and those at the end of the sensor's range.

With known ranges a reading at the limit is clipped. Without, a plateau tells: one axis holds
exactly one value for three samples, near the largest that the sensor has shown so far, and beyond
what its smallest range could clip. Quantised readings repeat by chance, but not often at their extreme.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Row = Sequence[float]

SMALLEST_GYR_RANGE_RAD_S = math.radians(100.0)
"""No gyroscope's range is below 125 °/s; some margin for a bias taken off."""
SMALLEST_ACC_RANGE_M_S2 = 15.0
"""No accelerometer's range is below 2 g."""
NEAR_TOP = 0.97
"""Share of the largest reading so far at which a plateau may be the end of the range."""
ABSURD = 1e12
"""A squared reading beyond this is none; the comparison is False for NaN as well."""


@dataclass(frozen=True, slots=True)
class SensorRanges:
    """Full scale of the two sensors; a sample at or beyond it counts as clipped."""

    gyr_rad_s: float
    acc_m_s2: float


class FlawWatch:
    """Looks for clipped readings of one sensor.

    Attributes:
        limit2: rows whose squared length is below this need no look.
        last: the latest good row.
    """

    def __init__(self, full_scale: float | None, smallest_range: float) -> None:
        self._full_scale = full_scale
        self._top = smallest_range
        self.limit2 = (full_scale or smallest_range) ** 2
        self.last: Row = (0.0, 0.0, 0.0)
        self.before: Row = (0.0, 0.0, 0.0)

    def clipped(self, row: Row) -> bool:
        """Whether this row, not yet `last`, is at the end of the range."""
        largest = max(max(row), -min(row))
        if self._full_scale is not None:
            return largest >= self._full_scale
        self._top = max(self._top, largest)
        near = NEAR_TOP * self._top
        return largest >= near and any(
            x == y == z and abs(x) >= near for x, y, z in zip(row, self.last, self.before, strict=True)
        )

    def unflawed(self, rows: FloatArray) -> bool:
        """Whether no row of a stretch is missing or clipped; may err on the side of False."""
        largest = max(float(rows.max()), -float(rows.min()))
        if not largest * largest < ABSURD:
            return False
        if self._full_scale is not None:
            return largest < self._full_scale
        near = NEAR_TOP * self._top
        if largest >= near:
            seen = np.concatenate(([self.before, self.last], rows))
            same = (rows == seen[1:-1]) & (seen[1:-1] == seen[:-2]) & (np.abs(rows) >= near)
            if same.any():
                return False
            self._top = max(self._top, largest)
        return True

    def skip(self, rows: FloatArray) -> None:
        """These unflawed rows, at least two, have passed."""
        self.before, self.last = rows[-2:].tolist()


def fill_missing(gyr: FloatArray, acc: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.bool_] | None]:
    """Both sensors with missing rows replaced by the last good one (at the start the next), and which.

    Returns the arrays themselves, and None, where nothing is missing.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        total = float(gyr.sum()) + float(acc.sum())
        if math.isfinite(total) and max(np.abs(gyr).max(), np.abs(acc).max()) < math.sqrt(ABSURD):
            return gyr, acc, None
        good = np.square(gyr).sum(axis=1) + np.square(acc).sum(axis=1) < ABSURD
    if not good.any():
        return np.zeros_like(gyr), np.zeros_like(acc), ~good
    source = np.maximum.accumulate(np.where(good, np.arange(len(good)), -1))
    source[source < 0] = np.argmax(good)
    return gyr[source], acc[source], ~good


def clipped_rows(rows: FloatArray, smallest_range: float) -> NDArray[np.bool_] | None:
    """(n,) which rows hold a plateau at the largest reading of all of them; None for none."""
    largest = max(float(rows.max()), -float(rows.min()))
    near = NEAR_TOP * max(largest, smallest_range)
    if largest < near or len(rows) < 3:
        return None
    flat = (rows[2:] == rows[1:-1]) & (rows[1:-1] == rows[:-2]) & (np.abs(rows[2:]) >= near)
    if not flat.any():
        return None
    clipped = np.zeros(len(rows), dtype=np.bool_)
    ends = flat.any(axis=1)
    clipped[2:] = ends
    clipped[1:-1] |= ends
    clipped[:-2] |= ends
    return clipped
