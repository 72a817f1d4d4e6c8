"""The temperature slope of the bias, learnt over weeks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.temperature import learn_slope
from firmware_py.posture.blocks import SensorBlock
from firmware_py.posture.profile import CalibrationProfile, SensorModel, SensorProfile

SLOPE = np.radians([0.03, -0.02, 0.01])


def found_at(temp_c: float, seed: int = 0, sensor_id: str = "x") -> CalibrationProfile:
    scatter = np.random.default_rng([seed, round(temp_c * 100)]).normal(0.0, np.radians(0.05), 3)
    x, y, z = (np.radians([1.0, 2.0, -1.0]) + (temp_c - 25.0) * SLOPE + scatter).tolist()
    model = SensorModel(gyr_bias_rad_s=(x, y, z), temp_c=temp_c)
    return CalibrationProfile(upper=SensorProfile(sensor=model, sensor_id=sensor_id))


def test_weeks_of_calibrations_show_the_slope() -> None:
    weeks = [found_at(temp_c) for temp_c in (19.0, 22.5, 31.0, 27.0, 24.0, 35.0, 20.0, 29.0)]
    learnt = learn_slope(weeks[-1], weeks[:-1])
    assert learnt.upper.sensor.gyr_bias_slope_rad_s_k == pytest.approx(tuple(SLOPE), abs=np.radians(0.008))


def test_a_warm_day_then_reads_no_false_turning() -> None:
    weeks = [found_at(temp_c) for temp_c in (19.0, 22.5, 31.0, 27.0, 24.0, 35.0, 20.0, 25.0)]
    cold, learnt = weeks[-1], learn_slope(weeks[-1], weeks[:-1])
    hot = np.array(found_at(38.0).upper.sensor.gyr_bias_rad_s)
    block = SensorBlock(np.zeros(1), np.array([[0.0, 0.0, 9.8]]), hot[None], 38.0)
    before, after = (np.linalg.norm(p.upper.apply(block).gyr_rad_s) for p in (cold, learnt))
    assert np.degrees(after) < 0.25 < 0.4 < np.degrees(before)


def test_a_few_days_at_one_temperature_teach_nothing() -> None:
    same = [found_at(24.0 + 0.5 * k) for k in range(8)]
    assert learn_slope(same[-1], same[:-1]) == same[-1]
    two = [found_at(18.0), found_at(32.0)]
    assert learn_slope(two[1], two[:1]) == two[1]


def test_one_measurement_repeated_in_the_history_counts_once() -> None:
    first, second = found_at(18.0), found_at(32.0)
    copies = [replace(first, note=str(k)) for k in range(10)]
    assert learn_slope(second, copies) == second


def test_another_sensor_and_an_unknown_temperature_are_left_out() -> None:
    mine = found_at(25.0)
    others = [found_at(temp_c, sensor_id="y") for temp_c in (15.0, 35.0, 20.0)]
    unknown = [CalibrationProfile(upper=SensorProfile(sensor_id="x")) for _ in range(5)]
    assert learn_slope(mine, [*others, *unknown]) == mine
