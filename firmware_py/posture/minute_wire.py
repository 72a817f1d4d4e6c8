"""Minutes as they travel, read in one pass: four of five messages of a fleet are minutes.

`messages.decode` reads any message in two passes and checks every value in Python, and so takes eight
times as long. The types below say the same limits to msgspec, which checks them while it parses. What
they refuse is left to `messages.decode`: it accepts what only looks odd, and names what is wrong.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ..errors import MessageError
from .messages import MAX_PAYLOAD_BYTES, SCHEMA
from .sense import MAX_TIME_S
from .topics import Channel, parse_topic

_Count = Annotated[int, Meta(ge=0, le=2**53)]
_Name = Annotated[str, Meta(max_length=40)]
_Degree = Annotated[int, Meta(ge=-90, le=179)]
_Time = Annotated[float, Meta(ge=0.0, le=MAX_TIME_S)]
_Counts = dict[_Name, _Count]

REMEMBERED: Final = 65_536
"""Sessions and topics whose names were found to be in order, remembered."""

_RUN = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_COUNT = re.compile(r"[0-9]{1,9}")


class TallyOnWire(msgspec.Struct, omit_defaults=True, gc=False):
    """A `Tally` of a message; encoded again it leaves out what is zero or empty."""

    ticks: _Count = 0
    judged: _Count = 0
    posture: _Counts = {}
    activity: _Counts = {}
    unjudged: _Counts = {}
    flexion: dict[_Degree, _Count] = {}
    slouches: _Count = 0
    alerts: _Count = 0
    withheld: _Counts = {}
    corrections: _Count = 0
    correction_ticks: _Count = 0
    breaks: _Count = 0
    eva: _Counts = {}
    holds: _Counts = {}


class _Stretch(msgspec.Struct, gc=False):
    t_s: _Time
    start_s: _Time
    tally: TallyOnWire


class _Envelope(msgspec.Struct, tag_field="kind", tag="minute_passed", gc=False):
    schema: Annotated[int, Meta(ge=1, le=SCHEMA)]
    run: str
    session: str
    seq: Annotated[int, Meta(ge=0, lt=2**31)]
    data: _Stretch
    simulated: bool = False
    count: int | None = None


class Minute(msgspec.Struct, gc=False, frozen=True):
    """A minute of a device, as its message says.

    Attributes:
        device: its name.
        run: id of its run.
        session: id of the session.
        seq: number of the message in the session, from 0.
        simulated: whether the wearer is a simulated one.
        start_s: when in the run the minute began.
        end_s: when it ended.
        tally: what it amounted to.
    """

    device: str
    run: str
    session: str
    seq: int
    simulated: bool
    start_s: float
    end_s: float
    tally: TallyOnWire


_envelope = msgspec.json.Decoder(_Envelope).decode


def read_minute(topic: str, payload: bytes) -> Minute | None:
    """Read a minute whose every value is in order.

    Returns:
        None of anything else: `messages.decode` says what it is.
    """
    device = _device_of(topic)
    if device is None or len(payload) > MAX_PAYLOAD_BYTES:
        return None
    try:
        payload.decode()  # the decoder passes over bytes that are no text where it does not look
        read = _envelope(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    data = read.data
    if data.start_s > data.t_s or data.tally.judged > data.tally.ticks:
        return None
    if (read.count is not None and read.count != read.seq + 1) or not _belongs(read.session, read.run):
        return None
    return Minute(
        device, read.run, read.session, read.seq, read.simulated, data.start_s, data.t_s, data.tally
    )


@lru_cache(REMEMBERED)
def _device_of(topic: str) -> str | None:
    try:
        device, channel = parse_topic(topic)
    except MessageError:
        return None
    return device if channel is Channel.MINUTE else None


@lru_cache(REMEMBERED)
def _belongs(session: str, run: str) -> bool:
    head, _, count = session.rpartition("-")
    return head == run and _COUNT.fullmatch(count) is not None and _RUN.fullmatch(run) is not None
