"""The rows that a batch of messages means, in one transaction, in whatever order they came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, func, null, or_, select, update

from firmware_py.errors import StoreError
from firmware_py.posture.events import MinutePassed
from firmware_py.posture.messages import Message

from .bulk import Row, among, insert_new, upsert
from .rollup import note, quarter_of
from .rows import Run, event_row, minute_row
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


_New = tuple[Message, Run, Row]


def write(connection: Connection, messages: Sequence[Message]) -> Taken:
    """Store the durable ones of these messages, and what they mean for sessions, slouches and sums.

    Args:
        connection: a transaction that writes.
        messages: each of a run that was introduced.

    Raises:
        UnknownRunError: one is not.
    """
    taken = Taken()
    durable = [message for message in messages if message.seq is not None]
    if not durable:
        return taken
    runs = held(connection, {(message.device, message.run) for message in durable})
    of_minutes: list[_New] = []
    of_events: list[_New] = []
    for message in durable:
        run = _run_of(runs, message)
        if isinstance(message.body, MinutePassed):
            of_minutes.append((message, run, minute_row(message, message.body, run)))
        else:
            of_events.append((message, run, event_row(message, run)))
    new_minutes = _insert(connection, minutes, of_minutes, taken)
    new_events = _insert(connection, events, of_events, taken)
    unfold(connection, [*new_minutes, *((message, run, None) for message, run, _ in new_events)])
    note(
        connection,
        {
            (run.device_id, run.wearer_id, quarter_of(row["start_utc_ms"]))
            for _, run, row in new_minutes
            if row["start_utc_ms"] is not None
        },
    )
    _see(connection, {run.device_id for _, run, _ in (*new_minutes, *new_events)})
    return taken


def _run_of(runs: Runs, message: Message) -> Run:
    run = runs.of(message)
    if run is None:
        raise UnknownRunError
    return run


def _insert(connection: Connection, table: Table, pairs: list[_New], taken: Taken) -> list[_New]:
    """Insert what is not there yet; returns that."""
    unique: dict[tuple[Any, ...], _New] = {}
    for one in pairs:
        row = one[2]
        unique.setdefault((row["device_id"], row["session"], row["seq"], row["month"]), one)
    new = insert_new(connection, table, (row for _, _, row in unique.values()))
    taken.stored += len(new)
    taken.repeated += len(pairs) - len(new)
    fresh = [one for key, one in unique.items() if key in new]
    taken.touched.update((message.device, message.session) for message, _, _ in fresh)
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
