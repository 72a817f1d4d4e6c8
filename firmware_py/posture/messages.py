"""Events as messages: topic and JSON, both directions. No MQTT here; `docs/messages.md` is the reference.

Every topic is `plumbline/v1/<device>/<channel>`. What the core says travels in one envelope,

    {"schema": 1, "run": …, "session": …, "seq": …, "simulated": …, "kind": …, "data": {…}}

with `data` the fields of the event itself. A *durable* message (minute, event, session) carries
`seq`, which counts from 0 in its session, so (device, session, seq) names it for good: a copy
changes nothing, and a hole in the numbers is a message that is still missing.

The schema number changes only when an old reader would misunderstand. A field or a kind of event
that is merely new keeps the number: readers skip what they do not know (`Unrecognised`), and
`Message.payload` keeps the bytes.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, TypeVar

import msgspec

from ..errors import MessageError, SchemaError
from . import events as ev
from .events import Event, Reading

SCHEMA: Final = 1
"""What this code writes, and the newest it can read."""

MAX_PAYLOAD_BYTES: Final = 32_768
"""A session summary with every table full stays under 12 kB; anything above this is not ours."""

MAX_TEXT: Final = 500
"""Longest free text (a reason, a detail), characters."""

MAX_TIME_S: Final = 1e9
"""Longest run that makes sense, about 31 years."""

OUTSIDE: Final = 0
"""The count of the session id under which events outside any session are numbered (`<run>-0`)."""

_ROOT = "plumbline/v1"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_RUN = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Channel(StrEnum):
    """The last level of a topic."""

    LIVE = "live"
    MINUTE = "minute"
    EVENT = "event"
    SESSION = "session"
    STATUS = "status"
    ANCHOR = "anchor"
    COMMAND = "command"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody looks: publish readings for `for_s` seconds from now (0 lets go). Not of the core.

    `who` keeps watchers apart, so that one letting go leaves the other watching.
    """

    t_s: float
    for_s: float
    who: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Whether the device is there; retained, and `OFFLINE` is its last will.

    Attributes:
        state: `"online"` or `"offline"`.
        version: of the software on the device.
        waiting: durable messages that the broker had not yet acknowledged.
    """

    state: Literal["online", "offline"]
    version: str = ""
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Anchor:
    """When a run was on the wall clock; of several for one run the one with the largest `t_s` holds.

    Attributes:
        t_s: when, in the run, this was found out.
        utc_s: POSIX time (UTC) at `t_s` = 0 of the run, seconds.
        trusted: whether the clock was known to be set (by NTP, say) then.
    """

    t_s: float
    utc_s: float
    trusted: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a request: `detail` is one plain sentence, empty where there is nothing to say."""

    id: str
    accepted: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """An event of a kind that this version does not know; its place in the numbering is kept."""

    t_s: float
    kind: str


Request = ev.Snooze | ev.SetMode | ev.SetNeutral | ev.EndSession | Watch
"""What a device may be asked over the network. `NoteBuzz` is the motor's own and stays inside."""

Body = Event | Status | Anchor | Reply | Unrecognised


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in. Its `t_s` is 0 until the device says when it took effect: `at`."""

    id: str
    request: Request

    def at(self, t_s: float) -> Request:
        """The request, dated to `t_s` of the run."""
        return dataclasses.replace(self.request, t_s=t_s)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message ready to be published.

    Attributes:
        durable: to be kept until the broker has acknowledged it (QoS 1); else QoS 0 and may be lost.
        retain: the broker shows it to whoever comes later.
    """

    topic: str
    payload: bytes
    durable: bool
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a reader sees it.

    Attributes:
        session: the session's id, `<run>-0` for events outside any; empty for status, anchor and reply.
        seq: number in the session, from 0; None where the message is not durable.
        count: how many messages the session has, this one included; only in `SessionEnded`.
        payload: the JSON as received, unknown fields and all.
    """

    device: str
    channel: Channel
    run: str
    session: str
    seq: int | None
    simulated: bool
    body: Body
    count: int | None
    payload: bytes


class _ReadingOnWire(msgspec.Struct, gc=False):
    """`Reading` with angles that may be absent: JSON has no NaN, an unknown angle is null."""

    t_s: float
    flexion_deg: float | None
    lateral_deg: float | None
    upper_deg: float | None
    lower_deg: float | None
    sigma_deg: float | None
    posture: ev.Posture
    activity: ev.Activity
    unjudged: ev.Unjudged | None
    sensors: int


class _Envelope(msgspec.Struct):
    """What surrounds every message of a device."""

    schema: int
    run: str
    kind: str
    data: msgspec.Raw
    session: str = ""
    seq: int | None = None
    simulated: bool = False
    count: int | None = None


class _Ask(msgspec.Struct):
    """What surrounds a request."""

    schema: int
    id: str
    kind: str
    data: msgspec.Raw


class _SchemaOnly(msgspec.Struct):
    schema: int


def kind_of(body: type[object]) -> str:
    """The name of an event on the wire: `SlouchAlert` -> `slouch_alert`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", body.__name__).lower()


