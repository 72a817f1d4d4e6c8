"""PURE: sums of quarters to what a look back shows: a day, a week, a month, a year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from . import charts
from .days import HOUR_MS, Stretch, days, local
from .figures import Figures, total

QUARTER_MS = HOUR_MS // 4

LEAST_JUDGED_TO_COMPARE_S = 3 * 3600.0
"""Two stretches are compared in words only where each has this much judged time."""

LEAST_JUDGED_OF_AN_HOUR_S = 1800.0
"""An hour of the day takes part in "which hours go worst" from this much judged time on."""

LEAST_DAYS_OF_AN_HOUR = 3
"""… and from this many different days on."""


class Span(StrEnum):
    """How far one look reaches."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """A span of local dates: `first` up to, and without, `after`."""

    span: Span
    first: date
    after: date

    @classmethod
    def around(cls, span: Span, day: date, week_start: int = 0) -> Period:
        """The day, week, month or year that `day` lies in; weeks begin at `week_start` (0 Monday)."""
        if span is Span.DAY:
            return cls(span, day, day + timedelta(days=1))
        if span is Span.WEEK:
            first = day - timedelta(days=(day.weekday() - week_start) % 7)
            return cls(span, first, first + timedelta(days=7))
        if span is Span.MONTH:
            first = day.replace(day=1)
            return cls(span, first, (first + timedelta(days=31)).replace(day=1))
        return cls(span, date(day.year, 1, 1), date(day.year + 1, 1, 1))

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after - timedelta(days=1)

    @property
    def count(self) -> int:
        """How many days it has."""
        return (self.after - self.first).days

    def before(self) -> Period:
        """The one before."""
        return Period.around(self.span, self.first - timedelta(days=1), self.first.weekday())

    def next(self) -> Period:
        """The one after."""
        return Period.around(self.span, self.after, self.first.weekday())

    def stretch(self, zone: tzinfo) -> Stretch:
        """Its absolute times."""
        return days(self.first, self.count, zone)


@dataclass(frozen=True, slots=True)
class Part:
    """One bar of a history chart: an hour, a day or a month.

    Attributes:
        first: its first day.
        hour: hour of the day; None where it is longer than an hour. Where clocks go back, one comes twice.
        start_utc_ms: when that hour begins.
        figures: what it holds.
        left, right: edges of its bar, 0–1000.
    """

    first: date
    hour: int | None
    figures: Figures
    left: float
    right: float
    start_utc_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """The chart of judged hours, split into upright, other and slouched.

    Attributes:
        paths: one path for each of `upright`, `leaning`, `slouched`.
        top_s: judged time at the top of the chart.
        grid: height and judged seconds of the lines.
    """

    paths: dict[str, str]
    top_s: float
    grid: list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class HourOfDay:
    """One hour of the clock over all days of the period."""

    hour: int
    figures: Figures
    days: int

    @property
    def enough(self) -> bool:
        """Whether it was judged for long enough, on enough days, to stand for a habit."""
        return self.figures.judged_s >= LEAST_JUDGED_OF_AN_HOUR_S and self.days >= LEAST_DAYS_OF_AN_HOUR


@dataclass(frozen=True, slots=True)
class Look:
    """What a look back at one period shows; `before` is the period that it is compared with."""

    period: Period
    figures: Figures
    before: Figures
    worn_days: int
    parts: Sequence[Part]
    bars: Bars
    hours: Sequence[HourOfDay]
    worst: HourOfDay | None
    by_day: dict[date, Figures]

    @property
    def comparable(self) -> bool:
        """Whether both periods have enough judged time for a word about the change."""
        return min(self.figures.judged_s, self.before.judged_s) >= LEAST_JUDGED_TO_COMPARE_S

    def share_outside(self, hour: HourOfDay | None) -> float | None:
        """The slouched share at all other hours of the day."""
        return total(other.figures for other in self.hours if other is not hour).slouched_share


def look(period: Period, quarters: Sequence[Any], before: Sequence[Any], zone: tzinfo) -> Look:
    """A period from the sums of its quarters and of those of the period before."""
    placed = [(local(row.start_utc_ms, zone), Figures.of(row)) for row in quarters]
    by_day = _summed((at.date(), figures) for at, figures in placed)
    parts = _day_parts(period, placed, zone) if period.span is Span.DAY else _parts(period, by_day)
    hours = _hours(placed)
    return Look(
        period,
        total(by_day.values()),
        total(map(Figures.of, before)),
        sum(figures.judged > 0 for figures in by_day.values()),
        parts,
        _bars(parts),
        hours,
        worst_hour(placed, hours),
        by_day,
    )


def _summed(pairs: Any) -> dict[Any, Figures]:
    gathered: dict[Any, list[Figures]] = defaultdict(list)
    for key, figures in pairs:
        gathered[key].append(figures)
    return {key: total(parts) for key, parts in gathered.items()}


def _day_parts(period: Period, placed: Sequence[tuple[datetime, Figures]], zone: tzinfo) -> list[Part]:
    """The hours of a day: 23 to 25 of them, each as long as an hour is."""
    # Told apart by `fold` as well: where clocks go back, one stands twice on the clock.
    by_hour = _summed(((at.hour, at.fold), figures) for at, figures in placed)
    first, last = min([*by_hour, (8, 0)])[0], max([*by_hour, (17, 0)])[0]
    stretch = period.stretch(zone)
    starts: dict[tuple[int, int], int] = {}
    for at_utc_ms in range(stretch.start_utc_ms, stretch.end_utc_ms, QUARTER_MS):
        at = local(at_utc_ms, zone)
        if first <= at.hour <= last:
            starts.setdefault((at.hour, at.fold), at_utc_ms)
    return [
        Part(period.first, key[0], by_hour.get(key, Figures()), left, right, start_utc_ms)
        for (key, start_utc_ms), (left, right) in zip(starts.items(), _edges(len(starts)), strict=True)
    ]


def _parts(period: Period, by_day: dict[date, Figures]) -> list[Part]:
    slots: list[tuple[date, Figures]]
    if period.span is Span.YEAR:
        by_month = _summed((day.month, figures) for day, figures in by_day.items())
        slots = [
            (period.first.replace(month=month), by_month.get(month, Figures())) for month in range(1, 13)
        ]
    else:
        listed = [period.first + timedelta(days=n) for n in range(period.count)]
        slots = [(day, by_day.get(day, Figures())) for day in listed]
    return [
        Part(day, None, figures, left, right)
        for (day, figures), (left, right) in zip(slots, _edges(len(slots)), strict=True)
    ]


def _edges(count: int) -> list[tuple[float, float]]:
    width = charts.WIDTH / max(1, count)
    return [(round(n * width, 1), round((n + 1) * width, 1)) for n in range(count)]


def _bars(parts: Sequence[Part]) -> Bars:
    longest_s = max((part.figures.judged_s for part in parts), default=0.0)
    step_s = next(
        (step for step in (300, 900, 1800, 3600, 7200, 14400, 36000, 72000, 144000) if longest_s <= 4 * step),
        360_000,
    )
    top_s = step_s * max(1, -(-longest_s // step_s))
    columns: list[tuple[float, float, Sequence[float]]] = []
    for part in parts:
        figures = part.figures
        inset = 0.14 * (part.right - part.left)
        leaning = figures.judged - figures.upright - figures.slouched
        shares = [count / (10 * top_s) for count in (figures.upright, leaning, figures.slouched)]
        columns.append((part.left + inset, part.right - inset, shares))
    names = ("upright", "leaning", "slouched")
    lines = [(charts.scale(s, 0, top_s), float(s)) for s in range(0, int(top_s) + 1, step_s)]
    return Bars(dict(zip(names, charts.stacked(columns, 3), strict=True)), top_s, lines)


def _hours(placed: Sequence[tuple[datetime, Figures]]) -> list[HourOfDay]:
    by_hour = _summed((at.hour, figures) for at, figures in placed)
    days_of: dict[int, set[date]] = defaultdict(set)
    for at, figures in placed:
        if figures.judged:
            days_of[at.hour].add(at.date())
    return [HourOfDay(hour, figures, len(days_of[hour])) for hour, figures in sorted(by_hour.items())]


def worst_hour(placed: Sequence[tuple[datetime, Figures]], hours: Sequence[HourOfDay]) -> HourOfDay | None:
    """The hour of the day with the largest slouched share, where the figures carry such a word.

    They do where at least three hours have enough judged time on enough days, the worst has at
    least one and a half times the share of all the others together, and it was above that day's
    other hours on at least three of four days: one bad afternoon is no habit.
    """
    enough = [hour for hour in hours if hour.enough]
    if len(enough) < 3:
        return None
    worst = max(enough, key=lambda hour: hour.figures.slouched_share or 0.0)
    others = total(hour.figures for hour in hours if hour.hour != worst.hour).slouched_share
    share = worst.figures.slouched_share
    if not share or others is None or share < 1.5 * others:
        return None
    inside = _summed((at.date(), figures) for at, figures in placed if at.hour == worst.hour)
    outside = _summed((at.date(), figures) for at, figures in placed if at.hour != worst.hour)
    compared = [
        (mine.slouched_share, outside[day].slouched_share)
        for day, mine in inside.items()
        if day in outside and mine.judged and outside[day].judged
    ]
    above = sum((mine or 0.0) > (rest or 0.0) for mine, rest in compared)
    if len(compared) < LEAST_DAYS_OF_AN_HOUR or above < 0.75 * len(compared):
        return None
    return worst


AROUND_NOTE_DAYS = 14
"""A change that was noted is looked at over two weeks before it and two weeks from it on."""


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note at a date, with what came before it and after."""

    note_id: int
    day: date
    text: str
    before: Figures
    after: Figures

    @property
    def comparable(self) -> bool:
        """Whether both sides have enough judged time for a word about the difference."""
        return min(self.before.judged_s, self.after.judged_s) >= LEAST_JUDGED_TO_COMPARE_S


def weekdays(week_start: int) -> list[int]:
    """The days of a week in order, 0 Monday to 6 Sunday, from the one that it begins on."""
    return [(week_start + n) % 7 for n in range(7)]


def weeks_of_month(period: Period, week_start: int = 0) -> list[list[date | None]]:
    """The rows of a month's calendar, None outside the month; weeks begin on `week_start` (0 Monday)."""
    cells: list[date | None] = [None] * ((period.first.weekday() - week_start) % 7)
    cells += [period.first + timedelta(days=n) for n in range(period.count)]
    cells += [None] * (-len(cells) % 7)
    return [cells[n : n + 7] for n in range(0, len(cells), 7)]


LEVELS = 5


def level(figures: Figures | None) -> int:
    """How dark a calendar's day is: 0 nothing judged, then by the upright share in five steps."""
    if figures is None or figures.upright_share is None:
        return 0
    return 1 + min(LEVELS - 1, max(0, int((figures.upright_share - 0.5) * 10)))
