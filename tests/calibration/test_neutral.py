"""The wearer's upright from a few seconds of stillness."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.neutral import measure_neutral, settled_neutral, with_neutral
from firmware_py.errors import CalibrationRejected
from firmware_py.posture.blocks import SensorBlock
from firmware_py.posture.profile import SensorModel, SensorProfile
from tests.calibration.recordings import sitting_people, sitting_trials

RATE_HZ = 100.0
PART = SensorProfile()


def sitting(flexion_deg: np.ndarray, lateral_deg: float = 0.0, g: float = 9.80665) -> SensorBlock:
    """A sensor flat on the back of somebody who holds these angles."""
    f, s = np.radians(flexion_deg), math.radians(lateral_deg)
    up_body = np.stack(
        [-np.sin(f) * math.cos(s), np.full(len(f), math.sin(s)), np.cos(f) * math.cos(s)], axis=1
    )
    acc = g * up_body @ np.array(PART.mounting.rotation)
    rng = np.random.default_rng(3)
    return SensorBlock(
        np.arange(len(f)) / RATE_HZ, acc + rng.normal(0.0, 0.03, acc.shape), rng.normal(0.0, 0.01, acc.shape)
    )


def breathing(seconds: float, flexion_deg: float) -> np.ndarray:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return flexion_deg + 0.4 * np.sin(2.0 * np.pi * t / 4.0)


@given(st.floats(-40.0, 60.0), st.floats(-30.0, 30.0))
def test_after_taking_a_neutral_that_posture_reads_zero(flexion_deg: float, lateral_deg: float) -> None:
    block = sitting(breathing(5.0, flexion_deg), lateral_deg)
    up = with_neutral(block, PART).apply(block).acc_m_s2.mean(axis=0)
    assert math.degrees(math.atan2(math.hypot(up[0], up[1]), up[2])) < 0.1


def test_five_breathing_seconds_are_a_neutral_and_its_spread_is_told() -> None:
    measured = measure_neutral(sitting(breathing(5.0, 12.0)), PART)
    assert measured.seconds == pytest.approx(5.0)
    assert 0.1 < measured.spread_deg < 0.5
    assert math.degrees(math.atan2(-measured.up[0], measured.up[2])) == pytest.approx(12.0, abs=0.3)


def test_who_moves_is_told_by_how_much() -> None:
    shifted = np.concatenate([breathing(3.0, 0.0), breathing(2.0, 4.0)])
    with pytest.raises(CalibrationRejected, match=r"^you moved [45]° while standing still — once more$"):
        measure_neutral(sitting(shifted), PART, doing="standing still")


def test_half_a_minute_with_one_shift_has_a_middle() -> None:
    shifted = np.concatenate([breathing(24.0, 5.0), breathing(6.0, 12.0)])
    measured = settled_neutral(sitting(shifted), PART)
    assert math.degrees(math.atan2(-measured.up[0], measured.up[2])) == pytest.approx(5.0, abs=0.3)
    assert measured.seconds == pytest.approx(24.0, abs=1.0)


def test_what_is_no_one_posture_is_no_neutral() -> None:
    with pytest.raises(CalibrationRejected, match="spent in one posture"):
        settled_neutral(sitting(np.linspace(0.0, 40.0, 3000)), PART)


def test_too_short_a_time_is_no_neutral() -> None:
    block = sitting(breathing(5.0, 0.0))
    with pytest.raises(CalibrationRejected, match=r"only 1\.\d s of usable samples"):
        measure_neutral(block.cut(0, 150), PART)
    block.acc_m_s2[60:] = np.nan
    with pytest.raises(CalibrationRejected, match=r"only 0\.5 s of usable samples"):
        measure_neutral(block, PART)
    with pytest.raises(CalibrationRejected, match=r"only 0\.0 s of usable samples"):
        with_neutral(block.cut(0, 0), PART)


def test_samples_in_g_are_noticed() -> None:
    with pytest.raises(CalibrationRejected, match=r"reads 0\.10 g .* check the unit"):
        measure_neutral(sitting(breathing(5.0, 0.0), g=1.0), PART)


def test_the_sensors_model_is_applied_first() -> None:
    block = sitting(breathing(5.0, 0.0))
    off = SensorBlock(block.t_s, block.acc_m_s2 + np.array([0.0, 0.0, 0.8]), block.gyr_rad_s)
    part = SensorProfile(sensor=SensorModel(acc_bias_m_s2=(0.0, 0.0, 0.8)))
    assert measure_neutral(off, part).up == pytest.approx(measure_neutral(block, PART).up, abs=1e-9)


def test_every_first_upright_trial_of_real_people_gives_a_neutral(shared_data: Path) -> None:
    for person in sitting_people(shared_data):
        trials = sitting_trials(person)
        first = next(trials[name] for name in trials if name.endswith("class_2"))
        for block in first:
            assert settled_neutral(block, PART).seconds >= 15.0
