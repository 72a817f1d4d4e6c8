"""PURE: whether a device is worn now, and since when, by its latest events.

A device tells a change alone, and a run begins with a change of nothing: until its judgement has seen enough
(some twenty seconds), the newest word is the run's before. That word is not repeated as if it held.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

WORN_KINDS = ("worn_changed", "session_started", "session_ended")
"""The events that it is read from."""


@dataclass(frozen=True, slots=True)
class Worn:
    """What a run said last.

    Attributes:
        yes: whether it is worn.
        since_utc_ms: when that began.
    """

    yes: bool
    since_utc_ms: int


class _Data(msgspec.Struct):
    worn: bool


class _Envelope(msgspec.Struct):
    data: _Data


def worn_now(latest: Mapping[str, Any]) -> Worn | None:  # Any: rows of the store
    """Whether a device is worn; None where its present run has not said, or is over.

    Args:
        latest: the device's newest event of each of `WORN_KINDS`, each with `run`, `at_utc_ms` and `payload`.
    """
    told, began, ended = (latest.get(kind) for kind in WORN_KINDS)
    if told is None or (began is not None and told.run != began.run):
        return None
    # What was taken off stays off behind the session's end. A session that its wearer ends is followed by the
    # next one at the same moment, in the same run.
    over = ended is not None and ended.at_utc_ms > max(told.at_utc_ms, began.at_utc_ms if began else 0)
    with contextlib.suppress(msgspec.MsgspecError):
        yes = msgspec.json.decode(told.payload, type=_Envelope).data.worn
        return None if over and yes else Worn(yes, told.at_utc_ms)
    return None
