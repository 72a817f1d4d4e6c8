"""What every pair of driver and twin must do alike."""

import math

import numpy as np
import pytest

from firmware_py.hardware.bmi160 import Bmi160
from firmware_py.hardware.fifo import FifoImu
from firmware_py.hardware.icm20948 import Icm20948
from firmware_py.hardware.lsm6ds import Lsm6ds3trc, Lsm6dso
from firmware_py.hardware.mpu6050 import Mpu6050, Mpu6500
from firmware_py.hardware.twin.bmi160 import TwinBmi160
from firmware_py.hardware.twin.chip import PERFECT, TYPICAL, Flaws, TwinChip
from firmware_py.hardware.twin.icm20948 import TwinIcm20948
from firmware_py.hardware.twin.lsm6ds import TwinLsm6ds3trc, TwinLsm6dso
from firmware_py.hardware.twin.motion import Motion, Resting
from firmware_py.hardware.twin.mpu6050 import TwinMpu6050, TwinMpu6500, TwinMpu9250
from firmware_py.posture.blocks import RemarkKind

from .rig import Rig, acc, assert_one_story, remarks, times

PAIRS: dict[str, tuple[type[FifoImu], type[TwinChip], int]] = {
    "MPU-6050": (Mpu6050, TwinMpu6050, 0x68),
    "MPU-6500": (Mpu6500, TwinMpu6500, 0x68),
    "MPU-9250": (Mpu6500, TwinMpu9250, 0x69),
    "ICM-20948": (Icm20948, TwinIcm20948, 0x69),
    "LSM6DS3TR-C": (Lsm6ds3trc, TwinLsm6ds3trc, 0x6A),
    "LSM6DSO": (Lsm6dso, TwinLsm6dso, 0x6A),
    "BMI160": (Bmi160, TwinBmi160, 0x69),
}

ACC_Y_HIGH_BYTE = {"LSM6DS3TR-C": (12, 9), "LSM6DSO": (14, 11), "BMI160": (12, 9)}
"""Bytes of a frame, and where in it the high byte of acceleration y stands; (12, 2) for InvenSense."""


