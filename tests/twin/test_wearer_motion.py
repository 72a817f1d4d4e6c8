"""The simulated wearer is honest: what its sensors feel is what a body that moves so would make them feel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.hardware.twin.wearer import PERFECT, SensorMotion, Wearer
from firmware_py.hardware.twin.wearer_activities import (
    Lying,
    lie_down,
    sit_down,
    sit_up,
    sit_upright,
    slouch,
    stand_up,
    walk,
)
from firmware_py.hardware.twin.wearer_channels import Channel
from firmware_py.hardware.twin.wearer_days import working_day
from firmware_py.hardware.twin.wearer_moves import WHILE_SITTING
from firmware_py.hardware.twin.wearer_person import person
from firmware_py.hardware.twin.wearer_places import Spot, put_on, take_off
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray, Place

PLACES = list(Place)


def lively_minute() -> Script:
    """Every kind of motion there is, a minute and a half of it."""
    script = Script(person("restless", 5), 1)
    for move in WHILE_SITTING:
        script.move(move, there_s=1.5)
    slouch(script, 3.0)
    script.slip(6.0, 3.0)
    sit_upright(script)
    stand_up(script)
    walk(script, 14.0)
    walk(script, 8.0, stairs=True)
    sit_down(script)
    lie_down(script, Lying.ON_THE_RIGHT, 2.0)
    sit_up(script)
    take_off(script, Spot.CAR_SEAT, 12.0)
    put_on(script)
    return script


LIVELY = Wearer(lively_minute())


def motion_of(wearer: Wearer, place: Place) -> SensorMotion:
    return wearer.upper if place is Place.UPPER else wearer.lower


def turned_by(rates_rad_s: FloatArray, step_s: float) -> FloatArray:
    """(n, 3, 3) rotations of steps at constant rate (Rodrigues' formula)."""
    angle = np.linalg.norm(rates_rad_s, axis=1) * step_s
    axis = rates_rad_s * step_s / np.maximum(angle, 1e-300)[:, None]
    x, y, z = axis.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], 1).reshape(-1, 3, 3)
    sine, versine = np.sin(angle)[:, None, None], (1.0 - np.cos(angle))[:, None, None]
    turns: FloatArray = np.eye(3) + sine * cross + versine * (cross @ cross)
    return turns


@pytest.mark.parametrize("place", PLACES)
def test_integrating_the_rates_gives_the_orientation(place: Place) -> None:
    motion, step_s = motion_of(LIVELY, place), 1 / 400
    t_s = np.arange(0.0, LIVELY.ends_s, step_s)
    _, rates = motion.at(t_s + step_s / 2.0)
    reached = [motion.orientation(t_s[:1])[0]]
    for turn in turned_by(rates, step_s):
        reached.append(reached[-1] @ turn)
    true = motion.orientation(t_s)
    off = np.einsum("nji,njk->nik", np.array(reached[:-1]), true)
    skew = np.stack(
        [off[:, 2, 1] - off[:, 1, 2], off[:, 0, 2] - off[:, 2, 0], off[:, 1, 0] - off[:, 0, 1]], 1
    )
    off_deg = np.degrees(np.linalg.norm(skew, axis=1) / 2.0)
    assert off_deg.max() < 0.05 * LIVELY.ends_s / 60.0


def path_m(wearer: Wearer, script: Script, place: Place, t_s: FloatArray) -> FloatArray:
    """Where the sensor is, put together from the segments' orientations: no formula of the twin's own."""
    curves = script.channels.at(t_s)
    build = script.person.build
    heading = np.radians(curves[Channel.HEADING, 0])
    s, c = np.sin(heading), np.cos(heading)
    x, y, z = curves[[Channel.FORE, Channel.LEFT, Channel.RISE], 0]
    hip = np.stack([c * x - s * y, s * x + c * y, z], 1)
    pelvis: FloatArray = wearer.lower.orientation(t_s) @ script.person.lower.to_sensor
    from_hip: FloatArray
    if place is Place.LOWER:
        from_hip = pelvis @ np.array(build.hip_to_low_sensor_m)
    else:
        thorax: FloatArray = wearer.upper.orientation(t_s) @ script.person.upper.to_sensor
        from_hip = pelvis @ np.array(build.hip_to_lumbar_m) + thorax @ np.array(
            build.lumbar_to_upper_sensor_m
        )
    return hip + from_hip


