"""The size of a block never changes the ticks: whole or sample by sample, orderly or not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.posture.blocks import Place, Remark, RemarkKind, TrunkBlock, rechunk
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.flexion import up_at
from firmware_py.posture.profile import CalibrationProfile, Neutral, SensorModel, SensorProfile
from firmware_py.posture.trunk import TrunkState

from .stories import assert_same_ticks, cut_at, spoiled, swaying, told, without

END_S = 12.0


def chip(bias_rad_s: float) -> SensorProfile:
    return SensorProfile(
        SensorModel(acc_bias_m_s2=(0.1, -0.2, 0.3), gyr_bias_rad_s=(bias_rad_s, 0.01, 0.0)),
        neutral=Neutral(up_at(8.0, -3.0)),
    )


PROFILES = {
    1: CalibrationProfile(upper=chip(0.02)),
    2: CalibrationProfile(upper=chip(0.02), lower=chip(-0.01)),
}


def story(sensors: int) -> TrunkBlock:
    """Two clocks that agree in nothing, gaps, spoiled rows, remarks, and a hole of hours near the end."""
    upper = swaying(0.0033 + np.arange(1200) / 100.17, 1)
    upper = without(spoiled(upper, [0, 7, *range(300, 340), 701]), 4.0, 4.73)
    late = swaying(20_000.0021 + np.arange(150) / 100.17, 3)
    upper = type(upper)(
        np.concatenate([upper.t_s, late.t_s]),
        np.concatenate([upper.acc_m_s2, late.acc_m_s2]),
        np.concatenate([upper.gyr_rad_s, late.gyr_rad_s]),
        upper.temp_c,
    )
    lower = spoiled(without(swaying(0.0071 + np.arange(1190) / 99.6, 2), 6.0, 8.55), [50, 51, 400])
    remarks = (
        Remark(4.5, Place.UPPER, RemarkKind.OVERFLOW, "the FIFO ran over"),
        Remark(6.21, Place.LOWER, RemarkKind.LOST, "nothing answered"),
        Remark(8.55, Place.LOWER, RemarkKind.BACK, "answers again"),
        Remark(20_000.05, Place.UPPER, RemarkKind.RESET, "the chip had restarted"),
    )
    return TrunkBlock(upper, lower if sensors == 2 else None, 20_001.4, remarks)


STORIES = {sensors: story(sensors) for sensors in (1, 2)}


def whole(sensors: int) -> list[TrunkState]:
    return TrunkEstimator(PROFILES[sensors], 100.0).feed(STORIES[sensors])


WHOLE = {sensors: whole(sensors) for sensors in (1, 2)}


def test_the_story_holds_what_it_should_hold() -> None:
    states = WHOLE[2]
    assert [s.tick for s in states] == [*range(1, 121), *range(200_001, 200_015)]
    assert {s.upper is None for s in states} == {s.lower is None for s in states} == {True, False}
    assert any(s.upper and s.upper.bad for s in states)
    assert {s.upper.trusted for s in states if s.upper} == {True, False}
    assert [r.kind.value for s in states for r in s.remarks] == ["overflow", "lost", "back", "clock", "reset"]


@pytest.mark.parametrize("sensors", [1, 2])
@pytest.mark.parametrize("size", [1, 10, 37, 1000])
def test_the_size_of_a_block_changes_no_tick(size: int, sensors: int) -> None:
    states = told(TrunkEstimator(PROFILES[sensors], 100.0), rechunk([STORIES[sensors]], size))
    assert_same_ticks(states, WHOLE[sensors])


# Promises anywhere, on ticks and on samples too, but not within the hole: a promise there gives the time.
promises = st.lists(
    st.one_of(
        st.floats(0.0, END_S),
        st.integers(0, 120).map(lambda k: k / 10),
        st.integers(0, 1150).map(lambda row: float(STORIES[1].upper.t_s[row])),
        st.floats(20_000.003, 20_001.4),
    ),
    max_size=60,
).map(sorted)


@pytest.mark.parametrize("sensors", [1, 2])
@given(times_s=promises, ahead_s=st.sampled_from([0.0, 0.03, 0.6]))
def test_wherever_it_is_cut_the_ticks_are_the_same(
    sensors: int, times_s: list[float], ahead_s: float
) -> None:
    blocks = cut_at(STORIES[sensors], times_s, ahead_s)
    assert_same_ticks(told(TrunkEstimator(PROFILES[sensors], 100.0), blocks), WHOLE[sensors])


@given(
    times_s=st.lists(st.floats(0.0, END_S), max_size=8).map(sorted),
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=5),
)
def test_a_short_and_a_long_block_meet_without_a_seam(times_s: list[float], sizes: list[int]) -> None:
    blocks = [
        piece
        for i, block in enumerate(cut_at(STORIES[2], times_s))
        for piece in rechunk([block], sizes[i % len(sizes)])
    ]
    assert_same_ticks(told(TrunkEstimator(PROFILES[2], 100.0), blocks), WHOLE[2])
