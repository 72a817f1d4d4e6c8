"""How long each kind of data is kept; what is older goes, and the sums that were made of it stay.

On PostgreSQL minutes and events go by whole months, as parts of their table: at once, and at the
latest a month after their time. A quarter whose minutes are gone is never summed anew, so a minute
that comes later than all that is lost to the sums; it goes with the next round.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Table, delete, select, text

from .bulk import among, is_postgresql, upsert
from .partitions import MAKING, PARTED, SCHEMA, parts_of
from .rollup import DAY_MS, kept_from_key
from .store import Store
from .tables import episodes, events, meta, minutes, quarters, rejections, wearers

log = logging.getLogger(__name__)

_WEARERS_AT_ONCE = 500
_TIMES = {minutes: "start_utc_ms", events: "at_utc_ms", episodes: "start_utc_ms", quarters: "start_utc_ms"}


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that each kind of data is kept; 0 is for good. The sums of hours and days are always kept.

    Attributes:
        minutes_days: the tally of each minute: a day's band, a session's trace.
        events_days: every event as it came: what an archive is made of.
        slouches_days: each slouch with its depth and its correction.
        quarters_days: sums of quarters of an hour.
        rejections_days: how many messages could not be read.
    """

    minutes_days: int = 0
    events_days: int = 0
    slouches_days: int = 0
    quarters_days: int = 0
    rejections_days: int = 90

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise ValueError(f"{field.name} is negative: days, or 0 for good")


KEEP_EVERYTHING = Retention()
"""What the wearer measured is kept for good."""


def let_go(store: Store, retention: Retention, now: datetime | None = None) -> int:
    """Delete what is older than it is to be kept.

    Args:
        store: of its owner.
        retention: how long.
        now: the present; the clock's by default.

    Returns:
        How many rows or, of a parted table, parts went.
    """
    at = now or datetime.now(UTC)
    kept = {
        minutes: retention.minutes_days,
        events: retention.events_days,
        episodes: retention.slouches_days,
        quarters: retention.quarters_days,
    }
    gone = 0
    for table, kept_days in kept.items():
        if kept_days:
            before_utc_ms = round(at.timestamp() * 1000) // DAY_MS * DAY_MS - kept_days * DAY_MS
            gone += _let_go_of(store, table, before_utc_ms)
    if retention.rejections_days:
        oldest = (at - timedelta(days=retention.rejections_days)).date().isoformat()
        with store.engine.execution_options(writes=True).begin() as connection:
            gone += connection.execute(delete(rejections).where(rejections.c.day_utc < oldest)).rowcount
    if gone:
        log.info("let go of %d rows or parts older than they are to be kept", gone)
    return gone


def _let_go_of(store: Store, table: Table, before_utc_ms: int) -> int:
    with store.engine.execution_options(writes=True).begin() as connection:
        # First of all no sum is made any more of what is about to go.
        row = {"key": kept_from_key(table), "value": str(before_utc_ms)}
        upsert(connection, meta, [row])
        if is_postgresql(connection) and table.name in PARTED:
            return _drop_parts(connection, table, before_utc_ms)
        everyone = connection.scalars(select(wearers.c.wearer_id).order_by(wearers.c.wearer_id)).all()
    gone = 0
    column = table.c[_TIMES[table]]
    for chunk in _chunks(list(everyone)):
        with store.engine.execution_options(writes=True).begin() as connection:
            of_these = among(connection, table.c.wearer_id, chunk)
            gone += connection.execute(delete(table).where(of_these, column < before_utc_ms)).rowcount
    return gone


def _chunks(everyone: list[int]) -> Iterator[list[int]]:
    for cut in range(0, len(everyone), _WEARERS_AT_ONCE):
        yield everyone[cut : cut + _WEARERS_AT_ONCE]


def _drop_parts(connection: Connection, table: Table, before_utc_ms: int) -> int:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MAKING})
    month = datetime.fromtimestamp(before_utc_ms / 1000, UTC)
    oldest = month.year * 100 + month.month
    gone = 0
    for part in sorted(parts_of(connection, table.name)):
        if not part.isdecimal() or int(part) >= oldest:
            continue
        name = f"{SCHEMA}.{table.name}_{part}"
        # A run that lasted long, or whose clock was wrong, may have rows here that are young yet.
        young = text(
            f"SELECT EXISTS (SELECT FROM {name} WHERE {_TIMES[table]} >= :before OR {_TIMES[table]} IS NULL)"  # noqa: S608 - our names
        )
        if not connection.scalar(young, {"before": before_utc_ms}):
            connection.execute(text(f"DROP TABLE {name}"))
            gone += 1
    column = table.c[_TIMES[table]]
    rest = f"{SCHEMA}.{table.name}_rest"
    old = text(f"DELETE FROM {rest} WHERE {column.name} < :before")  # noqa: S608 - our names
    return gone + connection.execute(old, {"before": before_utc_ms}).rowcount
