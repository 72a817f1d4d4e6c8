"""PURE: a week's or a month's diary entries beside its posture. Side by side, and nothing drawn from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Any

from .. import charts
from ..days import local
from ..figures import LEAST_JUDGED_FOR_A_RATE_S, Figures, total
from ..history import Period
from .symptoms import Entry, Kind

_STEPS_S = (900, 1800, 3600, 7200, 14400, 28800)
_SHARE_TOPS = (0.2, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class TimelineDay:
    """One day: its posture, its entries, and the edges of its column (0–1000)."""

    day: date
    figures: Figures
    entries: Sequence[Entry]
    left: float
    right: float

    @property
    def middle(self) -> float:
        """Middle of its column."""
        return (self.left + self.right) / 2

    @property
    def share(self) -> float | None:
        """Slouched share of the judged time, where enough was judged to draw one."""
        return self.figures.slouched_share if self.figures.judged_s >= LEAST_JUDGED_FOR_A_RATE_S else None

    def strongest(self, kind: Kind) -> Entry | None:
        """The strongest entry of a kind; one without a strength stands behind all that have one."""
        of_kind = [entry for entry in self.entries if entry.kind is kind]
        return max(of_kind, key=lambda entry: -1 if entry.strength is None else entry.strength, default=None)


@dataclass(frozen=True, slots=True)
class Lane:
    """One kind of symptom over the days.

    Attributes:
        kind: what was felt.
        strengths: path of the columns, 10 at the top.
        marks: middle and strength of each day with an entry; None where no strength was said.
    """

    kind: Kind
    strengths: str
    marks: Sequence[tuple[float, int | None]]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A week or a month.

    Attributes:
        days: every day of it, with or without a record.
        worn, judged, slouched: paths of the columns (x 0–1000, y 0–100).
        hours: height and seconds of the lines behind the hours.
        shares: height and share of the lines behind the slouched share.
        lanes: one for each kind that was noted, in their order.
    """

    period: Period
    days: Sequence[TimelineDay]
    worn: str
    judged: str
    slouched: str
    hours: Sequence[tuple[float, int]]
    shares: Sequence[tuple[float, float]]
    lanes: Sequence[Lane]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not any(day.figures.ticks or day.entries for day in self.days)


def by_day(quarters: Iterable[Any], zone: tzinfo) -> dict[date, Figures]:
    """Sums of quarters of an hour to the figures of each local day."""
    parts: dict[date, list[Figures]] = defaultdict(list)
    for row in quarters:
        parts[local(row.start_utc_ms, zone).date()].append(Figures.of(row))
    return {day: total(found) for day, found in parts.items()}


def hour_scale(longest_s: float) -> tuple[int, int]:
    """Step of the lines and top of an axis that holds `longest_s`, both in seconds."""
    step_s = next((step for step in _STEPS_S if longest_s <= 4 * step), _STEPS_S[-1])
    return step_s, step_s * max(1, -(-int(longest_s) // step_s))


def timeline(period: Period, quarters: Iterable[Any], entries: Sequence[Entry], zone: tzinfo) -> Timeline:
    """A period from the sums of its quarters of an hour and its diary."""
    figures = by_day(quarters, zone)
    noted: dict[date, list[Entry]] = defaultdict(list)
    for entry in entries:
        noted[entry.day].append(entry)
    width = charts.WIDTH / period.count
    days = [
        TimelineDay(
            day, figures.get(day, Figures()), noted[day], round(n * width, 1), round((n + 1) * width, 1)
        )
        for n, day in ((n, period.first + timedelta(days=n)) for n in range(period.count))
    ]
    step_s, top_s = hour_scale(max(day.figures.recorded_s for day in days))
    shares = [day.share or 0.0 for day in days]
    top = next((top for top in _SHARE_TOPS if max(shares) <= top), 1.0)
    return Timeline(
        period,
        days,
        _columns(days, [day.figures.recorded_s / top_s for day in days]),
        _columns(days, [day.figures.judged_s / top_s for day in days]),
        _columns(days, [share / top for share in shares]),
        [(charts.scale(s, 0, top_s), s) for s in range(0, top_s + 1, step_s)],
        [(charts.scale(share, 0, top), share) for share in (0.0, top / 2, top)],
        [_lane(kind, days) for kind in Kind if any(entry.kind is kind for entry in entries)],
    )


LEAST_COLUMN = 0.04
"""Height of a column for strength 0, so that it is seen that something was noted."""


def _lane(kind: Kind, days: Sequence[TimelineDay]) -> Lane:
    noted = [(day, entry) for day in days if (entry := day.strongest(kind)) is not None]
    rated = [(day, entry.strength) for day, entry in noted if entry.strength is not None]
    heights = [max(LEAST_COLUMN, strength / 10) for _, strength in rated]
    return Lane(
        kind,
        _columns([day for day, _ in rated], heights),
        [(day.middle, entry.strength) for day, entry in noted],
    )


def _columns(days: Sequence[TimelineDay], shares: Sequence[float]) -> str:
    drawn = []
    for day, share in zip(days, shares, strict=True):
        inset = 0.16 * (day.right - day.left)
        drawn.append((day.left + inset, day.right - inset, (share,)))
    return charts.stacked(drawn, 1)[0]
