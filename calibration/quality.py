"""How good a calibration is, in numbers and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2
from firmware_py.posture.profile import CalibrationProfile, Quality, SensorProfile
from firmware_py.posture.rating import Grade, Rating, Weakness

TYPICAL_SLOUCH_DEG = 20.0
"""Depth of a slouch at which the share of a turned heading is told (sitting recordings: median 23)."""

UNCALIBRATED_DEG = 2.0
"""Error of "up" that an accelerometer as bought may have: 35 mg, the middle of what datasheets allow."""


UNBOWED_DEG = 6.0
"""How far a flat board may be turned about the spine where no bow showed it (inference: straps sit within
6°, two of three)."""

WORDS = {
    Weakness.SWAYED: "you swayed while sitting upright",
    Weakness.BOWS_APART: "your bows went different ways",
    Weakness.SIDES_LEFT_OUT: "the accelerometer was left as it came",
    Weakness.SIDES_NOT_STILL: "the six sides were not held still",
    Weakness.NO_BOW: "the strap is taken to sit flat on the back, since no bow was made",
}


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
    sigma_deg = quality.bow_spread_deg / math.sqrt(quality.bows) if quality.bows else UNBOWED_DEG
    heading = TYPICAL_SLOUCH_DEG * math.sin(math.radians(min(90.0, sigma_deg)))
    return math.sqrt(neutral**2 + up**2 + heading**2)


def with_expected_error(profile: CalibrationProfile) -> CalibrationProfile:
    """The profile with the error to expect written into each sensor's quality."""

    def with_error(part: SensorProfile) -> SensorProfile:
        return replace(
            part, quality=replace(part.quality, expected_error_deg=expected_error_deg(part.quality))
        )

    lower = profile.lower
    return replace(
        profile, upper=with_error(profile.upper), lower=None if lower is None else with_error(lower)
    )


def rated(quality: Quality) -> Rating:
    """What a calibration is worth: good below 2°, fair below 4°, poor from there (a slouch begins at 10°)."""
    error = expected_error_deg(quality)
    grade = Grade.GOOD if error < 2.0 else Grade.FAIR if error < 4.0 else Grade.POOR
    weak = []
    if quality.neutral_spread_deg > 1.5:
        weak.append(Weakness.SWAYED)
    if quality.bow_spread_deg > 5.0:
        weak.append(Weakness.BOWS_APART)
    if math.isnan(quality.acc_residual_m_s2):
        weak.append(Weakness.SIDES_LEFT_OUT)
    elif quality.acc_residual_m_s2 > 0.1:
        weak.append(Weakness.SIDES_NOT_STILL)
    if not quality.bows:
        weak.append(Weakness.NO_BOW)
    return Rating(grade, error, tuple(weak))


def rating_of(profile: CalibrationProfile) -> Rating:
    """What a profile is worth: that of its worse sensor."""
    parts = [profile.upper] if profile.lower is None else [profile.upper, profile.lower]
    return max((rated(part.quality) for part in parts), key=lambda rating: rating.expected_error_deg)


def judge_quality(quality: Quality) -> Judgement:
    """The grade and why, in words."""
    rating = rated(quality)
    because = f": {', '.join(WORDS[weakness] for weakness in rating.weak)}" if rating.weak else ""
    return Judgement(
        rating.grade,
        f"{rating.grade.value.capitalize()}, angles are right to about "
        f"{rating.expected_error_deg:.1f}°{because}.",
    )
