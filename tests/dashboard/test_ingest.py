"""Messages become rows, whatever their order, on a real SQLite and a real PostgreSQL."""

from __future__ import annotations

import random
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from dashboard.ingest import MAX_REJECTED_TOPICS, Ingest
from dashboard.rollup import unpacked
from dashboard.store import Store
from dashboard.tables import devices, episodes, events, minutes, rejections, runs, sessions
from firmware_py.posture.events import (
    MinutePassed,
    SessionEnded,
    SessionStarted,
    SessionSummary,
    SlouchAlert,
    SlouchEnd,
    SlouchEnded,
    SlouchStarted,
)
from firmware_py.posture.messages import Anchor, Encoder, Outgoing
from firmware_py.posture.tally import Tally

from .seed import Sitter, day_messages

T0_S = 1_700_000_000.0
TALLY = Tally(
    ticks=600,
    judged=500,
    posture={"upright": 400, "slouched": 100, "unknown": 100},
    flexion={3: 400, 14: 100},
)


def told(*messages: Outgoing) -> list[tuple[str, bytes]]:
    return [(message.topic, message.payload) for message in messages]


def rows(store: Store, table: Any) -> list[dict[str, Any]]:
    with store.engine.connect() as connection:
        query = select(table).order_by(*table.primary_key.columns)
        return [dict(row) for row in connection.execute(query).mappings()]


def a_session() -> list[Outgoing]:
    encoder = Encoder("back", "r1")
    return [
        encoder.anchor(Anchor(0.0, T0_S, trusted=True)),
        encoder.encode(SessionStarted(5.0, "r1-1", 1)),
        encoder.encode(SlouchStarted(20.0, 1, 10.5)),
        encoder.encode(SlouchAlert(31.0, 1, 1, 14.0, 300.0)),
        encoder.encode(SlouchEnded(40.0, 1, 20.0, 18.0, 17.0, 14.0, 31.0, 9.0, SlouchEnd.CORRECTED)),
        encoder.encode(MinutePassed(65.0, 5.0, TALLY)),
        encoder.encode(MinutePassed(125.0, 65.0, TALLY)),
        encoder.encode(SessionEnded(125.0, SessionSummary("r1-1", 5.0, 125.0, 1, TALLY + TALLY))),
    ]


def test_a_session_is_stored_with_absolute_times(store: Store) -> None:
    taken = Ingest(store).take(told(*a_session()))
    assert (taken.stored, taken.repeated, taken.rejected) == (7, 0, 0)
    [session] = rows(store, sessions)
    assert session["start_utc_ms"] == T0_S * 1000 + 5000
    assert session["end_utc_ms"] == T0_S * 1000 + 125_000
    assert (session["ended"], session["message_count"], session["sensors"]) == (True, 7, 1)
    first, second = rows(store, minutes)
    assert first["start_utc_ms"] == T0_S * 1000 + 5000
    assert (second["judged"], second["upright"], second["slouched"]) == (500, 400, 100)
    assert unpacked(second["tally"]) == TALLY
    [episode] = rows(store, episodes)
    assert (episode["peak_deg"], episode["corrected_after_s"], episode["outcome"]) == (17.0, 9.0, "corrected")


def test_every_order_and_any_repetition_give_the_same_rows(store: Store) -> None:
    ingest = Ingest(store)
    story = told(*a_session())
    ingest.take(story)
    tables = (minutes, events, episodes, sessions)
    wanted = [rows(store, table) for table in tables]
    for seed in range(6):
        rng = random.Random(seed)
        with store.engine.execution_options(writes=True).begin() as connection:
            for table in (*tables, runs):
                connection.execute(table.delete())
        shuffled = story + rng.choices(story, k=5)
        rng.shuffle(shuffled)
        while shuffled:
            cut = rng.randint(1, 4)
            ingest.take(shuffled[:cut])
            shuffled = shuffled[cut:]
        assert [rows(store, table) for table in tables] == wanted, f"order {seed}"


def test_rows_without_an_anchor_wait_and_get_their_times_when_it_comes(store: Store) -> None:
    ingest = Ingest(store)
    anchor, *rest = told(*a_session())
    ingest.take(rest)
    assert {row["start_utc_ms"] for row in rows(store, minutes)} == {None}
    ingest.take([anchor])
    assert rows(store, minutes)[0]["start_utc_ms"] == T0_S * 1000 + 5000
    assert rows(store, sessions)[0]["end_utc_ms"] == T0_S * 1000 + 125_000
    assert rows(store, episodes)[0]["end_utc_ms"] == T0_S * 1000 + 40_000
    assert rows(store, events)[0]["at_utc_ms"] == T0_S * 1000 + 5000