@pytest.mark.parametrize("place", PLACES)
def test_the_acceleration_is_gravity_and_the_second_derivative_of_the_path(place: Place) -> None:
    script = Script(person("steady", 8), 1)
    for move in WHILE_SITTING:
        script.move(move, there_s=1.0)
    stand_up(script)
    script.aim(Channel.HEADING, 120.0, 1.5)
    script.aim(Channel.FORE, 0.2, 1.5)
    script.wait(1.0)
    sit_down(script)
    wearer = Wearer(script)
    step_s = 2e-4
    t_s = np.arange(0.0, wearer.ends_s, step_s)
    path = path_m(wearer, script, place, t_s)
    accelerated = (path[2:] - 2.0 * path[1:-1] + path[:-2]) / step_s**2
    felt = accelerated + np.array([0.0, 0.0, STANDARD_GRAVITY_M_S2])
    motion = motion_of(wearer, place)
    in_sensor = np.einsum("nji,nj->ni", motion.orientation(t_s[1:-1]), felt)
    acc_m_s2, _ = motion.at(t_s[1:-1])
    assert (
        np.abs(acc_m_s2 - in_sensor).max() < 0.01
    )  # of up to 12 m/s²; a cough's jerk over a fifth of a millisecond
    assert np.abs(acc_m_s2).max() > 11.0


def test_travelling_is_felt_as_its_speeding_up_and_its_bends() -> None:
    script = Script(person("steady", 8), 1)
    script.aim(Channel.LIVELINESS, 0.0, 0.1, at_s=-1.0)
    script.aim(Channel.SPEED, 2.0, 2.0)
    script.aim(Channel.HEADING, 90.0, 3.0, at_s=4.0)
    script.wait(8.0)
    wearer = Wearer(script)
    t_s = np.arange(0.0, 8.0, 1e-3)
    acc_m_s2, _ = wearer.lower.at(t_s)
    world = np.einsum("nij,nj->ni", wearer.lower.orientation(t_s), acc_m_s2)
    speed = np.cumsum(world[:, :2], axis=0) * 1e-3
    assert speed[3000] == pytest.approx([2.0, 0.0], abs=1e-3)
    # The sensor sits behind the turning hip, so only when the turn is over is its speed the hip's.
    assert speed[-1] == pytest.approx([0.0, 2.0], abs=5e-3)


def test_standing_up_lifts_the_sensor_by_the_rise_of_the_hip() -> None:
    script = Script(person("steady", 2), 4)
    script.aim(Channel.LIVELINESS, 0.0, 0.1, at_s=-1.0)
    stand_up(script)
    script.wait(1.0)
    wearer = Wearer(script)
    t_s = np.arange(0.0, wearer.ends_s, 1e-3)
    acc_m_s2, _ = wearer.lower.at(t_s)
    world = np.einsum("nij,nj->ni", wearer.lower.orientation(t_s), acc_m_s2)
    risen_m = np.cumsum(np.cumsum(world[:, 2] - STANDARD_GRAVITY_M_S2))[-1] * 1e-6
    path = path_m(wearer, script, Place.LOWER, t_s[[0, -1]])
    assert risen_m == pytest.approx(path[1, 2] - path[0, 2], abs=2e-3)
    assert risen_m == pytest.approx(script.person.seat_to_stand_m, abs=0.05)


@pytest.mark.parametrize("place", PLACES)
def test_a_strap_on_the_table_feels_gravity_and_nothing_else(place: Place) -> None:
    script = Script(person("steady", 1), 1)
    script.hold(10.0)
    take_off(script, Spot.TABLE, 60.0)
    wearer = Wearer(script)
    acc_m_s2, gyr_rad_s = motion_of(wearer, place).at(np.arange(wearer.ends_s - 50.0, wearer.ends_s, 0.01))
    assert np.linalg.norm(acc_m_s2, axis=1) == pytest.approx(STANDARD_GRAVITY_M_S2, abs=1e-9)
    assert not gyr_rad_s.any()


def test_somebody_who_sits_still_feels_nearly_gravity_and_moves_a_little() -> None:
    for seed in range(6):
        script = Script(person("steady", seed), 1)
        script.wait(120.0)
        acc_m_s2, gyr_rad_s = Wearer(script).upper.at(np.arange(0.0, 120.0, 0.01))
        assert np.abs(np.linalg.norm(acc_m_s2, axis=1) - STANDARD_GRAVITY_M_S2).max() < 0.15
        rms_deg_s = np.degrees(np.sqrt((gyr_rad_s**2).sum(axis=1).mean()))
        assert 0.10 < rms_deg_s < 6.7  # what is published of people who sit still


