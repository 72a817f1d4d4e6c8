"""An inertial sensor as the rest sees it, and the one function that makes one."""

from __future__ import annotations

from typing import Protocol

from ..errors import SensorError
from ..posture.blocks import Place, Remark, SensorBlock
from .clock import Clock, SystemClock
from .i2c import I2cBus
from .mpu6050 import Mpu6050

ADDRESSES = (0x68, 0x69)
"""Where a chip may sit; the second is chosen by its address pin (AD0 or SDO high)."""


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
    place: Place = Place.UPPER,
    clock: Clock | None = None,
    origin_s: float | None = None,
) -> Imu:
    """Find, identify and configure the sensor on a bus; takes about half a second.

    Args:
        bus: an open bus; `I2cBus.open(1)`, or one over a twin.
        address: 7-bit address; None tries every known one.
        place: where on the trunk it sits.
        clock: the machine's clock.
        origin_s: the moment of `clock` that is t = 0; None for now. Sensors of one run share it.

    Raises:
        SensorError: where nothing answers, or a chip that is not known.
    """
    clock = clock or SystemClock()
    origin_s = clock.monotonic() if origin_s is None else origin_s
    candidates = ADDRESSES if address is None else (address,)
    first_error: SensorError | None = None
    for candidate in candidates:
        imu = Mpu6050(bus, candidate, clock=clock, place=place, origin_s=origin_s)
        try:
            imu.open()
        except SensorError as error:
            first_error = first_error or error
        else:
            return imu
    assert first_error is not None  # noqa: S101  there is at least one candidate
    raise first_error
