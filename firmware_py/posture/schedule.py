"""What the calendar says at a moment: quiet hours, a silent first day, the day of the training plan.

Pure functions of a local time that is given; who knows the time asks them (`firmware_py/preferences.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from .commands import Mode
from .plan import DayKind, plan_day
from .settings import PlanToday, QuietHours, Settings, TrainingPlan, Weekday

_WEEKDAYS = tuple(Weekday)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What holds at a moment.

    Attributes:
        mode: what stands in place of training; None for nothing.
        until: local end of that; None with no mode.
        today: the day of the plan; None without one or before its first day.
    """

    mode: Mode | None
    until: datetime | None
    today: PlanToday | None

    @property
    def share(self) -> float:
        """Share of the due reminders that the plan gives; all of them without a plan."""
        return 1.0 if self.today is None else self.today.share


def scheduled(settings: Settings, local: datetime, first_day: date | None) -> Scheduled:
    """What the calendar says.

    Args:
        settings: what the wearer chose.
        local: the wearer's local time.
        first_day: the first day of wear, local; None before it.
    """
    today = plan_today(settings.plan, local.date())
    silent = settings.baseline_day and first_day == local.date()
    if silent or (today is not None and today.kind is DayKind.BASELINE):
        midnight = datetime.combine(local.date() + _DAY, time(), local.tzinfo)
        return Scheduled(Mode.BASELINE, midnight, today)
    end = quiet_until(settings.quiet_hours, local)
    return Scheduled(None if end is None else Mode.MEETING, end, today)


def plan_today(plan: TrainingPlan, day: date) -> PlanToday | None:
    """The plan's word for a day; None without a plan or before its first day."""
    if plan.start is None or day < plan.start:
        return None
    count = (day - plan.start).days
    said = plan_day(count, plan)
    return PlanToday(count, said.kind, said.share)


def quiet_until(hours: Sequence[QuietHours], local: datetime) -> datetime | None:
    """When the quiet that holds at a local time ends; None where none holds.

    Stretches that overlap or touch are one; a week is the longest that is looked ahead. Where clocks go
    back, what holds at a time on the wall holds both times.
    """
    end: datetime | None = None
    at = local
    while at < local + 7 * _DAY:
        ends = [found for one in hours if (found := _covers(one, at)) is not None]
        if not ends:
            break
        end = at = max(ends)
    return end


def _covers(one: QuietHours, at: datetime) -> datetime | None:
    """The end of the stretch that a time lies in, if it does: one that began today, or yesterday."""
    begins, ends = time.fromisoformat(one.begins), time.fromisoformat(one.ends)
    for day in (at.date(), at.date() - _DAY):
        if _WEEKDAYS[day.weekday()] not in one.days:
            continue
        begin = datetime.combine(day, begins, at.tzinfo)
        end = datetime.combine(day if ends > begins else day + _DAY, ends, at.tzinfo)
        end = end.replace(fold=at.fold)  # in the second of two equal hours the first one's end is past
        if begin <= at < end:
            return end
    return None
