"""Which way is up, from a gyroscope and an accelerometer.

`InclinationFilter` is causal and takes blocks of any size; `smooth_inclination` looks at a whole
recording from both ends. Neither knows a heading, a frame beyond the sensor's own, or a clock.

Theory of operation. Integrating the gyroscope alone gives a frame that turns with the world but
for slow drift (`_strapdown.py`). In it gravity stands still and the sensor's own acceleration averages out,
because nobody goes far: a Kalman filter on that (`_gravity.py`), one step each half second, tracks gravity
and the gyroscope's bias. Between steps the gyroscope carries the answer. Everything about a step
depends on the samples' count alone, so the size of a block changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import SampleError
from ._gravity import GravityKalman, MotionModel, TickSums
from ._strapdown import integrate_ticks, node_stride

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DEG = math.pi / 180.0
TRUST_LOST_RAD = 3.0 * DEG
"""Uncertainty at which an answer loses its trust …"""
TRUST_GAINED_RAD = 1.5 * DEG
"""… and under which it gains it again."""
LONGEST_STRETCH_TICKS = 64
"""Ticks between two changes of the bias that the integration uses."""
SURE_GYR_RAD_S = 100.0 * DEG
"""No range of a gyroscope is below 125 °/s: a slower plateau is no saturation."""
SURE_ACC_M_S2 = 15.0
"""No range of an accelerometer is below 2 g."""
MISSING = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


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

    Without ranges the filter takes a run of three equal, large values of one axis for saturation.
    """

    gyr_rad_s: float
    acc_m_s2: float


