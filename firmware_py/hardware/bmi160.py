"""Bosch Sensortec BMI160 by its FIFO, without headers: a frame is the rates, then the accelerations.

Source of every number here: BMI160 data sheet BST-BMI160-DS000, revision 0.8 and later. A frame
that finds no room pushes out the oldest whole frame, so frames never fall out of step.

Settings for a torso: ±4 g, ±500 °/s and 100 Hz as for the MPU-6050 (`mpu6050.py`), with twofold
oversampling, which puts the low pass at about 20 Hz.
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
from .selftest import AXES, SETTLES_S, AxisResult, average

FRAME_BYTES = 12
FIFO_FRAMES = 1024 // FRAME_BYTES


class Bmi160Registers(I2cDevice):
    """The registers that are used."""

    chip_id = Bits(0x00)
    acc_config = Bits(0x40)  # bits 6:4 bandwidth (1: twofold oversampling), 3:0 rate (8: 100 Hz)
    acc_range = Bits(0x41)  # 5: ±4 g
    gyro_config = Bits(0x42)  # bits 5:4 bandwidth (1: twofold oversampling), 3:0 rate (8: 100 Hz)
    gyro_range = Bits(0x43)  # 2: ±500 °/s
    fifo_config = Bits(0x47)  # bit 7 rate, bit 6 acceleration, bit 4 headers; 0x10 after a reset
    command = Bits(0x7E)  # 0x11 acceleration on, 0x15 rate on, 0xB0 FIFO emptied, 0xB6 reset

    self_test_control = Bits(0x6D)  # bit 4 rate; bit 3 strong, bit 2 positive, bits 1:0 acceleration (1: on)
    gyro_passed = Bits(0x1B, 1, 1)

    ACC = 0x12  # three little-endian words
    SETTINGS = 0x40  # four registers
    TEMPERATURE = 0x20  # two bytes, little-endian, signed: °C = counts / 512 + 23; 0x8000 invalid
    FIFO_LENGTH = 0x22  # two bytes, little-endian, eleven bits
    FIFO = 0x24  # does not move on to the next register


OVERSAMPLED_100_HZ = 1 << 4 | 8
ACC_4_G = 5
GYRO_500_DEG_S = 2
BOTH_WITHOUT_HEADERS = 0xC0
ACC_ON = 0x11
GYRO_ON = 0x15
EMPTY_FIFO = 0xB0
RESET = 0xB6
ACC_START_S = 0.004  # 3.8 ms; a command that comes sooner is dropped
INVALID = -0x8000
TEST_1600_HZ = 0x2C
ACC_8_G = 8
PUSH_UP = 0x0D
PUSH_DOWN = 0x09
TEST_GYRO = 0x10


class Bmi160(FifoImu, Bmi160Registers):
    """A BMI160 at 100 Hz."""

    parts: ClassVar[dict[int, str]] = {0xD1: "BMI160"}
    rate_hz: ClassVar[float] = 100.0
    reset_s: ClassVar[float] = 0.1
    start_up_s: ClassVar[float] = 0.1  # gyroscope from suspend: 80 ms at most

    def __init__(
        self, bus: I2cBus, address: int, *, clock: Clock, place: Place = Place.UPPER, origin_s: float = 0.0
    ) -> None:
        super().__init__(bus, address, clock=clock, place=place, origin_s=origin_s)
        self._length = BurstRead(self, self.FIFO_LENGTH, 2)
        self._burst = BurstRead(self, self.FIFO, FRAME_BYTES * FRAMES_A_READ)
        self._frames = np.frombuffer(self._burst.data, dtype="<i2").reshape(-1, 6)
        self._control = BurstRead(self, self.SETTINGS, 4)
        self._temperature = BurstRead(self, self.TEMPERATURE, 2)

    def _identity(self) -> int:
        return self.chip_id

    def _ask_reset(self) -> None:
        self.command = RESET

    def _configure(self) -> None:
        self.command = ACC_ON
        self._clock.sleep(ACC_START_S)
        self.command = GYRO_ON
        self.acc_config = OVERSAMPLED_100_HZ
        self.acc_range = ACC_4_G
        self.gyro_config = OVERSAMPLED_100_HZ
        self.gyro_range = GYRO_500_DEG_S
        self.fifo_config = BOTH_WITHOUT_HEADERS

    def _flush(self) -> None:
        self.command = EMPTY_FIFO
        self._odd_reads = 0

    def _settings(self) -> bytes:
        self._control.read(4)
        return bytes(self._control.data)

    def _level(self) -> int:
        self._length.read(2)
        count = (self._length.data[1] & 0x07) << 8 | self._length.data[0]
        if count >= FIFO_FRAMES * FRAME_BYTES:
            return OVERFLOWED  # or exactly full, which cannot be told apart
        return self._whole_frames(count, FRAME_BYTES)

    def _fetch(self, frames: int, into: NDArray[np.float32]) -> bool:
        self._burst.read(frames * FRAME_BYTES, attempts=1)
        into[:, 3:] = self._frames[:frames, :3]
        into[:, :3] = self._frames[:frames, 3:]
        return True

    def _temperature_c(self) -> float:
        self._temperature.read(2)
        counts = int.from_bytes(self._temperature.data, "little", signed=True)
        return math.nan if counts == INVALID else counts / 512.0 + 23.0

    def self_test(self) -> tuple[AxisResult, ...]:
        """Acceleration: difference of both pushes, 800 mg, z 400 mg; rate: the chip judges itself (2.8)."""
        self.command = ACC_ON
        self._clock.sleep(ACC_START_S)
        self.command = GYRO_ON
        self._clock.sleep(self.start_up_s)
        self.acc_config = TEST_1600_HZ
        self.acc_range = ACC_8_G
        self.self_test_control = PUSH_UP
        up = average(self._read_acc, self._clock)
        self.self_test_control = PUSH_DOWN
        change_mg = (up - average(self._read_acc, self._clock)) * 1000.0 / 4096.0
        self.self_test_control = TEST_GYRO
        self._clock.sleep(SETTLES_S)
        passed = self.gyro_passed
        self.self_test_control = 0
        least_mg = (800.0, 800.0, 400.0)
        acc = [AxisResult(AXES[i], float(change_mg[i]), least_mg[i], math.inf, "mg") for i in range(3)]
        return (*acc, AxisResult("gyr", float(passed), 1.0, 1.0, "passed"))

    def _read_acc(self) -> NDArray[np.int16]:
        return np.append(np.frombuffer(self.read_registers(self.ACC, 6), dtype="<i2"), np.zeros(3, np.int16))

    def _scales(self) -> NDArray[np.float32]:
        acc = STANDARD_GRAVITY_M_S2 / 8192.0
        gyr = math.radians(1.0) / 65.6
        return np.array([acc] * 3 + [gyr] * 3, dtype=np.float32)
