"""What people do beside sitting raises no reminder, whoever does it and with however many sensors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import (
    Lying,
    lie_down,
    sit_down,
    sit_up,
    stand_up,
    take_posture,
    type_keys,
    walk,
)
from firmware_py.hardware.twin.wearer_moves import HEAD_LIFT, SCAPULAR_RETRACTION, WHILE_SITTING, Move
from firmware_py.hardware.twin.wearer_person import Style, person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.events import Event, Posture, SlouchAlert, SlouchStarted
from firmware_py.posture.monitor import Monitor

RATE_HZ = 25.0
SETTLED_S = 75.0
"""Upright before anything happens: longer than the minute without reminders."""

PEOPLE = [(style, seed) for style in Style for seed in range(3)]
SENSORS = (1, 2)


def judged(script: Script, sensors: int) -> list[Event]:
    wearer = Wearer(script)
    monitor = Monitor(wearer.person.profile(sensors), RATE_HZ)
    events = [event for block in wearer.blocks(RATE_HZ, sensors) for event in monitor.feed(block)]
    return events + monitor.finish()


def alerts_of(do: Callable[[Script], None], sensors: int, repeats: int = 4) -> list[str]:
    """Everybody does it a few times, some ten seconds of upright sitting in between."""
    alerts = []
    for style, seed in PEOPLE:
        script = Script(person(style, seed), 11)
        script.hold(SETTLED_S)
        for _ in range(repeats):
            do(script)
            script.hold(script.between((6.0, 14.0)))
        alerts += [
            f"{style.value} {seed}: {event}"
            for event in judged(script, sensors)
            if isinstance(event, SlouchAlert)
        ]
    return alerts


@pytest.mark.parametrize("sensors", SENSORS)
@pytest.mark.parametrize("move", WHILE_SITTING, ids=lambda move: move.doing)
def test_an_everyday_movement_raises_no_alert(move: Move, sensors: int) -> None:
    assert alerts_of(lambda script: script.move(move), sensors) == []


@pytest.mark.parametrize("sensors", SENSORS)
def test_typing_for_minutes_raises_no_alert(sensors: int) -> None:
    def type_long(script: Script) -> None:
        type_keys(script, 60.0)
        script.hold(60.0)

    assert alerts_of(type_long, sensors) == []


@pytest.mark.parametrize("sensors", SENSORS)
def test_getting_up_and_sitting_down_raises_no_alert(sensors: int) -> None:
    def get_up(script: Script) -> None:
        stand_up(script)
        script.hold(8.0)
        sit_down(script)

    assert alerts_of(get_up, sensors) == []


@pytest.mark.parametrize("sensors", SENSORS)
@pytest.mark.parametrize("stairs", [False, True], ids=["walking", "stairs"])
def test_walking_and_stairs_raise_no_alert(stairs: bool, sensors: int) -> None:
    def go(script: Script) -> None:
        stand_up(script)
        script.hold(2.0)
        walk(script, 30.0, stairs=stairs)
        script.hold(4.0)
        sit_down(script)

    assert alerts_of(go, sensors, repeats=2) == []


@pytest.mark.parametrize("sensors", SENSORS)
def test_a_bow_while_standing_between_two_walks_raises_no_alert(sensors: int) -> None:
    def tidy_up(script: Script) -> None:
        stand_up(script)
        walk(script, 10.0)
        script.move(WHILE_SITTING[1])
        walk(script, 10.0)
        sit_down(script)

    assert alerts_of(tidy_up, sensors, repeats=2) == []


@pytest.mark.parametrize("sensors", SENSORS)
def test_leaning_back_is_no_slouch(sensors: int) -> None:
    assert alerts_of(lambda s: take_posture(s, Posture.LEANING_BACK, 40.0), sensors, repeats=1) == []


@pytest.mark.parametrize("sensors", SENSORS)
@pytest.mark.parametrize("side", [-1.0, 1.0], ids=["left", "right"])
def test_bending_to_a_side_is_no_slouch(side: float, sensors: int) -> None:
    assert alerts_of(lambda s: take_posture(s, Posture.SIDE_BENT, 40.0, side), sensors, repeats=1) == []


def test_leaning_forward_from_the_hips_is_no_slouch_to_two_sensors() -> None:
    assert alerts_of(lambda s: take_posture(s, Posture.LEANING_FORWARD, 60.0), 2, repeats=1) == []


@pytest.mark.parametrize("how", list(Lying))
def test_lying_down_is_no_slouch(how: Lying) -> None:
    def nap(script: Script) -> None:
        lie_down(script, how, 60.0)
        sit_up(script)

    assert alerts_of(nap, 2, repeats=1) == []


def test_the_two_exercises_raise_no_alert() -> None:
    def exercise(script: Script) -> None:
        lie_down(script, Lying.ON_THE_ELBOWS, 12.0)
        for _ in range(3):
            script.move(HEAD_LIFT)
            script.hold(5.0)
        sit_up(script)
        stand_up(script)
        script.hold(3.0)
        for _ in range(2):
            script.move(SCAPULAR_RETRACTION)
            script.hold(4.0)
        sit_down(script)

    assert alerts_of(exercise, 2, repeats=1) == []


@pytest.mark.parametrize("sensors", SENSORS)
def test_a_minute_of_mixed_movements_is_no_slouch_either(sensors: int) -> None:
    def all_of_them(script: Script) -> None:
        for move in WHILE_SITTING:
            script.move(move, there_s=2.0)
            script.hold(script.between((1.0, 4.0)))

    assert alerts_of(all_of_them, sensors, repeats=1) == []


def test_the_scenarios_can_fail_since_a_held_slouch_does_raise_an_alert() -> None:
    for style, seed in PEOPLE:
        script = Script(person(style, seed), 11)
        script.hold(SETTLED_S)
        own = script.person.poses[Posture.SLOUCHED]
        script.pose(own, 1.5)
        script.hold(60.0)
        kinds = {type(event) for event in judged(script, 1)}
        assert {SlouchStarted, SlouchAlert} <= kinds
