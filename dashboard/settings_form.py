"""PURE: the forms of the settings page to what a device is asked for, and what is in force to those forms."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from firmware_py.posture.commands import Mode
from firmware_py.posture.plan import PlanDay, plan_day
from firmware_py.posture.rules import Rules
from firmware_py.posture.settings import (
    LASTING_MODES,
    BodyAlert,
    ChangeSettings,
    Chosen,
    QuietHours,
    SettingsInForce,
    TrainingPlan,
    Weekday,
)

BY = "page"
"""How a device hears who asks, and tells again whose choice it was."""


class Part(StrEnum):
    """The forms, each sent by itself."""

    THRESHOLDS = "thresholds"
    REMINDERS = "reminders"
    MODE = "mode"
    QUIET = "quiet"
    PLAN = "plan"
    BUZZ = "buzz"


class Unit(StrEnum):
    """What a number is entered in, its text below `settings.unit_…`."""

    DEGREES = "degrees"
    SECONDS = "seconds"
    MINUTES = "minutes"
    COUNT = "count"


_SIZE = {Unit.MINUTES: 60.0}
_STEP = {Unit.DEGREES: 0.5, Unit.SECONDS: 1.0, Unit.MINUTES: 0.5, Unit.COUNT: 1.0}

RULES: Mapping[Part, Mapping[str, Unit]] = {
    Part.THRESHOLDS: {"slouch_enter_deg": Unit.DEGREES, "slouch_exit_deg": Unit.DEGREES},
    Part.REMINDERS: {
        "load_s": Unit.SECONDS,
        "slouch_after_s": Unit.SECONDS,
        "clear_s": Unit.SECONDS,
        "interval_s": Unit.MINUTES,
        "budget_per_hour": Unit.COUNT,
        "break_after_s": Unit.MINUTES,
        "alert_least_s": Unit.SECONDS,
        "grace_s": Unit.SECONDS,
        "break_clear_s": Unit.SECONDS,
        "break_change_deg": Unit.DEGREES,
        "lean_back_deg": Unit.DEGREES,
        "side_bend_deg": Unit.DEGREES,
        "unknown_notice_s": Unit.MINUTES,
    },
}
"""Every number that a wearer may change, where it stands and what it is entered in."""

FIRST_GLANCE = 6
"""How many of the reminders' numbers stand open; the rest is one tap away."""

_RANGES = {field.name: field.metadata for field in dataclasses.fields(Rules)}


@dataclass(frozen=True, slots=True)
class NumberField:
    """One number of a form, in the unit that it is entered in; `chosen` is None for a default."""

    key: str
    unit: Unit
    value: float
    default: float
    low: float
    high: float
    step: float
    chosen: Chosen | None


def number_fields(part: Part, in_force: SettingsInForce) -> list[NumberField]:
    """The numbers of a form as the device has them."""
    default = Rules()
    fields = []
    for key, unit in RULES[part].items():
        size = _SIZE.get(unit, 1.0)
        low, high = _RANGES[key]["low"] / size, _RANGES[key]["high"] / size
        value = in_force.rules.get(key, getattr(default, key)) / size
        usual = getattr(default, key) / size
        fields.append(NumberField(key, unit, value, usual, low, high, _STEP[unit], in_force.chosen.get(key)))
    return fields


def keys_of(part: Part) -> tuple[str, ...]:
    """The settings that a form holds, by their keys."""
    if part in RULES:
        return tuple(RULES[part])
    if part is Part.BUZZ:
        return tuple(f"buzz.{alert}" for alert in BodyAlert)
    return {Part.MODE: ("mode", "baseline_day"), Part.QUIET: ("quiet_hours",), Part.PLAN: ("plan",)}[part]


def change(
    part: Part, form: Mapping[str, Sequence[str]], now: SettingsInForce, zone: str = ""
) -> ChangeSettings | None:
    """What a device is to be asked for, only what differs from what it goes by; None where nothing does.

    Args:
        part: which form.
        form: its fields, each with its values.
        now: what the device goes by.
        zone: IANA name of the wearer's time zone, which quiet hours and days of a plan are meant in.

    Raises:
        ValueError: the form holds no number, time or day where one belongs.
        ConfigError: it holds one that makes no sense.
    """
    asked = ChangeSettings(0.0, by=BY)
    if "reset" in form:
        back = tuple(key for key in keys_of(part) if key in now.chosen)
        return dataclasses.replace(asked, reset=back) if back else None
    if part in RULES:
        wanted = {
            key: float(form[key][-1]) * _SIZE.get(unit, 1.0)
            for key, unit in RULES[part].items()
            if key in form
        }
        rules = {key: value for key, value in wanted.items() if value != now.rules.get(key)}
        asked = dataclasses.replace(asked, rules=rules)
    elif part is Part.MODE:
        mode, baseline = Mode(form["mode"][-1]), "baseline_day" in form
        asked = dataclasses.replace(
            asked,
            mode=None if mode is now.mode else mode,
            baseline_day=None if baseline == now.baseline_day else baseline,
        )
    elif part is Part.QUIET:
        hours = _quiet_hours(form, now.quiet_hours)
        asked = dataclasses.replace(asked, quiet_hours=None if hours == now.quiet_hours else hours)
    elif part is Part.PLAN:
        plan = _plan(form)
        asked = dataclasses.replace(asked, plan=None if plan == now.plan else plan)
    else:
        wishes = {alert: str(alert) in form for alert in BodyAlert}
        buzz = {alert: on for alert, on in wishes.items() if on != now.buzz.get(alert, True)}
        asked = dataclasses.replace(asked, buzz=buzz)
    if not asked.by_key():
        return None
    elsewhere = part in (Part.QUIET, Part.PLAN) and zone not in ("", now.timezone)
    return dataclasses.replace(asked, timezone=zone) if elsewhere else asked


def _quiet_hours(form: Mapping[str, Sequence[str]], now: Sequence[QuietHours]) -> tuple[QuietHours, ...]:
    if "remove" in form:
        gone = int(form["remove"][-1])
        return tuple(stretch for n, stretch in enumerate(now) if n != gone)
    days = tuple(Weekday(day) for day in form.get("days", ()))
    return (*now, QuietHours(days, form["begins"][-1], form["ends"][-1]))


def _plan(form: Mapping[str, Sequence[str]]) -> TrainingPlan:
    start = form.get("start", ("",))[-1]
    return TrainingPlan(
        start=date.fromisoformat(start) if "on" in form and start else None,
        full_days=int(form["full_days"][-1]),
        fading_days=int(form["fading_days"][-1]),
        least_share=round(float(form["least_percent"][-1]) / 100.0, 4),
        probe_every_days=int(form["probe_every_days"][-1]),
    )


@dataclass(frozen=True, slots=True)
class PlanBar:
    """One day of a plan in its drawing; x in per mille of the width."""

    day: int
    of_plan: PlanDay
    left: float
    right: float


def plan_bars(plan: TrainingPlan, beyond_days: int = 14) -> list[PlanBar]:
    """The days of a plan until it has faded, and some more."""
    count = 1 + plan.full_days + plan.fading_days + beyond_days
    width = 1000.0 / count
    return [
        PlanBar(day, plan_day(day, plan), round(day * width, 1), round((day + 1) * width, 1))
        for day in range(count)
    ]


MODES = LASTING_MODES
"""The modes that can be chosen for good."""
