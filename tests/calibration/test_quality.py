"""Quality in numbers and in words."""

from __future__ import annotations

import math

import pytest

from calibration.quality import expected_error_deg, judge_quality, with_expected_error
from firmware_py.posture.profile import CalibrationProfile, Quality, SensorProfile
from firmware_py.posture.rating import Grade

CAREFUL = Quality(1e-5, 6, 0.01, 3, 2.0, 0.3)


def test_a_careful_calibration_is_good_and_says_how_good() -> None:
    judged = judge_quality(CAREFUL)
    assert judged.grade is Grade.GOOD
    assert judged.words == "Good, angles are right to about 0.5°."


@pytest.mark.parametrize(
    ("quality", "grade", "because"),
    [
        (
            Quality(bows=3, bow_spread_deg=2.0, acc_residual_m_s2=0.01, neutral_spread_deg=2.5),
            Grade.FAIR,
            "swayed",
        ),
        (
            Quality(bows=3, bow_spread_deg=9.9, acc_residual_m_s2=0.5, neutral_spread_deg=0.3),
            Grade.FAIR,
            "different ways",
        ),
        (Quality(neutral_spread_deg=4.5), Grade.POOR, "swayed"),
        (Quality(), Grade.FAIR, "left as it came, the strap is taken to sit flat"),
    ],
)
def test_what_was_weak_is_named(quality: Quality, grade: Grade, because: str) -> None:
    judged = judge_quality(quality)
    assert judged.grade is grade
    assert because in judged.words


def test_every_share_makes_the_error_larger() -> None:
    base = expected_error_deg(CAREFUL)
    worse = [
        Quality(1e-5, 6, 0.2, 3, 2.0, 0.3),
        Quality(1e-5, 6, 0.01, 3, 8.0, 0.3),
        Quality(1e-5, 6, 0.01, 3, 2.0, 1.5),
    ]
    assert all(expected_error_deg(quality) > base for quality in worse)


def test_the_expected_error_goes_into_both_sensors() -> None:
    rated = with_expected_error(CalibrationProfile(lower=SensorProfile(quality=CAREFUL)))
    assert rated.lower is not None
    assert rated.lower.quality.expected_error_deg == expected_error_deg(CAREFUL)
    assert not math.isnan(rated.upper.quality.expected_error_deg)
