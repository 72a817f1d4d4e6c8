"""What pages ask of the store. Every question is about one wearer, and starts from that wearer's index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from .days import Stretch
from .rollup import DAY_MS
from .tables import FIGURES, days, devices, episodes, events, hours, minutes, notes, quarters, runs, sessions

AnyRow = Row[Any]


def devices_of(connection: Connection, wearer_id: int) -> Sequence[AnyRow]:
    """The devices that the wearer has now, the last seen first; one that was handed on is another's."""
    return connection.execute(
        select(devices)
        .where(devices.c.wearer_id == wearer_id, devices.c.released_utc_ms.is_(None))
        .order_by(devices.c.seen_utc_ms.desc().nulls_last(), devices.c.name)
    ).all()


def latest_events(connection: Connection, device_id: int, kinds: Sequence[str]) -> dict[str, AnyRow]:
    """The newest event of each of these kinds, by kind."""
    found: dict[str, AnyRow] = {}
    for kind in kinds:
        row = connection.execute(
            select(events)
            .where(events.c.device_id == device_id, events.c.kind == kind, events.c.at_utc_ms.is_not(None))
            .order_by(events.c.at_utc_ms.desc())
            .limit(1)
        ).first()
        if row is not None:
            found[kind] = row
    return found


def minutes_between(connection: Connection, wearer_id: int, stretch: Stretch) -> Sequence[AnyRow]:
    """The minutes that began in the stretch, in order, without their tallies."""
    columns = [minutes.c.start_utc_ms, minutes.c.end_utc_ms, *(minutes.c[name] for name in FIGURES)]
    return connection.execute(_within(select(*columns), minutes.c.start_utc_ms, wearer_id, stretch)).all()


def quarters_between(
    connection: Connection, wearer_id: int, stretch: Stretch, whole_hours: bool = False
) -> Sequence[AnyRow]:
    """The sums of the quarters of an hour in the stretch, in order, without their tallies.

    With `whole_hours` the sums of the hours (UTC) instead, a quarter of the rows.
    """
    sums = hours if whole_hours else quarters
    columns = [sums.c.start_utc_ms, *(sums.c[name] for name in FIGURES)]
    return connection.execute(_within(select(*columns), sums.c.start_utc_ms, wearer_id, stretch)).all()


