"""The words between the guided calibration and whoever shows it: terminal, button, motor, page.

The guide itself (`calibration.guide`) is a state machine over time and samples. What it says is a
`GuideProgress`, complete in itself, so that a page that opens in the middle shows the right thing;
what it can be told are the commands below.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .rating import Rating


class GuideStep(StrEnum):
    """What the wearer is asked to do."""

    REST = "rest"
    """Sensors on a table: the gyroscopes' bias."""
    SIDES = "sides"
    """Every side down once: the accelerometer's bias, scale and misalignment."""
    STAND = "stand"
    """Standing still: "up" in the sensor, and the neutral of standing."""
    BOW = "bow"
    """Bowing forward and coming up again: which way is forward."""
    SIT = "sit"
    """Sitting upright: the neutral."""
    SLOUCH = "slouch"
    LEAN_FORWARD = "lean_forward"
    LEAN_BACK = "lean_back"
    BEND_RIGHT = "bend_right"
    BEND_LEFT = "bend_left"


class GuidePlan(StrEnum):
    """Which steps are gone through."""

    FULL = "full"
    """A new sensor: everything but the wearer's own postures."""
    STRAP = "strap"
    """The strap sits another way: mounting and neutral."""
    NEUTRAL = "neutral"
    """Five seconds of upright sitting."""
    POSES = "poses"
    """Half a minute: the wearer's own example of each posture."""


class GuidePhase(StrEnum):
    """Where in a step the guide is."""

    READY = "ready"
    """Says what to do, and waits for a press."""
    COUNTDOWN = "countdown"
    HOLD = "hold"
    """Measures."""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """Says why, and that the step comes once more; goes on by itself."""
    FINISHED = "finished"
    """The new profile is there."""
    LEFT = "left"
    """Given up; everything is as it was."""


class GuideCue(StrEnum):
    """What the motor and a sound should do."""

    NONE = "none"
    TICK = "tick"
    GO = "go"
    GOOD = "good"
    WRONG = "wrong"


class GuideFinding(StrEnum):
    """What a step found, or why a guide ended: what `text` says in English, for other languages."""

    # Good.
    BIAS_KNOWN = "bias_known"
    SIDES_AGREE = "sides_agree"
    STILL = "still"
    BOW_DEEP = "bow_deep"
    FORWARD_KNOWN = "forward_known"
    UPRIGHT_KNOWN = "upright_known"
    POSTURE_KNOWN = "posture_known"
    # Once more.
    MOVED = "moved"
    TOO_FEW_SAMPLES = "too_few_samples"
    NOT_ONE_G = "not_one_g"
    NEVER_AT_REST = "never_at_rest"
    RESTED_TOO_BRIEFLY = "rested_too_briefly"
    TOO_FEW_SIDES = "too_few_sides"
    AXIS_NOT_SHOWN = "axis_not_shown"
    SIDES_DISAGREE = "sides_disagree"
    BOW_SHALLOW = "bow_shallow"
    BOW_TWISTED = "bow_twisted"
    TURNED_ROUND = "turned_round"
    BOWS_APART = "bows_apart"
    FAR_FROM_STANDING = "far_from_standing"
    TOO_NEAR_UPRIGHT = "too_near_upright"
    TOO_FAR_FROM_UPRIGHT = "too_far_from_upright"
    OTHER_SIDE = "other_side"
    UPPER_SILENT = "upper_silent"
    LOWER_SILENT = "lower_silent"
    # The end.
    ALL_DONE = "all_done"
    TOO_POOR = "too_poor"
    LEFT_BY_WEARER = "left_by_wearer"
    NO_SAMPLES = "no_samples"


@dataclass(frozen=True, slots=True)
class GuideMotion:
    """How the wearer moves while it is measured: the picture of a hold.

    Attributes:
        moved_deg: how far "up" is from where it was as the hold began.
        at_most_deg: moving more than this, the hold will not do; None where one is to move.
        at_least_deg: so far it has to go (a bow); None where one is to hold still.
    """

    moved_deg: float
    at_most_deg: float | None = None
    at_least_deg: float | None = None


@dataclass(frozen=True, slots=True)
class GuideResult:
    """What a finished guide came to.

    Attributes:
        kept: whether the new calibration is kept; False where it is too poor.
        before: what the calibration before was worth; None where there was none.
        after: what the new one is worth.
        turned_deg: between the neutral before and after; None where the strap sits another way now.
    """

    kept: bool
    before: Rating | None
    after: Rating
    turned_deg: float | None


@dataclass(frozen=True, slots=True)
class GuideProgress:
    """All that there is to show at a moment of the guide.

    Attributes:
        t_s: seconds since the run began.
        plan: what is gone through.
        step: the step; None once finished or left.
        phase: where in the step.
        index: which step of how many, from 1 (a repetition keeps its number).
        count: how many steps there are.
        attempt: which try of the step, from 1.
        text: one or two sentences in a spoken style.
        remaining_s: whole seconds until the phase ends; 0 where it waits for the wearer.
        cue: what to feel or hear at this moment.
        optional: whether the step may be skipped.
        finding: what `text` says, for another language; None where it says what the step asks for.
        values: the numbers of the finding, by names that carry their units.
        motion: how the wearer moves; only while it is measured.
        result: what the guide came to; only once finished.
    """

    t_s: float
    plan: GuidePlan
    step: GuideStep | None
    phase: GuidePhase
    index: int
    count: int
    attempt: int
    text: str
    remaining_s: int
    cue: GuideCue
    optional: bool = False
    finding: GuideFinding | None = None
    values: dict[str, float] = field(default_factory=dict)
    motion: GuideMotion | None = None
    result: GuideResult | None = None

    @property
    def over(self) -> bool:
        """Whether the guide is finished or left."""
        return self.phase in (GuidePhase.FINISHED, GuidePhase.LEFT)


@dataclass(frozen=True, slots=True)
class StartGuide:
    """Begin, or begin anew with another plan."""

    t_s: float
    plan: GuidePlan


@dataclass(frozen=True, slots=True)
class PressGuide:
    """Go on: the one press of the button, of Enter, of the page.

    `index` is the step that the presser saw; where the guide is at another one by now, nothing happens.
    """

    t_s: float
    index: int | None = None


@dataclass(frozen=True, slots=True)
class SkipStep:
    """Leave out a step that may be left out (a posture of one's own); `index` as in `PressGuide`."""

    t_s: float
    index: int | None = None


@dataclass(frozen=True, slots=True)
class LeaveGuide:
    """Stop; everything stays as it was. Told to a guide that is over, it clears what was shown."""

    t_s: float


@dataclass(frozen=True, slots=True)
class AcceptNeutral:
    """Take the neutral that was offered last (`FitChanged.suggested_up`), and keep it."""

    t_s: float


GuideCommand = StartGuide | PressGuide | SkipStep | LeaveGuide
"""Everything that the guide can be told."""
