"""Keeps the sums of quarters, hours and days in step with the minutes they are made of.

Whoever touches a minute notes its quarter, in the same transaction; the notes are worked off one
sweep at a time, whoever left them. A quarter is summed anew from its minutes, its hour from its
quarters, its day from its hours: nothing is added to a sum, so nothing can be added twice, and what
two writers touched at the same time is summed from what both of them committed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    FromClause,
    Integer,
    Select,
    Table,
    delete,
    select,
    text,
    true,
)

from firmware_py.posture.minute_wire import TallyOnWire
from firmware_py.posture.tally import Tally

from .bulk import AT_ONCE_ON_SQLITE, append, given, is_postgresql, upsert
from .tables import FIGURES, days, hours, meta, minutes, quarters, touched_quarters

QUARTER_MS = 900_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000

SWEEP = 20_000
"""Notes that are worked off in one transaction."""

SWEEPING = 0x9DB_0003
"""Number of the advisory lock that one sweep at a time holds."""

Touched = set[tuple[int, int, int]]
"""Device, wearer and the beginning of a stretch, ms since 1970 UTC."""

_decode = msgspec.json.Decoder(Tally).decode
_decode_wire = msgspec.json.Decoder(TallyOnWire).decode

_COUNTS = tuple(field.name for field in fields(Tally) if field.default == 0)
_TABLES = tuple(field.name for field in fields(Tally) if field.default != 0)


def packed(tally: Tally) -> str:
    """A tally as compact JSON, without its zeroes; equal tallies give equal text."""
    kept = {name: value for name, value in msgspec.to_builtins(tally, str_keys=True).items() if value}
    return msgspec.json.encode(kept, order="deterministic").decode()


def unpacked(text: str) -> Tally:
    """The tally that `packed` wrote."""
    return _decode(text)


def total_tally(tallies: Iterable[Tally]) -> Tally:
    """The tally of all of them together; adds in place, so that a year is quick."""
    counts: dict[str, Any] = defaultdict(int)  # Any: a field is a count or a table of counts
    tables: dict[str, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
    for tally in tallies:
        for name in Tally.__slots__:
            value = getattr(tally, name)
            if isinstance(value, dict):
                table = tables[name]
                for key, count in value.items():
                    table[key] += count
            else:
                counts[name] += value
    counts.update((name, dict(table)) for name, table in tables.items())
    return Tally(**counts)


def total_packed(texts: Iterable[str]) -> str:
    """What `packed` writes of the sum of all of them, without a `Tally` of each."""
    counts: dict[str, Any] = dict.fromkeys(_COUNTS, 0)  # Any: a field is a count or a table of counts
    tables: dict[str, Any] = {name: {} for name in _TABLES}
    for tally in map(_decode_wire, texts):
        for name in _COUNTS:
            counts[name] += getattr(tally, name)
        for name, table in tables.items():
            for key, count in getattr(tally, name).items():
                table[key] = table.get(key, 0) + count
    return packed(Tally(**counts, **tables))


def quarter_of(at_utc_ms: int) -> int:
    """The beginning of the quarter that a moment lies in."""
    return at_utc_ms // QUARTER_MS * QUARTER_MS


def note(connection: Connection, touched: Touched) -> None:
    """Note quarters whose minutes are touched in this transaction."""
    append(connection, touched_quarters, ("device_id", "wearer_id", "start_utc_ms"), sorted(touched))


def sweep(connection: Connection, *, wait: bool) -> int:
    """Work off what was noted, up to `SWEEP` notes.

    Args:
        connection: a transaction that writes.
        wait: for another sweep to end; else leave the notes to that one's next turn.

    Returns:
        How many notes were worked off: 0 means that none are left; -1 that another sweep is going on.
    """
    if is_postgresql(connection):
        if wait:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SWEEPING})
        elif not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": SWEEPING}):
            return -1
    c = touched_quarters.c
    oldest = select(c.mark_id).order_by(c.mark_id).limit(SWEEP)
    noted = connection.execute(
        delete(touched_quarters)
        .where(c.mark_id.in_(oldest.scalar_subquery()))
        .returning(c.device_id, c.wearer_id, c.start_utc_ms)
    ).all()
    touched = {tuple(row) for row in noted}
    # What its parts are gone of keeps the sum that it has.
    minutes_from, quarters_from = (kept_from_utc_ms(connection, parts) for parts in (minutes, quarters))
    touched = {key for key in touched if key[2] >= minutes_from}
    sum_anew(connection, minutes, quarters, QUARTER_MS, touched)
    touched = {key for key in touched if key[2] >= quarters_from}
    sum_anew(connection, quarters, hours, HOUR_MS, _widened(touched, HOUR_MS))
    sum_anew(connection, hours, days, DAY_MS, _widened(touched, DAY_MS))
    return len(noted)


def kept_from_key(table: Table) -> str:
    """Under which key `meta` says before when (ms since 1970 UTC) a table's rows may be gone; whole days."""
    return f"kept_from_utc_ms.{table.name}"


