"""PURE: which events are worth a notice on the phone, and when one is sent.

A notice is for now. One that could not be told at once is worthless minutes later, and one that a device
brings after an hour without a link was about another moment: both are dropped, never sent late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Any, Final

import msgspec

FRESH_S: Final = 120.0
"""An event that is older than this when it could first be told is not told at all."""

MOST_A_DAY: Final = 8
"""Notices a day unless the wearer says otherwise; so many reminders the device gives in an hour at most."""

AT_MOST_A_DAY: Final = 50

MIN_SESSION_S: Final = 600.0
"""A session that was judged for less says nothing worth a notice."""

DAY_MIN: Final = 24 * 60


class Occasion(StrEnum):
    """What a wearer may want to be told."""

    SLOUCH = "slouch"
    BREAK = "break"
    CALIBRATION = "calibration"
    SENSOR = "sensor"
    STORAGE = "storage"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Custom:
    """How an occasion is treated.

    Attributes:
        kind: of the event that brings it about.
        expires_s: from the event to the moment at which a notice of it would be worthless.
        answer_s: so long the event may be answered (a slouch corrected, a sensor back) before it is told.
    """

    kind: str
    expires_s: float
    answer_s: float = 0.0


CUSTOMS: Final[dict[Occasion, Custom]] = {
    Occasion.SLOUCH: Custom("slouch_alert", 300.0, 60.0),
    Occasion.BREAK: Custom("break_due", 600.0),
    Occasion.CALIBRATION: Custom("profile_stale", 7200.0),
    Occasion.SENSOR: Custom("sensor_lost", 1800.0, 60.0),
    Occasion.STORAGE: Custom("storage_changed", 43_200.0),
    Occasion.SESSION: Custom("session_ended", 7200.0),
}

OCCASION_OF: Final = {custom.kind: occasion for occasion, custom in CUSTOMS.items()}

WINDOW_S: Final = FRESH_S + max(custom.answer_s for custom in CUSTOMS.values())
"""Events older than this are decided, one way or the other."""


class Verdict(StrEnum):
    """What became of an event; all but `WAIT` are final."""

    WAIT = "wait"
    SEND = "send"
    ANSWERED = "answered"
    LATE = "late"
    QUIET = "quiet"
    ENOUGH = "enough"


@dataclass(frozen=True, slots=True)
class PhoneRules:
    """What one wearer wants to be told.

    Attributes:
        on: the occasions.
        only_ignored: a reminder is told only where the wearer did not follow the motor's within a minute.
        quiet_from_min: local minute of the day at which quiet hours begin; equal to `quiet_to_min` for none.
        quiet_to_min: and end, perhaps on the next day.
        most_a_day: notices between two local midnights.
        discreet: the notice says that there is something to see, and not what.
    """

    on: frozenset[Occasion] = frozenset({Occasion.SLOUCH, Occasion.CALIBRATION, Occasion.SENSOR})
    only_ignored: bool = True
    quiet_from_min: int = 21 * 60
    quiet_to_min: int = 8 * 60
    most_a_day: int = MOST_A_DAY
    discreet: bool = False

    def __post_init__(self) -> None:
        """Hold every number against its range.

        Raises:
            ValueError: one is outside.
        """
        for name, most in (("quiet_from_min", DAY_MIN - 1), ("quiet_to_min", DAY_MIN - 1)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name} is {getattr(self, name)}; 0 to {most} are minutes of a day")
        if not 1 <= self.most_a_day <= AT_MOST_A_DAY:
            raise ValueError(f"most_a_day is {self.most_a_day}; 1 to {AT_MOST_A_DAY} make sense")

    def is_quiet(self, local: time) -> bool:
        """Whether this time of the wearer's day is in the quiet hours."""
        minute = 60 * local.hour + local.minute
        start, end = self.quiet_from_min, self.quiet_to_min
        return start <= minute < end if start <= end else minute >= start or minute < end

    def answer_s(self, occasion: Occasion) -> float:
        """How long an event may be answered before it is told."""
        if occasion is Occasion.SLOUCH and not self.only_ignored:
            return 0.0
        return CUSTOMS[occasion].answer_s

    def judge(
        self, occasion: Occasion, age_s: float, *, answered: bool, local: time, told_today: int
    ) -> Verdict:
        """What becomes of an event that nothing was decided about yet.

        Args:
            occasion: one of `on`.
            age_s: since it happened.
            answered: whether it settled itself meanwhile, or nobody can know.
            local: the time of day where the wearer is.
            told_today: notices since local midnight.
        """
        answer_s = self.answer_s(occasion)
        if answer_s > 0.0 and answered:
            return Verdict.ANSWERED
        if age_s > answer_s + FRESH_S:
            return Verdict.LATE
        if age_s < answer_s:
            return Verdict.WAIT
        if self.is_quiet(local):
            return Verdict.QUIET
        return Verdict.ENOUGH if told_today >= self.most_a_day else Verdict.SEND


class _Tally(msgspec.Struct):
    judged: int = 0
    posture: dict[str, int] = {}


class _Summary(msgspec.Struct):
    tally: _Tally = msgspec.field(default_factory=_Tally)


class _Data(msgspec.Struct):
    """The fields of the events above that decide or are told; each event has some of them."""

    t_s: float = 0.0
    episode: int = 0
    state: str = ""
    level: Any = None  # a reminder's number, or how full a disk is
    stale: bool = False
    still_s: float = 0.0
    place: str = ""
    lost_s: float = 0.0
    summary: _Summary = msgspec.field(default_factory=_Summary)


class _Envelope(msgspec.Struct):
    data: _Data = msgspec.field(default_factory=_Data)


Told = _Data


def read(payload: str) -> Told:
    """What an event's stored message says that matters here."""
    return msgspec.json.decode(payload, type=_Envelope).data


def in_touch(status: str | None) -> bool:
    """Whether a device is there, by the last status that it, or the broker for it, left."""
    return status is not None and read(status).state == "online"


def counts(occasion: Occasion, told: Told) -> bool:
    """Whether this event is told: a slouch's first reminder, a calibration that went, not one that came."""
    if occasion is Occasion.SLOUCH:
        return bool(told.level == 1)
    if occasion is Occasion.CALIBRATION:
        return told.stale
    if occasion is Occasion.STORAGE:
        return bool(told.level != "ok")
    if occasion is Occasion.SESSION:
        return told.summary.tally.judged >= MIN_SESSION_S * 10
    return True


def retry_s(tries: int) -> float:
    """The wait after so many attempts that failed: 5 s, three times as long each time, 10 min at most."""
    return float(min(5.0 * 3.0 ** max(0, tries - 1), 600.0))
