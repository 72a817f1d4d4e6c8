"""Many rows at once: by COPY into a staging table on PostgreSQL, by one statement for many on SQLite.

Rows are written in the order of their primary key. Two writers that meet on the same rows then wait
for one another in the same order, and neither ever holds what the other waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    TableClause,
    and_,
    any_,
    literal,
    literal_column,
    select,
    values,
)
from sqlalchemy import column as sa_column
from sqlalchemy import table as sa_table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

WORTH_COPYING = 8
"""From so many rows on COPY is quicker than to send them as parameters."""

AT_ONCE_ON_SQLITE = 500
"""Rows given to one statement there."""

Row = dict[str, Any]
Key = tuple[Any, ...]
Change = dict[str, Any]
Values = tuple[Any, ...]
"""A row as its values, in an order that is said beside it."""


def insert_new(connection: Connection, table: Table, rows: Iterable[Row]) -> set[Key]:
    """Insert the rows whose primary key is not there yet; the others change nothing.

    Args:
        connection: a transaction that writes.
        table: where to.
        rows: all with the same columns; of several with the same key any may win.

    Returns:
        The primary keys of those that were new.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses a row, or is gone; nothing is inserted.
    """
    ordered = in_order(table, rows)
    if not ordered:
        return set()
    if is_postgresql(connection) and len(ordered) >= WORTH_COPYING:
        columns = _columns(table, ordered[0])
        staged = stage(connection, table.name, columns, [tuple(row.values()) for row in ordered])
        copied = dialect_insert(connection, table).from_select(list(ordered[0]), select(*staged.c))
        found = connection.execute(copied.on_conflict_do_nothing().returning(*table.primary_key.columns))
        return {tuple(row) for row in found}
    # RETURNING tells the new rows; an executemany's rowcount is not reliable with every driver.
    statement = (
        dialect_insert(connection, table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    )
    return {tuple(row) for row in connection.execute(statement, ordered)}


def insert_missing(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Values]
) -> set[int]:
    """Insert thousands of rows of which nearly all are new, as a worker does.

    Args:
        connection: a transaction that writes.
        table: where to.
        names: the columns, those of the primary key first.
        rows: in the order of their primary keys, each key once.

    Returns:
        Which of the rows (counted from 0) were there already; these changed nothing.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses a row, or is gone; nothing is inserted.
    """
    if not rows:
        return set()
    if not is_postgresql(connection) or len(rows) < WORTH_COPYING:
        new = insert_new(connection, table, (dict(zip(names, row, strict=True)) for row in rows))
        width = len(table.primary_key.columns)
        return {number for number, row in enumerate(rows) if row[:width] not in new}
    columns = [table.c[name] for name in names]
    staged = stage(connection, table.name, columns, rows)
    copied = dialect_insert(connection, table).from_select(list(names), select(*staged.c))
    inserted = connection.execute(
        copied.on_conflict_do_nothing(), execution_options={"preserve_rowcount": True}
    )
    if inserted.rowcount == len(rows):
        return set()
    # Rare: a worker died between commit and acknowledgement. What this transaction made bears its number.
    keys = table.primary_key.columns
    same = and_(*(key == staged.c[key.name] for key in keys))
    mine: ColumnElement[bool] = literal_column(f"{table.name}.xmin = CAST(pg_current_xact_id() AS xid)")
    made = {tuple(row) for row in connection.execute(select(*keys).join(staged, same).where(mine))}
    return {number for number, row in enumerate(rows) if row[: len(keys)] not in made}


def append(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Values]) -> None:
    """Insert rows to which the database gives their keys, so that none can be there already."""
    if not rows:
        return
    if is_postgresql(connection):
        _copy(connection, table.name, names, rows)
    else:
        connection.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in rows])


def upsert(
    connection: Connection, table: Table, rows: Iterable[Row], change: Callable[[Any], Change] | None = None
) -> None:
    """Insert each row, or change the one that has its primary key.

    Args:
        connection: a transaction that writes.
        table: where to.
        rows: all with the same columns.
        change: from the row that was to be inserted (`excluded`) to what the present one becomes;
            by default it becomes that row.
    """
    for ordered in _rounds(table, rows):
        if is_postgresql(connection) and len(ordered) >= WORTH_COPYING:
            pick = itemgetter(*ordered[0])
            staged = stage(
                connection, table.name, _columns(table, ordered[0]), [pick(row) for row in ordered]
            )
            statement = dialect_insert(connection, table).from_select(list(ordered[0]), select(*staged.c))
            connection.execute(_or_change(table, statement, list(ordered[0]), change))
        else:
            statement = dialect_insert(connection, table)
            connection.execute(_or_change(table, statement, list(ordered[0]), change), ordered)


def _or_change(
    table: Table, statement: Any, names: Sequence[str], change: Callable[[Any], Change] | None
) -> Any:
    keys = _keys(table)
    if change is None:
        changed = {name: statement.excluded[name] for name in names if name not in keys}
    else:
        changed = change(statement.excluded)
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _rounds(table: Table, rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in order; several with one key in rounds, for one statement changes a row once."""
    rest = in_order(table, rows)
    pick = itemgetter(*_keys(table))
    while rest:
        first: list[Row] = []
        again: list[Row] = []
        last: Any = None
        for row in rest:
            key = pick(row)
            (again if key == last else first).append(row)
            last = key
        yield first
        rest = again


