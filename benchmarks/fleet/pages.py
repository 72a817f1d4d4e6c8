"""Five hundred wearers with sixty days each: how long today, month and year take, and what a year weighs."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import httpx
from sqlalchemy import text

from dashboard import door
from dashboard.app import Server, build
from dashboard.ingest import Ingest
from dashboard.settings import Settings
from dashboard.store import Store
from dashboard.visitor import Role, Visitor
from tests.dashboard.seed import BERLIN, history

from .rig import Rig

WEARERS = 500
DAYS = 60
OPENINGS = 60

_TABLES = ("sessions", "minutes", "events", "episodes", "quarters", "hours", "days", "runs")


@dataclass(frozen=True, slots=True)
class Opening:
    """How long one page took, milliseconds."""

    name: str
    p50_ms: float
    p95_ms: float


def fill(url: str, wearers: int) -> int:
    """Give every wearer the same days, by SQL from the first one's; returns the number of minutes."""
    store = Store(url)
    ingest = Ingest(store)
    for batch in history("w1", date.today(), DAYS, BERLIN):  # noqa: DTZ011 - whose today makes no difference
        ingest.take((message.topic, message.payload) for message in batch)
    with store.engine.begin() as connection:
        everyone = f"generate_series(2, {wearers}) AS n"
        connection.execute(text(f"INSERT INTO wearers (wearer_id, name) SELECT n, '' FROM {everyone}"))
        connection.execute(
            text(
                "INSERT INTO devices (device_id, name, label, wearer_id, simulated)"
                f" SELECT n, 'w' || n, 'w' || n, n, true FROM {everyone}"
            )
        )
        for table in ("runs", *(table for table in _TABLES if table != "runs")):
            columns = connection.scalars(
                text(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                    f" AND table_name = '{table}' ORDER BY ordinal_position"
                )
            ).all()
            chosen = ", ".join("n" if c in ("device_id", "wearer_id") else c for c in columns)
            connection.execute(
                text(
                    f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table}, {everyone}"
                    f" WHERE {table}.wearer_id = 1"
                )
            )
        connection.execute(text("SELECT setval('devices_device_id_seq', 100000)"))
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        counted: int = connection.execute(text("SELECT count(*) FROM minutes")).scalar_one()
    store.close()
    return counted


def bytes_per_minute(rig: Rig, minutes: int) -> float:
    """What all tables of history and their indexes weigh, for each worn minute."""
    with rig.connect() as connection:
        size = connection.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND"
            " relnamespace IN ('public'::regnamespace, 'months'::regnamespace)"
        ).fetchone()
    return float(str(size[0])) / minutes if size else 0.0


def open_pages(rig: Rig, folder: Path, wearers: int) -> list[Opening]:
    """Open pages of wearers drawn at random, one after another, over HTTP."""
    settings = Settings(
        folder, port=0, database=rig.url, broker=None, timezone="Europe/Berlin", language="en"
    )
    server = Server(build(settings))
    server.start()
    today = date.today()  # noqa: DTZ011 - as above
    paths = {
        "today": "/",
        "a day": f"/history/day/{today - timedelta(days=8)}",
        "a month": f"/history/month/{today - timedelta(days=20)}",
        "a year": f"/history/year/{today}",
    }
    rng = random.Random(3)
    openings = []
    with httpx.Client(base_url=server.address) as client:
        for name, path in paths.items():
            took_ms = []
            for number in range(OPENINGS + 5):
                wearer = rng.randint(1, wearers)
                # Whoever comes without accounts is the one wearer at home: here one drawn anew each time.
                door.HOME = Visitor(Role.WEARER, wearer, may_write=True, own_wearer=wearer)
                began_s = time.perf_counter()
                client.get(path, follow_redirects=True).raise_for_status()
                if number >= 5:  # the first ones meet a cold process
                    took_ms.append(1000 * (time.perf_counter() - began_s))
            took_ms.sort()
            openings.append(Opening(name, took_ms[len(took_ms) // 2], took_ms[int(0.95 * len(took_ms))]))
    server.stop()
    return openings
