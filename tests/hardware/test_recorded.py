"""Real recordings through a simulated chip and the real driver: what comes out is what was measured."""

from pathlib import Path

import numpy as np
import pytest

from firmware_py.hardware.twin.motion import RecordedMotion
from firmware_py.posture.blocks import FloatArray

from .rig import assert_one_story, times
from .test_contract import PAIRS, rig

G = 9.80665


def bench_recording(shared_data: Path, pose: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Time, m/s² and rad/s of one pose of a real MPU-6050 on a bench."""
    with np.load(shared_data / "mpu6050" / f"{pose}.npz") as file:
        gyr, acc = file["gyr_t_s_xyz_deg_s"], file["acc_t_s_xyz_g"]
    t_s = gyr[:, 0] - gyr[0, 0]
    force = np.column_stack([np.interp(gyr[:, 0], acc[:, 0], acc[:, 1 + axis]) for axis in range(3)]) * G
    return t_s, force, np.radians(gyr[:, 1:])


@pytest.mark.parametrize("part", PAIRS)
def test_a_real_turn_comes_through_every_chip_as_it_was(part: str, shared_data: Path) -> None:
    t_s, acc, gyr = bench_recording(shared_data, "tilt-sphere")
    motion = RecordedMotion(t_s, acc, gyr)
    bench = rig(part, motion=motion).opened()
    blocks = bench.play(10.0)
    assert_one_story(blocks)
    error_s = bench.time_error_s(blocks)
    assert np.abs(error_s).max() < 1e-3
    wanted_acc, wanted_gyr = motion.at(times(blocks) - error_s)  # at the true moments
    said_acc = np.vstack([block.upper.acc_m_s2 for block in blocks])
    said_gyr = np.vstack([block.upper.gyr_rad_s for block in blocks])
    good = np.isfinite(said_acc).all(axis=1)
    assert good.mean() > 0.99
    inside = (np.abs(wanted_acc) < 3.9 * G).all(axis=1) & (np.abs(wanted_gyr) < 8.5).all(axis=1) & good
    # half a count, and the rounding of single precision
    np.testing.assert_allclose(said_acc[inside], wanted_acc[inside], atol=0.51 * 4.1 * G / 32768)
    np.testing.assert_allclose(said_gyr[inside], wanted_gyr[inside], atol=0.51 * np.radians(575) / 32768)


def test_rows_that_are_no_numbers_are_left_out_and_the_ends_are_held() -> None:
    t_s = np.array([0.0, 1.0, 2.0, 3.0])
    acc = np.array([[0.0, 0, 0], [np.nan, 0, 0], [2.0, 0, 0], [3.0, 0, 0]])
    motion = RecordedMotion(t_s, acc, np.zeros((4, 3)))
    force, rate = motion.at(np.array([-1.0, 1.0, 2.5, 9.0]))
    assert force[:, 0].tolist() == [0.0, 1.0, 2.5, 3.0]
    assert not rate.any()
    assert motion.ends_s == 3.0


def test_a_recording_without_a_single_number_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one row of numbers"):
        RecordedMotion(np.arange(2.0), np.full((2, 3), np.nan), np.zeros((2, 3)))