def in_order(table: Table, rows: Iterable[Row]) -> list[Row]:
    """Rows by their primary key; as they come where the database gives them their key."""
    listed = list(rows)
    keys = [name for name in _keys(table) if listed and name in listed[0]]
    return sorted(listed, key=itemgetter(*keys)) if keys else listed


def among(connection: Connection, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """`column IN values`; one parameter on PostgreSQL, however many they are."""
    if is_postgresql(connection):
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(values)


def is_postgresql(connection: Connection) -> bool:
    """Whether this is PostgreSQL; SQLite otherwise."""
    return connection.dialect.name == "postgresql"


def dialect_insert(connection: Connection, table: Table) -> Any:  # Any: the two Inserts share no base
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if is_postgresql(connection) else sqlite.insert(table)


def _keys(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _columns(table: Table, row: Row) -> tuple[Column[Any], ...]:
    return tuple(table.c[name] for name in row)


def given(
    connection: Connection, name: str, columns: Sequence[Column[Any]], rows: Sequence[Values]
) -> FromClause:
    """Rows as something to join with: staged on PostgreSQL, in the statement on SQLite.

    Args:
        connection: a transaction that writes.
        name: tells apart what is given at the same time.
        columns: what the rows have, in their order; of no table.
        rows: at least one; on SQLite a few hundred at most, for it takes a few thousand parameters.
    """
    if is_postgresql(connection):
        staged = stage(connection, name, columns, rows)
        # Else the planner guesses how many they are, and reads all minutes there are for a few.
        connection.exec_driver_sql(f"ANALYZE {staged.name}")
        return staged
    return values(*columns, name=name).data(list(rows)).cte(name)


def stage(
    connection: Connection, name: str, columns: Sequence[Column[Any]], rows: Sequence[Values]
) -> TableClause:
    """PostgreSQL only: put rows into a temporary table by COPY; its content is gone with the transaction.

    Args:
        connection: a transaction that writes.
        name: tells apart what is staged at the same time.
        columns: what the rows have, in their order.
        rows: at least one.

    Returns:
        The temporary table, to select from.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses a value, or is gone.
    """
    target = f"staged_{name}"
    kinds = (f"{column.name} {column.type.compile(connection.dialect)}" for column in columns)
    staged_in: dict[str, object] = connection.info.setdefault("staged_in", {})
    transaction = connection.get_transaction()
    if staged_in.get(target) is transaction:  # else the end of the last transaction has emptied it
        connection.exec_driver_sql(f"TRUNCATE {target}")
    else:
        connection.exec_driver_sql(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {target} ({', '.join(kinds)}) ON COMMIT DELETE ROWS"
        )
    staged_in[target] = transaction
    _copy(connection, target, [column.name for column in columns], rows)
    return sa_table(target, *(sa_column(column.name, column.type) for column in columns))


def _copy(connection: Connection, target: str, names: Sequence[str], rows: Sequence[Values]) -> None:
    import psycopg

    driver: Any = connection.connection.driver_connection  # psycopg's own, which knows COPY
    command = f"COPY {target} ({', '.join(names)}) FROM STDIN"  # names of our own tables and columns
    try:
        with driver.cursor() as cursor, cursor.copy(command) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # The driver was spoken to directly: its errors become those that everything else here raises.
        raise DBAPIError.instance(f"COPY {target}", None, error, psycopg.Error) from error
