"""The numbers of a record: asked of the store in one place, so that each can be traced to its query.

Nothing is concluded here: symptoms are counted as they were noted, exercises as they were done, posture
as it was measured, and none of the three is set against another.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection

from firmware_py.errors import ReportError
from firmware_py.posture.exposure import SHARES_ABOVE_DEG, eva_percent, percentile_deg, share_above
from firmware_py.posture.tally import Tally

from .. import queries
from ..days import Stretch, days, local
from ..diary import entries as diary
from ..diary.symptoms import Entry, Kind
from ..exercises.doses import DoneSet, sets_between
from ..figures import Figures, total
from ..rollup import total_tally, unpacked
from ..session_view import PERCENTS, known

LONGEST_DAYS = 366
"""No record reaches further: a year and a leap day."""

BY_DAY_UP_TO_DAYS = 45
"""Drawings have one column a day up to here, and one a week beyond."""

Counts = list[tuple[str, int]]
"""What was said, and in how many entries; the most frequent first."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """One kind of symptom over the range, in the order in which a doctor asks.

    Attributes:
        kind: what was felt.
        entries: how many entries name it; `days` on how many days.
        places, brought_on, relief: where, what brought it on, what brought relief.
        since: when it began: dates, and the words of `Since`.
        rated: entries that give a strength; the next three are None without any.
        weakest, median, strongest: of those.
        last: day of the last entry.
    """

    kind: Kind
    entries: int
    days: int
    places: Counts
    since: Counts
    brought_on: Counts
    relief: Counts
    rated: int
    weakest: int | None
    median: float | None
    strongest: int | None
    last: date


@dataclass(frozen=True, slots=True)
class ExerciseDone:
    """One exercise over the range.

    Attributes:
        key: its key in the catalogue.
        sets, days: how many sets, on how many days.
        seen: repetitions that a sensor saw; `by_time` those that were counted by time.
        worse: sets that ended because it made something worse.
    """

    key: str
    sets: int
    days: int
    seen: int
    by_time: int
    worse: int


@dataclass(frozen=True, slots=True)
class Slouches:
    """The slouch episodes that began in the range and are over; durations in seconds of judged slouching."""

    count: int
    median_s: float | None
    longest_s: float | None
    deepest_deg: float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A day, or a week, of the drawings: its first and last day, what it holds, and its percentiles."""

    first: date
    last: date
    figures: Figures
    percentiles_deg: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Posture:
    """What was measured.

    Attributes:
        figures: sums of the range.
        worn_days: days on which anything was judged.
        sessions: sessions that began; `sensors` with how many sensors, each number once.
        percentiles_deg: P10, median, P90 of the judged time.
        above: share of the judged time at or above each of `SHARES_ABOVE_DEG`.
        flexion: judged ticks by whole degree.
        eva: the exposure variation, % of the judged time; empty where nothing was judged.
        slouches: the episodes.
        columns: by day or by week.
    """

    figures: Figures
    worn_days: int
    sessions: int
    sensors: Sequence[int]
    percentiles_deg: Sequence[float | None]
    above: Sequence[tuple[int, float | None]]
    flexion: Mapping[int, int]
    eva: Sequence[Sequence[float]]
    slouches: Slouches
    columns: Sequence[Column]

    @property
    def variation_deg(self) -> float | None:
        """P90 − P10."""
        low, _, high = self.percentiles_deg
        return None if low is None or high is None else high - low


@dataclass(frozen=True, slots=True)
class Report:
    """A range of local days, both ends included, as one record."""

    first: date
    last: date
    made_at: datetime
    zone: str
    symptoms: Sequence[Symptom]
    entries: Sequence[Entry]
    exercises: Sequence[ExerciseDone]
    posture: Posture
    notes: Sequence[tuple[date, str]]
    simulated: bool

    @property
    def day_count(self) -> int:
        """How many days the range has."""
        return (self.last - self.first).days + 1


