"""Stays: one for each posture that is held, whatever movements there are in it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.posture.stays import BLOCK_S, Stay, StayFinder

Angles = tuple[float, float]


def stays_of(blocks: Iterable[Angles]) -> list[Stay]:
    """All stays, the one that goes on included."""
    finder = StayFinder()
    ended = [finder.step(k * BLOCK_S / 60.0, *at_deg) for k, at_deg in enumerate(blocks)]
    return [stay for stay in [*ended, finder.held] if stay is not None]


def test_a_change_of_posture_ends_a_stay_and_begins_another() -> None:
    upright, slouched = stays_of([(1.0, 0.0)] * 24 + [(20.0, -1.0)] * 12)
    assert upright.t_min == pytest.approx(11.5 * BLOCK_S / 60.0)
    assert (upright.at_deg, upright.blocks) == ((1.0, 0.0), 24)
    assert slouched.at_deg == (20.0, -1.0)


def test_upright_again_after_ten_seconds_elsewhere_is_another_stay() -> None:
    found = stays_of([(0.0, 0.0)] * 10 + [(18.0, 0.0)] * 4 + [(1.0, 0.0)] * 10)
    assert [round(stay.at_deg[0]) for stay in found] == [0, 18, 1]


def test_a_short_while_elsewhere_does_not_end_a_stay() -> None:
    found = stays_of([(0.0, 0.0)] * 10 + [(8.0, 5.0)] * 2 + [(0.5, 0.0)] * 10)
    assert [stay.blocks for stay in found] == [20]


def held(at_deg: Angles) -> StayFinder:
    finder = StayFinder()
    for k in range(10):
        assert finder.step(k * BLOCK_S / 60.0, *at_deg) is None
    return finder


@pytest.mark.parametrize("reached_deg", [(17.0, 0.0), (-13.0, 0.0), (2.0, 10.0), (2.0, -10.0)])
def test_a_moment_far_away_ends_a_stay(reached_deg: Angles) -> None:
    finder = held((2.0, 0.0))
    left = finder.moved(*reached_deg)
    assert left is not None
    assert left.at_deg == pytest.approx((2.0, 0.0))
    assert finder.held is None
    assert finder.moved(*reached_deg) is None, "it is told once"


def test_a_cough_does_not_end_a_stay() -> None:
    finder = held((2.0, 0.0))
    assert finder.moved(11.0, 3.0) is None
    assert finder.held is not None


def test_a_fidget_belongs_to_the_stay() -> None:
    found = stays_of([(0.0, 0.0)] * 8 + [(2.4, 1.0)] * 8 + [(-2.0, -1.0)] * 8)
    assert [stay.blocks for stay in found] == [24]


def test_a_slide_into_a_slouch_is_no_stay_half_way() -> None:
    found = stays_of([(0.0, 0.0)] * 10 + [(3.0 + 2.5 * k, 0.0) for k in range(7)] + [(20.0, 0.0)] * 10)
    assert len(found) == 2
    assert found[0].at_deg[0] < 2.0
    assert found[1].at_deg[0] > 18.0


@given(st.lists(st.tuples(st.floats(-60, 60), st.floats(-60, 60)), max_size=60))
def test_no_block_belongs_to_two_stays_and_none_is_short(blocks: list[Angles]) -> None:
    found = stays_of(blocks)
    assert sum(stay.blocks for stay in found) <= len(blocks)
    assert all(stay.blocks >= 4 for stay in found)
    assert [stay.t_min for stay in found] == sorted(stay.t_min for stay in found)
