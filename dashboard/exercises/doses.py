"""What was done of each exercise: sets out of the store, doses of days out of sets. No score anywhere."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Annotated

import msgspec
from sqlalchemy import Connection, func, select

from firmware_py.posture.exercise import Exercise
from firmware_py.posture.exercise_words import ExerciseEnded, ExerciseOutcome
from firmware_py.posture.messages import kind_of

from ..acquaintance import meet
from ..bulk import insert_new
from ..days import Stretch, local
from ..store import Store
from ..tables import devices, events, runs
from .tables import exercise_sets

KIND = kind_of(ExerciseEnded)
SET_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
LONGEST_MS = 4 * 3_600_000
"""No set lasts longer: pauses end after ten minutes."""


@dataclass(frozen=True, slots=True)
class DoneSet:
    """One set, whoever coached it.

    Attributes:
        exercise: its key.
        start_utc_ms: when it was begun; `end_utc_ms` when it was over.
        planned: repetitions that were meant.
        seen: repetitions that a sensor saw; `short` of them came back before the hold was over.
        by_time: repetitions that were counted by time.
        held_s: measured holds, summed; None where none was measured.
        steadiness_deg: how far the holds wandered, root mean square; None where none was measured.
        outcome: how it ended.
        device: which device coached it; None for the page itself.
        simulated: whether the wearer was a simulated one.
    """

    exercise: str
    start_utc_ms: int
    end_utc_ms: int
    planned: int
    seen: int
    by_time: int
    short: int
    held_s: float | None
    steadiness_deg: float | None
    outcome: ExerciseOutcome
    device: str | None
    simulated: bool

    @property
    def done(self) -> int:
        """Repetitions that were done, seen or counted by time."""
        return self.seen + self.by_time


class PageSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A set that the page coached by itself, as the browser sends it."""

    set_id: Annotated[str, msgspec.Meta(pattern=SET_ID.pattern + "$", max_length=64)]
    start_utc_ms: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    end_utc_ms: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    planned: Annotated[int, msgspec.Meta(ge=1, le=50)]
    by_time: Annotated[int, msgspec.Meta(ge=0, le=50)]
    outcome: ExerciseOutcome

    def __post_init__(self) -> None:
        if self.by_time > self.planned:
            raise ValueError(f"{self.by_time} repetitions of {self.planned}")
        if not 0 <= self.end_utc_ms - self.start_utc_ms <= LONGEST_MS:
            raise ValueError("a set lasts no time, or hours")


def sets_between(connection: Connection, wearer_id: int, stretch: Stretch) -> list[DoneSet]:
    """The sets that ended in a stretch of time, oldest first."""
    return sorted(
        [*_coached_by_devices(connection, wearer_id, stretch), *_by_page(connection, wearer_id, stretch)],
        key=lambda done: done.end_utc_ms,
    )


def put(connection: Connection, wearer_id: int, exercise: str, done: PageSet) -> bool:
    """Store a set that the page coached; False where it is there already."""
    meet(connection, wearer_id)
    row = {"wearer_id": wearer_id, "exercise": exercise, **msgspec.structs.asdict(done)}
    return bool(insert_new(connection, exercise_sets, [row | {"outcome": done.outcome.value}]))


class KeptSet(msgspec.Struct, frozen=True):
    """A set of the page as an archive holds it."""

    exercise: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
    done: PageSet


def kept_sets(connection: Connection, wearer_id: int) -> Iterable[KeptSet]:
    """Every set that the page coached, for an archive."""
    c = exercise_sets.c
    rows = connection.execute(select(exercise_sets).where(c.wearer_id == wearer_id).order_by(c.end_utc_ms))
    for row in rows:
        outcome = ExerciseOutcome(row.outcome)
        done = PageSet(row.set_id, row.start_utc_ms, row.end_utc_ms, row.planned, row.by_time, outcome)
        yield KeptSet(row.exercise, done)


