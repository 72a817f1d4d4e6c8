"""An LED on a GPIO pin: on while posture is judged, so that a glance tells whether it is."""

from __future__ import annotations

from ..posture.events import Event, Reading
from .motors import gpiozero_device


class Light:
    """A listener of the core.

    Raises:
        SensorError: where gpiozero or the pins are not there.
    """

    def __init__(self, pin: int) -> None:
        self._pin = gpiozero_device("LED", f"LED on GPIO {pin}")(pin)
        self._on = False

    def __call__(self, event: Event) -> None:
        """Follow the readings; the pin is touched only when something changes."""
        if isinstance(event, Reading) and (event.unjudged is None) is not self._on:
            self._on = not self._on
            self._pin.value = int(self._on)

    def close(self) -> None:
        """Dark, and release the pin."""
        self._pin.close()
