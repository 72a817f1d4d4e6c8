"""PostgreSQL only: minutes and events lie in one part a month, and the parts are made ahead of their time.

A part is dropped in an instant where deleting its rows would take hours, and what is written today
touches the indexes of this month alone. The parts live in a schema of their own, on which the pages'
role has no rights: rows are reached through the parted table, where they are guarded by wearer.

A month without a part of its own (a clock far off, a run without a date in its name) goes into the
rest; when its time comes, its rows move from there into the new part in the transaction that makes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, text

SCHEMA = "months"
PARTED = ("minutes", "events")

REST = "rest"
"""Takes what no month's part takes."""

AHEAD = 2
"""So many months after the present one have their part already."""

MAKING = 0x9DB_0002
"""Number of the advisory lock under which parts are made."""


def month_at(moment: datetime, later: int = 0) -> int:
    """A month as a number, `202603` for March 2026, or the one so many months later."""
    years, month = divmod(moment.year * 12 + moment.month - 1 + later, 12)
    return years * 100 + month + 1


def months_ahead(now: datetime | None = None) -> list[int]:
    """The months that need a part by now."""
    at = now or datetime.now(UTC)
    return [month_at(at, later) for later in range(AHEAD + 1)]


def parts_of(connection: Connection, table: str) -> set[str]:
    """The names of a table's parts after its own, `202603` or `rest`."""
    found = connection.execute(
        text(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
            " WHERE inhparent = CAST(:parent AS regclass)"
        ),
        {"parent": table},
    )
    return {name.removeprefix(f"{table}_") for (name,) in found}


def make_parts(connection: Connection, months: Iterable[int]) -> list[str]:
    """Make the parts that are missing, of both tables, and the rest.

    Args:
        connection: a transaction of the tables' owner.
        months: which, as `month_at` has them.

    Returns:
        The names of the new ones.
    """
    wanted = sorted(set(months))
    if all(_missing(connection, table, wanted) == [] for table in PARTED):
        return []
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MAKING})
    made = []
    for table in PARTED:
        for part in _missing(connection, table, wanted):
            name = f"{SCHEMA}.{table}_{part}"
            if part == REST:
                connection.execute(text(f"CREATE TABLE {name} PARTITION OF {table} DEFAULT"))
            else:
                _make_month(connection, table, name, int(part))
            made.append(name)
    return made


def _missing(connection: Connection, table: str, months: Iterable[int]) -> list[str]:
    there = parts_of(connection, table)
    return [part for part in (REST, *map(str, months)) if part not in there]


def _make_month(connection: Connection, table: str, name: str, month: int) -> None:
    rest = f"{SCHEMA}.{table}_{REST}"
    # The rest must not hold a row of the new part; nothing may arrive there between the two statements.
    connection.execute(text(f"LOCK TABLE {rest} IN ACCESS EXCLUSIVE MODE"))
    connection.execute(text(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS)"))
    connection.execute(
        text(
            f"WITH moved AS (DELETE FROM {rest} WHERE month = :month RETURNING *)"  # noqa: S608 - our names
            f" INSERT INTO {name} SELECT * FROM moved"
        ),
        {"month": month},
    )
    connection.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES IN ({month})"))