def take_in(store: Store, wearer_id: int, kept: Iterable[KeptSet]) -> tuple[int, int]:
    """Put sets of an archive back; returns how many were new, and how many known."""
    counts = {True: 0, False: 0}
    with store.writing(wearer_id) as connection:
        for one in kept:
            counts[put(connection, wearer_id, one.exercise, one.done)] += 1
    return counts[True], counts[False]


def extent(connection: Connection, wearer_id: int) -> Stretch | None:
    """From the first set of the page to the last; None without one."""
    c = exercise_sets.c
    first, last = connection.execute(
        select(func.min(c.end_utc_ms), func.max(c.end_utc_ms)).where(c.wearer_id == wearer_id)
    ).one()
    return None if first is None else Stretch(first, last + 1)


def _coached_by_devices(connection: Connection, wearer_id: int, stretch: Stretch) -> Iterable[DoneSet]:
    c = events.c
    rows = connection.execute(
        select(c.payload, c.at_utc_ms, devices.c.name, runs.c.simulated)
        .join(devices, devices.c.device_id == c.device_id)
        .join(runs, (runs.c.device_id == c.device_id) & (runs.c.run == c.run))
        .where(c.wearer_id == wearer_id, c.kind == KIND)
        .where(c.at_utc_ms >= stretch.start_utc_ms, c.at_utc_ms < stretch.end_utc_ms)
    )
    for row in rows:
        ended = msgspec.json.decode(row.payload, type=_Payload).data
        yield DoneSet(
            ended.exercise,
            row.at_utc_ms - round(1000 * (ended.t_s - ended.started_s)),
            row.at_utc_ms,
            ended.repetitions,
            ended.seen,
            ended.by_time,
            ended.short,
            ended.held_s if ended.seen else None,
            ended.steadiness_deg,
            ended.outcome,
            row.name,
            bool(row.simulated),
        )


class _Payload(msgspec.Struct):
    data: ExerciseEnded


def _by_page(connection: Connection, wearer_id: int, stretch: Stretch) -> Iterable[DoneSet]:
    c = exercise_sets.c
    rows = connection.execute(
        select(exercise_sets)
        .where(c.wearer_id == wearer_id)
        .where(c.end_utc_ms >= stretch.start_utc_ms, c.end_utc_ms < stretch.end_utc_ms)
    )
    for row in rows:
        yield DoneSet(
            row.exercise,
            row.start_utc_ms,
            row.end_utc_ms,
            row.planned,
            0,
            row.by_time,
            0,
            None,
            None,
            ExerciseOutcome(row.outcome),
            None,
            simulated=False,
        )


@dataclass(frozen=True, slots=True)
class Dose:
    """What was done of one exercise on one day.

    Attributes:
        repetitions: seen or counted by time.
        seen: those that a sensor saw.
        sets: sets in which anything was done.
        worse: whether the wearer said that it made something worse.
        simulated: whether any of it was simulated.
    """

    repetitions: int = 0
    seen: int = 0
    sets: int = 0
    worse: bool = False
    simulated: bool = False

    def left(self, exercise: Exercise) -> int:
        """Repetitions until the daily limit."""
        return max(0, exercise.daily_limit - self.repetitions)


def doses(done: Iterable[DoneSet], zone: tzinfo) -> Mapping[tuple[date, str], Dose]:
    """The doses of sets, by local day and exercise; a set belongs to the day on which it ended."""
    found: dict[tuple[date, str], Dose] = defaultdict(Dose)
    for one in done:
        key = (local(one.end_utc_ms, zone).date(), one.exercise)
        before = found[key]
        found[key] = Dose(
            before.repetitions + one.done,
            before.seen + one.seen,
            before.sets + (one.done > 0),
            before.worse or one.outcome is ExerciseOutcome.WORSE,
            before.simulated or one.simulated,
        )
    return found


def week(
    found: Mapping[tuple[date, str], Dose], keys: Sequence[str], today: date, length: int = 7
) -> list[tuple[date, list[Dose]]]:
    """A row for each of the last days, the latest first, with the dose of each exercise."""
    days = [today - timedelta(days=ago) for ago in range(length)]
    return [(day, [found.get((day, key), Dose()) for key in keys]) for day in days]
