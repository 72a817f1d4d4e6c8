"""What exists only between machines: the edges' own words, and the forms that messages take."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from . import events as ev
from .events import Event
from .exercise_words import ExerciseRequest
from .guidance import AcceptNeutral, GuideCommand, GuideProgress
from .rating import CalibrationInForce
from .settings import BodyAlert, ChangeSettings, SettingsInForce
from .topics import Channel


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody looks: publish readings for `for_s` seconds from now (0 lets go). Not of the core.

    `who` keeps watchers apart, so that one letting go leaves the other watching.
    """

    t_s: float
    for_s: float
    who: str = ""


@dataclass(frozen=True, slots=True)
class TryBuzz:
    """Let the wearer feel once what this kind of alert is like. Not of the core."""

    t_s: float
    alert: BodyAlert = BodyAlert.SLOUCH


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
class MachineState:
    """How the machine on the body fares; retained. What its system does not tell is None.

    Attributes:
        battery_percent: charge of a battery whose driver the system has; a power bank tells nothing.
        charging: whether it is charged or full.
        signal_dbm: level at which the radio hears its network; from about -67 on it is good, below -80 poor.
        cpu_c: temperature of the processor, °C.
        undervoltage: whether the supply is too weak just now.
    """

    t_s: float
    battery_percent: float | None = None
    charging: bool | None = None
    signal_dbm: float | None = None
    cpu_c: float | None = None
    undervoltage: bool | None = None


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand, for a house that wants to know it without watching; retained.

    Attributes:
        flexion_deg: mean over the time since the last one; None where nothing was judged.
        slouching: whether a slouch is going on.
        worn: None until it is known.
        snoozed: whether reminders rest.
        judged_min: judged minutes of the session.
        upright_percent: share of them not slouched; None before the first judged minute.
        slouches: of the session.
        reminders: given in the session.
    """

    t_s: float
    flexion_deg: float | None
    posture: ev.Posture
    slouching: bool
    worn: bool | None
    mode: ev.Mode
    snoozed: bool
    judged_min: float
    upright_percent: float | None
    slouches: int
    reminders: int


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


class StorageLevel(StrEnum):
    """How much the disk still takes; each level gives up what is worth least."""

    OK = "ok"
    LOW = "low"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class StorageChanged:
    """The disk of the device fills up, or has room again; `detail` says what is no longer kept."""

    t_s: float
    level: StorageLevel
    free_bytes: int
    detail: str


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


Request = (
    ev.Snooze
    | ev.SetMode
    | ev.SetNeutral
    | ev.EndSession
    | ChangeSettings
    | TryBuzz
    | Watch
    | GuideCommand
    | AcceptNeutral
    | ExerciseRequest
)
"""What a device may be asked over the network. `NoteBuzz` is the motor's own and stays inside."""

Told = Event | StorageChanged | CalibrationInForce
"""What a device tells of its own accord, dated in the run: the core's events and the device's own."""

Body = Told | Now | MachineState | SettingsInForce | GuideProgress | Status | Anchor | Reply | Unrecognised


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
        session: the session it is numbered in; empty where it is not numbered.
    """

    topic: str
    payload: bytes
    durable: bool
    retain: bool = False
    session: str = ""


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