CHANNELS: Final[dict[type[object], Channel]] = {
    Reading: Channel.LIVE,
    ev.MinutePassed: Channel.MINUTE,
    ev.SessionStarted: Channel.SESSION,
    ev.SessionEnded: Channel.SESSION,
    ev.SlouchStarted: Channel.EVENT,
    ev.SlouchAlert: Channel.EVENT,
    ev.AlertWithheld: Channel.EVENT,
    ev.SlouchEnded: Channel.EVENT,
    ev.BreakDue: Channel.EVENT,
    ev.WornChanged: Channel.EVENT,
    ev.ProfileStale: Channel.EVENT,
    ev.SensorLost: Channel.EVENT,
    ev.SensorBack: Channel.EVENT,
    ev.SensorRemarked: Channel.EVENT,
    ev.ModeChanged: Channel.EVENT,
    ev.Snoozed: Channel.EVENT,
    ev.NeutralChanged: Channel.EVENT,
    Status: Channel.STATUS,
    Anchor: Channel.ANCHOR,
    Reply: Channel.REPLY,
}
"""Which channel each body travels on."""

REQUESTS: Final[tuple[type[Request], ...]] = (ev.Snooze, ev.SetMode, ev.SetNeutral, ev.EndSession, Watch)

DURABLE: Final = frozenset({Channel.MINUTE, Channel.EVENT, Channel.SESSION})
"""Channels whose messages are numbered and kept until acknowledged."""

_KINDS = {cls: kind_of(cls) for cls in CHANNELS}
_DECODERS: dict[tuple[Channel, str], msgspec.json.Decoder[Any]] = {
    (channel, _KINDS[cls]): msgspec.json.Decoder(_ReadingOnWire if cls is Reading else cls)
    for cls, channel in CHANNELS.items()
}
_REQUEST_KINDS = {cls: kind_of(cls) for cls in REQUESTS}
_REQUEST_TYPES: dict[str, type[Request]] = {kind: cls for cls, kind in _REQUEST_KINDS.items()}
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_ASK = msgspec.json.Decoder(_Ask)
_SCHEMA = msgspec.json.Decoder(_SchemaOnly)
_encode = msgspec.json.Encoder().encode


def topic(device: str, channel: Channel) -> str:
    """The topic of a device's channel.

    Raises:
        MessageError: where the device's name is not 1 to 40 of letters, digits, `-` and `_`.
    """
    if not _NAME.fullmatch(device):
        raise MessageError(
            f"device name {device[:60]!r} cannot stand in a topic; use 1 to 40 letters, digits, - or _"
        )
    return f"{_ROOT}/{device}/{channel.value}"


def topic_filter(channel: Channel, device: str = "+") -> str:
    """The subscription that takes in `channel` of one device, or of all."""
    return f"{_ROOT}/+/{channel.value}" if device == "+" else topic(device, channel)


def parse_topic(text: str) -> tuple[str, Channel]:
    """Device and channel of a topic.

    Raises:
        MessageError: where the topic is none of ours.
    """
    parts = text.split("/")
    if len(parts) != 4 or "/".join(parts[:2]) != _ROOT or not _NAME.fullmatch(parts[2]):
        raise MessageError(f"topic {text[:120]!r} is none of ours: {_ROOT}/<device>/<channel> is")
    try:
        return parts[2], Channel(parts[3])
    except ValueError:
        raise MessageError(f"topic {text[:120]!r} ends in no channel that this version knows") from None


