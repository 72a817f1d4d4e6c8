"""The packets of an ingest worker: cut however the network likes, and refused where they are none."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import mqtt5
from dashboard.mqtt5 import Answer, Inbound, ProtocolError, Published


def length(value: int) -> bytes:
    encoded = b""
    while value >= 128:
        encoded += bytes((value % 128 | 0x80,))
        value //= 128
    return encoded + bytes((value,))


def packet(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + length(len(body)) + body


def publish(message: Published, properties: bytes = b"") -> bytes:
    topic = message.topic.encode()
    body = struct.pack(">H", len(topic)) + topic
    body += struct.pack(">H", message.mid) if message.mid else b""
    body += length(len(properties)) + properties + message.payload
    return packet(0x32 if message.mid else 0x30, body)


MESSAGES = st.lists(
    st.builds(
        Published, st.text("abc/ü", min_size=1, max_size=9), st.binary(max_size=400), st.integers(0, 65_535)
    ),
    max_size=8,
)


@given(
    MESSAGES,
    st.sampled_from([b"", b"\x02\x00\x00\x00\x3c", b"\x26\x00\x01a" + b"\x00\x7f" + 127 * b"b"]),
    st.data(),
)
def test_messages_come_out_as_they_were_however_they_are_cut(
    messages: list[Published], properties: bytes, data: st.DataObject
) -> None:
    stream = b"".join(publish(message, properties) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    inbound, found = Inbound(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        published, answers = inbound.feed(stream[start:end])
        found += published
        assert answers == []
    assert found == messages


@given(st.binary(max_size=200))
def test_whatever_comes_is_understood_or_refused(stream: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        Inbound().feed(stream)


@pytest.mark.parametrize(
    ("stream", "wanted"),
    [
        (packet(0x20, b"\x00\x00\x00"), Answer(0x20, (0,))),
        (packet(0x20, b"\x01\x87\x00"), Answer(0x20, (0x87,))),
        (packet(0x20, b"\x00\x00\x0a\x12\x00\x02me\x24\x01\x13\x00\x1e"), Answer(0x20, (0,), 30)),
        (packet(0x90, b"\x00\x01\x00\x01\x01\x87"), Answer(0x90, (1, 1, 0x87))),
        (packet(0xE0, b"\x8e"), Answer(0xE0, (0x8E,))),
        (packet(0xE0, b""), Answer(0xE0, (0,))),
        (packet(0xD0, b""), Answer(0xD0)),
    ],
)  # fmt: skip
def test_answers_are_understood(stream: bytes, wanted: Answer) -> None:
    assert Inbound().feed(stream) == ([], [wanted])


@pytest.mark.parametrize(
    "stream",
    [
        packet(0x32, b"\x00\x09short"),
        packet(0x32, b"\x00\x01a\x00\x07\x05\x01"),
        packet(0x40, b"\x00\x01"),
        packet(0x20, b"\x00"),
        b"\x30\xff\xff\xff\xff\x01",
    ],
)
def test_what_is_no_packet_for_a_worker_is_refused(stream: bytes) -> None:
    with pytest.raises(ProtocolError):
        Inbound().feed(stream)


@given(st.lists(st.integers(1, 65_535), max_size=20))
def test_acknowledgements_go_in_the_order_given(mids: list[int]) -> None:
    assert mqtt5.acknowledge(mids) == b"".join(b"\x40\x02" + struct.pack(">H", mid) for mid in mids)


def test_a_connection_goes_on_with_the_session_under_the_workers_name() -> None:
    said = mqtt5.connect(
        "me", keep_alive_s=60, session_expiry_s=100, receive_maximum=65_535, username="u", password="p"
    )
    flags, keep_alive_s = struct.unpack(">BH", said[9:12])
    assert (said[:2], said[2:9]) == (bytes((0x10, len(said) - 2)), b"\x00\x04MQTT\x05")
    assert flags == 0xC0  # user name and password; not a clean start, no will
    assert keep_alive_s == 60
    assert said[12:] == b"\x08\x11\x00\x00\x00\x64\x21\xff\xff" + b"\x00\x02me" + b"\x00\x01u" + b"\x00\x01p"
