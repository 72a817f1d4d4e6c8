"""The little of MQTT 5 that an ingest worker speaks, as bytes: no socket and no clock in it.

A worker does one thing thousands of times a second: take a PUBLISH at QoS 1 from what the socket gave,
and acknowledge it later. A client library that reads a packet by several small reads and makes an
object of it takes ten times as long for that as the loop below, and half of the worker's core
(`python -m benchmarks.fleet --only rates` shows both). Everything else here speaks through paho.

Names and numbers are those of the OASIS standard "MQTT Version 5.0", chapters 2 and 3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from firmware_py.errors import PlumblineError

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x30, 0x40, 0x82, 0x90
PINGREQ: Final = b"\xc0\x00"
PINGRESP: Final = 0xD0
DISCONNECT: Final = 0xE0
GOODBYE: Final = b"\xe0\x00"
"""DISCONNECT without a reason: a normal end."""

REFUSED: Final = 0x80
"""Reason codes from here on are failures."""

SERVER_KEEP_ALIVE: Final = 0x13
"""The property by which a broker says how often it wants to hear of its client."""

_SESSION_EXPIRY, _RECEIVE_MAXIMUM = 0x11, 0x21
_PROPERTY_SIZES = {0x11: 4, 0x21: 2, 0x24: 1, 0x25: 1, 0x27: 4, 0x22: 2, 0x28: 1, 0x29: 1, 0x2A: 1, 0x13: 2}
_TEXT_PROPERTIES = (0x12, 0x1F, 0x1A, 0x1C, 0x15, 0x16)
_USER_PROPERTY = 0x26

_MOST_LENGTH_BYTES = 4


class ProtocolError(PlumblineError):
    """The other side sent what MQTT 5 does not allow."""


class Published(NamedTuple):
    """A message as it arrived; `mid` is 0 of one that wants no acknowledgement."""

    topic: str
    payload: bytes
    mid: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Any other packet.

    Attributes:
        kind: its first byte.
        reasons: its reason codes: one of CONNACK and DISCONNECT, one for each filter of SUBACK.
        keep_alive_s: what the broker wants instead of what it was told; None where it wants nothing.
    """

    kind: int
    reasons: tuple[int, ...] = ()
    keep_alive_s: int | None = None


def connect(
    client_id: str,
    *,
    keep_alive_s: int,
    session_expiry_s: int,
    receive_maximum: int,
    username: str = "",
    password: str = "",
) -> bytes:
    """CONNECT that goes on with the session the broker kept."""
    properties = struct.pack(">BIBH", _SESSION_EXPIRY, session_expiry_s, _RECEIVE_MAXIMUM, receive_maximum)
    flags = (0x80 if username else 0) | (0x40 if password else 0)
    said = [client_id, *([username] if username else []), *([password] if password else [])]
    body = _text("MQTT") + struct.pack(">BBH", 5, flags, keep_alive_s)
    body += encoded_length(len(properties)) + properties + b"".join(map(_text, said))
    return bytes((CONNECT,)) + encoded_length(len(body)) + body


def subscribe(packet_id: int, filters: Sequence[str]) -> bytes:
    """SUBSCRIBE to filters at QoS 1."""
    body = struct.pack(">HB", packet_id, 0) + b"".join(_text(name) + b"\x01" for name in filters)
    return bytes((SUBSCRIBE,)) + encoded_length(len(body)) + body


def publish(topic: str, payload: bytes) -> bytes:
    """PUBLISH at QoS 0: for now, and kept for nobody."""
    body = _text(topic) + b"\x00" + payload
    return bytes((PUBLISH,)) + encoded_length(len(body)) + body


def acknowledge(mids: Sequence[int]) -> bytes:
    """A PUBACK for each of these, in this order."""
    return struct.pack(f">{len(mids)}I", *(PUBACK << 24 | 2 << 16 | mid for mid in mids))


