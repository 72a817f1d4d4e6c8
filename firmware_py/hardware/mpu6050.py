"""InvenSense MPU-6050 by its FIFO.

Source of every number here: MPU-6000 and MPU-6050 Product Specification, revision 3.4, and Register
Map and Descriptions, revision 4.2.

Settings for a torso. Range ±4 g and ±500 °/s: the upper back stays under 2 g and 300 °/s in
daily life, running included, and noise, not the width of a count, limits resolution. Rate 100 Hz
behind the low pass of 20 Hz: trunk motion ends near 10 Hz, and a desk's or a motor's buzz of
100–250 Hz must not fold down.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import SensorError
from ..posture.blocks import STANDARD_GRAVITY_M_S2, Place
from .clock import Clock
from .fifo import OUT_OF_STEP, OVERFLOWED, FifoImu
from .i2c import Bits, BurstRead, I2cBus, I2cDevice

FRAME_BYTES = 12
FIFO_BYTES = 1024


class Mpu6050Registers(I2cDevice):
    """The registers that are used."""

    sample_rate_divider = Bits(0x19)  # rate = 1 kHz / (1 + divider) behind the low pass
    low_pass = Bits(0x1A, 2, 0)  # DLPF_CFG; 4: 21 Hz acceleration (8.5 ms late), 20 Hz rate (8.3 ms)
    gyro_range = Bits(0x1B, 4, 3)  # ±250 · 2^n °/s
    acc_range = Bits(0x1C, 4, 3)  # ±2 · 2^n g
    fifo_sources = Bits(0x23)  # 0x78: acceleration and the three rates, 12 bytes a frame
    user_control = Bits(0x6A)  # bit 6 FIFO_EN; bit 2 FIFO_RESET, which works only while FIFO_EN is 0
    device_reset = Bits(0x6B, 7, 7)  # clears itself after up to 100 ms
    asleep = Bits(0x6B, 6, 6)  # 1 after a reset
    clock_source = Bits(0x6B, 2, 0)  # 1: phase-locked to the x gyroscope, steadier than the RC oscillator
    who_am_i = Bits(0x75)

    TEMPERATURE = 0x41  # two bytes, signed: °C = counts / 340 + 36.53
    FIFO_COUNT = 0x72  # two bytes; reading the first latches both
    FIFO = 0x74  # does not move on to the next register
    SETTINGS = 0x19  # four registers from the divider on
    POWER = 0x6A  # two registers: USER_CTRL, PWR_MGMT_1


DIVIDER = 9
LOW_PASS = 4
GYRO_RANGE = 1
ACC_RANGE = 1
FIFO_SOURCES = 0x78
FIFO_RESET = 0x04
FIFO_RUNS = 0x40


class Mpu6050(FifoImu, Mpu6050Registers):
    """An MPU-6050 at 100 Hz."""

    part: ClassVar[str] = "MPU-6050"
    identity: ClassVar[int] = 0x68
    rate_hz: ClassVar[float] = 1000.0 / (1 + DIVIDER)
    capacity_frames: ClassVar[int] = FIFO_BYTES // FRAME_BYTES
    reset_s: ClassVar[float] = 0.1
    start_up_s: ClassVar[float] = 0.05  # gyroscope from sleep: 30 ms typical

    def __init__(
        self, bus: I2cBus, address: int, *, clock: Clock, place: Place = Place.UPPER, origin_s: float = 0.0
    ) -> None:
        super().__init__(bus, address, clock=clock, place=place, origin_s=origin_s)
        self._count = BurstRead(self, self.FIFO_COUNT, 2)
        self._burst = BurstRead(self, self.FIFO, FRAME_BYTES * self.capacity_frames)
        self._frames = np.frombuffer(self._burst.data, dtype=">i2").reshape(-1, 6)
        self._ranges = BurstRead(self, self.SETTINGS, 4)
        self._power = BurstRead(self, self.POWER, 2)
        self._temperature = BurstRead(self, self.TEMPERATURE, 2)
        self._odd_reads = 0

    def _identify(self) -> None:
        seen = self.who_am_i
        if seen != self.identity:
            raise SensorError(
                f"the chip at 0x{self.address:02x} on {self.bus.name} says it is 0x{seen:02X}; "
                f"an {self.part} says 0x{self.identity:02X}"
            )

    def _ask_reset(self) -> None:
        self.device_reset = 1

    def _configure(self) -> None:
        self.asleep = 0
        self.clock_source = 1
        self.sample_rate_divider = DIVIDER
        self.low_pass = LOW_PASS
        self.gyro_range = GYRO_RANGE
        self.acc_range = ACC_RANGE
        self.fifo_sources = FIFO_SOURCES
        self._flush()

    def _flush(self) -> None:
        self.user_control = FIFO_RESET
        self.user_control = FIFO_RUNS
        self._odd_reads = 0

    def _settings(self) -> bytes:
        self._ranges.read(4)
        self._power.read(2)
        return bytes(self._ranges.data) + bytes(self._power.data)

    def _level(self) -> int:
        self._count.read(2)
        count = self._count.data[0] << 8 | self._count.data[1]
        if count > FIFO_BYTES:
            raise OSError(5, f"it says {count} bytes wait in a FIFO of {FIFO_BYTES}")
        if count > self.capacity_frames * FRAME_BYTES:
            return OVERFLOWED  # the oldest bytes, part of a frame among them, were overwritten
        frames, rest = divmod(count, FRAME_BYTES)
        if rest == 0:
            self._odd_reads = 0
        else:  # once: a frame is being written just now; twice running: bytes were lost
            self._odd_reads += 1
            if self._odd_reads > 1:
                return OUT_OF_STEP
        return frames

    def _fetch(self, frames: int, into: NDArray[np.float32]) -> None:
        self._burst.read(frames * FRAME_BYTES, attempts=1)
        into[:] = self._frames[:frames]

    def _temperature_c(self) -> float:
        self._temperature.read(2)
        return int.from_bytes(self._temperature.data, "big", signed=True) / 340.0 + 36.53

    def _scales(self) -> NDArray[np.float32]:
        acc = STANDARD_GRAVITY_M_S2 * (2 << ACC_RANGE) / 32768.0
        gyr = math.radians(250 << GYRO_RANGE) / 32750.0  # 131 counts per °/s at ±250 °/s, not 131.072
        return np.array([acc] * 3 + [gyr] * 3, dtype=np.float32)
