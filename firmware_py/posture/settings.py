"""What a wearer may choose while the device is worn, and what is in force.

A setting has a *key*: the name of a number of `Rules` (those in `WEARER_RULES`), `mode`, `baseline_day`,
`quiet_hours`, `plan`, `timezone`, or `buzz.` and the name of a `BodyAlert`. What was chosen on the page wins
over the configuration, that over the default, key by key. Who keeps and applies them knows the wall clock and
stands outside the core (`firmware_py/preferences.py`); here is what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from ..errors import ConfigError
from .commands import Mode
from .plan import DayKind, Plan
from .rules import WEARER_RULES, Rules

LASTING_MODES: Final = (Mode.TRAINING, Mode.TRACKING)
"""What a run may begin with; the other modes are of a situation and pass with it."""

MAX_QUIET_HOURS: Final = 20
"""Most stretches of quiet hours: two for each weekday and some to spare."""

DEFAULT_RULES: Final = Rules()

LEAST_EXIT_DEG: Final = 2.0
"""The least that `slouch_exit_deg` may be (`Rules`)."""


class BodyAlert(StrEnum):
    """What the motor may say on the body; each kind is switched on its own."""

    SLOUCH = "slouch"
    CORRECTED = "corrected"
    BREAK = "break"
    SENSOR_LOST = "sensor_lost"
    ANSWER = "answer"


class Weekday(StrEnum):
    """A day of the week, Monday first as in ISO 8601."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A stretch of local time without reminders, on the weekdays on which it begins.

    Attributes:
        days: the weekdays, at least one.
        begins: `"HH:MM"`, 24 hours.
        ends: `"HH:MM"`; not later than `begins` means on the next day.

    Raises:
        ConfigError: saying what is wrong with it.
    """

    days: tuple[Weekday, ...]
    begins: str
    ends: str

    def __post_init__(self) -> None:
        if not self.days or len(set(self.days)) != len(self.days):
            raise ConfigError("quiet_hours need days, each named once: mon, tue, wed, thu, fri, sat or sun")
        for name, text in (("begins", self.begins), ("ends", self.ends)):
            if not _TIME.fullmatch(text):
                raise ConfigError(f"quiet_hours: {name} is {text[:20]!r}; 00:00 to 23:59 makes sense")
        if self.begins == self.ends:
            raise ConfigError(f"quiet_hours begin and end at {self.begins}; they must last a while")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan(Plan):
    """A plan with its first day, local; without one every due reminder is given, every day."""

    start: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting that a wearer may choose, with its default.

    Attributes:
        rules: the numbers of the judgement.
        mode: what a run begins with; training or tracking.
        baseline_day: whether the first day of wear only measures.
        quiet_hours: when reminders rest by themselves.
        plan: how reminders fade over the weeks.
        buzz: what the motor may say.
        timezone: IANA name of the wearer's; empty for the device's own.

    Raises:
        ConfigError: naming the key.
    """

    rules: Rules = DEFAULT_RULES
    mode: Mode = Mode.TRAINING
    baseline_day: bool = True
    quiet_hours: tuple[QuietHours, ...] = ()
    plan: TrainingPlan = TrainingPlan()
    buzz: Mapping[BodyAlert, bool] = field(default_factory=lambda: dict.fromkeys(BodyAlert, True))
    timezone: str = ""

    def __post_init__(self) -> None:
        if self.mode not in LASTING_MODES:
            raise ConfigError(f"mode is {self.mode}; {' or '.join(LASTING_MODES)} can be chosen for good")
        if len(self.quiet_hours) > MAX_QUIET_HOURS:
            raise ConfigError(f"quiet_hours has {len(self.quiet_hours)} stretches; {MAX_QUIET_HOURS} at most")

    @classmethod
    def of(cls, chosen: Mapping[str, Any], rules: Rules | None = None) -> Settings:
        """The settings that follow from what was chosen, by key; the rest is default.

        Args:
            chosen: key -> value of its type.
            rules: the numbers that no key changes.

        Raises:
            ConfigError: naming the key that is unknown, not the wearer's, or out of range.
        """
        numbers = {key: value for key, value in chosen.items() if key in WEARER_RULES}
        buzz = dict.fromkeys(BodyAlert, True)
        rest: dict[str, Any] = {}
        for key, value in chosen.items():
            kind = key.removeprefix("buzz.")
            if key != kind and kind in set(BodyAlert):
                buzz[BodyAlert(kind)] = value
            elif key in PLAIN_KEYS:
                rest[key] = value
            elif key not in numbers:
                raise ConfigError(f"{key} is no setting of the wearer's; {', '.join(KEYS)} are")
        return cls(rules=(rules or DEFAULT_RULES).but(numbers), buzz=buzz, **rest)


