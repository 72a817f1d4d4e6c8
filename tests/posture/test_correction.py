"""A correction that is kept and used again gives what a fresh one gives."""

from __future__ import annotations

import math

import numpy as np
import pytest

from firmware_py.posture.blocks import SensorBlock
from firmware_py.posture.profile import SensorModel, SensorProfile

PROFILE = SensorProfile(
    SensorModel(
        acc_bias_m_s2=(0.3, -0.1, 0.2),
        acc_matrix=((1.01, 0.0, 0.02), (0.0, 0.99, 0.0), (-0.01, 0.0, 1.0)),
        gyr_bias_rad_s=(0.02, 0.01, -0.03),
        gyr_bias_slope_rad_s_k=(1e-3, -2e-3, 0.0),
        temp_c=25.0,
    )
)


def block(rows: int, temp_c: float) -> SensorBlock:
    rng = np.random.default_rng(rows)
    return SensorBlock(
        np.arange(rows) / 100.0, rng.normal(size=(rows, 3)), rng.normal(size=(rows, 3)), temp_c
    )


def test_the_temperature_of_each_block_counts_whatever_came_before() -> None:
    kept = PROFILE.correction()
    for rows, temp_c in [
        (10, 25.0),
        (10, 31.0),
        (10, math.nan),
        (10, 31.0),
        (9, 31.0),
        (500, 20.0),
        (10, 20.0),
    ]:
        body = kept(block(rows, temp_c))
        fresh = PROFILE.correction()(block(rows, temp_c))
        np.testing.assert_array_equal(body.gyr_rad_s, fresh.gyr_rad_s)
        np.testing.assert_array_equal(body.acc_m_s2, fresh.acc_m_s2)


@pytest.mark.parametrize(("temp_c", "warmer_k"), [(25.0, 0.0), (35.0, 10.0), (math.nan, 0.0)])
def test_a_warmer_chip_has_another_bias(temp_c: float, warmer_k: float) -> None:
    still = SensorBlock(np.zeros(1), np.zeros((1, 3)), np.zeros((1, 3)), temp_c)
    bias = np.array([0.02, 0.01, -0.03]) + warmer_k * np.array([1e-3, -2e-3, 0.0])
    np.testing.assert_allclose(
        PROFILE.correction()(still).gyr_rad_s[0], -PROFILE.to_body() @ bias, atol=1e-15
    )


def test_a_corrected_block_is_the_callers_own() -> None:
    kept = PROFILE.correction()
    first = kept(block(10, 25.0))
    before = first.gyr_rad_s.copy()
    kept(block(10, 40.0))
    np.testing.assert_array_equal(first.gyr_rad_s, before)
