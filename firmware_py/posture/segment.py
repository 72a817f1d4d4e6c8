"""One sensor's samples, filtered and summed up tick by tick.

Tick k stands at k/10 s and its window is ((k−1)/10, k/10]. A block of a live
monitor (ten samples) goes through plain Python floats, because one numpy call costs as much as a
few samples; a block of a whole recording goes through numpy. Both add up the same numbers, so the
size of a block changes no tick by more than rounding (1e-9).

The filter is fed at 45 to 90 Hz (`_halving.py`); the sums of a tick are over all samples.

The filter and the windows live in the sensor's own axes, corrected: there a saturated axis can still be
seen as one. Mounting and neutral are applied to the few numbers of a tick, which is cheaper too.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._halving import group_size, halved, halved_rows
from ._sums import Rows, sums_of_rows, sums_of_windows
from .blocks import SensorBlock
from .correction import Correction
from .inclination import InclinationFilter
from .profile import SensorProfile
from .trunk import TICKS_PER_S, SegmentState, Vector, tick_at, ticks_at

GAP_PERIODS = 1.5
"""A step longer than this many sampling periods is a gap: at least one sample is missing."""

SHORT_BLOCK = 64
"""Up to so many samples plain Python is the quicker way, beyond it numpy (measured on blocks of 1 to 200)."""

LONGEST_RUN_S = 1e11
"""A time beyond this (3000 years) is no time; nearer than that, every time has a tick of its own."""

_DEG = 180.0 / math.pi


class _Window(NamedTuple):
    """What one tick's samples add up to, and what the filter said after the last of them."""

    good: int
    bad: int
    sums: list[float]
    up: Sequence[float]
    sigma_rad: float
    trusted: bool
    temp_c: float


