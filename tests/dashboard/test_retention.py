"""What is older than it is to be kept goes, the sums made of it stay, and parts are made in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from dashboard.ingest import Ingest
from dashboard.partitions import make_parts, month_at, months_ahead, parts_of
from dashboard.retention import KEEP_EVERYTHING, Retention, let_go
from dashboard.rows import UNDATED, month_of
from dashboard.store import Store
from dashboard.tables import days, events, hours, minutes, quarters, sessions
from dashboard.upkeep import keep_up

from .seed import BERLIN, Sitter, day_messages
from .test_ingest import a_session, rows, told

OLD, YOUNG = date(2026, 1, 15), date(2026, 3, 20)
NOW = datetime(2026, 3, 21, tzinfo=UTC)
SUMS = (quarters, hours, days, sessions)


def filled(store: Store) -> Ingest:
    ingest = Ingest(store)
    for day in (OLD, YOUNG):
        ingest.take(told(*day_messages("back", day, BERLIN, Sitter(3))[:80]))
    return ingest


def months_of(store: Store, table: object) -> set[int]:
    return {row["month"] for row in rows(store, table)}


def test_minutes_go_by_their_age_and_their_sums_stay(store: Store) -> None:
    if not store.is_sqlite:
        with store.engine.begin() as connection:
            make_parts(connection, [202601, 202603])
    filled(store)
    sums = [rows(store, table) for table in SUMS]
    assert let_go(store, Retention(minutes_days=30), NOW) > 0
    assert months_of(store, minutes) == {202603}
    assert months_of(store, events) == {202601, 202603}
    assert [rows(store, table) for table in SUMS] == sums


def test_a_minute_that_comes_after_its_time_spoils_no_sum(store: Store) -> None:
    ingest = filled(store)
    sums = [rows(store, table) for table in SUMS]
    let_go(store, Retention(minutes_days=30), NOW)
    ingest.take(told(*day_messages("back", OLD, BERLIN, Sitter(3))[:80]))
    assert [rows(store, table) for table in SUMS] == sums


def test_without_a_wish_everything_is_kept(store: Store) -> None:
    filled(store)
    assert let_go(store, KEEP_EVERYTHING, NOW + timedelta(days=3000)) == 0


def test_upkeep_is_done_once_by_whoever_comes(store: Store) -> None:
    assert keep_up(store, KEEP_EVERYTHING)


@pytest.mark.parametrize(
    ("run", "month"),
    [("20260301T081500Z-3f9a", 202603), ("20261315", UNDATED), ("r1", UNDATED), ("19700101T0", UNDATED)],
)
def test_the_month_of_a_run_is_in_its_name(run: str, month: int) -> None:
    assert month_of(run) == month


def test_months_go_on_into_the_next_year() -> None:
    assert months_ahead(datetime(2026, 11, 30, tzinfo=UTC)) == [202611, 202612, 202701]
    assert month_at(datetime(2026, 1, 1, tzinfo=UTC), 12) == 202701


def test_a_new_part_takes_over_what_the_rest_held_of_its_month(postgresql: Callable[[], str]) -> None:
    store = Store(postgresql())
    ingest = filled(store)
    ingest.take(told(*a_session()))
    before = rows(store, minutes)
    with store.engine.begin() as connection:
        made = make_parts(connection, [202603])
        assert {"months.minutes_202603", "months.events_202603"} == set(made)
        assert make_parts(connection, [202603]) == []
        assert "202603" in parts_of(connection, "minutes")
        counted = connection.exec_driver_sql("SELECT count(*) FROM months.minutes_202603").scalar_one()
        rest = connection.exec_driver_sql("SELECT count(*) FROM months.minutes_rest").scalar_one()
    assert counted > 0
    assert counted + rest == len(before)
    assert rows(store, minutes) == before
    ingest.take(told(*day_messages("back", YOUNG, BERLIN, Sitter(3))[:80]))
    with store.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(minutes)) == len(before)
    store.close()
