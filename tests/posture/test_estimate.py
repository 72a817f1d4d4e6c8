"""The grid of ticks: when each is told, and what stands in it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from msgspec import structs

from firmware_py.posture.blocks import Place, Remark, RemarkKind, SensorBlock, TrunkBlock, empty_block
from firmware_py.posture.estimate import LONGEST_SILENCE_S, TrunkEstimator
from firmware_py.posture.flexion import up_at
from firmware_py.posture.profile import CalibrationProfile, Mounting, Neutral, SensorModel, SensorProfile
from firmware_py.posture.trunk import TICKS_PER_S, TrunkState

from .stories import remarks_in, spoiled, still, swaying, told, without

ONE = CalibrationProfile()
TWO = CalibrationProfile(lower=SensorProfile())


def every(period_s: float, begin_s: float, end_s: float) -> np.ndarray:
    return np.arange(math.ceil((end_s - begin_s) / period_s - 1e-9)) * period_s + begin_s


def feed(block: TrunkBlock, profile: CalibrationProfile = ONE, rate_hz: float = 100.0) -> list[TrunkState]:
    return TrunkEstimator(profile, rate_hz).feed(block)


def quiet(until_s: float) -> TrunkBlock:
    return TrunkBlock(empty_block(), None, until_s)


def test_ticks_begin_at_or_after_the_first_sample_and_end_with_the_promise() -> None:
    states = feed(TrunkBlock(still(every(0.01, 0.234, 1.05)), None, 1.05))
    assert [s.tick for s in states] == [3, 4, 5, 6, 7, 8, 9, 10]


def test_a_sample_on_the_tick_belongs_to_it_and_begins_no_other() -> None:
    estimator = TrunkEstimator(ONE, 10.0)
    times = np.array([k / TICKS_PER_S for k in range(1, 2000)])
    states = estimator.feed(TrunkBlock(still(times), None, float(times[-1])))
    assert [s.tick for s in states] == list(range(1, 2000))
    assert all(s.upper is not None and s.upper.samples == 1 for s in states)


def test_nothing_is_told_before_the_promise_covers_it() -> None:
    estimator = TrunkEstimator(ONE, 100.0)
    assert estimator.feed(TrunkBlock(still(every(0.01, 0.01, 0.5)), None, 0.05)) == []
    assert estimator.feed(quiet(0.0999)) == []
    assert [s.tick for s in estimator.feed(quiet(0.1))] == [1]


def test_every_tick_is_told_once_while_no_samples_come() -> None:
    estimator = TrunkEstimator(ONE, 100.0)
    estimator.feed(TrunkBlock(still(every(0.01, 0.01, 0.5)), None, 0.5))
    states = told(estimator, [quiet(0.75), quiet(0.78), quiet(0.9), quiet(0.9)])
    assert [(s.tick, s.upper) for s in states] == [(6, None), (7, None), (8, None), (9, None)]


def test_time_that_passes_before_the_first_sample_is_no_tick() -> None:
    estimator = TrunkEstimator(ONE, 100.0)
    assert estimator.feed(quiet(100.0)) == []
    states = estimator.feed(TrunkBlock(still(every(0.01, 100.21, 100.45)), None, 100.45))
    assert [s.tick for s in states] == [1003, 1004]


def test_the_state_is_that_of_the_last_good_sample_and_the_features_are_of_the_window() -> None:
    t = every(0.01, 0.005, 0.1)
    rng = np.random.default_rng(5)
    acc, gyr = rng.normal((9.8, 0.0, 0.0), size=(len(t), 3)), rng.normal(size=(len(t), 3))
    block = spoiled(SensorBlock(t, acc, gyr, 28.0), [3, 9])
    (state,) = feed(TrunkBlock(block, None, 0.1))
    assert state.upper is not None
    good = np.isfinite(block.acc_m_s2[:, 0])
    to_body = np.array(ONE.upper.mounting.rotation).T
    assert state.upper.samples == 8
    assert state.upper.bad == 2
    assert state.upper.temp_c == 28.0
    np.testing.assert_allclose(state.upper.gyr_rad_s, (gyr[good] @ to_body).mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(state.upper.acc_m_s2, (acc[good] @ to_body).mean(axis=0), atol=1e-12)
    assert state.upper.gyr_rms_rad_s == pytest.approx(math.sqrt((gyr[good] ** 2).sum(axis=1).mean()))
    off = np.linalg.norm(acc[good], axis=1) - 9.80665
    assert state.upper.acc_rms_m_s2 == pytest.approx(math.sqrt((off**2).mean()))


def test_a_window_of_bad_samples_only_is_a_lost_segment() -> None:
    t = every(0.01, 0.005, 0.4)
    states = feed(TrunkBlock(spoiled(still(t), range(10, 30)), None, 0.4))
    assert [s.upper is None for s in states] == [False, True, True, False]


def test_a_half_spoiled_row_is_a_bad_row() -> None:
    block = still(every(0.01, 0.005, 0.1))
    block.acc_m_s2[4, 1] = math.nan
    block.gyr_rad_s[6, 2] = math.inf
    block = SensorBlock.checked(block.t_s, block.acc_m_s2, block.gyr_rad_s, block.temp_c)
    (state,) = feed(TrunkBlock(block, None, 0.1))
    assert state.upper is not None
    assert (state.upper.samples, state.upper.bad) == (8, 2)


def test_two_sensors_keep_their_own_clocks_and_phases() -> None:
    upper, lower = still(every(0.0101, 0.003, 3.0)), still(every(0.0097, 0.008, 3.0))
    states = feed(TrunkBlock(upper, lower, 3.0), TWO)
    assert [s.tick for s in states] == list(range(1, 31))
    for block, segments in ((upper, [s.upper for s in states]), (lower, [s.lower for s in states])):
        for state, segment in zip(states, segments, strict=True):
            inside = (block.t_s > (state.tick - 1) / TICKS_PER_S) & (block.t_s <= state.t_s)
            assert segment is not None
            assert segment.samples == inside.sum()


def test_the_ticks_go_on_with_one_sensor_while_the_other_is_lost() -> None:
    upper, lower = still(every(0.01, 0.0, 3.0)), without(still(every(0.01, 0.0, 3.0)), 1.0, 2.0)
    states = feed(TrunkBlock(upper, lower, 2.95), TWO)
    assert [s.lower is None for s in states].count(True) == pytest.approx(10, abs=1)
    assert all(s.upper is not None for s in states)


def test_a_lower_sensor_without_a_profile_is_not_used() -> None:
    states = feed(TrunkBlock(still(every(0.01, 0.0, 1.0)), still(every(0.01, 0.0, 1.0)), 0.9), ONE)
    assert all(s.lower is None for s in states)


def test_a_gap_costs_the_filter_its_trust_and_a_regular_step_does_not() -> None:
    t = every(0.01, 0.0, 20.0)
    estimator = TrunkEstimator(ONE, 100.0)
    steady = estimator.feed(TrunkBlock(still(t), None, 19.9))
    assert steady[-1].upper is not None
    assert steady[-1].upper.trusted
    after = estimator.feed(TrunkBlock(still(every(0.01, 40.0, 40.5)), None, 40.1))
    assert after[-1].upper is not None
    assert not after[-1].upper.trusted
    assert after[-1].upper.sigma_deg > steady[-1].upper.sigma_deg


def test_the_profile_turns_a_tilted_and_biased_sensor_into_the_wearers_own_angles() -> None:
    # A board turned by 30° about its y axis on the back, and a wearer whose upright leans by (12°, -4°).
    tilt = math.radians(30.0)
    mounting = (
        (-math.sin(tilt), 0.0, -math.cos(tilt)),
        (0.0, 1.0, 0.0),
        (math.cos(tilt), 0.0, -math.sin(tilt)),
    )
    neutral_up = up_at(12.0, -4.0)
    profile = CalibrationProfile(
        upper=SensorProfile(
            SensorModel(acc_bias_m_s2=(0.3, -0.2, 0.1), gyr_bias_rad_s=(0.02, -0.03, 0.01)),
            Mounting(mounting),
            Neutral(neutral_up),
        )
    )
    n = 1000
    acc = np.tile(9.80665 * np.array(neutral_up) @ np.array(mounting) + [0.3, -0.2, 0.1], (n, 1))
    gyr = np.tile([0.02, -0.03, 0.01], (n, 1))
    states = feed(TrunkBlock(SensorBlock(np.arange(float(n)) * 0.01, acc, gyr, 25.0), None, 9.9), profile)
    last = states[-1].upper
    assert last is not None
    np.testing.assert_allclose(last.up, (0.0, 0.0, 1.0), atol=1e-6)
    np.testing.assert_allclose(last.acc_m_s2, (0.0, 0.0, 9.80665), atol=1e-9)
    np.testing.assert_allclose(last.gyr_rad_s, 0.0, atol=1e-9)


def remark(t_s: float, kind: RemarkKind = RemarkKind.LOST) -> Remark:
    return Remark(t_s, Place.UPPER, kind, "nothing answered")


def test_a_remark_comes_with_the_tick_it_falls_into_and_a_late_one_with_the_next() -> None:
    estimator = TrunkEstimator(ONE, 100.0)
    states = estimator.feed(
        TrunkBlock(still(every(0.01, 0.0, 1.0)), None, 0.5, (remark(0.13), remark(0.3), remark(0.77)))
    )
    assert remarks_in(states) == [(2, remark(0.13)), (3, remark(0.3))]
    states = estimator.feed(TrunkBlock(empty_block(), None, 0.8, (remark(0.2, RemarkKind.LATE),)))
    assert remarks_in(states) == [(6, remark(0.2, RemarkKind.LATE)), (8, remark(0.77))]


def test_a_remark_before_any_sample_begins_the_ticks() -> None:
    estimator = TrunkEstimator(ONE, 100.0)
    states = estimator.feed(TrunkBlock(empty_block(), None, 0.9, (remark(0.65),)))
    assert [s.tick for s in states] == [7, 8, 9]
    assert remarks_in(states) == [(7, remark(0.65))]


def test_samples_that_come_after_their_tick_was_told_move_the_filter_and_count_nowhere() -> None:
    block = swaying(every(0.01, 0.0, 2.0), 1)
    estimator = TrunkEstimator(ONE, 100.0)
    first = estimator.feed(TrunkBlock(block.cut(0, 50), None, 1.0))
    rest = estimator.feed(TrunkBlock(block.cut(50, 200), None, 1.99))
    assert [s.tick for s in first + rest] == list(range(20))
    whole = feed(TrunkBlock(block, None, 1.99))
    assert first[6].upper is None
    after, expected = rest[-1].upper, whole[-1].upper
    assert after is not None
    assert expected is not None
    # The window that was told before it was full is two rows to the filter, which then sums up others.
    np.testing.assert_allclose(after.up, expected.up, atol=0.003)
    assert after == structs.replace(expected, up=after.up, sigma_deg=after.sigma_deg)


def test_a_jump_of_time_by_hours_is_a_hole_and_not_a_list_without_end() -> None:
    estimator = TrunkEstimator(ONE, 100.0)
    estimator.feed(TrunkBlock(still(every(0.01, 0.0, 1.0)), None, 0.99))
    hours = 9 * 3600.0
    states = estimator.feed(TrunkBlock(still(every(0.01, hours, hours + 1.0)), None, hours + 0.99))
    assert [s.tick for s in states] == [10, *range(324_000, 324_010)]
    assert states[0].upper is not None, "the samples of the tick that the jump cut short are told"
    ((tick, said),) = remarks_in(states)
    assert (tick, said.kind) == (324_000, RemarkKind.CLOCK)
    assert "32399 s" in said.detail


@pytest.mark.parametrize("until_s", [1e9, 1e10, 1e300, math.inf, math.nan])
def test_an_absurd_promise_makes_no_endless_list(until_s: float) -> None:
    estimator = TrunkEstimator(ONE, 100.0)
    states = estimator.feed(TrunkBlock(still(every(0.01, 0.0, 1.0)), None, until_s))
    assert len(states) <= 12


def test_a_silence_short_of_the_limit_is_told_in_full() -> None:
    estimator = TrunkEstimator(ONE, 100.0)
    estimator.feed(TrunkBlock(still(every(0.01, 0.0, 1.0)), None, 0.99))
    states = estimator.feed(quiet(LONGEST_SILENCE_S))
    assert [s.tick for s in states] == list(range(10, 6001))
    assert remarks_in(states) == []


def test_a_sensor_lost_for_hours_is_told_tick_by_tick_while_its_source_keeps_promising() -> None:
    estimator = TrunkEstimator(ONE, 10.0)
    estimator.feed(TrunkBlock(still(np.array([0.05])), None, 0.1))
    states = told(estimator, (quiet(60.0 * minute) for minute in range(1, 181)))
    assert [s.tick for s in states] == list(range(2, 108_001))


def test_time_that_runs_backward_repeats_no_tick_and_is_said_once() -> None:
    block = TrunkBlock(still(every(0.01, 0.0, 1.0)), None, 0.95)
    estimator = TrunkEstimator(ONE, 100.0)
    first = estimator.feed(block)
    assert told(estimator, [block, block]) == []
    states = estimator.feed(TrunkBlock(still(every(0.01, 1.0, 2.0)), None, 1.9))
    assert [s.tick for s in first + states] == list(range(20))
    ((tick, said),) = remarks_in(states)
    assert (tick, said.kind, said.place) == (10, RemarkKind.CLOCK, Place.UPPER)
    assert said.detail.startswith("100 samples dropped")


def test_a_second_run_backward_is_said_again() -> None:
    estimator = TrunkEstimator(ONE, 100.0)
    story = still(every(0.01, 0.0, 3.0))
    states = told(
        estimator,
        [
            TrunkBlock(story.cut(a, b), None, until_s)
            for a, b, until_s in (
                (0, 100, 0.99),
                (0, 50, 0.99),
                (100, 200, 1.99),
                (0, 50, 1.99),
                (200, 300, 2.99),
            )
        ],
    )
    assert [said.kind for _, said in remarks_in(states)] == [RemarkKind.CLOCK] * 2


def test_a_row_out_of_order_or_without_a_time_is_dropped_and_its_neighbours_are_not() -> None:
    block = still(every(0.01, 0.005, 0.2))
    block.t_s[4] = 0.001
    block.t_s[7] = math.nan
    block.t_s[12] = 1e200
    states = feed(TrunkBlock(block, None, 0.2))
    assert [s.upper.samples for s in states if s.upper] == [8, 9]


def test_an_empty_block_is_no_news() -> None:
    assert feed(TrunkBlock(empty_block(), empty_block(), -math.inf), TWO) == []
