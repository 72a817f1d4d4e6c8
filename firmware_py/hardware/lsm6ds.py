"""STMicroelectronics LSM6DS3TR-C, LSM6DSO and LSM6DSOX by their FIFO.

Sources of every number here: LSM6DS3TR-C datasheet DocID030071 revision 3 and application note
AN5130; LSM6DSO datasheet DS12140 revision 2 and AN5192. LSM6DSO and LSM6DSOX name themselves alike and
differ only in parts that are not used here.

Settings for a torso: ±4 g and ±500 °/s as for the MPU-6050 (`mpu6050.py`); 104 Hz, the nearest rate;
acceleration behind a quarter of it (26 Hz), rate behind the fixed 33 Hz that belong to 104 Hz.

The two FIFOs differ. The older one holds bare 16-bit words in a fixed order, rate before acceleration,
and says which word comes next. The newer one holds words of seven bytes: a tag, then x, y, z.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..posture.blocks import STANDARD_GRAVITY_M_S2, Place
from .clock import Clock
from .fifo import FifoImu
from .fifochip import FRAMES_A_READ, OUT_OF_STEP, OVERFLOWED
from .i2c import Bits, BurstRead, I2cBus, I2cDevice
from .selftest import AXES, AxisResult, average


class Lsm6dsRegisters(I2cDevice):
    """The registers that both generations share."""

    who_am_i = Bits(0x0F)
    acc_config = Bits(
        0x10
    )  # CTRL1_XL: bits 7:4 rate (4: 104 Hz), 3:2 range (2: ±4 g), 1 low pass at a quarter
    gyro_config = Bits(0x11)  # CTRL2_G: bits 7:4 rate (4: 104 Hz), 3:2 range (1: ±500 °/s)
    control_3 = Bits(0x12)  # CTRL3_C: bit 6 BDU, bit 2 IF_INC, bit 0 SW_RESET; 0x04 after a reset

    push = Bits(0x14)  # CTRL5_C: bits 3:2 rate, 1:0 acceleration; 1 pushes to the positive side

    SETTINGS = 0x10  # three registers
    TEMPERATURE = 0x20  # two bytes, little-endian, signed: °C = counts / 256 + 25
    RATE = 0x22  # six little-endian words: rate, acceleration
    FIFO_STATUS = 0x3A


ACC_CONFIG = 4 << 4 | 2 << 2 | 1 << 1
GYRO_CONFIG = 4 << 4 | 1 << 2
CONTROL_3 = 0x44
CONTROL_3_RESET = 0x05
TEST_ACC = 3 << 4 | 2 << 2  # 52 Hz, ±4 g
TEST_GYRO = 5 << 4 | 3 << 2  # 208 Hz, ±2000 °/s
PUSH_BOTH = 1 << 2 | 1


class _Lsm6ds(FifoImu, Lsm6dsRegisters):
    """What both generations share."""

    least_push_mg: ClassVar[float]
    rate_hz: ClassVar[float] = 104.0
    reset_s: ClassVar[float] = 0.02  # boot: 15 ms
    start_up_s: ClassVar[float] = 0.1  # gyroscope from power-down: 70–80 ms

    def __init__(
        self, bus: I2cBus, address: int, *, clock: Clock, place: Place = Place.UPPER, origin_s: float = 0.0
    ) -> None:
        super().__init__(bus, address, clock=clock, place=place, origin_s=origin_s)
        self._control = BurstRead(self, self.SETTINGS, 3)
        self._temperature = BurstRead(self, self.TEMPERATURE, 2)

    def _identity(self) -> int:
        return self.who_am_i

    def _ask_reset(self) -> None:
        self.control_3 = CONTROL_3_RESET

    def _configure(self) -> None:
        self.control_3 = CONTROL_3
        self.acc_config = ACC_CONFIG
        self.gyro_config = GYRO_CONFIG

    def _settings(self) -> bytes:
        self._control.read(3)
        return bytes(self._control.data)

    def _temperature_c(self) -> float:
        self._temperature.read(2)
        return int.from_bytes(self._temperature.data, "little", signed=True) / 256.0 + 25.0

    def self_test(self) -> tuple[AxisResult, ...]:
        """Change when pushed: acceleration to 1700 mg, rate 150–700 °/s (data sheets, table 3)."""
        self.control_3 = CONTROL_3
        self.acc_config = TEST_ACC
        self.gyro_config = TEST_GYRO
        self.push = 0
        free = average(self._read_once, self._clock)
        self.push = PUSH_BOTH
        change = average(self._read_once, self._clock) - free
        self.push = 0
        acc = [
            AxisResult(AXES[i], abs(change[i]) * 0.122, self.least_push_mg, 1700.0, "mg") for i in range(3)
        ]
        gyr = [AxisResult(AXES[i], abs(change[i]) * 0.070, 150.0, 700.0, "°/s") for i in range(3, 6)]
        return (*acc, *gyr)

    def _read_once(self) -> NDArray[np.int16]:
        return np.frombuffer(self.read_registers(self.RATE, 12), dtype="<i2")[[3, 4, 5, 0, 1, 2]]

    def _scales(self) -> NDArray[np.float32]:
        acc = 0.122e-3 * STANDARD_GRAVITY_M_S2  # 0.122 mg a count at ±4 g
        gyr = math.radians(17.50e-3)  # 17.50 m°/s a count at ±500 °/s
        return np.array([acc] * 3 + [gyr] * 3, dtype=np.float32)


FRAME_WORDS = 6
DECIMATION_NONE = 1 << 3 | 1
FIFO_OFF = 4 << 3
FIFO_RUNS = 4 << 3 | 6


class Lsm6ds3trc(_Lsm6ds):
    """An LSM6DS3TR-C at 104 Hz; 4 kB of FIFO hold 3.2 s."""

    parts: ClassVar[dict[int, str]] = {0x6A: "LSM6DS3TR-C", 0x69: "LSM6DS3"}
    least_push_mg: ClassVar[float] = 90.0

    fifo_decimation = Bits(0x08)  # FIFO_CTRL3: bits 5:3 rate, 2:0 acceleration; 1: every sample
    fifo_control = Bits(0x0A)  # FIFO_CTRL5: bits 6:3 rate (4: 104 Hz), 2:0 mode (0 off, 6 newest overwrite)

    FIFO = 0x3E  # two registers; a longer read goes round between them

    def __init__(
        self, bus: I2cBus, address: int, *, clock: Clock, place: Place = Place.UPPER, origin_s: float = 0.0
    ) -> None:
        super().__init__(bus, address, clock=clock, place=place, origin_s=origin_s)
        self._status = BurstRead(self, self.FIFO_STATUS, 3)
        self._burst = BurstRead(self, self.FIFO, 2 * FRAME_WORDS * FRAMES_A_READ)
        self._frames = np.frombuffer(self._burst.data, dtype="<i2").reshape(-1, FRAME_WORDS)

    def _configure(self) -> None:
        super()._configure()
        self.fifo_decimation = DECIMATION_NONE
        self._flush()

    def _flush(self) -> None:
        self.fifo_control = FIFO_OFF
        self.fifo_control = FIFO_RUNS

    def _level(self) -> int:
        self._status.read(3)
        low, high, following = self._status.data
        if high & 0x40:
            return OVERFLOWED
        words = (high & 0x07) << 8 | low
        if words and following:
            return OUT_OF_STEP  # the next word is not the first of a frame
        return words // FRAME_WORDS

    def _fetch(self, frames: int, into: NDArray[np.float32]) -> bool:
        self._burst.read(2 * FRAME_WORDS * frames, attempts=1)
        into[:, 3:] = self._frames[:frames, :3]
        into[:, :3] = self._frames[:frames, 3:]
        return True


WORD_BYTES = 7
TAG_GYRO = 1
TAG_ACC = 2


def _tag(sensor: int, moment: int) -> int:
    """Bits 7:3 sensor, 2:1 a count of the sampling moments, 0 makes the number of ones even."""
    head = sensor << 3 | (moment & 3) << 1
    return head | head.bit_count() & 1


USUAL_TAGS = bytes(_tag(sensor, k) for k in range(FRAMES_A_READ + 4) for sensor in (TAG_GYRO, TAG_ACC))
"""The tags of a burst in which rate and acceleration follow one another, from moment 0 on."""

BATCH_BOTH = 4 << 4 | 4
BYPASS = 0
CONTINUOUS = 6
NO_I3C = 0xE2


class Lsm6dso(_Lsm6ds):
    """An LSM6DSO or LSM6DSOX at 104 Hz; 512 words of FIFO hold 2.4 s."""

    parts: ClassVar[dict[int, str]] = {0x6C: "LSM6DSO"}
    least_push_mg: ClassVar[float] = 50.0

    control_9 = Bits(0x18)  # CTRL9_XL: 0xE0 after a reset; bit 1 keeps I3C out of the way
    fifo_batching = Bits(0x09)  # FIFO_CTRL3: bits 7:4 rate, 3:0 acceleration; 4: 104 Hz
    fifo_mode = Bits(0x0A)  # FIFO_CTRL4: bits 2:0; 0 off and empty, 6 the newest overwrite the oldest

    FIFO = 0x78  # tag and six bytes; a longer read goes round

    def __init__(
        self, bus: I2cBus, address: int, *, clock: Clock, place: Place = Place.UPPER, origin_s: float = 0.0
    ) -> None:
        super().__init__(bus, address, clock=clock, place=place, origin_s=origin_s)
        self._status = BurstRead(self, self.FIFO_STATUS, 2)
        self._burst = BurstRead(self, self.FIFO, 2 * WORD_BYTES * FRAMES_A_READ)
        self._xyz: NDArray[np.int16] = np.ndarray(  # behind each tag; a pair of words is one sample
            (FRAMES_A_READ, 2, 3), "<i2", self._burst.data, 1, (2 * WORD_BYTES, WORD_BYTES, 2)
        )

    def _configure(self) -> None:
        super()._configure()
        self.control_9 = NO_I3C
        self.fifo_batching = BATCH_BOTH
        self._flush()

    def _flush(self) -> None:
        self.fifo_mode = BYPASS
        self.fifo_mode = CONTINUOUS

    def _level(self) -> int:
        self._status.read(2)
        low, high = self._status.data
        if high & 0x48:  # FIFO_OVR_IA, FIFO_OVR_LATCHED
            return OVERFLOWED
        return ((high & 0x03) << 8 | low) // 2

    def _fetch(self, frames: int, into: NDArray[np.float32]) -> bool:
        self._burst.read(2 * WORD_BYTES * frames, attempts=1)
        tags = bytes(self._burst.data[: 2 * WORD_BYTES * frames : WORD_BYTES])
        first = tags[0] & 0x06  # twice the count of the first moment
        gyro_at = 0
        if tags != USUAL_TAGS[first : first + 2 * frames]:
            swapped = bytes(tag for pair in zip(tags[1::2], tags[::2], strict=True) for tag in pair)
            if swapped != USUAL_TAGS[first : first + 2 * frames]:
                return False
            gyro_at = 1
        into[:, 3:] = self._xyz[:frames, gyro_at]
        into[:, :3] = self._xyz[:frames, 1 - gyro_at]
        return True
