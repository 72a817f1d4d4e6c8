"""The vibration motor: behind a DRV2605L on the I²C bus, or on a GPIO pin through a transistor."""

from __future__ import annotations

import warnings
from typing import Any, Protocol

from ..errors import SensorError
from .i2c import Bits, I2cBus, I2cDevice


class Motor(Protocol):
    """Something that shakes."""

    name: str

    def drive(self, strength: float) -> None:
        """Shake with this strength from now on, 0 (rest) to 1; raises `OSError`."""
        ...

    def close(self) -> None:
        """Rest, and let go."""
        ...


class Drv2605(I2cDevice):
    """Texas Instruments DRV2605L, real-time playback: one byte sets the strength.

    Source of the registers: data sheet SLOS854D, section 8.6. A small eccentric-mass motor is driven in
    open loop, which needs no calibration for the motor at hand.
    """

    ADDRESS = 0x5A

    status = Bits(0x00)  # bits 7:5 device: 7 DRV2605L, 3 DRV2605
    mode = Bits(
        0x01
    )  # bit 7 reset, bit 6 standby, bits 2:0 mode (5: real-time playback); 0x40 after power-on
    playback = Bits(0x02)  # signed strength, 0x7F full
    linear = Bits(0x1A, 7, 7)  # 0: eccentric mass, 1: linear resonant
    open_loop = Bits(0x1D, 5, 5)  # ERM_OPEN_LOOP

    PLAYBACK = 5
    STANDBY = 0x40
    DEVICES = (7, 3)

    def __init__(self, bus: I2cBus, address: int = ADDRESS) -> None:
        super().__init__(bus, address)
        self.name = f"DRV2605L at 0x{address:02x} on {bus.name}"

    def open(self) -> None:
        """Identify and set up.

        Raises:
            SensorError: where nothing answers or something else does.
        """
        try:
            device = self.status >> 5
            if device not in self.DEVICES:
                raise SensorError(
                    f"the chip at 0x{self.address:02x} on {self.bus.name} is no DRV2605L: "
                    f"its device number is {device}"
                )
            self.mode = self.PLAYBACK
            self.linear = 0
            self.open_loop = 1
            self.playback = 0
        except SensorError:
            raise
        except OSError as error:
            raise SensorError(
                f"no {self.name}: nothing answered; are SDA, SCL, 3.3 V and ground of the motor board wired?"
            ) from error

    def drive(self, strength: float) -> None:
        """Set the strength."""
        self.playback = round(127 * min(max(strength, 0.0), 1.0))

    def close(self) -> None:
        """Rest in standby, which takes 2 µA."""
        try:
            self.playback = 0
            self.mode = self.STANDBY
        except OSError:
            return  # it is gone, and rests anyway


class GpioMotor:
    """A motor on a GPIO pin, through a transistor and with a diode (`docs/hardware.md`), by gpiozero's PWM.

    Raises:
        SensorError: where gpiozero or the pins are not there.
    """

    PWM_HZ = 200

    def __init__(self, pin: int) -> None:
        self.name = f"motor on GPIO {pin}"
        device = gpiozero_device("PWMOutputDevice", self.name)
        self._pin = device(pin, frequency=self.PWM_HZ)

    def drive(self, strength: float) -> None:
        """Set the share of time that the motor is on."""
        self._pin.value = min(max(strength, 0.0), 1.0)

    def close(self) -> None:
        """Rest, and release the pin."""
        self._pin.close()


def gpiozero_device(kind: str, name: str) -> Any:
    """A class of gpiozero that says in our words what is missing; it is an optional dependency.

    Raises:
        SensorError: at once where gpiozero is not installed, on making one where no pins are.
    """
    try:
        import gpiozero
    except ImportError:
        raise SensorError(f"{name} needs gpiozero: pip install 'plumbline[gpio]'") from None

    def make(*args: Any, **options: Any) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", gpiozero.PinFactoryFallback)  # our own words follow
                return getattr(gpiozero, kind)(*args, **options)
        except gpiozero.BadPinFactory:
            raise SensorError(f"{name}: this machine has no GPIO pins, or lgpio is not installed") from None
        except gpiozero.GPIOZeroError as error:
            raise SensorError(f"{name}: {error}") from error

    return make
