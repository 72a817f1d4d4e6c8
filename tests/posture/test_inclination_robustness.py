"""Whatever a sensor or its wires do, "up" is right again within ten seconds, and says so meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from firmware_py.posture.inclination import (
    InclinationFilter,
    InclinationOutput,
    SensorRanges,
    smooth_inclination,
)

from .inclination_motion import GRAVITY_M_S2, Motion, error_deg, followed_by, movement, stillness

FloatArray = NDArray[np.float64]

RATE_HZ = 100.0
SETTLED_S = 10.0
WRONG_DEG = 5.0
"""An error that must not pass as trusted: half of a slouch."""


def followed(motion: Motion) -> InclinationOutput:
    return InclinationFilter(motion.rate_hz).process_full(motion.gyr, motion.acc)


def assert_found_again(output: InclinationOutput, motion: Motion, normal_from_s: float = 0.0) -> None:
    """Under 1° from ten seconds of normal data on, trusted by then, and never trusted while far off."""
    error = error_deg(output.up, motion.up)
    settled = slice(round((normal_from_s + SETTLED_S) * motion.rate_hz), None)
    assert len(error[settled]) > motion.rate_hz
    assert error[settled].max() < 1.0
    assert output.trusted[settled].all()
    assert not output.trusted[error > WRONG_DEG].any()
    assert np.abs(np.linalg.norm(output.up, axis=1) - 1.0).max() < 1e-9


@pytest.mark.parametrize("length", [0, 1, 2, 3, 5, 24, 25, 26, 49, 51, 199])
def test_a_recording_of_any_length_is_answered_in_both_ways(length: int) -> None:
    lying = stillness(RATE_HZ, 2.0)
    gyr, acc = lying.gyr[:length], lying.acc[:length]
    for up in (InclinationFilter(RATE_HZ).process(gyr, acc), smooth_inclination(gyr, acc, RATE_HZ)):
        assert up.shape == (length, 3)
        assert (error_deg(up, lying.up[:length]) < 1e-3).all()


@pytest.mark.parametrize("seed", range(5))
def test_a_start_amid_movement(seed: int) -> None:
    motion = movement(RATE_HZ, 40.0, rate_deg_s=100.0, sway_m=0.04, seed=seed).with_noise(seed)
    assert_found_again(followed(motion), motion)


@pytest.mark.parametrize("bias_deg_s", [(5.0, 0.0, 0.0), (0.0, -5.0, 0.0), (3.0, -3.0, 2.6)])
def test_a_bias_of_five_degrees_a_second_at_a_start_amid_movement(
    bias_deg_s: tuple[float, float, float],
) -> None:
    motion = movement(RATE_HZ, 60.0, rate_deg_s=40.0, sway_m=0.03).with_noise(1, bias_deg_s)
    inclination = InclinationFilter(RATE_HZ)
    output = inclination.process_full(motion.gyr, motion.acc)
    assert_found_again(output, motion)
    assert np.degrees(inclination.bias_rad_s) == pytest.approx(bias_deg_s, abs=0.3)


def test_a_bias_of_five_degrees_a_second_at_rest_is_known_within_seconds() -> None:
    motion = stillness(RATE_HZ, 20.0).with_noise(bias_deg_s=(5.0, -3.0, 4.0))
    inclination = InclinationFilter(RATE_HZ)
    assert_found_again(inclination.process_full(motion.gyr, motion.acc), motion)
    assert np.degrees(inclination.bias_rad_s) == pytest.approx([5.0, -3.0, 4.0], abs=0.05)


@pytest.mark.parametrize("turn_deg_s", [1.0, 3.0, 8.0, 20.0, 90.0])
@pytest.mark.parametrize("axis", [(0.8, 0.6, 0.0), (0.5, -0.5, 0.7), (0.1, -0.3, 1.0)])
def test_an_even_turn_is_no_rest(turn_deg_s: float, axis: tuple[float, float, float]) -> None:
    # Its rate is as steady as a bias; the last axis is upright, where the accelerometer sees nothing either.
    about = np.array(axis) / np.linalg.norm(axis)
    turning = np.tile(np.radians(turn_deg_s) * about, (6000, 1))
    level = np.tile([0.0, 0.0, GRAVITY_M_S2], (6000, 1))
    motion = followed_by(stillness(RATE_HZ, 5.0), turning, level).with_noise()
    a_sample_deg = (
        turn_deg_s / RATE_HZ
    )  # this sensor's accelerations are of the step's end, not of its middle
    assert error_deg(followed(motion).up[300:], motion.up[300:]).max() < 0.3 + a_sample_deg
    assert (
        error_deg(smooth_inclination(motion.gyr, motion.acc, RATE_HZ), motion.up).max() < 0.3 + a_sample_deg
    )


def test_a_real_chip_with_a_bias_of_four_and_a_half_degrees_a_second(shared_data: Path) -> None:
    with np.load(shared_data / "mpu6050" / "unmoved-x-pointing-up.npz") as file:
        gyr, acc = file["gyr_t_s_xyz_deg_s"], file["acc_t_s_xyz_g"]
    t = gyr[:, 0]
    acc_there = np.stack([np.interp(t, acc[:, 0], acc[:, axis]) for axis in (1, 2, 3)], axis=1)
    rate_hz = 1.0 / float(np.median(np.diff(t)))
    still = np.mean(acc_there, axis=0) / np.linalg.norm(np.mean(acc_there, axis=0))
    inclination = InclinationFilter(rate_hz)
    up = inclination.process(np.radians(gyr[:, 1:]), acc_there * GRAVITY_M_S2)
    assert (
        error_deg(up[round(3 * rate_hz) :], np.broadcast_to(still, (len(up) - round(3 * rate_hz), 3))).max()
        < 1.0
    )
    assert np.degrees(inclination.bias_rad_s) == pytest.approx(np.mean(gyr[:, 1:], axis=0), abs=0.2)


def test_a_bias_that_drifts_with_temperature_for_half_an_hour_of_movement() -> None:
    motion = movement(50.0, 1800.0, rate_deg_s=20.0, sway_m=0.02).with_noise()
    drift_rad_s = np.radians(0.02) / 60.0 * np.arange(len(motion))[:, None] / motion.rate_hz
    motion = replace(motion, gyr=motion.gyr + drift_rad_s * np.array([1.0, -1.0, 1.0]))
    assert_found_again(followed(motion), motion)


@pytest.mark.parametrize("share", [0.01, 0.2])
def test_missing_rows_among_good_ones(share: float) -> None:
    motion = movement(RATE_HZ, 40.0, rate_deg_s=30.0).with_noise()
    gone = np.random.default_rng(3).random(len(motion)) < share
    gyr, acc = motion.gyr.copy(), motion.acc.copy()
    gyr[gone] = np.nan
    acc[gone] = np.nan
    output = InclinationFilter(RATE_HZ).process_full(gyr, acc)
    assert np.isfinite(output.up).all()
    error = error_deg(output.up, motion.up)
    assert not output.trusted[error > WRONG_DEG].any()
    smooth = error_deg(smooth_inclination(gyr, acc, RATE_HZ), motion.up)
    assert smooth[round(RATE_HZ) :].max() < 3.0
    good_again = followed_by(motion, motion.gyr[:3000], np.tile([0.0, 0.0, GRAVITY_M_S2], (3000, 1)))
    whole = InclinationFilter(RATE_HZ).process_full(
        np.concatenate((gyr, good_again.gyr[len(gyr) :])), np.concatenate((acc, good_again.acc[len(acc) :]))
    )
    assert_found_again(whole, good_again, normal_from_s=40.0)


def test_three_seconds_of_missing_rows_amid_movement() -> None:
    motion = movement(RATE_HZ, 60.0).with_noise()
    gyr, acc = motion.gyr.copy(), motion.acc.copy()
    gyr[2000:2300] = np.nan
    acc[2000:2300] = np.nan
    output = InclinationFilter(RATE_HZ).process_full(gyr, acc)
    assert_found_again(output, motion, normal_from_s=23.0)
    assert not output.trusted[2250:2300].any()
    assert error_deg(smooth_inclination(gyr, acc, RATE_HZ), motion.up)[3300:].max() < 1.0


def test_rows_that_a_radio_repeats() -> None:
    motion = movement(RATE_HZ, 40.0, rate_deg_s=10.0, sway_m=0.01).with_noise()
    source = np.arange(len(motion))
    repeated = np.random.default_rng(2).random(len(motion)) < 0.1
    source[1:][repeated[1:]] -= 1
    output = InclinationFilter(RATE_HZ).process_full(motion.gyr[source], motion.acc[source])
    assert_found_again(output, motion)


@pytest.mark.parametrize("gap_s", [0.01, 0.1, 0.5, 1.0, 3.0, 10.0])
def test_a_gap_amid_movement(gap_s: float) -> None:
    motion = movement(RATE_HZ, 50.0).with_noise()
    before, after = motion.cut(0.0, 20.0), motion.cut(20.0 + gap_s, 50.0)
    inclination = InclinationFilter(RATE_HZ)
    first = inclination.process_full(before.gyr, before.acc)
    inclination.gap(gap_s)
    trusted_at_once = inclination.trusted
    second = inclination.process_full(after.gyr, after.acc)
    assert_found_again(second, after)
    assert error_deg(first.up, before.up)[1000:].max() < 1.0
    assert trusted_at_once == (gap_s < 0.03)


@pytest.mark.parametrize("ranges", [None, SensorRanges(np.radians(250.0), 2.0 * GRAVITY_M_S2)])
def test_both_sensors_at_the_end_of_their_ranges(ranges: SensorRanges | None) -> None:
    calm = movement(RATE_HZ, 20.0, rate_deg_s=30.0, sway_m=0.02)
    n = 300
    spin = np.radians(500.0) * np.sin(np.linspace(0.0, 3.0 * np.pi, n))[:, None] * np.array([0.7, 0.6, -0.4])
    shake = 25.0 * np.sin(np.linspace(0.0, 24.0 * np.pi, n))[:, None] * np.array([1.0, 0.5, 0.2])
    rough = followed_by(calm, spin, shake + np.array([0.0, 0.0, GRAVITY_M_S2]))
    calm_again = movement(RATE_HZ, 40.0, rate_deg_s=30.0, sway_m=0.02, seed=4)
    level = np.tile([0.0, 0.0, GRAVITY_M_S2], (len(calm_again), 1))
    motion = followed_by(rough, calm_again.gyr, level).with_noise()
    gyr = np.clip(motion.gyr, -np.radians(250.0), np.radians(250.0))
    acc = np.clip(motion.acc, -2.0 * GRAVITY_M_S2, 2.0 * GRAVITY_M_S2)
    assert (np.abs(gyr) == np.radians(250.0)).sum() > 50
    output = InclinationFilter(RATE_HZ, ranges=ranges).process_full(gyr, acc)
    assert_found_again(output, motion, normal_from_s=23.0)
    assert not output.trusted[2200:2300].any()
    assert error_deg(smooth_inclination(gyr, acc, RATE_HZ), motion.up)[3300:].max() < 1.0


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 104.0, 200.0, 285.7, 400.0])
@pytest.mark.parametrize("off", [0.97, 1.0, 1.03])
def test_any_rate_also_three_per_cent_off(rate_hz: float, off: float) -> None:
    motion = movement(rate_hz, 40.0, rate_deg_s=20.0, sway_m=0.02).with_noise()
    output = InclinationFilter(rate_hz * off).process_full(motion.gyr, motion.acc)
    assert_found_again(output, motion)


def test_free_fall_and_landing() -> None:
    calm = movement(RATE_HZ, 20.0, rate_deg_s=30.0)
    n = 60
    tumble = np.radians(200.0) * np.ones((n, 1)) * np.array([1.0, 0.0, 0.3])
    fall = np.zeros((n, 3))
    fall[-4:] = [0.0, 0.0, 150.0]
    fallen = followed_by(calm, tumble, fall)
    lying = np.zeros((3000, 3))
    motion = followed_by(fallen, lying, np.tile([0.0, 0.0, GRAVITY_M_S2], (3000, 1))).with_noise()
    output = followed(motion)
    assert_found_again(output, motion, normal_from_s=20.6)
    assert not output.trusted[2050:2100].any()


def test_an_hour_lying_still() -> None:
    motion = stillness(RATE_HZ, 3600.0).with_noise(bias_deg_s=(0.5, 0.5, -0.5))
    output = followed(motion)
    assert_found_again(output, motion)
    assert error_deg(output.up, motion.up)[-1000:].max() < 0.2


def test_after_a_day_nothing_is_less_precise() -> None:
    # one stretch of movement that ends in the attitude it began with, over and over
    half = movement(25.0, 30.0, rate_deg_s=40.0, sway_m=0.0)
    gyr = np.concatenate((half.gyr, -half.gyr[::-1]))
    level = np.tile([0.0, 0.0, GRAVITY_M_S2], (len(gyr), 1))
    minute = followed_by(stillness(25.0, 0.04), gyr, level).cut(0.04, 61.0)
    times = 24 * 60
    inclination = InclinationFilter(25.0)
    first = inclination.process(np.tile(minute.gyr, (5, 1)), np.tile(minute.acc, (5, 1)))[-len(minute) :]
    inclination.process(np.tile(minute.gyr, (times, 1)), np.tile(minute.acc, (times, 1)))
    last = inclination.process(minute.gyr, minute.acc)
    assert error_deg(first, minute.up).max() < 0.5
    assert error_deg(last, minute.up).max() < 0.5
    assert np.abs(np.linalg.norm(last, axis=1) - 1.0).max() < 1e-12


readings = st.one_of(
    st.floats(-60.0, 60.0),
    st.sampled_from([0.0, np.nan, np.inf, -np.inf, 1e300, -1e-300, 34.9, 156.9]),
)


@given(
    values=arrays(
        np.float64, st.tuples(st.integers(1, 400), st.just(6)), elements=readings, fill=st.nothing()
    ),
    rate_hz=st.sampled_from([10.0, 50.0, 285.7, 2000.0]),
)
def test_whatever_is_read_the_answer_is_a_unit_vector(values: FloatArray, rate_hz: float) -> None:
    gyr, acc = values[:, :3], values[:, 3:]
    output = InclinationFilter(rate_hz).process_full(gyr, acc)
    for up in (output.up, smooth_inclination(gyr, acc, rate_hz)):
        assert np.abs(np.linalg.norm(up, axis=1) - 1.0).max() < 1e-9
    assert (output.sigma_rad > 0.0).all()
    assert (output.sigma_rad <= np.pi / 2.0).all()


def test_accelerations_too_tiny_to_point_anywhere_give_a_unit_vector() -> None:
    acc = np.zeros((9, 3))
    acc[:, 2] = 5e-324
    acc[:, 0] = 1.5e-323
    up = InclinationFilter(10.0).process(np.full((9, 3), 2.0), acc)
    assert np.abs(np.linalg.norm(up, axis=1) - 1.0).max() < 1e-9
