"""What surrounds a message, what kinds there are and which channel each travels on (`docs/messages.md`)."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from ..errors import MessageError
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
from .settings import ChangeSettings, SettingsInForce
from .topics import Channel
from .wire import Anchor, MachineState, Now, Reply, Request, Status, StorageChanged, TryBuzz, Watch

SCHEMA: Final = 1
"""What this code writes, and the newest it can read."""

MAX_PAYLOAD_BYTES: Final = 32_768
"""A session summary with every table full stays under 12 kB; anything above this is not ours."""

OUTSIDE: Final = 0
"""The count of the session id under which events outside any session are numbered (`<run>-0`)."""

_RUN = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SESSION_COUNT = re.compile(r"[0-9]{1,9}")


class ReadingOnWire(msgspec.Struct, gc=False):
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


class Envelope(msgspec.Struct):
    """What surrounds every message of a device."""

    schema: int
    run: str
    kind: str
    data: msgspec.Raw
    session: str = ""
    seq: int | None = None
    simulated: bool = False
    count: int | None = None


class Ask(msgspec.Struct):
    """What surrounds a request."""

    schema: int
    id: str
    kind: str
    data: msgspec.Raw


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

KINDS: Final = {cls: kind_of(cls) for cls in CHANNELS}
"""The name of each body on the wire."""

REQUEST_KINDS: Final = {cls: kind_of(cls) for cls in REQUESTS}
"""The name of each request on the wire."""


def check_run(run: str) -> None:
    """Refuse what is no id of a run.

    Raises:
        MessageError: where it is not 1 to 64 of letters, digits and `-_.:`.
    """
    if not _RUN.fullmatch(run):
        raise MessageError(f"run id {run[:80]!r} must be 1 to 64 letters, digits, - _ . or :")


def check_session(session: str, run: str) -> None:
    """Refuse a session that is not one of the run.

    Raises:
        MessageError: where it is not the run's id and a count.
    """
    head, _, count = session.rpartition("-")
    if head != run or _SESSION_COUNT.fullmatch(count) is None:
        raise MessageError(f"session {session[:80]!r} is not of run {run!r}: {run}-<count> is")
