"""Five hundred wearers with sixty days each, and what a year of one weighs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from dashboard.ingest import Ingest
from dashboard.store import Store
from tests.dashboard.seed import BERLIN, history

from .device import today
from .rig import Rig

WEARERS = 500
DAYS = 60

_TABLES = ("minutes", "events", "quarters", "hours", "sessions", "episodes", "days", "runs")


def fill(url: str, wearers: int) -> int:
    """Give every wearer the same days, by SQL from the first one's; returns the number of minutes.

    The first one's go through the ingest and the roll-up, sums and all. The rows of all others stand
    as they would have come: minute by minute, and in each minute one of every wearer.
    """
    store = Store(url)
    ingest = Ingest(store)
    for batch in history("w1", today(), DAYS, BERLIN):
        ingest.keep((message.topic, message.payload) for message in batch)
    ingest.settle(wait=True)
    with store.engine.begin() as connection:
        everyone = f"generate_series(2, {wearers}) AS n"
        connection.execute(text(f"INSERT INTO wearers (wearer_id, name) SELECT n, '' FROM {everyone}"))
        connection.execute(
            text(
                "INSERT INTO devices (device_id, name, label, wearer_id, simulated)"
                f" SELECT n, 'w' || n, 'w' || n, n, true FROM {everyone}"
            )
        )
        connection.execute(text("SELECT setval('devices_device_id_seq', 100000)"))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda table: _fill_table(store, table, wearers), _TABLES))
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        counted: int = connection.execute(text("SELECT count(*) FROM minutes")).scalar_one()
    store.close()
    return counted


def _fill_table(store: Store, table: str, wearers: int) -> None:
    """One table's rows of all other wearers; its indexes are made again afterwards, which is quicker."""
    of_table = f"CAST('{table}' AS regclass)"
    with store.engine.begin() as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
        constraints = connection.execute(
            text(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                f" WHERE conrelid = {of_table} ORDER BY contype"
            )
        ).all()
        indexes = connection.execute(
            text(
                "SELECT CAST(indexrelid AS regclass),"
                " replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')"
                f" FROM pg_index WHERE indrelid = {of_table} AND NOT indisprimary"
            )
        ).all()
        for name, _ in constraints:
            connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        for name, _ in indexes:
            connection.execute(text(f"DROP INDEX {name}"))
        columns = connection.scalars(
            text(
                f"SELECT attname FROM pg_attribute WHERE attrelid = {of_table} AND attnum > 0 ORDER BY attnum"
            )
        ).all()
        chosen = ", ".join("n" if c in ("device_id", "wearer_id") else f"t.{c}" for c in columns)
        connection.execute(
            text(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} AS t,"
                f" LATERAL generate_series(2, {wearers} + 0 * t.device_id) AS n WHERE t.wearer_id = 1"
            )
        )
        for name, definition in reversed(constraints):
            connection.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"))
        for _, definition in indexes:
            connection.execute(text(definition))


def bytes_per_minute(rig: Rig, minutes: int) -> float:
    """What all tables of history and their indexes weigh, for each worn minute."""
    with rig.connect() as connection:
        size = connection.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND"
            " relnamespace IN ('public'::regnamespace, 'months'::regnamespace)"
        ).fetchone()
    return float(str(size[0])) / minutes if size else 0.0
