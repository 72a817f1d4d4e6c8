"""The JSON API: the same numbers as JSON and CSV, on SQLite and PostgreSQL, described by OpenAPI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from dashboard.app import Dashboard, Server, build
from dashboard.settings import Settings

from .seed import BERLIN, history
from .test_ingest import told

LAST = date(2026, 6, 19)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two days, made once for this file."""
    server = Server(
        dashboard := build(
            Settings(tmp_path_factory.mktemp("filled"), port=0, broker=None, timezone="Europe/Berlin")
        )
    )
    fill(dashboard)
    server.start()
    yield server
    server.stop()


def fill(dashboard: Dashboard) -> None:
    for batch in history("desk", LAST, 2, BERLIN):
        dashboard.ingest.take(told(*batch))


def test_every_page_and_answer_is_the_same_on_either_database(
    filled: Server, postgresql: Callable[[], str], tmp_path: Path
) -> None:
    settings = Settings(tmp_path, port=0, broker=None, timezone="Europe/Berlin", database=postgresql())
    server = Server(dashboard := build(settings))
    fill(dashboard)
    server.start()
    session = httpx.get(f"{filled.address}api/v1/sessions.json?from={LAST}&to={LAST}").json()["records"][0]
    for path in (
        *(f"history/{span}/{LAST}" for span in ("day", "week", "month", "year")),
        f"session/desk/{session['session']}",
        "about",
        f"api/v1/days.csv?from={LAST}&to={LAST}",
        f"api/v1/minutes.csv?from={LAST}&to={LAST}",
        f"api/v1/slouches.csv?from={LAST}&to={LAST}",
        "api/v1/archive.jsonl",
    ):
        here, there = httpx.get(filled.address + path), httpx.get(server.address + path)
        assert (here.status_code, there.status_code) == (200, 200), path
        assert here.text == there.text, path
    for path in ("", "devices", "data", "metrics"):
        assert httpx.get(server.address + path).status_code == 200, path
    server.stop()


TABLES = ("days", "sessions", "slouches", "minutes")


@pytest.mark.parametrize("table", TABLES)
def test_csv_and_json_hold_the_same_records(filled: Server, table: str) -> None:
    days = f"?from={LAST}&to={LAST}"
    listed = httpx.get(f"{filled.address}api/v1/{table}.json{days}").json()["records"]
    lines = httpx.get(f"{filled.address}api/v1/{table}.csv{days}").text.splitlines()
    assert lines[0].split(",") == list(listed[0])
    assert len(lines) - 1 == len(listed) > 0
    assert lines[1].split(",") == ["" if v is None else str(v) for v in listed[0].values()]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_taken_along_is_a_file_and_not_a_page_without_a_way_back(filled: Server, form: str) -> None:
    asked = f"{filled.address}data/export?table=days&format={form}&from=2026-03-02&to=2026-03-03"
    answer = httpx.get(asked, follow_redirects=True)
    named = f'attachment; filename="plumbline-days-2026-03-02-2026-03-03.{form}"'
    assert answer.headers["content-disposition"] == named


def test_days_sessions_and_minutes_tell_the_same_sums(filled: Server) -> None:
    sums = []
    for table in ("days", "sessions", "minutes"):
        answer = httpx.get(f"{filled.address}api/v1/{table}.json?from={LAST}&to={LAST}").json()
        sums.append(round(sum(record["upright_s"] for record in answer["records"]), 1))
    assert sums[0] == sums[1] == sums[2] > 0


@pytest.mark.parametrize("query", ["?from=yesterday", "?from=2026-06-02&to=2026-06-01", "?to=2026-02-30"])
def test_a_range_that_makes_no_sense_is_refused(filled: Server, query: str) -> None:
    assert httpx.get(f"{filled.address}api/v1/days.csv{query}").status_code == 400


def test_every_described_address_answers(filled: Server) -> None:
    described = httpx.get(f"{filled.address}api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.")
    for path, methods in described["paths"].items():
        if "{entry_id}" in path:
            assert set(methods) == {"put", "delete"}  # answered in tests/dashboard/diary
            continue
        assert set(methods) == {"get"}
        assert httpx.get(filled.address[:-1] + path).status_code == 200, path


def test_the_metrics_are_what_prometheus_reads(filled: Server) -> None:
    text = httpx.get(f"{filled.address}metrics").text
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(len(line.split()) == 2 and float(line.split()[1]) >= 0 for line in samples)
    assert "plumbline_viewers 0" in samples
