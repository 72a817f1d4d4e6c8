"""Finding stillness, and the gyroscope's bias in it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.stillness import find_still, gyroscope_bias
from firmware_py.errors import CalibrationRejected
from firmware_py.posture.blocks import SensorBlock
from tests.calibration.recordings import bench_block, bench_names

RATE_HZ = 100.0


def block_of(rate_deg_s: np.ndarray, seed: int = 1, noise_deg_s: float = 0.1) -> SensorBlock:
    rng = np.random.default_rng(seed)
    n = len(rate_deg_s)
    gyr = np.radians(rate_deg_s + rng.normal(0.0, noise_deg_s, (n, 3)))
    acc = np.tile([0.0, 0.0, 9.81], (n, 1)) + rng.normal(0.0, 0.02, (n, 3))
    return SensorBlock(np.arange(n) / RATE_HZ, acc, gyr, 25.0)


def turning(seconds: float, deg_s: float, wobble: float = 0.5) -> np.ndarray:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.outer(deg_s * (1.0 + wobble * np.sin(2.0 * np.pi * t)), [0.3, 0.9, 0.3])


def resting(seconds: float) -> np.ndarray:
    return np.zeros((round(seconds * RATE_HZ), 3))


@given(st.tuples(*[st.floats(-20.0, 20.0)] * 3), st.integers(0, 1000))
def test_the_bias_is_found_between_movements(bias_deg_s: tuple[float, float, float], seed: int) -> None:
    rate = np.concatenate([turning(3, 40), resting(5), turning(3, 40), resting(4), turning(2, 40)])
    found = gyroscope_bias(block_of(rate + np.array(bias_deg_s), seed))
    np.testing.assert_allclose(np.degrees(found.bias_rad_s), bias_deg_s, atol=0.05)
    assert 6.0 <= found.still_s <= 9.0
    assert found.temp_c == 25.0


def test_turning_evenly_is_not_taken_for_the_bias() -> None:
    rate = np.concatenate([resting(8), turning(4, 10, wobble=0.0), resting(8)])
    found = gyroscope_bias(block_of(rate))
    np.testing.assert_allclose(np.degrees(found.bias_rad_s), 0.0, atol=0.05)


def test_turning_evenly_about_a_level_axis_is_no_pose() -> None:
    n = 400
    angle = np.radians(90.0) * np.arange(n) / RATE_HZ
    acc = 9.81 * np.stack([np.sin(angle), np.zeros(n), np.cos(angle)], axis=1)
    gyr = np.tile([0.0, np.radians(90.0), 0.0], (n, 1))
    assert find_still(SensorBlock(np.arange(n) / RATE_HZ, acc, gyr)) == []


def test_stillness_is_found_where_it_is() -> None:
    spans = find_still(block_of(np.concatenate([turning(3, 40), resting(5), turning(3, 40)])))
    assert len(spans) == 1
    assert spans[0].start == pytest.approx(300, abs=50)
    assert spans[0].stop == pytest.approx(800, abs=50)


def test_without_rest_there_is_a_reason_and_no_bias() -> None:
    with pytest.raises(CalibrationRejected, match="never at rest for a second in 10 s; lay it on a table"):
        gyroscope_bias(block_of(turning(10, 40)))
    with pytest.raises(CalibrationRejected, match="at rest for 2 s only"):
        gyroscope_bias(block_of(np.concatenate([turning(3, 40), resting(2), turning(3, 40)])))
    with pytest.raises(CalibrationRejected, match="never at rest"):
        gyroscope_bias(block_of(resting(0)))


def test_rows_that_are_no_numbers_and_gaps_are_left_out() -> None:
    block = block_of(resting(10))
    block.gyr_rad_s[200:300] = np.nan
    block.t_s[700:] += 5.0
    assert np.degrees(gyroscope_bias(block).bias_rad_s) == pytest.approx([0.0] * 3, abs=0.05)


def test_the_uncertainty_is_honest() -> None:
    errors = []
    for seed in range(200):
        found = gyroscope_bias(block_of(resting(10), seed))
        errors.append(np.array(found.bias_rad_s) / found.sigma_rad_s)
    assert 0.5 < float(np.sqrt(np.mean(np.square(errors)))) < 1.2


def test_a_real_sensor_has_one_bias_however_it_lies(shared_data: Path) -> None:
    found = [gyroscope_bias(bench_block(shared_data, name)) for name in bench_names(shared_data, still=True)]
    assert max(math.degrees(bias.sigma_rad_s) for bias in found) < 0.02
    biases = np.degrees([bias.bias_rad_s for bias in found])
    # On one bench within the hour; over days and temperatures a bias changes by far more.
    assert float(np.ptp(biases, axis=0).max()) < 0.1
    assert float(np.abs(biases).max()) > 1.0, "a bias that is worth removing"
