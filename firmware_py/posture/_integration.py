"""Whole ticks of samples at once, turned into the integrated frame; and what both ways of doing it share."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._fault_regression import Faults
from ._motion_model import MotionModel
from ._turns import Turns, prefix_products, small_turns

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

NODES_PER_TICK = 16
"""Looks at the attitude for its mean over a tick; the sensitivity to a fault needs no more."""


class Integrated(NamedTuple):
    """Whole ticks of samples in the integrated frame, (K, N) each."""

    turns: Turns
    acc_n: ComplexArray
    acc_z: FloatArray
    acc2: FloatArray
    x: FloatArray
    y: FloatArray
    z: FloatArray
    rate2: FloatArray


def integrate(
    gyr: FloatArray,
    acc: FloatArray,
    faults: Faults,
    attitude: tuple[complex, complex],
    dt: float,
    per_tick: int,
) -> Integrated:
    """Turn (K·N, 3) rates, known faults taken off, and accelerations into the integrated frame.

    An acceleration belongs to the attitude in the middle of its step: there it was sampled, where a sample
    of the rates is of an instant and their sum runs half a step ahead, and there it was averaged, where
    both are means over the step. So it is turned back by half a step first, a + ½ dt a × ω.
    """
    _keep_freed_memory()
    shape = (len(gyr) // per_tick, per_tick)
    x, y, z = (corrected(gyr[:, axis], faults, axis) for axis in range(3))
    rate2 = x * x
    rate2 += y * y
    rate2 += z * z
    alpha, beta = prefix_products(*small_turns(x, y, z, rate2, dt), attitude)
    turns = Turns.of(alpha.reshape(shape), beta.reshape(shape))
    ax, ay, az = (np.ascontiguousarray(axis) for axis in acc.T)
    acc2 = np.square(ax)
    acc2 += np.square(ay)
    acc2 += np.square(az)
    half_dt = 0.5 * dt
    acc_n = np.empty(shape, dtype=np.complex128)
    acc_n.real = (ay + half_dt * (az * x - ax * z)).reshape(shape)
    acc_n.imag = (ax + half_dt * (ay * z - az * y)).reshape(shape)
    az = az + half_dt * (ax * y - ay * x)
    acc_n, acc_z = turns.to_frame(acc_n, az.reshape(shape))
    acc2 = acc2.reshape(shape)
    return Integrated(
        turns, acc_n, acc_z, acc2, x.reshape(shape), y.reshape(shape), z.reshape(shape), rate2.reshape(shape)
    )


def corrected(rate: FloatArray, faults: Faults, axis: int) -> FloatArray:
    """(n,) rates about one axis with the known faults taken off, contiguous."""
    out = rate - faults[axis]
    out *= 1.0 - faults[3 + axis]
    return out


def position_weights(per_tick: int, dt: float) -> FloatArray:
    """(N,) weights that make ∫∫a of N samples: a running sum of running sums, by the trapezium rule.

    The first sample counts N times, the last once.
    """
    return np.arange(per_tick - 0.5, 0.0, -1.0) * np.float64(dt * dt)


def lead_of(model: MotionModel, dt: float) -> float:
    """How far the rates turn the answer on, seconds: what the gyroscope's low pass lags behind its sample.

    Where a sample is the rate of an instant, a sum of rates up to it is the angle half a step later,
    so half a step of the lag is made up already. At low rates, where that alone is more than the lag, nothing
    is taken back: there sensors are set to slower low passes, or average over the step.
    """
    return max(model.gyr_delay_s - 0.5 * dt, 0.0)


def means(rows: FloatArray, per_tick: int) -> FloatArray:
    """(K, 3) mean of each tick's rows, (K·N, 3); a matrix product takes a twentieth of `mean`'s time."""
    return rows.reshape(-1, 3 * per_tick) @ _mean_of(per_tick)


@cache
def _mean_of(per_tick: int) -> FloatArray:
    return np.tile(np.eye(3), (per_tick, 1)) / per_tick


def nodes(per_tick: int) -> slice:
    """The samples of a tick that stand for its mean attitude."""
    step = max(1, per_tick // NODES_PER_TICK)
    return slice(step - 1, per_tick // step * step, step)


@cache
def _keep_freed_memory() -> None:
    """Let the C library keep what is freed, up to 16 MB.

    glibc hands freed memory back to the kernel above 128 kB, until a larger piece was freed once
    (mallopt(3), M_MMAP_THRESHOLD). Faulting the same pages in for every stretch took half the time.
    """
    np.empty(1 << 20)
