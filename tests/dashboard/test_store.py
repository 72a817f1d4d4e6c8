"""Opening the database: schema, permissions, durability, and a clear word where it cannot be."""

from __future__ import annotations

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, create_engine, func, select, text

from dashboard import migrations
from dashboard.ingest import Ingest
from dashboard.store import Store, sqlite_url
from dashboard.tables import (
    days,
    devices,
    episodes,
    events,
    hours,
    metadata,
    minutes,
    quarters,
    runs,
    sessions,
)
from firmware_py.errors import StoreError

from .test_ingest import a_session, told

# In the order in which rows may be put in.
OF_THE_FIRST_SCHEMA = (
    "meta",
    "rejections",
    "wearers",
    "devices",
    "runs",
    "sessions",
    "minutes",
    "events",
    "episodes",
)


def test_the_migrated_schema_is_the_one_that_the_code_uses(store: Store) -> None:
    with store.engine.connect() as connection:
        vouched_for = () if store.is_sqlite else ("minutes", "events")  # by their run, see tables.py

        def is_compared(thing: Any, _name: object, kind: str, *_rest: object) -> bool:
            return kind != "foreign_key_constraint" or thing.parent.name not in vouched_for

        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": is_compared}
        )
        assert compare_metadata(context, metadata) == []


def test_the_head_is_the_newest_step() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_current_head() == migrations.HEAD


def test_a_second_opening_changes_nothing(database_url: str) -> None:
    Store(database_url).close()
    again = Store(database_url)
    with again.engine.connect() as connection:
        assert migrations.current(connection) == migrations.HEAD
    again.close()


def test_a_database_of_a_newer_version_is_refused_with_what_to_do(database_url: str) -> None:
    first = Store(database_url)
    with first.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    first.close()
    with pytest.raises(StoreError, match=r"schema 9999.*update this one"):
        Store(database_url)


def test_a_store_of_the_first_schema_is_brought_up_with_all_that_it_holds(
    database_url: str, tmp_path: Path
) -> None:
    newest = Store(sqlite_url(tmp_path / "newest.db"))
    Ingest(newest).take(told(*a_session()))
    old = create_engine(database_url)
    migrations.migrate(old, "0001")
    with newest.engine.connect() as source, old.begin() as target:
        for name in OF_THE_FIRST_SCHEMA:
            then = Table(name, MetaData(), autoload_with=target)
            rows = source.execute(select(metadata.tables[name])).mappings().all()
            if rows:
                target.execute(then.insert(), [{c.name: row[c.name] for c in then.columns} for row in rows])
    old.dispose()
    again = Store(database_url)
    for table in (devices, runs, sessions, minutes, events, episodes, quarters, hours, days):
        query = select(table).order_by(*table.primary_key.columns)
        with again.engine.connect() as found, newest.engine.connect() as wanted:
            assert found.execute(query).all() == wanted.execute(query).all() != [], table.name
    Ingest(again).take(told(*a_session()))
    with again.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(minutes)) == 2
    again.close()
    newest.close()


def test_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for store in pool.map(Store, [database_url] * 4):
            store.close()
    one = Store(database_url)
    with one.engine.connect() as connection:
        assert connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [migrations.HEAD]
    one.close()


def test_a_database_made_without_a_locale_keeps_every_letter(postgresql: Callable[..., str]) -> None:
    store = Store(postgresql("SQL_ASCII"))  # as distributions make it where LANG is unset
    Ingest(store).take(told(*a_session()))
    with store.engine.connect() as connection:
        assert connection.scalar(text("SELECT CAST(:word AS text)"), {"word": "Rücken"}) == "Rücken"
        assert all(isinstance(name, str) for name in connection.scalars(select(devices.c.name)))
    store.close()


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "data" / "plumbline.db"
    store = Store(sqlite_url(path))
    for made in (path, path.with_name("plumbline.db-wal"), path.with_name("plumbline.db-shm")):
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    store.close()


def test_sqlite_syncs_every_commit_and_lets_readers_in(tmp_path: Path) -> None:
    store = Store(sqlite_url(tmp_path / "plumbline.db"))
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.close()


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("not a url", "no database URL"),
        ("mysql://localhost/x", "not mysql"),
        ("sqlite:////proc/nowhere/plumbline.db", "cannot be opened"),
        ("postgresql://127.0.0.1:1/x?connect_timeout=2", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_told_in_one_line(url: str, word: str) -> None:
    with pytest.raises(StoreError, match=word) as caught:
        Store(url)
    assert "password" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "plumbline.db"
    path.write_bytes(b"my diary, in plain text" * 100)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(sqlite_url(path))
    assert path.read_bytes().startswith(b"my diary")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://owner:a-secret@host:port/plumbline",
        "postgre sql://owner:a-secret@host/plumbline",
        "owner:a-secret@host",
    ],
)
def test_an_address_that_is_none_is_told_without_the_password_in_it(url: str) -> None:
    with pytest.raises(StoreError, match="is no database URL") as refused:
        Store(url)
    assert "a-secret" not in str(refused.value)
    assert refused.value.__suppress_context__, "the error behind it quotes the address"
    assert "@host" in str(refused.value)
