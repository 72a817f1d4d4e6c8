"""A request that cannot be answered is answered in words that fit, even where the database is away."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from dashboard.app import Dashboard, Server


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