class Encoder:
    """Turns one run's events into messages; the same events give the same bytes and numbers.

    Args:
        device: the device's name, 1 to 40 of letters, digits, `-` and `_`.
        run: id of the run, unique for the device, 1 to 64 of letters, digits and `-_.:`.
        simulated: whether the wearer is a simulated one; said in every message.
    """

    def __init__(self, device: str, run: str, *, simulated: bool = False) -> None:
        if not _RUN.fullmatch(run):
            raise MessageError(f"run id {run[:80]!r} must be 1 to 64 letters, digits, - _ . or :")
        self.device = device
        self.run = run
        self.simulated = simulated
        self._topics = {channel: topic(device, channel) for channel in Channel}
        self._seqs: dict[str, int] = {}
        self._enter(f"{run}-{OUTSIDE}")

    def encode(self, event: Event) -> Outgoing:
        """The message of an event; numbers it where it is durable."""
        if type(event) is Reading:
            return Outgoing(self._topics[Channel.LIVE], self.live(event), durable=False)
        if isinstance(event, ev.SessionStarted):
            self._enter(event.session)
        seq = self._seqs.get(self.session, 0)
        self._seqs[self.session] = seq + 1
        ended = isinstance(event, ev.SessionEnded)
        payload = self._wrap(event, session=self.session, seq=seq, count=seq + 1 if ended else None)
        if ended:
            self._seqs.pop(self.session, None)
            self._enter(f"{self.run}-{OUTSIDE}")
        return Outgoing(self._topics[CHANNELS[type(event)]], payload, durable=True)

    def live(self, r: Reading) -> bytes:
        """The payload of a reading; its angles to a hundredth of a degree, finer than any sensor here."""
        # The one hot path, ten times a second: all but the reading itself was encoded before.
        lower = r.lower_deg
        data = _ReadingOnWire(
            round(r.t_s, 3),
            round(r.flexion_deg, 2),
            round(r.lateral_deg, 2),
            round(r.upper_deg, 2),
            None if lower is None else round(lower, 2),
            round(r.sigma_deg, 2),
            r.posture,
            r.activity,
            r.unjudged,
            r.sensors,
        )
        return self._live_head + _encode(data) + b"}"

    def status(self, status: Status) -> Outgoing:
        """The retained status; with `state="offline"` the last will."""
        return Outgoing(self._topics[Channel.STATUS], self._wrap(status), durable=False, retain=True)

    def anchor(self, anchor: Anchor) -> Outgoing:
        """The wall-clock time of this run; kept until acknowledged, and retained."""
        return Outgoing(self._topics[Channel.ANCHOR], self._wrap(anchor), durable=True, retain=True)

    def reply(self, reply: Reply) -> Outgoing:
        """The answer to a request."""
        return Outgoing(self._topics[Channel.REPLY], self._wrap(reply), durable=False)

    def _enter(self, session: str) -> None:
        self.session = session
        head = {"schema": SCHEMA, "run": self.run, "session": session, "simulated": self.simulated}
        self._live_head = _encode(head | {"kind": _KINDS[Reading]})[:-1] + b',"data":'

    def _wrap(
        self, body: Body, session: str | None = None, seq: int | None = None, count: int | None = None
    ) -> bytes:
        envelope: dict[str, object] = {"schema": SCHEMA, "run": self.run}
        if session is not None:
            envelope |= {"session": session, "seq": seq}
        if count is not None:
            envelope["count"] = count
        envelope |= {"simulated": self.simulated, "kind": _KINDS[type(body)], "data": body}
        return _encode(envelope)


