"""A programme's figures: over at least ten people, never about one.

What is told of a week is worked out once, after the week is over, and never again: two answers about
the same days with and without one person do not exist. Further:

- a wearer takes part in one programme at a time, by an own decision, and counts from the first week
  that is whole;
- each person weighs the same, however long they wore it, so nobody's hours stand out;
- the count of people is rounded down to fives, every figure to whole numbers; nothing is told by day,
  hour or group, and no quantile, which would be one person's own figure.

Ten people is a threshold that health statistics use (small number suppression); others use 3 to 30.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import fmean
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from firmware_py.posture.trunk import TICK_S

from ..people_tables import accounts, programme_members, programme_weeks, programmes
from ..store import Store
from ..tables import days, devices
from .credentials import now_utc_ms

LEAST_PEOPLE = 10
LEAST_JUDGED_H = 2.0
"""In a week, for a person to count: a figure over less says more about chance."""

SETTLED_DAYS = 3
"""How long after its end a week is worked out: devices that were offline have delivered by then."""

WEEKS_BACK = 8
"""How far back weeks are worked out that nobody asked for at the time."""

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PersonWeek:
    """What one person's week amounted to; seen by nobody."""

    judged_h: float
    upright: float
    slouches_per_h: float
    corrected: float | None


def make(store: Store, label: str, owner_id: int) -> int:
    """A new programme; its number."""
    row = {"label": label, "owner_id": owner_id}
    with store.at_the_door(writes=True) as connection:
        made = connection.execute(insert(programmes).values(row).returning(programmes.c.programme_id))
        programme_id: int = made.scalar_one()
    return programme_id


def programmes_of(connection: Connection, owner_id: int) -> Sequence[Row[Any]]:
    """An owner's programmes."""
    return connection.execute(
        select(programmes).where(programmes.c.owner_id == owner_id).order_by(programmes.c.label)
    ).all()


def membership_of(connection: Connection, wearer_id: int) -> Any:  # a row, or None
    """The programme that a wearer takes part in."""
    return connection.execute(
        select(programmes.c.programme_id, programmes.c.label, programme_members.c.since_utc_ms)
        .join(programme_members)
        .where(programme_members.c.wearer_id == wearer_id)
    ).first()


def join(connection: Connection, wearer_id: int, programme_id: int) -> None:
    """Take part from now on, and no longer in another programme."""
    leave(connection, wearer_id)
    row = {"wearer_id": wearer_id, "programme_id": programme_id, "since_utc_ms": now_utc_ms()}
    connection.execute(insert(programme_members).values(row))


def leave(connection: Connection, wearer_id: int) -> None:
    """Take part no longer. What was told of past weeks stays: it is about nobody."""
    connection.execute(delete(programme_members).where(programme_members.c.wearer_id == wearer_id))


def about_how_many(connection: Connection, programme_id: int) -> int | None:
    """How many take part, rounded down to fives; None below ten."""
    count = connection.scalar(
        select(func.count())
        .select_from(programme_members)
        .where(programme_members.c.programme_id == programme_id)
    )
    return rounded_people(count or 0)


def weeks_of(store: Store, programme_id: int, today: date) -> Sequence[Row[Any]]:
    """What is told of a programme, the newest week first; works out the weeks that are due.

    Args:
        store: the database.
        programme_id: which.
        today: the present day, UTC.
    """
    due = today - timedelta(days=today.weekday()) - WEEK
    due -= WEEK if today < due + WEEK + timedelta(days=SETTLED_DAYS) else timedelta()
    weeks = [due - n * WEEK for n in range(WEEKS_BACK)]
    with store.at_the_door() as connection:
        told = set(
            connection.scalars(
                select(programme_weeks.c.week).where(programme_weeks.c.programme_id == programme_id)
            )
        )
        owner_since_ms = connection.scalar(
            select(accounts.c.made_utc_ms)
            .join(programmes, programmes.c.owner_id == accounts.c.account_id)
            .where(programmes.c.programme_id == programme_id)
        )
    for week in weeks:
        if week.isoformat() not in told and _utc_ms(week + WEEK) > (owner_since_ms or 0):
            _tell(store, programme_id, week)
    with store.at_the_door() as connection:
        return connection.execute(
            select(programme_weeks)
            .where(programme_weeks.c.programme_id == programme_id)
            .order_by(programme_weeks.c.week.desc())
        ).all()


def _tell(store: Store, programme_id: int, week: date) -> None:
    with store.across_wearers() as connection:
        people = _people(connection, programme_id, week)
    row = {"programme_id": programme_id, "week": week.isoformat(), **figures(people)}
    with store.at_the_door(writes=True) as connection:
        store.insert_new(programme_weeks, [row], connection)  # another process may have been first


def _people(connection: Connection, programme_id: int, week: date) -> list[PersonWeek]:
    start_ms, end_ms = _utc_ms(week), _utc_ms(week + WEEK)
    sums = [
        func.sum(days.c[name]).label(name)
        for name in ("judged", "upright", "slouches", "alerts", "corrections")
    ]
    rows = connection.execute(
        select(*sums)
        .join(programme_members, programme_members.c.wearer_id == days.c.wearer_id)
        .join(devices, devices.c.device_id == days.c.device_id)
        .where(
            programme_members.c.programme_id == programme_id,
            programme_members.c.since_utc_ms <= start_ms,
            days.c.start_utc_ms >= start_ms,
            days.c.start_utc_ms < end_ms,
            devices.c.simulated.is_(False),
        )
        .group_by(days.c.wearer_id)
    )
    people = []
    for row in rows:
        judged_h = float(row.judged) * TICK_S / 3600
        if judged_h >= LEAST_JUDGED_H:
            corrected = float(row.corrections) / float(row.alerts) if row.alerts else None
            people.append(
                PersonWeek(
                    judged_h,
                    float(row.upright) / float(row.judged),
                    float(row.slouches) / judged_h,
                    corrected,
                )
            )
    return people


def figures(people: Sequence[PersonWeek]) -> dict[str, int | None]:
    """What may be told of these people's week: nothing where they are fewer than ten."""
    count = rounded_people(len(people))
    if count is None:
        return dict.fromkeys(
            ("people", "upright_percent", "judged_h_per_person", "slouches_per_h", "corrected_percent")
        )
    corrected = [person.corrected for person in people if person.corrected is not None]
    return {
        "people": count,
        "upright_percent": round(100 * fmean(person.upright for person in people)),
        "judged_h_per_person": round(fmean(person.judged_h for person in people)),
        "slouches_per_h": round(fmean(person.slouches_per_h for person in people)),
        "corrected_percent": round(100 * fmean(corrected)) if len(corrected) >= LEAST_PEOPLE else None,
    }


def rounded_people(count: int) -> int | None:
    """How many people, rounded down to fives; None below ten."""
    return count // 5 * 5 if count >= LEAST_PEOPLE else None


def _utc_ms(day: date) -> int:
    return round(datetime.combine(day, time(), UTC).timestamp() * 1000)
