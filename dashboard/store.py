"""Opens the database: SQLite by default, PostgreSQL by its URL, the same tables and code for both.

A SQLite file is made readable by its owner alone, runs in WAL mode so that pages read while
messages are written, and syncs each commit to disk: a message is acknowledged to the broker after
its commit, so a commit must survive a power cut.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from firmware_py.errors import StoreError

from .bulk import insert_new
from .migrations import migrate
from .row_security import DOOR, PROGRAMME, WEB, begun_in_role

THREADS = 4
"""How many requests are answered at once. Each thread has a connection and memory of its own, and a
Raspberry Pi Zero has four cores and 512 MB."""

BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for another process's transaction on the same SQLite file."""


class Store:
    """An opened, migrated database.

    Raises:
        StoreError: it cannot be opened, or a newer Plumbline wrote it.
    """

    def __init__(self, url: str) -> None:
        self.url = _checked_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        # Connections of pages: the first statement of a transaction finds out whether one still stands.
        self._web = None if self.is_sqlite else _postgresql_engine(self.url, pings=False)
        try:
            migrate(self.engine)
        except DBAPIError as error:
            self.close()
            raise StoreError(
                f"the database {self.url.render_as_string(hide_password=True)} cannot be opened: "
                f"{str(error.orig).strip()}; is the path writable, is the server running?"
            ) from error
        except StoreError:
            self.close()
            raise

    @contextmanager
    def reading(self, wearer_id: int) -> Iterator[Connection]:
        """A transaction that reads for one wearer."""
        with self._transaction(WEB, str(wearer_id)) as connection:
            yield connection

    @contextmanager
    def writing(self, wearer_id: int) -> Iterator[Connection]:
        """A transaction that writes for one wearer; committed at the end, or undone by an exception."""
        with self._transaction(WEB, str(wearer_id), writes=True) as connection:
            yield connection

    @contextmanager
    def at_the_door(self, *, writes: bool = False) -> Iterator[Connection]:
        """A transaction that sees accounts, sign-ins, tokens and permits, and nobody's history."""
        with self._transaction(DOOR, writes=writes) as connection:
            yield connection

    @contextmanager
    def across_wearers(self) -> Iterator[Connection]:
        """A transaction that reads the sums by day of every wearer, and who takes part in a programme."""
        with self._transaction(PROGRAMME) as connection:
            yield connection

    @contextmanager
    def _transaction(self, role: str, wearer: str = "", *, writes: bool = False) -> Iterator[Connection]:
        if self._web is None:
            with self.engine.execution_options(writes=writes).begin() as connection:
                yield connection
            return
        with begun_in_role(self._web, role, wearer) as connection:
            yield connection
            if writes:
                connection.commit()

    def insert_new(
        self, table: Table, rows: Sequence[dict[str, Any]], connection: Connection
    ) -> set[tuple[Any, ...]]:
        """Insert the rows whose primary key is not there yet; the others change nothing.

        Returns:
            The primary keys of those that were new.
        """
        return insert_new(connection, table, rows)

    def upsert(self, table: Table, row: dict[str, Any], change: dict[str, Any]) -> Executable:
        """A statement that inserts `row`, or applies `change` to the row that has its primary key."""
        keys = [column.name for column in table.primary_key.columns]
        insert = sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)
        statement: Executable = insert.values(row).on_conflict_do_update(index_elements=keys, set_=change)
        return statement

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()
        if self._web is not None:
            self._web.dispose()


def _checked_url(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        before, at, after = url.rpartition("@")
        # What stands before the last @ may be a password.
        shown = f"{before.partition(':')[0]}:…@{after}" if at else url
        raise StoreError(
            f"{shown!r} is no database URL; sqlite:///path or postgresql://user@host/name"
        ) from None  # nor with an error that quotes it
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreError(f"the store speaks SQLite and PostgreSQL, not {backend}")
    return parsed


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Let readers in while somebody writes (WAL).

    A file that another process is just switching answers "locked" at once, whatever the busy timeout says.
    """
    end_s = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= end_s:
                raise
            time.sleep(0.01)
        else:
            return


def _sqlite_engine(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        path = Path(url.database)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Made here, because SQLite would make it with the process's umask; its -wal and -shm
            # files take their mode from it.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)
        except OSError as error:
            raise StoreError(
                f"the database {path} cannot be opened: {error.strerror}; choose a folder you may write"
            ) from error
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=THREADS, max_overflow=2)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:  # Any: the driver's own connection
        # The driver's own transaction control begins too late to keep a read and a write together.
        connection.isolation_level = None
        cursor = connection.cursor()
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -2000")  # kB, of each connection
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that will write takes the lock at once, so that it never has to be given up half-way.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: URL, *, pings: bool = True) -> Engine:
    try:
        # In a cluster made without a locale (SQL_ASCII) the driver would hand out bytes in place of text.
        coding = {"client_encoding": "utf8"}
        engine = create_engine(
            url, connect_args=coding, pool_pre_ping=pings, pool_size=THREADS, max_overflow=2
        )
    except ModuleNotFoundError as error:
        raise StoreError("PostgreSQL needs its driver: pip install 'plumbline[postgresql]'") from error

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:  # Any: the driver's own connection
        # To compile a statement takes a core half a second; what ours read is read sooner.
        connection.execute("SET jit = off")
        connection.commit()

    return engine
