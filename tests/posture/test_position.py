"""How somebody lies, sits or stands: from gravity, in every mounting."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.exercises_real import sitting_still
from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import Lying, lie_down, stand_up
from firmware_py.hardware.twin.wearer_person import person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.blocks import SensorBlock, TrunkBlock
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.flexion import up_at
from firmware_py.posture.position import Position, Standing, fits, position_of
from firmware_py.posture.profile import CalibrationProfile, Mounting, Neutral, SensorProfile, rotation_onto_up

HELD = {
    Position.UPRIGHT: (3.0, -2.0),
    Position.PRONE: (84.0, 3.0),
    Position.SUPINE: (-84.0, -4.0),
    Position.ON_THE_RIGHT: (8.0, 82.0),
    Position.ON_THE_LEFT: (-6.0, -83.0),
}
"""(flexion, lateral) of somebody who is placed so, degrees."""

AXES = st.tuples(*[st.floats(-1.0, 1.0)] * 4).filter(lambda q: sum(c * c for c in q) > 0.1)


def rotation(quaternion: tuple[float, ...]) -> np.ndarray:
    w, x, y, z = np.array(quaternion) / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def seen(mounted: np.ndarray, neutral: tuple[float, float, float], held: tuple[float, float]) -> Position:
    """What is told of a board mounted so, at rest on somebody placed so, through the whole estimator."""
    in_neutral = np.array(up_at(*held))
    acc = mounted.T @ rotation_onto_up(neutral).T @ in_neutral * 9.80665
    rows = [(float(a), float(b), float(c)) for a, b, c in mounted]
    profile = CalibrationProfile(
        upper=SensorProfile(mounting=Mounting((rows[0], rows[1], rows[2])), neutral=Neutral(neutral))
    )
    t_s = np.arange(100) / 50.0
    block = SensorBlock(t_s, np.tile(acc, (100, 1)), np.zeros((100, 3)), 30.0)
    state = list(TrunkEstimator(profile, 50.0).feed(TrunkBlock.of(block)))[-1]
    assert state.upper is not None
    return position_of(state.upper.up)


@given(AXES, st.floats(-40.0, 40.0), st.floats(-15.0, 15.0))
@settings(max_examples=25)
def test_every_position_is_told_however_the_board_sits_on_the_back(
    quaternion: tuple[float, ...], tilt_deg: float, roll_deg: float
) -> None:
    mounted = rotation(quaternion)
    for position, held in HELD.items():
        assert seen(mounted, up_at(tilt_deg, roll_deg), held) is position


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("how", "position"),
    [
        (Lying.ON_THE_ELBOWS, Position.PRONE),
        (Lying.PRONE, Position.PRONE),
        (Lying.SUPINE, Position.SUPINE),
        (Lying.ON_THE_RIGHT, Position.ON_THE_RIGHT),
        (Lying.ON_THE_LEFT, Position.ON_THE_LEFT),
    ],
)
def test_a_wearer_who_lies_down_is_seen_so_with_one_sensor_and_with_two(
    how: Lying, position: Position, seed: int
) -> None:
    script = Script(person("steady", seed), seed)
    script.hold(3.0)
    lie_down(script, how, 8.0)
    wearer = Wearer(script)
    for sensors in (1, 2):
        estimator = TrunkEstimator(wearer.person.profile(sensors), 50.0)
        states = [state for block in wearer.blocks(50.0, sensors) for state in estimator.feed(block)]
        last = states[-20]
        assert last.upper is not None
        assert position_of(last.upper.up, last.lower.up if last.lower else None) is position


def test_upright_is_all_that_one_sensor_can_say_of_sitting_and_standing() -> None:
    who = person("steady", 3)
    standing = Standing.of(who.profile(1))
    assert standing.upper_deg is not None
    for held in ((0.0, 0.0), who.standing[:2]):
        assert position_of(up_at(*held), standing=standing) is Position.UPRIGHT


def test_a_low_back_that_stands_another_way_than_it_sits_tells_the_two_apart() -> None:
    standing = Standing(upper_deg=(-2.0, 0.0), lower_deg=(14.0, 0.0))
    told = [position_of(up_at(0.0), up_at(low), standing) for low in (-1.0, 3.0, 7.0, 11.0, 15.0)]
    assert told == [
        Position.SITTING,
        Position.SITTING,
        Position.UPRIGHT,
        Position.STANDING,
        Position.STANDING,
    ]


def test_a_deep_bow_on_a_standing_pelvis_is_no_lying_on_the_elbows() -> None:
    assert position_of(up_at(52.0)) is Position.PRONE  # one sensor cannot know
    assert position_of(up_at(52.0), up_at(25.0)) is Position.UNCLEAR
    assert position_of(up_at(52.0), up_at(84.0)) is Position.PRONE


def test_between_the_regions_and_upside_down_nothing_is_said() -> None:
    diagonal = up_at(math.degrees(math.atan(1.0)), 45.0)
    assert [position_of(up) for up in (up_at(32.0), up_at(170.0), up_at(90.0, 45.0))] == [
        Position.UNCLEAR
    ] * 3
    assert position_of(diagonal) is not Position.UPRIGHT


@given(st.floats(-180.0, 180.0), st.floats(-89.0, 89.0))
def test_left_and_right_front_and_back_mirror_one_another(flexion_deg: float, lateral_deg: float) -> None:
    x, y, z = up_at(flexion_deg, lateral_deg)
    sides = {Position.ON_THE_RIGHT: Position.ON_THE_LEFT, Position.ON_THE_LEFT: Position.ON_THE_RIGHT}
    ends = {Position.PRONE: Position.SUPINE, Position.SUPINE: Position.PRONE}
    here = position_of((x, y, z))
    assert position_of((x, -y, z)) is sides.get(here, here)
    assert position_of((-x, y, z)) is ends.get(here, here)


def test_upright_fits_whoever_may_stand_or_sit_and_nobody_who_lies() -> None:
    assert fits(Position.STANDING, Position.UPRIGHT)
    assert fits(Position.UPRIGHT, Position.SITTING)
    assert not fits(Position.STANDING, Position.SITTING)
    assert not fits(Position.PRONE, Position.UPRIGHT)
    assert not fits(Position.STANDING, Position.UNCLEAR)


def test_real_people_who_sit_still_are_upright_and_hardly_a_repetition_is_seen_in_them(
    shared_data: Path,
) -> None:
    told = list(sitting_still(shared_data, people=3))
    assert len(told) > 45
    upright = [one for one in told if one.trial.endswith("class_2")]
    assert all(one.position is Position.UPRIGHT for one in upright)
    assert sum(one.seen for one in told) <= 1


def test_standing_up_is_seen_as_upright_afterwards() -> None:
    script = Script(person("steady", 4), 1)
    script.hold(3.0)
    stand_up(script)
    script.hold(4.0)
    wearer = Wearer(script)
    estimator = TrunkEstimator(wearer.person.profile(1), 50.0)
    last = [state for block in wearer.blocks(50.0, 1) for state in estimator.feed(block)][-10]
    assert last.upper is not None
    assert position_of(last.upper.up, standing=Standing.of(wearer.person.profile(1))) is Position.UPRIGHT
