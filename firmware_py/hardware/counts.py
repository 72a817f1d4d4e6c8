"""Counts of a burst into SI units: one multiplication in single precision, and a look for spikes.

The result is exact in single precision, so recordings keep it without loss. Everything that can be
made beforehand is: ten samples cost about as much as one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..posture.blocks import FloatArray
from .spikes import any_jump, implausible_rows


class Views(NamedTuple):
    """Views of the buffers for one number of frames; making six of them costs more than the arithmetic."""

    counts: NDArray[np.float32]  # (n + 1, 6), row 0 the newest of the read before
    rows: NDArray[np.float32]  # (n, 6): those of this read
    rows_before: NDArray[np.float32]  # (n, 6): each row's predecessor
    steps: NDArray[np.float32]  # (n, 6)
    steps_flat: NDArray[np.float32]
    ramp: FloatArray  # (n,) 0, 1, 2 ...


class Counts:
    """The buffer that a driver fetches into.

    Args:
        most: most frames of one read.
        scale: (6,) m/s² and rad/s of one count, single precision.
    """

    def __init__(self, most: int, scale: NDArray[np.float32]) -> None:
        self._most = most
        self._scale = scale
        self._counts = np.zeros((most + 1, 6), dtype=np.float32)
        self._steps = np.empty((most, 6), dtype=np.float32)
        self._ramp = np.arange(most, dtype=np.float64)
        self._views: dict[int, Views] = {}
        self._last_good = self._counts[0]
        self._fresh = True

    def begin(self) -> None:
        """What comes next does not follow what was there."""
        self._fresh = True

    def views(self, frames: int) -> Views:
        """Where to fetch `frames` frames to, or as many as one read takes."""
        views = self._views.get(frames)
        return views if views is not None else self._made(frames)

    def to_si(self, views: Views) -> tuple[FloatArray, NDArray[np.bool_] | None]:
        """(n, 6) m/s² and rad/s, spikes as rows of NaN; and which rows those are, None for none."""
        counts, rows = views.counts, views.rows
        if self._fresh:
            self._fresh = False
            counts[0] = counts[1]
            self._last_good = self._counts[0]
        values = (rows * self._scale).astype(np.float64)
        np.subtract(rows, views.rows_before, out=views.steps)
        bad = None
        if any_jump(views.steps_flat):
            bad, self._last_good = implausible_rows(counts, self._last_good)
            if bad.any():
                values[bad] = math.nan
            else:
                bad = None
        else:
            self._last_good = self._counts[0]
        self._counts[0] = counts[-1]
        return values, bad

    def _made(self, frames: int) -> Views:
        n = min(frames, self._most)
        counts, steps = self._counts[: n + 1], self._steps[:n]
        views = Views(counts, counts[1:], counts[:-1], steps, steps.reshape(-1), self._ramp[:n])
        self._views[frames] = views
        return views
