"""A script says what the wearer truly does, at every moment, and the motion agrees with it."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import (
    Lying,
    lie_down,
    sit_up,
    sit_upright,
    slouch,
    take_posture,
)
from firmware_py.hardware.twin.wearer_days import working_day
from firmware_py.hardware.twin.wearer_habits import HABITS
from firmware_py.hardware.twin.wearer_moves import HEAD_LIFT, SCAPULAR_RETRACTION, WHILE_SITTING, Move
from firmware_py.hardware.twin.wearer_person import Style, person
from firmware_py.hardware.twin.wearer_places import Spot, put_on, take_off
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.hardware.twin.wearer_truth import Truth
from firmware_py.posture.events import Activity, Posture

STYLES = list(Style)


@cache
def truth_of_a_day(style: Style, seed: int) -> Truth:
    return Wearer(working_day(style, seed)).truth


@pytest.mark.parametrize("style", STYLES)
def test_the_labels_of_a_day_cover_it_without_gap_or_overlap(style: Style) -> None:
    wearer = Wearer(working_day(style, 1, 3.0))
    labels = wearer.truth.labels
    assert labels[0].start_s == 0.0
    assert labels[-1].end_s == pytest.approx(wearer.ends_s)
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(labels))
    assert all(label.end_s > label.start_s for label in labels)
    assert wearer.ends_s == pytest.approx(3 * 3600.0, abs=60.0)


@pytest.mark.parametrize("style", STYLES)
def test_a_day_holds_what_a_working_day_is_made_of(style: Style) -> None:
    doings = {label.doing for seed in range(3) for label in truth_of_a_day(style, seed).labels}
    assert doings >= {"typing", "slouching", "getting_up", "walking", "stairs", "standing", "sitting_down"}
    assert doings >= {move.doing for move in WHILE_SITTING}
    assert doings >= {"leaning_forward", "leaning_back", "side_bent"}


@pytest.mark.parametrize("style", STYLES)
def test_a_slouch_is_as_deep_as_the_truth_says(style: Style) -> None:
    wearer = Wearer(working_day(style, 2, 4.0))
    assert len(wearer.truth.slouches) >= 5
    for slouched in wearer.truth.slouches:
        middle_s = np.linspace((slouched.start_s + slouched.end_s) / 2.0, slouched.end_s, 50)
        upper_deg = wearer.angles(middle_s).upper_deg
        if slouched.end_s - slouched.start_s > 200.0:  # a slide is over by then
            assert np.median(upper_deg) == pytest.approx(slouched.depth_deg, abs=3.5)
        assert slouched.depth_deg >= 13.0


@pytest.mark.parametrize("style", STYLES)
def test_upright_work_stays_near_the_neutral(style: Style) -> None:
    wearer = Wearer(working_day(style, 4, 4.0))
    upright = [
        label
        for label in wearer.truth.labels
        if label.doing in ("working", "typing") and label.end_s > label.start_s + 1.0
    ]
    t_s = np.concatenate([np.arange(label.start_s, label.end_s, 1.0) for label in upright])
    upper_deg = wearer.angles(t_s).upper_deg
    assert abs(np.median(upper_deg)) < 3.0
    assert np.mean(upper_deg >= 10.0) < 0.01


def test_lengths_of_slouches_follow_the_style() -> None:
    for style in STYLES:
        lengths_s = [
            slouched.end_s - slouched.start_s
            for seed in range(6)
            for slouched in truth_of_a_day(style, seed).slouches
        ]
        assert 0.6 * HABITS[style].slouch_s < np.mean(lengths_s) < 1.6 * HABITS[style].slouch_s + 40.0


def test_people_get_up_and_walk_as_often_and_as_shortly_as_the_sources_say() -> None:
    """29 (SD 13) times in 8.7 h; 38 of 116 min on one's feet walked; 75 % of walks under 40 steps."""
    ups, walks_s, standing_s = [], [], []
    for style in STYLES:
        labels = [label for seed in range(6) for label in truth_of_a_day(style, seed).labels]
        ups.append(sum(label.doing == "getting_up" for label in labels) / 6.0)
        walks_s += [label.end_s - label.start_s for label in labels if label.doing == "walking"]
        standing_s += [label.end_s - label.start_s for label in labels if label.doing == "standing"]
    steady, restless = (8.7 / 8.0 * count for count in ups)
    assert steady == pytest.approx(29.0 - 13.0, abs=4.0)
    assert restless == pytest.approx(29.0 + 13.0, abs=6.0)
    assert sum(walks_s) / (sum(walks_s) + sum(standing_s)) == pytest.approx(38.0 / 116.0, abs=0.06)
    assert np.mean(np.array(walks_s) < 40.0 / 1.85) == pytest.approx(0.75, abs=0.05)


