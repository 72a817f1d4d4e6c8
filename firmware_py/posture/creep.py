"""A strap that creeps carries every posture away, little by little.

Theory of operation. A tick costs three additions. Every 2.5 s the mean of the still ones goes to the
stays (`stays.py`); every minute the stays, the walks and the arms of movements (`arms.py`) are weighed
(`creep_evidence.py`). What they say is a logarithm of odds and a size, and two limits on them make two
answers:

- a *doubt*: it is shown, nobody is called for it, and judging goes on as before. So it may be wrong for
  some minutes a few times a day, and its limit is low: odds little better than even;
- *stale*: nothing is judged until the wearer gives a new upright. Its limit stands above what chance did
  in any of the days by which it was chosen.

A person's own return to upright is no more exact than 2.4°, which is what a creep of 10° an hour makes of
it in a quarter of an hour. So no watch can be both sure and quick, and this is what it costs
(`docs/calibration.md`): a sagittal doubt within half an hour, and a sagittal certainty somewhat later.
Sideways people are three times as exact, and a doubt need not be wrong as often.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

from .arms import Arm
from .creep_evidence import CreepEvidence, Odds
from .stays import BLOCK_S, StayFinder
from .trunk import TICK_S, TICKS_PER_S, Vector

BLOCK_TICKS = round(BLOCK_S / TICK_S)
MINUTE_TICKS = 60 * TICKS_PER_S


class Limit(NamedTuple):
    """What it takes on one axis: odds, and a creep that is worth speaking of."""

    log_odds: float
    moved_deg: float

    def passed(self, odds: Odds) -> bool:
        """Whether both are."""
        return odds.log_odds >= self.log_odds and abs(odds.moved_deg) >= self.moved_deg


DOUBT = (Limit(0.5, 2.5), Limit(1.5, 2.5))
STALE = (Limit(8.0, 4.0), Limit(8.0, 4.0))
"""Sagittal and sideways, chosen on sixty simulated days (`python -m benchmarks.creep`)."""

OVER_LOG_ODDS = 0.0
"""A doubt is over when both are below this."""


class Creeps(IntEnum):
    """How sure it is that the strap creeps."""

    NO = 0
    UNDECIDED = 1
    """Less than a doubt; not so little that a doubt would be over."""
    MAYBE = 2
    YES = 3


class CreepVerdict(NamedTuple):
    """What a minute's weighing says; `moved_deg` is flexion and lateral, 0 where nothing speaks for it."""

    creeps: Creeps
    moved_deg: tuple[float, float]


class CreepWatch:
    """Watches the upright of one wear.

    Attributes:
        odds: what the last weighing gave, sagittal and sideways.
    """

    def __init__(self) -> None:
        self._stays = StayFinder()
        self._evidence = CreepEvidence()
        self._first_tick: int | None = None
        self._block_ends = self._minute_ends = 0
        self._still = 0
        self._x = self._y = self._z = 0.0
        self._weighed = 0, 0
        self.odds = Odds(0.0, 0.0), Odds(0.0, 0.0)

    def step(self, tick: int, up: Vector) -> CreepVerdict | None:
        """Take a tick of still sitting.

        Args:
            tick: its number.
            up: unit vector "up" in the frame whose neutral is (0, 0, 1).

        Returns:
            What is thought of it, once a minute at most: where a stay or a walk is over, or one goes on for
            twice as long as before.
        """
        verdict = self._close(tick) if tick >= self._block_ends else None
        x, y, z = up
        self._still += 1
        self._x += x
        self._y += y
        self._z += z
        return verdict

    def moved(self, up: Vector) -> None:
        """Take where "up" is at a tick of sitting that is not still."""
        ended = self._stays.moved(*_angles_deg(up))
        if ended is not None:
            self._evidence.take(ended)

    def walked(self, tick: int, flexion_deg: float, lateral_deg: float, lasted_s: float) -> None:
        """Take how a walk that is over was held."""
        if self._first_tick is not None:
            self._evidence.walked(self._minutes(tick), (flexion_deg, lateral_deg), lasted_s)

    def bent(self, tick: int, arm: Arm) -> None:
        """Take the arm that a movement while sitting showed."""
        if self._first_tick is not None:
            self._evidence.bent(self._minutes(tick), arm)

    def _minutes(self, tick: int) -> float:
        return (tick - (self._first_tick or 0)) / MINUTE_TICKS

    def _close(self, tick: int) -> CreepVerdict | None:
        if self._first_tick is None:
            self._first_tick, self._minute_ends = tick, tick + MINUTE_TICKS
        # Half a block of movement leaves too little to go by.
        if 2 * self._still >= BLOCK_TICKS:
            angles_deg = _angles_deg((self._x, self._y, self._z))
            for ended in (
                self._stays.moved(*angles_deg),
                self._stays.step(self._minutes(self._block_ends), *angles_deg),
            ):
                if ended is not None:
                    self._evidence.take(ended)
        self._block_ends = tick + BLOCK_TICKS
        self._still = 0
        self._x = self._y = self._z = 0.0
        if tick < self._minute_ends:
            return None
        self._minute_ends = tick + MINUTE_TICKS
        return self._weigh(tick)

    def _weigh(self, tick: int) -> CreepVerdict | None:
        held = self._stays.held
        known = self._evidence.taken, 0 if held is None else held.blocks.bit_length()
        if known == self._weighed:
            return None  # nothing is new but the time
        self._weighed = known
        self.odds = odds = self._evidence.odds(self._minutes(tick), held)
        if any(map(Limit.passed, STALE, odds)):
            creeps = Creeps.YES
        elif any(map(Limit.passed, DOUBT, odds)):
            creeps = Creeps.MAYBE
        elif all(one.log_odds < OVER_LOG_ODDS for one in odds):
            creeps = Creeps.NO
        else:
            creeps = Creeps.UNDECIDED
        flexion, lateral = (one.moved_deg if one.log_odds > OVER_LOG_ODDS else 0.0 for one in odds)
        return CreepVerdict(creeps, (flexion, lateral))


def _angles_deg(up: Vector) -> tuple[float, float]:
    """(flexion, lateral) of a vector of any length, degrees."""
    x, y, z = up
    return math.degrees(math.atan2(-x, z)), math.degrees(math.atan2(y, math.hypot(x, z)))
