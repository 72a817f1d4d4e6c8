"""TDK InvenSense ICM-20948 by its FIFO (its magnetometer is left alone).

Source of every number here: ICM-20948 datasheet DS-000189, revision 1.3. It says 512 bytes of FIFO;
boards have been found to hold 4096, so the overflow flag is asked, not the level.

Settings for a torso: as for the MPU-6050 (`mpu6050.py`); the nearest rate to 100 Hz is 1125 / 11.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..posture.blocks import STANDARD_GRAVITY_M_S2, Place
from .clock import Clock
from .fifo import FifoImu
from .fifochip import FRAMES_A_READ, OVERFLOWED
from .i2c import Bits, BurstRead, I2cBus, I2cDevice
from .selftest import AxisResult, average, shares_of_factory

FRAME_BYTES = 12


class Icm20948Registers(I2cDevice):
    """The registers that are used. `bank` chooses which set the others belong to."""

    bank = Bits(0x7F, 5, 4)

    # Bank 0
    who_am_i = Bits(0x00)
    user_control = Bits(0x03)  # bit 6 FIFO_EN
    power = Bits(0x06)  # bit 7 DEVICE_RESET, bit 6 SLEEP, bits 2:0 CLKSEL (1: best available)
    power_axes = Bits(0x07)  # 0: all six axes on
    overflow_interrupt = Bits(0x12, 4, 0)  # lets the status bit appear; no pin is used
    fifo_slaves = Bits(0x66)
    fifo_sources = Bits(0x67)  # bit 4 acceleration, bits 3:1 rates z y x, bit 0 temperature
    fifo_reset = Bits(0x68, 4, 0)  # 0x1F then 0: emptied
    fifo_mode = Bits(0x69, 4, 0)  # 0: the newest overwrite the oldest

    # Bank 1: factory values of the self-test
    GYRO_FACTORY = 0x02  # three registers
    ACC_FACTORY = 0x0E  # three registers

    # Bank 2
    gyro_divider = Bits(0x00)  # rate = 1125 Hz / (1 + divider)
    gyro_config = Bits(0x01)  # bits 5:3 low pass (4: 23.9 Hz), 2:1 range (±250 · 2^n °/s), 0 low pass on
    align_rates = Bits(0x09, 0, 0)
    acc_divider_low = Bits(0x11)
    gyro_push = Bits(0x02, 5, 3)
    acc_push = Bits(0x15, 4, 2)
    acc_config = Bits(0x14)  # bits 5:3 low pass (4: 23.9 Hz), 2:1 range (±2 · 2^n g), 0 low pass on

    OVERFLOW = 0x1B  # INT_STATUS_2, bits 4:0
    ACC = 0x2D  # six big-endian words: acceleration, rate
    TEMPERATURE = 0x39  # two bytes, signed: °C = counts / 333.87 + 21
    FIFO_COUNT = 0x70  # two bytes
    FIFO = 0x72  # does not move on to the next register
    SETTINGS = 0x03  # USER_CTRL, reserved, LP_CONFIG, PWR_MGMT_1


DIVIDER = 10
FILTERED = 4 << 3 | 1 << 1 | 1
FIFO_SOURCES = 0x1E
FIFO_RUNS = 0x40
WAKE = 0x01
RESET = 0x80


class Icm20948(FifoImu, Icm20948Registers):
    """An ICM-20948 at 102.3 Hz."""

    parts: ClassVar[dict[int, str]] = {0xEA: "ICM-20948"}
    rate_hz: ClassVar[float] = 1125.0 / (1 + DIVIDER)
    reset_s: ClassVar[float] = 0.1
    start_up_s: ClassVar[float] = 0.05  # gyroscope from sleep: 35 ms typical

    def __init__(
        self, bus: I2cBus, address: int, *, clock: Clock, place: Place = Place.UPPER, origin_s: float = 0.0
    ) -> None:
        super().__init__(bus, address, clock=clock, place=place, origin_s=origin_s)
        self._overflow = BurstRead(self, self.OVERFLOW, 1)
        self._count = BurstRead(self, self.FIFO_COUNT, 2)
        self._burst = BurstRead(self, self.FIFO, FRAME_BYTES * FRAMES_A_READ)
        self._frames = np.frombuffer(self._burst.data, dtype=">i2").reshape(-1, 6)
        self._control = BurstRead(self, self.SETTINGS, 4)
        self._temperature = BurstRead(self, self.TEMPERATURE, 2)

    def _identity(self) -> int:
        self.write_register(0x7F, 0)  # bank 0, whatever an interrupted program left
        return self.who_am_i

    def _ask_reset(self) -> None:
        self.power = RESET

    def _configure(self) -> None:
        self.write_register(0x7F, 0)
        self.power = WAKE
        self.power_axes = 0
        self.bank = 2
        self.gyro_divider = DIVIDER
        self.gyro_config = FILTERED
        self.align_rates = 1
        self.acc_divider_low = DIVIDER
        self.acc_config = FILTERED
        self.bank = 0
        self.overflow_interrupt = 0x1F
        self.fifo_mode = 0
        self.fifo_slaves = 0
        self.fifo_sources = FIFO_SOURCES
        self.user_control = FIFO_RUNS
        self._flush()

    def _flush(self) -> None:
        self.fifo_reset = 0x1F
        self.fifo_reset = 0
        self._overflow.read(1)  # reading clears it
        self._odd_reads = 0

    def _settings(self) -> bytes:
        self._control.read(4)
        return bytes(self._control.data)

    def _level(self) -> int:
        self.bus.transfer(*self._overflow.messages, *self._count.messages)
        if self._overflow.data[0] & 0x1F:
            return OVERFLOWED
        return self._whole_frames((self._count.data[0] & 0x1F) << 8 | self._count.data[1], FRAME_BYTES)

    def _fetch(self, frames: int, into: NDArray[np.float32]) -> bool:
        self._burst.read(frames * FRAME_BYTES, attempts=1)
        into[:] = self._frames[:frames]
        return True

    def _temperature_c(self) -> float:
        self._temperature.read(2)
        return int.from_bytes(self._temperature.data, "big", signed=True) / 333.87 + 21.0

    def self_test(self) -> tuple[AxisResult, ...]:
        """Share of the factory's own response, as for the MPU-6500."""
        self.write_register(0x7F, 0)
        self.power = WAKE
        self.power_axes = 0
        self.bank = 2
        self.gyro_divider = self.acc_divider_low = 0
        self.gyro_config = self.acc_config = 1  # smallest ranges, widest low pass
        free = self._averaged()
        self.gyro_push = self.acc_push = 7
        pushed = self._averaged()
        self.gyro_push = self.acc_push = 0
        self.bank = 1
        codes = self.read_registers(self.ACC_FACTORY, 3) + self.read_registers(self.GYRO_FACTORY, 3)
        self.bank = 0
        return shares_of_factory(pushed - free, codes)

    def _averaged(self) -> NDArray[np.float64]:
        self.bank = 0
        mean = average(lambda: np.frombuffer(self.read_registers(self.ACC, 12), dtype=">i2"), self._clock)
        self.bank = 2
        return mean

    def _scales(self) -> NDArray[np.float32]:
        acc = STANDARD_GRAVITY_M_S2 / 8192.0
        gyr = math.radians(1.0) / 65.5
        return np.array([acc] * 3 + [gyr] * 3, dtype=np.float32)
