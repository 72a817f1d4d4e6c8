"""Whether a device is worn: what its present run said, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx

from dashboard.app import Dashboard, Server
from dashboard.worn import Worn, worn_now
from firmware_py.posture.events import SessionEnded, SessionStarted, SessionSummary, WornChanged
from firmware_py.posture.messages import Anchor, Encoder
from firmware_py.posture.tally import Tally


def event(at_utc_ms: int, run: str = "r1", **data: object) -> SimpleNamespace:
    return SimpleNamespace(at_utc_ms=at_utc_ms, run=run, payload=json.dumps({"data": data}))


def test_a_run_that_has_not_said_is_not_given_the_word_of_the_one_before() -> None:
    told = {"worn_changed": event(2000, worn=True), "session_started": event(1000)}
    assert worn_now(told) == Worn(yes=True, since_utc_ms=2000)
    assert worn_now(told | {"session_started": event(9000, run="r2")}) is None
    again = {"worn_changed": event(9500, run="r2", worn=True), "session_started": event(9000, run="r2")}
    assert worn_now(again) == Worn(yes=True, since_utc_ms=9500)


def test_another_session_of_the_same_run_changes_nothing() -> None:
    told = {"worn_changed": event(2000, worn=True), "session_ended": event(5000)}
    assert worn_now(told | {"session_started": event(5000)}) == Worn(yes=True, since_utc_ms=2000)


def test_behind_the_end_of_a_session_only_what_was_taken_off_is_known() -> None:
    behind = {"session_started": event(1000), "session_ended": event(9000)}
    assert worn_now(behind | {"worn_changed": event(2000, worn=True)}) is None
    assert worn_now(behind | {"worn_changed": event(3000, worn=False)}) == Worn(yes=False, since_utc_ms=3000)


def test_without_a_word_or_with_one_that_cannot_be_read_nothing_is_known() -> None:
    assert worn_now({}) is None
    assert worn_now({"session_started": event(1000)}) is None
    assert worn_now({"worn_changed": event(2000, worn="perhaps")}) is None


def test_the_page_says_nothing_of_the_last_wear_when_a_run_has_just_begun(
    opened: Dashboard, served: Server
) -> None:
    since, unknown = "yes, since", "not known at the moment"
    began_s = datetime.now(UTC).timestamp() - 7200.0
    before, now = Encoder("back", "r1"), Encoder("back", "r2")

    def take(encoder: Encoder, *bodies: Anchor | SessionStarted | WornChanged | SessionEnded) -> str:
        messages = [encoder.anchor(b) if isinstance(b, Anchor) else encoder.encode(b) for b in bodies]
        opened.ingest.take((message.topic, message.payload) for message in messages)
        return httpx.get(f"{served.address}devices").text

    started = SessionStarted(0.0, "r1-1", 1)
    page = take(before, Anchor(0.0, began_s, trusted=True), started, WornChanged(24.0, True, "it moves"))
    assert since in page
    page = take(before, SessionEnded(600.0, SessionSummary("r1-1", 0.0, 600.0, 1, Tally())))
    assert since not in page
    assert unknown in page
    page = take(now, Anchor(0.0, began_s + 3600.0, trusted=True), SessionStarted(0.0, "r2-1", 1))
    assert since not in page
    assert unknown in page
    assert since in take(now, WornChanged(24.0, True, "it moves"))
