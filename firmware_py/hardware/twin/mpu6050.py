"""A simulated MPU-6050, by its register map (revision 4.2) and product specification (revision 3.4)."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray
from .chip import TwinChip

SMPLRT_DIV = 0x19
CONFIG = 0x1A
GYRO_CONFIG = 0x1B
ACCEL_CONFIG = 0x1C
FIFO_EN = 0x23
INT_STATUS = 0x3A
ACCEL_XOUT_H = 0x3B
TEMP_OUT_H = 0x41
GYRO_XOUT_H = 0x43
USER_CTRL = 0x6A
PWR_MGMT_1 = 0x6B
FIFO_COUNT_H = 0x72
FIFO_COUNT_L = 0x73
FIFO_R_W = 0x74
WHO_AM_I = 0x75

_BANDWIDTH_HZ = (256.0, 188.0, 98.0, 42.0, 20.0, 10.0, 5.0, 256.0)


class TwinMpu6050(TwinChip):
    """Identity, reset, sleep, divider, ranges, low pass, FIFO."""

    identity: ClassVar[int] = 0x68
    fifo_bytes: ClassVar[int] = 1024

    def _power_on(self) -> None:
        self.registers[:] = bytes(128)
        self.registers[PWR_MGMT_1] = 0x40
        self.registers[WHO_AM_I] = self.identity
        self._factory()
        self._fifo = bytearray()
        self._last_byte = 0
        self._newest = np.zeros(6, dtype=np.int16)

    def _factory(self) -> None:
        """Trim codes of the self-test: 18 for acceleration, 10 for rate, on every axis."""
        self.registers[0x0D:0x11] = bytes([4 << 5 | 10, 4 << 5 | 10, 4 << 5 | 10, 2 << 4 | 2 << 2 | 2])

    def _pushed(self) -> FloatArray | None:
        if not (self.registers[GYRO_CONFIG] | self.registers[ACCEL_CONFIG]) & 0xE0:
            return None
        acc = 0.34 * (0.92 / 0.34) ** (17 / 30) * STANDARD_GRAVITY_M_S2
        gyr = math.radians(25.0 * 1.046**9)
        return np.array([acc, acc, acc, gyr, -gyr, gyr])

    def _rate_hz(self) -> float:
        if self.registers[PWR_MGMT_1] & 0x40:
            return 0.0
        low_pass = self.registers[CONFIG] & 7
        base_hz = 8000.0 if low_pass in (0, 7) else 1000.0
        return base_hz / (1 + self.registers[SMPLRT_DIV])

    def _bandwidth_hz(self) -> float:
        return _BANDWIDTH_HZ[self.registers[CONFIG] & 7]

    def _resolution(self) -> tuple[float, float]:
        acc = STANDARD_GRAVITY_M_S2 / (16384 >> (self.registers[ACCEL_CONFIG] >> 3 & 3))
        gyr = math.radians(1.0) / (131.0 / (1 << (self.registers[GYRO_CONFIG] >> 3 & 3)))
        return acc, gyr

    def _most_kept(self) -> int:
        return self.fifo_bytes // 2 + 1

    def _put(self, counts: NDArray[np.int16], taken: int) -> None:
        self._newest = counts[-1]
        sources = self.registers[FIFO_EN]
        if not self.registers[USER_CTRL] & 0x40 or not sources & 0xF8:
            return
        columns = [0, 1, 2] if sources & 0x08 else []
        with_temp = bool(sources & 0x80)
        columns += [3 + axis for axis in range(3) if sources & 0x40 >> axis]
        if with_temp:
            at = 3 if sources & 0x08 else 0
            temp = np.full((len(counts), 1), self._temp_counts(), dtype=np.int16)
            rows = np.hstack([counts[:, columns[:at]], temp, counts[:, columns[at:]]])
        else:
            rows = counts[:, columns]
        self._fifo += rows.astype(">i2").tobytes()
        if len(self._fifo) > self.fifo_bytes:  # the oldest bytes give way, whatever frame they belong to
            self.registers[INT_STATUS] |= 0x10
            del self._fifo[: len(self._fifo) - self.fifo_bytes]

    def _pop(self, count: int) -> bytes:
        burst = bytes(self._fifo[:count])
        del self._fifo[:count]
        if burst:
            self._last_byte = burst[-1]
        return burst + bytes([self._last_byte]) * (count - len(burst))  # an empty FIFO repeats itself

    def _is_fifo(self, register: int) -> bool:
        return register == FIFO_R_W

    def _temp_counts(self) -> int:
        return round((self.flaws.temp_c - 36.53) * 340.0)

    def _wrote(self, register: int, value: int) -> None:
        before = self.registers[register]
        if register == PWR_MGMT_1 and value & 0x80:
            self._power_on()
            return
        if register == USER_CTRL:
            if value & 0x04 and not value & 0x40:
                self._fifo.clear()
            value &= ~0x07
        if register in (INT_STATUS, FIFO_COUNT_H, FIFO_COUNT_L, WHO_AM_I):
            return
        self.registers[register] = value
        woke = register == PWR_MGMT_1 and before & 0x40 and not value & 0x40
        if woke or (register in (SMPLRT_DIV, CONFIG) and value != before):
            self._restart_sampling()

    def _value(self, register: int) -> int:
        if register in (FIFO_COUNT_H, FIFO_COUNT_L):
            return len(self._fifo) >> (8 if register == FIFO_COUNT_H else 0) & 0xFF
        if ACCEL_XOUT_H <= register < ACCEL_XOUT_H + 14:
            words: list[int] = [*self._newest[:3].tolist(), self._temp_counts(), *self._newest[3:].tolist()]
            word = words[(register - ACCEL_XOUT_H) // 2] & 0xFFFF
            return word >> (8 if (register - ACCEL_XOUT_H) % 2 == 0 else 0) & 0xFF
        value = self.registers[register]
        if register == INT_STATUS:
            self.registers[INT_STATUS] = 0
        return value


class TwinMpu6500(TwinMpu6050):
    """A simulated MPU-6500 (register map revision 2.1): half the FIFO, awake after a reset."""

    identity: ClassVar[int] = 0x70
    fifo_bytes: ClassVar[int] = 512

    def _power_on(self) -> None:
        super()._power_on()
        self.registers[PWR_MGMT_1] = 0x01
        self._restart_sampling()

    def _factory(self) -> None:
        self.registers[0x00:0x03] = self.registers[0x0D:0x10] = bytes([100, 100, 100])

    def _pushed(self) -> FloatArray | None:
        if super()._pushed() is None:
            return None
        counts = 2620.0 * 1.01**99
        acc, gyr = counts * STANDARD_GRAVITY_M_S2 / 16384.0, math.radians(counts / 131.0)
        return np.array([acc, acc, acc, gyr, gyr, gyr])

    def _temp_counts(self) -> int:
        return round((self.flaws.temp_c - 21.0) * 333.87)


class TwinMpu9250(TwinMpu6500):
    """A simulated MPU-9250."""

    identity: ClassVar[int] = 0x71