class Inbound:
    """Cuts what a connection gives into packets."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> tuple[list[Published], list[Answer]]:
        """What is complete by now, messages apart from all else.

        Raises:
            ProtocolError: this is not MQTT 5, and nothing that follows can be understood.
        """
        buffer = self._rest + data if self._rest else data
        published: list[Published] = []
        answers: list[Answer] = []
        at, end = 0, len(buffer)
        try:
            while end - at >= 2:
                start = at
                head, length = buffer[at], buffer[at + 1]
                at += 2
                if length & 0x80:
                    read = _number(buffer, start + 1, end)
                    if read is None:
                        at = start
                        break
                    length, at = read
                body, at = at, at + length
                if at > end:
                    at = start
                    break
                if head & 0xF0 == PUBLISH:
                    published.append(_published(buffer, head, body, at))
                else:
                    answers.append(_answer(buffer[body:at], head))
        except (IndexError, struct.error) as error:
            raise ProtocolError("a packet ends before all that it must hold") from error
        self._rest = buffer[at:]
        return published, answers


def _published(buffer: bytes, head: int, body: int, end: int) -> Published:
    at = body + 2 + (buffer[body] << 8 | buffer[body + 1])
    topic = buffer[body + 2 : at].decode(errors="replace")
    mid = 0
    if head & 0x06:
        mid = buffer[at] << 8 | buffer[at + 1]
        at += 2
    skip = buffer[at]
    at += 1
    if skip:
        read = _number(buffer, at - 1, end)
        if read is None:
            raise ProtocolError("a message ends within its properties")
        at = read[1] + read[0]
    if at > end:
        raise ProtocolError("a message is shorter than its topic and properties")
    return Published(topic, buffer[at:end], mid)


def _answer(body: bytes, head: int) -> Answer:
    if head == CONNACK:
        return Answer(head, (body[1],), _keep_alive(body[2:]))
    if head == SUBACK:
        read = _number(body, 2, len(body))
        if read is None:
            raise ProtocolError("an answer to a subscription ends within its properties")
        return Answer(head, tuple(body[read[1] + read[0] :]))
    if head == DISCONNECT:
        return Answer(head, (body[0],) if body else (0,))
    if head == PINGRESP:
        return Answer(head)
    raise ProtocolError(f"a packet of kind 0x{head:02x}, which no broker sends to a client like this")


def _keep_alive(properties: bytes) -> int | None:
    read = _number(properties, 0, len(properties))
    if read is None:
        return None
    length, at = read
    end = at + length
    while at < end:
        kind = properties[at]
        at += 1
        if kind == SERVER_KEEP_ALIVE:
            return properties[at] << 8 | properties[at + 1]
        texts = 1 if kind in _TEXT_PROPERTIES else 2 if kind == _USER_PROPERTY else 0
        if not texts and kind not in _PROPERTY_SIZES:
            raise ProtocolError(f"property 0x{kind:02x} does not belong into an answer to CONNECT")
        at += _PROPERTY_SIZES.get(kind, 0)
        for _ in range(texts):
            at += 2 + (properties[at] << 8 | properties[at + 1])
    return None


def _number(buffer: bytes, at: int, end: int) -> tuple[int, int] | None:
    """A variable byte integer and where it ends; None where it is not complete."""
    value = 0
    for place in range(_MOST_LENGTH_BYTES):
        if at + place >= end:
            return None
        byte = buffer[at + place]
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return value, at + place + 1
    raise ProtocolError("a length of more than four bytes")


def encoded_length(value: int) -> bytes:
    """A length as the protocol writes it, seven bits a byte (MQTT 5, 1.5.5)."""
    encoded = bytearray()
    while True:
        value, low = divmod(value, 128)
        encoded.append(low | (0x80 if value else 0))
        if not value:
            return bytes(encoded)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">H", len(encoded)) + encoded


def filters_of(group: str, topics: Iterable[str]) -> list[str]:
    """The filters of a group's share of topics."""
    return [f"$share/{group}/{topic}" for topic in topics]