PLAIN_KEYS: Final = ("mode", "baseline_day", "quiet_hours", "plan", "timezone")
KEYS: Final = (*WEARER_RULES, *PLAIN_KEYS, *(f"buzz.{kind}" for kind in BodyAlert))
"""Every key that a wearer may set."""


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """A request: change these settings, leave the others; all of it or, where a key is refused, nothing.

    Attributes:
        rules: number by name, of `WEARER_RULES`. Where `slouch_enter_deg` moves and `slouch_exit_deg` is
            not named, the exit moves along.
        mode, baseline_day, quiet_hours, plan, timezone: as in `Settings`; None leaves them.
        buzz: which body alerts to switch on or off.
        reset: keys to put back to what the configuration says.
        by: who asks, for people to read; 40 characters at most.
        lasting: whether it stands at the broker (retained) for a device that is away, which carries it out
            once, when it is back; `SettingsInForce.taken` tells that it did.
    """

    t_s: float
    rules: dict[str, float] = field(default_factory=dict)
    mode: Mode | None = None
    baseline_day: bool | None = None
    quiet_hours: tuple[QuietHours, ...] | None = None
    plan: TrainingPlan | None = None
    timezone: str | None = None
    buzz: dict[BodyAlert, bool] = field(default_factory=dict)
    reset: tuple[str, ...] = ()
    by: str = "page"
    lasting: bool = False

    def by_key(self) -> dict[str, Any]:
        """What is asked for, key -> value."""
        plain = {key: getattr(self, key) for key in PLAIN_KEYS}
        return {
            **self.rules,
            **{key: value for key, value in plain.items() if value is not None},
            **{f"buzz.{kind}": on for kind, on in self.buzz.items()},
        }


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where a setting comes from that is not at its default.

    Attributes:
        by: `"file"` for the configuration, else who asked for it (`ChangeSettings.by`).
        since_utc_s: POSIX time of that; None for a file, or where the device's clock was not set.
    """

    by: str
    since_utc_s: float | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The lasting request that a device dealt with last.

    Attributes:
        id: of the request.
        refused: why nothing came of it, one sentence; empty where it holds, or another choice followed.
    """

    id: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class PlanToday:
    """What the plan says for today: `day` counts from 0, `share` of the due reminders is given."""

    day: int
    kind: DayKind
    share: float


@dataclass(frozen=True, slots=True)
class SettingsInForce:
    """What a device goes by; retained, told anew at every change.

    Attributes:
        t_s: when it came into force, in the run.
        rules: every number of the judgement by name.
        mode, baseline_day, quiet_hours, plan, timezone, buzz: as in `Settings`; `timezone` is filled in.
        chosen: key -> where it comes from, for each key that is not at its default.
        clock_known: whether the device's clock is set; calendar and plan wait for that.
        first_day: the first day of wear, local; None until it is known.
        today: None without a plan, before its first day, or without a clock.
        calendar: the mode that the calendar puts in place of training at present; None for none.
        calendar_until_utc_s: when that ends.
        taken: the last lasting request that was dealt with; None where there never was one.
    """

    t_s: float
    rules: dict[str, float]
    mode: Mode
    baseline_day: bool
    quiet_hours: tuple[QuietHours, ...]
    plan: TrainingPlan
    timezone: str
    buzz: dict[BodyAlert, bool]
    chosen: dict[str, Chosen]
    clock_known: bool
    first_day: date | None = None
    today: PlanToday | None = None
    calendar: Mode | None = None
    calendar_until_utc_s: float | None = None
    taken: Taken | None = None


def with_exit(rules: Rules, numbers: Mapping[str, float]) -> dict[str, float]:
    """The numbers asked for; where the threshold moves and its exit is not named, the exit moves along."""
    asked = dict(numbers)
    if "slouch_enter_deg" in asked and "slouch_exit_deg" not in asked:
        below_deg = rules.slouch_enter_deg - rules.slouch_exit_deg
        asked["slouch_exit_deg"] = max(LEAST_EXIT_DEG, asked["slouch_enter_deg"] - below_deg)
    return asked
