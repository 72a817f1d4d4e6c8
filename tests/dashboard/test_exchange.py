"""Tables out and in again: CSV, JSON and Parquet of a range of days come back as they went."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet
import pytest
from sqlalchemy import select

from dashboard import parquet
from dashboard.app import Dashboard, Server, build
from dashboard.settings import Settings
from dashboard.tables import episodes, minutes, quarters, runs

from .conftest import wait_until
from .seed import BERLIN, history
from .test_ingest import rows, told

LAST = date(2026, 6, 19)
RANGE = f"?from={LAST}&to={LAST}"
FORMS = ("csv", "json", "parquet")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two days, made once for this file."""
    dashboard = build(
        Settings(tmp_path_factory.mktemp("filled"), port=0, broker=None, timezone="Europe/Berlin")
    )
    for batch in history("desk", LAST, 2, BERLIN):
        dashboard.ingest.take(told(*batch))
    server = Server(dashboard)
    server.start()
    yield server
    server.stop()


def table(server: Server, name: str, form: str, days: str = RANGE) -> bytes:
    return httpx.get(f"{server.address}api/v1/{name}.{form}{days}").raise_for_status().content


def taken_in(server: Server, content: bytes) -> str:
    answer = httpx.post(f"{server.address}data/restore", content=content)
    return answer.headers["location"]


@pytest.mark.parametrize("form", FORMS)
def test_the_messages_of_a_range_come_back_exactly_and_only_those(
    form: str, filled: Server, opened: Dashboard, served: Server
) -> None:
    content = table(filled, "messages", form)
    assert "told=restored" in (first := taken_in(served, content))
    assert "new=0" not in first
    assert "bad=0" in first
    for name in ("days", "sessions", "slouches", "minutes"):
        there = table(filled, name, "csv")
        assert table(served, name, "csv") == there
        assert table(served, name, "csv", "?from=2026-01-01&to=2026-12-31") == there
    assert "new=0" in taken_in(served, content)  # twice is once
    for one in (minutes, episodes, quarters, runs):
        assert rows(opened.store, one)


@pytest.mark.parametrize("name", ["days", "sessions", "slouches", "minutes", "messages"])
def test_parquet_holds_the_same_records_in_their_own_types(filled: Server, name: str) -> None:
    found = pyarrow.parquet.read_table(io.BytesIO(table(filled, name, "parquet")))
    listed = httpx.get(f"{filled.address}api/v1/{name}.json{RANGE}").json()["records"]
    assert found.column_names == list(listed[0])
    assert found.num_rows == len(listed) > 0
    for kept, shown in zip(found.to_pylist(), listed, strict=True):
        for column, value in shown.items():
            told_here = kept[column]
            if isinstance(told_here, date):  # a moment or a day: the same one, whatever its zone
                told_here = told_here.isoformat(**({"timespec": "milliseconds"} if column != "day" else {}))
            assert told_here == value, column
    types = {field.name: str(field.type) for field in found.schema}
    assert all(types[column] == "double" for column in types if column.endswith(("_s", "_deg")))
    assert all(
        types[column].startswith("timestamp[ms, tz=Europe/Berlin") for column in types if column == "start"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"PAR1 and no more",
        b'{"table":"days","records":[{"day":"2026-06-19"}]}',
        b'{"table":',
        b"day,judged_s\n2026-06-19,3\n",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_table_of_messages_is_refused_and_changes_nothing(
    opened: Dashboard, served: Server, content: bytes
) -> None:
    assert taken_in(served, content) in ("/data?told=unreadable", "/data?told=restored&new=0&known=0&bad=1")
    with opened.store.engine.connect() as connection:
        assert connection.execute(select(minutes)).first() is None


def test_a_message_that_was_tampered_with_is_counted_and_the_rest_comes_in(
    filled: Server, opened: Dashboard, served: Server
) -> None:
    lines = table(filled, "messages", "csv").decode().splitlines()
    spoilt = lines[5].replace('""schema"":1', '""schema"":""one""')
    assert spoilt != lines[5]
    answer = taken_in(served, "\r\n".join([*lines[:5], spoilt, *lines[6:]]).encode())
    assert "bad=1" in answer


def test_without_its_library_parquet_says_so(served: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "find_spec", lambda _name: None)
    answer = httpx.get(f"{served.address}api/v1/days.parquet")
    assert answer.status_code == 501
    assert "not installed" in answer.text
    assert "plumbline[parquet]" in httpx.get(f"{served.address}data").text
    assert taken_in(served, b"PAR1") == "/data?told=unreadable"


def test_an_export_leaves_no_file_behind(
    filled: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    table(filled, "days", "parquet")
    wait_until(lambda: not list(tmp_path.iterdir()), "the file's end, after the answer was sent")


def test_pages_beside_workers_say_that_they_take_nothing_in(tmp_path: Path) -> None:
    server = Server(build(Settings(tmp_path / "data", port=0, broker=None, language="en", ingests=False)))
    server.start()
    page = httpx.get(f"{server.address}data").raise_for_status().text
    assert "An archive cannot be taken in here" in page
    assert "restore.js" not in page
    assert httpx.post(f"{server.address}data/restore", content=b"{}").status_code == 404
    server.stop()


def test_of_a_parquet_file_nothing_stays_in_the_folder_where_it_was_made(
    filled: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert table(filled, "minutes", "parquet").startswith(b"PAR1")
    write = parquet.write

    def fails_half_way(path: Path, *others: Any) -> None:
        write(path, *others)
        raise OSError("the disk is full")

    monkeypatch.setattr(parquet, "write", fails_half_way)
    assert httpx.get(f"{filled.address}api/v1/minutes.parquet{RANGE}").status_code == 500
    assert list(tmp_path.iterdir()) == []
