"""PURE: what is known of a device, from its row and its latest events."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

import msgspec

from firmware_py.posture.messages import MachineState

from .standing import Standing
from .worn import WORN_KINDS, Worn, worn_now

KINDS = (*WORN_KINDS, "profile_stale", "mode_changed", "calibration_in_force", "storage_changed")
"""The events that say how a device stands."""


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device on its page; None where it has not told.

    Attributes:
        worn: whether and since when; None while its present run has not said.
        calibrated_on: local date on which the calibration in force was made; None without one.
        machine: battery, radio, heat and supply, while it is online.
        storage: what the device says of its disk, where that is not well.
    """

    name: str
    label: str
    simulated: bool
    online: bool
    seen_utc_ms: int | None
    version: str
    waiting: int
    worn: Worn | None
    stale_reason: str
    mode: str | None
    mode_utc_ms: int | None
    calibrated_on: date | None
    machine: MachineState | None
    storage: str


class _Data(msgspec.Struct):
    """The fields of several events that matter here; each event has some of them."""

    stale: bool = False
    reason: str = ""
    mode: str | None = None
    version: str = ""
    waiting: int = 0
    made_at: str = ""
    level: str = ""
    detail: str = ""


class _Envelope(msgspec.Struct):
    data: _Data = msgspec.field(default_factory=_Data)


def device_view(
    row: Any, latest: Mapping[str, Any], standing: Standing, zone: tzinfo
) -> DeviceView:  # Any: rows of the store
    """A device for its page.

    Args:
        row: its row.
        latest: its newest event of each of `KINDS`.
        standing: how things stand with the devices.
        zone: the wearer's time zone.
    """
    stale, mode, began = (latest.get(kind) for kind in ("profile_stale", "mode_changed", "session_started"))
    status = _data(row.status)
    calibration, storage = (latest.get(kind) for kind in ("calibration_in_force", "storage_changed"))
    disk = _data(storage.payload if storage else None)
    # Each run tells its calibration at its start; a doubt from before that was another wear's.
    if stale and calibration and stale.at_utc_ms < calibration.at_utc_ms:
        stale = None
    # A mode lasts no longer than its run, and one that this run never changed is told by the settings alone.
    if mode and began and mode.run != began.run:
        mode = None
    in_force = standing.settings_of(row.name)
    stale_data = _data(stale.payload if stale else None)
    return DeviceView(
        row.name,
        row.label,
        bool(row.simulated),
        standing.is_online(row.name),
        row.seen_utc_ms,
        status.version,
        status.waiting,
        worn_now(latest),
        stale_data.reason if stale_data.stale else "",
        _data(mode.payload).mode if mode else in_force.mode if in_force else None,
        mode.at_utc_ms if mode else None,
        _day(_data(calibration.payload).made_at, zone) if calibration else None,
        standing.machine_of(row.name),
        disk.detail if disk.level not in ("", "ok") else "",
    )


def _day(made_at: str, zone: tzinfo) -> date | None:
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(made_at).astimezone(zone).date()
    return None


def _data(payload: str | None) -> _Data:
    if payload is not None:
        with contextlib.suppress(msgspec.MsgspecError):
            return msgspec.json.decode(payload, type=_Envelope).data
    return _Data()
