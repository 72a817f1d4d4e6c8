"""Sessions and their minutes: every tick of a session is in exactly one minute's tally.

A session `<run>-<n>` is the time from one tick to another; a tick stands for the 0.1 s that it begins.
Minutes are aligned to whole minutes of the run, so the first and the last of a session may be shorter,
and the session's tally is their sum and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from .events import (
    AlertWithheld,
    BreakDue,
    Event,
    MinutePassed,
    Reading,
    SessionEnded,
    SessionStarted,
    SessionSummary,
    SlouchAlert,
    SlouchEnded,
    SlouchStarted,
)
from .rules import Rules, ticks
from .sheet import TallySheet
from .tally import Tally
from .trunk import TICKS_PER_S

MINUTE_TICKS = ticks(60.0)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The minute of an open session that is not full yet: what would be lost if all ended now.

    Attributes:
        session: its id.
        before_ticks: ticks of the session in the minutes before this one.
        minute: as it would be if the session ended now.
    """

    session: str
    before_ticks: int
    minute: MinutePassed


class SessionBook:
    """Opens and closes sessions, and counts what happens in them."""

    def __init__(self, run: str, sensors: int) -> None:
        self.open = False
        self._run = run
        self._sensors = sensors
        self._count = 0
        self._start_tick = 0
        self._minute_start_tick = 0
        self._minute_end_tick = 0
        self._total = Tally()
        self._sheet = TallySheet()

    @property
    def name(self) -> str:
        """The id of the session that is open, or was last."""
        return f"{self._run}-{self._count}"

    def begin(self, tick: int, rules: Rules) -> list[Event]:
        """Open a session with this tick, judged by these numbers."""
        self.open = True
        self._count += 1
        self._start_tick = tick
        self._total = Tally()
        self._sheet = TallySheet()
        self._turn_page(tick)
        return [SessionStarted(tick / TICKS_PER_S, self.name, self._sensors, float(rules.slouch_enter_deg))]

    def pass_time(self, tick: int) -> list[Event]:
        """Close the minute that ended before this tick, if one did."""
        if tick < self._minute_end_tick:
            return []
        passed = self._close_minute(self._minute_end_tick)
        self._turn_page(tick)
        return passed

    def count(self, reading: Reading, events: list[Event]) -> None:
        """Take one tick's reading, and what else happened in it."""
        sheet = self._sheet
        sheet.add(reading)
        for event in events:
            if isinstance(event, SlouchStarted):
                sheet.slouches += 1
            elif isinstance(event, SlouchAlert):
                sheet.alerts += 1
            elif isinstance(event, AlertWithheld):
                sheet.withheld[event.reason] = sheet.withheld.get(event.reason, 0) + 1
            elif isinstance(event, SlouchEnded) and event.corrected_after_s is not None:
                sheet.corrections += 1
                sheet.correction_ticks += ticks(event.corrected_after_s)
            elif isinstance(event, BreakDue):
                sheet.breaks += 1

    def end(self, tick: int) -> list[Event]:
        """Close the session before this tick."""
        self.open = False
        self._sheet.interrupt()
        passed = self._close_minute(tick)
        start_s, end_s = self._start_tick / TICKS_PER_S, tick / TICKS_PER_S
        summary = SessionSummary(self.name, start_s, end_s, self._sensors, self._total)
        return [*passed, SessionEnded(end_s, summary)]

    def unfinished(self, tick: int) -> Unfinished | None:
        """The minute that is not full yet, before this tick; None without a session. Changes nothing."""
        if not self.open:
            return None
        start_s, end_s = self._minute_start_tick / TICKS_PER_S, tick / TICKS_PER_S
        minute = MinutePassed(end_s, start_s, self._sheet.so_far())
        return Unfinished(self.name, self._total.ticks, minute)

    def _turn_page(self, tick: int) -> None:
        self._minute_start_tick = tick
        self._minute_end_tick = (tick // MINUTE_TICKS + 1) * MINUTE_TICKS

    def _close_minute(self, end_tick: int) -> list[Event]:
        tally = self._sheet.take()
        self._total = self._total + tally
        return [MinutePassed(end_tick / TICKS_PER_S, self._minute_start_tick / TICKS_PER_S, tally)]