class InclinationFilter:
    """Causal "up" in the sensor frame from blocks of samples.

    The size of a block never changes the answer (to 1e-9).

    Args:
        rate_hz: samples a second, 10 to 2000; may be some per cent off.
        ranges: full scales of the sensors, where known.
        model: what is assumed of sensors and bodies.

    Raises:
        ValueError: for a rate outside 10 to 2000 Hz.
    """

    def __init__(
        self, rate_hz: float, *, ranges: SensorRanges | None = None, model: MotionModel | None = None
    ) -> None:
        if not 10.0 <= rate_hz <= 2000.0:
            raise ValueError(f"a rate of {rate_hz} Hz; 10 to 2000 is what the filter is made for")
        self._dt = 1.0 / rate_hz
        self._ranges = ranges
        self._model = model or MotionModel()
        self._per_tick = max(2, round(self._model.tick_s * rate_hz))
        self._stride = node_stride(self._per_tick)
        self.reset()

    def reset(self) -> None:
        """Forget everything, as if newly made."""
        self._kalman = GravityKalman(self._model, self._per_tick * self._dt)
        self._alpha, self._beta = complex(1.0), complex(0.0)
        self._trusted = False
        self._ticks = 0
        self._stretch_end = 1
        self._last = MISSING
        self._before = MISSING
        self._seen = False
        self._top = [SURE_GYR_RAD_S, SURE_ACC_M_S2]
        self._clear_tick()

    def _clear_tick(self) -> None:
        self._count = 0
        self._sums: tuple[complex, float, complex, float, float] = (0j, 0.0, 0j, 0.0, 0.0)
        self._gyr_sums = (0.0, 0.0, 0.0, 0.0)
        self._nodes: tuple[complex, complex, complex, complex, float] = (0j, 0j, 0j, 0j, 0.0)
        self._flaws = [0, 0, 0]

    @property
    def trusted(self) -> bool:
        """Whether the latest answer may be used."""
        return self._trusted

    @property
    def sigma_rad(self) -> float:
        """One-sigma uncertainty of the latest `up`, radians."""
        return self._kalman.sigma_rad

    @property
    def bias_rad_s(self) -> tuple[float, float, float]:
        """The gyroscope's bias as now estimated, sensor frame."""
        return self._kalman.bias

    def gap(self, gap_s: float) -> None:
        """Say that `gap_s` seconds of samples are missing before the next one, beyond the regular step."""
        if gap_s <= 0.0:
            return
        self._clear_tick()
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

    def _run(
        self, gyr: FloatArray, acc: FloatArray, sigma: FloatArray | None, trusted: BoolArray | None
    ) -> FloatArray:
        n = len(gyr)
        if gyr.shape != (n, 3) or acc.shape != (n, 3):
            raise SampleError(f"rates {gyr.shape} and accelerations {acc.shape}; both must be (n, 3)")
        per_tick = self._per_tick
        if n <= per_tick - self._count:
            return self._rows(gyr, acc, sigma, trusted, 0, n)
        up = np.empty((n, 3))
        at = 0
        while at < n:
            whole = min(self._stretch_end - self._ticks, (n - at) // per_tick)
            plain = self._count == 0 and self._kalman.known and whole * per_tick >= WORTH_ARRAYS
            if plain and self._unflawed(gyr[at : at + whole * per_tick], acc[at : at + whole * per_tick]):
                stop = at + whole * per_tick
                up[at:stop] = self._ticks_at_once(gyr, acc, sigma, trusted, at, stop)
            else:
                stop = min(n, at + per_tick - self._count)
                up[at:stop] = self._rows(gyr, acc, sigma, trusted, at, stop)
            at = stop
        return up

    def _unflawed(self, gyr: FloatArray, acc: FloatArray) -> bool:
        """No value is missing or clipped: what `_ticks_at_once` relies on."""
        if not math.isfinite(float(gyr.sum()) + float(acc.sum())):
            return False
        if self._ranges:
            return bool(
                np.abs(gyr).max() < self._ranges.gyr_rad_s and np.abs(acc).max() < self._ranges.acc_m_s2
            )
        (before_gyr, before_acc), (last_gyr, last_acc) = self._before, self._last
        tops = [
            max(top, float(x.max()), -float(x.min())) for top, x in zip(self._top, (gyr, acc), strict=True)
        ]
        if _has_plateau(gyr, NEAR_TOP * self._top[0], before_gyr, last_gyr) or _has_plateau(
            acc, NEAR_TOP * self._top[1], before_acc, last_acc
        ):
            return False
        self._top = tops
        return True

    def _ticks_at_once(
        self,
        gyr: FloatArray,
        acc: FloatArray,
        sigma: FloatArray | None,
        trusted: BoolArray | None,
        at: int,
        stop: int,
    ) -> FloatArray:
        kalman = self._kalman
        per_tick = self._per_tick
        turns, sums, (self._alpha, self._beta) = integrate_ticks(
            gyr[at:stop], acc[at:stop], kalman.reference, self._dt, per_tick, (self._alpha, self._beta)
        )
        ups = []
        for tick in sums:
            gx, gy, gz = kalman.g
            norm = math.sqrt(gx * gx + gy * gy + gz * gz) or 1.0
            ups.append((gx / norm, gy / norm, gz / norm))
            if sigma is not None and trusted is not None:
                sigma[at : at + per_tick] = kalman.sigma_rad
                trusted[at : at + per_tick] = self._trusted
                at += per_tick
            self._step(tick)
        before, last = gyr[stop - 2 : stop].tolist(), acc[stop - 2 : stop].tolist()
        self._before, self._last = (before[0], last[0]), (before[1], last[1])
        return turns.to_sensor(np.array(ups))

    def _step(self, sums: TickSums) -> None:
        """Close a tick."""
        self._kalman.step(sums)
        self._judge_trust()
        self._ticks += 1
        if self._ticks >= self._stretch_end:
            self._kalman.rebase()
            self._stretch_end = self._ticks + min(self._ticks, LONGEST_STRETCH_TICKS)
            # rounding lets the product leave the unit sphere by 1e-16 a sample
            norm = math.sqrt(abs(self._alpha) ** 2 + abs(self._beta) ** 2)
            self._alpha /= norm
            self._beta /= norm

    def _judge_trust(self) -> None:
        limit = TRUST_LOST_RAD if self._trusted else TRUST_GAINED_RAD
        self._trusted = self._kalman.known and self._kalman.sigma_rad < limit

    def _rows(
        self,
        gyr: FloatArray,
        acc: FloatArray,
        sigma: FloatArray | None,
        trusted: BoolArray | None,
        at: int,
        stop: int,
    ) -> FloatArray:
        """Rows `at:stop`, which lie within one tick, one by one in plain floats."""
        kalman = self._kalman
        dt = self._dt
        half_dt = 0.5 * dt
        bx, by, bz = kalman.reference
        a, b = self._alpha, self._beta
        sum_n, sum_z, ramp_n, ramp_z, acc2 = self._sums
        sum_gx, sum_gy, sum_gz, gyr2 = self._gyr_sums
        count = self._count
        stride = self._stride
        flaws = self._flaws
        if self._ranges:
            gyr_limit2, acc_limit2 = self._ranges.gyr_rad_s**2, self._ranges.acc_m_s2**2
        else:
            gyr_limit2, acc_limit2 = SURE_GYR_RAD_S**2, SURE_ACC_M_S2**2
        known = kalman.known
        gx, gy, gz = kalman.g
        norm = math.sqrt(gx * gx + gy * gy + gz * gz) or 1.0
        g_n, g_z = complex(gy / norm, gx / norm), gz / norm
        out = []
        for gyr_row, acc_row in zip(gyr[at:stop].tolist(), acc[at:stop].tolist(), strict=True):
            wx, wy, wz = gyr_row
            ax, ay, az = acc_row
            a2 = ax * ax + ay * ay + az * az
            w2 = wx * wx + wy * wy + wz * wz
            if not w2 + a2 < ABSURD:
                gyr_row, acc_row = self._last
                wx, wy, wz = gyr_row
                ax, ay, az = acc_row
                a2 = ax * ax + ay * ay + az * az
                flaws[0] += 1
            else:
                if w2 >= gyr_limit2:
                    flaws[1] += self._clipped(0, gyr_row)
                if a2 >= acc_limit2:
                    flaws[2] += self._clipped(1, acc_row)
                self._seen = True
                self._before = self._last
                self._last = (gyr_row, acc_row)
            wx -= bx
            wy -= by
            wz -= bz
            w2 = wx * wx + wy * wy + wz * wz
            h2 = w2 * half_dt * half_dt
            if h2 < 1e-3:
                c = 1.0 - h2 * (0.5 - h2 * (1.0 / 24.0 - h2 * (1.0 / 720.0)))
                s = half_dt * (1.0 - h2 * (1.0 / 6.0 - h2 * (1.0 / 120.0 - h2 * (1.0 / 5040.0))))
            else:
                h = math.sqrt(h2)
                c = math.cos(h)
                s = half_dt * math.sin(h) / h
            da = complex(c, -s * wz)
            db = complex(s * wy, s * wx)
            a, b = a * da - b * db.conjugate(), a * db + b * da.conjugate()
            aa = a * a
            bb = b * b
            ab = a * b
            ca_b = a.conjugate() * b
            p = a.real
            q = a.imag
            zz = 2.0 * (p * p + q * q) - 1.0
            p = ca_b.real
            q = ca_b.imag
            n = complex(ay, ax)
            sum_n += aa * n + bb * n.conjugate() + ab * complex(0.0, 2.0 * az)
            sum_z += zz * az - 2.0 * (p * ax - q * ay)
            ramp_n += sum_n
            ramp_z += sum_z
            acc2 += a2
            sum_gx += wx
            sum_gy += wy
            sum_gz += wz
            gyr2 += w2
            count += 1
            if not count % stride:
                n_aa, n_bb, n_ab, n_ca_b, n_zz = self._nodes
                self._nodes = (n_aa + aa, n_bb + bb, n_ab + ab, n_ca_b + ca_b, n_zz + zz)
            if not known and self._seen:
                norm = math.sqrt(abs(sum_n) ** 2 + sum_z * sum_z) or 1.0
                g_n, g_z = sum_n / norm, sum_z / norm
            u = aa.conjugate() * g_n + bb * g_n.conjugate() - ca_b * complex(0.0, 2.0 * g_z)
            out.append((u.imag, u.real, zz * g_z + 2.0 * (ab.real * g_n.imag - ab.imag * g_n.real)))
        if sigma is not None and trusted is not None:
            sigma[at:stop] = kalman.sigma_rad
            trusted[at:stop] = self._trusted
        self._alpha, self._beta = a, b
        self._sums = (sum_n, sum_z, ramp_n, ramp_z, acc2)
        self._gyr_sums = (sum_gx, sum_gy, sum_gz, gyr2)
        self._count = count
        if count == self._per_tick:
            self._close_tick()
        return np.array(out).reshape(-1, 3)

    def _close_tick(self) -> None:
        dt = self._dt
        n = self._count
        sum_n, sum_z, ramp_n, ramp_z, acc2 = self._sums
        wx, wy, wz, gyr2 = self._gyr_sums
        nodes = n // self._stride
        aa, bb, ab, ca_b, zz = (m / nodes for m in self._nodes)
        ramp_n = (ramp_n - 0.5 * sum_n) * dt * dt
        ramp_z = (ramp_z - 0.5 * sum_z) * dt * dt
        held, clipped_gyr, clipped_acc = self._flaws
        minus, plus = aa - bb, aa + bb
        turn = (
            minus.real,
            plus.imag,
            2.0 * ab.real,
            -minus.imag,
            plus.real,
            -2.0 * ab.imag,
            -2.0 * ca_b.real,
            2.0 * ca_b.imag,
            zz.real,
        )
        self._clear_tick()
        self._step(
            TickSums(
                (sum_n.imag * dt, sum_n.real * dt, sum_z * dt),
                (ramp_n.imag, ramp_n.real, ramp_z),
                acc2 / n,
                turn,
                (wx / n, wy / n, wz / n),
                gyr2 / n,
                held / n,
                clipped_gyr / n,
                clipped_acc / n,
            )
        )

    def _clipped(self, which: int, row: list[float]) -> int:
        """1 where a component of the row is at its sensor's limit."""
        if self._ranges:
            limit = self._ranges.acc_m_s2 if which else self._ranges.gyr_rad_s
            return int(max(abs(value) for value in row) >= limit)
        self._top[which] = top = max(self._top[which], max(row), -min(row))
        return int(
            any(
                x == y == z and abs(x) >= NEAR_TOP * top
                for x, y, z in zip(row, self._last[which], self._before[which], strict=True)
            )
        )


NEAR_TOP = 0.97
"""Share of the largest reading so far at which a plateau may be its range's end (values may be corrected)."""
WORTH_ARRAYS = 200
"""Rows from which on arrays are faster than floats."""
ABSURD = 1e12
"""A squared reading beyond this is no reading; a comparison with NaN is False as well."""


def _has_plateau(
    values: FloatArray,
    limit: float,
    before: tuple[float, ...] | list[float],
    last: tuple[float, ...] | list[float],
) -> bool:
    """Whether a component holds one value of at least `limit` for three rows, the two before included."""
    if values.max() < limit and -values.min() < limit:
        return False
    large = np.abs(values) >= limit
    rows = np.concatenate(([before, last], values))
    return bool((large & (rows[2:] == rows[1:-1]) & (rows[1:-1] == rows[:-2])).any())


def smooth_inclination(gyr_rad_s: FloatArray, acc_m_s2: FloatArray, rate_hz: float) -> FloatArray:
    """(n, 3) unit vectors "up" of a whole recording, looking at it from both ends."""
    return InclinationFilter(rate_hz).process(gyr_rad_s, acc_m_s2)
