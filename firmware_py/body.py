"""Composition of what the wearer feels and presses: configuration -> motor and button, and their wishes."""

from __future__ import annotations

import queue
from collections.abc import Callable
from types import TracebackType

from .config import Config, MotorSection
from .exercising import Exercising
from .hardware.button import Button, Press
from .hardware.clock import Clock
from .hardware.haptics import Haptics
from .hardware.i2c import I2cBus
from .hardware.light import Light
from .hardware.motors import Drv2605, GpioMotor, Motor
from .hardware.patterns import patterns
from .loop import Listener
from .posture.events import Command, Event, Mode, ModeChanged, SetMode, Snooze, Snoozed
from .posture.guidance import GuideCue
from .posture.settings import BodyAlert

SNOOZE_S = 1800.0
"""What a short press asks for: half an hour, a meeting's or a meal's length; pressed again it ends."""

CUES = {GuideCue.TICK: "step", GuideCue.GO: "step", GuideCue.GOOD: "done", GuideCue.WRONG: "failed"}
"""The patterns of the guided calibration."""

TRIALS = {
    BodyAlert.SLOUCH: "slouch",
    BodyAlert.CORRECTED: "corrected",
    BodyAlert.BREAK: "break_due",
    BodyAlert.SENSOR_LOST: "lost",
    BodyAlert.ANSWER: "snoozed",
}
"""What a wearer feels who asks what an alert is like."""


def open_motor(section: MotorSection) -> Motor | None:
    """The motor that the configuration names, None for none.

    Raises:
        SensorError: where it is not there.
    """
    if section.kind == "none":
        return None
    if section.kind == "gpio":
        return GpioMotor(section.pin)
    motor = Drv2605(I2cBus.open(section.bus))
    motor.open()
    return motor


class Body:
    """Motor and button of one run; a context manager, since both hold pins.

    Attributes:
        listeners: to hear the core: the motor, if there is one, and who remembers the mode.
        on_long_press: called, from the button's thread, when the wearer wants a new neutral.
        exercises: what the button begins, pauses and stops; None where there are none.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        origin_s: float,
        wanted: Callable[[BodyAlert], bool] = lambda kind: True,
    ) -> None:
        self._wishes: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._haptics: Haptics | None = None
        self._button: Button | None = None
        self._light: Light | None = None
        self._mode = Mode.TRAINING
        self.on_long_press: Callable[[], None] = lambda: None
        self.exercises: Exercising | None = None
        self._snoozed_until_s = 0.0
        self._clock = clock
        self._origin_s = origin_s
        self.listeners: list[Listener] = [self._remember]
        motor = open_motor(config.motor)
        if motor is not None:
            known = patterns(config.motor.patterns)
            self._haptics = Haptics(
                motor, known, clock, origin_s=origin_s, tell=self._wishes.put, wanted=wanted
            )
            self.listeners.append(self._haptics)
        if config.button.pin is not None:
            self._button = Button(config.button.pin, self.pressed, clock.monotonic)
        if config.led.pin is not None:
            self._light = Light(config.led.pin)
            self.listeners.append(self._light)

    def __enter__(self) -> Body:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._button is not None:
            self._button.close()
        if self._light is not None:
            self._light.close()
        if self._haptics is not None:
            self._haptics.close()

    def wishes(self) -> list[Command]:
        """What was pressed, and when the motor shakes, since the last call."""
        found = []
        while True:
            try:
                found.append(self._wishes.get_nowait())
            except queue.Empty:
                return found

    def pressed(self, press: Press) -> None:
        """What a press means.

        A short one snoozes or ends a snooze, three toggle silence, a long one asks for a neutral, a tap and a
        long one begin an exercise. While one is under way a short press pauses it and goes on, and every
        other press stops it.
        """
        now_s = self._clock.monotonic() - self._origin_s
        exercises = self.exercises
        if exercises is not None and exercises.running:
            if press is Press.SHORT:
                exercises.pause_or_resume()
            else:
                exercises.stop()
        elif press is Press.TAP_HOLD:
            if exercises is not None:
                exercises.start_fitting()
        elif press is Press.SHORT:
            asleep = self._snoozed_until_s > now_s
            self._wishes.put(Snooze(now_s, 0.0 if asleep else SNOOZE_S))
        elif press is Press.TRIPLE:
            mode = Mode.TRAINING if self._mode is Mode.TRACKING else Mode.TRACKING
            self._wishes.put(SetMode(now_s, mode))
        else:
            self.on_long_press()

    def cue(self, cue: GuideCue) -> None:
        """Let the wearer feel where the guided calibration is."""
        if self._haptics is not None:
            self._haptics.play(CUES[cue])

    def refuse(self) -> None:
        """Let the wearer feel that what they asked for by the button cannot be."""
        if self._haptics is not None:
            self._haptics.play("failed")

    def try_alert(self, alert: BodyAlert) -> str:
        """Let the wearer feel an alert once; a refusal in words, empty where it was played."""
        if self._haptics is None:
            return "this device has no motor"
        if self._mode is Mode.DRIVING:
            return "the motor rests while driving"
        self._haptics.play(TRIALS[alert])
        return ""

    def _remember(self, event: Event) -> None:
        if isinstance(event, ModeChanged):
            self._mode = event.mode
        elif isinstance(event, Snoozed):
            self._snoozed_until_s = event.until_s
