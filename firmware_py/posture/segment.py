"""One sensor's samples, filtered and summed up tick by tick.

Tick k stands at k/10 s and its window is ((k−1)/10, k/10]. What its samples amount to (`_windows.py`) is one
row to the filter. A short block fills the open window row by row; in the block of a whole recording all
windows but the first and the last are summed up at once. Both add up the same numbers, so the
size of a block changes no tick by more than rounding (1e-9).

The filter and the windows live in the sensor's own axes, corrected: there a saturated axis can still be
seen as one. Mounting and neutral are applied to the few numbers of a tick, which is cheaper too.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._windows import Amount, WindowSums
from .blocks import SensorBlock
from .correction import Correction
from .inclination import InclinationFilter
from .profile import SensorProfile
from .trunk import TICKS_PER_S, SegmentState, Vector, tick_at, ticks_at

GAP_PERIODS = 1.5
"""A step longer than this many sampling periods is a gap: at least one sample is missing."""

SHORT_BLOCK = 64
"""Up to so many samples are looked at one by one for where their windows end; a live block has ten."""

LONGEST_RUN_S = 1e11
"""A time beyond this (3000 years) is no time; nearer than that, every time has a tick of its own."""

_DEG = 180.0 / math.pi


class _Window(NamedTuple):
    """What one tick's samples add up to, and what the filter said after the last of them."""

    good: int
    bad: int
    sums: tuple[float, ...]
    up: Vector
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
        self._correct = Correction(profile.sensor, np.eye(3))
        self._turn: list[float] = profile.to_neutral().ravel().tolist()
        self._sums = WindowSums(1.0 / rate_hz)
        self._filter = InclinationFilter(TICKS_PER_S)
        self._period_s = 1.0 / rate_hz
        self._last_s = -math.inf
        self._windows: dict[int, _Window] = {}
        # The newest window is open until a sample of another comes or its tick is asked for: rows from
        # `_open_from` to `_open_to`. Two rows before them stay, to compare with.
        self._rows = np.zeros((4 * SHORT_BLOCK, 6))
        self._open_from = self._open_to = 2
        self._open_tick = 0
        self._open_temp_c = math.nan

    def waiting(self) -> list[int]:
        """The ticks that have samples and were not asked for yet."""
        is_open = self._open_from < self._open_to
        return [*self._windows, self._open_tick] if is_open else list(self._windows)

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
                self._close(told)
                self._filter.gap(missing_s)
            piece = block.cut(start, stop)
            if stop - start <= SHORT_BLOCK:
                self._take_short(piece.t_s.tolist(), piece, told)
            else:
                self._take_long(piece, told)
        return len(forward) - len(block)

    def _take_short(self, times: list[float], block: SensorBlock, told: int) -> None:
        """Put rows into the open window; close it where another begins."""
        count = len(times)
        begin = self._room(count)
        self._correct.into(self._rows[begin : begin + count], block)
        start = 0
        while start < count:
            tick = tick_at(times[start])
            stop = bisect_right(times, tick / TICKS_PER_S, start)
            if tick != self._open_tick:
                self._close(told)
                self._open_tick = tick
            self._open_to = begin + stop
            self._open_temp_c = block.temp_c
            start = stop

    def _room(self, count: int) -> int:
        """Where `count` rows can be put behind the open ones."""
        rows = self._rows
        if self._open_to + count > len(rows):
            kept = rows[self._open_from - 2 : self._open_to].copy()
            if len(kept) + count > len(rows):
                self._rows = rows = np.zeros((2 * (len(kept) + count), 6))
            rows[: len(kept)] = kept
            self._open_from, self._open_to = 2, len(kept)
        return self._open_to

    def _close(self, told: int) -> None:
        """Filter and sum up the open window's rows."""
        at, stop, tick = self._open_from, self._open_to, self._open_tick
        if at == stop:
            return
        self._open_from = stop
        rows = self._rows
        self._count(tick, self._sums.amount(rows[at:stop], rows[at - 2 : at]), self._open_temp_c, told)

    def _count(self, tick: int, amount: Amount, temp_c: float, told: int) -> None:
        """Filter a window, and keep what it came to unless its tick is told already."""
        up, sigma_rad, trusted = self._filter.advance(amount)
        if tick <= told:
            return
        good, bad, sums = amount.good, amount.bad, amount.sums
        before = self._windows.get(tick)
        if before is not None:  # a gap within the window had closed it
            good, bad = good + before.good, bad + before.bad
            sums = tuple(a + b for a, b in zip(before.sums, sums, strict=True))
        self._windows[tick] = _Window(good, bad, sums, up, sigma_rad, trusted, temp_c)

    def _take_long(self, block: SensorBlock, told: int) -> None:
        """The same for many samples without a gap: all windows but the first and the last at once."""
        ticks = ticks_at(block.t_s)
        first, last = np.searchsorted(ticks, ticks[0], "right"), np.searchsorted(ticks, ticks[-1])
        self._take_short(block.t_s[:first].tolist(), block.cut(0, first), told)
        if first < last:
            self._close(told)
            self._take_windows(ticks[first:last], block.cut(first, last), told)
        if first < len(ticks):
            self._take_short(block.t_s[last:].tolist(), block.cut(last, len(ticks)), told)

    def _take_windows(self, ticks: NDArray[np.int64], block: SensorBlock, told: int) -> None:
        """Filter and sum up windows that are complete."""
        rows = np.empty((len(ticks), 6))
        self._correct.into(rows, block)
        starts = np.flatnonzero(np.diff(ticks, prepend=ticks[0] - 1))
        before = self._rows[self._open_to - 2 : self._open_to]
        amounts = self._sums.amounts(rows, starts, before)
        for tick, amount in zip(ticks[starts].tolist(), amounts, strict=True):
            self._count(tick, amount, block.temp_c, told)
        self._room(2)
        self._open_from = self._open_to = self._open_to + 2
        self._rows[self._open_to - 2 : self._open_to] = np.vstack((before, rows))[-2:]

    def state(self, tick: int) -> SegmentState | None:
        """The state at a tick, once; None where no good sample fell into its window."""
        if tick == self._open_tick:
            self._close(tick - 1)
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