def test_a_corrected_clock_moves_the_whole_run_and_an_older_anchor_moves_nothing(store: Store) -> None:
    ingest = Ingest(store)
    ingest.take(told(*a_session()))
    encoder = Encoder("back", "r1")
    later = encoder.anchor(Anchor(60.0, T0_S + 86_400.0, trusted=True))
    older = encoder.anchor(Anchor(30.0, 0.0, trusted=False))
    ingest.take(told(later))
    ingest.take(told(older))
    day_ms = 86_400_000
    assert rows(store, minutes)[0]["start_utc_ms"] == T0_S * 1000 + 5000 + day_ms
    assert rows(store, episodes)[0]["start_utc_ms"] == T0_S * 1000 + 20_000 + day_ms
    assert rows(store, sessions)[0]["start_utc_ms"] == T0_S * 1000 + 5000 + day_ms


def test_a_session_whose_start_was_lost_is_known_from_its_minutes(store: Store) -> None:
    anchor, _start, *rest = a_session()
    Ingest(store).take(told(anchor, rest[3], rest[4]))
    [session] = rows(store, sessions)
    assert (session["start_s"], session["end_s"], session["sensors"]) == (5.0, 125.0, None)
    assert not session["ended"]


def test_what_cannot_be_read_is_counted_and_the_rest_is_stored(store: Store) -> None:
    newer = b'{"schema": 99, "run": "r1", "kind": "x", "data": {}}'
    taken = Ingest(store).take(
        [
            ("plumbline/v1/back/minute", b"{"),
            ("plumbline/v1/back/minute", b"\xff\xfe"),
            ("plumbline/v1/back/event", newer),
            ("somewhere/else", b"{}"),
            *told(*a_session()),
        ]
    )
    assert (taken.rejected, taken.stored) == (4, 7)
    counted = {(row["reason"], row["topic"]): row["count"] for row in rows(store, rejections)}
    assert counted == {
        ("malformed", "plumbline/v1/back/minute"): 2,
        ("schema", "plumbline/v1/back/event"): 1,
        ("malformed", "somewhere/else"): 1,
    }


def test_a_flood_of_forged_topics_ends_under_one_name(store: Store) -> None:
    Ingest(store).take([(f"forged/{n}", b"{}") for n in range(MAX_REJECTED_TOPICS + 50)])
    kept = rows(store, rejections)
    assert len(kept) == MAX_REJECTED_TOPICS + 1
    assert sum(row["count"] for row in kept) == MAX_REJECTED_TOPICS + 50


def test_an_event_of_a_kind_from_the_future_keeps_its_place_and_its_bytes(store: Store) -> None:
    payload = (
        b'{"schema": 1, "run": "r1", "session": "r1-1", "seq": 3, "kind": "sneezed",'
        b' "data": {"t_s": 4.0, "loud": true, "note": "a\\u0000b"}}'
    )
    taken = Ingest(store).take([("plumbline/v1/back/event", payload)])
    assert taken.stored == 1
    [event] = rows(store, events)
    assert (event["kind"], event["payload"]) == ("sneezed", payload.decode())


def test_a_message_that_the_database_refuses_is_rejected_and_the_others_are_stored(store: Store) -> None:
    # A NUL is legal JSON and legal text for SQLite; PostgreSQL stores none.
    nul = (
        b'{"schema": 1, "run": "r1", "session": "r1-1", "seq": 3, "kind": "a\\u0000b", "data": {"t_s": 4.0}}'
    )
    taken = Ingest(store).take([("plumbline/v1/back/event", nul), *told(*a_session())])
    assert taken.stored + taken.rejected >= 7
    assert len(rows(store, minutes)) == 2


def test_two_devices_are_told_apart(store: Store) -> None:
    zone = ZoneInfo("Europe/Berlin")
    ingest = Ingest(store)
    for device in ("one", "two"):
        ingest.take(told(*day_messages(device, date(2026, 3, 29), zone, Sitter(3))))
    names = {row["name"]: row["device_id"] for row in rows(store, devices)}
    counts = {
        name: sum(row["device_id"] == key for row in rows(store, minutes)) for name, key in names.items()
    }
    assert counts["one"] == counts["two"] > 300


def test_a_topic_that_no_text_of_postgresql_holds_is_counted_and_keeps_nothing_else_out(store: Store) -> None:
    good = told(*a_session())
    taken = Ingest(store).take([("plumbline/v1/ba\x00ck/minute", b"{}"), *good])
    assert taken.rejected == 1
    assert taken.stored == Ingest(store).take(good).repeated > 0
    [counted] = rows(store, rejections)
    assert counted["topic"] == "plumbline/v1/ba\ufffdck/minute"