def collect(
    connection: Connection, wearer_id: int, first: date, last: date, zone: tzinfo, made_at: datetime
) -> Report:
    """The record of a wearer from `first` to `last`, both included.

    Args:
        connection: may see this wearer's rows.
        wearer_id: whose record.
        first: first local day.
        last: last local day; at most `LONGEST_DAYS` days in all.
        zone: the wearer's time zone.
        made_at: the present, on the wearer's clock.

    Raises:
        ReportError: the range runs backwards, or is too long.
    """
    count = (last - first).days + 1
    if not 1 <= count <= LONGEST_DAYS:
        raise ReportError(f"from {first} to {last}: a record holds 1 to {LONGEST_DAYS} days")
    stretch = days(first, count, zone)
    after = last + timedelta(days=1)
    noted = diary.entries_between(connection, wearer_id, first, after)
    done = sets_between(connection, wearer_id, stretch)
    notes = queries.notes_between(connection, wearer_id, first.isoformat(), after.isoformat())
    return Report(
        first=first,
        last=last,
        made_at=made_at,
        zone=str(zone),
        symptoms=symptoms_of(noted),
        entries=noted,
        exercises=exercises_of(done, zone),
        posture=_posture(connection, wearer_id, first, count, stretch, zone),
        notes=[(date.fromisoformat(note.day), note.text) for note in notes],
        simulated=queries.simulated_between(connection, wearer_id, stretch)
        or diary.simulated_among(noted)
        or any(one.simulated for one in done),
    )


def symptoms_of(entries: Sequence[Entry]) -> list[Symptom]:
    """Entries in order of time to one summary for each kind, the most often noted first."""
    found = []
    for kind in Kind:
        mine = [entry for entry in entries if entry.kind is kind]
        if not mine:
            continue
        strengths = [entry.strength for entry in mine if entry.strength is not None]
        found.append(
            Symptom(
                kind=kind,
                entries=len(mine),
                days=len({entry.day for entry in mine}),
                places=_counted(entry.places for entry in mine),
                since=_counted([entry.since] for entry in mine if entry.since is not None),
                brought_on=_counted(entry.brought_on for entry in mine),
                relief=_counted(entry.relief for entry in mine),
                rated=len(strengths),
                weakest=min(strengths, default=None),
                median=statistics.median(strengths) if strengths else None,
                strongest=max(strengths, default=None),
                last=mine[-1].day,
            )
        )
    return sorted(found, key=lambda symptom: -symptom.entries)


def _counted(said: Iterable[Iterable[str]]) -> Counts:
    counts = Counter(str(one) for several in said for one in several)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def exercises_of(done: Sequence[DoneSet], zone: tzinfo) -> list[ExerciseDone]:
    """Sets to what was done of each exercise, in the order of their keys."""
    return [
        ExerciseDone(
            key,
            len(mine),
            len({local(one.end_utc_ms, zone).date() for one in mine}),
            sum(one.seen for one in mine),
            sum(one.by_time for one in mine),
            sum(one.outcome.value == "worse" for one in mine),
        )
        for key in sorted({one.exercise for one in done})
        if (mine := [one for one in done if one.exercise == key])
    ]


def _posture(
    connection: Connection, wearer_id: int, first: date, count: int, stretch: Stretch, zone: tzinfo
) -> Posture:
    figures = total(map(Figures.of, queries.quarters_between(connection, wearer_id, stretch)))
    sessions = queries.sessions_between(connection, wearer_id, stretch)
    step = 1 if count <= BY_DAY_UP_TO_DAYS else 7
    columns, tallies, worn_days = [], [], 0
    for n in range(0, count, step):
        begin = first + timedelta(days=n)
        width = min(step, count - n)
        within = days(begin, width, zone)
        rows = queries.quarters_between(connection, wearer_id, within)
        tally = total_tally(map(unpacked, queries.tallies_between(connection, wearer_id, within)))
        tallies.append(tally)
        worn_days += len({local(row.start_utc_ms, zone).date() for row in rows if row.judged})
        end = begin + timedelta(days=width - 1)
        columns.append(Column(begin, end, total(map(Figures.of, rows)), percentiles(tally)))
    whole = total_tally(tallies)
    return Posture(
        figures=figures,
        worn_days=worn_days,
        sessions=len(sessions),
        sensors=sorted({row.sensors for row in sessions if row.sensors is not None}),
        percentiles_deg=percentiles(whole),
        above=[(angle, known(share_above(whole, angle))) for angle in SHARES_ABOVE_DEG],
        flexion=whole.flexion,
        eva=eva_percent(whole) if whole.eva else [],
        slouches=slouches_of(queries.episodes_between(connection, wearer_id, stretch)),
        columns=columns,
    )


def percentiles(tally: Tally) -> list[float | None]:
    """P10, median and P90 of the judged time, degrees; None where nothing was judged."""
    return [known(percentile_deg(tally.flexion, percent)) for percent in PERCENTS]


def slouches_of(episodes: Iterable[Any]) -> Slouches:
    """Rows of the episodes, summed up."""
    over = [row for row in episodes if row.slouched_s is not None]
    lasted = [row.slouched_s for row in over]
    return Slouches(
        len(over),
        statistics.median(lasted) if lasted else None,
        max(lasted, default=None),
        max((row.peak_deg for row in over if row.peak_deg is not None), default=None),
    )
