"""The two FIFOs of the LSM6DS family: tags and patterns, and what happens when they do not fit."""

import numpy as np
import pytest

from firmware_py.hardware.twin.lsm6ds import TwinLsm6dso
from firmware_py.hardware.twin.motion import Resting
from firmware_py.posture.blocks import RemarkKind

from .rig import acc, assert_one_story, remarks
from .test_contract import rig


def test_a_damaged_tag_costs_the_frames_but_shifts_nothing() -> None:
    bench = rig("LSM6DSO", motion=Resting((1.0, 2.0, 9.0))).opened()
    bench.play(2.0)
    bench.chip.flip_bit(14 * 2, 4)  # the tag of the third sample's first word
    blocks = bench.play(2.0)
    assert [r.kind for r in remarks(blocks)] == [RemarkKind.IMPLAUSIBLE]
    np.testing.assert_allclose(acc(blocks), np.tile((1.0, 2.0, 9.0), (len(acc(blocks)), 1)), atol=1e-3)
    assert np.abs(bench.time_error_s(blocks)).max() < 1e-3
    assert_one_story(bench.blocks)


@pytest.mark.parametrize("part", ["LSM6DS3TR-C", "LSM6DSO"])
def test_a_word_that_is_lost_is_noticed_by_its_place(part: str) -> None:
    bench = rig(part, motion=Resting((1.0, 2.0, 9.0), (0.5, 0.0, 0.0))).opened()
    bench.play(2.0)
    bench.clock.sleep(0.1)
    bench.chip.read(0)
    bench.chip.write(bytes([0x3E if part == "LSM6DS3TR-C" else 0x78]))
    bench.chip.read(2 if part == "LSM6DS3TR-C" else 7)  # somebody else takes a word
    blocks = bench.play(2.0)
    assert remarks(blocks, RemarkKind.IMPLAUSIBLE)
    np.testing.assert_allclose(acc(blocks), np.tile((1.0, 2.0, 9.0), (len(acc(blocks)), 1)), atol=1e-3)


def test_acceleration_before_rate_is_understood_too() -> None:
    bench = rig("LSM6DSO", motion=Resting((1.0, 2.0, 9.0), (0.5, 0.0, 0.0))).opened()
    bench.play(1.0)
    assert isinstance(bench.chip, TwinLsm6dso)
    fifo = bench.chip._fifo  # no motion can ask for this order, the data sheet leaves it open
    bench.clock.sleep(0.1)
    bench.chip.write(bytes([0x3A]))
    for start in range(0, len(fifo), 14):
        fifo[start : start + 14] = fifo[start + 7 : start + 14] + fifo[start : start + 7]
    block = bench.imu.read()
    np.testing.assert_allclose(block.acc_m_s2[0], (1.0, 2.0, 9.0), atol=1e-3)
    np.testing.assert_allclose(block.gyr_rad_s[0], (0.5, 0.0, 0.0), atol=1e-3)
