"""When a sample was taken: the chip's oscillator measured against the machine's clock.

A FIFO says how many samples there are, not when they were taken, and the oscillator that spaces
them is some per cent off (MPU-6050: ±1 % over temperature in the datasheet; real boards are worse).
At a read at time T with the samples 0 … k in, T lies somewhere between sample k and sample k+1:
one observation of the straight line "time of sample i", with an error spread evenly over one
period. A Kalman filter of two states (time of the newest sample, period) averages these; where
the caller saw the FIFO's count step it gives that moment, known ten times better. How well is for
the two polls around the step to say: a process that was pre-empted between them knows it less well.

The period wanders with temperature and so is a random walk of `WANDER` (relative, per √s): a
board strapped on warms by about 10 K in ten minutes, which moves a MEMS oscillator by roughly
0.1 %. That weighs the last seven seconds or so; the estimate follows the clock for ever, so
there is no drift, and its noise is about 0.4 ms at 100 Hz with ten reads a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

WANDER = 2e-5
_UNIFORM = 1.0 / math.sqrt(12.0)
_BOUND = 0.05

ABSURD_PERIODS = 2.5

WATCHED_PERIODS = 2.5
"""Two steps come in this time, of which one may be missed; a read may not wait longer."""

NARROW_PERIODS = 0.15
NARROW_POLLS = 2.5
"""A step known to this part of a period ends a watch, or one that took no longer than its two polls must."""

MOST_POLLS = 10_000
"""A clock that stands still must not hold the loop."""


class SampleClock:
    """The line "time of sample i", learned from observations.

    Args:
        nominal_rate_hz: what the datasheet promises.
        tolerance: relative one-sigma doubt about that rate.
    """

    __slots__ = ("_index", "_period_s", "_t_s", "_v_cross", "_v_period", "_v_time")

    def __init__(self, nominal_rate_hz: float, tolerance: float = 0.03) -> None:
        self._period_s = 1.0 / nominal_rate_hz
        self._v_period = (tolerance * self._period_s) ** 2
        self._index = 0
        self._t_s = 0.0
        self._v_time = math.inf
        self._v_cross = 0.0

    @property
    def period_s(self) -> float:
        """Measured distance of two samples."""
        return self._period_s

    @property
    def rate_sigma(self) -> float:
        """One-sigma uncertainty of the rate, relative to it."""
        return math.sqrt(self._v_period) / self._period_s

    @property
    def sigma_s(self) -> float:
        """One-sigma uncertainty of the newest observed sample's time; infinite before `anchor`."""
        return math.sqrt(self._v_time)

    def time_of(self, index: int) -> float:
        """Estimated time of the sample `index`, seconds of the machine's clock."""
        return self._t_s + (index - self._index) * self._period_s

    def anchor(self, index: int, t_s: float, sigma_s: float) -> None:
        """Begin a new line: the chip started over, or samples were lost.

        What is known of the rate stays, less what it may have wandered since.
        """
        if math.isfinite(self._v_time):
            self._v_period += (WANDER * self._period_s) ** 2 * max(0.0, t_s - self._t_s)
        self._index = index
        self._t_s = t_s
        self._v_time = sigma_s * sigma_s
        self._v_cross = 0.0

    def saw(self, newest: int, asked_s: float, answered_s: float) -> float:
        """Learn from a read: between these two moments the sample `newest` was in and the next was not.

        So it was taken after `asked_s` less one period, and before `answered_s`. A read that was
        interrupted teaches little, but nothing wrong.

        Returns:
            The surprise in seconds: how far the middle of what is possible lay from the estimate. One
            beyond `ABSURD_PERIODS` was not learnt from: samples are missing, or the count was wrong.
        """
        if newest < self._index:
            return 0.0  # a step was watched meanwhile, which says more
        period_s = self._period_s
        earliest_s = asked_s - period_s
        estimate_s = self._t_s + (newest - self._index) * period_s
        width_s = answered_s - earliest_s
        surprise_s = answered_s - 0.5 * width_s - estimate_s
        if abs(surprise_s) > ABSURD_PERIODS * period_s + 0.5 * width_s:
            return surprise_s
        if estimate_s > answered_s:  # it is in already: the bound itself is what is learnt
            return self._learn(newest, answered_s, _BOUND * period_s)
        if estimate_s < earliest_s:
            return self._learn(newest, earliest_s, _BOUND * period_s)
        return self._learn(newest, answered_s - 0.5 * width_s, _UNIFORM * width_s)

    def saw_step(self, newest: int, after_s: float, before_s: float) -> float:
        """Learn from a watched count: sample `newest` was taken between these two moments.

        Returns:
            The surprise in seconds.
        """
        return self._learn(newest, 0.5 * (after_s + before_s), _UNIFORM * (before_s - after_s) + 1e-5)

    def _learn(self, index: int, t_s: float, sigma_s: float) -> float:
        steps = index - self._index
        period_s = self._period_s
        # Prediction over `steps` samples; the walk of the period adds its integral (d³/3, d²/2, d).
        v_period, v_cross = self._v_period, self._v_cross
        walk = (WANDER * period_s) ** 2 * steps * period_s
        v_time = self._v_time + steps * (2.0 * v_cross + steps * (v_period + walk / 3.0))
        v_cross += steps * (v_period + walk / 2.0)
        v_period += walk
        expected_s = self._t_s + steps * period_s
        surprise_s = t_s - expected_s
        total = v_time + sigma_s * sigma_s
        k_time = v_time / total
        k_period = v_cross / total
        self._index = index
        self._t_s = expected_s + k_time * surprise_s
        self._period_s = period_s + k_period * surprise_s
        self._v_time = v_time * (1.0 - k_time)
        self._v_cross = v_cross * (1.0 - k_time)
        self._v_period = v_period - k_period * v_cross
        return surprise_s


