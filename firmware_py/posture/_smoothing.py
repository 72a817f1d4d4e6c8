"""Gravity over a whole recording at once, from both ends.

The model is that of `_gravity.py`; here all ticks of a stretch of some minutes are one weighted
least-squares problem. Unknown are gravity g and velocity v at every tick's border, in the frame of
the integrated gyroscope, and the gyroscope's faults f (bias and scale error of each axis), constant over the
stretch:

    g₊ = g + C f            ± what the gyroscope adds over the tick
    v₊ = v + ∫a − T (g + g₊)/2    ± the accelerometer's noise
    0  = v + (∫∫a)/T − T g/3 − T g₊/6    ± spread

The matrix is the same for the three axes and banded, so one Cholesky factorisation and 21 right-hand
sides (three for the data, eighteen for the faults) solve it in time linear in its length. The spread, the
shaking and C depend on the answer, so it is solved a few times over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from ._fault_regression import BIAS, Faults, fault_prior
from ._flaws import SMALLEST_ACC_RANGE_M_S2, SMALLEST_GYR_RANGE_RAD_S, clipped_rows, fill_missing
from ._gravity import CLIPPED_ACC_M_S2, CLIPPED_RATE_RAD_S, GRAVITY2, HELD_RATE_RAD_S
from ._integration import corrected, integrate, lead_of, means, nodes, position_weights
from ._motion_model import MotionModel
from ._rest import rests
from ._turns import Turns, carried_on

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
BoolArray = NDArray[np.bool_]

STRETCH_TICKS = 480
"""Ticks solved for at once (four minutes): over which the faults count as constant."""
MARGIN_TICKS = 20
"""Further ticks on either side that are solved with them and then thrown away (10 s)."""
CHUNK_TICKS = 64
"""Ticks integrated at once: what fits the cache."""
ROUNDS = 3
"""Solutions until faults, spread and answer agree."""
LEFT_OVER = 3.0
"""How much larger the movement is than what of it the solution leaves over."""
ACC_NOISE_M_S = 2e-3
"""Velocity that the accelerometer's own noise adds over a tick."""
NOWHERE_M_S2 = 1e-12
"""Gives a direction to a recording without any acceleration."""
TINY = 1e-9
"""Keeps the matrix definite where nothing was measured."""
INTEGRATIONS = 3
"""Times a stretch is integrated at most; the bias found is then taken off the rates first."""
BIAS_CHANGE_RAD_S = math.radians(1.0)
"""A change of the bias that the linear model carries well."""
FAULTS_KEPT = 0.25
"""Share of a stretch's knowledge of the faults that the next one starts from."""


@dataclass(frozen=True, slots=True)
class _Ticks:
    """K ticks in the frame of the integrated gyroscope.

    Attributes:
        attitudes: α and β of all samples, in chunks of (ticks, N).
        dv: (K, 3) ∫a, m/s.
        dp: (K, 3) ∫∫a, m.
        acc2: (K,) mean of |a|².
        axes: (K, 3, 6) mean rotation matrix, sensor to frame; then the same with each sample's axes weighted
            with the rates about them.
        rate: (K, 3) mean rate, reference bias off.
        rate2: (K,) its mean square.
        force: (K, 3) mean specific force in the sensor's own axes.
        bias: (3,) the reference bias.
    """

    attitudes: list[tuple[ComplexArray, ComplexArray]]
    dv: FloatArray
    dp: FloatArray
    acc2: FloatArray
    axes: FloatArray
    rate: FloatArray
    rate2: FloatArray
    force: FloatArray
    bias: FloatArray


@dataclass(frozen=True, slots=True)
class _Flaws:
    """Share of each tick's samples, (K,), that were missing or clipped."""

    held: FloatArray
    clipped_gyr: FloatArray
    clipped_acc: FloatArray

    def cut(self, begin: int, end: int) -> _Flaws:
        return _Flaws(self.held[begin:end], self.clipped_gyr[begin:end], self.clipped_acc[begin:end])


