"""How far from itself a sensor turned: the arm of a turn, from what gyroscope and accelerometer felt."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import sit_upright, slouch, take_posture
from firmware_py.hardware.twin.wearer_moves import COUGH, LAUGH
from firmware_py.hardware.twin.wearer_person import Style, person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, SensorBlock, TrunkBlock
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.events import Posture
from firmware_py.posture.travel import Turn, TurnWatch
from firmware_py.posture.trunk import TrunkState

RATE_HZ = 100.0
PROFILE = person("steady", 1).profile(sensors=1)
PEOPLE = [(style, seed) for style in Style for seed in range(4)]


def found(states: list[TrunkState]) -> list[tuple[float, Turn]]:
    """The turns, each with the time at which it was told."""
    watch, told = TurnWatch(), []
    for state in states:
        assert state.upper is not None
        turn = watch.step(state.upper) if state.upper.trusted else None
        if turn is not None:
            told.append((state.t_s, turn))
    return told


def felt_by(
    arm_m: float, turn_deg: float, lasts_s: float, way_deg: float, noise_m_s2: float = 0.0
) -> list[TrunkState]:
    """A minimum-jerk turn about a level axis through a joint so far below, and rest before and after."""
    t_s = np.arange(round(6.0 * RATE_HZ)) / RATE_HZ
    s = np.clip((t_s - 3.0) / lasts_s, 0.0, 1.0)
    size, way = math.radians(turn_deg), math.radians(way_deg)
    angle = size * (10 * s**3 - 15 * s**4 + 6 * s**5)
    rate = size / lasts_s * 30 * s**2 * (1 - s) ** 2
    spin = size / lasts_s**2 * (60 * s - 180 * s**2 + 120 * s**3)
    level = np.array([math.cos(way), math.sin(way), 0.0])  # where the turn goes
    axis = np.cross([0.0, 0.0, 1.0], level)
    # Seen from the turning back: "up" leans away from the way, the arm stays straight below.
    up = np.outer(np.cos(angle), [0.0, 0.0, 1.0]) - np.outer(np.sin(angle), level)
    acc = STANDARD_GRAVITY_M_S2 * up + arm_m * (np.outer(spin, level) - np.outer(rate**2, [0.0, 0.0, 1.0]))
    acc += np.random.default_rng(1).normal(0.0, noise_m_s2, acc.shape)
    to_sensor = PROFILE.upper.to_neutral().T
    block = SensorBlock(t_s, acc @ to_sensor.T, np.outer(rate, axis) @ to_sensor.T)
    return TrunkEstimator(PROFILE, RATE_HZ).feed(TrunkBlock.of(block))


@given(
    arm_m=st.floats(-0.1, 0.6),
    turn_deg=st.floats(7.0, 40.0),
    lasts_s=st.floats(0.6, 1.2),
    way_deg=st.floats(0.0, 360.0),
)
@settings(max_examples=15, deadline=None)
def test_the_arm_of_a_turn_about_a_joint_below_is_found_whatever_its_way_size_and_speed(
    arm_m: float, turn_deg: float, lasts_s: float, way_deg: float
) -> None:
    ((_, turn),) = found(felt_by(arm_m, turn_deg, lasts_s, way_deg))
    assert turn.tilt_deg == pytest.approx(turn_deg, abs=1.0)
    assert turn.arm_m == pytest.approx(arm_m, abs=0.012 + 0.08 * abs(arm_m))
    assert abs(turn.aside_m) < 0.01


def test_a_turn_by_more_than_a_strap_gives_way_was_the_back_whatever_its_arm() -> None:
    up = (0.0, 0.0, 1.0)
    assert Turn(up, up, 75.0, 0.05, -0.1, 0.05, 0.6, 1.2).carried
    assert not Turn(up, up, 15.0, 0.05, -0.1, 0.05, 0.6, 1.2).carried


@pytest.mark.parametrize(
    ("arm_m", "aside_m", "sigma_m", "sure"),
    [
        (0.03, 0.0, 0.009, True),
        (0.0, -0.03, 0.009, True),
        (0.03, 0.0, 0.011, False),
        (0.025, 0.03, 0.009, False),
    ],
)
def test_a_turn_was_surely_about_itself_where_twice_the_uncertainty_leaves_less_than_a_back(
    arm_m: float, aside_m: float, sigma_m: float, sure: bool
) -> None:
    up = (0.0, 0.0, 1.0)
    turn = Turn(up, up, 10.0, arm_m, aside_m, sigma_m, 0.03, 0.6)
    assert turn.about_itself
    assert turn.surely_about_itself is sure
    assert not Turn(up, up, 10.0, arm_m, aside_m, sigma_m, 0.03, 1.6).surely_about_itself


def test_its_uncertainty_is_that_of_noise_and_grows_as_the_turn_gets_slower() -> None:
    sigmas = []
    for lasts_s in (0.5, 1.0, 1.5):
        ((_, turn),) = found(felt_by(0.2, 15.0, lasts_s, 30.0, noise_m_s2=0.1))
        assert abs(turn.arm_m - 0.2) < 4.0 * turn.sigma_m + 0.01
        sigmas.append(turn.sigma_m)
    assert sigmas == sorted(sigmas)
    assert sigmas[-1] > 3.0 * sigmas[0]


def lived(script: Script) -> list[tuple[float, Turn]]:
    wearer = Wearer(script)
    estimator = TrunkEstimator(wearer.person.profile(sensors=1), 25.0)
    return found([state for block in wearer.blocks(25.0, sensors=1) for state in estimator.feed(block)])


@pytest.mark.parametrize("before", ["straightening", "cough", "laugh"])
def test_a_strap_that_slips_the_moment_a_movement_is_over_has_turned_about_itself(before: str) -> None:
    seen = []
    for style, seed in PEOPLE:
        for flexion, lateral in ((10.0, 0.0), (-10.0, 0.0), (0.0, 10.0)):
            script = Script(person(style, seed), 31)
            script.hold(8.0)
            if before == "straightening":
                slouch(script, 8.0, 18.0, in_s=1.2)
                sit_upright(script, in_s=1.0)
            else:
                script.move(COUGH if before == "cough" else LAUGH)
            slipped_s = script.now_s
            script.slip(flexion, lateral)
            script.hold(4.0)
            (slip,) = (turn for t_s, turn in lived(script) if slipped_s + 0.5 < t_s < slipped_s + 1.5)
            seen.append(slip.about_itself)
            assert slip.tilt_deg == pytest.approx(10.0, abs=2.0)
    assert np.mean(seen) > 0.9


def test_leaning_coughing_and_laughing_turn_no_sensor_about_itself() -> None:
    for style, seed in PEOPLE:
        script = Script(person(style, seed), 32)
        script.hold(8.0)
        for posture in (Posture.LEANING_FORWARD, Posture.LEANING_BACK, Posture.SIDE_BENT):
            take_posture(script, posture, 4.0)
            sit_upright(script)
            script.move(COUGH)
            script.move(LAUGH)
            script.hold(3.0)
        turns = [turn for _, turn in lived(script)]
        assert len(turns) >= 6
        assert not [turn for turn in turns if turn.about_itself], (style, seed)
        leans = [turn for turn in turns if turn.left_over_m_s2 < 0.1 and turn.tilt_deg > 8.0]
        assert np.mean([turn.carried for turn in leans]) > 0.8


def test_after_a_gap_a_turn_is_measured_from_what_came_after_it_alone() -> None:
    watch = TurnWatch()
    states = [state.upper for state in felt_by(0.3, 12.0, 0.8, 0.0) if state.upper is not None]
    for segment in states[:33]:
        assert watch.step(segment) is None
    watch.forget()
    assert [turn for turn in map(watch.step, states[36:]) if turn is not None and turn.about_itself] == []
