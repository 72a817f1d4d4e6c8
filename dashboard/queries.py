"""What pages ask of the store. Every question is about one wearer, and starts from that wearer's index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, literal, select, text, union_all

from .days import Stretch
from .figures import Figures, Summed
from .rollup import DAY_MS, HOUR_MS, QUARTER_MS
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
    newest = (
        select(events)
        .where(events.c.device_id == device_id, events.c.kind == kind, events.c.at_utc_ms.is_not(None))
        .order_by(events.c.at_utc_ms.desc())
        .limit(1)
        .subquery()
        for kind in kinds
    )
    return {row.kind: row for row in connection.execute(union_all(*(select(one) for one in newest)))}


def bins_between(connection: Connection, wearer_id: int, stretch: Stretch, bin_ms: int) -> list[Summed]:
    """Sums of the minutes that began in each `bin_ms` of the stretch, in order; none where no minute did.

    One begins where its bin does, and ends where its last minute does.
    """
    start_utc_ms = minutes.c.start_utc_ms
    bins = ((start_utc_ms - stretch.start_utc_ms) // bin_ms).label("bin")
    sums = (func.sum(minutes.c[name]) for name in FIGURES)
    # Grouped by its name: to PostgreSQL the same term with parameters of other numbers is another term.
    query = _within(select(bins, func.max(minutes.c.end_utc_ms), *sums), start_utc_ms, wearer_id, stretch)
    found = connection.execute(query.order_by(None).group_by(text("bin")).order_by(text("bin"))).all()
    return [
        Summed(*(*figures, stretch.start_utc_ms + number * bin_ms, end_utc_ms))
        for number, end_utc_ms, *figures in found
    ]


def quarters_between(
    connection: Connection, wearer_id: int, stretch: Stretch, whole_hours: bool = False
) -> list[Summed]:
    """The sums of the quarters of an hour in the stretch, in order, without their tallies.

    With `whole_hours` the sums of the hours (UTC) instead, a quarter of the rows.
    """
    sums, span_ms = (hours, HOUR_MS) if whole_hours else (quarters, QUARTER_MS)
    columns = [*(sums.c[name] for name in FIGURES), sums.c.start_utc_ms]
    found = connection.execute(_within(select(*columns), sums.c.start_utc_ms, wearer_id, stretch)).all()
    return [Summed(*(*row, row[-1] + span_ms)) for row in found]


def tallies_between(connection: Connection, wearer_id: int, stretch: Stretch) -> Sequence[str]:
    """Packed tallies that together are those of the quarters in the stretch.

    They are of days (UTC) where whole ones lie in it, and of quarters before and after these.
    """
    if stretch.end_utc_ms <= stretch.start_utc_ms:  # a day that a zone left out as it crossed the date line
        return []
    first = -(-stretch.start_utc_ms // DAY_MS) * DAY_MS
    after = max(first, stretch.end_utc_ms // DAY_MS * DAY_MS)
    whole, ends = Stretch(first, after), [stretch]
    if first < after:
        ends = [Stretch(stretch.start_utc_ms, first), Stretch(after, stretch.end_utc_ms)]
    parts = [(quarters, end) for end in ends if end.start_utc_ms < end.end_utc_ms]
    if first < after:
        parts.append((days, whole))
    queries = (
        select(sums.c.tally).where(
            sums.c.wearer_id == wearer_id,
            sums.c.start_utc_ms >= part.start_utc_ms,
            sums.c.start_utc_ms < part.end_utc_ms,
        )
        for sums, part in parts
    )
    return connection.scalars(union_all(*queries)).all()


def extent(connection: Connection, wearer_id: int) -> Stretch | None:
    """From the first to the last quarter on record; None without any."""
    # Each by itself, which an index begins or ends with.
    first, last, oldest = (
        select(which(sums.c.start_utc_ms)).where(sums.c.wearer_id == wearer_id).scalar_subquery()
        for which, sums in ((func.min, quarters), (func.max, quarters), (func.min, days))
    )
    row = connection.execute(select(first, last, oldest)).one()
    first_ms, last_ms, oldest_ms = row
    if first_ms is None:
        return None if oldest_ms is None else Stretch(oldest_ms, oldest_ms + 1)
    # Where the quarters of long ago were let go, their days are still there.
    if oldest_ms is not None and oldest_ms <= first_ms - DAY_MS:
        first_ms = oldest_ms
    return Stretch(first_ms, last_ms + 1)


def figures_of(connection: Connection, wearer_id: int, stretches: Sequence[Stretch]) -> list[Figures]:
    """What the quarters of each of these stretches come to."""
    if not stretches:
        return []
    sums = [func.coalesce(func.sum(quarters.c[name]), 0).label(name) for name in FIGURES]
    each = (
        select(literal(number).label("number"), *sums).where(
            quarters.c.wearer_id == wearer_id,
            quarters.c.start_utc_ms >= stretch.start_utc_ms,
            quarters.c.start_utc_ms < stretch.end_utc_ms,
        )
        for number, stretch in enumerate(stretches)
    )
    found = connection.execute(union_all(*each).order_by("number"))
    return [Figures(*figures) for _, *figures in found]


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


def sessions_of(connection: Connection, wearer_id: int, day: Stretch, earlier: int) -> Sequence[AnyRow]:
    """The sessions that began in the stretch, and the `earlier` newest before it, the newest first."""
    if not earlier:
        return sessions_between(connection, wearer_id, day)
    own, start_utc_ms = sessions.c.wearer_id == wearer_id, sessions.c.start_utc_ms
    oldest = (
        select(start_utc_ms)
        .where(own, start_utc_ms < day.start_utc_ms)
        .order_by(start_utc_ms.desc())
        .offset(earlier - 1)
        .limit(1)
        .scalar_subquery()
    )
    chosen = _sessions().where(own, start_utc_ms < day.end_utc_ms, start_utc_ms >= func.coalesce(oldest, 0))
    rows = connection.execute(chosen.order_by(start_utc_ms.desc())).all()
    of_day = sum(row.start_utc_ms >= day.start_utc_ms for row in rows)
    return rows[: of_day + earlier]


def one_session(connection: Connection, wearer_id: int, device: str, session: str) -> AnyRow | None:
    """A session of the wearer by its device's name and its id."""
    chosen = _sessions().where(
        sessions.c.wearer_id == wearer_id, devices.c.name == device, sessions.c.session == session
    )
    return connection.execute(chosen).first()


def _sessions() -> Select[Any]:
    return (
        select(
            *(column for column in sessions.c if column is not sessions.c.summary),
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


def reminded_between(connection: Connection, wearer_id: int, stretch: Stretch) -> Sequence[AnyRow]:
    """Of slouches that began in the stretch and were reminded of: when they began, and when they were."""
    c = episodes.c
    query = select(c.start_s, c.start_utc_ms, c.alerted_s).where(c.alerted_s.is_not(None))
    return connection.execute(_within(query, c.start_utc_ms, wearer_id, stretch)).all()


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
