"""An inertial sensor as the rest sees it, and the one function that makes one."""

from __future__ import annotations

from typing import Protocol

from ..errors import SensorError
from ..posture.blocks import Place, Remark, SensorBlock
from .clock import Clock, SystemClock
from .i2c import I2cBus
from .identify import find, identify


class Imu(Protocol):
    """One sensor, already configured.

    Attributes:
        name: part, address and bus, for messages.
        sensor_id: part and address as `mpu6050-0x68`, by which calibration profiles are filed.
        place: where on the trunk it sits.
        rate_hz: the rate it was told to sample at; its own oscillator decides the true one.
        until_s: every sample taken at or before this time (seconds since the run began) has been
            returned, or never will be.
    """

    name: str
    sensor_id: str
    place: Place
    until_s: float

    @property
    def rate_hz(self) -> float:
        """Configured samples per second."""
        ...

    @property
    def measured_rate_hz(self) -> float:
        """Samples per second by the machine's clock."""
        ...

    def moment(self, from_s: float, fraction: float) -> float:
        """The first moment from `from_s` on that lies this fraction of a period behind a sample."""
        ...

    def read(self) -> SensorBlock:
        """Every sample since the last call, without waiting; never raises for a fault of the wire."""
        ...

    def take_remarks(self) -> tuple[Remark, ...]:
        """What was noticed since the last call."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


def open_imu(
    bus: I2cBus,
    address: int | None = None,
    *,
    chip: str = "auto",
    place: Place = Place.UPPER,
    clock: Clock | None = None,
    origin_s: float | None = None,
) -> Imu:
    """Find, identify and configure the sensor on a bus; takes about half a second.

    Args:
        bus: an open bus; `I2cBus.open(1)`, or one over a twin.
        address: 7-bit address; None takes the first sensor found at any known one.
        chip: the part that it must be, such as `MPU-6050`; `auto` takes any that is known.
        place: where on the trunk it sits.
        clock: the machine's clock.
        origin_s: the moment of `clock` that is t = 0; None for now. Sensors of one run share it.

    Raises:
        SensorError: where nothing answers, or a chip that is not known or not the one wanted.
    """
    clock = clock or SystemClock()
    origin_s = clock.monotonic() if origin_s is None else origin_s
    if address is None:
        address, family = find(bus)
    else:
        family = identify(bus, address)
    imu = family(bus, address, clock=clock, place=place, origin_s=origin_s)
    imu.open()
    if chip != "auto" and not _plain(chip).startswith(_plain(imu.part)):  # an LSM6DSOX says it is an LSM6DSO
        raise SensorError(f"{imu.name} is not the {chip} that the configuration names; set chip to auto")
    return imu


def _plain(part: str) -> str:
    return part.lower().replace("-", "")
