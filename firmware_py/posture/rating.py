"""How good a calibration is, as it is told: a grade, the error to expect, and what is weak about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .neutral_check import NeutralOf


class Grade(StrEnum):
    """A calibration in one word."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class Weakness(StrEnum):
    """What makes a calibration worse than it could be."""

    SWAYED = "swayed"
    """The wearer swayed while sitting upright."""
    BOWS_APART = "bows_apart"
    """The bows went different ways."""
    NO_BOW = "no_bow"
    """No bow was made: the strap is taken to sit flat on the back."""
    SIDES_LEFT_OUT = "sides_left_out"
    """The accelerometer was left as it came."""
    SIDES_NOT_STILL = "sides_not_still"
    """The six sides were not held still."""


@dataclass(frozen=True, slots=True)
class Rating:
    """What a calibration is worth.

    Attributes:
        grade: in one word.
        expected_error_deg: one-sigma error of an angle from neutral that the calibration itself causes.
        weak: what is weak about it; may be empty.
    """

    grade: Grade
    expected_error_deg: float
    weak: tuple[Weakness, ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationInForce:
    """From now on angles are counted from this calibration; told as a run begins and at a change.

    Attributes:
        t_s: seconds since the run began.
        made_at: UTC, ISO 8601; empty where nobody ever calibrated.
        neutral_of: when its neutral was taken.
        rating: what it is worth; None where nobody ever calibrated.
    """

    t_s: float
    made_at: str
    neutral_of: NeutralOf
    rating: Rating | None