@pytest.fixture(params=PAIRS)
def part(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def rig(
    part: str, *, flaws: Flaws = PERFECT, motion: Motion | None = None, speed_hz: float = 400_000.0
) -> Rig:
    driver, twin, address = PAIRS[part]
    return Rig(driver, twin, address, flaws, motion or Resting(), speed_hz)


def test_it_names_itself(part: str) -> None:
    opened = rig(part).opened()
    assert opened.imu.name == f"{part} at 0x{opened.address:02x} on bus 1"
    assert 90 <= opened.imu.rate_hz <= 110


def test_what_moves_the_chip_is_what_is_read(part: str) -> None:
    force, rate = (3.0, -9.0, 1.5), (0.5, -1.0, 2.0)
    opened = rig(part, motion=Resting(force, rate)).opened()
    blocks = opened.play(1.0)
    np.testing.assert_allclose(acc(blocks), np.tile(force, (len(acc(blocks)), 1)), atol=1e-3)
    gyr = np.vstack([b.upper.gyr_rad_s for b in blocks])
    np.testing.assert_allclose(gyr, np.tile(rate, (len(gyr), 1)), atol=2e-4)


def test_single_precision_keeps_every_value(part: str) -> None:
    block = rig(part, motion=Resting((1.2, 3.4, 5.6), (0.1, 0.2, 0.3))).opened().play(0.2)[-1].upper
    assert len(block)
    for values in (block.acc_m_s2, block.gyr_rad_s):
        assert (values == values.astype(np.float32)).all()


def test_temperature_is_the_chips(part: str) -> None:
    blocks = rig(part, flaws=TYPICAL).opened().play(1.0)
    assert math.isclose(blocks[-1].upper.temp_c, TYPICAL.temp_c, abs_tol=0.01)


def test_no_sample_is_lost_or_told_twice_in_good_health(part: str) -> None:
    opened = rig(part, flaws=TYPICAL).opened()
    blocks = opened.play(10.0)
    steps = np.diff(times(blocks)) * opened.imu.measured_rate_hz
    assert np.abs(steps - 1).max() < 0.2
    assert remarks(blocks) == []
    assert_one_story(blocks)


def test_time_is_true_to_a_millisecond(part: str) -> None:
    opened = rig(part, flaws=TYPICAL).opened()
    opened.play(5.0)
    assert np.abs(opened.time_error_s(opened.play(60.0))).max() < 1e-3


@pytest.mark.parametrize("for_s", [0.001, 0.1, 0.4])
def test_a_short_silence_loses_nothing_or_says_so(part: str, for_s: float) -> None:
    opened = rig(part, flaws=TYPICAL).opened()
    opened.play(2.0)
    opened.bus.silence(opened.address, for_s)
    blocks = opened.play(3.0)
    gap = np.diff(times(opened.blocks)).max()
    assert gap < 0.012 or remarks(blocks, RemarkKind.OVERFLOW)
    assert np.abs(opened.time_error_s(blocks)).max() < 1e-3
    assert_one_story(opened.blocks)


@pytest.mark.parametrize("for_s", [2.0, 60.0])
def test_a_long_silence_is_a_loss_and_a_return(part: str, for_s: float) -> None:
    opened = rig(part, flaws=TYPICAL).opened()
    opened.play(2.0)
    opened.bus.silence(opened.address, for_s)
    during, after = opened.play(for_s - 0.5), opened.play(4.0)
    assert [r.kind for r in remarks(during)] == [RemarkKind.LOST]
    assert during[-1].until_s > opened.now_s - 6.0
    assert remarks(after, RemarkKind.BACK)
    assert sum(len(b.upper) for b in after) > 250
    assert np.abs(opened.time_error_s(after)).max() < 1e-3
    assert_one_story(opened.blocks)


def test_a_brown_out_is_noticed_within_a_second(part: str) -> None:
    opened = rig(part, flaws=TYPICAL).opened()
    opened.play(2.0)
    opened.chip.brown_out()
    blocks = opened.play(1.0)
    assert remarks(blocks, RemarkKind.RESET)
    after = opened.play(2.0)
    assert sum(len(b.upper) for b in after) > 180
    assert np.abs(opened.time_error_s(blocks + after)).max() < 1e-3
    assert_one_story(opened.blocks)


def test_a_cable_pulled_and_put_back(part: str) -> None:
    opened = rig(part, flaws=TYPICAL).opened()
    opened.play(2.0)
    opened.bus.detach(opened.address)
    during = opened.play(5.0)
    opened.chip.brown_out()
    opened.bus.attach(opened.address, opened.chip)
    after = opened.play(3.0)
    assert [r.kind for r in remarks(during)] == [RemarkKind.LOST]
    assert {r.kind for r in remarks(after)} == {RemarkKind.RESET, RemarkKind.BACK}
    assert sum(len(b.upper) for b in after) > 200
    assert np.abs(opened.time_error_s(after)).max() < 1e-3
    assert_one_story(opened.blocks)


def test_a_loop_delayed_by_two_seconds_shifts_no_time(part: str) -> None:
    opened = rig(part, flaws=TYPICAL).opened()
    opened.play(2.0)
    opened.clock.sleep(2.0)
    blocks = opened.play(2.0)
    told = times(opened.blocks)
    gap_s = np.diff(told).max()
    lost = round(gap_s * opened.imu.measured_rate_hz) - 1
    said = remarks(blocks, RemarkKind.OVERFLOW)
    if lost:
        assert [f"{lost} samples lost" in r.detail for r in said] == [True]
    else:
        assert said == []
    assert np.abs(opened.time_error_s(blocks)).max() < 1e-3
    assert_one_story(opened.blocks)


def test_an_overflow_of_a_minute_counts_its_losses(part: str) -> None:
    opened = rig(part, flaws=TYPICAL).opened()
    opened.play(10.0)
    opened.clock.sleep(60.0)
    blocks = opened.play(2.0)
    told = times(opened.blocks)
    lost = round(np.diff(told).max() * opened.imu.measured_rate_hz) - 1
    [remark] = remarks(blocks, RemarkKind.OVERFLOW)
    assert f"{lost} samples lost" in remark.detail
    assert np.abs(opened.time_error_s(blocks)).max() < 1e-3


def test_a_stuck_bus_is_a_loss_and_a_return(part: str) -> None:
    opened = rig(part, flaws=TYPICAL).opened()
    opened.play(2.0)
    opened.bus.stick(10.0)
    during, after = opened.play(9.5), opened.play(5.0)
    assert "stuck" in remarks(during, RemarkKind.LOST)[0].detail
    assert remarks(after, RemarkKind.BACK)
    assert np.abs(opened.time_error_s(after)).max() < 1e-3
    assert_one_story(opened.blocks)


@pytest.mark.parametrize("bit", [12, 13, 14, 15])
def test_a_flipped_bit_marks_one_sample(part: str, bit: int) -> None:
    opened = rig(part, flaws=TYPICAL).opened()
    opened.play(2.0)
    frame_bytes, at = ACC_Y_HIGH_BYTE.get(part, (12, 2))
    opened.chip.flip_bit(3 * frame_bytes + at, bit - 8)
    blocks = opened.play(1.0)
    bad = np.isnan(acc(blocks)).any(axis=1)
    assert bad.sum() == 1
    assert [r.kind for r in remarks(blocks)] == [RemarkKind.IMPLAUSIBLE]
