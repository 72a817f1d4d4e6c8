"""InvenSense MPU-6050, and its successors MPU-6500 and MPU-9250, by their FIFO.

Source of every number here: MPU-6000 and MPU-6050 Product Specification, revision 3.4, and Register
Map and Descriptions, revision 4.2; for the successors MPU-6500 Register Map and Descriptions,
revision 2.1, and MPU-9250, revision 1.4 (its magnetometer is left alone: indoors it knows nothing).

Settings for a torso. Range ±4 g and ±500 °/s: the upper back stays under 2 g and 300 °/s in
daily life, running included, and noise, not the width of a count, limits resolution. Rate 100 Hz
behind the low pass of 20 Hz: trunk motion ends near 10 Hz, and a desk's or a motor's buzz of
100–250 Hz must not fold down.
"""

from __future__ import annotations

import errno
import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..posture.blocks import STANDARD_GRAVITY_M_S2, Place
from .clock import Clock
from .fifo import FifoImu
from .fifochip import FRAMES_A_READ, OVERFLOWED
from .i2c import Bits, BurstRead, I2cBus, I2cDevice
from .selftest import AXES, AxisResult, average, shares_of_factory

FRAME_BYTES = 12


class Mpu6050Registers(I2cDevice):
    """The registers that are used."""

    sample_rate_divider = Bits(0x19)  # rate = 1 kHz / (1 + divider) behind the low pass
    low_pass = Bits(0x1A, 2, 0)  # DLPF_CFG; 4: 21 Hz acceleration (8.5 ms late), 20 Hz rate (8.3 ms)
    gyro_range = Bits(0x1B, 4, 3)  # ±250 · 2^n °/s
    acc_range = Bits(0x1C, 4, 3)  # ±2 · 2^n g
    acc_low_pass = Bits(0x1D, 3, 0)  # successors only: ACCEL_FCHOICE_B, A_DLPF_CFG; 4: 21 Hz
    fifo_sources = Bits(0x23)  # 0x78: acceleration and the three rates, 12 bytes a frame
    gyro_self_test = Bits(0x1B)  # bits 7:5 push the axes; bits 4:3 as above
    acc_self_test = Bits(0x1C)
    user_control = Bits(0x6A)  # bit 6 FIFO_EN; bit 2 FIFO_RESET, which works only while FIFO_EN is 0
    device_reset = Bits(0x6B, 7, 7)  # clears itself after up to 100 ms
    asleep = Bits(0x6B, 6, 6)  # 1 after a reset
    clock_source = Bits(0x6B, 2, 0)  # 1: phase-locked to the x gyroscope, steadier than the RC oscillator
    who_am_i = Bits(0x75)

    SELF_TEST = 0x0D  # four registers of factory values
    ACC = 0x3B  # seven big-endian words: acceleration, temperature, rate
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

    parts: ClassVar[dict[int, str]] = {0x68: "MPU-6050"}
    fifo_bytes: ClassVar[int] = 1024
    settings_bytes: ClassVar[int] = 4
    rate_hz: ClassVar[float] = 1000.0 / (1 + DIVIDER)
    reset_s: ClassVar[float] = 0.1
    start_up_s: ClassVar[float] = 0.05  # gyroscope from sleep: 30 ms typical

    def __init__(
        self, bus: I2cBus, address: int, *, clock: Clock, place: Place = Place.UPPER, origin_s: float = 0.0
    ) -> None:
        super().__init__(bus, address, clock=clock, place=place, origin_s=origin_s)
        self._count = BurstRead(self, self.FIFO_COUNT, 2)
        self._burst = BurstRead(self, self.FIFO, FRAME_BYTES * FRAMES_A_READ)
        self._frames = np.frombuffer(self._burst.data, dtype=">i2").reshape(-1, 6)
        self._ranges = BurstRead(self, self.SETTINGS, self.settings_bytes)
        self._power = BurstRead(self, self.POWER, 2)
        self._temperature = BurstRead(self, self.TEMPERATURE, 2)

    def _identity(self) -> int:
        return self.who_am_i

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
        self._ranges.read(self.settings_bytes)
        self._power.read(2)
        return bytes(self._ranges.data) + bytes(self._power.data)

    def _level(self) -> int:
        self._count.read(2)
        count = self._count.data[0] << 8 | self._count.data[1]
        if count == 0xFFFF:
            raise OSError(errno.EIO, "nothing drives SDA: every bit reads 1")
        if count >= self.fifo_bytes:
            return OVERFLOWED  # no whole number of frames: the oldest bytes were overwritten
        return self._whole_frames(count, FRAME_BYTES)

    def _fetch(self, frames: int, into: NDArray[np.float32]) -> bool:
        self._burst.read(frames * FRAME_BYTES, attempts=1)
        into[:] = self._frames[:frames]
        return True

    def _temperature_c(self) -> float:
        self._temperature.read(2)
        return int.from_bytes(self._temperature.data, "big", signed=True) / 340.0 + 36.53

    def self_test(self) -> tuple[AxisResult, ...]:
        """Change from the factory's own response; ±14 % are allowed (specification, 6.1 and 6.2)."""
        response = self._push(acc_range=2, gyro_range=0)  # ±8 g, ±250 °/s
        x, y, z, rest = self.read_registers(self.SELF_TEST, 4)
        codes = [x >> 3 & 0x1C | rest >> 4 & 3, y >> 3 & 0x1C | rest >> 2 & 3, z >> 3 & 0x1C | rest & 3]
        codes += [x & 0x1F, y & 0x1F, z & 0x1F]
        if 0 in codes:
            return ()
        factory = [4096.0 * 0.34 * (0.92 / 0.34) ** ((code - 1) / 30) for code in codes[:3]]
        factory += [
            sign * 25.0 * 131.0 * 1.046 ** (code - 1)
            for sign, code in zip((1, -1, 1), codes[3:], strict=True)
        ]
        return tuple(
            AxisResult(axis, 100.0 * (float(seen) - wanted) / wanted, -14.0, 14.0, "%")
            for axis, seen, wanted in zip(AXES, response, factory, strict=True)
        )

    def _push(self, acc_range: int, gyro_range: int) -> NDArray[np.float64]:
        """(6,) change in counts when all axes are pushed."""
        self.asleep = 0
        self.clock_source = 1
        self.sample_rate_divider = 0
        self.low_pass = 2
        self.gyro_self_test = gyro_range << 3
        self.acc_self_test = acc_range << 3
        free = average(self._read_once, self._clock)
        self.gyro_self_test = 0xE0 | gyro_range << 3
        self.acc_self_test = 0xE0 | acc_range << 3
        pushed = average(self._read_once, self._clock)
        self.gyro_self_test = gyro_range << 3
        self.acc_self_test = acc_range << 3
        return pushed - free

    def _read_once(self) -> NDArray[np.int16]:
        return np.frombuffer(self.read_registers(self.ACC, 14), dtype=">i2")[[0, 1, 2, 4, 5, 6]]

    def _scales(self) -> NDArray[np.float32]:
        acc = STANDARD_GRAVITY_M_S2 * (2 << ACC_RANGE) / 32768.0
        gyr = math.radians(250 << GYRO_RANGE) / 32750.0  # 131 counts per °/s at ±250 °/s, not 131.072
        return np.array([acc] * 3 + [gyr] * 3, dtype=np.float32)


