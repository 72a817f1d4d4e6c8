"""Simulated LSM6DS3TR-C and LSM6DSO, by their datasheets (DocID030071 rev 3; DS12140 rev 2)."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray
from .chip import TwinChip

WHO_AM_I = 0x0F
CTRL1_XL = 0x10
CTRL2_G = 0x11
CTRL3_C = 0x12
CTRL5_C = 0x14
OUT_TEMP_L = 0x20
OUTX_L_G = 0x22
FIFO_STATUS1 = 0x3A
FIFO_STATUS2 = 0x3B
FIFO_STATUS3 = 0x3C

_RATE_HZ = (0.0, 12.5, 26.0, 52.0, 104.0, 208.0, 416.0, 833.0, 1660.0, 3330.0, 6660.0)
_ACC_MG = (0.061, 0.488, 0.122, 0.244)  # ±2, ±16, ±4, ±8 g
_GYR_MDPS = (8.75, 17.50, 35.0, 70.0)


class _TwinLsm6ds(TwinChip):
    """Identity, reset, power-down, rate, ranges."""

    identity: ClassVar[int]

    def _power_on(self) -> None:
        self.registers[:] = bytes(128)
        self.registers[WHO_AM_I] = self.identity
        self.registers[CTRL3_C] = 0x04
        self._newest = np.zeros(6, dtype=np.int16)
        self._overran = False
        self._emptied()

    @abstractmethod
    def _emptied(self) -> None:
        """Bypass mode: nothing is kept."""

    def _pushed(self) -> FloatArray | None:
        if self.registers[CTRL5_C] & 0x0F != 0x05:
            return None
        acc, gyr = 0.4 * STANDARD_GRAVITY_M_S2, math.radians(400.0)
        return np.array([acc, acc, acc, gyr, gyr, gyr])

    def _rate_hz(self) -> float:
        acc = self.registers[CTRL1_XL] >> 4
        gyr = self.registers[CTRL2_G] >> 4
        return _RATE_HZ[max(acc, gyr)] if max(acc, gyr) < len(_RATE_HZ) else 0.0

    def _bandwidth_hz(self) -> float:
        return self._rate_hz() / (4.0 if self.registers[CTRL1_XL] & 0x02 else 2.0)

    def _resolution(self) -> tuple[float, float]:
        acc = _ACC_MG[self.registers[CTRL1_XL] >> 2 & 3] * 1e-3 * STANDARD_GRAVITY_M_S2
        gyr = math.radians(_GYR_MDPS[self.registers[CTRL2_G] >> 2 & 3] * 1e-3)
        return acc, gyr

    def _reads_only(self, register: int) -> bool:
        return register == WHO_AM_I or OUT_TEMP_L <= register < 0x40

    def _wrote(self, register: int, value: int) -> None:
        if register == CTRL3_C and value & 0x01:
            self._power_on()
            return
        if self._reads_only(register):
            return
        before = self._rate_hz()
        self.registers[register] = value
        if self._rate_hz() != before:
            self._restart_sampling()

    def _value(self, register: int) -> int:
        if OUT_TEMP_L <= register < OUTX_L_G + 12:
            temp = round((self.flaws.temp_c - 25.0) * 256.0)
            words: list[int] = [temp, *self._newest[3:].tolist(), *self._newest[:3].tolist()]
            word = words[(register - OUT_TEMP_L) // 2] & 0xFFFF
            return word >> (0 if (register - OUT_TEMP_L) % 2 == 0 else 8) & 0xFF
        return self.registers[register]


FIFO_CTRL3 = 0x08
FIFO_CTRL5 = 0x0A
FIFO_DATA_OUT_L = 0x3E
FIFO_WORDS = 2048


class TwinLsm6ds3trc(_TwinLsm6ds):
    """A FIFO of bare words: rate x y z, acceleration x y z, and the next word's place in that pattern."""

    identity: ClassVar[int] = 0x6A

    def _emptied(self) -> None:
        self._fifo = bytearray()
        self._next_word = 0  # in the pattern of six words

    def _most_kept(self) -> int:
        return FIFO_WORDS // 6 + 1

    def _put(self, counts: NDArray[np.int16], taken: int) -> None:
        self._newest = counts[-1]
        if self.registers[FIFO_CTRL5] & 7 != 6 or self.registers[FIFO_CTRL3] & 0x3F != 0x09:
            return
        self._fifo += counts[:, [3, 4, 5, 0, 1, 2]].astype("<i2").tobytes()
        too_many = len(self._fifo) - 2 * FIFO_WORDS
        if too_many > 0:
            self._overran = True
            del self._fifo[:too_many]
            self._next_word = (self._next_word + too_many // 2) % 6

    def _pop(self, count: int) -> bytes:
        burst = bytes(self._fifo[:count])
        del self._fifo[:count]
        self._next_word = (self._next_word + len(burst) // 2) % 6
        self._overran = False
        return burst + bytes(count - len(burst))

    def _is_fifo(self, register: int) -> bool:
        return register in (FIFO_DATA_OUT_L, FIFO_DATA_OUT_L + 1)

    def _wrote(self, register: int, value: int) -> None:
        super()._wrote(register, value)
        if register == FIFO_CTRL5 and value & 7 == 0:
            self._overran = False
            self._emptied()

    def _value(self, register: int) -> int:
        words = len(self._fifo) // 2
        if register == FIFO_STATUS1:
            return words & 0xFF
        if register == FIFO_STATUS2:
            return min(words, 2047) >> 8 | (0x10 if words == 0 else 0) | (0x40 if self._overran else 0)
        if register == FIFO_STATUS3:
            return self._next_word
        return super()._value(register)


FIFO_CTRL3_BDR = 0x09
FIFO_CTRL4 = 0x0A
FIFO_DATA_OUT_TAG = 0x78
TAGGED_WORDS = 512


class TwinLsm6dso(_TwinLsm6ds):
    """A FIFO of tagged words of seven bytes."""

    identity: ClassVar[int] = 0x6C

    def _power_on(self) -> None:
        super()._power_on()
        self.registers[0x18] = 0xE0

    def _emptied(self) -> None:
        self._fifo = bytearray()
        self._slot = 0

    def _most_kept(self) -> int:
        return TAGGED_WORDS // 2 + 1

    def _put(self, counts: NDArray[np.int16], taken: int) -> None:
        self._newest = counts[-1]
        if self.registers[FIFO_CTRL4] & 7 != 6:
            return
        batched = self.registers[FIFO_CTRL3_BDR]
        for sample in counts:
            for on, tag, columns in ((batched >> 4, 1, slice(3, 6)), (batched & 15, 2, slice(0, 3))):
                if on:
                    head = tag << 3 | (self._slot & 3) << 1
                    self._fifo.append(head | head.bit_count() & 1)
                    self._fifo += sample[columns].astype("<i2").tobytes()
            self._slot += 1
        too_many = len(self._fifo) - 7 * TAGGED_WORDS
        if too_many > 0:
            self._overran = True
            del self._fifo[:too_many]

    def _pop(self, count: int) -> bytes:
        burst = bytes(self._fifo[:count])
        del self._fifo[:count]
        return burst + bytes(count - len(burst))

    def _is_fifo(self, register: int) -> bool:
        return register == FIFO_DATA_OUT_TAG

    def _wrote(self, register: int, value: int) -> None:
        super()._wrote(register, value)
        if register == FIFO_CTRL4 and value & 7 == 0:
            self._overran = False
            self._emptied()

    def _value(self, register: int) -> int:
        words = len(self._fifo) // 7
        if register == FIFO_STATUS1:
            return words & 0xFF
        if register == FIFO_STATUS2:
            flags = 0x48 if self._overran else 0
            return words >> 8 & 3 | flags
        return super()._value(register)
