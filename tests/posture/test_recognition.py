"""Six kinds of posture told apart, by the neutral alone and with examples of the wearer's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.posture.events import Posture
from firmware_py.posture.kinds import Kind, prototypes
from firmware_py.posture.profile import PoseExample
from firmware_py.posture.recognition import HOLD_BONUS, SITTING, Measure, Recogniser
from firmware_py.posture.rules import Rules

SEEN = Posture.SLOUCHED, Posture.LEANING_FORWARD
MINE = (
    PoseExample(Posture.SLOUCHED, 14.0, 0.0, -4.0),
    PoseExample(Posture.LEANING_FORWARD, 24.0, 1.0, 22.0),
    PoseExample(Posture.LEANING_BACK, -10.0, 0.0, -20.0),
    PoseExample(Posture.SIDE_BENT, 12.0, -20.0, 2.0),
)


@pytest.mark.parametrize("sensors", [1, 2])
def test_the_mean_of_each_kind_is_nearest_to_itself(sensors: int) -> None:
    kinds = prototypes(SITTING, (), sensors=sensors)
    assert [kinds.nearest(kinds.mean[kind]) for kind in Kind] == list(Kind)


def test_without_examples_spreads_add_as_variances() -> None:
    kinds = prototypes(SITTING, (), sensors=2)
    spreads = (SITTING.between[Kind.SLOUCHED][0], SITTING.neutral[0], SITTING.within[Kind.SLOUCHED][0])
    assert kinds.spread[Kind.SLOUCHED, 0] ** 2 == pytest.approx(sum(v**2 for v in spreads))
    assert kinds.mean.tolist() == [list(row) for row in SITTING.mean]


def test_one_example_by_hand() -> None:
    # One feature of one kind: prior variance p = between² + neutral², evidence variance p + within².
    example = PoseExample(Posture.SLOUCHED, 34.0, SITTING.mean[Kind.SLOUCHED][1])
    kinds = prototypes(SITTING, (example,), sensors=1)
    between, within = SITTING.between[Kind.SLOUCHED][0], SITTING.within[Kind.SLOUCHED][0]
    prior = between**2 + SITTING.neutral[0] ** 2
    gain = prior / (prior + within**2)
    mean = SITTING.mean[Kind.SLOUCHED][0]
    assert kinds.mean[Kind.SLOUCHED, 0] == pytest.approx(mean + gain * (34.0 - mean))
    assert kinds.spread[Kind.SLOUCHED, 0] ** 2 == pytest.approx(prior * (1 - gain) + within**2)
    # What the two kinds have in common moves the other too, by less.
    together = SITTING.alike[0][Kind.SIDE_BENT_RIGHT][Kind.SLOUCHED]
    common = together * between * SITTING.between[Kind.SIDE_BENT_RIGHT][0] + SITTING.neutral[0] ** 2
    other = kinds.mean[Kind.SIDE_BENT_RIGHT, 0] - SITTING.mean[Kind.SIDE_BENT_RIGHT][0]
    assert other == pytest.approx(common / (prior + within**2) * (34.0 - mean))
    # The same in numbers, as `docs/judgement.md` works them out.
    assert kinds.mean[[Kind.SLOUCHED, Kind.SIDE_BENT_RIGHT], 0] == pytest.approx((31.8, 27.0), abs=0.06)


def test_examples_of_the_wearers_own_move_the_line_between_two_kinds() -> None:
    shallow = (14.0, 0.0, -4.0)
    deep_lean = (24.0, 1.0, 14.0)
    own = prototypes(SITTING, MINE, sensors=2)
    assert own.nearest(shallow) is Kind.SLOUCHED
    assert own.nearest(deep_lean) is Kind.LEANING_FORWARD
    deeper = (PoseExample(Posture.SLOUCHED, 36.0, 0.0), PoseExample(Posture.LEANING_FORWARD, 16.0, 0.0))
    assert prototypes(SITTING, (), sensors=1).nearest((23.0, 1.0)) is Kind.SLOUCHED
    assert prototypes(SITTING, deeper, sensors=1).nearest((23.0, 1.0)) is Kind.LEANING_FORWARD


def test_a_side_bend_is_taken_for_the_side_it_goes_to() -> None:
    own = prototypes(SITTING, MINE, sensors=1)
    assert own.mean[Kind.SIDE_BENT_LEFT, 1] == pytest.approx(-20.0, abs=3.0)
    general = SITTING.mean[Kind.SIDE_BENT_RIGHT][1]
    assert general + 1.0 < own.mean[Kind.SIDE_BENT_RIGHT, 1] < general + 5.0, (
        "who bends deep left, does right"
    )


def test_a_side_bend_that_hardly_tilts_counts_for_the_side_that_was_asked_for() -> None:
    left = PoseExample(Posture.SIDE_BENT, 26.0, 1.5, 3.0, side=-1.0)
    own = prototypes(SITTING, (left,), sensors=2)
    assert own.mean[Kind.SIDE_BENT_LEFT, 1] > SITTING.mean[Kind.SIDE_BENT_LEFT][1] + 6.0
    general = SITTING.mean[Kind.SIDE_BENT_RIGHT][1]
    assert general - 8.0 < own.mean[Kind.SIDE_BENT_RIGHT, 1] < general - 3.0, "nor is the other one deep"
    slouch = PoseExample(Posture.SLOUCHED, 18.0, 1.0, -4.0)
    seen = Recogniser(Rules(), (left, slouch), two=True).step(23.0, -1.0, 26.0, 3.0)
    assert seen is Posture.SIDE_BENT, "who showed a bend that hardly tilts is taken at their word"


def test_an_example_without_the_lower_sensor_is_left_out_where_there_are_two() -> None:
    one = (PoseExample(Posture.SLOUCHED, 40.0, 0.0),)
    assert prototypes(SITTING, one, sensors=2).mean.tolist() == [list(row) for row in SITTING.mean]


@given(st.floats(-60, 90), st.floats(-40, 40), st.floats(-60, 60))
def test_the_recogniser_agrees_with_the_rule_that_it_unrolls(
    upper: float, lateral: float, lower: float
) -> None:
    nearest = prototypes(SITTING, (), sensors=2).nearest((upper, lateral, lower)).posture
    live = Recogniser(Rules(), (), two=True).step(upper - lower, lateral, upper, lower)
    if nearest is Posture.SLOUCHED and upper - lower < Rules().slouch_enter_deg:
        nearest = Posture.LEANING_FORWARD if upper >= Rules().slouch_enter_deg else Posture.UPRIGHT
    elif upper - lower >= Rules().slouch_enter_deg and upper >= 9.25:
        rather_bent = nearest is Posture.LEANING_FORWARD and lower < upper - lower
        nearest = Posture.SLOUCHED if nearest is Posture.UPRIGHT or rather_bent else nearest
    if not (nearest is Posture.SIDE_BENT and abs(lateral) < 4.0):
        assert live is nearest
    else:
        assert live is not Posture.SIDE_BENT


def test_a_light_slouch_of_an_upright_pelvis_is_no_lean() -> None:
    light = (10.5, 0.0, 15.5, 5.0)
    assert prototypes(SITTING, (), sensors=2).nearest((15.5, 0.0, 5.0)) is Kind.LEANING_FORWARD
    assert Recogniser(Rules(), (), two=True).step(*light) is Posture.SLOUCHED
    assert Recogniser(Rules(), (), two=True).step(10.0, 0.0, 22.0, 12.0) is Posture.LEANING_FORWARD
    bent_when_leaning = (PoseExample(Posture.LEANING_FORWARD, 16.0, 0.0, 5.0),)
    assert Recogniser(Rules(), bent_when_leaning, two=True).step(*light) is Posture.LEANING_FORWARD


def test_one_sensor_without_examples_goes_by_thresholds() -> None:
    recogniser = Recogniser(Rules(), (), two=False)
    seen = [
        recogniser.step(f, lateral, f, None)
        for f, lateral in ((9.9, 0), (10, 0), (7, 0), (6.9, 0), (22, 12), (-10, 0))
    ]
    assert seen == [
        Posture.UPRIGHT,
        Posture.SLOUCHED,
        Posture.SLOUCHED,
        Posture.UPRIGHT,
        Posture.SIDE_BENT,
        Posture.LEANING_BACK,
    ]


def test_a_shallow_bend_that_goes_to_a_side_is_no_slouch_to_one_sensor_either() -> None:
    recogniser = Recogniser(Rules(), (), two=False)
    assert recogniser.step(11.5, -7.4, 11.5, None) is Posture.SIDE_BENT
    assert recogniser.step(11.5, 6.0, 11.5, None) is Posture.SLOUCHED
    assert recogniser.step(24.0, -9.0, 24.0, None) is Posture.SLOUCHED


def test_one_sensor_tells_a_lean_from_a_slouch_only_where_the_examples_keep_them_apart() -> None:
    def seen(slouch_deg: float, lean_deg: float) -> Posture:
        own = (
            PoseExample(Posture.SLOUCHED, slouch_deg, 0.0),
            PoseExample(Posture.LEANING_FORWARD, lean_deg, 0.0),
        )
        return Recogniser(Rules(), own, two=False).step(lean_deg, 0.0, lean_deg, None)

    assert seen(slouch_deg=36.0, lean_deg=13.0) is Posture.LEANING_FORWARD
    assert seen(slouch_deg=21.0, lean_deg=17.0) is Posture.SLOUCHED, "leaning counts too"


def test_one_sensor_goes_by_the_wearers_own_side_bends_where_they_showed_them() -> None:
    own = (
        PoseExample(Posture.SLOUCHED, 24.0, 1.0),
        PoseExample(Posture.LEANING_FORWARD, 16.0, 1.0),
        PoseExample(Posture.SIDE_BENT, 22.0, 9.0, side=1.0),
        PoseExample(Posture.SIDE_BENT, 22.0, -8.0, side=-1.0),
    )
    bend = (21.0, 9.0, 21.0, None)
    assert Recogniser(Rules(), (), two=False).step(*bend) is Posture.SLOUCHED
    assert Recogniser(Rules(), own, two=False).step(*bend) is Posture.SIDE_BENT


def test_who_slouches_is_not_let_off_by_wavering_towards_a_lean() -> None:
    own = (PoseExample(Posture.SLOUCHED, 26.0, 0.0), PoseExample(Posture.LEANING_FORWARD, 13.0, 0.0))

    def first_lean_deg(start_deg: float) -> float:
        recogniser = Recogniser(Rules(), own, two=False)
        recogniser.step(start_deg, 0.0, start_deg, None)
        for angle_deg in np.arange(26.0, 10.0, -0.1):
            seen = recogniser if start_deg > 20.0 else Recogniser(Rules(), own, two=False)
            if seen.step(angle_deg, 0.0, angle_deg, None) is Posture.LEANING_FORWARD:
                return float(angle_deg)
        raise AssertionError("never a lean")

    assert first_lean_deg(26.0) < first_lean_deg(13.0) - 0.3


def test_between_two_kinds_the_one_before_stays() -> None:
    recogniser = Recogniser(Rules(), (), two=True)
    kinds = prototypes(SITTING, (), sensors=2)
    between = [
        lower
        for lower in np.arange(0.0, 20.0, 0.1)
        if abs(np.subtract(*kinds.distances((20.0, 2.0, lower))[[Kind.SLOUCHED, Kind.LEANING_FORWARD]])) < 0.2
    ]
    assert between
    start = recogniser.step(22.0, 2.0, 22.0, 0.0)
    assert [recogniser.step(20.0 - lower, 2.0, 20.0, lower) for lower in between] == [start] * len(between)


def test_people_differ_in_ways_that_can_be_a_normal_distribution() -> None:
    for feature in range(3):
        assert np.linalg.eigvalsh(SITTING.own_ways(feature)).min() > 0.0


@given(
    st.lists(st.tuples(st.floats(-60, 90), st.floats(-40, 40), st.floats(-60, 60)), min_size=1, max_size=8)
)
def test_leaving_out_what_is_too_far_anyhow_changes_no_answer(
    moments: list[tuple[float, float, float]],
) -> None:
    kinds = prototypes(SITTING, MINE, sensors=2)
    measure = Measure(kinds, side_least_deg=0.0)
    before: Kind | None = None
    for features in moments:
        distances = kinds.distances(features)
        if before is not None:
            distances[before] -= HOLD_BONUS
        found = measure.nearest(*features, before)
        assert distances[found] == pytest.approx(distances.min(), abs=1e-9)
        before = found


def test_a_very_deep_slouch_is_no_side_bend() -> None:
    assert Recogniser(Rules(), (), two=True).step(52.0, 1.0, 40.0, -12.0) is Posture.SLOUCHED
