"""One sensor's samples, filtered and summed up tick by tick.

Tick k stands at k/10 s and its window is ((k−1)/10, k/10]. A block of a live
monitor (ten samples) goes through plain Python floats, because one numpy call costs as much as a
few samples; a block of a whole recording goes through numpy. Both add up the same numbers, so the
size of a block changes no tick by more than rounding (1e-9).

The filter and the windows live in the sensor's own axes, corrected: there a saturated axis can still be
seen as one. Mounting and neutral are applied to the few numbers of a tick, which is cheaper too, and
lets the neutral change at any tick while the filter runs on.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .blocks import STANDARD_GRAVITY_M_S2, FloatArray, SensorBlock
from .correction import Correction, rotation_onto_up
from .inclination import InclinationFilter
from .profile import SensorProfile
from .trunk import TICKS_PER_S, SegmentState, Vector

GAP_PERIODS = 1.5
"""A step longer than this many sampling periods is a gap: at least one sample is missing."""

SHORT_BLOCK = 64
"""Up to so many samples plain Python is the quicker way, beyond it numpy (measured on blocks of 1 to 200)."""

LONGEST_RUN_S = 1e11
"""A time beyond this (3000 years) is no time; nearer than that, every time has a tick of its own."""

_DEG = 180.0 / math.pi


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


@dataclass(slots=True)
class _Window:
    """What one tick's samples add up to, and what the filter said after the last good one."""

    good: int
    bad: int
    sums: list[float]
    up: Sequence[float] = ()
    sigma_rad: float = math.nan
    trusted: bool = False
    temp_c: float = math.nan


class SegmentStream:
    """Blocks of one sensor in, a `SegmentState` for each tick out; sensor frame in, neutral frame out.

    Args:
        profile: the sensor's share of the calibration profile.
        rate_hz: the sensor's sampling rate, samples a second.
    """

    def __init__(self, profile: SensorProfile, rate_hz: float) -> None:
        self._correct = Correction(profile.sensor, np.eye(3)).arrays
        self._mounting = profile.to_body()
        self._filter = InclinationFilter(rate_hz)
        self._period_s = 1.0 / rate_hz
        self._last_s = -math.inf
        self._windows: dict[int, _Window] = {}
        self.set_neutral(profile.neutral.up)

    def set_neutral(self, up: Vector) -> None:
        """Take this unit vector "up", body frame of the mounting, as neutral from the next tick on."""
        self._turn: list[float] = (rotation_onto_up(up) @ self._mounting).ravel().tolist()

    def waiting(self) -> list[int]:
        """The ticks that have samples and were not asked for yet, in order."""
        return list(self._windows)

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
                self._filter.gap(missing_s)
            piece = block.cut(start, stop)
            if stop - start <= SHORT_BLOCK:
                self._take_short(piece.t_s.tolist(), piece, told)
            else:
                self._take_long(piece, told)
        return len(forward) - len(block)

    def _take_short(self, times: list[float], block: SensorBlock, told: int) -> None:
        gyr_rad_s, acc_m_s2 = self._correct(block)
        gyr, acc = gyr_rad_s.tolist(), acc_m_s2.tolist()
        start, count = 0, len(times)
        filtered = 0
        while start < count:
            tick = tick_at(times[start])
            stop = bisect_right(times, tick / TICKS_PER_S, start)
            if tick > told:
                good, last, sums = _sum_rows(gyr[start:stop], acc[start:stop])
                window = self._window(tick, good, stop - start - good, sums)
                if good:
                    last += start + 1
                    window.up, window.sigma_rad, window.trusted = self._filter.advance(
                        gyr[filtered:last], acc[filtered:last]
                    )
                    window.temp_c = block.temp_c
                    filtered = last
            start = stop
        if filtered < count:
            self._filter.advance(gyr[filtered:], acc[filtered:])

    def _take_long(self, block: SensorBlock, told: int) -> None:
        gyr_rad_s, acc_m_s2 = self._correct(block)
        out = self._filter.process_full(gyr_rad_s, acc_m_s2)
        ticks = ticks_at(block.t_s)
        starts = np.flatnonzero(np.diff(ticks, prepend=ticks[0] - 1))
        terms = np.empty((len(ticks), 8))
        terms[:, 0:3] = gyr_rad_s
        terms[:, 3:6] = acc_m_s2
        terms[:, 6] = np.einsum("ij,ij->i", gyr_rad_s, gyr_rad_s)
        length = np.sqrt(np.einsum("ij,ij->i", acc_m_s2, acc_m_s2))
        terms[:, 7] = (length - STANDARD_GRAVITY_M_S2) ** 2
        is_good = np.isfinite(terms[:, 6] + terms[:, 7])
        if not is_good.all():
            terms[~is_good] = 0.0
        sums = np.add.reduceat(terms, starts, axis=0)
        good = np.add.reduceat(is_good, starts, dtype=np.int64)
        count = np.diff(starts, append=len(ticks))
        # The last good row of each window; where there is none the row is not used.
        last = np.maximum.reduceat(np.where(is_good, np.arange(len(ticks)), 0), starts)
        for tick, n_good, n_bad, added, up, sigma_rad, trusted in zip(
            ticks[starts].tolist(),
            good.tolist(),
            (count - good).tolist(),
            sums.tolist(),
            out.up[last].tolist(),
            out.sigma_rad[last].tolist(),
            out.trusted[last].tolist(),
            strict=True,
        ):
            if tick > told:
                window = self._window(tick, n_good, n_bad, added)
                if n_good:
                    window.up = up
                    window.sigma_rad = sigma_rad
                    window.trusted = trusted
                    window.temp_c = block.temp_c

    def _window(self, tick: int, good: int, bad: int, sums: list[float]) -> _Window:
        """The window of a tick, these samples added."""
        window = self._windows.get(tick)
        if window is None:
            window = self._windows[tick] = _Window(good, bad, sums)
            return window
        window.good += good
        window.bad += bad
        window.sums = [a + b for a, b in zip(window.sums, sums, strict=True)]
        return window

    def state(self, tick: int) -> SegmentState | None:
        """The state at a tick, once; None where no good sample fell into its window."""
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


def _sum_rows(gyr: list[list[float]], acc: list[list[float]]) -> tuple[int, int, list[float]]:
    """(how many rows are good, the last good one, their sums), in the order `_take_long` has."""
    good, last = 0, -1
    gx = gy = gz = ax = ay = az = gyr_square = acc_square = 0.0
    for row, ((g0, g1, g2), (a0, a1, a2)) in enumerate(zip(gyr, acc, strict=True)):
        square = g0 * g0 + g1 * g1 + g2 * g2
        off = math.sqrt(a0 * a0 + a1 * a1 + a2 * a2) - STANDARD_GRAVITY_M_S2
        if square - square == 0.0 and off - off == 0.0:  # finite: NaN and infinity both give NaN
            good += 1
            last = row
            gx += g0
            gy += g1
            gz += g2
            ax += a0
            ay += a1
            az += a2
            gyr_square += square
            acc_square += off * off
    return good, last, [gx, gy, gz, ax, ay, az, gyr_square, acc_square]
