"""The arm from the joint to the sensor: found from any movement about it, turned with the strap alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import sit_upright
from firmware_py.hardware.twin.wearer_moves import BOW
from firmware_py.hardware.twin.wearer_person import Style, person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.arms import LEAST_DEG, REST_TICKS, Arm, ArmWatch
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.trunk import TICK_S, SegmentState, Vector

IN_A_TICK = 20
REST_S = 1.0

Path = Callable[[FloatArray], FloatArray]
"""From moments (n,) in seconds to metres or radians (n,)."""


def jerk_free(by: float, start_s: float, for_s: float) -> Path:
    """From 0 to `by` along a minimum-jerk curve (Flash & Hogan 1985)."""

    def at(t_s: FloatArray) -> FloatArray:
        x = np.clip((t_s - start_s) / for_s, 0.0, 1.0)
        return np.asarray(by * x**3 * (10.0 - 15.0 * x + 6.0 * x * x))

    return at


def movement(
    bend: Path,
    ends_s: float,
    arm_deg: float = 15.0,
    arm_m: float = 0.32,
    strap_deg: float = 0.0,
    slide: Path | None = None,
) -> Iterator[SegmentState]:
    """What a sensor on a rigid arm feels of a flexion `bend` (radians) while its joint slides by `slide`."""
    t_s = np.arange(0.0, ends_s, TICK_S / IN_A_TICK) + 0.5 * TICK_S / IN_A_TICK
    h_s = 1e-3
    angle, ahead = (
        bend(t_s),
        arm_m * np.array([-np.sin(math.radians(arm_deg)), np.cos(math.radians(arm_deg))]),
    )

    def place(at_s: FloatArray) -> FloatArray:
        f = bend(at_s)
        x = np.cos(f) * ahead[0] + np.sin(f) * ahead[1]
        if slide is not None:
            x = x + slide(at_s)
        return np.stack([x, np.cos(f) * ahead[1] - np.sin(f) * ahead[0]], 1)

    force = (place(t_s + h_s) - 2.0 * place(t_s) + place(t_s - h_s)) / h_s**2 + [0.0, STANDARD_GRAVITY_M_S2]
    rate = (bend(t_s + h_s) - bend(t_s - h_s)) / (2.0 * h_s)
    f = angle + math.radians(strap_deg)
    felt = np.stack(
        [
            np.cos(f) * force[:, 0] - np.sin(f) * force[:, 1],
            np.sin(f) * force[:, 0] + np.cos(f) * force[:, 1],
        ],
        1,
    )
    for k in range(len(t_s) // IN_A_TICK):
        tick = slice(k * IN_A_TICK, (k + 1) * IN_A_TICK)
        x, z = felt[tick].mean(axis=0).tolist()
        mean, square = float(rate[tick].mean()), float(np.square(rate[tick]).mean())
        up: Vector = (-math.sin(f[tick].mean()), 0.0, math.cos(f[tick].mean()))
        yield SegmentState(
            up, 0.1, True, (0.0, mean, 0.0), math.sqrt(square), (x, 0.0, z), 0.0, IN_A_TICK, 0, 25.0
        )


def there_and_back(by_deg: float, in_s: float, stays_s: float, lean_deg: float = 0.0) -> tuple[Path, float]:
    """A bend out and home again from a lean, between two rests; and when it is all over."""
    out = jerk_free(math.radians(by_deg), REST_S, in_s)
    home = jerk_free(-math.radians(by_deg), REST_S + in_s + stays_s, in_s)

    def bend(t_s: FloatArray) -> FloatArray:
        return out(t_s) + home(t_s) + math.radians(lean_deg)

    return bend, 2.0 * REST_S + 2.0 * in_s + stays_s


def seen(states: Iterable[SegmentState]) -> list[Arm]:
    watch = ArmWatch()
    return [arm for arm in map(watch.step, states) if arm is not None]


@settings(max_examples=25)
@given(
    by_deg=st.floats(20.0, 45.0) | st.floats(-30.0, -20.0),
    in_s=st.floats(0.8, 1.1),
    lean_deg=st.floats(-20.0, 30.0),
    arm_deg=st.floats(0.0, 30.0),
    arm_m=st.floats(0.28, 0.45),
)
def test_a_movement_about_a_joint_shows_the_arm_from_whatever_posture_it_begins(
    by_deg: float, in_s: float, lean_deg: float, arm_deg: float, arm_m: float
) -> None:
    bend, ends_s = there_and_back(by_deg, in_s, 0.0, lean_deg)
    arms = seen(movement(bend, ends_s, arm_deg, arm_m))
    assert len(arms) in {1, 2}, "out and home at once, or each for itself"
    assert arms[0].flexion_deg == pytest.approx(arm_deg, abs=2.0)
    assert arms[0].length_m == pytest.approx(arm_m, rel=0.15)
    assert arms[0].turned_deg == pytest.approx(abs(by_deg), abs=1.0)


@settings(max_examples=25)
@given(strap_deg=st.floats(-20.0, 20.0), by_deg=st.floats(20.0, 45.0), lean_deg=st.floats(-20.0, 30.0))
def test_a_strap_that_leans_turns_the_arm_and_a_back_that_leans_does_not(
    strap_deg: float, by_deg: float, lean_deg: float
) -> None:
    bend, ends_s = there_and_back(by_deg, 1.0, 0.0)
    leaning, _ = there_and_back(by_deg, 1.0, 0.0, lean_deg)
    (plain,), (leant,), (strapped,) = (
        seen(movement(bend, ends_s)),
        seen(movement(leaning, ends_s)),
        seen(movement(bend, ends_s, strap_deg=strap_deg)),
    )
    assert leant.flexion_deg == pytest.approx(plain.flexion_deg, abs=1.0)
    assert strapped.flexion_deg == pytest.approx(plain.flexion_deg + strap_deg, abs=0.2)


def test_less_than_a_bend_shows_nothing() -> None:
    bend, ends_s = there_and_back(0.9 * LEAST_DEG, 0.5, 0.0)
    assert not seen(movement(bend, ends_s))


def test_a_movement_too_slow_to_throw_the_sensor_shows_nothing() -> None:
    bend, ends_s = there_and_back(14.0, 2.2, 0.0)
    assert not seen(movement(bend, ends_s))


def test_who_slides_on_the_seat_as_fast_as_they_bend_shows_no_arm_of_a_back() -> None:
    bend, ends_s = there_and_back(20.0, 0.8, 0.0)

    def shuffle(t_s: FloatArray) -> FloatArray:
        return np.asarray(0.03 * np.sin(2.0 * math.pi * 2.0 * t_s))

    assert seen(movement(bend, ends_s))
    assert not seen(movement(bend, ends_s, slide=shuffle))


def test_a_movement_mostly_about_a_joint_counts_by_what_else_there_was() -> None:
    way = jerk_free(math.radians(25.0), REST_S, 1.0)

    def shuffle(t_s: FloatArray) -> FloatArray:
        return np.asarray(0.001 * np.sin(2.0 * math.pi * 2.0 * t_s))

    (plain,), (shuffled,) = (seen(movement(way, 3.0, slide=slide)) for slide in (None, shuffle))
    assert shuffled.sigma_deg > 1.1 * plain.sigma_deg


def test_of_a_deep_bow_too_no_arm_is_told_that_explains_but_a_part() -> None:
    way = jerk_free(math.radians(60.0), REST_S, 1.4)

    def shuffle(t_s: FloatArray) -> FloatArray:
        return np.asarray(0.004 * np.sin(2.0 * math.pi * 2.0 * t_s))

    assert seen(movement(way, 3.4))
    assert not seen(movement(way, 3.4, slide=shuffle))


def test_an_arm_longer_than_a_back_is_none() -> None:
    bend, ends_s = there_and_back(25.0, 1.0, 0.0)
    assert seen(movement(bend, ends_s, arm_m=0.5))
    assert not seen(movement(bend, ends_s, arm_m=0.7))


@pytest.mark.parametrize("bias_deg_s", [-0.2, 0.2])
def test_what_is_left_of_the_gyroscopes_bias_does_not_turn_the_arm(bias_deg_s: float) -> None:
    way, bias_rad_s = jerk_free(math.radians(25.0), REST_S, 1.0), math.radians(bias_deg_s)

    def biased(state: SegmentState) -> SegmentState:
        x, y, z = state.gyr_rad_s
        return structs.replace(state, gyr_rad_s=(x, y + bias_rad_s, z))

    (plain,), (leant,) = seen(movement(way, 3.0)), seen(map(biased, movement(way, 3.0)))
    assert leant.flexion_deg == pytest.approx(plain.flexion_deg, abs=0.2)


def test_who_rocks_for_longer_than_a_movement_takes_shows_nothing() -> None:
    def rock(for_s: float) -> Path:
        def bend(t_s: FloatArray) -> FloatArray:
            phase = np.clip(t_s - REST_S, 0.0, for_s)
            return np.asarray(math.radians(12.0) * (1.0 - np.cos(2.0 * math.pi * 0.5 * phase)))

        return bend

    once, often = (seen(movement(rock(for_s), for_s + 2.0 * REST_S)) for for_s in (2.0, 8.0))
    assert once
    assert not often


def test_a_movement_that_was_not_seen_from_rest_to_rest_shows_nothing() -> None:
    bend, ends_s = there_and_back(30.0, 1.0, 0.0)
    states = list(movement(bend, ends_s))
    late = round(REST_S / TICK_S) + 3
    assert seen(iter(states))
    assert not seen(iter(states[late:]))
    assert not seen(iter(states[: -round(REST_S / TICK_S) + REST_TICKS - 2]))
    watch = ArmWatch()
    found = []
    for k, state in enumerate(states):
        if k == late:
            watch.forget()
        found.append(watch.step(state))
    assert not any(found)


def test_the_arms_of_a_simulated_persons_bows_turn_by_what_the_strap_has_crept() -> None:
    who = person(Style.STEADY, 4)
    script = Script(who, 0)
    script.hold(20.0, fidget_deg=0.0)
    crept_s = 400.0
    for slip_deg in (0.0, 6.0):
        if slip_deg:
            script.creep(slip_deg, 0.0, crept_s)
            script.hold(crept_s, fidget_deg=0.0)
        for _ in range(6):
            script.move(BOW, there_s=0.3)
            sit_upright(script)
            script.hold(15.0, fidget_deg=0.0)
    script.hold(5.0)
    estimator, watch = TrunkEstimator(who.profile(sensors=1), 25.0), ArmWatch()
    before: list[float] = []
    after: list[float] = []
    for block in Wearer(script).blocks(25.0, sensors=1):
        for state in estimator.feed(block):
            arm = None if state.upper is None else watch.step(state.upper)
            if arm is not None and arm.turned_deg > 45.0:
                (before if state.t_s < crept_s else after).append(arm.flexion_deg)
    assert min(len(before), len(after)) >= 4
    assert np.median(after) - np.median(before) == pytest.approx(6.0, abs=1.5)
