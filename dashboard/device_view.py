"""PURE: what is known of a device, from its row and its latest events."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

KINDS = ("worn_changed", "profile_stale", "mode_changed", "neutral_changed")
"""The events that say how a device stands."""


class _Known(Protocol):
    def is_online(self, device: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device on its page; None where it has not told."""

    name: str
    label: str
    simulated: bool
    online: bool
    seen_utc_ms: int | None
    version: str
    waiting: int
    worn: bool | None
    worn_utc_ms: int | None
    stale_reason: str
    mode: str | None
    mode_utc_ms: int | None


class _Data(msgspec.Struct):
    """The fields of several events that matter here; each event has some of them."""

    worn: bool | None = None
    stale: bool = False
    reason: str = ""
    mode: str | None = None
    version: str = ""
    waiting: int = 0


class _Envelope(msgspec.Struct):
    data: _Data = msgspec.field(default_factory=_Data)


def device_view(row: Any, latest: Mapping[str, Any], hub: _Known) -> DeviceView:  # Any: rows of the store
    """A device for its page.

    Args:
        row: its row.
        latest: its newest event of each of `KINDS`.
        hub: knows who is online.
    """
    worn, stale, mode = (latest.get(kind) for kind in ("worn_changed", "profile_stale", "mode_changed"))
    status = _data(row.status)
    stale_data = _data(stale.payload if stale else None)
    return DeviceView(
        row.name,
        row.label,
        bool(row.simulated),
        hub.is_online(row.name),
        row.seen_utc_ms,
        status.version,
        status.waiting,
        _data(worn.payload).worn if worn else None,
        worn.at_utc_ms if worn else None,
        stale_data.reason if stale_data.stale else "",
        _data(mode.payload).mode if mode else None,
        mode.at_utc_ms if mode else None,
    )


def _data(payload: str | None) -> _Data:
    if payload is not None:
        with contextlib.suppress(msgspec.MsgspecError):
            return msgspec.json.decode(payload, type=_Envelope).data
    return _Data()
