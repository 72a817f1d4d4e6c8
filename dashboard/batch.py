"""The rows that a batch of messages means, in one transaction, in whatever order they came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection, Table, func, null, or_, select, update

from firmware_py.errors import StoreError
from firmware_py.posture.messages import Message
from firmware_py.posture.minute_wire import Minute

from .bulk import Values, among, insert_missing, upsert
from .rollup import kept_from_utc_ms, note, quarter_of
from .rows import EVENT_COLUMNS, MINUTE_COLUMNS, Run, event_values, minute_values, time_of
from .runs import Runs, held
from .tables import FIRST_WEARER, devices, events, minutes, rejections
from .unfold import unfold

__all__ = [
    "FIRST_WEARER",
    "MAX_REJECTED_TOPICS",
    "OTHER_TOPICS",
    "Taken",
    "UnknownRunError",
    "reject",
    "write",
]

MAX_REJECTED_TOPICS = 100
"""Topics told apart in one day's rejections; a flood of forged topics ends under one name."""

OTHER_TOPICS = "(other topics)"

SEEN_EVERY_MS = 10_000
"""When a device was last seen is written no more often than this."""


@dataclass
class Taken:
    """What a batch came to.

    Attributes:
        stored: durable messages that were new.
        repeated: durable messages that were there already.
        rejected: messages that could not be read.
        touched: (device, session) of which something new was stored.
    """

    stored: int = 0
    repeated: int = 0
    rejected: int = 0
    touched: set[tuple[str, str]] = field(default_factory=set)

    def add(self, other: Taken) -> None:
        """Count another batch in."""
        self.stored += other.stored
        self.repeated += other.repeated
        self.rejected += other.rejected
        self.touched |= other.touched


class UnknownRunError(StoreError):
    """A batch speaks of a run that nobody introduced; nothing was written."""


_T = TypeVar("_T", Minute, Message)


def write(connection: Connection, of_minutes: Sequence[Minute], messages: Sequence[Message]) -> Taken:
    """Store minutes and the other durable messages, and what they mean for sessions, slouches and sums.

    Args:
        connection: a transaction that writes.
        of_minutes: each of a run that was introduced.
        messages: likewise; those that are not durable are passed over.

    Raises:
        UnknownRunError: a run was not introduced.
    """
    taken = Taken()
    of_events = [message for message in messages if message.seq is not None]
    keys = {(minute.device, minute.run) for minute in of_minutes}
    keys.update((message.device, message.run) for message in of_events)
    if not keys:
        return taken
    runs = held(connection, keys)
    new_minutes = _insert(
        connection,
        minutes,
        MINUTE_COLUMNS,
        ((minute_values(minute, run), minute, run) for minute, run in _with_runs(runs, of_minutes)),
        taken,
    )
    new_events = _insert(
        connection,
        events,
        EVENT_COLUMNS,
        ((event_values(message, run), message, run) for message, run in _with_runs(runs, of_events)),
        taken,
    )
    unfold(connection, new_minutes, new_events, kept_from_utc_ms(connection, minutes))
    touched = set()
    for _, minute, run in new_minutes:
        start_utc_ms = run.utc_ms(minute.start_s)
        if start_utc_ms is not None:
            touched.add((run.device_id, run.wearer_id, quarter_of(start_utc_ms)))
    note(connection, touched)
    _see(connection, {run.device_id for *_, run in (*new_minutes, *new_events)})
    return taken


def _with_runs(runs: Runs, messages: Iterable[_T]) -> Iterator[tuple[_T, Run]]:
    for message in messages:
        run = runs.of(message.device, message.run, time_of(message))
        if run is None:
            raise UnknownRunError
        yield message, run


def _insert(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Iterable[tuple[Values, _T, Run]],
    taken: Taken,
) -> list[tuple[Values, _T, Run]]:
    """Insert what is not there yet; returns that."""
    width = len(table.primary_key.columns)
    unique: dict[Values, tuple[Values, _T, Run]] = {}
    count = 0
    for count, one in enumerate(rows, 1):  # noqa: B007 - the last number is how many there are
        unique.setdefault(one[0][:width], one)
    ordered = [unique[key] for key in sorted(unique)]
    there = insert_missing(connection, table, names, [row for row, _, _ in ordered])
    fresh = [one for n, one in enumerate(ordered) if n not in there] if there else ordered
    taken.stored += len(fresh)
    taken.repeated += count - len(fresh)
    taken.touched.update((message.device, message.session) for _, message, _ in fresh)
    return fresh


def _see(connection: Connection, device_ids: set[int]) -> None:
    if not device_ids:
        return
    now_utc_ms = round(datetime.now(UTC).timestamp() * 1000)
    c = devices.c
    # Whom another writer is just seeing need not be seen twice: nobody waits for this.
    due = (
        select(c.device_id)
        .where(among(connection, c.device_id, sorted(device_ids)))
        .where(or_(c.seen_utc_ms.is_(null()), c.seen_utc_ms < now_utc_ms - SEEN_EVERY_MS))
        .with_for_update(key_share=True, skip_locked=True)
    )
    found = connection.scalars(due).all()
    if found:
        connection.execute(
            update(devices).where(among(connection, c.device_id, found)).values(seen_utc_ms=now_utc_ms)
        )


def reject(connection: Connection, unreadable: Counter[tuple[str, str]]) -> None:
    """Count messages that could not be read, by reason and topic."""
    day_utc = datetime.now(UTC).date().isoformat()
    of_today = select(func.count()).where(rejections.c.day_utc == day_utc)
    known = connection.scalar(of_today) or 0 if unreadable else 0
    rows: Counter[tuple[str, str]] = Counter()
    for (reason, topic), count in unreadable.items():
        known += 1
        rows[reason, topic if known <= MAX_REJECTED_TOPICS else OTHER_TOPICS] += count
    upsert(
        connection,
        rejections,
        (
            {"day_utc": day_utc, "reason": reason, "topic": topic, "count": count}
            for (reason, topic), count in rows.items()
        ),
        lambda new: {"count": rejections.c.count + new.count},
    )
