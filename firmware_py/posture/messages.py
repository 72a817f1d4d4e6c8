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

from .decoder import decode, decode_request
from .encoder import Encoder, encode_request
from .envelope import CHANNELS, MAX_PAYLOAD_BYTES, OUTSIDE, REQUESTS, SCHEMA, kind_of
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
