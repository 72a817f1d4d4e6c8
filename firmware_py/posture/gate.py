"""Whether a reminder that is due may be given now, and if not, why.

The reasons stand in the order in which they are told: what the wearer asked for first, then what
the rules hold back. Measurement goes on whatever the gate says.
"""

from __future__ import annotations

from collections import deque

from .events import Event, Mode, ModeChanged, SetMode, Snooze, Snoozed, Withheld
from .rules import Rules, ticks
from .trunk import TICKS_PER_S

HOUR_TICKS = 36_000


class AlertGate:
    """Mode, snooze, plan, grace, interval and budget; one for a run, so a new session resets none."""

    def __init__(self, rules: Rules) -> None:
        self.mode = Mode.TRAINING
        self._lasting_mode = Mode.TRAINING
        self._mode_until: int | None = None
        self._snooze_until = 0
        self._grace_until = 0
        self._share = 1.0
        self._owed = 0.0
        self._allotted = True
        self._given: deque[int] = deque()
        self._grace_ticks = ticks(rules.grace_s)
        self._interval_ticks = ticks(rules.interval_s)
        self._budget = int(rules.budget_per_hour)

    def step(self, tick: int) -> list[Event]:
        """Let time pass: a mode that was set for a while returns, a snooze runs out."""
        events: list[Event] = []
        if self._mode_until is not None and tick >= self._mode_until:
            self._mode_until = None
            events += self._enter(tick, self._lasting_mode, None)
        if self._snooze_until and tick >= self._snooze_until:
            self._snooze_until = 0
            self.resume(tick)
        return events

    def resume(self, tick: int) -> None:
        """The wearer starts, or starts again: leave them `grace_s` to settle."""
        self._grace_until = tick + self._grace_ticks

    def set_mode(self, tick: int, command: SetMode) -> list[Event]:
        """Change the mode, for a while or for good."""
        if command.for_s is None:
            self._lasting_mode = command.mode
            self._mode_until = None
            return self._enter(tick, command.mode, None)
        self._mode_until = tick + max(1, ticks(command.for_s))
        return self._enter(tick, command.mode, self._mode_until / TICKS_PER_S)

    def snooze(self, tick: int, command: Snooze) -> list[Event]:
        """Let reminders rest; 0 seconds end a rest."""
        rest = max(0, ticks(command.for_s))
        if rest == 0 and self._snooze_until:
            self.resume(tick)
        self._snooze_until = tick + rest if rest else 0
        return [Snoozed(tick / TICKS_PER_S, (tick + rest) / TICKS_PER_S)]

    def set_plan(self, share: float) -> None:
        """From now on give this share of the reminders that are due, evenly spaced."""
        self._share = min(1.0, max(0.0, share))

    def allot(self) -> None:
        """A new episode has come to a reminder: settle whether the plan gives it one."""
        self._owed += self._share
        self._allotted = self._owed >= 1.0 - 1e-9
        if self._allotted:
            self._owed -= 1.0

    def welcome(self, tick: int) -> bool:
        """Whether the wearer wants to hear of anything at this tick."""
        return self._quiet(tick) is None and tick >= self._grace_until

    def _quiet(self, tick: int) -> Withheld | None:
        """What the wearer asked for: None where reminders are welcome."""
        if self.mode is not Mode.TRAINING:
            return Withheld.MODE
        if tick < self._snooze_until:
            return Withheld.SNOOZED
        return None

    def reason(self, tick: int) -> Withheld | None:
        """Why a reminder may not be given at this tick; None where it may."""
        asked = self._quiet(tick)
        if asked is not None:
            return asked
        if not self._allotted:
            return Withheld.PLAN
        if tick < self._grace_until:
            return Withheld.GRACE
        if self._given and tick - self._given[-1] < self._interval_ticks:
            return Withheld.INTERVAL
        while self._given and tick - self._given[0] >= HOUR_TICKS:
            self._given.popleft()
        if len(self._given) >= self._budget:
            return Withheld.BUDGET
        return None

    def gave(self, tick: int) -> None:
        """A reminder was given."""
        self._given.append(tick)

    def _enter(self, tick: int, mode: Mode, until_s: float | None) -> list[Event]:
        if mode is Mode.TRAINING and self.mode is not Mode.TRAINING:
            self.resume(tick)
        self.mode = mode
        return [ModeChanged(tick / TICKS_PER_S, mode, until_s)]