@pytest.mark.parametrize(
    "move", [*WHILE_SITTING, HEAD_LIFT, SCAPULAR_RETRACTION], ids=lambda move: move.doing
)
def test_a_move_goes_out_and_comes_back(move: Move) -> None:
    script = Script(person("steady", 6), 2)
    script.wait(2.0)
    begun_s = script.now_s
    script.move(move)
    over_s = script.now_s
    script.wait(2.0)
    wearer = Wearer(script)
    before, after = (wearer.angles(np.array([t_s])) for t_s in (begun_s, over_s))
    # Breathing and sway go on, so the return is not to the very same angle.
    assert after.upper_deg == pytest.approx(before.upper_deg, abs=3.0)
    assert after.lower_deg == pytest.approx(before.lower_deg, abs=2.0)
    assert wearer.truth.at((begun_s + over_s) / 2.0).doing == move.doing
    assert wearer.truth.at(over_s + 0.1).doing == "working"


def test_bows_go_deep_and_crossed_legs_do_not() -> None:
    peaks = {}
    for move in WHILE_SITTING:
        script = Script(person("restless", 3), 1)
        script.move(move)
        wearer = Wearer(script)
        peaks[move.doing] = wearer.angles(np.arange(0.0, wearer.ends_s, 0.05)).upper_deg.max()
    assert peaks["bow_for_a_pen"] > 45.0
    assert peaks["crossed_legs"] < 7.0
    assert peaks["arms_raised"] < 3.0


@pytest.mark.parametrize("how", list(Lying))
def test_lying_is_lying_and_ends_with_sitting_up(how: Lying) -> None:
    script = Script(person("steady", 3), 1)
    lie_down(script, how, 30.0)
    lain_s = script.now_s - 1.0
    sit_up(script)
    script.wait(1.0)
    wearer = Wearer(script)
    assert wearer.truth.at(lain_s).activity is Activity.LYING
    up = wearer.upper.orientation(np.array([lain_s, wearer.ends_s]))[:, 2]
    up = up @ wearer.person.profile().upper.to_neutral().T
    assert abs(up[0, 2]) < (0.7 if how is Lying.ON_THE_ELBOWS else 0.2)
    assert up[1, 2] > 0.97


@pytest.mark.parametrize("spot", list(Spot))
def test_a_strap_that_is_off_is_not_worn_until_it_is_put_on(spot: Spot) -> None:
    script = Script(person("restless", 1), 1)
    script.hold(20.0)
    take_off(script, spot, 120.0)
    put_on(script, shift_deg=3.0)
    script.hold(20.0)
    wearer = Wearer(script)
    there = [label for label in wearer.truth.labels if label.doing == spot.value]
    assert sum(label.end_s - label.start_s for label in there) == pytest.approx(120.0)
    assert not any(label.worn for label in there)
    assert wearer.truth.at(5.0).worn
    assert wearer.truth.at(wearer.ends_s - 5.0).worn


def test_a_car_shakes_what_lies_on_its_seat_as_a_table_does_not() -> None:
    script = Script(person("steady", 1), 1)
    take_off(script, Spot.CAR_SEAT, 300.0)
    wearer = Wearer(script)
    acc_m_s2, gyr_rad_s = wearer.upper.at(np.arange(wearer.ends_s - 200.0, wearer.ends_s - 20.0, 0.01))
    vibration_m_s2 = np.linalg.norm(acc_m_s2, axis=1).std()
    assert 0.1 < vibration_m_s2 < 1.5  # what a seat of a car on a road gives
    assert np.degrees(np.sqrt((gyr_rad_s**2).sum(axis=1).mean())) > 0.5
    assert np.abs(acc_m_s2).max() < 16.0


def test_a_slouch_ends_in_the_truth_where_the_wearer_straightens() -> None:
    script = Script(person("steady", 1), 1)
    script.hold(10.0)
    slouch(script, 20.0, depth_deg=18.0, in_s=2.0)
    sit_upright(script)
    take_posture(script, Posture.LEANING_BACK, 5.0)
    (slouched,) = Wearer(script).truth.slouches
    assert (slouched.start_s, slouched.end_s) == pytest.approx((10.0, 32.0))
    assert slouched.depth_deg == 18.0


def test_people_differ_and_are_the_same_again_by_their_seed() -> None:
    people = [person("steady", seed) for seed in range(40)]
    assert person("steady", 3) == people[3]
    slouch_deg = [who.poses[Posture.SLOUCHED].upper_deg for who in people]
    tilt_deg = [who.upper.tilt_deg for who in people]
    assert 17.0 < np.mean(slouch_deg) < 23.0
    assert np.std(slouch_deg) > 3.0
    assert 24.0 < np.mean(tilt_deg) < 30.0
