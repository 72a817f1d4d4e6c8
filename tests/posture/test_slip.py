"""A supposed slip against what follows: leans do not hide it, a hand that puts the strap back ends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from firmware_py.hardware.twin.wearer_activities import sit_upright, slouch, take_posture
from firmware_py.hardware.twin.wearer_moves import ARMS_RAISED, BOW, COUGH, LAUGH, REACH
from firmware_py.hardware.twin.wearer_person import Style, person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.events import Posture
from firmware_py.posture.neutral_check import FitCause, FitRules
from firmware_py.posture.slip import Angles, SlipWatch
from firmware_py.posture.travel import Turn
from firmware_py.posture.trunk import TICK_S

from .hands import hand_at_the_strap
from .test_fit import told

UP = (0.0, 0.0, 1.0)
ABOUT_ITSELF = Turn(UP, UP, 10.0, 0.01, 0.0, 0.01, 0.03, 0.6)
HARDLY_CARRIED = Turn(UP, UP, 10.0, 0.045, 0.02, 0.02, 0.03, 0.8)
CARRIED = Turn(UP, UP, 10.0, 0.3, 0.02, 0.01, 0.03, 1.0)
NEAR = Turn(UP, UP, 10.0, 0.08, 0.02, 0.01, 0.03, 1.0)
SHAKEN = Turn(UP, UP, 10.0, 0.5, 0.6, 0.3, 1.5, 0.8)


class Worn:
    """A strap and its wearer, by what the watch is told of them."""

    def __init__(self, at: Angles = (0.0, 0.0)) -> None:
        self.watch = SlipWatch(FitRules())
        self.at = at
        self.now_s = 0.0
        self.told: list[tuple[float, Angles]] = []

    def turns(self, turn: Turn, to: Angles) -> None:
        self.watch.turned(turn, self.at, to)
        self.at = to

    def sits(self, for_s: float, *, quiet: bool = True, drifts_to: Angles | None = None) -> None:
        ticks, start = round(for_s / TICK_S), self.at
        for k in range(ticks):
            if drifts_to is not None:
                share = (k + 1) / ticks
                flexion, lateral = (a + share * (b - a) for a, b in zip(start, drifts_to, strict=True))
                self.at = flexion, lateral
            self.now_s += TICK_S
            slip = self.watch.step(self.at, quiet) if self.watch.open else None
            if slip is not None:
                self.told.append((round(self.now_s, 1), slip))


def slipped(by: Angles = (10.0, 0.0), at: Angles = (0.0, 0.0)) -> Worn:
    worn = Worn(at)
    worn.turns(ABOUT_ITSELF, (at[0] + by[0], at[1] + by[1]))
    return worn


def test_who_sits_on_is_told_once_after_three_quarters_of_a_minute() -> None:
    worn = slipped()
    worn.sits(120.0)
    ((told_s, slip),) = worn.told
    assert told_s == pytest.approx(45.0, abs=0.2)
    assert slip == (10.0, 0.0)
    assert not worn.watch.open


@pytest.mark.parametrize("by", [(10.0, 0.0), (-10.0, 0.0), (0.0, 10.0), (-6.0, 8.0)])
def test_a_lean_back_to_the_very_level_before_the_slip_does_not_hide_it(by: Angles) -> None:
    worn = slipped(by)
    worn.sits(12.0)
    worn.turns(CARRIED, (0.0, 0.0))
    worn.sits(100.0)
    assert [slip for _, slip in worn.told] == [by]
    assert worn.told[0][0] < 60.0


def test_a_slide_through_the_level_before_the_slip_does_not_hide_it() -> None:
    worn = slipped((-10.0, 0.0))
    worn.sits(8.0)
    worn.sits(60.0, drifts_to=(13.0, 0.0))
    assert [slip for _, slip in worn.told] == [(-10.0, 0.0)]


def test_after_moves_that_nobody_could_measure_the_level_of_the_slip_shows_it() -> None:
    worn = slipped()
    worn.sits(10.0)
    worn.turns(SHAKEN, (3.0, -14.0))
    worn.sits(60.0)
    assert worn.told == []
    worn.turns(SHAKEN, (11.0, 1.0))
    worn.sits(8.0)
    assert [slip for _, slip in worn.told] == [(10.0, 0.0)]


@pytest.mark.parametrize(
    ("level_deg", "tells", "waits"),
    [(25.0, 0, True), (6.5, 1, False), (5.0, 0, True), (3.5, 0, False), (-12.0, 0, True)],
)
def test_a_level_in_the_middle_is_neither_the_slip_nor_its_end(
    level_deg: float, tells: int, waits: bool
) -> None:
    worn = slipped()
    worn.turns(SHAKEN, (level_deg, 0.0))
    worn.sits(100.0)
    assert (len(worn.told), worn.watch.open) == (tells, waits)


@pytest.mark.parametrize("after_s", [3.0, 10.0, 20.0, 30.0, 44.0])
@pytest.mark.parametrize("hand", [ABOUT_ITSELF, SHAKEN, NEAR], ids=["cleanly", "shaking", "pulling"])
def test_a_strap_put_back_before_it_was_told_has_not_slipped(after_s: float, hand: Turn) -> None:
    worn = slipped()
    worn.sits(after_s)
    worn.turns(hand, (1.0, 0.5))
    worn.sits(200.0)
    assert worn.told == []
    assert not worn.watch.open


def test_nor_has_one_that_was_put_back_while_its_wearer_leant() -> None:
    worn = slipped()
    worn.sits(8.0)
    worn.turns(CARRIED, (-8.0, 0.0))
    worn.sits(8.0)
    worn.turns(ABOUT_ITSELF, (-18.0, 0.0))
    worn.sits(30.0)
    worn.turns(CARRIED, (1.0, 0.0))
    worn.sits(200.0)
    assert worn.told == []


def test_a_hand_that_takes_its_time_puts_it_back_too() -> None:
    worn = slipped()
    worn.sits(15.0)
    worn.sits(3.0, quiet=False, drifts_to=(0.5, 0.0))
    worn.sits(200.0)
    assert worn.told == []


def test_a_slip_in_two_jerks_is_one() -> None:
    worn = slipped((6.0, 0.0))
    worn.sits(5.0)
    worn.turns(ABOUT_ITSELF, (13.0, 0.0))
    worn.sits(60.0)
    assert [slip for _, slip in worn.told] == [(13.0, 0.0)]


@pytest.mark.parametrize(("before", "after"), [((14.0, 1.0), (2.0, 1.0)), ((12.0, 0.0), (-4.0, 3.0))])
def test_the_end_of_a_slouch_is_no_slip_unless_it_surely_was_one(before: Angles, after: Angles) -> None:
    for turn, opens in ((HARDLY_CARRIED, False), (ABOUT_ITSELF, True)):
        worn = Worn(before)
        worn.turns(turn, after)
        assert worn.watch.open is opens


@pytest.mark.parametrize(("before", "after"), [((8.0, 0.0), (-3.0, 0.0)), ((24.0, 0.0), (12.0, 0.0))])
def test_from_less_than_a_slouch_or_to_less_than_upright_it_may_be_one(before: Angles, after: Angles) -> None:
    worn = Worn(before)
    worn.turns(HARDLY_CARRIED, after)
    assert worn.watch.open


@pytest.mark.parametrize(("before", "after"), [((1.0, 0.0), (12.0, 0.0)), ((6.0, 0.0), (-6.0, 5.0))])
def test_nor_is_any_turn_in_front_of_upright_once_a_back_has_turned_near_the_sensor_twice(
    before: Angles, after: Angles
) -> None:
    for turn, near, opens in (
        (HARDLY_CARRIED, 0, True),
        (HARDLY_CARRIED, 1, True),
        (HARDLY_CARRIED, 2, False),
        (ABOUT_ITSELF, 2, True),
    ):
        worn = Worn()
        for to in ((12.0, 0.0), (0.0, 0.0))[:near]:
            worn.turns(NEAR, to)
        worn.at = before
        worn.turns(turn, after)
        assert worn.watch.open is opens, (turn, near)


def test_nobody_slumps_backwards_and_less_will_do() -> None:
    worn = Worn()
    for to in ((12.0, 0.0), (0.0, 0.0)):
        worn.turns(NEAR, to)
    worn.turns(HARDLY_CARRIED, (-9.0, 0.0))
    worn.sits(60.0)
    assert [slip for _, slip in worn.told] == [(-9.0, 0.0)]


def test_aside_no_back_turns_about_the_sensor_and_less_will_do() -> None:
    worn = Worn()
    for to in ((12.0, 0.0), (0.0, 0.0)):
        worn.turns(NEAR, to)
    worn.turns(HARDLY_CARRIED, (2.0, 10.0))
    worn.sits(60.0)
    assert [slip for _, slip in worn.told] == [(2.0, 10.0)]


def test_what_a_back_does_forward_hides_no_slip_aside() -> None:
    worn = slipped((0.0, -10.0), at=(16.0, 1.0))
    worn.sits(10.0)
    worn.turns(SHAKEN, (-4.0, -9.0))
    worn.sits(60.0)
    assert [slip for _, slip in worn.told] == [(0.0, -10.0)]


@pytest.mark.parametrize(
    ("slides_for_s", "tells"), [(8.0, 1), (5.0, 1), (3.0, 0)], ids=["a back", "a quick one", "a hand"]
)
def test_what_slides_through_no_level_is_a_back_unless_it_is_as_quick_as_a_hand(
    slides_for_s: float, tells: int
) -> None:
    worn = slipped((-10.0, 0.0))
    worn.sits(slides_for_s, drifts_to=(2.0, 0.0))
    worn.sits(100.0)
    assert len(worn.told) == tells


def test_a_slide_after_a_second_jerk_is_the_backs_too() -> None:
    worn = slipped((-6.0, 0.0))
    worn.sits(5.0)
    worn.sits(0.6, quiet=False, drifts_to=(-12.0, 0.0))
    worn.watch.turned(ABOUT_ITSELF, (-6.0, 0.0), (-12.0, 0.0))
    worn.sits(8.0, drifts_to=(1.0, 0.0))
    worn.sits(100.0)
    assert [slip for _, slip in worn.told] == [(-12.0, 0.0)]


def test_a_level_is_held_still() -> None:
    worn = slipped()
    worn.sits(100.0, quiet=False)
    assert worn.told == []
    worn.sits(6.0)
    assert [slip for _, slip in worn.told] == [(10.0, 0.0)]


def test_what_could_not_be_told_for_five_minutes_is_let_go() -> None:
    worn = slipped()
    worn.turns(SHAKEN, (3.0, -14.0))
    worn.sits(299.0)
    assert (worn.watch.open, worn.told) == (True, [])
    worn.sits(2.0)
    assert (worn.watch.open, worn.told) == (False, [])


# People ---------------------------------------------------------------------------------------

WAYS = [(10.0, 0.0), (-10.0, 0.0), (0.0, 10.0), (0.0, -10.0)]


def leans_back_and_bows(script: Script) -> None:
    take_posture(script, Posture.LEANING_BACK, 25.0)
    sit_upright(script)
    script.move(BOW)
    sit_upright(script)


def slouches(script: Script) -> None:
    slouch(script, 70.0, in_s=1.5)
    sit_upright(script)


def slides_into_a_slouch(script: Script) -> None:
    slouch(script, 30.0, in_s=45.0)
    sit_upright(script)


def laughs_and_reaches(script: Script) -> None:
    for move in (LAUGH, REACH, COUGH, ARMS_RAISED):
        script.move(move)
        if move.leaves:
            sit_upright(script)
        script.hold(4.0)


@pytest.mark.parametrize(
    "does",
    [leans_back_and_bows, slouches, slides_into_a_slouch, laughs_and_reaches],
    ids=lambda d: d.__name__,
)
def test_whatever_somebody_does_after_it_a_slip_is_found_within_two_minutes(
    does: Callable[[Script], None],
) -> None:
    for k, way in enumerate(WAYS):
        script = Script(person(list(Style)[k % 2], 3 + k), 51)
        script.hold(30.0)
        slipped_s = script.now_s
        script.slip(*way)
        script.hold(8.0)
        does(script)
        script.hold(max(10.0, slipped_s + 121.0 - script.now_s))
        found = [(t, v) for t, v in told(script) if v.stale]
        assert found, way
        assert found[0][1].cause is FitCause.SLIP
        assert 45.0 <= found[0][0] - slipped_s <= 120.0, way


@pytest.mark.parametrize("after_s", [5.0, 15.0, 30.0])
def test_a_hand_that_puts_the_strap_right_within_half_a_minute_leaves_nothing_to_tell(after_s: float) -> None:
    for k, way in enumerate(WAYS):
        for in_s in (0.5, 1.2, 3.0):
            script = Script(person(list(Style)[k % 2], k), 52)
            script.hold(30.0)
            script.slip(*way)
            script.hold(after_s)
            hand_at_the_strap(script, (-way[0], -way[1]), in_s)
            script.hold(20.0)
            slouch(script, 30.0)
            sit_upright(script)
            script.hold(20.0)
            assert not [v for _, v in told(script) if v.stale], (way, in_s)
