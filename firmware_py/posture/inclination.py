"""Which way is up, from a gyroscope and an accelerometer.

`InclinationFilter` is causal and takes blocks of any size; `smooth_inclination` looks at a whole
recording from both ends. Neither knows a heading, a frame beyond the sensor's own, or a clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import SampleError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


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


@dataclass(frozen=True, slots=True)
class SensorRanges:
    """Full scale of the two sensors: a sample at or beyond it counts as saturated.

    Without ranges the filter takes a run of equal, extreme values for saturation.
    """

    gyr_rad_s: float
    acc_m_s2: float


class InclinationFilter:
    """Causal "up" in the sensor frame from blocks of samples.

    The size of a block never changes the answer (to 1e-9).

    Args:
        rate_hz: samples a second, 10 to 2000; may be some per cent off.
        ranges: full scales of the sensors, where known.
    """

    def __init__(self, rate_hz: float, *, ranges: SensorRanges | None = None) -> None:
        self._dt = 1.0 / rate_hz
        self._ranges = ranges
        self.reset()

    def reset(self) -> None:
        """Forget everything, as if newly made."""
        self._up = (0.0, 0.0, 1.0)
        self._count = 0

    @property
    def trusted(self) -> bool:
        """Whether the latest answer may be used."""
        return self._count * self._dt >= 1.0

    @property
    def sigma_rad(self) -> float:
        """One-sigma uncertainty of the latest `up`, radians."""
        return math.radians(1.0) if self.trusted else math.radians(20.0)

    @property
    def bias_rad_s(self) -> tuple[float, float, float]:
        """The gyroscope's bias as now estimated, sensor frame."""
        return (0.0, 0.0, 0.0)

    def gap(self, gap_s: float) -> None:
        """Say that `gap_s` seconds of samples are missing before the next one, beyond the regular step."""
        if gap_s > 0.0:
            self._count = 0

    def process(self, gyr_rad_s: FloatArray, acc_m_s2: FloatArray) -> FloatArray:
        """(n, 3) unit vectors "up" for (n, 3) rates and specific forces; rows of NaN are bridged."""
        return self.process_full(gyr_rad_s, acc_m_s2).up

    def process_full(self, gyr_rad_s: FloatArray, acc_m_s2: FloatArray) -> InclinationOutput:
        """As `process`, with the uncertainty and the trust of every row."""
        if gyr_rad_s.shape != acc_m_s2.shape or gyr_rad_s.ndim != 2 or gyr_rad_s.shape[1] != 3:
            raise SampleError(f"shapes {gyr_rad_s.shape} and {acc_m_s2.shape}; both must be (n, 3)")
        n = len(gyr_rad_s)
        out = np.empty((n, 3))
        sigma = np.empty(n)
        trusted = np.empty(n, dtype=np.bool_)
        ux, uy, uz = self._up
        dt = self._dt
        for i, ((gx, gy, gz), (ax, ay, az)) in enumerate(
            zip(gyr_rad_s.tolist(), acc_m_s2.tolist(), strict=True)
        ):
            if math.isfinite(gx + gy + gz + ax + ay + az):
                ux, uy, uz = (
                    ux + dt * (uy * gz - uz * gy),
                    uy + dt * (uz * gx - ux * gz),
                    uz + dt * (ux * gy - uy * gx),
                )
                norm = math.sqrt(ax * ax + ay * ay + az * az) or 1.0
                k = max(dt / 2.0, 1.0 / (self._count + 1))
                self._count += 1
                ux, uy, uz = ux + k * (ax / norm - ux), uy + k * (ay / norm - uy), uz + k * (az / norm - uz)
                norm = math.sqrt(ux * ux + uy * uy + uz * uz) or 1.0
                ux, uy, uz = ux / norm, uy / norm, uz / norm
            out[i] = ux, uy, uz
            sigma[i] = self.sigma_rad
            trusted[i] = self.trusted
        self._up = (ux, uy, uz)
        return InclinationOutput(out, sigma, trusted)


def smooth_inclination(gyr_rad_s: FloatArray, acc_m_s2: FloatArray, rate_hz: float) -> FloatArray:
    """(n, 3) unit vectors "up" of a whole recording, looking at it from both ends."""
    return InclinationFilter(rate_hz).process(gyr_rad_s, acc_m_s2)
