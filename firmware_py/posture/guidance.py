"""The words between the guided calibration and whoever shows it: terminal, button, motor, page.

The guide itself (`calibration.guide`) is a state machine over time and samples. What it says is a
`GuideProgress`, complete in itself, so that a page that opens in the middle shows the right thing;
what it can be told are the commands below.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class StartGuide:
    """Begin, or begin anew with another plan."""

    t_s: float
    plan: GuidePlan


@dataclass(frozen=True, slots=True)
class PressGuide:
    """Go on: the one press of the button, of Enter, of the page."""

    t_s: float


@dataclass(frozen=True, slots=True)
class SkipStep:
    """Leave out a step that may be left out (a posture of one's own)."""

    t_s: float


@dataclass(frozen=True, slots=True)
class LeaveGuide:
    """Stop; everything stays as it was."""

    t_s: float


GuideCommand = StartGuide | PressGuide | SkipStep | LeaveGuide
"""Everything that the guide can be told."""
