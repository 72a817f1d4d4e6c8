"""Keeps the sums of quarters of an hour in step with the minutes they are made of.

A quarter that was touched is summed anew from its minutes, in the transaction that touched it:
nothing is added to a sum, so nothing can be added twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from firmware_py.posture.tally import Tally

from .tables import FIGURES, minutes, quarters

QUARTER_MS = 900_000

_CHUNK = 500  # SQLite takes a few thousand parameters in a statement

_decode = msgspec.json.Decoder(Tally).decode


def packed(tally: Tally) -> str:
    """A tally as compact JSON, without its zeroes."""
    kept = {name: value for name, value in msgspec.to_builtins(tally).items() if value}
    return msgspec.json.encode(kept).decode()


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


def quarter_of(at_utc_ms: int) -> int:
    """The beginning of the quarter that a moment lies in."""
    return at_utc_ms // QUARTER_MS * QUARTER_MS


def recount(connection: Connection, device_id: int, wearer_id: int, touched: set[int]) -> None:
    """Sum these quarters of a device anew.

    Args:
        connection: a transaction that writes.
        device_id: whose minutes.
        wearer_id: who wore it.
        touched: beginnings of quarters, ms since 1970 UTC.
    """
    starts = sorted(touched)
    for cut in range(0, len(starts), _CHUNK):
        chunk = starts[cut : cut + _CHUNK]
        connection.execute(
            delete(quarters).where(
                quarters.c.wearer_id == wearer_id,
                quarters.c.device_id == device_id,
                quarters.c.start_utc_ms.in_(chunk),
            )
        )
        found = connection.execute(
            select(minutes.c.start_utc_ms, minutes.c.tally, *(minutes.c[name] for name in FIGURES)).where(
                minutes.c.wearer_id == wearer_id,
                minutes.c.device_id == device_id,
                minutes.c.start_utc_ms >= chunk[0],
                minutes.c.start_utc_ms < chunk[-1] + QUARTER_MS,
            )
        )
        parts: dict[int, list[Any]] = {}
        wanted = set(chunk)
        for row in found:
            start = quarter_of(row.start_utc_ms)
            if start in wanted:
                parts.setdefault(start, []).append(row)
        if parts:
            connection.execute(
                insert(quarters),
                [
                    {
                        "device_id": device_id,
                        "wearer_id": wearer_id,
                        "start_utc_ms": start,
                        "tally": packed(total_tally(unpacked(row.tally) for row in rows)),
                        **{name: sum(getattr(row, name) for row in rows) for name in FIGURES},
                    }
                    for start, rows in parts.items()
                ],
            )
