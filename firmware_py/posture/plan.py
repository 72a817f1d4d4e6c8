"""The training plan: how much feedback on which day. A pure function of the day's number.

Feedback that never fades stops working: in the studies behind this product the effect was gone within
ten days of constant buzzing, and learners given feedback in every trial keep less of what they learned than
those given it in half of them, faded (Winstein & Schmidt 1990, doi 10.1037/0278-7393.16.4.677). So the first
day only measures, then every due reminder is given, then fewer from week to week; and
one day in seven is a silent probe, which shows what the wearer does unprompted. The lengths
are own choices.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..errors import ConfigError


class DayKind(StrEnum):
    """What a day of the plan is for."""

    BASELINE = "baseline"
    FULL = "full"
    FADING = "fading"
    OCCASIONAL = "occasional"
    PROBE = "probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The lengths of a plan.

    Attributes:
        full_days: days with every due reminder, after the baseline day; 1 to 90.
        fading_days: days over which the share falls; 1 to 180.
        least_share: share of due reminders that remains; 0 to 1.
        probe_every_days: every so many days one is a silent probe; 2 to 30.

    Raises:
        ConfigError: naming the field, where a number is out of range.
    """

    full_days: int = 14
    fading_days: int = 28
    least_share: float = 0.2
    probe_every_days: int = 7

    def __post_init__(self) -> None:
        for name, low, high in (
            ("full_days", 1, 90),
            ("fading_days", 1, 180),
            ("least_share", 0, 1),
            ("probe_every_days", 2, 30),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"{name} is {value}; it must lie between {low} and {high}")


@dataclass(frozen=True, slots=True)
class PlanDay:
    """One day of a plan: its kind, and the share of due reminders that is given."""

    kind: DayKind
    share: float


def plan_day(day: int, plan: Plan | None = None) -> PlanDay:
    """What the plan says for a day.

    Args:
        day: 0 is the first day of wear, the baseline; must not be negative.
        plan: the lengths; the defaults without one.

    Raises:
        ValueError: where `day` is negative.
    """
    plan = plan or Plan()
    if day < 0:
        raise ValueError(f"day {day} lies before the first day of the plan, which is 0")
    if day == 0:
        return PlanDay(DayKind.BASELINE, 0.0)
    if day % plan.probe_every_days == 0:
        return PlanDay(DayKind.PROBE, 0.0)
    faded = day - plan.full_days
    if faded <= 0:
        return PlanDay(DayKind.FULL, 1.0)
    if faded <= plan.fading_days:
        share = 1.0 - (1.0 - plan.least_share) * faded / plan.fading_days
        return PlanDay(DayKind.FADING, max(share, plan.least_share))
    return PlanDay(DayKind.OCCASIONAL, plan.least_share)
