"""How good a calibration is, in numbers and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2
from firmware_py.posture.profile import CalibrationProfile, Quality, SensorProfile

TYPICAL_SLOUCH_DEG = 20.0
"""Depth of a slouch at which the share of a turned heading is told (sitting recordings: median 23)."""

UNCALIBRATED_DEG = 2.0
"""Error of "up" that an accelerometer as bought may have: 35 mg, the middle of what datasheets allow."""


class Grade(StrEnum):
    """A calibration in one word."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A grade and the sentence that says why."""

    grade: Grade
    words: str


def expected_error_deg(quality: Quality) -> float:
    """One-sigma error of an angle from neutral that the calibration itself causes, degrees.

    Three shares that know nothing of one another: how still the neutral was, what the accelerometer's
    remaining error makes of "up" between two postures, and how much of a slouch of 20° a turned
    heading hides in the other plane.
    """
    neutral = 0.0 if math.isnan(quality.neutral_spread_deg) else quality.neutral_spread_deg
    if math.isnan(quality.acc_residual_m_s2):
        # Most of an uncalibrated error is the same in the neutral and cancels; a third is left at 20°.
        up = UNCALIBRATED_DEG / 3.0
    else:
        up = math.degrees(quality.acc_residual_m_s2 / STANDARD_GRAVITY_M_S2)
    heading = 0.0
    if quality.bows:
        sigma_deg = quality.bow_spread_deg / math.sqrt(quality.bows)
        heading = TYPICAL_SLOUCH_DEG * math.sin(math.radians(min(90.0, sigma_deg)))
    return math.sqrt(neutral**2 + up**2 + heading**2)


def with_expected_error(profile: CalibrationProfile) -> CalibrationProfile:
    """The profile with the error to expect written into each sensor's quality."""

    def rated(part: SensorProfile) -> SensorProfile:
        return replace(
            part, quality=replace(part.quality, expected_error_deg=expected_error_deg(part.quality))
        )

    lower = profile.lower
    return replace(profile, upper=rated(profile.upper), lower=None if lower is None else rated(lower))


def judge_quality(quality: Quality) -> Judgement:
    """A grade and why: good below 2°, fair below 4°, poor from there (a slouch begins at 10°)."""
    error = expected_error_deg(quality)
    grade = Grade.GOOD if error < 2.0 else Grade.FAIR if error < 4.0 else Grade.POOR
    weak = []
    if quality.neutral_spread_deg > 1.5:
        weak.append("you swayed while sitting upright")
    if quality.bow_spread_deg > 5.0:
        weak.append("your bows went different ways")
    if math.isnan(quality.acc_residual_m_s2):
        weak.append("the accelerometer was left as it came")
    elif quality.acc_residual_m_s2 > 0.1:
        weak.append("the six sides were not held still")
    if not quality.bows:
        weak.append("the strap is taken to sit flat on the back, since no bow was made")
    because = f": {', '.join(weak)}" if weak else ""
    return Judgement(grade, f"{grade.value.capitalize()}, angles are right to about {error:.1f}°{because}.")
