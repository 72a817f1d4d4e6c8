"""The push button: one short press, one long press, three in a row, or a tap and then a long press.

A long press is told while it is still held, so that its answer is felt; two presses mean nothing, for
nobody is sure of having pressed twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum

from .motors import gpiozero_device

LONG_S = 1.2
PAUSE_S = 0.4
"""Longest pause between the presses of a triple press."""

BOUNCE_S = 0.02


class Press(StrEnum):
    """What the wearer did."""

    SHORT = "short"
    LONG = "long"
    TRIPLE = "triple"
    TAP_HOLD = "tap_hold"
    """A short press, and at once a long one."""


class PressReader:
    """Turns the button going down and up into presses. Pure: times come in, presses go out."""

    def __init__(self) -> None:
        self._down_s: float | None = None
        self._up_s = 0.0
        self._count = 0
        self._told_long = False

    @property
    def wakes_s(self) -> float | None:
        """When `passed` should be called next, if nothing happens before; None while nothing is pending."""
        if self._down_s is not None:
            return None if self._told_long else self._down_s + LONG_S
        return self._up_s + PAUSE_S if self._count else None

    def down(self, t_s: float) -> Press | None:
        """The button went down."""
        finished = self.passed(t_s)
        self._down_s = t_s
        self._told_long = False
        return finished

    def up(self, t_s: float) -> Press | None:
        """The button came up."""
        finished = self.passed(t_s)
        if self._down_s is None:
            return finished
        self._down_s = None
        self._up_s = t_s
        if self._told_long:
            self._count = 0
            return finished
        self._count += 1
        if self._count == 3:
            self._count = 0
            return Press.TRIPLE
        return finished

    def passed(self, t_s: float) -> Press | None:
        """Time passed without a change."""
        if self._down_s is not None:
            if not self._told_long and t_s >= self._down_s + LONG_S:
                self._told_long = True
                count, self._count = self._count, 0
                return Press.TAP_HOLD if count == 1 else Press.LONG
        elif self._count and t_s >= self._up_s + PAUSE_S:
            count, self._count = self._count, 0
            return Press.SHORT if count == 1 else None
        return None


class Button:
    """A button between a GPIO pin and ground, read by gpiozero.

    Args:
        pin: GPIO number.
        pressed: called with each press, from another thread.
        monotonic: the clock of the run.

    Raises:
        SensorError: where gpiozero or the pins are not there.
    """

    def __init__(self, pin: int, pressed: Callable[[Press], None], monotonic: Callable[[], float]) -> None:
        self._pressed = pressed
        self._monotonic = monotonic
        self._reader = PressReader()
        self._changed = threading.Condition()
        self._closed = False
        self._pin = gpiozero_device("Button", f"button on GPIO {pin}")(
            pin, pull_up=True, bounce_time=BOUNCE_S
        )
        self._pin.when_pressed = lambda: self._change(self._reader.down)
        self._pin.when_released = lambda: self._change(self._reader.up)
        self._thread = threading.Thread(target=self._wait, name="button", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Release the pin."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=2.0)
        self._pin.close()

    def _change(self, happened: Callable[[float], Press | None]) -> None:
        with self._changed:
            press = happened(self._monotonic())
            self._changed.notify()
        if press is not None:
            self._pressed(press)

    def _wait(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                wakes_s = self._reader.wakes_s
                self._changed.wait(None if wakes_s is None else max(0.0, wakes_s - self._monotonic()))
                press = self._reader.passed(self._monotonic())
            if press is not None:
                self._pressed(press)
