"""The motor: patterns, drivers, and a player that blocks nobody."""

import dataclasses
import threading
from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPWMPin

from firmware_py.errors import ConfigError, SensorError
from firmware_py.hardware.clock import SystemClock
from firmware_py.hardware.haptics import EXERCISE_CUES, Haptics, pattern_for
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.motors import Drv2605, GpioMotor
from firmware_py.hardware.patterns import DEFAULTS, Pulse, duration_s, parse_pattern, patterns
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.hardware.twin.drv2605 import TwinDrv2605
from firmware_py.posture import events as said
from firmware_py.posture.exercise_words import (
    ExerciseCue,
    ExerciseDue,
    ExercisePhase,
    ExerciseProgress,
    ExerciseRemark,
)
from firmware_py.posture.neutral_check import Fit, FitCause


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    Device.pin_factory = MockFactory(pin_class=MockPWMPin)
    yield Device.pin_factory
    Device.pin_factory.close()
    Device.pin_factory = None


class Bench:
    """A motor board on a bus, and a player that runs until it is closed."""

    def __init__(self) -> None:
        self.clock = VirtualClock(100.0)
        self.bus = TwinBus(self.clock)
        self.chip = TwinDrv2605(self.clock)
        self.bus.attach(0x5A, self.chip)
        self.motor = Drv2605(I2cBus(self.bus, "bus 1"))
        self.motor.open()
        self.notes: list[said.NoteBuzz] = []
        self.haptics = Haptics(self.motor, patterns(), self.clock, origin_s=90.0, tell=self.notes.append)


def test_a_pattern_is_felt_pulse_by_pulse() -> None:
    bench = Bench()
    bench.haptics.play("slouch")
    bench.haptics.close()
    felt = [(round(t_s, 3), round(strength, 1)) for t_s, strength in bench.chip.felt]
    assert felt == [(100.0, 0.0), (100.0, 0.7), (100.15, 0.0), (100.27, 0.7), (100.42, 0.0)]


def test_the_core_is_told_when_and_how_long_the_motor_shakes() -> None:
    bench = Bench()
    bench.haptics.play("slouch")
    bench.haptics.close()
    [note] = bench.notes
    assert note.t_s == 10.0
    assert note.for_s == pytest.approx(0.42)


def test_the_motor_rests_in_standby_at_the_end() -> None:
    bench = Bench()
    bench.haptics.close()
    assert bench.chip.registers[1] == 0x40
    assert bench.chip.registers[2] == 0


def test_asking_for_a_pattern_does_not_wait_for_it() -> None:
    class Slow:
        name = "slow motor"
        hold = threading.Event()

        def drive(self, strength: float) -> None:
            self.hold.wait(5.0)

        def close(self) -> None:
            pass

    motor = Slow()
    haptics = Haptics(motor, patterns(), SystemClock())
    for _ in range(10):
        haptics.play("corrected")  # would take 50 s if it waited
    assert not motor.hold.is_set()
    motor.hold.set()
    haptics.close()


def test_late_feedback_is_dropped_rather_than_queued() -> None:
    bench = Bench()
    entered, let_go = threading.Event(), threading.Event()

    def tell(note: said.NoteBuzz) -> None:
        bench.notes.append(note)
        entered.set()
        let_go.wait(60.0)

    bench.haptics.close()
    haptics = Haptics(bench.motor, patterns(), bench.clock, tell=tell)
    haptics.play("corrected")
    assert entered.wait(60.0)
    for _ in range(20):
        haptics.play("corrected")
    let_go.set()
    haptics.close()
    assert len(bench.notes) == 3


def test_a_motor_that_falls_silent_harms_nothing_and_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.bus.silence(0x5A, 5.0)
    bench.haptics.play("slouch")
    bench.haptics.play("slouch")
    bench.haptics.close()
    assert sum("does not answer" in record.message for record in caplog.records) == 1
    assert bench.chip.felt[-1][1] == 0.0


class Pins:
    """A motor on pins whose library fails in its own way, once, in the middle of a pulse."""

    name = "motor on GPIO 18"

    def __init__(self) -> None:
        self.driven: list[float] = []

    def drive(self, strength: float) -> None:
        self.driven.append(strength)
        if len(self.driven) == 2:
            raise RuntimeError("the chip of the pins is gone")

    def close(self) -> None:
        self.driven.append(0.0)


