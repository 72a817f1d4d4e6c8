"""What simulated sensors share: registers, an oscillator, noise, bias, and power that can fail."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray
from ..clock import Clock
from .motion import Motion

Axes = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Flaws:
    """How far a simulated chip is from a perfect one.

    Attributes:
        clock_error: relative error of its oscillator; +0.01 samples one per cent too fast.
        acc_bias_m_s2: added to what it feels.
        gyr_bias_rad_s: likewise.
        acc_noise_m_s2_rthz: noise density of the accelerometer.
        gyr_noise_rad_s_rthz: noise density of the gyroscope.
        temp_c: temperature of the chip.
        self_test: share of the factory's response that its self-test gives; 0 for a broken element.
    """

    clock_error: float = 0.0
    acc_bias_m_s2: Axes = (0.0, 0.0, 0.0)
    gyr_bias_rad_s: Axes = (0.0, 0.0, 0.0)
    acc_noise_m_s2_rthz: float = 0.0
    gyr_noise_rad_s_rthz: float = 0.0
    temp_c: float = 25.0
    self_test: float = 1.0


PERFECT = Flaws()

TYPICAL = Flaws(
    clock_error=0.012,
    acc_bias_m_s2=(0.25, -0.15, 0.4),
    gyr_bias_rad_s=(-0.06, 0.02, 0.01),
    acc_noise_m_s2_rthz=400e-6 * STANDARD_GRAVITY_M_S2,
    gyr_noise_rad_s_rthz=float(np.radians(0.005)),
    temp_c=31.0,
)
"""A hobby breakout: noise densities of the MPU-6050 datasheet, offsets inside its ±50 mg and ±20 °/s."""


class TwinChip:
    """Registers behind a pointer that moves on, and samples taken by the chip's own clock.

    A family says what its registers do: `_wrote`, `_value`, and how a sample becomes bytes.

    Args:
        motion: what moves it.
        clock: the clock it lives by.
        flaws: its imperfections.
        seed: of its noise.
        starts_s: moment of `clock` that is t = 0 of `motion`; None for now.
    """

    def __init__(
        self,
        motion: Motion,
        clock: Clock,
        flaws: Flaws = PERFECT,
        *,
        seed: int = 1,
        starts_s: float | None = None,
    ) -> None:
        self.motion = motion
        self.flaws = flaws
        self._clock = clock
        self._starts_s = clock.monotonic() if starts_s is None else starts_s
        self._noise = np.random.default_rng(seed)
        self._pointer = 0
        self._flips: list[tuple[int, int]] = []
        self.taken_s: list[float] | None = None
        self.registers = bytearray(128)
        self._taken = 0
        self._first_s = 0.0
        self._power_on()

    # Faults on demand.

    def brown_out(self) -> None:
        """Lose power for an instant: every register returns to its default, the FIFO is empty."""
        self._power_on()

    def flip_bit(self, byte: int, bit: int) -> None:
        """Damage one bit of the next burst out of the FIFO that is long enough, at this byte."""
        self._flips.append((byte, bit))

    def drift(self, clock_error: float) -> None:
        """Let the oscillator run at another rate from its newest sample on, as a warming chip does."""
        self._catch_up()
        self._first_s += self._taken * self._period_s()
        self._taken = 0
        self.flaws = replace(self.flaws, clock_error=clock_error)

    def remember_times(self) -> list[float]:
        """Keep from now on the true moment (of `clock`) of every sample put into the FIFO."""
        self.taken_s = []
        return self.taken_s

    # The wire.

    def write(self, data: bytes) -> None:
        """Select a register and write what follows from there on."""
        self._catch_up()
        self._pointer = data[0]
        for value in data[1:]:
            self._wrote(self._pointer, value)
            self._pointer = self._following(self._pointer)

    def read(self, count: int) -> bytes:
        """Read from the selected register on."""
        self._catch_up()
        if self._is_fifo(self._pointer):
            burst = bytearray(self._pop(count))
            for byte, bit in self._flips:
                if byte < count:
                    burst[byte] ^= 1 << bit
            self._flips = [flip for flip in self._flips if flip[0] >= count]
            return bytes(burst)
        out = bytearray()
        for _ in range(count):
            out.append(self._value(self._pointer))
            self._pointer = self._following(self._pointer)
        return bytes(out)

    # Sampling.

    def _restart_sampling(self) -> None:
        """The sampling grid begins now: a wake-up, or another rate."""
        self._first_s = self._clock.monotonic()
        self._taken = 0

    def _catch_up(self) -> None:
        """Take every sample that is due by now."""
        period_s = self._period_s()
        if period_s == math.inf:
            return
        due = int((self._clock.monotonic() - self._first_s) / period_s)
        fresh = due - self._taken
        if fresh <= 0:
            return
        keep = min(fresh, self._most_kept())
        moments_s = self._first_s + period_s * np.arange(due - keep + 1, due + 1, dtype=np.float64)
        self._taken = due
        self._put(self._feel(moments_s), fresh)
        if self.taken_s is not None:
            self.taken_s.extend(moments_s.tolist())

    def _period_s(self) -> float:
        rate_hz = self._rate_hz()
        return 1.0 / (rate_hz * (1.0 + self.flaws.clock_error)) if rate_hz > 0.0 else math.inf

    def _feel(self, moments_s: FloatArray) -> NDArray[np.int16]:
        """(n, 6) counts: acc x y z, gyr x y z."""
        acc, gyr = self.motion.at(moments_s - self._starts_s)
        flaws = self.flaws
        acc = acc + flaws.acc_bias_m_s2
        gyr = gyr + flaws.gyr_bias_rad_s
        pushed = self._pushed()
        if pushed is not None:
            acc = acc + flaws.self_test * pushed[:3]
            gyr = gyr + flaws.self_test * pushed[3:]
        spread = np.sqrt(self._bandwidth_hz() * 1.57)  # noise bandwidth of a first-order low pass
        if flaws.acc_noise_m_s2_rthz:
            acc = acc + self._noise.normal(0.0, flaws.acc_noise_m_s2_rthz * spread, acc.shape)
        if flaws.gyr_noise_rad_s_rthz:
            gyr = gyr + self._noise.normal(0.0, flaws.gyr_noise_rad_s_rthz * spread, gyr.shape)
        acc_count, gyr_count = self._resolution()
        counts = np.hstack([acc / acc_count, gyr / gyr_count])
        return np.clip(np.rint(counts), -32768, 32767).astype(np.int16)

    # What a family says.

    @abstractmethod
    def _power_on(self) -> None:
        """Every register at its default."""

    @abstractmethod
    def _rate_hz(self) -> float:
        """Samples per second by its own registers; 0 while it sleeps."""

    @abstractmethod
    def _bandwidth_hz(self) -> float:
        """Of the low pass."""

    @abstractmethod
    def _resolution(self) -> tuple[float, float]:
        """m/s² and rad/s of one count in the ranges chosen."""

    @abstractmethod
    def _most_kept(self) -> int:
        """How many of the newest samples can matter."""

    @abstractmethod
    def _put(self, counts: NDArray[np.int16], taken: int) -> None:
        """Into the FIFO go these newest of `taken` samples."""

    @abstractmethod
    def _pop(self, count: int) -> bytes:
        """Bytes out of the FIFO."""

    @abstractmethod
    def _is_fifo(self, register: int) -> bool:
        """Whether the register is the FIFO's window."""

    def _pushed(self) -> FloatArray | None:
        """(6,) m/s² and rad/s that the self-test adds; None while it is off."""
        return None

    def _following(self, register: int) -> int:
        return (register + 1) & 0x7F

    @abstractmethod
    def _wrote(self, register: int, value: int) -> None:
        """A byte arrives."""

    @abstractmethod
    def _value(self, register: int) -> int:
        """A byte is asked for."""
