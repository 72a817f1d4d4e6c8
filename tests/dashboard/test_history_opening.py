"""At which week History opens: at the newest that says something."""

from __future__ import annotations

from datetime import date, datetime

import httpx
import pytest

from dashboard.app import Dashboard, Server
from firmware_py.posture.messages import Anchor, Encoder, Outgoing

from .seed import BERLIN, Sitter, history

LAST = date(2026, 6, 19)  # a Friday


def told(messages: list[Outgoing]) -> list[tuple[str, bytes]]:
    return [(message.topic, message.payload) for message in messages]


def test_history_opens_at_the_newest_week_that_has_something_in_it(served: Server, opened: Dashboard) -> None:
    for batch in history("desk", LAST, 9, BERLIN):
        opened.ingest.take(told(batch))
    page = httpx.get(f"{served.address}history", follow_redirects=True)
    assert page.url.path == f"/history/week/{LAST}"
    assert "No record in this time" not in page.text


@pytest.mark.parametrize(("minutes", "week"), [(5, "2026-06-15"), (20, "2026-06-22")])
def test_the_first_minutes_of_a_monday_do_not_empty_the_history(
    served: Server, opened: Dashboard, minutes: int, week: str
) -> None:
    for batch in history("desk", LAST, 2, BERLIN):
        opened.ingest.take(told(batch))
    encoder = Encoder("desk", "monday", simulated=True)
    monday = datetime(2026, 6, 22, 8, 30, tzinfo=BERLIN)
    events = Sitter().session("monday", 1, 0.0, minutes, 8.5)
    began = encoder.anchor(Anchor(0.0, monday.timestamp(), trusted=True))
    opened.ingest.take(told([began, *map(encoder.encode, events)]))
    assert httpx.get(f"{served.address}history", follow_redirects=True).url.path == f"/history/week/{week}"