def tallies_between(connection: Connection, wearer_id: int, stretch: Stretch) -> Sequence[str]:
    """Packed tallies that together are those of the quarters in the stretch.

    They are of days (UTC) where whole ones lie in it, and of quarters before and after these.
    """
    first = -(-stretch.start_utc_ms // DAY_MS) * DAY_MS
    after = max(first, stretch.end_utc_ms // DAY_MS * DAY_MS)
    whole, ends = Stretch(first, after), [stretch]
    if first < after:
        ends = [Stretch(stretch.start_utc_ms, first), Stretch(after, stretch.end_utc_ms)]
    parts = [(quarters, end) for end in ends if end.start_utc_ms < end.end_utc_ms]
    if first < after:
        parts.append((days, whole))
    found: list[str] = []
    for sums, part in parts:
        found += connection.scalars(_within(select(sums.c.tally), sums.c.start_utc_ms, wearer_id, part))
    return found


def extent(connection: Connection, wearer_id: int) -> Stretch | None:
    """From the first to the last quarter on record; None without any."""
    row = connection.execute(
        select(func.min(quarters.c.start_utc_ms), func.max(quarters.c.start_utc_ms)).where(
            quarters.c.wearer_id == wearer_id
        )
    ).one()
    oldest = connection.scalar(select(func.min(days.c.start_utc_ms)).where(days.c.wearer_id == wearer_id))
    if row[0] is None:
        return None if oldest is None else Stretch(oldest, oldest + 1)
    # Where the quarters of long ago were let go, their days are still there.
    first = row[0] if oldest is None or oldest > row[0] - DAY_MS else oldest
    return Stretch(first, row[1] + 1)


def notes_between(connection: Connection, wearer_id: int, first: str, after: str) -> Sequence[AnyRow]:
    """Notes at dates from `first` to before `after` (ISO 8601), in order."""
    return connection.execute(
        select(notes)
        .where(notes.c.wearer_id == wearer_id, notes.c.day >= first, notes.c.day < after)
        .order_by(notes.c.day, notes.c.note_id)
    ).all()


def sessions_between(connection: Connection, wearer_id: int, stretch: Stretch) -> Sequence[AnyRow]:
    """Sessions that began in the stretch, the newest first."""
    chosen = _within(_sessions(), sessions.c.start_utc_ms, wearer_id, stretch)
    return connection.execute(chosen.order_by(None).order_by(sessions.c.start_utc_ms.desc())).all()


def latest_sessions(
    connection: Connection, wearer_id: int, before_utc_ms: int, count: int
) -> Sequence[AnyRow]:
    """The `count` newest sessions that began before a moment."""
    query = (
        _sessions()
        .where(sessions.c.wearer_id == wearer_id, sessions.c.start_utc_ms < before_utc_ms)
        .order_by(sessions.c.start_utc_ms.desc())
        .limit(count)
    )
    return connection.execute(query).all()


def one_session(connection: Connection, wearer_id: int, device: str, session: str) -> AnyRow | None:
    """A session of the wearer by its device's name and its id."""
    chosen = _sessions().where(
        sessions.c.wearer_id == wearer_id, devices.c.name == device, sessions.c.session == session
    )
    return connection.execute(chosen).first()


def _sessions() -> Select[Any]:
    return (
        select(
            sessions,
            devices.c.name.label("device"),
            devices.c.label,
            runs.c.simulated,
            runs.c.trusted,
        )
        .join(devices, devices.c.device_id == sessions.c.device_id)
        .join(runs, (runs.c.device_id == sessions.c.device_id) & (runs.c.run == sessions.c.run))
    )


def minutes_of(connection: Connection, device_id: int, session: str) -> Sequence[AnyRow]:
    """A session's minutes with their tallies, in order."""
    return connection.execute(
        select(minutes)
        .where(minutes.c.device_id == device_id, minutes.c.session == session)
        .order_by(minutes.c.start_s)
    ).all()


def episodes_between(connection: Connection, wearer_id: int, stretch: Stretch) -> Sequence[AnyRow]:
    """Slouches that began in the stretch, in order."""
    return connection.execute(_within(select(episodes), episodes.c.start_utc_ms, wearer_id, stretch)).all()


def episodes_of(connection: Connection, device_id: int, session: str) -> Sequence[AnyRow]:
    """A session's slouches, in order."""
    return connection.execute(
        select(episodes)
        .where(episodes.c.device_id == device_id, episodes.c.session == session)
        .order_by(episodes.c.start_s)
    ).all()


def thresholds_of(connection: Connection, device_id: int, session: str) -> Sequence[Any]:  # rows of two
    """The messages of a session that tell where a slouch begins, in order: its start, and changes."""
    telling = events.c.kind.in_(("session_started", "rules_changed"))
    return connection.execute(
        select(events.c.at_utc_ms, events.c.payload)
        .where(events.c.device_id == device_id, events.c.session == session, telling)
        .order_by(events.c.seq)
    ).all()


def missing_of(connection: Connection, device_id: int, session: str, count: int | None) -> int:
    """How many of a session's messages have not arrived; 0 while its end is unknown."""
    if count is None:
        return 0
    stored = 0
    for table in (minutes, events):
        query = select(func.count()).where(table.c.device_id == device_id, table.c.session == session)
        stored += connection.scalar(query) or 0
    return max(0, count - stored)


def simulated_between(connection: Connection, wearer_id: int, stretch: Stretch) -> bool:
    """Whether any session of the stretch came from a simulated wearer."""
    query = _within(
        select(sessions.c.session).join(
            runs, (runs.c.device_id == sessions.c.device_id) & (runs.c.run == sessions.c.run)
        ),
        sessions.c.start_utc_ms,
        wearer_id,
        stretch,
    ).where(runs.c.simulated)
    return connection.execute(query.limit(1)).first() is not None


def _within(query: Select[Any], column: Any, wearer_id: int, stretch: Stretch) -> Select[Any]:
    return query.where(
        column.table.c.wearer_id == wearer_id,
        column >= stretch.start_utc_ms,
        column < stretch.end_utc_ms,
    ).order_by(column)
