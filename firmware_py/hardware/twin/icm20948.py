"""A simulated ICM-20948, by its datasheet (DS-000189, revision 1.3)."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray
from .chip import TwinChip

WHO_AM_I = 0x00
USER_CTRL = 0x03
PWR_MGMT_1 = 0x06
INT_STATUS_2 = 0x1B
ACCEL_XOUT_H = 0x2D
TEMP_OUT_H = 0x39
FIFO_EN_2 = 0x67
FIFO_RST = 0x68
FIFO_COUNTH = 0x70
FIFO_COUNTL = 0x71
FIFO_R_W = 0x72
REG_BANK_SEL = 0x7F

GYRO_SMPLRT_DIV = 0x00  # bank 2
GYRO_CONFIG_1 = 0x01
ACCEL_CONFIG = 0x14

_BANDWIDTH_HZ = (196.6, 151.8, 119.5, 51.2, 23.9, 11.6, 5.7, 361.4)


class TwinIcm20948(TwinChip):
    """Four banks of registers, identity, reset, sleep, divider, ranges, FIFO."""

    fifo_bytes: ClassVar[int] = 512

    def _power_on(self) -> None:
        self.banks = [bytearray(128) for _ in range(4)]
        self.banks[0][WHO_AM_I] = 0xEA
        self.banks[0][PWR_MGMT_1] = 0x41
        self.banks[2][GYRO_CONFIG_1] = 0x01
        self.banks[2][ACCEL_CONFIG] = 0x01
        self.banks[1][0x02:0x05] = self.banks[1][0x0E:0x11] = bytes([100, 100, 100])
        self._bank = 0
        self._fifo = bytearray()
        self._last_byte = 0
        self._newest = np.zeros(6, dtype=np.int16)

    def _pushed(self) -> FloatArray | None:
        if not (self.banks[2][0x02] & 0x38 and self.banks[2][0x15] & 0x1C):
            return None
        counts = 2620.0 * 1.01**99
        acc, gyr = counts * STANDARD_GRAVITY_M_S2 / 16384.0, math.radians(counts / 131.0)
        return np.array([acc, acc, acc, gyr, gyr, gyr])

    def _rate_hz(self) -> float:
        if self.banks[0][PWR_MGMT_1] & 0x40:
            return 0.0
        return 1125.0 / (1 + self.banks[2][GYRO_SMPLRT_DIV])

    def _bandwidth_hz(self) -> float:
        return _BANDWIDTH_HZ[self.banks[2][GYRO_CONFIG_1] >> 3 & 7]

    def _resolution(self) -> tuple[float, float]:
        acc = STANDARD_GRAVITY_M_S2 / (16384 >> (self.banks[2][ACCEL_CONFIG] >> 1 & 3))
        gyr = math.radians(1.0) / (131.0 / (1 << (self.banks[2][GYRO_CONFIG_1] >> 1 & 3)))
        return acc, gyr

    def _most_kept(self) -> int:
        return self.fifo_bytes // 6 + 1

    def _put(self, counts: NDArray[np.int16], taken: int) -> None:
        self._newest = counts[-1]
        sources = self.banks[0][FIFO_EN_2]
        if not self.banks[0][USER_CTRL] & 0x40 or self.banks[0][FIFO_RST] & 0x01:
            return
        columns = ([0, 1, 2] if sources & 0x10 else []) + [
            3 + axis for axis in range(3) if sources & 2 << axis
        ]
        if not columns:
            return
        self._fifo += counts[:, columns].astype(">i2").tobytes()
        if len(self._fifo) > self.fifo_bytes:
            self.banks[0][INT_STATUS_2] |= 0x01
            del self._fifo[: len(self._fifo) - self.fifo_bytes]

    def _pop(self, count: int) -> bytes:
        burst = bytes(self._fifo[:count])
        del self._fifo[:count]
        if burst:
            self._last_byte = burst[-1]
        return burst + bytes([self._last_byte]) * (count - len(burst))

    def _is_fifo(self, register: int) -> bool:
        return register == FIFO_R_W and self._bank == 0

    def _wrote(self, register: int, value: int) -> None:
        if register == REG_BANK_SEL:
            self._bank = value >> 4 & 3
            return
        bank = self.banks[self._bank]
        before = bank[register]
        if self._bank == 0:
            if register == PWR_MGMT_1 and value & 0x80:
                self._power_on()
                return
            if register in (WHO_AM_I, INT_STATUS_2, FIFO_COUNTH, FIFO_COUNTL):
                return
            if register == FIFO_RST and value & 0x01:
                self._fifo.clear()
            if register == USER_CTRL:
                value &= ~0x0E
        bank[register] = value
        woke = self._bank == 0 and register == PWR_MGMT_1 and before & 0x40 and not value & 0x40
        if woke or (self._bank == 2 and register == GYRO_SMPLRT_DIV and value != before):
            self._restart_sampling()

    def _value(self, register: int) -> int:
        if register == REG_BANK_SEL:
            return self._bank << 4
        bank = self.banks[self._bank]
        if self._bank == 0:
            if register in (FIFO_COUNTH, FIFO_COUNTL):
                return len(self._fifo) >> (8 if register == FIFO_COUNTH else 0) & 0xFF
            if ACCEL_XOUT_H <= register < TEMP_OUT_H + 2:
                temp = round((self.flaws.temp_c - 21.0) * 333.87)
                words: list[int] = [*self._newest.tolist(), temp]
                word = words[(register - ACCEL_XOUT_H) // 2] & 0xFFFF
                return word >> (8 if (register - ACCEL_XOUT_H) % 2 == 0 else 0) & 0xFF
            if register == INT_STATUS_2:
                value = bank[register]
                bank[register] = 0
                return value
        return bank[register]