class SegmentStream:
    """Blocks of one sensor in, a `SegmentState` for each tick out; sensor frame in, neutral frame out.

    Args:
        profile: the sensor's share of the calibration profile.
        rate_hz: the sensor's sampling rate, samples a second.
    """

    def __init__(self, profile: SensorProfile, rate_hz: float) -> None:
        self._correct = Correction(profile.sensor, np.eye(3)).arrays
        self._turn: list[float] = profile.to_neutral().ravel().tolist()
        self._group = group_size(rate_hz)
        self._filter = InclinationFilter(rate_hz / self._group)
        self._period_s = 1.0 / rate_hz
        self._last_s = -math.inf
        self._windows: dict[int, _Window] = {}
        # Rows of the newest window, kept until it is complete or asked for.
        self._open_tick = 0
        self._open_gyr: Rows = []
        self._open_acc: Rows = []
        self._open_temp_c = math.nan
        # Rows that wait for the rest of their group.
        self._waiting_gyr: Rows = []
        self._waiting_acc: Rows = []

    def waiting(self) -> list[int]:
        """The ticks that have samples and were not asked for yet."""
        return [*self._windows, self._open_tick] if self._open_gyr else list(self._windows)

    @property
    def last_s(self) -> float:
        """Time of the latest sample; −∞ before the first."""
        return self._last_s

    def take(self, block: SensorBlock, told: int) -> int:
        """Filter a block and sum it up.

        Samples of ticks up to `told` still move the filter but count nowhere: that state is out.

        Returns:
            How many samples were dropped because their time is no number or not after the latest
            one's; a filter cannot run backwards.
        """
        if not len(block):
            return 0
        limit_s = GAP_PERIODS * self._period_s
        if len(block) <= SHORT_BLOCK:
            times = block.t_s.tolist()
            before_s = self._last_s
            for t_s in times:
                if not 0.0 < t_s - before_s <= limit_s:
                    break
                before_s = t_s
            else:
                self._last_s = before_s
                self._take_short(times, block, told)
                return 0
        return self._take_pieces(block, limit_s, told)

    def _take_pieces(self, block: SensorBlock, limit_s: float, told: int) -> int:
        """Take a block apart where samples are missing, and tell the filter how long each gap was."""
        usable_s = np.where(np.abs(block.t_s) < LONGEST_RUN_S, block.t_s, -math.inf)
        latest_s = np.maximum.accumulate(np.concatenate(([self._last_s], usable_s)))
        forward = usable_s > latest_s[:-1]
        if not forward.all():
            block = SensorBlock(
                block.t_s[forward], block.acc_m_s2[forward], block.gyr_rad_s[forward], block.temp_c
            )
        if not len(block):
            return len(forward)
        steps_s = np.diff(block.t_s, prepend=self._last_s)
        self._last_s = float(block.t_s[-1])
        starts = np.flatnonzero(steps_s > limit_s).tolist()
        if starts[:1] != [0]:
            starts.insert(0, 0)
        for start, stop in zip(starts, [*starts[1:], len(block)], strict=True):
            missing_s = float(steps_s[start]) - self._period_s
            # Before the very first sample nothing is missing (the step is infinite).
            if steps_s[start] > limit_s and math.isfinite(missing_s):
                self._close()
                self._filter.gap(missing_s + len(self._waiting_gyr) * self._period_s)
                self._waiting_gyr, self._waiting_acc = [], []
            piece = block.cut(start, stop)
            if stop - start <= SHORT_BLOCK:
                self._take_short(piece.t_s.tolist(), piece, told)
            else:
                self._take_long(piece, told)
        return len(forward) - len(block)

    def _take_short(self, times: list[float], block: SensorBlock, told: int) -> None:
        """Put rows into the open window; close it where another begins."""
        gyr_rad_s, acc_m_s2 = self._correct(block)
        gyr, acc = gyr_rad_s.tolist(), acc_m_s2.tolist()
        start, count = 0, len(times)
        while start < count:
            tick = tick_at(times[start])
            stop = bisect_right(times, tick / TICKS_PER_S, start)
            if tick != self._open_tick:
                self._close()
                self._open_tick = tick
            self._open_gyr += gyr[start:stop]
            self._open_acc += acc[start:stop]
            self._open_temp_c = block.temp_c
            if tick <= told:
                self._filter_rows(self._open_gyr, self._open_acc)
                self._open_gyr, self._open_acc = [], []
            start = stop

    def _close(self) -> None:
        """Filter and sum up the open window's rows."""
        gyr, acc = self._open_gyr, self._open_acc
        if not gyr:
            return
        self._open_gyr, self._open_acc = [], []
        good, sums = sums_of_rows(gyr, acc)
        bad = len(gyr) - good
        before = self._windows.get(self._open_tick)
        if before is not None:  # a gap within the window had closed it
            good, bad = good + before.good, bad + before.bad
            sums = [a + b for a, b in zip(before.sums, sums, strict=True)]
        up, sigma_rad, trusted = self._filter_rows(gyr, acc) or self._filter_rest()
        self._windows[self._open_tick] = _Window(good, bad, sums, up, sigma_rad, trusted, self._open_temp_c)

    def _filter_rows(self, gyr: Rows, acc: Rows) -> tuple[Vector, float, bool] | None:
        """What the filter says after the last complete group of these rows; None where none was completed."""
        size = self._group
        if size > 1:
            gyr, acc = self._waiting_gyr + gyr, self._waiting_acc + acc
            whole = len(gyr) // size * size
            self._waiting_gyr, self._waiting_acc = gyr[whole:], acc[whole:]
            gyr, acc = halved_rows(gyr[:whole], acc[:whole], size, self._period_s)
        return self._filter.advance(gyr, acc) if gyr else None

    def _filter_rest(self) -> tuple[Vector, float, bool]:
        """The same after the mean of a group that is not complete: a window after a gap may hold no more."""
        gyr, acc = (
            [[sum(axis) / len(rows) for axis in zip(*rows, strict=True)]]
            for rows in (self._waiting_gyr, self._waiting_acc)
        )
        self._waiting_gyr, self._waiting_acc = [], []
        return self._filter.advance(gyr, acc)

    def _take_long(self, block: SensorBlock, told: int) -> None:
        """The same for many samples without a gap: all windows but the first and the last at once."""
        ticks = ticks_at(block.t_s)
        first, last = np.searchsorted(ticks, ticks[0], "right"), np.searchsorted(ticks, ticks[-1])
        self._take_short(block.t_s[:first].tolist(), block.cut(0, first), told)
        if first < last:
            self._close()
            self._take_windows(ticks[first:last], block.cut(first, last), told)
        if first < len(ticks):
            self._take_short(block.t_s[last:].tolist(), block.cut(last, len(ticks)), told)

    def _take_windows(self, ticks: NDArray[np.int64], block: SensorBlock, told: int) -> None:
        """Filter and sum up windows that are complete, each longer than a group."""
        gyr, acc = self._correct(block)
        starts = np.flatnonzero(np.diff(ticks, prepend=ticks[0] - 1))
        count = np.diff(starts, append=len(ticks))
        good, sums = sums_of_windows(gyr, acc, starts)
        size = self._group
        early = len(self._waiting_gyr)
        if early:
            gyr, acc = np.vstack([self._waiting_gyr, gyr]), np.vstack([self._waiting_acc, acc])
        whole = len(gyr) // size * size
        self._waiting_gyr, self._waiting_acc = gyr[whole:].tolist(), acc[whole:].tolist()
        out = self._filter.process_full(*halved(gyr[:whole], acc[:whole], size, self._period_s))
        answer = (early + starts + count) // size - 1  # of the last group that is complete within the window
        for tick, *rest in zip(
            ticks[starts].tolist(),
            good.tolist(),
            (count - good).tolist(),
            sums.tolist(),
            out.up[answer].tolist(),
            out.sigma_rad[answer].tolist(),
            out.trusted[answer].tolist(),
            repeat(block.temp_c),
        ):
            if tick > told:
                self._windows[tick] = _Window._make(rest)

    def state(self, tick: int) -> SegmentState | None:
        """The state at a tick, once; None where no good sample fell into its window."""
        if tick == self._open_tick:
            self._close()
        window = self._windows.pop(tick, None)
        if window is None or not window.good:
            return None
        n = window.good
        gx, gy, gz, ax, ay, az, gyr_square, acc_square = window.sums
        return SegmentState(
            self._to_neutral(*window.up),
            window.sigma_rad * _DEG,
            window.trusted,
            self._to_neutral(gx / n, gy / n, gz / n),
            math.sqrt(gyr_square / n),
            self._to_neutral(ax / n, ay / n, az / n),
            math.sqrt(acc_square / n),
            n,
            window.bad,
            window.temp_c,
        )

    def _to_neutral(self, x: float, y: float, z: float) -> Vector:
        xx, xy, xz, yx, yy, yz, zx, zy, zz = self._turn
        return (xx * x + xy * y + xz * z, yx * x + yy * y + yz * z, zx * x + zy * y + zz * z)
