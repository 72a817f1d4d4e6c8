"""What the database itself refuses: rows of another wearer, whatever a page asks, by any table there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Table, create_engine, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from dashboard.ingest import FIRST_WEARER, Ingest
from dashboard.row_security import BACKSTAGE, DOOR_TABLES, WEB
from dashboard.schema import metadata
from dashboard.store import Store
from dashboard.tables import UNCLAIMED, devices, minutes, runs, wearers
from firmware_py.errors import StoreError

from .test_ingest import T0_S, a_session, told

OTHER = 2
TABLES = [table for table in metadata.sorted_tables if table.name not in BACKSTAGE]
OF_WEARERS = [table for table in TABLES if "wearer_id" in table.c and table.name not in DOOR_TABLES]


@pytest.fixture(scope="module")
def guarded(postgresql: Callable[[], str]) -> Iterator[Store]:
    """Two wearers, with at least one row of each in every table that has wearers."""
    store = Store(postgresql())
    Ingest(store).take(told(*a_session()))
    with store.engine.begin() as connection:
        connection.execute(insert(wearers).values(wearer_id=OTHER, name="the other"))
        connection.execute(text("SET session_replication_role = replica"))  # rows of no real parents will do
        for table in OF_WEARERS:
            for wearer_id in (FIRST_WEARER, OTHER):
                if not _count(connection, table, wearer_id):
                    connection.execute(insert(table).values(made_up(table, wearer_id)))
    yield store
    store.close()


def made_up(table: Table, wearer_id: int) -> dict[str, Any]:
    """A row with something in every column that needs it."""
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.name == "wearer_id":
            row[column.name] = wearer_id
        elif not column.nullable:
            kind = column.type.python_type
            row[column.name] = f"{wearer_id}" if kind is str else kind(1000 + wearer_id)
    return row


def _count(connection: Connection, table: Table, wearer_id: int | None = None) -> int:
    query = select(func.count()).select_from(table)
    if wearer_id is not None:
        query = query.where(table.c.wearer_id == wearer_id)
    return connection.scalar(query) or 0


def test_every_table_is_a_wearers_or_the_doors_or_nobodys() -> None:
    nobodys = [table.name for table in TABLES if table not in OF_WEARERS and table.name not in DOOR_TABLES]
    assert nobodys == [], "give it a wearer_id, or say in row_security.py whose it is"


@pytest.mark.parametrize("table", OF_WEARERS, ids=lambda table: table.name)
def test_a_page_sees_its_wearers_rows_and_no_other(guarded: Store, table: Table) -> None:
    with guarded.reading(OTHER) as connection:
        mine, all_of_them = _count(connection, table, OTHER), _count(connection, table)
        assert mine == all_of_them >= 1
        assert _count(connection, table, FIRST_WEARER) == 0


@pytest.mark.parametrize("table", OF_WEARERS, ids=lambda table: table.name)
def test_a_page_changes_and_deletes_no_row_of_another_wearer(guarded: Store, table: Table) -> None:
    theirs = table.c.wearer_id == FIRST_WEARER
    with guarded.writing(OTHER) as connection:
        assert connection.execute(table.update().where(theirs).values(wearer_id=FIRST_WEARER)).rowcount == 0
        assert connection.execute(table.delete().where(theirs)).rowcount == 0
    with guarded.engine.connect() as connection:
        assert _count(connection, table, FIRST_WEARER) >= 1


@pytest.mark.parametrize("table", OF_WEARERS, ids=lambda table: table.name)
def test_a_page_puts_no_row_into_another_wearers_history(guarded: Store, table: Table) -> None:
    with pytest.raises(DBAPIError, match="row-level security"), guarded.writing(OTHER) as connection:
        connection.execute(insert(table).values(made_up(table, FIRST_WEARER)))


@pytest.mark.parametrize("table", [t for t in metadata.sorted_tables if t.name in (*BACKSTAGE, *DOOR_TABLES)],
                         ids=lambda table: table.name)  # fmt: skip
def test_a_page_reaches_no_table_that_is_not_its_wearers(guarded: Store, table: Table) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), guarded.reading(OTHER) as connection:
        _count(connection, table)


@pytest.mark.parametrize("table", OF_WEARERS, ids=lambda table: table.name)
def test_without_a_wearer_there_are_no_rows_at_all(guarded: Store, table: Table) -> None:
    with guarded.engine.begin() as connection:
        connection.execute(text(f"SET LOCAL ROLE {WEB}"))
        assert _count(connection, table) == 0


@pytest.mark.parametrize("table", [table for table in OF_WEARERS if table.name not in ("devices", "wearers")],
                         ids=lambda table: table.name)  # fmt: skip
def test_the_door_sees_no_history(guarded: Store, table: Table) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), guarded.at_the_door() as connection:
        _count(connection, table)


def test_a_connection_that_was_one_wearers_is_nobodys_when_it_is_taken_again(guarded: Store) -> None:
    for _ in range(8):
        with guarded.reading(OTHER) as connection:
            _count(connection, minutes)
    with guarded.engine.begin() as connection:
        connection.execute(text(f"SET LOCAL ROLE {WEB}"))
        assert _count(connection, minutes) == 0


def test_the_parts_of_a_table_are_out_of_a_pages_reach(guarded: Store) -> None:
    with guarded.engine.connect() as connection:
        parts = connection.scalars(
            text("SELECT relname FROM pg_class WHERE relnamespace = 'months'::regnamespace AND relkind = 'r'")
        ).all()
    assert {"minutes_rest", "events_rest"} < set(parts)
    for part in parts:
        with pytest.raises(DBAPIError, match="permission denied"), guarded.reading(OTHER) as connection:
            connection.execute(text(f"SELECT * FROM months.{part}"))


@pytest.fixture(scope="module")
def web_login(guarded: Store) -> Iterator[Store]:
    """The same database as a web process opens it: with a login that owns nothing."""
    with guarded.engine.begin() as connection:
        connection.execute(
            text(
                "DO $$ BEGIN CREATE ROLE a_web_process LOGIN;"
                " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            )
        )
        connection.execute(text("GRANT plumbline_web, plumbline_door, plumbline_programme TO a_web_process"))
    url = guarded.url.set(username="a_web_process").render_as_string(hide_password=False)
    store = Store(url)
    yield store
    store.close()


def test_a_web_process_opens_a_store_that_it_does_not_own(web_login: Store) -> None:
    with web_login.reading(OTHER) as connection:
        assert _count(connection, minutes) == 1
    with web_login.at_the_door() as connection:
        assert _count(connection, wearers) == 2


@pytest.mark.parametrize(
    "attempt",
    [
        "ALTER TABLE minutes DISABLE ROW LEVEL SECURITY",
        "DROP POLICY own_rows ON minutes",
        "CREATE POLICY all_rows ON minutes USING (true)",
        "DROP TABLE minutes",
        "SET ROLE postgres",
        "SELECT * FROM meta",
        "UPDATE alembic_version SET version_num = '0001'",
    ],
)
def test_a_web_process_takes_no_guard_away(web_login: Store, attempt: str) -> None:
    with (
        pytest.raises(DBAPIError, match=r"must be owner|permission denied"),
        web_login.writing(OTHER) as connection,
    ):
        connection.execute(text(attempt))


def test_a_web_process_brings_no_old_store_up_but_says_who_can(postgresql: Callable[[], str]) -> None:
    url = postgresql()
    as_owner = create_engine(url)
    with as_owner.begin() as connection:
        connection.execute(
            text("DO $$ BEGIN CREATE ROLE a_guest LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        )
    as_owner.dispose()
    with pytest.raises(StoreError, match="plumbline migrate"):
        Store(url.replace("postgres@", "a_guest@"))


def test_history_stays_with_whoever_had_the_device(postgresql: Callable[[], str]) -> None:
    store = Store(postgresql())
    ingest = Ingest(store)
    story = told(*a_session())
    ingest.take(story[:5])
    released_utc_ms = round(T0_S * 1000) + 65_000  # after the first minute
    with store.engine.begin() as connection:
        connection.execute(insert(wearers).values(wearer_id=OTHER, name="the next"))
        connection.execute(devices.update().values(released_utc_ms=released_utc_ms))
        connection.execute(
            insert(devices).values(name="back", label="back", wearer_id=OTHER, simulated=False)
        )
    ingest.take(story)
    with store.reading(FIRST_WEARER) as connection:
        assert _count(connection, runs) == 1
        assert connection.scalars(select(minutes.c.end_s)).all() == []
    with store.reading(OTHER) as connection:
        # What began before and ended after the hand-over was measured on the next wearer, or on both.
        assert connection.scalars(select(minutes.c.end_s).order_by(minutes.c.end_s)).all() == [65.0, 125.0]
        assert connection.scalars(select(minutes.c.start_utc_ms)).all()[0] is not None
    store.close()


def test_devices_that_nobody_has_claimed_are_nobodys(postgresql: Callable[[], str]) -> None:
    store = Store(postgresql())
    Ingest(store, UNCLAIMED).take(told(*a_session()))
    with store.reading(FIRST_WEARER) as connection:
        assert [_count(connection, table) for table in (devices, runs, minutes)] == [0, 0, 0]
    with store.engine.connect() as connection:
        assert connection.scalars(select(minutes.c.wearer_id)).all() == [UNCLAIMED, UNCLAIMED]
        assert connection.scalars(select(devices.c.seen_utc_ms)).one() <= datetime.now(UTC).timestamp() * 1000
    store.close()
