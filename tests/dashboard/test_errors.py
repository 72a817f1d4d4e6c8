"""A request that cannot be answered is answered in words that fit, even where the database is away."""

from __future__ import annotations

import json
from datetime import date

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from dashboard.app import Dashboard, Server
from dashboard.archive import NOTE

from .seed import BERLIN, history


def test_without_its_database_a_page_still_says_so_in_words(
    opened: Dashboard, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_wearer: int) -> None:
        raise OperationalError("SELECT 1", {}, Exception("the disk is gone"))

    monkeypatch.setattr(opened.store, "reading", away)
    answer = httpx.get(f"{served.address}devices")
    assert answer.status_code == 500
    assert "Something went wrong here." in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_page_of_somebody_else_and_too_much_at_once_are_told_as_that(served: Server) -> None:
    somebody_elses = httpx.get(f"{served.address}devices?of=99")
    assert somebody_elses.status_code == 409
    assert "no longer what is open here" in somebody_elses.text
    origin = {"Origin": served.address.rstrip("/")}
    too_much = httpx.post(f"{served.address}notes", data={"text": "x" * 30_000}, headers=origin)
    assert too_much.status_code == 413
    assert "more than is taken in at once" in too_much.text


@pytest.mark.parametrize(
    "path", ["notes/{}/delete", "who/carers/{}/end", "who/tokens/{}/revoke", "wearers/{}/open"]
)
def test_a_number_that_no_row_has_is_no_such_page(served: Server, path: str) -> None:
    for number in (2**31, 2**63, 10**30):
        answer = httpx.post(
            served.address + path.format(number), headers={"Origin": served.address.rstrip("/")}
        )
        assert answer.status_code == 404


def test_a_number_of_more_digits_than_are_read_is_no_number(served: Server) -> None:
    digits = "9" * 5000
    assert httpx.get(f"{served.address}data?told=restored&new={digits}").status_code == 200
    origin = {"Origin": served.address.rstrip("/")}
    asked = httpx.post(f"{served.address}who/tokens", data={"name": "x", "days": digits}, headers=origin)
    assert asked.status_code == 400


@pytest.mark.parametrize(
    "note",
    [
        {"day": "2026-06-1x", "text": "of no day"},
        {"day": "20260619", "text": "of a day written otherwise"},
        {"day": "9999-12-31", "text": "of a day that nobody will see"},
        {"day": "2026-06-19", "text": "with a NUL \x00"},
        {"day": "2026-06-19", "text": "x" * 301},
        {"day": "2026-06-19", "text": ""},
    ],
)
def test_a_note_that_no_page_writes_is_taken_in_from_no_archive(
    opened: Dashboard, served: Server, note: dict[str, str]
) -> None:
    for batch in history("desk", date(2026, 6, 19), 2, BERLIN):
        opened.ingest.take((message.topic, message.payload) for message in batch)
    lines = [{"topic": NOTE, "message": one} for one in (note, {"day": "2026-06-19", "text": "a new chair"})]
    taken = httpx.post(f"{served.address}data/restore", content="\n".join(map(json.dumps, lines)).encode())
    assert "bad=1" in taken.headers["location"]
    shown = httpx.get(f"{served.address}history/week/2026-06-19")
    assert shown.status_code == 200
    assert "a new chair" in shown.text
