"""What the core can be told, imperative. What it says stands in `events.py`.

Every command begins with `t_s`, seconds since the run began, at which it takes effect. Commands are
recorded beside the samples, so a replay tells the same story.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .exercise_words import ExerciseCommand
from .rules import Rules


class Mode(StrEnum):
    """How the monitor behaves towards the wearer; measurement goes on in every mode."""

    TRAINING = "training"
    TRACKING = "tracking"
    BASELINE = "baseline"
    MEETING = "meeting"
    DRIVING = "driving"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Let alerts rest for `for_s` seconds (0 ends a rest)."""

    t_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class SetMode:
    """Change the mode, for `for_s` seconds or for good."""

    t_s: float
    mode: Mode
    for_s: float | None = None


@dataclass(frozen=True, slots=True)
class SetCalendar:
    """What the calendar puts in place of training: `mode` for `for_s` seconds, or (None) nothing.

    Quiet hours and a silent first day come this way. They give way to a mode that the wearer sets, and to
    TRAINING too, until the calendar has something else to say.
    """

    t_s: float
    mode: Mode | None
    for_s: float | None = None


@dataclass(frozen=True, slots=True)
class SetRules:
    """Judge by these numbers from now on; what is under way (a slouch, a snooze, an interval) goes on."""

    t_s: float
    rules: Rules


@dataclass(frozen=True, slots=True)
class SetPlan:
    """Give this share of the reminders that are due, 0 to 1 (`plan.py`); the others are held back."""

    t_s: float
    share: float


@dataclass(frozen=True, slots=True)
class SetNeutral:
    """Take these directions of "up" (unit vectors, body frame before the neutral is applied) as neutral."""

    t_s: float
    upper_up: tuple[float, float, float]
    lower_up: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class NoteBuzz:
    """The motor runs for `for_s` seconds from `t_s` on; what it shakes is not judged."""

    t_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class EndSession:
    """Close the session now; the next judged sample opens another."""

    t_s: float


Command = (
    Snooze | SetMode | SetCalendar | SetRules | SetPlan | SetNeutral | NoteBuzz | EndSession | ExerciseCommand
)
"""Everything the core can be told. Commands are recorded beside the samples, so that a replay is exact."""
