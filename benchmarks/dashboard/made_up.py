"""Stores to measure on: made-up days of one wearer, and copies of that wearer."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from dashboard.ingest import FIRST_WEARER, Ingest
from dashboard.schema import metadata
from dashboard.store import Store, sqlite_url
from tests.dashboard.seed import BERLIN, history


def seed(folder: Path, days: int) -> int:
    """Fill a store with made-up days up to now; returns the minutes in it."""
    fresh = not (folder / "plumbline.db").exists()
    store = Store(sqlite_url(folder / "plumbline.db"))
    ingest = Ingest(store)
    now = datetime.now(BERLIN)
    if fresh:
        for batch in history("desk", now.date(), days, BERLIN, until=now - timedelta(minutes=5)):
            ingest.take((message.topic, message.payload) for message in batch)
    with store.engine.connect() as connection:
        count: int = connection.exec_driver_sql("SELECT count(*) FROM minutes").scalar_one()
    store.close()
    return count


def crowd(folder: Path, wearers: int) -> int:
    """Put as many wearers into a store as are wanted, copies of the one there is; returns the minutes."""
    store = Store(sqlite_url(folder / "plumbline.db"))
    with store.engine.execution_options(writes=True).begin() as connection:
        (own,) = connection.exec_driver_sql("SELECT min(device_id) FROM devices").one()
        connection.exec_driver_sql("CREATE TEMPORARY TABLE others (k INTEGER)")
        connection.exec_driver_sql("INSERT INTO others VALUES (?)", [(k,) for k in range(1, wearers)])
        for table in metadata.sorted_tables:
            if not {"device_id", "wearer_id"} & set(table.c.keys()):
                continue
            # Each copy has its own device and wearer; a name that must be the only one gets a number behind.
            as_copied = {"device_id": f"{own} + k", "wearer_id": f"{FIRST_WEARER} + k"}
            if table.name in ("devices", "wearers"):
                as_copied["name"] = "name || '-' || k"
            copied = ", ".join(as_copied.get(column.name, column.name) for column in table.c)
            whose = f"device_id = {own}" if "device_id" in table.c else f"wearer_id = {FIRST_WEARER}"
            names = ", ".join(column.name for column in table.c)
            connection.exec_driver_sql(
                f"INSERT INTO {table.name} ({names}) SELECT {copied} FROM {table.name}, others WHERE {whose}"
            )
        count: int = connection.exec_driver_sql("SELECT count(*) FROM minutes").scalar_one()
    with store.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    store.close()
    return count
