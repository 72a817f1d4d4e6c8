"""Messages back to what they say; whatever a stranger sends gives a message or a `MessageError`."""

from __future__ import annotations

import math
import re
from typing import Any, Final, TypeVar

import msgspec

from ..errors import MessageError, SchemaError
from . import events as ev
from .envelope import (
    CHANNELS,
    KINDS,
    MAX_PAYLOAD_BYTES,
    REQUEST_KINDS,
    SCHEMA,
    Ask,
    Envelope,
    ReadingOnWire,
    check_run,
    check_session,
)
from .events import Reading
from .sense import check_ranges, check_whole
from .topics import DURABLE, Channel, parse_topic
from .wire import Asked, Body, Message, Request, Unrecognised

MAX_WHO: Final = 40
"""Longest name of a watcher, characters."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class _SchemaOnly(msgspec.Struct):
    schema: int


class _TimeOnly(msgspec.Struct):
    t_s: float


_DECODERS: dict[tuple[Channel, str], msgspec.json.Decoder[Any]] = {
    (channel, KINDS[cls]): msgspec.json.Decoder(ReadingOnWire if cls is Reading else cls)
    for cls, channel in CHANNELS.items()
}
_REQUEST_TYPES: dict[str, type[Request]] = {kind: cls for cls, kind in REQUEST_KINDS.items()}
_ENVELOPE = msgspec.json.Decoder(Envelope)
_ASK = msgspec.json.Decoder(Ask)
_SCHEMA = msgspec.json.Decoder(_SchemaOnly)


def decode(topic_text: str, payload: bytes) -> Message:
    """Read a message of a device.

    Raises:
        SchemaError: of a newer schema than this code reads.
        MessageError: of no topic of ours, oversized, malformed, mistyped or out of range.
    """
    device, channel = parse_topic(topic_text)
    if channel is Channel.COMMAND:
        raise MessageError(f"{topic_text} asks a device; decode_request reads it")
    envelope = _opened(_ENVELOPE, payload)
    run, session, seq = envelope.run, envelope.session, envelope.seq
    check_run(run)
    if channel in DURABLE or channel is Channel.LIVE:
        check_session(session, run)
    if (seq is None) is (channel in DURABLE) or not 0 <= (seq or 0) < 2**31:
        raise MessageError(f"seq {seq} on channel {channel}: durable messages alone carry one, from 0")
    body = _body(channel, envelope.kind, envelope.data)
    named = body.session if isinstance(body, ev.SessionStarted) else session
    named = body.summary.session if isinstance(body, ev.SessionEnded) else named
    if named != session:
        raise MessageError(f"{envelope.kind} of session {named[:80]!r} in an envelope of {session[:80]!r}")
    count = envelope.count
    if count is not None and count != (seq or 0) + 1:
        raise MessageError(f"count {count} contradicts seq {seq}: the last message of a session is count - 1")
    return Message(device, channel, run, session, seq, envelope.simulated, body, count, payload)


def decode_request(payload: bytes) -> Asked:
    """Read a request that a device was sent.

    Raises:
        SchemaError: of a newer schema than this code reads.
        MessageError: oversized, malformed, of an unknown kind, mistyped or out of range.
    """
    ask = _opened(_ASK, payload)
    if not _REQUEST_ID.fullmatch(ask.id):
        raise MessageError("the id of a request must be 1 to 64 letters, digits, - or _")
    cls = _REQUEST_TYPES.get(ask.kind)
    if cls is None:
        raise MessageError(
            f"request {ask.kind[:40]!r} is unknown; known: {', '.join(sorted(_REQUEST_TYPES))}"
        )
    try:
        fields = msgspec.json.decode(ask.data, type=dict[str, Any])
        request: Request = msgspec.convert(fields | {"t_s": 0.0}, cls)
    except msgspec.MsgspecError as error:
        raise MessageError(f"request {ask.kind}: {error}") from None
    check_ranges(request, ask.kind)
    for name in ("who", "by"):
        if len(getattr(request, name, "")) > MAX_WHO:
            raise MessageError(f"{name} has {len(getattr(request, name))} characters; {MAX_WHO} at most")
    for name in ("upper_up", "lower_up"):
        up = getattr(request, name, None)
        if up is not None and not abs(math.hypot(*up) - 1.0) < 1e-3:
            raise MessageError(
                f"{name} of {ask.kind} has length {math.hypot(*up):.4f}; a direction has length 1"
            )
    return Asked(ask.id, request)


_Opened = TypeVar("_Opened", Envelope, Ask)


def _opened(decoder: msgspec.json.Decoder[_Opened], payload: bytes) -> _Opened:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageError(f"a message of {len(payload)} bytes; ours have at most {MAX_PAYLOAD_BYTES}")
    try:
        payload.decode()  # the decoder passes over what it does not know; who keeps it would choke on it
        opened = decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        newer = _newer_schema(payload)
        if newer is not None:
            raise SchemaError(newer) from None
        raise MessageError(f"not a message of ours: {error}") from None
    if opened.schema > SCHEMA:
        raise SchemaError(_newer(opened.schema))
    if opened.schema < 1:
        raise MessageError(f"schema {opened.schema} never was; the first is 1")
    return opened


def _newer(schema: int) -> str:
    return f"a message of schema {schema}, and this version reads up to {SCHEMA}; update this side"


def _newer_schema(payload: bytes) -> str | None:
    try:
        schema = _SCHEMA.decode(payload).schema
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return _newer(schema) if schema > SCHEMA else None


def _body(channel: Channel, kind: str, data: msgspec.Raw) -> Body:
    decoder = _DECODERS.get((channel, kind))
    try:
        if decoder is None:
            if channel is not Channel.EVENT:
                raise MessageError(f"kind {kind[:40]!r} does not belong on channel {channel}")
            body: Any = Unrecognised(msgspec.json.decode(data, type=_TimeOnly).t_s, kind)
        else:
            body = decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MessageError(f"{kind[:40]}: {error}") from None
    if type(body) is ReadingOnWire:
        body = _reading(body)
    check_ranges(body, kind)
    check_whole(body)
    checked: Body = body
    return checked


def _reading(wire: ReadingOnWire) -> Reading:
    nan = math.nan
    angles = (wire.flexion_deg, wire.lateral_deg, wire.upper_deg, wire.sigma_deg)
    if wire.sensors > 0 and None in angles:
        raise MessageError(f"reading: an angle is null though {wire.sensors} sensor(s) are there")
    flexion, lateral, upper, sigma = (nan if angle is None else angle for angle in angles)
    return Reading(
        wire.t_s,
        flexion,
        lateral,
        upper,
        wire.lower_deg,
        sigma,
        wire.posture,
        wire.activity,
        wire.unjudged,
        wire.sensors,
    )
