"""A simulated BMI160, by its data sheet (BST-BMI160-DS000)."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray
from .chip import TwinChip

CHIP_ID = 0x00
PMU_STATUS = 0x03
DATA_GYR = 0x0C
STATUS = 0x1B
TEMPERATURE = 0x20
FIFO_LENGTH = 0x22
FIFO_DATA = 0x24
ACC_CONF = 0x40
ACC_RANGE = 0x41
GYR_CONF = 0x42
GYR_RANGE = 0x43
FIFO_CONFIG_1 = 0x47
SELF_TEST = 0x6D
CMD = 0x7E

FIFO_BYTES = 1024
_COMMAND_S = {0x11: 0.0038, 0x15: 0.080, 0xB0: 0.0, 0xB6: 0.0}
_RANGE_G = {3: 2.0, 5: 4.0, 8: 8.0, 12: 16.0}


class TwinBmi160(TwinChip):
    """Identity, commands that take their time, ranges, rate, FIFO of whole frames without headers."""

    identity: ClassVar[int] = 0xD1

    def _power_on(self) -> None:
        self.registers[:] = bytes(128)
        self.registers[CHIP_ID] = self.identity
        self.registers[ACC_CONF] = 0x28
        self.registers[ACC_RANGE] = 0x03
        self.registers[GYR_CONF] = 0x28
        self.registers[FIFO_CONFIG_1] = 0x10
        self._fifo = bytearray()
        self._newest = np.zeros(6, dtype=np.int16)
        self._acc_on_s = math.inf
        self._gyr_on_s = math.inf
        self._busy_until_s = -math.inf

    def _pushed(self) -> FloatArray | None:
        control = self.registers[SELF_TEST]
        if control & 3 != 1:
            return None
        acc = STANDARD_GRAVITY_M_S2 * (0.7 if control & 4 else -0.7)
        return np.array([acc, acc, acc, 0.0, 0.0, 0.0])

    def _rate_hz(self) -> float:
        if self._acc_on_s is math.inf:
            return 0.0
        return 100.0 * math.ldexp(1.0, (self.registers[ACC_CONF] & 15) - 8)

    def _bandwidth_hz(self) -> float:
        return self._rate_hz() * 0.405 / (4 >> min(self.registers[ACC_CONF] >> 4 & 7, 2))

    def _resolution(self) -> tuple[float, float]:
        acc = STANDARD_GRAVITY_M_S2 * _RANGE_G.get(self.registers[ACC_RANGE] & 15, 2.0) / 32768.0
        gyr = math.radians(1.0) / (16.4 * (1 << min(self.registers[GYR_RANGE] & 7, 4)))
        return acc, gyr

    def _most_kept(self) -> int:
        return FIFO_BYTES // 6 + 1

    def _put(self, counts: NDArray[np.int16], taken: int) -> None:
        if self._clock.monotonic() < self._gyr_on_s:
            counts = counts.copy()
            counts[:, 3:] = 0
        self._newest = counts[-1]
        config = self.registers[FIFO_CONFIG_1]
        columns = ([3, 4, 5] if config & 0x80 else []) + ([0, 1, 2] if config & 0x40 else [])
        if not columns or config & 0x10:
            return
        size = 2 * len(columns)
        self._fifo += counts[:, columns].astype("<i2").tobytes()
        if len(self._fifo) > FIFO_BYTES:  # whole frames give way
            del self._fifo[: math.ceil((len(self._fifo) - FIFO_BYTES) / size) * size]

    def _pop(self, count: int) -> bytes:
        burst = bytes(self._fifo[:count])
        del self._fifo[:count]
        return burst + b"\x80" * (count - len(burst))

    def _is_fifo(self, register: int) -> bool:
        return register == FIFO_DATA

    def _wrote(self, register: int, value: int) -> None:
        now_s = self._clock.monotonic()
        if register == CMD:
            if now_s < self._busy_until_s:
                return  # dropped, as the data sheet warns
            self._busy_until_s = now_s + _COMMAND_S.get(value, 0.0)
            if value == 0xB6:
                self._power_on()
            elif value == 0xB0:
                self._fifo.clear()
            elif value == 0x11 and self._acc_on_s is math.inf:
                self._acc_on_s = now_s + _COMMAND_S[value]
                self._restart_sampling()
            elif value == 0x15 and self._gyr_on_s is math.inf:
                self._gyr_on_s = now_s + _COMMAND_S[value]
            return
        if register < ACC_CONF:
            return
        before = self.registers[register]
        self.registers[register] = value
        if register == FIFO_CONFIG_1:
            self._fifo.clear()
        elif register == ACC_CONF and value != before and self._acc_on_s is not math.inf:
            self._restart_sampling()

    def _value(self, register: int) -> int:
        if register in (FIFO_LENGTH, FIFO_LENGTH + 1):
            return len(self._fifo) >> (0 if register == FIFO_LENGTH else 8) & 0xFF
        if DATA_GYR <= register < DATA_GYR + 12:
            words: list[int] = [*self._newest[3:].tolist(), *self._newest[:3].tolist()]
            word = words[(register - DATA_GYR) // 2] & 0xFFFF
            return word >> (0 if (register - DATA_GYR) % 2 == 0 else 8) & 0xFF
        if register in (TEMPERATURE, TEMPERATURE + 1):
            temp = round((self.flaws.temp_c - 23.0) * 512.0) & 0xFFFF
            return temp >> (0 if register == TEMPERATURE else 8) & 0xFF
        if register == STATUS:
            return 0x02 if self.registers[SELF_TEST] & 0x10 and self.flaws.self_test > 0.5 else 0
        if register == PMU_STATUS:
            now_s = self._clock.monotonic()
            return (0x10 if now_s >= self._acc_on_s else 0) | (0x04 if now_s >= self._gyr_on_s else 0)
        return self.registers[register]
