"""The quick reader of minutes says what `decode` says, or says nothing."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.errors import MessageError
from firmware_py.posture.events import MinutePassed
from firmware_py.posture.messages import Encoder, decode
from firmware_py.posture.minute_wire import TallyOnWire, read_minute
from firmware_py.posture.tally import Tally

from .strategies import events

TOPIC = "plumbline/v1/back/minute"
MINUTE = MinutePassed(60.0, 0.0, Tally(600, 500, {"upright": 500}, flexion={-3: 200, 4: 300}))
MINUTES = events(MinutePassed)


def payload_of(minute: MinutePassed) -> bytes:
    return Encoder("back", "r1").encode(minute).payload


def test_a_tally_on_the_wire_has_the_fields_of_a_tally() -> None:
    assert TallyOnWire.__struct_fields__ == tuple(field.name for field in dataclasses.fields(Tally))


def test_a_minute_is_read_as_decode_reads_it() -> None:
    read = read_minute(TOPIC, payload_of(MINUTE))
    assert read is not None
    assert (read.device, read.run, read.session, read.seq, read.simulated) == ("back", "r1", "r1-0", 0, False)
    assert (read.start_s, read.end_s) == (0.0, 60.0)
    assert msgspec.to_builtins(read.tally) == {
        "ticks": 600, "judged": 500, "posture": {"upright": 500}, "flexion": {-3: 200, 4: 300}
    }  # fmt: skip


AMISS: dict[str, Any] = {
    "schema": st.sampled_from([0, 1, 2, "1", None]),
    "run": st.sampled_from(["r1", "r2", "", "r 1", "x" * 65, "r1-0"]),
    "session": st.sampled_from(["r1-0", "r1-12", "r1-", "r1", "r2-1", "r1-1234567890", "r1-0-1"]),
    "seq": st.sampled_from([0, 7, -1, 2**31, 2**31 - 1, None, 1.5, True]),
    "kind": st.sampled_from(["minute_passed", "slouch_alert", "what"]),
    "count": st.sampled_from([None, 1, 8, 0]),
    "simulated": st.sampled_from([True, False, 0]),
    "more": st.just({"a": [1]}),
}
AMISS_INSIDE: dict[str, Any] = {
    "t_s": st.sampled_from([60, 60.5, -1, 1e9, 1.1e9, None, "60"]),
    "start_s": st.sampled_from([0, 30.25, 61, -0.5]),
    "more": st.just("x"),
}
AMISS_IN_TALLY: dict[str, Any] = {
    "ticks": st.sampled_from([600, 0, -1, 2**53, 2**53 + 1, 6.0, 6.5, True]),
    "judged": st.sampled_from([600, 601, 0]),
    "posture": st.dictionaries(
        st.sampled_from(["upright", "", "y" * 40, "z" * 41, "ü\n"]), st.integers(-1, 9)
    ),
    "flexion": st.dictionaries(st.sampled_from(["-90", "-91", "179", "180", "a"]), st.integers(-1, 9)),
    "eva": st.sampled_from([{}, {"1,2": 3}, {"1,2": 2**53 + 1}, None, {"1,2": "3"}]),
    "more": st.just([1, 2]),
}


@given(
    st.fixed_dictionaries({}, optional=AMISS),
    st.fixed_dictionaries({}, optional=AMISS_INSIDE),
    st.fixed_dictionaries({}, optional=AMISS_IN_TALLY),
    st.sampled_from([TOPIC, "plumbline/v1/back/event", "plumbline/v1/a b/minute", "elsewhere"]),
)
def test_whatever_it_reads_decode_reads_alike(
    outside: dict[str, Any], inside: dict[str, Any], in_tally: dict[str, Any], topic: str
) -> None:
    message = json.loads(payload_of(MINUTE)) | outside
    message["data"] |= inside
    message["data"]["tally"] |= in_tally
    payload = json.dumps(message).encode()
    read = read_minute(topic, payload)
    try:
        full = decode(topic, payload)
    except MessageError:
        assert read is None
        return
    if read is None:  # allowed, though only for what is not a minute
        assert not isinstance(full.body, MinutePassed)
        return
    assert isinstance(full.body, MinutePassed)
    assert (read.device, read.run, read.session, read.seq, read.simulated) == (
        full.device, full.run, full.session, full.seq, full.simulated
    )  # fmt: skip
    assert (read.start_s, read.end_s) == (full.body.start_s, full.body.t_s)
    assert all(getattr(read.tally, name) == getattr(full.body.tally, name) for name in Tally.__slots__)


@given(MINUTES)
def test_every_minute_of_a_device_is_read(minute: MinutePassed) -> None:
    try:
        decode(TOPIC, payload_of(minute))
    except MessageError:
        return
    assert read_minute(TOPIC, payload_of(minute)) is not None


@pytest.mark.parametrize("where", [b'"more": "\xf4\x28"', b'"more": "\xff"'])
def test_bytes_that_are_no_text_are_not_read(where: bytes) -> None:
    payload = payload_of(MINUTE).replace(b'"simulated"', where + b', "simulated"', 1)
    assert read_minute(TOPIC, payload) is None
