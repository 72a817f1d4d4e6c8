"""Every question about one wearer is answered by an index: EXPLAIN says so of each, on both engines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Table,
    Text,
    cast,
    event,
    func,
    insert,
    select,
    text,
    true,
)

from dashboard import queries
from dashboard.bulk import given
from dashboard.days import Stretch
from dashboard.diary import entries
from dashboard.exercises import doses
from dashboard.exercises.times import times_of
from dashboard.ingest import FIRST_WEARER, Ingest
from dashboard.records import TABLES, records
from dashboard.rollup import QUARTER_MS, parts_of
from dashboard.store import Store
from dashboard.tables import (
    days,
    devices,
    episodes,
    events,
    hours,
    minutes,
    quarters,
    runs,
    sessions,
    wearers,
)

from .seed import BERLIN, history
from .test_ingest import told

OTHERS = 40
HISTORY = (
    "minutes", "events", "episodes", "sessions", "quarters", "hours", "days",
    "symptoms", "exercise_sets", "exercise_times",
)  # fmt: skip
WHOLE = Stretch(0, 4_000_000_000_000)
DAY = Stretch(
    round(datetime(2026, 3, 20, tzinfo=BERLIN).timestamp() * 1000),
    round(datetime(2026, 3, 21, tzinfo=BERLIN).timestamp() * 1000),
)

QUESTIONS: dict[str, Callable[[Connection], object]] = {
    "devices": lambda c: queries.devices_of(c, FIRST_WEARER),
    "latest events": lambda c: queries.latest_events(c, 1, ["slouch_started", "worn_changed"]),
    "a day in bins": lambda c: queries.bins_between(c, FIRST_WEARER, DAY, 300_000),
    "quarters": lambda c: queries.quarters_between(c, FIRST_WEARER, DAY),
    "hours": lambda c: queries.quarters_between(c, FIRST_WEARER, WHOLE, whole_hours=True),
    "tallies of a day": lambda c: queries.tallies_between(c, FIRST_WEARER, DAY),
    "tallies of all": lambda c: queries.tallies_between(c, FIRST_WEARER, WHOLE),
    "extent": lambda c: queries.extent(c, FIRST_WEARER),
    "notes": lambda c: queries.notes_between(c, FIRST_WEARER, "2026-01-01", "2026-12-31"),
    "sessions": lambda c: queries.sessions_between(c, FIRST_WEARER, DAY),
    "sessions of a day and before": lambda c: queries.sessions_of(c, FIRST_WEARER, DAY, 5),
    "figures around notes": lambda c: queries.figures_of(c, FIRST_WEARER, [DAY, DAY]),
    "one session": lambda c: queries.one_session(c, FIRST_WEARER, "back", "20260320-1"),
    "minutes of a session": lambda c: queries.minutes_of(c, 1, "20260320-1"),
    "slouches with reminders": lambda c: queries.reminded_between(c, FIRST_WEARER, DAY),
    "episodes": lambda c: queries.episodes_between(c, FIRST_WEARER, DAY),
    "episodes of a session": lambda c: queries.episodes_of(c, 1, "20260320-1"),
    "missing": lambda c: queries.missing_of(c, 1, "20260320-1", 100),
    "sets of exercises": lambda c: doses.sets_between(c, FIRST_WEARER, DAY),
    "first and last exercise": lambda c: doses.extent(c, FIRST_WEARER),
    "times of exercises": lambda c: times_of(c, FIRST_WEARER),
    "the diary": lambda c: entries.entries_between(c, FIRST_WEARER, date(2026, 3, 1), date(2026, 4, 1)),
    "the diary's latest": lambda c: entries.latest_entries(c, FIRST_WEARER, date(2026, 4, 1), 5),
    "first and last entry": lambda c: entries.extent(c, FIRST_WEARER),
    "simulated": lambda c: queries.simulated_between(c, FIRST_WEARER, WHOLE),
    **{
        f"records of {name}": lambda c, name=name: list(  # type: ignore[misc] # a default holds the name
            records(c, name, FIRST_WEARER, date(2026, 3, 20), date(2026, 3, 20), BERLIN)
        )
        for name in TABLES
    },
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Many wearers with some days each, so that one of them is few of the rows."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('plans') / 'plumbline.db'}"
    else:
        url = request.getfixturevalue("postgresql")()
    store = Store(url)
    for batch in history("back", date(2026, 3, 20), 3, BERLIN):
        Ingest(store).take(told(*batch))
    with store.engine.execution_options(writes=True).begin() as connection:
        for table in (wearers, devices, runs, sessions, minutes, events, episodes, quarters, hours, days):
            _give_to_others(connection, table)
        connection.execute(text("ANALYZE"))
    yield store
    store.close()


def _give_to_others(connection: Connection, table: Table) -> None:
    others = select(func.row_number().over().label("n")).select_from(quarters).limit(OTHERS).subquery()
    another = {"wearer_id": others.c.n + 1, "device_id": others.c.n + 1}
    if table is devices:
        another["name"] = cast(others.c.n, Text)
    copied = select(*(another.get(column.name, column).label(column.name) for column in table.columns))
    everyone = copied.select_from(table.join(others, true()))
    connection.execute(insert(table).from_select([column.name for column in table.columns], everyone))


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_about_one_wearer_reads_no_table_from_end_to_end(filled: Store, name: str) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    with filled.engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", note)
        QUESTIONS[name](connection)
        event.remove(connection, "before_cursor_execute", note)
        assert asked
        for statement, parameters in asked:
            plan = _plan(filled, connection, statement, parameters)
            assert not _read_whole(connection, plan), f"{statement}\n{plan}"


def _plan(store: Store, connection: Connection, statement: str, parameters: Any) -> Any:
    if store.is_sqlite:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    # What the planner would rather not do: with this little in the tables reading all of it is cheapest.
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()


def _read_whole(connection: Connection, plan: Any) -> list[Any]:
    """The steps of a plan that begin nowhere in particular in a table of history."""
    if connection.dialect.name == "sqlite":
        return [line for line in plan if re.match(rf"SCAN ({'|'.join(HISTORY)})\b", line)]
    # How an empty part is read makes no difference.
    full = connection.scalars(text("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > 0"))
    names = {name for name in full if name.startswith(HISTORY)}
    return [
        step
        for step in _steps(plan[0]["Plan"])
        if step.get("Relation Name") in names
        and "Index Cond" not in step
        and step["Node Type"] != "Bitmap Heap Scan"  # its index scan below has the condition
    ]


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _steps(part)


def test_sums_are_made_stretch_by_stretch_however_many_there_are(postgresql: Callable[[], str]) -> None:
    store = Store(postgresql())
    for batch in history("back", date(2026, 3, 20), 3, BERLIN):
        Ingest(store).take(told(*batch))
    with store.engine.begin() as connection:
        connection.execute(text("ANALYZE"))
        rows = connection.execute(select(quarters.c.device_id, quarters.c.wearer_id, quarters.c.start_utc_ms))
        columns = (
            Column("device_id", Integer),
            Column("wearer_id", Integer),
            Column("start_utc_ms", BigInteger),
        )
        wanted = given(connection, "wanted", columns, [tuple(row) for row in rows])
        asked = parts_of(connection, wanted, minutes, QUARTER_MS).compile(connection)
        plan = _plan(store, connection, str(asked), asked.params)
        steps = list(_steps(plan[0]["Plan"]))
    store.close()
    assert steps[0]["Node Type"] == "Nested Loop"
    assert not [step for step in steps if step["Node Type"] in ("Hash Join", "Merge Join")]
    assert any("device_id = " in step.get("Index Cond", "") for step in steps)
