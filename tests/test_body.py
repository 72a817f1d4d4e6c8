"""Motor and button in a run: presses become commands, reminders become patterns."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPWMPin

from firmware_py.body import SNOOZE_S, Body
from firmware_py.config import parse
from firmware_py.errors import SensorError
from firmware_py.hardware.button import Press
from firmware_py.hardware.clock import SystemClock
from firmware_py.posture.events import Mode, ModeChanged, NoteBuzz, SetMode, SlouchAlert, Snooze, Snoozed
from firmware_py.posture.settings import BodyAlert


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    """Pins without a Pi: gpiozero's own documented stand-in."""
    before = Device.pin_factory
    Device.pin_factory = MockFactory(pin_class=MockPWMPin)
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = before


def body_of(text: str) -> Body:
    clock = SystemClock()
    return Body(parse(text, "x.toml"), clock, clock.monotonic())


def test_without_motor_and_button_there_is_nothing_to_feel() -> None:
    with body_of("") as body:
        assert body.wishes() == []


def test_a_reminder_shakes_and_the_core_learns_of_it_first(pins: MockFactory) -> None:
    with body_of("[motor]\nkind = 'gpio'\npin = 18\n[motor.patterns]\nslouch = '50@0.7'") as body:
        for listen in body.listeners:
            listen(SlouchAlert(1.0, 1, 1, 17.0, 300.0))
        waited = threading.Event()
        wishes: list[object] = []
        for _ in range(100):
            wishes += body.wishes()
            if wishes:
                break
            waited.wait(0.02)
        (note,) = wishes
        assert isinstance(note, NoteBuzz)
        assert note.for_s == pytest.approx(0.05)
    driven = [state.state for state in pins.pin(18).states]
    assert 0.7 in driven
    assert driven[-1] in (0, 0.0, False)


def test_an_alert_is_felt_by_who_asks_what_it_is_like_but_not_while_driving(pins: MockFactory) -> None:
    with body_of("[motor]\nkind = 'gpio'\npin = 18\n[motor.patterns]\nbreak_due = '40@0.3'") as body:
        assert body.try_alert(BodyAlert.BREAK) == ""
        for listen in body.listeners:
            listen(ModeChanged(0.0, Mode.DRIVING, None))
        assert body.try_alert(BodyAlert.SLOUCH) == "the motor rests while driving"
    driven = [state.state for state in pins.pin(18).states]
    assert 0.3 in driven
    assert 0.7 not in driven


def test_without_a_motor_nothing_pretends_to_buzz() -> None:
    with body_of("") as body:
        assert body.try_alert(BodyAlert.SLOUCH) == "this device has no motor"


def test_a_short_press_snoozes_and_another_ends_it() -> None:
    with body_of("") as body:
        body.pressed(Press.SHORT)
        (asleep,) = body.wishes()
        assert isinstance(asleep, Snooze)
        assert asleep.for_s == SNOOZE_S
        for listen in body.listeners:
            listen(Snoozed(0.0, SNOOZE_S))
        body.pressed(Press.SHORT)
        (awake,) = body.wishes()
        assert isinstance(awake, Snooze)
        assert awake.for_s == 0.0


def test_three_presses_toggle_silence() -> None:
    with body_of("") as body:
        body.pressed(Press.TRIPLE)
        (silent,) = body.wishes()
        assert isinstance(silent, SetMode)
        assert silent.mode is Mode.TRACKING
        for listen in body.listeners:
            listen(ModeChanged(0.0, Mode.TRACKING, None))
        body.pressed(Press.TRIPLE)
        (loud,) = body.wishes()
        assert isinstance(loud, SetMode)
        assert loud.mode is Mode.TRAINING


def test_a_motor_that_is_not_there_is_named() -> None:
    with pytest.raises(SensorError, match=r"no I2C bus 77"):
        body_of("[motor]\nkind = 'drv2605l'\nbus = 77")


class Asked:
    """Stands for the exercises: notes what the button asks of them."""

    def __init__(self) -> None:
        self.running = False
        self.told: list[str] = []

    def start_fitting(self) -> None:
        self.told.append("start")

    def pause_or_resume(self) -> None:
        self.told.append("pause")

    def stop(self) -> None:
        self.told.append("stop")


def test_a_tap_and_a_long_press_begin_an_exercise_which_the_next_presses_pause_and_stop() -> None:
    exercises = Asked()
    neutrals: list[int] = []
    with body_of("") as body:
        body.pressed(Press.TAP_HOLD)  # there are no exercises: nothing happens
        body.exercises = exercises  # type: ignore[assignment]  # all that the button asks of them
        body.on_long_press = lambda: neutrals.append(1)
        body.pressed(Press.TAP_HOLD)
        exercises.running = True
        for press in (Press.SHORT, Press.LONG, Press.TRIPLE, Press.TAP_HOLD):
            body.pressed(press)
        assert body.wishes() == []
    assert exercises.told == ["start", "pause", "stop", "stop", "stop"]
    assert neutrals == []