class Mpu6500(Mpu6050):
    """An MPU-6500 or MPU-9250 at 100 Hz: half the FIFO, and a low pass of its own for acceleration.

    Many boards sold as MPU-6050 or MPU-9250 carry an MPU-6500, or a chip that no data sheet names; buyers
    report 0x72, 0x75, 0x78 and 0x98 (the ICM-20689 says so too). All behave alike in what is used here.
    """

    parts: ClassVar[dict[int, str]] = {
        0x70: "MPU-6500",
        0x71: "MPU-9250",
        0x73: "MPU-9255",
        0x74: "MPU-6515",
        0x72: "MPU-6500 clone",
        0x75: "MPU-6500 clone",
        0x78: "MPU-6500 clone",
        0x98: "ICM-20689",
    }
    GYRO_FACTORY = 0x00  # three registers
    ACC_FACTORY = 0x0D  # three registers

    fifo_bytes: ClassVar[int] = 512
    settings_bytes: ClassVar[int] = 5

    def _configure(self) -> None:
        self.acc_low_pass = LOW_PASS
        super()._configure()

    def self_test(self) -> tuple[AxisResult, ...]:
        """Share of the factory's own response (AN-MPU-9250A-03): acceleration 0.5–1.5, rate above 0.5."""
        response = self._push(acc_range=0, gyro_range=0)
        codes = self.read_registers(self.ACC_FACTORY, 3) + self.read_registers(self.GYRO_FACTORY, 3)
        return shares_of_factory(response, codes)

    def _temperature_c(self) -> float:
        self._temperature.read(2)
        return int.from_bytes(self._temperature.data, "big", signed=True) / 333.87 + 21.0
