"""Whether a reminder that is due may be given now, and if not, why.

The reasons stand in the order in which they are told: what the wearer asked for first, then what
the rules hold back. Measurement goes on whatever the gate says.
"""

from __future__ import annotations

from collections import deque

from .commands import Mode, SetCalendar, SetMode, Snooze
from .events import Event, ModeChanged, Snoozed
from .rules import Rules, ticks
from .states import Withheld
from .trunk import TICKS_PER_S

HOUR_TICKS = 36_000


class AlertGate:
    """Mode, snooze, plan, grace, interval and budget; one for a run, so a new session resets none."""

    def __init__(self, rules: Rules) -> None:
        self.mode = Mode.TRAINING
        self._until: int | None = None
        self._wanted = Mode.TRAINING
        self._wanted_until: int | None = None
        self._lasting = Mode.TRAINING
        self._calendar: Mode | None = None
        self._calendar_until: int | None = None
        self._snooze_until = 0
        self._resumed = -HOUR_TICKS
        self._share = 1.0
        self._owed = 0.0
        self._allotted = True
        self._given: deque[int] = deque()
        self.follow(rules)

    def follow(self, rules: Rules) -> None:
        """Go by these numbers from now on; what was given and when is remembered."""
        self._grace_ticks = ticks(rules.grace_s)
        self._interval_ticks = ticks(rules.interval_s)
        self._budget = int(rules.budget_per_hour)

    def step(self, tick: int) -> list[Event]:
        """Let time pass: what was set for a while ends by itself, mode, calendar and snooze."""
        events: list[Event] = []
        if self._wanted_until is not None and tick >= self._wanted_until:
            self._wanted, self._wanted_until = self._lasting, None
            events += self._settle(tick, calendar=False)
        if self._calendar_until is not None and tick >= self._calendar_until:
            self._calendar = self._calendar_until = None
            events += self._settle(tick, calendar=True)
        if self._snooze_until and tick >= self._snooze_until:
            self._snooze_until = 0
            self.resume(tick)
        return events

    def resume(self, tick: int) -> None:
        """The wearer starts, or starts again: leave them `grace_s` to settle."""
        self._resumed = tick

    def set_mode(self, tick: int, command: SetMode) -> list[Event]:
        """Change the mode, for a while or for good; told even where it is the same."""
        self._wanted = command.mode
        self._calendar = self._calendar_until = None  # the wearer knows better than their calendar
        if command.for_s is None:
            self._lasting = command.mode
            self._wanted_until = None
        else:
            self._wanted_until = tick + max(1, ticks(command.for_s))
        return self._enter(tick, command.mode, self._wanted_until)

    def set_calendar(self, tick: int, command: SetCalendar) -> list[Event]:
        """Let the calendar put another mode in place of training, or nothing any more."""
        self._calendar = command.mode
        for_s = None if command.mode is None else command.for_s
        self._calendar_until = None if for_s is None else tick + max(1, ticks(for_s))
        return self._settle(tick, calendar=True)

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
        return self._quiet(tick) is None and not self._grace(tick)

    def _grace(self, tick: int) -> bool:
        return tick < self._resumed + self._grace_ticks

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
        if self._grace(tick):
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

    def _settle(self, tick: int, *, calendar: bool) -> list[Event]:
        """The mode that follows from the wearer's wish and the calendar; told where it is news."""
        mode, until = self._wanted, self._wanted_until
        if mode is Mode.TRAINING and self._calendar is not None:
            mode, until = self._calendar, self._calendar_until
        if (mode, until) == (self.mode, self._until):
            return []
        return self._enter(tick, mode, until, calendar=calendar)

    def _enter(self, tick: int, mode: Mode, until: int | None, *, calendar: bool = False) -> list[Event]:
        if mode is Mode.TRAINING and self.mode is not Mode.TRAINING:
            self.resume(tick)
        self.mode, self._until = mode, until
        until_s = None if until is None else until / TICKS_PER_S
        return [ModeChanged(tick / TICKS_PER_S, mode, until_s, calendar)]