def kept_from_utc_ms(connection: Connection, table: Table) -> int:
    """Before when rows of a table may be gone, ms since 1970 UTC; 0 where all are kept."""
    return int(connection.scalar(select(meta.c.value).where(meta.c.key == kept_from_key(table))) or 0)


def _widened(touched: Touched, span_ms: int) -> Touched:
    return {(device, wearer, start // span_ms * span_ms) for device, wearer, start in touched}


def sum_anew(connection: Connection, parts: Table, sums: Table, span_ms: int, touched: Touched) -> None:
    """Make these sums anew from their parts; one without parts is gone.

    Args:
        connection: a transaction that writes.
        parts: `minutes`, or finer sums; what begins in a stretch is part of it.
        sums: where the sums stand.
        span_ms: how long each stretch is.
        touched: which ones.
    """
    keys = sorted(touched)
    at_once = SWEEP if is_postgresql(connection) else AT_ONCE_ON_SQLITE
    for cut in range(0, len(keys), at_once):
        chunk = keys[cut : cut + at_once]
        wanted = given(connection, "wanted", _stretches(), chunk)
        found = connection.execute(parts_of(connection, wanted, parts, span_ms))
        grouped: dict[tuple[int, int, int], list[Any]] = {}
        for device_id, wearer_id, start_utc_ms, *rest in found:
            grouped.setdefault((device_id, wearer_id, start_utc_ms), []).append(rest)
        for device_id, _, start_utc_ms in touched.intersection(chunk).difference(grouped):
            connection.execute(
                delete(sums).where(sums.c.device_id == device_id, sums.c.start_utc_ms == start_utc_ms)
            )
        upsert(connection, sums, (_sum(key, rows) for key, rows in grouped.items()))


def parts_of(connection: Connection, wanted: FromClause, parts: Table, span_ms: int) -> Select[Any]:
    """Each stretch that is wanted with the tally and the figures of every part that begins in it."""
    columns = [parts.c.tally, *(parts.c[name] for name in FIGURES)]
    begins_in_it = (
        # A row of `devices` has one wearer, so its rows need not be asked for theirs.
        (parts.c.device_id == wanted.c.device_id)
        & (parts.c.start_utc_ms >= wanted.c.start_utc_ms)
        & (parts.c.start_utc_ms < wanted.c.start_utc_ms + span_ms)
    )
    if not is_postgresql(connection):
        return select(*wanted.c, *columns).join(parts, begins_in_it)
    # One stretch after another, by the index: of so many at once the planner takes a third of a device's rows
    # for those of a stretch, and would rather read all minutes of all devices. OFFSET keeps it from that.
    of_each = select(*columns).where(begins_in_it).offset(0).lateral("part")
    return select(*wanted.c, *of_each.c).join(of_each, true())


def _stretches() -> tuple[Column[Any], ...]:
    return (
        Column("device_id", Integer),
        Column("wearer_id", Integer),
        Column("start_utc_ms", BigInteger),
    )


def _sum(key: tuple[int, int, int], rows: list[Any]) -> dict[str, Any]:
    tallies, *figures = zip(*rows, strict=True)
    return {
        "device_id": key[0],
        "wearer_id": key[1],
        "start_utc_ms": key[2],
        "tally": tallies[0] if len(rows) == 1 else total_packed(tallies),
        **{name: sum(counts) for name, counts in zip(FIGURES, figures, strict=True)},
    }


def sum_everything(connection: Connection) -> None:
    """Make the sums of hours and days of all the quarters there are: for a store that had none."""
    found = connection.execute(select(quarters.c.device_id, quarters.c.wearer_id, quarters.c.start_utc_ms))
    touched = {tuple(row) for row in found}
    sum_anew(connection, quarters, hours, HOUR_MS, _widened(touched, HOUR_MS))
    sum_anew(connection, hours, days, DAY_MS, _widened(touched, DAY_MS))
