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

import math
import re
from typing import Any, Final, TypeVar

import msgspec

from ..errors import MessageError, SchemaError
from . import events as ev
from .events import Reading
from .exercise_words import (
    ExerciseDue,
    ExerciseEnded,
    ExerciseProgress,
    PauseExercise,
    RemindExercise,
    ResumeExercise,
    StartExercise,
    StopExercise,
)
from .guidance import AcceptNeutral, GuideProgress, LeaveGuide, PressGuide, SkipStep, StartGuide
from .rating import CalibrationInForce
from .sense import check_ranges, check_whole
from .settings import ChangeSettings, SettingsInForce
from .topics import DURABLE, Channel, parse_topic, topic, topic_filter
from .wire import (
    Anchor,
    Asked,
    Body,
    MachineState,
    Message,
    Now,
    Outgoing,
    Reply,
    Request,
    Status,
    StorageChanged,
    StorageLevel,
    Told,
    TryBuzz,
    Unrecognised,
    Watch,
)

__all__ = [
    "CHANNELS",
    "DURABLE",
    "MAX_PAYLOAD_BYTES",
    "OUTSIDE",
    "REQUESTS",
    "SCHEMA",
    "Anchor",
    "Asked",
    "Body",
    "Channel",
    "Encoder",
    "MachineState",
    "Message",
    "Now",
    "Outgoing",
    "Reply",
    "Request",
    "Status",
    "StorageChanged",
    "StorageLevel",
    "Told",
    "TryBuzz",
    "Unrecognised",
    "Watch",
    "decode",
    "decode_request",
    "encode_request",
    "kind_of",
    "parse_topic",
    "topic",
    "topic_filter",
]

SCHEMA: Final = 1
"""What this code writes, and the newest it can read."""

MAX_PAYLOAD_BYTES: Final = 32_768
"""A session summary with every table full stays under 12 kB; anything above this is not ours."""

MAX_WHO: Final = 40
"""Longest name of a watcher, characters."""

OUTSIDE: Final = 0
"""The count of the session id under which events outside any session are numbered (`<run>-0`)."""

_RUN = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SESSION_COUNT = re.compile(r"[0-9]{1,9}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


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
    ev.FitChanged: Channel.EVENT,
    ev.SensorLost: Channel.EVENT,
    ev.SensorBack: Channel.EVENT,
    ev.SensorRemarked: Channel.EVENT,
    ev.ModeChanged: Channel.EVENT,
    ev.Snoozed: Channel.EVENT,
    ev.NeutralChanged: Channel.EVENT,
    ev.RulesChanged: Channel.EVENT,
    ev.PostureUnknown: Channel.EVENT,
    StorageChanged: Channel.EVENT,
    CalibrationInForce: Channel.EVENT,
    GuideProgress: Channel.GUIDE,
    ExerciseProgress: Channel.EXERCISE,
    ExerciseEnded: Channel.EVENT,
    ExerciseDue: Channel.EVENT,
    Now: Channel.NOW,
    SettingsInForce: Channel.SETTINGS,
    MachineState: Channel.MACHINE,
    Status: Channel.STATUS,
    Anchor: Channel.ANCHOR,
    Reply: Channel.REPLY,
}
"""Which channel each body travels on."""

REQUESTS: Final[tuple[type[Request], ...]] = (
    ev.Snooze,
    ev.SetMode,
    ev.SetNeutral,
    ev.EndSession,
    ChangeSettings,
    TryBuzz,
    Watch,
    StartGuide,
    PressGuide,
    SkipStep,
    LeaveGuide,
    AcceptNeutral,
    StartExercise,
    PauseExercise,
    ResumeExercise,
    StopExercise,
    RemindExercise,
)

THE_DEVICES_OWN: Final = (StorageChanged, CalibrationInForce)
"""What is told of the device and not of the wear: outside any session."""

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

    def encode(self, event: Told) -> Outgoing:
        """The message of an event; numbers it where it is durable."""
        if type(event) is Reading:
            return Outgoing(self._topics[Channel.LIVE], self.live(event), durable=False)
        if isinstance(event, ExerciseProgress):
            return self.exercise(event)
        if isinstance(event, ev.SessionStarted):
            if not _belongs(event.session, self.run):
                raise MessageError(
                    f"session {event.session!r} is not of run {self.run!r}: {self.run}-<count> is"
                )
            self._enter(event.session)
        # The device's own words stand outside, so that a session's numbers follow from its samples alone.
        session = f"{self.run}-{OUTSIDE}" if isinstance(event, THE_DEVICES_OWN) else self.session
        seq = self._seqs.get(session, 0)
        self._seqs[session] = seq + 1
        ended = isinstance(event, ev.SessionEnded)
        payload = self._wrap(event, session=session, seq=seq, count=seq + 1 if ended else None)
        if ended:
            self._seqs.pop(session, None)
            self._enter(f"{self.run}-{OUTSIDE}")
        return Outgoing(self._topics[CHANNELS[type(event)]], payload, durable=True, session=session)

    def resume(self, session: str, seq: int) -> None:
        """Go on with a session of which `seq` messages were sent: to end one that was broken off."""
        self._enter(session)
        self._seqs[session] = seq

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

    def now(self, now: Now) -> Outgoing:
        """How things stand; retained, and may be lost."""
        return Outgoing(self._topics[Channel.NOW], self._wrap(now), durable=False, retain=True)

    def settings(self, settings: SettingsInForce) -> Outgoing:
        """What the device goes by; retained, and the latest says it all."""
        return Outgoing(self._topics[Channel.SETTINGS], self._wrap(settings), durable=False, retain=True)

    def machine(self, state: MachineState) -> Outgoing:
        """How the machine fares; retained, and the latest says it all."""
        return Outgoing(self._topics[Channel.MACHINE], self._wrap(state), durable=False, retain=True)

    def guide(self, progress: GuideProgress | None) -> Outgoing:
        """Where the guided calibration is, retained; None clears it."""
        payload = b"" if progress is None else self._wrap(progress)
        return Outgoing(self._topics[Channel.GUIDE], payload, durable=False, retain=True)

    def exercise(self, progress: ExerciseProgress | None) -> Outgoing:
        """Where an exercise is, retained; None clears it."""
        payload = b"" if progress is None else self._wrap(progress)
        return Outgoing(self._topics[Channel.EXERCISE], payload, durable=False, retain=True)

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
    """The message that asks a device for something; its `t_s` is left out, the device dates it.

    A lasting change of settings is retained: of these the latest counts.
    """
    data: dict[str, object] = msgspec.to_builtins(request)
    del data["t_s"]
    ask = {"schema": SCHEMA, "id": request_id, "kind": _REQUEST_KINDS[type(request)], "data": data}
    lasting = isinstance(request, ChangeSettings) and request.lasting
    return Outgoing(topic(device, Channel.COMMAND), _encode(ask), durable=False, retain=lasting)


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
    if (channel in DURABLE or channel is Channel.LIVE) and not _belongs(session, run):
        raise MessageError(f"session {session[:80]!r} is not of run {run!r}: {run}-<count> is")
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


def _belongs(session: str, run: str) -> bool:
    head, _, count = session.rpartition("-")
    return head == run and _SESSION_COUNT.fullmatch(count) is not None


_Opened = TypeVar("_Opened", _Envelope, _Ask)


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
    if type(body) is _ReadingOnWire:
        body = _reading(body)
    check_ranges(body, kind)
    check_whole(body)
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
