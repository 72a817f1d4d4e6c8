"""Events become messages and messages events again; what is not ours is refused with a clear word."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.errors import MessageError, SchemaError
from firmware_py.posture import events as ev
from firmware_py.posture.messages import (
    CHANNELS,
    DURABLE,
    MAX_PAYLOAD_BYTES,
    REQUESTS,
    Anchor,
    Channel,
    Encoder,
    Now,
    Outgoing,
    Reply,
    Request,
    Status,
    TryBuzz,
    Unrecognised,
    Watch,
    decode,
    decode_request,
    encode_request,
    kind_of,
    parse_topic,
    topic,
    topic_filter,
)
from firmware_py.posture.sense import field_names
from firmware_py.posture.settings import BodyAlert
from firmware_py.posture.tally import Tally

from .strategies import EVENTS, events

STARTED = ev.SessionStarted(1.0, "run-1", 1)
ALERT = ev.SlouchAlert(41.0, 1, 1, 14.2, 300.0)
MINUTE = ev.MinutePassed(60.0, 0.0, Tally(600, 500, {"upright": 500}, flexion={-3: 200, 4: 300}))
ENDED = ev.SessionEnded(70.0, ev.SessionSummary("run-1", 1.0, 70.0, 1, Tally(690, 500)))
READING = ev.Reading(0.1 * 3, 3.456, -1.0, 3.456, None, 1.5, ev.Posture.UPRIGHT, ev.Activity.STILL, None, 1)


def changed(outgoing: Outgoing, **fields: object) -> bytes:
    return json.dumps(json.loads(outgoing.payload) | fields).encode()


def with_data(outgoing: Outgoing, **fields: object) -> bytes:
    message = json.loads(outgoing.payload)
    message["data"] |= fields
    return json.dumps(message).encode()


@pytest.mark.parametrize("cls", [cls for cls in EVENTS if cls is not ev.Reading], ids=kind_of)
@given(data=st.data())
def test_every_event_survives_the_wire_unchanged(cls: type[ev.Event], data: st.DataObject) -> None:
    event = data.draw(events(cls))
    encoder = Encoder("back", "run")
    if cls is ev.SessionEnded:
        encoder.encode(STARTED)
    sent = encoder.encode(event)
    message = decode(sent.topic, sent.payload)
    assert message.body == event
    assert message.channel in DURABLE
    assert sent.durable
    assert message.payload == sent.payload


@given(events(ev.Reading))
def test_a_reading_survives_to_a_hundredth_of_a_degree(reading: ev.Reading) -> None:
    sent = Encoder("back", "run").encode(reading)
    got = decode(sent.topic, sent.payload).body
    assert isinstance(got, ev.Reading)
    for name in field_names(ev.Reading):
        said, heard = getattr(reading, name), getattr(got, name)
        assert heard == (pytest.approx(said, abs=0.0051) if isinstance(said, float) else said)


def test_an_angle_that_nobody_knows_is_null_and_comes_back_as_nan() -> None:
    nan = math.nan
    unknown = (ev.Posture.UNKNOWN, ev.Activity.UNKNOWN, ev.Unjudged.SENSOR_LOST)
    sent = Encoder("back", "run").encode(ev.Reading(2.0, nan, nan, nan, None, nan, *unknown, 0))
    assert b"NaN" not in sent.payload
    assert json.loads(sent.payload)["data"]["flexion_deg"] is None
    got = decode(sent.topic, sent.payload).body
    assert isinstance(got, ev.Reading)
    assert math.isnan(got.flexion_deg)
    with pytest.raises(MessageError, match="null though 1 sensor"):
        decode(sent.topic, with_data(sent, sensors=1))


def test_durable_messages_are_numbered_within_their_session() -> None:
    encoder = Encoder("back", "run", simulated=True)
    story: list[ev.Event] = [
        ev.WornChanged(0.5, True, "moved"),
        STARTED,
        READING,
        ALERT,
        MINUTE,
        ENDED,
        ev.WornChanged(80.0, False, "still"),
        ev.SessionStarted(90.0, "run-2", 1),
    ]
    sent = [encoder.encode(event) for event in story]
    got = [decode(out.topic, out.payload) for out in sent]
    assert [(m.session, m.seq) for m in got] == [
        ("run-0", 0),
        ("run-1", 0),
        ("run-1", None),
        ("run-1", 1),
        ("run-1", 2),
        ("run-1", 3),
        ("run-0", 1),
        ("run-2", 0),
    ]
    assert [m.count for m in got] == [None] * 5 + [4, None, None]
    assert all(m.simulated for m in got)


def test_the_same_story_told_again_gives_the_same_bytes() -> None:
    story: list[ev.Event] = [ev.WornChanged(0.5, True, "moved"), STARTED, READING, ALERT, MINUTE, ENDED]
    once, again = Encoder("d", "run"), Encoder("d", "run")
    assert [once.encode(event) for event in story] == [again.encode(event) for event in story]


def test_now_status_anchor_and_reply_survive_the_wire() -> None:
    encoder = Encoder("back", "run")
    status, anchor, reply = Status("offline", "1.0", 3), Anchor(5.0, 1.7e9, True), Reply("q1", False, "no")
    now = Now(60.0, None, ev.Posture.UPRIGHT, False, None, ev.Mode.MEETING, True, 8.3, 80.0, 2, 1)
    for body, out, retained in (
        (now, encoder.now(now), True),
        (status, encoder.status(status), True),
        (anchor, encoder.anchor(anchor), True),
        (reply, encoder.reply(reply), False),
    ):
        assert decode(out.topic, out.payload).body == body
        assert out.retain is retained


@pytest.mark.parametrize(
    "request_",
    [
        ev.Snooze(0.0, 900.0),
        ev.SetMode(0.0, ev.Mode.MEETING),
        ev.SetNeutral(0.0, (0.0, 0.6, 0.8), (0.0, 0.0, 1.0)),
        ev.EndSession(0.0),
        TryBuzz(0.0, BodyAlert.BREAK),
        Watch(0.0, 30.0, "page"),
    ],
    ids=lambda request_: kind_of(type(request_)),
)
def test_a_request_is_dated_by_the_device_and_not_by_who_asks(request_: Request) -> None:
    out = encode_request("back", "q1", dataclasses.replace(request_, t_s=99.0))
    assert parse_topic(out.topic) == ("back", Channel.COMMAND)
    assert b"t_s" not in out.payload
    asked = decode_request(out.payload)
    assert asked.id == "q1"
    assert asked.request == request_
    assert asked.at(7.5) == dataclasses.replace(request_, t_s=7.5)


def test_a_request_cannot_pretend_to_be_the_motor() -> None:
    forged = {"schema": 1, "id": "q", "kind": "note_buzz", "data": {"for_s": 600.0}}
    with pytest.raises(MessageError, match="unknown; known: "):
        decode_request(json.dumps(forged).encode())


def test_a_neutral_that_is_no_direction_is_refused() -> None:
    out = encode_request("back", "q", ev.SetNeutral(0.0, (0.0, 0.0, 2.0)))
    with pytest.raises(MessageError, match=r"has length 2\.0"):
        decode_request(out.payload)


def test_a_field_that_is_new_is_skipped_and_its_bytes_are_kept() -> None:
    sent = Encoder("back", "run").encode(ALERT)
    newer = json.dumps(json.loads(with_data(sent, buzzer="left")) | {"battery": 0.8}).encode()
    message = decode(sent.topic, newer)
    assert message.body == ALERT
    assert b'"battery"' in message.payload


def test_an_event_of_a_new_kind_keeps_its_number() -> None:
    sent = Encoder("back", "run").encode(ALERT)
    message = decode(sent.topic, changed(sent, kind="posture_praised"))
    assert message.body == Unrecognised(41.0, "posture_praised")
    assert message.seq == 0


@pytest.mark.parametrize("data", [{"t_s": 41.0}, "text", None, [1, 2]])
def test_a_newer_schema_is_named_whatever_it_looks_like(data: object) -> None:
    sent = Encoder("back", "run").encode(ALERT)
    with pytest.raises(SchemaError, match="schema 2, and this version reads up to 1; update"):
        decode(sent.topic, changed(sent, schema=2, data=data))
    with pytest.raises(SchemaError, match="schema 2"):
        decode_request(changed(encode_request("back", "q", ev.EndSession(0.0)), schema=2, id={"no": "text"}))


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("t_s", -1.0, "t_s is -1.0"),
        ("t_s", 1e12, "t_s is 1"),
        ("t_s", "41", "Expected `float`"),
        ("t_s", None, "Expected `float`"),
        ("flexion_deg", 400.0, "-360 to 360 degrees"),
        ("load_deg_s", -3.0, "degree-seconds"),
        ("episode", -1, "a count from 0"),
        ("episode", 1.5, "Expected `int`"),
        ("episode", True, "Expected `int`"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(field: str, value: object, complaint: str) -> None:
    sent = Encoder("back", "run").encode(ALERT)
    with pytest.raises(MessageError, match=complaint):
        decode(sent.topic, with_data(sent, **{field: value}))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    sent = Encoder("back", "run").encode(ALERT)
    with pytest.raises(MessageError):
        decode(sent.topic, sent.payload.replace(b"14.2", number.encode()))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"seq": -1}, "seq -1"),
        ({"seq": None}, "durable messages alone carry one"),
        ({"seq": 2**40}, "seq"),
        ({"schema": 0}, "schema 0 never was"),
        ({"run": "../x"}, "run id"),
        ({"session": "other-1"}, "not of run 'run'"),
        ({"session": "1"}, "not of run 'run'"),
        ({"session": "run-x"}, "not of run 'run'"),
        ({"count": 7}, "contradicts seq 0"),
        ({"kind": "reading"}, "t_s|Unrecognised|reading"),
    ],
)
def test_an_envelope_that_contradicts_itself_is_refused(fields: dict[str, object], complaint: str) -> None:
    sent = Encoder("back", "run").encode(MINUTE)
    with pytest.raises(MessageError, match=complaint):
        decode(sent.topic, changed(sent, **fields))


def test_a_summary_in_another_sessions_envelope_is_refused() -> None:
    encoder = Encoder("back", "run")
    encoder.encode(STARTED)
    with pytest.raises(MessageError, match="in an envelope of 'run-2'"):
        decode(topic("back", Channel.SESSION), changed(encoder.encode(ENDED), session="run-2"))
    with pytest.raises(MessageError, match="is not of run"):
        Encoder("back", "other").encode(STARTED)


def test_a_minute_with_more_judged_than_there_was_is_refused() -> None:
    sent = Encoder("back", "run").encode(MINUTE)
    with pytest.raises(MessageError, match="700 ticks judged of 600"):
        decode(sent.topic, with_data(sent, tally={"ticks": 600, "judged": 700}))
    with pytest.raises(MessageError, match="runs backwards"):
        decode(sent.topic, with_data(sent, start_s=61.0))
    with pytest.raises(MessageError, match="counts 400°"):
        decode(sent.topic, with_data(sent, tally={"flexion": {"400": 1}}))


def test_an_oversized_message_is_refused_before_it_is_read() -> None:
    with pytest.raises(MessageError, match="at most 32768"):
        decode(topic("back", Channel.EVENT), b"[" * (MAX_PAYLOAD_BYTES + 1))


@given(st.binary(max_size=300))
def test_bytes_that_mean_nothing_are_refused_and_never_crash(payload: bytes) -> None:
    for channel in Channel:
        if channel is not Channel.COMMAND:
            with pytest.raises(MessageError):
                decode(topic("back", channel), payload)
    with pytest.raises(MessageError):
        decode_request(payload)


@given(st.sampled_from(list(CHANNELS)), st.integers(0, 400), st.integers(0, 255))
def test_a_message_with_a_byte_changed_is_read_or_refused(cls: type, place: int, byte: int) -> None:
    encoder = Encoder("back", "run")
    encoder.encode(STARTED)
    sent = encoder.encode(ENDED if cls is ev.SessionEnded else ALERT)
    payload = bytearray(sent.payload)
    payload[place % len(payload)] = byte
    try:
        message = decode(sent.topic, bytes(payload))
    except MessageError:
        return
    assert message.device == "back"


@pytest.mark.parametrize("depth", [500, 10_000])
def test_a_deep_nest_does_not_exhaust_the_stack(depth: int) -> None:
    with pytest.raises(MessageError):
        decode(topic("back", Channel.EVENT), b'{"schema":1,"data":' + b"[" * depth + b"]" * depth + b"}")


@pytest.mark.parametrize(
    "text",
    [
        "plumbline/v1/back",
        "plumbline/v2/back/live",
        "plumbline/v1/back/live/x",
        "plumbline/v1//live",
        "plumbline/v1/../live",
        "plumbline/v1/a b/live",
        "plumbline/v1/+/live",
        "plumbline/v1/" + "x" * 41 + "/live",
        "plumbline/v1/back/diary",
        "",
    ],
)
def test_a_topic_of_somebody_else_is_refused(text: str) -> None:
    with pytest.raises(MessageError):
        parse_topic(text)


def test_a_subscription_takes_in_one_device_or_all() -> None:
    assert topic_filter(Channel.LIVE) == "plumbline/v1/+/live"
    assert topic_filter(Channel.LIVE, "back") == "plumbline/v1/back/live"
    with pytest.raises(MessageError, match="cannot stand in a topic"):
        topic("a/b", Channel.LIVE)


def test_every_kind_of_event_has_a_channel() -> None:
    missing = [cls for cls in ev.Event.__args__ if cls not in CHANNELS]
    assert missing == []
    assert {kind_of(cls) for cls in REQUESTS}.isdisjoint(kind_of(cls) for cls in CHANNELS)


def test_the_fullest_summary_fits_a_message() -> None:
    table = {str(key) * 5: 10**8 for key in range(60)}
    full = Tally(
        10**8, 10**8, table, table, table, dict.fromkeys(range(-90, 180), 10**7), eva=table, holds=table
    )
    encoder = Encoder("d" * 40, "run")
    encoder.encode(STARTED)
    sent = encoder.encode(ev.SessionEnded(9.0, ev.SessionSummary("run-1", 1.0, 9.0, 2, full)))
    assert len(sent.payload) < MAX_PAYLOAD_BYTES
    assert decode(sent.topic, sent.payload).body is not None
