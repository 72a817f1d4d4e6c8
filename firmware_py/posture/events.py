"""What the core can say, past tense. What it can be told stands in `commands.py`.

Every event and command is a frozen record that begins with `t_s`, seconds since the run
began; when that was on the wall clock is known to the edges alone (`docs/messages.md`).
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from .blocks import Place, RemarkKind
from .commands import Command as Command
from .commands import EndSession as EndSession
from .commands import Mode as Mode
from .commands import NoteBuzz as NoteBuzz
from .commands import SetMode as SetMode
from .commands import SetNeutral as SetNeutral
from .commands import SetPlan as SetPlan
from .commands import Snooze as Snooze
from .exercise_words import ExerciseDue, ExerciseEnded, ExerciseProgress
from .neutral_check import Fit, FitCause
from .states import Activity as Activity
from .states import Posture as Posture
from .states import SlouchEnd as SlouchEnd
from .states import Unjudged as Unjudged
from .states import Withheld as Withheld
from .tally import Tally


class Reading(Struct, frozen=True):
    """The trunk as people understand it, ten times a second.

    Attributes:
        flexion_deg: + forward, from the wearer's neutral; with two sensors the bend of the spine
            (upper − lower), with one the upper back's own inclination, in which leaning counts too.
        lateral_deg: + to the right, of the upper back, from neutral.
        upper_deg: inclination of the upper back, + forward.
        lower_deg: inclination of the low back, + forward; None with one sensor.
        sigma_deg: one-sigma uncertainty of `flexion_deg`.
        unjudged: why the moment is not judged; None where it is.
        sensors: how many sensors `flexion_deg` rests on, 0 (then all angles are NaN), 1 or 2.
    """

    t_s: float
    flexion_deg: float
    lateral_deg: float
    upper_deg: float
    lower_deg: float | None
    sigma_deg: float
    posture: Posture
    activity: Activity
    unjudged: Unjudged | None
    sensors: int


@dataclass(frozen=True, slots=True)
class SlouchStarted:
    """The wearer is slouching. `episode` counts from 1 in each session.

    Told once the slouch was held long enough to be one; `since_s` is when it began, as in `SlouchEnded`.
    """

    t_s: float
    episode: int
    flexion_deg: float
    since_s: float | None = None


@dataclass(frozen=True, slots=True)
class SlouchAlert:
    """The load of a slouch reached its limit: remind the wearer. `level` 1 gentle, 2 once more."""

    t_s: float
    episode: int
    level: int
    flexion_deg: float
    load_deg_s: float


@dataclass(frozen=True, slots=True)
class AlertWithheld:
    """An alert was due and not given; told once for each episode and reason."""

    t_s: float
    episode: int
    reason: Withheld


@dataclass(frozen=True, slots=True)
class SlouchEnded:
    """A slouch is over; one slouch is one episode however long it wavered.

    Attributes:
        started_s: when it began.
        slouched_s: time in it that was judged slouched.
        peak_deg: deepest flexion.
        mean_deg: mean flexion over the slouched time.
        alerted_s: when the first alert was given; None without one.
        corrected_after_s: from the first alert to the posture that cleared it; None without both.
        outcome: how it ended.
    """

    t_s: float
    episode: int
    started_s: float
    slouched_s: float
    peak_deg: float
    mean_deg: float
    alerted_s: float | None
    corrected_after_s: float | None
    outcome: SlouchEnd


@dataclass(frozen=True, slots=True)
class BreakDue:
    """The wearer sat in one posture for long; `still_s` says how long."""

    t_s: float
    still_s: float


@dataclass(frozen=True, slots=True)
class WornChanged:
    """The sensor was put on or taken off; the change is dated to when it was decided."""

    t_s: float
    worn: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ProfileStale:
    """The calibration no longer fits, or (`stale=False`) fits again; the reason is one sentence."""

    t_s: float
    stale: bool
    off_deg: float
    reason: str


@dataclass(frozen=True, slots=True)
class FitChanged:
    """Something else is known of how well the calibration fits; `ProfileStale` beside it stops the judgement.

    Attributes:
        fit: whether it fits.
        cause: which witness says so.
        off_deg: by how much the neutral seems to be off; 0 where unknown.
        reason: one sentence for the wearer; empty where nothing is known.
        suggested_up: a neutral that would fit, as `SetNeutral` takes it; None where there is none to offer.
    """

    t_s: float
    fit: Fit
    cause: FitCause
    off_deg: float
    reason: str
    suggested_up: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class SensorLost:
    """No good samples for longer than the limit."""

    t_s: float
    place: Place
    reason: str


@dataclass(frozen=True, slots=True)
class SensorBack:
    """Samples again after a loss; `lost_s` says how long they were missing."""

    t_s: float
    place: Place
    lost_s: float


@dataclass(frozen=True, slots=True)
class SensorRemarked:
    """A driver's remark that is no loss: an overflow, a reset, an implausible sample."""

    t_s: float
    place: Place
    kind: RemarkKind
    detail: str


@dataclass(frozen=True, slots=True)
class ModeChanged:
    """The mode is another now; `until_s` is when it returns by itself, None for never.

    `calendar` where that is the calendar's doing (quiet hours, a silent first day) and not the wearer's.
    """

    t_s: float
    mode: Mode
    until_s: float | None
    calendar: bool = False


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """Numbers of the judgement are others now: `rules` holds those that changed, by name."""

    t_s: float
    rules: dict[str, float]


@dataclass(frozen=True, slots=True)
class PostureUnknown:
    """The sensor is worn, and nobody can tell the posture since `since_s`; told once, after long.

    Walking and lying are no such time: what the wearer does is known then. `reason` is the latest one.
    """

    t_s: float
    since_s: float
    reason: Unjudged


@dataclass(frozen=True, slots=True)
class Snoozed:
    """Alerts rest until `until_s`; equal to `t_s` when the rest was ended early."""

    t_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class NeutralChanged:
    """Judgement now starts from another neutral, `off_deg` from the one before."""

    t_s: float
    off_deg: float


@dataclass(frozen=True, slots=True)
class MinutePassed:
    """A full minute of the run, or the shorter rest of a session, was tallied."""

    t_s: float
    start_s: float
    tally: Tally


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """A session began. `session` is unique for the device: the run's id and a count.

    Attributes:
        slouch_enter_deg: where a slouch begins at that moment; `RulesChanged` tells of another during it.
            None in what an earlier version told.
    """

    t_s: float
    session: str
    sensors: int
    slouch_enter_deg: float | None = None


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """What a session amounted to: the sum of its minutes and nothing else."""

    session: str
    start_s: float
    end_s: float
    sensors: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session is over."""

    t_s: float
    summary: SessionSummary


Event = (
    Reading
    | SlouchStarted
    | SlouchAlert
    | AlertWithheld
    | SlouchEnded
    | BreakDue
    | WornChanged
    | ProfileStale
    | FitChanged
    | SensorLost
    | SensorBack
    | SensorRemarked
    | ModeChanged
    | Snoozed
    | NeutralChanged
    | RulesChanged
    | PostureUnknown
    | ExerciseProgress
    | ExerciseEnded
    | ExerciseDue
    | MinutePassed
    | SessionStarted
    | SessionEnded
)
"""Everything the core can say."""