def smooth(gyr: FloatArray, acc: FloatArray, rate_hz: float, model: MotionModel) -> FloatArray:
    """(n, 3) unit vectors "up" of a recording of n ≥ 1 rows."""
    n = len(gyr)
    dt = 1.0 / rate_hz
    per_tick = max(2, round(model.tick_s * rate_hz))
    ticks = -(-n // per_tick)
    gyr, acc, missing = fill_missing(gyr, acc)
    flaws = _Flaws(
        _share(missing, ticks, per_tick, n),
        _share(clipped_rows(gyr, SMALLEST_GYR_RANGE_RAD_S), ticks, per_tick, n),
        _share(clipped_rows(acc, SMALLEST_ACC_RANGE_M_S2), ticks, per_tick, n),
    )
    # what lacks of the last tick is neither a measurement nor a movement
    flaws.held[-1] += ticks - n / per_tick
    up = np.empty((n, 3))
    lead_s = lead_of(model, dt)
    faults = np.zeros(6)
    knowledge = fault_prior(model)
    first = 0
    while first < ticks:
        last = first + STRETCH_TICKS
        if ticks - last < STRETCH_TICKS // 2:
            last = ticks
        begin, end = max(first - MARGIN_TICKS, 0), min(last + MARGIN_TICKS, ticks)
        rows = slice(begin * per_tick, min(end * per_tick, n))
        for _ in range(INTEGRATIONS):
            stretch = _integrated(gyr[rows], acc[rows], _as_faults(faults), dt, per_tick)
            gravity, change, learned = _solve(stretch, flaws.cut(begin, end), per_tick * dt, model, knowledge)
            faults = faults + change
            if np.abs(change[:3]).max() < BIAS_CHANGE_RAD_S:
                break
        knowledge = FAULTS_KEPT * learned
        inner = gravity[first - begin : last - begin + 1]
        part = _carried(stretch.attitudes, inner, first - begin, per_tick)
        part = part[: n - first * per_tick]
        if lead_s:
            here = slice(first * per_tick, first * per_tick + len(part))
            x, y, z = (corrected(gyr[here, axis], _as_faults(faults), axis) for axis in range(3))
            part = carried_on(part, x, y, z, lead_s)
        up[first * per_tick : last * per_tick] = part
        first = last
    return up


def _as_faults(values: FloatArray) -> Faults:
    b0, b1, b2, s0, s1, s2 = values.tolist()
    return b0, b1, b2, s0, s1, s2


def _share(rows: BoolArray | None, ticks: int, per_tick: int, n: int) -> FloatArray:
    """(ticks,) share of a tick's rows that are True."""
    if rows is None:
        return np.zeros(ticks)
    whole = np.zeros(ticks * per_tick)
    whole[:n] = rows
    share: FloatArray = whole.reshape(ticks, per_tick).mean(axis=1)
    return share


def _integrated(gyr: FloatArray, acc: FloatArray, faults: Faults, dt: float, per_tick: int) -> _Ticks:
    lacking = -len(gyr) % per_tick
    if lacking:
        gyr = np.concatenate((gyr, np.broadcast_to(faults[:3], (lacking, 3))))
        acc = np.concatenate((acc, np.broadcast_to(acc[-1], (lacking, 3))))
    weights = position_weights(per_tick, dt)
    at_nodes = nodes(per_tick)
    attitude = (complex(1.0), 0j)
    attitudes = []
    parts = []
    for at in range(0, len(gyr), CHUNK_TICKS * per_tick):
        stop = at + CHUNK_TICKS * per_tick
        part = integrate(gyr[at:stop], acc[at:stop], faults, attitude, dt, per_tick)
        turns = part.turns
        attitude = (complex(turns.a[-1, -1]), complex(turns.b[-1, -1]))
        attitudes.append((turns.a, turns.b))
        aa, bb, ab, conj_a_b, zz = (m[:, at_nodes] for m in turns[2:7])
        x, y, z = (rate[:, at_nodes] for rate in (part.x, part.y, part.z))
        minus, plus = aa - bb, aa + bb
        dv = part.acc_n.sum(axis=1) * dt
        dp = np.einsum("ij,j->i", part.acc_n, weights)
        turned_x, turned_y, turned_z = (
            (minus * x).mean(axis=1),
            (plus * y).mean(axis=1),
            (ab * z).mean(axis=1),
        )
        minus, plus, ab, conj_mean = (m.mean(axis=1) for m in (minus, plus, ab, conj_a_b))
        parts.append(
            np.stack(
                (
                    *(dv.imag, dv.real, part.acc_z.sum(axis=1) * dt),
                    *(dp.imag, dp.real, np.einsum("ij,j->i", part.acc_z, weights)),
                    part.acc2.sum(axis=1) / per_tick,
                    *(minus.real, plus.imag, 2.0 * ab.real),
                    *(turned_x.real, turned_y.imag, 2.0 * turned_z.real),
                    *(-minus.imag, plus.real, -2.0 * ab.imag),
                    *(-turned_x.imag, turned_y.real, -2.0 * turned_z.imag),
                    *(-2.0 * conj_mean.real, 2.0 * conj_mean.imag, zz.mean(axis=1)),
                    -2.0 * (conj_a_b.real * x).mean(axis=1),
                    *(2.0 * (conj_a_b.imag * y).mean(axis=1), (zz * z).mean(axis=1)),
                    *(m.sum(axis=1) / per_tick for m in (part.x, part.y, part.z, part.rate2)),
                ),
                axis=1,
            )
        )
    table = np.concatenate(parts)
    return _Ticks(
        attitudes,
        table[:, 0:3],
        table[:, 3:6],
        table[:, 6],
        table[:, 7:25].reshape(-1, 3, 6),
        table[:, 25:28],
        table[:, 28],
        means(acc, per_tick),
        np.array(faults[:3]),
    )


def _solve(
    ticks: _Ticks, flaws: _Flaws, t: float, model: MotionModel, knowledge: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Gravity at the K + 1 borders, (K + 1, 3), the change of the faults, and their information matrix."""
    k = len(ticks.dv)
    off = ticks.dv / t
    mean2 = np.square(off).sum(axis=1)
    resting = rests(
        ticks.rate, ticks.rate2, ticks.acc2 - mean2, ticks.force, ticks.bias, flaws.held == 0.0, t, model
    )
    walk = model.gyr_walk_rad**2 * t + (model.gyr_scale * t) ** 2 * ticks.rate2
    walk += t * t * ((HELD_RATE_RAD_S * flaws.held) ** 2 + (CLIPPED_RATE_RAD_S * flaws.clipped_gyr) ** 2)
    w_g = 1.0 / (GRAVITY2 * walk)
    w_v = 1.0 / (ACC_NOISE_M_S**2 + (CLIPPED_ACC_M_S2 * t * (flaws.clipped_acc + flaws.held)) ** 2)
    rest_weight = resting / model.rest_rate_rad_s**2
    window = round(model.shake_memory_s / t)
    gravity = _windowed(off, window)
    drift2 = np.zeros(k)
    for _ in range(ROUNDS):
        shake = (
            0.5 * (mean2 + ticks.acc2) - 2.0 * (off * gravity).sum(axis=1) + np.square(gravity).sum(axis=1)
        )
        spread2 = model.speed_per_shake**2 * (_windowed(np.abs(shake), window) / 3.0) ** model.shake_exponent
        spread2 = np.maximum(spread2, LEFT_OVER * _windowed(drift2, window)) + model.speed_floor_m_s**2
        spread2[resting] = model.rest_speed_m_s**2
        w_m = (flaws.held == 0.0) / spread2
        # −[g]× ∫R: what a unit of each fault adds to g over the tick
        c = -t * np.cross(gravity[:, None, :], ticks.axes.transpose(0, 2, 1)).transpose(0, 2, 1)
        known = np.concatenate((ticks.dv, np.zeros((k, 18))), axis=1) * w_v[:, None]
        added = np.concatenate((np.zeros((k, 3)), c.reshape(k, 18)), axis=1) * w_g[:, None]
        meant = np.concatenate((-ticks.dp / t, np.zeros((k, 18))), axis=1) * w_m[:, None]
        right = np.zeros((2 * k + 2, 21))
        right[0:-2:2] += 0.5 * t * known - added - t / 3.0 * meant
        right[1:-2:2] += meant - known
        right[2::2] += 0.5 * t * known + added - t / 6.0 * meant
        right[3::2] += known
        solution = solveh_banded(_normal_matrix(w_g, w_v, w_m, t, model), right, check_finite=False)
        x, dx = solution[:, :3], solution[:, 3:].reshape(-1, 3, 6)
        shown = right[:, 3:].reshape(-1, 3, 6)
        told = np.einsum("k,kia,kib->ab", w_g, c, c) - np.einsum("kia,kib->ab", shown, dx)
        information = knowledge + told
        information[BIAS, BIAS] += rest_weight.sum()
        evidence = np.einsum("kia,ki->a", shown, x)
        evidence[:3] += rest_weight @ ticks.rate
        faults = np.linalg.solve(information, evidence)
        x = x + dx @ faults
        borders, v = x[0::2], x[1::2]
        gravity = 0.5 * (borders[:-1] + borders[1:])
        drift = v[:-1] + ticks.dp / t - t / 3.0 * borders[:-1] - t / 6.0 * borders[1:]
        drift2 = np.square(drift).sum(axis=1) / 3.0
    return borders, faults, information


def _normal_matrix(
    w_g: FloatArray, w_v: FloatArray, w_m: FloatArray, t: float, model: MotionModel
) -> FloatArray:
    """The upper band, (4, 2K + 2), of the normal equations of the three lines in this file's head."""
    k = len(w_g)
    band = np.zeros((4, 2 * k + 2))
    diagonal, first, second, third = band[3], band[2], band[1], band[0]
    half, third_t, sixth = 0.5 * t, t / 3.0, t / 6.0
    diagonal[0:-2:2] += w_g + half * half * w_v + third_t * third_t * w_m
    diagonal[1:-2:2] += w_v + w_m
    diagonal[2::2] += w_g + half * half * w_v + sixth * sixth * w_m
    diagonal[3::2] += w_v
    first[1:-2:2] += -half * w_v - third_t * w_m
    first[2::2] += -half * w_v - sixth * w_m
    first[3::2] += half * w_v
    second[2::2] += -w_g + half * half * w_v + third_t * sixth * w_m
    second[3::2] += -w_v
    third[3::2] += half * w_v
    # a recording begins and ends with any velocity, and gravity is about what it is
    diagonal[[1, -1]] += 1.0 / model.start_speed_m_s**2
    diagonal[0::2] += TINY
    return band


def _windowed(values: FloatArray, reach: int) -> FloatArray:
    """Mean over up to `reach` ticks on either side."""
    k = len(values)
    total = np.concatenate((np.zeros_like(values[:1]), np.cumsum(values, axis=0)))
    low = np.maximum(np.arange(k) - reach, 0)
    high = np.minimum(np.arange(k) + reach + 1, k)
    count = (high - low).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray((total[high] - total[low]) / count)


def _carried(
    attitudes: list[tuple[ComplexArray, ComplexArray]], gravity: FloatArray, skipped: int, per_tick: int
) -> FloatArray:
    """(K·N, 3) "up" in the sensor frame, gravity running straight from border to border."""
    fraction = np.arange(1, per_tick + 1) / per_tick
    n = np.empty(len(gravity), dtype=np.complex128)
    n.real = gravity[:, 1]
    n.imag = gravity[:, 0]
    z = gravity[:, 2]
    parts = []
    at = -skipped
    for a, b in attitudes:
        low, high = max(at, 0), min(at + len(a), len(gravity) - 1)
        if low < high:
            turns = Turns.of(a[low - at : high - at], b[low - at : high - at])
            here_n = n[low:high, None] + np.diff(n[low : high + 1])[:, None] * fraction
            here_z = z[low:high, None] + np.diff(z[low : high + 1])[:, None] * fraction
            here_z += NOWHERE_M_S2
            norm = 1.0 / np.sqrt(here_n.real**2 + here_n.imag**2 + here_z**2)
            parts.append(turns.to_sensor(here_n * norm, here_z * norm))
        at += len(a)
    return np.concatenate(parts)
