"""Which way is up, from a gyroscope and an accelerometer.

`InclinationFilter` is causal and takes blocks of any size; `smooth_inclination` looks at a whole
recording from both ends. Neither knows a heading, a frame beyond the sensor's own, or a clock.

Theory of operation. Integrating the gyroscope alone gives a frame that turns with the world but
for slow drift (`_strapdown.py`). In it gravity stands still and the sensor's own acceleration
averages out, because nobody goes far. A Kalman filter on that (`_gravity.py`), one step each
half second, tracks gravity and the gyroscope's bias. Between steps the gyroscope carries the
answer. What happens when depends on the count of samples alone, so the size of a block changes nothing.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import SampleError
from ._flaws import SensorRanges
from ._gravity import GravityKalman
from ._integration import lead_of
from ._motion_model import DEG, MotionModel
from ._strapdown import Rows, Strapdown
from ._windows import Amount, Triple

__all__ = ["InclinationFilter", "InclinationOutput", "MotionModel", "SensorRanges", "smooth_inclination"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LEAST_RATE_HZ = 10.0
MOST_RATE_HZ = 2000.0
TRUST_LOST_RAD2 = (2.8 * DEG) ** 2
"""Squared uncertainty at which an answer loses its trust …"""
TRUST_GAINED_RAD2 = (1.9 * DEG) ** 2
"""… and under which it gains it again."""
LONGEST_STRETCH_TICKS = 64
"""Ticks between two levellings of the frame and updates of the bias that the integration takes off."""
STEEPEST_TILT_M_S2 = 1.0
"""Horizontal part of gravity (6°) at which the frame is levelled at once."""
WORTH_ARRAYS = 60
"""Rows from which on arrays are faster than plain numbers."""


class InclinationOutput(NamedTuple):
    """What the filter says of each sample.

    Attributes:
        up: (n, 3) unit vectors "up" in the sensor frame.
        sigma_rad: (n,) one-sigma uncertainty of `up` as an angle, radians, in (0, π/2].
        trusted: (n,) False while the answer is not to be used: start-up, after a gap, saturation, free fall.
    """

    up: FloatArray
    sigma_rad: FloatArray
    trusted: BoolArray


class InclinationFilter:
    """Causal "up" in the sensor frame from blocks of samples.

    The size of a block never changes the answer (to 1e-9).

    Args:
        rate_hz: samples a second, 10 to 2000; may be some per cent off.
        ranges: full scales of the sensors, where known; else saturation shows as a plateau.
        model: what is assumed of sensors and bodies.

    Raises:
        ValueError: for a rate outside 10 to 2000 Hz.
    """

    def __init__(
        self, rate_hz: float, *, ranges: SensorRanges | None = None, model: MotionModel | None = None
    ) -> None:
        _check_rate(rate_hz)
        self._rate_hz = rate_hz
        self._ranges = ranges
        self._model = model or MotionModel()
        self.reset()

    def reset(self) -> None:
        """Forget everything, as if newly made."""
        per_tick = max(2, round(self._model.tick_s * self._rate_hz))
        dt = 1.0 / self._rate_hz
        self._strapdown = Strapdown(dt, per_tick, lead_of(self._model, dt), self._ranges)
        self._kalman = GravityKalman(self._model, per_tick / self._rate_hz)
        self._ticks = 0
        self._stretch_end = 1
        self._trusted = False
        self._judge_trust()

    @property
    def trusted(self) -> bool:
        """Whether the latest answer may be used."""
        return self._trusted and not self._strapdown.flawed

    @property
    def sigma_rad(self) -> float:
        """One-sigma uncertainty of the latest `up`, radians."""
        return self._sigma_rad

    @property
    def bias_rad_s(self) -> tuple[float, float, float]:
        """The gyroscope's bias as now estimated, sensor frame."""
        x, y, z, _, _, _ = self._kalman.faults
        return x, y, z

    @property
    def resting(self) -> bool:
        """Whether the sensor lay still for the last second and a half."""
        return self._kalman.resting

    def gap(self, gap_s: float) -> None:
        """Say that `gap_s` seconds of samples are missing before the next one, beyond the regular step."""
        if gap_s > 0.0:
            self._strapdown.drop_tick()
            self._kalman.gap(gap_s)
            self._judge_trust()

    def process(self, gyr_rad_s: FloatArray, acc_m_s2: FloatArray) -> FloatArray:
        """(n, 3) unit vectors "up" for (n, 3) rates and specific forces; rows of NaN are bridged.

        Raises:
            SampleError: on shapes other than (n, 3).
        """
        return self._run(gyr_rad_s, acc_m_s2, None, None)

    def process_full(self, gyr_rad_s: FloatArray, acc_m_s2: FloatArray) -> InclinationOutput:
        """As `process`, with the uncertainty and the trust of every row."""
        sigma = np.empty(len(gyr_rad_s))
        trusted = np.empty(len(gyr_rad_s), dtype=np.bool_)
        return InclinationOutput(self._run(gyr_rad_s, acc_m_s2, sigma, trusted), sigma, trusted)

    def advance(self, amount: Amount) -> tuple[Triple, float, bool]:
        """One row that stands for a window of samples, and what `process_full` says of it.

        Args:
            amount: of a window as long as a row of this filter.

        Returns:
            "up" in the sensor frame at the window's end, its sigma in radians, and whether it is
            to be trusted.
        """
        strapdown = self._strapdown
        sigma_rad, trusted = self._sigma_rad, self._trusted
        kalman = self._kalman
        up = strapdown.row(amount, kalman.reference, kalman.up if kalman.known else None)
        if strapdown.count == strapdown.per_tick:
            self._close_tick()
        return up, sigma_rad, trusted and strapdown.flawed_from < 0

    def _run(
        self, gyr: FloatArray, acc: FloatArray, sigma: FloatArray | None, trusted: BoolArray | None
    ) -> FloatArray:
        _check_shapes(gyr, acc)
        n = len(gyr)
        strapdown = self._strapdown
        per_tick = strapdown.per_tick
        at = 0
        up: FloatArray | None = None
        while True:
            ticks = 0
            if not strapdown.count and self._kalman.known:
                ticks = min(self._stretch_end - self._ticks, (n - at) // per_tick)
            stop = at + ticks * per_tick
            while stop - at >= WORTH_ARRAYS and not strapdown.unflawed(gyr[at:stop], acc[at:stop]):
                ticks //= 2  # what comes before the flaw is still worth arrays
                stop = at + ticks * per_tick
            if stop - at >= WORTH_ARRAYS:
                part = self._stretch(gyr[at:stop], acc[at:stop], sigma, trusted, at)
                stop = at + len(part)
            else:
                stop = min(n, at + per_tick - strapdown.count)
                if sigma is not None and trusted is not None:
                    sigma[at:stop] = self._sigma_rad
                    trusted[at:stop] = self._trusted
                part = np.array(self._rows(gyr[at:stop].tolist(), acc[at:stop].tolist(), every=True)).reshape(
                    -1, 3
                )
                if trusted is not None and strapdown.flawed_from >= 0:
                    trusted[at + strapdown.flawed_from : stop] = False
            if up is None:
                if stop == n:
                    return np.ascontiguousarray(part)
                up = np.empty((n, 3))
            up[at:stop] = part
            at = stop
            if at == n:
                return up

    def _rows(self, gyr: Rows, acc: Rows, *, every: bool) -> list[Triple]:
        """Rows within one tick: every answer, or the last one only."""
        kalman = self._kalman
        strapdown = self._strapdown
        up = strapdown.rows(gyr, acc, kalman.reference, kalman.up if kalman.known else None, every=every)
        if strapdown.count == strapdown.per_tick:
            self._close_tick()
        return up

    def _close_tick(self) -> None:
        kalman = self._kalman
        strapdown = self._strapdown
        if kalman.known:
            kalman.step(strapdown.close_tick())
            if self._tick_over():
                self._level()
        else:
            if strapdown.level_by_acceleration():
                kalman.start()
            strapdown.drop_tick()
            self._tick_over()

    def _stretch(
        self, gyr: FloatArray, acc: FloatArray, sigma: FloatArray | None, trusted: BoolArray | None, at: int
    ) -> FloatArray:
        """Whole ticks at once, up to the next levelling."""
        kalman = self._kalman
        strapdown = self._strapdown
        per_tick = strapdown.per_tick
        part, sums = strapdown.ticks(gyr, acc, kalman.reference)
        ups: list[complex] = []
        over = False
        for tick in sums:
            ups.append(kalman.up)
            if sigma is not None and trusted is not None:
                sigma[at : at + per_tick] = self._sigma_rad
                trusted[at : at + per_tick] = self._trusted
                at += per_tick
            kalman.step(tick)
            over = self._tick_over()
            if over:
                break
        up = strapdown.advance(gyr, acc, part, ups)
        if over:
            self._level()
        return up

    def _tick_over(self) -> bool:
        """Count a tick; True where the stretch ends with it."""
        self._ticks += 1
        self._judge_trust()
        return self._ticks >= self._stretch_end or abs(self._kalman.tilt) > STEEPEST_TILT_M_S2

    def _level(self) -> None:
        self._strapdown.level(self._kalman.up)
        self._kalman.rebase()
        self._stretch_end = self._ticks + min(self._ticks, LONGEST_STRETCH_TICKS)

    def _judge_trust(self) -> None:
        variance_rad2 = self._kalman.variance_rad2
        self._sigma_rad = math.sqrt(variance_rad2)
        limit = TRUST_LOST_RAD2 if self._trusted else TRUST_GAINED_RAD2
        self._trusted = variance_rad2 < limit and self._kalman.doubtful_s <= 0.0


def smooth_inclination(gyr_rad_s: FloatArray, acc_m_s2: FloatArray, rate_hz: float) -> FloatArray:
    """(n, 3) unit vectors "up" of a whole recording, looking at it from both ends.

    About as fast as the causal filter. Rows of NaN are bridged from both sides. Imports scipy.

    Args:
        gyr_rad_s: (n, 3) rates.
        acc_m_s2: (n, 3) specific forces.
        rate_hz: samples a second, 10 to 2000.

    Raises:
        SampleError: on shapes other than (n, 3).
        ValueError: for a rate outside 10 to 2000 Hz.
    """
    from ._smoothing import smooth

    _check_rate(rate_hz)
    _check_shapes(gyr_rad_s, acc_m_s2)
    if not len(gyr_rad_s):
        return np.empty((0, 3))
    return smooth(gyr_rad_s, acc_m_s2, rate_hz, MotionModel())


def _check_rate(rate_hz: float) -> None:
    if not LEAST_RATE_HZ <= rate_hz <= MOST_RATE_HZ:
        raise ValueError(f"a rate of {rate_hz} Hz; the filter is made for 10 to 2000 Hz")


def _check_shapes(gyr: FloatArray, acc: FloatArray) -> None:
    if gyr.shape != acc.shape or gyr.ndim != 2 or gyr.shape[1] != 3:
        raise SampleError(f"rates {gyr.shape} and accelerations {acc.shape}; both must be (n, 3)")
