"""What one sensor sees of a repetition: that the upper back moved, held, and came back.

Theory of operation. Between repetitions the angle rests, and its median over the last two seconds is the
level from which the movement is measured; so neither the position nor the strap nor a slow drift enters.
The movement is *seen* when the smoothed change reaches the exercise's `least_deg`. The hold begins where
the movement has come to rest (its rate below a quarter of its greatest) and ends where the angle begins to
come back for good. A change that is barely large enough could be a shift of weight: it counts only if it
also comes back when it should.

    NOTHING   change at least `least_deg` for three ticks, soon after the cue  -> RISING
    RISING    at rest for three ticks, or after 4 s        -> UP
              back below half of its greatest              -> DOWN (no hold)
    UP        below half of the held level for half a second -> DOWN
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from statistics import median

from .exercise import Visible
from .rules import ticks
from .trunk import TICKS_PER_S

SMOOTH_TICKS = 3
RATE_TICKS = 4
REST_TICKS = ticks(2.0)
"""Rest whose median is the level: a breath at rest lasts three to five seconds, so most of one."""

SEEN_TICKS = 3
LATE_S = 4.0
"""A movement that is not seen by so long after its time is none: what comes later is swaying or a shift."""

SETTLE_TICKS = ticks(4.0)
"""A movement that has not come to rest for so long after it was seen is taken as held."""

BACK_TICKS = 5
REST_RATE_DEG_S = 1.2
"""Breathing turns the upper back by at most this (0.45° at 15 a minute is 0.7 °/s)."""

REST_SHARE = 0.25
COMES_BACK = 0.4
"""Share of a small change that must be undone for it to count."""

CLEAR = 2.0
"""A change of so many times `least_deg` counts whether or not it comes back in time."""


class _State(Enum):
    NOTHING = auto()
    RISING = auto()
    UP = auto()
    DOWN = auto()


@dataclass(frozen=True, slots=True)
class Repetition:
    """What was seen of one repetition.

    Attributes:
        seen: whether the movement was.
        held_s: how long its end was held; 0 where it never came to rest, or was not seen.
        peak_deg: greatest change.
        steadiness_deg: root mean square about the mean while held; None where it was not.
    """

    seen: bool
    held_s: float = 0.0
    peak_deg: float = 0.0
    steadiness_deg: float | None = None


class RepetitionWatch:
    """Follows one angle through rest and repetition, tick by tick.

    Args:
        sees: what the movement does to the angle.
        move_s: how long the movement takes.
    """

    def __init__(self, sees: Visible, move_s: float) -> None:
        self._soon_ticks = ticks(move_s + LATE_S)
        self._least_deg = sees.least_deg
        self._sign = sees.sign
        self._recent: deque[float] = deque(maxlen=SMOOTH_TICKS + RATE_TICKS)
        self._rest: deque[float] = deque(maxlen=REST_TICKS)
        self.begin()

    def begin(self) -> None:
        """A repetition begins: measure from the level of the rest before it."""
        self._level_deg = median(self._rest) if len(self._rest) >= REST_TICKS // 2 else math.nan
        self._state = _State.NOTHING
        self._begun: int | None = None
        self._change_deg = 0.0
        self._peak_deg = 0.0
        self._peak_rate = 0.0
        self._run = 0
        self._since = 0
        self._up_tick = 0
        self._level_tick = 0
        self._count = 0
        self._mean = 0.0
        self._square = 0.0

    def rest(self, angle_deg: float | None, shaken: bool) -> None:
        """A tick of rest; None where the angle cannot be told."""
        self._take(angle_deg, shaken)
        if angle_deg is not None and not shaken:
            self._rest.append(self._sign * angle_deg)

    @property
    def extension_deg(self) -> float | None:
        """How far the movement is now; None where it cannot be told."""
        return None if math.isnan(self._level_deg) or not self._recent else self._change_deg

    @property
    def held(self) -> bool:
        """Whether the end of the movement is being held."""
        return self._state is _State.UP

    @property
    def came_back(self) -> bool:
        """Whether the movement was seen and is over."""
        return self._state is _State.DOWN

    @property
    def held_s(self) -> float:
        """How long the hold has lasted, or lasted."""
        if self._state in (_State.NOTHING, _State.RISING) or not self._count:
            return 0.0
        return (self._level_tick - self._up_tick + 1) / TICKS_PER_S

    def step(self, tick: int, angle_deg: float | None, shaken: bool) -> None:
        """A tick of the repetition; `shaken` where the motor shakes the sensor."""
        self._take(angle_deg, shaken)
        if self._begun is None:
            self._begun = tick
        if angle_deg is None or math.isnan(self._level_deg):
            return
        recent = list(self._recent)
        newest = recent[-SMOOTH_TICKS:]
        change = sum(newest) / len(newest) - self._level_deg
        rate = 0.0
        if len(recent) == SMOOTH_TICKS + RATE_TICKS:
            older = recent[:SMOOTH_TICKS]
            rate = (sum(newest) - sum(older)) / SMOOTH_TICKS * TICKS_PER_S / RATE_TICKS
        self._change_deg = change
        self._peak_deg = max(self._peak_deg, change)
        self._peak_rate = max(self._peak_rate, rate)
        if self._state is _State.NOTHING:
            soon = tick - self._begun <= self._soon_ticks
            self._run = self._run + 1 if soon and change >= self._least_deg else 0
            if self._run >= SEEN_TICKS:
                self._enter(_State.RISING, tick)
        elif self._state is _State.RISING:
            if change < 0.5 * self._peak_deg:
                self._enter(_State.DOWN, tick)
                return
            self._run = self._run + 1 if abs(rate) < self._rest_rate() else 0
            if self._run >= SEEN_TICKS or tick - self._since >= SETTLE_TICKS:
                self._enter(_State.UP, tick)
                self._up_tick = self._level_tick = tick
        elif self._state is _State.UP:
            self._hold(tick, change, rate, shaken)

    def result(self) -> Repetition:
        """What was seen of it, once the time to come back is over."""
        if self._state is _State.NOTHING:
            return Repetition(seen=False, peak_deg=self._peak_deg)
        back = self._state is _State.DOWN or self._change_deg < (1.0 - COMES_BACK) * self._peak_deg
        if not back and self._peak_deg < CLEAR * self._least_deg:
            return Repetition(seen=False, peak_deg=self._peak_deg)
        return Repetition(True, self.held_s, self._peak_deg, self.steadiness_deg)

    @property
    def steadiness_deg(self) -> float | None:
        """How far the hold wandered so far, root mean square; None before half a second of it."""
        if self._count < 5:
            return None
        return math.sqrt(max(0.0, self._square / self._count - self._mean**2))

    def _rest_rate(self) -> float:
        return max(REST_RATE_DEG_S, REST_SHARE * self._peak_rate)

    def _hold(self, tick: int, change: float, rate: float, shaken: bool) -> None:
        held_deg = self._mean if self._count else change
        if change >= held_deg - max(1.0, 0.2 * held_deg) and rate > -self._rest_rate():
            self._level_tick = tick
            if not shaken:
                self._count += 1
                self._mean += (change - self._mean) / self._count
                self._square += change * change
        self._run = self._run + 1 if change < 0.5 * held_deg else 0
        if self._run >= BACK_TICKS:
            self._enter(_State.DOWN, tick)

    def _enter(self, state: _State, tick: int) -> None:
        self._state = state
        self._since = tick
        self._run = 0

    def _take(self, angle_deg: float | None, shaken: bool) -> None:
        if angle_deg is None:
            self._recent.clear()
        elif not shaken or not self._recent:
            self._recent.append(self._sign * angle_deg)
