"""When to suggest a break: too long in one posture.

A *change of posture* is a change of at least `break_change_deg` in flexion or side bend of the upper
back that is held for a few seconds. A minute of movement counts as a break, and pauses in it shorter than
`PAUSE_S` do not interrupt it. As long a time in which nobody can tell (not worn, lost, lying) counts
as one too.
"""

from __future__ import annotations

from .events import BreakDue, Event, Reading
from .gate import AlertGate
from .rules import Rules, ticks
from .states import Activity
from .trunk import TICKS_PER_S

HELD_S = 4.0
"""A posture is held for at least 4 s (EN 1005-4)."""

PAUSE_S = 30.0
"""Standing at a printer or a door is part of walking about (own choice)."""


class BreakWatch:
    """One wearer's time in one posture, tick by tick."""

    def __init__(self, rules: Rules, gate: AlertGate) -> None:
        self._gate = gate
        self.follow(rules)
        self._held_ticks = ticks(HELD_S)
        self._pause_ticks = ticks(PAUSE_S)
        self.restart(0)

    def follow(self, rules: Rules) -> None:
        """Go by these numbers from now on; the time in one posture is not forgotten."""
        self._due_ticks = ticks(rules.break_after_s)
        self._change_deg = rules.break_change_deg
        self._clear_ticks = ticks(rules.break_clear_s)

    def restart(self, tick: int) -> None:
        """The wearer moved, or began."""
        self._since = tick
        self._told = tick
        self._place_deg: tuple[float, float] | None = None
        self._elsewhere = 0
        self._moving = 0
        self._pause = 0
        self._unseen = 0

    def step(self, tick: int, reading: Reading) -> list[Event]:
        """Take one tick."""
        if reading.activity is Activity.MOVING:
            self._moving += 1
            self._pause = self._unseen = 0
            if self._moving >= self._clear_ticks:
                self.restart(tick)
            return []
        if self._moving:
            self._pause += 1
            if self._pause > self._pause_ticks:
                self._moving = self._pause = 0
        if reading.unjudged is not None:
            self._unseen += 1
            if self._unseen >= self._clear_ticks:
                self.restart(tick)
            return []
        self._unseen = 0
        place = self._place_deg
        if place is None:
            self._place_deg = (reading.upper_deg, reading.lateral_deg)
        elif (
            abs(reading.upper_deg - place[0]) >= self._change_deg
            or abs(reading.lateral_deg - place[1]) >= self._change_deg
        ):
            self._elsewhere += 1
            if self._elsewhere >= self._held_ticks:
                self.restart(tick)
            return []
        else:
            self._elsewhere = 0
        if tick - self._told < self._due_ticks or not self._gate.welcome(tick):
            return []
        self._told = tick
        return [BreakDue(tick / TICKS_PER_S, (tick - self._since) / TICKS_PER_S)]