def test_whatever_a_library_of_pins_raises_the_motor_rests_and_the_next_reminder_comes() -> None:
    motor = Pins()
    haptics = Haptics(motor, patterns(), VirtualClock())
    haptics.play("slouch")
    haptics.play("corrected")
    haptics.close()
    assert motor.driven[2] == 0.0
    assert max(motor.driven[3:]) > 0.0


def test_a_missing_motor_board_says_what_to_check() -> None:
    with pytest.raises(SensorError, match="no DRV2605L at 0x5a on bus 1: nothing answered; are SDA, SCL"):
        Drv2605(I2cBus(TwinBus(VirtualClock()), "bus 1")).open()


def test_a_motor_on_a_pin_gets_the_strength_as_duty(pins: MockFactory) -> None:
    motor = GpioMotor(18)
    motor.drive(0.6)
    assert pins.pin(18).state == pytest.approx(0.6)
    motor.drive(0.0)
    assert pins.pin(18).state == 0
    motor.close()


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (said.SlouchAlert(1.0, 1, 1, 15.0, 60.0), "slouch"),
        (said.SlouchAlert(1.0, 1, 2, 15.0, 60.0), "slouch_again"),
        (said.SlouchEnded(9.0, 1, 1.0, 5.0, 20.0, 15.0, 4.0, 5.0, said.SlouchEnd.CORRECTED), "corrected"),
        (said.SlouchEnded(9.0, 1, 1.0, 5.0, 20.0, 15.0, None, None, said.SlouchEnd.CORRECTED), None),
        (said.Snoozed(5.0, 65.0), "snoozed"),
        (said.Snoozed(5.0, 5.0), "awake"),
        (said.SlouchStarted(1.0, 1, 12.0), None),
        (said.FitChanged(1.0, Fit.STALE, FitCause.CREEP, 6.0, "it crept"), "fit"),
        (said.FitChanged(1.0, Fit.DOUBTFUL, FitCause.WALKS, 8.0, "in your last walks"), "fit"),
        (said.FitChanged(1.0, Fit.DOUBTFUL, FitCause.CREEP, 3.0, "perhaps"), None),
        (said.FitChanged(1.0, Fit.FITS, FitCause.CREEP, 0.0, "it has not crept"), None),
    ],
)
def test_what_is_answered_on_the_body_and_what_is_not(event: said.Event, name: str | None) -> None:
    assert pattern_for(event) == name


def test_every_cue_of_a_coach_can_be_felt_and_told_from_the_others() -> None:
    felt = {cue: name for cue, name in EXERCISE_CUES.items() if name is not None}
    assert set(EXERCISE_CUES) == set(ExerciseCue)
    known = patterns()
    by_eyes_closed = [
        ExerciseCue.GO,
        ExerciseCue.HELD,
        ExerciseCue.RELEASE,
        ExerciseCue.DONE,
        ExerciseCue.WRONG,
    ]
    shapes = [tuple(pulse.on_s for pulse in known[felt[cue]]) for cue in by_eyes_closed]
    assert len(set(shapes)) == len(shapes)
    progress = ExerciseProgress(
        1.0, "head_lift", ExercisePhase.MOVE, 1, 1, 10, 0, 0, 3.0, 3.0, None, None, None, None,
        ExerciseRemark.NONE, ExerciseCue.GO,
    )  # fmt: skip
    assert pattern_for(progress) == "exercise_go"
    assert pattern_for(dataclasses.replace(progress, cue=ExerciseCue.NONE)) is None
    assert pattern_for(ExerciseDue(1.0, "head_lift")) == "exercise_due"


def test_every_answer_has_its_pattern_and_no_pattern_is_long() -> None:
    for name, pattern in patterns().items():
        assert duration_s(pattern) < 2.0, name
    assert patterns({"slouch": "200@1"})["slouch"] == (Pulse(0.2, 1.0, 0.0),)
    assert set(patterns()) == set(DEFAULTS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("100", "'100' is neither a pulse"),
        ("100@2", "'100@2' is neither"),
        ("fast@1", "'fast@1' is neither"),
        ("6000@1", "lasts 6.0 s; 5 s are the most"),
    ],
)
def test_a_pattern_that_cannot_be_read_says_why(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_pattern(text, "slouch")


def test_an_unknown_pattern_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match="no pattern is called 'slauch'; there are slouch, "):
        patterns({"slauch": "100@1"})
