"""Faults that a body makes, each injected at the twin and survived by the driver."""

import numpy as np

from firmware_py.hardware.twin.chip import TYPICAL
from firmware_py.posture.blocks import RemarkKind

from .rig import Rig, acc, assert_one_story, remarks, times


def test_an_hour_stays_within_a_millisecond_of_the_true_sampling_moments():
    rig = Rig(flaws=TYPICAL).opened()
    rig.play(5.0)
    blocks = rig.play(600.0)
    assert np.abs(rig.time_error_s(blocks)).max() < 1e-3
    assert abs(rig.imu.measured_rate_hz / 101.2 - 1) < 1e-3


def test_a_chip_that_does_not_acknowledge_for_a_moment_loses_nothing():
    rig = Rig(flaws=TYPICAL).opened()
    rig.play(2.0)
    rig.bus.silence(0x68, 0.3)
    rig.play(2.0)
    assert_one_story(rig.blocks)
    assert np.diff(times(rig.blocks)).max() < 0.011
    assert remarks(rig.blocks) == []


def test_a_chip_that_is_silent_for_long_is_lost_and_comes_back_while_time_goes_on():
    rig = Rig(flaws=TYPICAL).opened()
    rig.play(2.0)
    rig.bus.silence(0x68, 60.0)
    during = rig.play(59.0)
    after = rig.play(3.0)
    assert [r.kind for r in remarks(during)] == [RemarkKind.LOST]
    assert during[-1].until_s > rig.now_s - 5.0
    assert RemarkKind.BACK in [r.kind for r in remarks(after)]
    assert_one_story(rig.blocks)
    assert np.abs(rig.time_error_s(after)).max() < 1e-3


def test_a_brown_out_is_noticed_within_a_second_and_leaves_a_gap():
    rig = Rig(flaws=TYPICAL).opened()
    rig.play(2.0)
    rig.chip.brown_out()
    blocks = rig.play(1.0)
    assert [r.kind for r in remarks(blocks)] == [RemarkKind.RESET]
    assert sum(len(b.upper) for b in blocks) > 50
    assert_one_story(rig.blocks)
    assert np.abs(rig.time_error_s(blocks)).max() < 1e-3


def test_an_overflow_tells_how_many_samples_it_cost_and_shifts_no_time():
    rig = Rig(flaws=TYPICAL).opened()
    rig.play(2.0)
    rig.clock.sleep(2.0)
    blocks = rig.play(1.0)
    told = times(rig.blocks)
    gap = int(np.argmax(np.diff(told)))
    lost = round((told[gap + 1] - told[gap]) * 101.2) - 1
    [remark] = remarks(blocks, RemarkKind.OVERFLOW)
    assert f"{lost} samples lost" in remark.detail
    assert lost > 150
    assert np.abs(rig.time_error_s(blocks)).max() < 1e-3
    assert_one_story(rig.blocks)


def test_a_flipped_bit_becomes_one_row_of_nan():
    rig = Rig(flaws=TYPICAL).opened()
    rig.play(2.0)
    rig.chip.flip_bit(12 * 3, 6)  # the high byte of acceleration x, fourth sample
    blocks = rig.play(1.0)
    bad = np.isnan(acc(blocks)).any(axis=1)
    assert bad.sum() == 1
    assert np.isnan(acc(blocks)[bad]).all()
    assert [r.kind for r in remarks(blocks)] == [RemarkKind.IMPLAUSIBLE]


def test_a_stuck_bus_is_asked_once_a_second_and_survived():
    rig = Rig(flaws=TYPICAL).opened()
    rig.play(2.0)
    rig.bus.stick(10.0)
    during = rig.play(9.5)
    after = rig.play(4.0)
    assert [r.kind for r in remarks(during)] == [RemarkKind.LOST]
    assert "stuck" in remarks(during)[0].detail
    assert RemarkKind.BACK in [r.kind for r in remarks(after)]
    assert_one_story(rig.blocks)
