"""Integrate the gyroscope: rows of samples in, sums over ticks out.

The integrated frame is set level by whoever knows what is up, and then turns with the world but
for the slow drift of the gyroscope's errors (rotations and vectors as in `_turns.py`). What
a tick amounts to is computed twice: in `rows` with plain Python numbers for the short blocks of a live
run, because numpy costs a microsecond a call, and in `ticks` vectorised for recordings. Both are the
same sums; a property test holds them together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ._fault_regression import Faults
from ._flaws import (
    ABSURD,
    SMALLEST_ACC_RANGE_M_S2,
    SMALLEST_GYR_RANGE_RAD_S,
    FlawWatch,
    SensorRanges,
)
from ._gravity import MOST_HELD, TickSums
from ._integration import Integrated, integrate, means, nodes, position_weights
from ._turns import carried_on, level, product, seen_from_sensor
from ._windows import Amount, Flaws, Triple

FloatArray = NDArray[np.float64]
Rows = Sequence[Sequence[float]]

LEAST_SUM_M_S2 = 1e-6
"""A sum of accelerations shorter than this points nowhere; the tiniest floats cannot even be normalised."""


class Strapdown:
    """Attitude of the sensor in the integrated frame, and the sums of the tick under way.

    Attributes:
        per_tick: samples a tick.
        count: samples so far in the tick under way.
        flawed: whether one of them was clipped, or too many were missing.
        flawed_from: the first row of the last call of `rows` that this was so for, or -1.
    """

    def __init__(self, dt: float, per_tick: int, lead_s: float, ranges: SensorRanges | None) -> None:
        self.dt = dt
        self._lead_s = lead_s
        self.flawed_from = -1
        self._most_held = MOST_HELD * per_tick
        self.per_tick = per_tick
        self._stride = nodes(per_tick).step
        self._attitude = (complex(1.0), 0j)
        self._gyr_watch = FlawWatch(ranges.gyr_rad_s if ranges else None, SMALLEST_GYR_RANGE_RAD_S)
        self._acc_watch = FlawWatch(ranges.acc_m_s2 if ranges else None, SMALLEST_ACC_RANGE_M_S2)
        self.drop_tick()

    def drop_tick(self) -> None:
        """Forget the samples of the tick under way; the attitude stays."""
        self.count = 0
        self._acc_sums = (0j, 0.0, 0j, 0.0)
        self._gyr_sums = (0.0, 0.0, 0.0, 0.0)
        self._force_sums = (0.0, 0.0, 0.0)
        self._nodes = (0j, 0j, 0j)
        self._turned = (0j, 0j, 0j)
        self._excess = 0.0
        self._held = self._clipped_gyr = self._clipped_acc = 0.0
        self.flawed = False

    def level_by_acceleration(self) -> bool:
        """Set the frame level by the mean acceleration of the tick under way; False if there is none."""
        sum_n, sum_z, _, _ = self._acc_sums
        norm = math.hypot(abs(sum_n), sum_z)
        if norm < LEAST_SUM_M_S2 or self._held > self.count // 2:
            return False
        self._attitude = product(level(sum_n / norm, sum_z / norm), self._attitude)
        return True

    def level(self, horizontal: complex) -> None:
        """Set the frame level: this is the horizontal part of the unit vector "up" in it, which points up."""
        vertical = math.sqrt(1.0 - horizontal.real**2 - horizontal.imag**2)
        self._attitude = product(level(horizontal, vertical), self._attitude)

    def unflawed(self, gyr: FloatArray, acc: FloatArray) -> bool:
        """No value is missing or clipped: what `ticks` relies on."""
        return self._gyr_watch.unflawed(gyr) and self._acc_watch.unflawed(acc)

    def ticks(self, gyr: FloatArray, acc: FloatArray, faults: Faults) -> tuple[Integrated, list[TickSums]]:
        """The rotations and sums of whole ticks, (K·N, 3) unflawed rows; `advance` past those used."""
        per_tick, dt = self.per_tick, self.dt
        part = integrate(gyr, acc, faults, self._attitude, dt, per_tick)
        ramp = position_weights(per_tick, dt)
        at = nodes(per_tick)
        aa, bb, ab = (m[:, at] for m in part.turns[2:5])
        minus, plus = aa - bb, aa + bb
        columns = (
            part.acc_n.sum(axis=1) * dt,
            part.acc_z.sum(axis=1) * dt,
            np.einsum("ij,j->i", part.acc_n, ramp),
            part.acc2.sum(axis=1) / per_tick,
            1j * minus.mean(axis=1),
            plus.mean(axis=1),
            2j * ab.mean(axis=1),
            1j * (minus * part.x[:, at]).mean(axis=1),
            (plus * part.y[:, at]).mean(axis=1),
            2j * (ab * part.z[:, at]).mean(axis=1),
            part.x.sum(axis=1) / per_tick,
            part.y.sum(axis=1) / per_tick,
            part.z.sum(axis=1) / per_tick,
            part.rate2.sum(axis=1) / per_tick,
            *means(acc, per_tick).T,
        )
        no_flaws = [[0.0] * len(aa)] * 3
        return part, list(zip(*(c.tolist() for c in columns), *no_flaws, strict=True))

    def advance(self, gyr: FloatArray, acc: FloatArray, part: Integrated, ups: list[complex]) -> FloatArray:
        """Go past the first ticks of what `ticks` was given, one for each horizontal part of "up" in `ups`.

        Returns:
            (n, 3) "up" in the sensor frame.
        """
        count = len(ups)
        turns = part.turns
        self._attitude = (complex(turns.a[count - 1, -1]), complex(turns.b[count - 1, -1]))
        self._gyr_watch.skip(gyr[: count * self.per_tick])
        self._acc_watch.skip(acc[: count * self.per_tick])
        n = np.array(ups)[:, None]
        up = turns.first(count).to_sensor(n, np.sqrt(1.0 - n.real**2 - n.imag**2))
        if not self._lead_s:
            return up
        x, y, z = (rate[:count].ravel() for rate in (part.x, part.y, part.z))
        return carried_on(up, x, y, z, self._lead_s)

    def row(self, amount: Amount, faults: Faults, up: complex | None) -> Triple:
        """Go through one window of samples at once; `dt` is the nominal length of a window.

        Args:
            amount: of the window. In the sums it weighs by its length.
            faults: what is known to be wrong with the rates.
            up: as in `rows`.

        Returns:
            "up" in the sensor frame at the window's end.
        """
        x, y, z = amount.rate_rad_s
        ax, ay, az = amount.force_m_s2
        length_s = amount.length_s
        half_s = 0.5 * length_s
        weight = length_s / self.dt
        if amount.flaws is not None:
            self._take_flaws(amount.flaws)
        self.flawed_from = 0 if self.flawed else -1
        force_x, force_y, force_z = self._force_sums
        self._force_sums = (force_x + weight * ax, force_y + weight * ay, force_z + weight * az)
        acc2 = ax * ax + ay * ay + az * az + amount.acc_spread
        bx, by, bz, kx, ky, kz = faults
        x = (x - bx) * (1.0 - kx)
        y = (y - by) * (1.0 - ky)
        z = (z - bz) * (1.0 - kz)
        w2 = x * x + y * y + z * z
        sum_x, sum_y, sum_gz, gyr2 = self._gyr_sums
        self._gyr_sums = (
            sum_x + weight * x,
            sum_y + weight * y,
            sum_gz + weight * z,
            gyr2 + weight * (w2 + amount.gyr_spread),
        )
        half = half_s * math.sqrt(w2)
        s = half_s * (math.sin(half) / half if half else 1.0)
        da = complex(math.cos(half), -s * z)
        db = complex(s * y, s * x)
        a, b = self._attitude
        a, b = a * da - b * db.conjugate(), a * db + b * da.conjugate()
        self._attitude = (a, b)
        aa = a * a
        bb = b * b
        ab = a * b
        plus = aa + bb
        minus = aa - bb
        ca_b = a.conjugate() * b
        zz = 2.0 * (a.real * a.real + a.imag * a.imag) - 1.0
        ax, ay, az = (
            ax + half_s * (ay * z - az * y),
            ay + half_s * (az * x - ax * z),
            az + half_s * (ax * y - ay * x),
        )
        push_n = weight * (plus * ay + 1j * (minus * ax + ab * (az + az)))
        sum_n, sum_z, ramp_n, acc2_sum = self._acc_sums
        # so that `close_tick` may take half the sum off the ramp, as it does of single samples
        ramp_n += weight * (sum_n + 0.5 * push_n) + 0.5 * push_n
        sum_n += push_n
        sum_z += weight * (zz * az - 2.0 * (ca_b.real * ax - ca_b.imag * ay))
        self._acc_sums = (sum_n, sum_z, ramp_n, acc2_sum + weight * acc2)
        n_plus, n_minus, n_ab = self._nodes
        self._nodes = (n_plus + plus, n_minus + minus, n_ab + ab)
        turned_x, turned_y, turned_z = self._turned
        self._turned = (turned_x + minus * x, turned_y + plus * y, turned_z + ab * z)
        self.count += 1
        self._excess += weight - 1.0
        if up is not None:
            up_n, up_z = up, math.sqrt(1.0 - up.real**2 - up.imag**2)
        else:
            norm = math.hypot(abs(sum_n), sum_z)
            up_n, up_z = (sum_n / norm, sum_z / norm) if norm >= LEAST_SUM_M_S2 else (0j, 1.0)
        return seen_from_sensor(aa, bb, ab, ca_b, zz, up_n, up_z, x, y, z, 0.0)

    def _take_flaws(self, flaws: Flaws) -> None:
        held, clipped_gyr, clipped_acc = flaws
        self._held += held
        self._clipped_gyr += clipped_gyr
        self._clipped_acc += clipped_acc
        if clipped_gyr or clipped_acc or self._held > self._most_held:
            self.flawed = True

    def rows(self, gyr: Rows, acc: Rows, faults: Faults, up: complex | None, *, every: bool) -> list[Triple]:
        """Go through rows of one tick, one by one.

        Args:
            gyr: n ≥ 1 rates, n at most what the tick under way lacks.
            acc: n specific forces.
            faults: what is known to be wrong with the rates.
            up: horizontal part of the unit vector "up", or None where the tick's own mean
                acceleration has to serve.
            every: whether the answer of every row is wanted, or that of the last one only.

        Returns:
            "up" in the sensor frame, n or 1 of it.
        """
        half_dt = 0.5 * self.dt
        lead_s = self._lead_s
        self.flawed_from = 0 if self.flawed else -1
        self._begun = self.count
        bx, by, bz, *excess = faults
        kx, ky, kz = (1.0 - share for share in excess)
        turned_x, turned_y, turned_z = self._turned
        a, b = self._attitude
        sum_n, sum_z, ramp_n, acc2 = self._acc_sums
        sum_x, sum_y, sum_gz, gyr2 = self._gyr_sums
        force_x, force_y, force_z = self._force_sums
        count = self.count
        stride = self._stride
        gyr_watch, acc_watch = self._gyr_watch, self._acc_watch
        gyr_limit2, acc_limit2 = gyr_watch.limit2, acc_watch.limit2
        n_plus, n_minus, n_ab = self._nodes
        if up is None:
            up_n, up_z = 0j, 1.0
        else:
            up_n, up_z = up, math.sqrt(1.0 - up.real**2 - up.imag**2)
        out: list[Triple] = []
        for gyr_row, acc_row in zip(gyr, acc, strict=True):
            x, y, z = gyr_row
            ax, ay, az = acc_row
            w2 = x * x + y * y + z * z
            a2 = ax * ax + ay * ay + az * az
            if w2 + a2 < ABSURD:
                if w2 >= gyr_limit2 and gyr_watch.clipped(gyr_row):
                    self._clipped_gyr += 1
                    self._flaw(count)
                if a2 >= acc_limit2 and acc_watch.clipped(acc_row):
                    self._clipped_acc += 1
                    self._flaw(count)
                gyr_watch.before = gyr_watch.last
                gyr_watch.last = gyr_row
                acc_watch.before = acc_watch.last
                acc_watch.last = acc_row
            else:
                self._held += 1
                if self._held > self._most_held:
                    self._flaw(count)
                x, y, z = gyr_watch.last
                ax, ay, az = acc_watch.last
                a2 = ax * ax + ay * ay + az * az
            force_x += ax
            force_y += ay
            force_z += az
            x = (x - bx) * kx
            y = (y - by) * ky
            z = (z - bz) * kz
            w2 = x * x + y * y + z * z
            h2 = w2 * half_dt * half_dt
            if h2 < 1e-3:
                c = 1.0 - h2 * (0.5 - h2 * (1.0 / 24.0 - h2 * (1.0 / 720.0)))
                s = half_dt * (1.0 - h2 * (1.0 / 6.0 - h2 * (1.0 / 120.0 - h2 * (1.0 / 5040.0))))
            else:
                h = math.sqrt(h2)
                c = math.cos(h)
                s = half_dt * math.sin(h) / h
            da = complex(c, -s * z)
            db = complex(s * y, s * x)
            a, b = a * da - b * db.conjugate(), a * db + b * da.conjugate()
            aa = a * a
            bb = b * b
            ab = a * b
            plus = aa + bb
            minus = aa - bb
            ca_b = a.conjugate() * b
            zz = 2.0 * (a.real * a.real + a.imag * a.imag) - 1.0
            ax, ay, az = (
                ax + half_dt * (ay * z - az * y),
                ay + half_dt * (az * x - ax * z),
                az + half_dt * (ax * y - ay * x),
            )
            # `Turns.to_frame` of one row: α²n + β²n̄ + 2iαβz with n = y + ix, sorted by the components
            sum_n += plus * ay + 1j * (minus * ax + ab * (az + az))
            sum_z += zz * az - 2.0 * (ca_b.real * ax - ca_b.imag * ay)
            ramp_n += sum_n
            acc2 += a2
            sum_x += x
            sum_y += y
            sum_gz += z
            gyr2 += w2
            count += 1
            if not count % stride:
                n_plus += plus
                n_minus += minus
                n_ab += ab
                turned_x += minus * x
                turned_y += plus * y
                turned_z += ab * z
            if up is None:
                norm = math.hypot(abs(sum_n), sum_z)
                if norm >= LEAST_SUM_M_S2:
                    up_n, up_z = sum_n / norm, sum_z / norm
            if every:
                out.append(seen_from_sensor(aa, bb, ab, ca_b, zz, up_n, up_z, x, y, z, lead_s))
        self._attitude = (a, b)
        self._acc_sums = (sum_n, sum_z, ramp_n, acc2)
        self._gyr_sums = (sum_x, sum_y, sum_gz, gyr2)
        self._force_sums = (force_x, force_y, force_z)
        self._turned = (turned_x, turned_y, turned_z)
        self._nodes = (n_plus, n_minus, n_ab)
        self.count = count
        if not every:
            out.append(seen_from_sensor(aa, bb, ab, ca_b, zz, up_n, up_z, x, y, z, lead_s))
        return out

    def _flaw(self, count: int) -> None:
        if not self.flawed:
            self.flawed = True
            self.flawed_from = count - self._begun

    def close_tick(self) -> TickSums:
        """The sums of the full tick under way; a new one begins."""
        n = self.count
        weight = n + self._excess
        dt = self.dt * n / weight
        sum_n, sum_z, ramp_n, acc2 = self._acc_sums
        x, y, z, gyr2 = self._gyr_sums
        force_x, force_y, force_z = self._force_sums
        turned_x, turned_y, turned_z = self._turned
        looks = n // self._stride
        plus, minus, ab = (m / looks for m in self._nodes)
        sums = (
            sum_n * dt,
            sum_z * dt,
            (ramp_n - 0.5 * sum_n) * (dt * dt),
            acc2 / weight,
            1j * minus,
            plus,
            2j * ab,
            1j * turned_x / looks,
            turned_y / looks,
            2j * turned_z / looks,
            x / weight,
            y / weight,
            z / weight,
            gyr2 / weight,
            force_x / weight,
            force_y / weight,
            force_z / weight,
            self._held / n,
            self._clipped_gyr / n,
            self._clipped_acc / n,
        )
        self.drop_tick()
        return sums