@settings(max_examples=25)
@given(st.lists(st.integers(1, 4000), max_size=12), st.sampled_from(PLACES))
def test_the_cut_changes_nothing(cuts: list[int], place: Place) -> None:
    motion = motion_of(LIVELY, place)
    t_s = np.arange(0.0, LIVELY.ends_s, 0.02)
    whole = np.hstack(motion.at(t_s))
    pieces = [np.hstack(motion.at(piece)) for piece in np.split(t_s, sorted(cuts)) if len(piece)]
    assert np.abs(np.concatenate(pieces) - whole).max() < 1e-9


@pytest.mark.parametrize("piece", [1, 10, 37, 5000])
def test_the_noise_of_a_sample_does_not_hang_on_the_cut(piece: int) -> None:
    def rows(piece: int) -> FloatArray:
        blocks = LIVELY.blocks(25.0, start_s=2.0, end_s=30.0, piece=piece)
        return np.concatenate([np.hstack([b.upper.acc_m_s2, b.lower.gyr_rad_s]) for b in blocks if b.lower])

    assert np.abs(rows(piece) - rows(500)).max() < 1e-9


def test_the_same_seed_gives_the_same_day_and_another_another() -> None:
    t_s = np.arange(0.0, 1800.0, 0.5)
    first, again, other = (
        np.hstack(Wearer(working_day("restless", seed, 0.5)).upper.at(t_s)) for seed in (3, 3, 4)
    )
    assert (first == again).all()
    assert np.abs(first - other).max() > 0.5


@pytest.mark.parametrize("seed", range(5))
def test_walking_has_its_steps_between_1_6_and_2_2_a_second(seed: int) -> None:
    script = Script(person("restless", seed), 2)
    stand_up(script)
    start_s = script.now_s
    walk(script, 40.0)
    wearer = Wearer(script)
    t_s = np.arange(start_s + 3.0, start_s + 37.0, 0.01)
    acc_m_s2, _ = wearer.lower.at(t_s)
    world_z = np.einsum("nj,nj->n", wearer.lower.orientation(t_s)[:, 2], acc_m_s2)
    power = np.abs(np.fft.rfft((world_z - world_z.mean()) * np.hanning(len(t_s)))) ** 2
    steps_hz = np.fft.rfftfreq(len(t_s), 0.01)[power.argmax()]
    assert 1.6 <= steps_hz <= 2.2
    assert 1.0 < world_z.std() < 4.0  # m/s², of walking at an ordinary pace


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", range(4))
def test_the_wearers_true_profile_reads_the_true_angles_from_gravity(seed: int, place: Place) -> None:
    script = Script(person("restless", seed), 1)
    slouch(script, 5.0)
    script.move(WHILE_SITTING[1])
    wearer = Wearer(script)
    t_s = np.arange(0.0, wearer.ends_s, 0.05)
    profile = wearer.person.profile()
    assert profile.simulated
    share = profile.upper if place is Place.UPPER else profile.lower
    assert share is not None
    up = motion_of(wearer, place).orientation(t_s)[:, 2] @ share.to_neutral().T
    true = wearer.angles(t_s)
    flexion, lateral = (
        (true.upper_deg, true.lateral_deg)
        if place is Place.UPPER
        else (true.lower_deg, true.lower_lateral_deg)
    )
    assert np.degrees(np.arctan2(-up[:, 0], up[:, 2])) == pytest.approx(flexion, abs=1e-9)
    assert np.degrees(np.arcsin(up[:, 1])) == pytest.approx(lateral, abs=1e-9)


def test_a_slipped_strap_turns_the_sensor_and_not_the_trunk() -> None:
    script = Script(person("steady", 0), 1)
    script.wait(5.0)
    script.slip(10.0)
    script.wait(5.0)
    wearer = Wearer(script)
    t_s = np.array([4.0, 9.0])
    up = wearer.upper.orientation(t_s)[:, 2] @ wearer.person.profile().upper.to_neutral().T
    seen_deg = np.degrees(np.arctan2(-up[:, 0], up[:, 2]))
    assert seen_deg - wearer.angles(t_s).upper_deg == pytest.approx([0.0, 10.0], abs=0.2)


def test_one_sensor_yields_no_lower_samples_and_blocks_promise_their_last_sample() -> None:
    blocks = list(LIVELY.blocks(50.0, sensors=1, end_s=20.0, chip=PERFECT))
    assert all(block.lower is None for block in blocks)
    assert sum(len(block.upper) for block in blocks) == 1000
    assert all(block.until_s == block.upper.t_s[-1] for block in blocks)