class Step(NamedTuple):
    """The level of a FIFO went from `level` to one more between these two moments.

    A negative level stands for a level that was none; the watch ended there.
    """

    level: int
    after_s: float
    before_s: float

    @property
    def width_s(self) -> float:
        """How long it may have taken: the time that one poll and the next took together."""
        return self.before_s - self.after_s


def watch_step(
    level: Callable[[], int],
    monotonic: Callable[[], float],
    period_s: float,
    most_periods: float = WATCHED_PERIODS,
) -> Step | None:
    """Poll a FIFO's level until it steps, which dates a sample to a fraction of a millisecond.

    Where the process was pre-empted around the step, which makes it wide, the next one is watched too.

    Args:
        level: asks for the frames that wait; negative where there is none to tell.
        monotonic: the machine's clock, seconds.
        period_s: about how far apart the samples are.
        most_periods: how long to watch for a narrow step.

    Returns:
        The narrowest step seen. Where the wire is too slow to see single steps, the newest sample is
        dated to within one period instead. None where there was no sample at all.
    """
    narrowest: Step | None = None
    start_s = after_s = monotonic()
    poll_s = math.inf
    before = level()
    for _ in range(MOST_POLLS):
        asked_s = monotonic()
        poll_s = min(poll_s, asked_s - after_s)
        if before < 0:
            return Step(before, after_s, asked_s)
        if asked_s - start_s > most_periods * period_s:
            if narrowest is None and before > 0:
                return Step(before - 1, after_s - period_s, asked_s)
            return narrowest
        now = level()
        if now == before + 1:
            step = Step(before, after_s, monotonic())
            poll_s = min(poll_s, step.before_s - asked_s)
            if step.width_s <= max(NARROW_PERIODS * period_s, NARROW_POLLS * poll_s):
                return step
            if narrowest is None or step.width_s < narrowest.width_s:
                narrowest = step
        before, after_s = now, asked_s
    return narrowest