def encode_request(device: str, request_id: str, request: Request) -> Outgoing:
    """The message that asks a device for something; its `t_s` is left out, the device dates it."""
    data: dict[str, object] = msgspec.to_builtins(request)
    del data["t_s"]
    ask = {"schema": SCHEMA, "id": request_id, "kind": _REQUEST_KINDS[type(request)], "data": data}
    return Outgoing(topic(device, Channel.COMMAND), _encode(ask), durable=False)


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
    if not _RUN.fullmatch(run):
        raise MessageError(f"run id {run[:80]!r} must be 1 to 64 letters, digits, - _ . or :")
    if channel in DURABLE or channel is Channel.LIVE:
        count_text = session[len(run) + 1 :]
        if session[: len(run) + 1] != run + "-" or not (count_text.isdecimal() and len(count_text) <= 9):
            raise MessageError(
                f"session {session[:80]!r} does not belong to run {run!r}; {run}-<count> would"
            )
    if (seq is None) is (channel in DURABLE) or not 0 <= (seq or 0) < 2**31:
        raise MessageError(f"seq {seq} on channel {channel}: durable messages alone carry one, from 0")
    body = _body(channel, envelope.kind, envelope.data)
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
    _check(request, ask.kind)
    for name in ("upper_up", "lower_up"):
        up = getattr(request, name, None)
        if up is not None and not abs(math.hypot(*up) - 1.0) < 1e-3:
            raise MessageError(
                f"{name} of {ask.kind} has length {math.hypot(*up):.4f}; a direction has length 1"
            )
    return Asked(ask.id, request)


_Opened = TypeVar("_Opened", _Envelope, _Ask)


def _opened(decoder: msgspec.json.Decoder[_Opened], payload: bytes) -> _Opened:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageError(f"a message of {len(payload)} bytes; ours have at most {MAX_PAYLOAD_BYTES}")
    try:
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
    if type(body) is _ReadingOnWire:
        body = _reading(body)
    _check(body, kind)
    _check_sense(body)
    checked: Body = body
    return checked


class _TimeOnly(msgspec.Struct):
    t_s: float


def _reading(wire: _ReadingOnWire) -> Reading:
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


def _within(low: float, high: float) -> Callable[[float], bool]:
    return lambda value: low <= value <= high


_BY_UNIT: Final[tuple[tuple[str, Callable[[float], bool], str], ...]] = (
    ("_deg_s", _within(0.0, 1e9), "0 to 1e9 degree-seconds"),
    ("_deg", lambda v: v != v or -360.0 <= v <= 360.0, "-360 to 360 degrees"),
    ("utc_s", _within(-1e10, 1e10), "a POSIX time within 300 years of 1970"),
    ("_s", _within(0.0, MAX_TIME_S), f"0 to {MAX_TIME_S:.0f} s"),
)
"""The unit is in the name of every number, so the name says which values make sense."""


def _check(value: object, where: str) -> None:
    """Refuse what has the right type and no sense.

    Raises:
        MessageError: naming the field.
    """
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            _check(getattr(value, field.name), f"{where}.{field.name}")
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, float):
        for suffix, sensible, words in _BY_UNIT:
            if where.endswith(suffix):
                if not sensible(value):
                    raise MessageError(f"{where} is {value}; {words} makes sense")
                return
    elif isinstance(value, int):
        if not 0 <= value <= 2**53:
            raise MessageError(f"{where} is {value}; a count from 0 on makes sense")
    elif isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise MessageError(f"{where} has {len(value)} characters; {MAX_TEXT} at most make sense")
    elif isinstance(value, dict):
        for key, count in value.items():
            if isinstance(key, int) and not -90 <= key <= 179:
                raise MessageError(f"{where} counts {key}°; -90 to 179 makes sense")
            if isinstance(key, str) and len(key) > 40:
                raise MessageError(f"{where} has a key of {len(key)} characters; 40 at most make sense")
            _check(count, f"{where}[{key}]")


def _check_sense(body: object) -> None:
    if isinstance(body, ev.MinutePassed):
        stretches = [(body.start_s, body.t_s, body.tally)]
    elif isinstance(body, ev.SessionEnded):
        stretches = [(body.summary.start_s, body.summary.end_s, body.summary.tally)]
    else:
        return
    for start_s, end_s, tally in stretches:
        if start_s > end_s:
            raise MessageError(f"a stretch from {start_s} s to {end_s} s runs backwards")
        if tally.judged > tally.ticks:
            raise MessageError(f"{tally.judged} ticks judged of {tally.ticks}; a part is never more than all")
