"""Integrate the gyroscope: rows of samples in, sums over ticks out.

The integrated frame I starts as the sensor's own frame and turns with the world, but for the
slow drift of the gyroscope's errors. A rotation is a pair of complex numbers (α, β), the
Cayley–Klein parameters α = w − iz, β = y + ix of the unit quaternion (w, x, y, z): a product
of rotations is four complex multiplications, which numpy does about five times faster than the
28 real operations. A vector is the pair (n, z) with n = y + ix. Goldstein, "Classical
Mechanics", §4.5; the signs here belong to the Hamilton product.

`TickSums` is written twice, in `Strapdown.rows` with plain floats for the short blocks of
a live run (numpy costs a microsecond a call) and in `integrate_ticks` vectorised for recordings.
Both compute the same sums; the tests hold them together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._gravity import TickSums

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

PREFIX_BLOCK = 16
"""Rows of a block of the prefix product: short enough for few calls, long enough for wide ones."""


class Turns(NamedTuple):
    """Rotations, sensor to frame I, of K ticks of N samples, as products of α and β; (K, N) each."""

    aa: ComplexArray
    bb: ComplexArray
    ab: ComplexArray
    conj_a_b: ComplexArray
    zz: FloatArray

    def to_sensor(self, vectors: FloatArray) -> FloatArray:
        """(K·N, 3) in the sensor frame, of one vector a tick, (K, 3), in frame I."""
        n = (vectors[:, 1] + 1j * vectors[:, 0])[:, None]
        z = vectors[:, 2, None]
        turned = np.conj(self.aa) * n
        turned += self.bb * np.conj(n)
        turned -= self.conj_a_b * (2j * z)
        out = np.empty((*self.zz.shape, 3))
        out[..., 0] = turned.imag
        out[..., 1] = turned.real
        # Im(conj(α β) n) with n constant over a tick
        np.multiply(self.zz, z, out=out[..., 2])
        out[..., 2] += 2.0 * (n.imag * self.ab.real - n.real * self.ab.imag)
        return out.reshape(-1, 3)


def small_turns(gyr_rad_s: FloatArray, dt: float) -> tuple[ComplexArray, ComplexArray]:
    """(n,), (n,): the rotation of each sample, exp(ω·dt/2), as α and β."""
    half = gyr_rad_s.T * (0.5 * dt)
    x, y, z = half
    h2 = x * x
    h2 += y * y
    h2 += z * z
    h = np.sqrt(h2)
    sinc = np.sin(h)
    h[h == 0.0] = 1.0
    sinc /= h
    sinc[h2 == 0.0] = 1.0
    alpha = np.empty(len(x), dtype=np.complex128)
    beta = np.empty(len(x), dtype=np.complex128)
    alpha.real = np.cos(np.sqrt(h2))
    alpha.imag = -z * sinc
    beta.real = y * sinc
    beta.imag = x * sinc
    return alpha, beta


def prefix_products(
    alpha: ComplexArray, beta: ComplexArray, start: tuple[complex, complex]
) -> tuple[ComplexArray, ComplexArray]:
    """Running products start·q₀, start·q₀·q₁, …, blocked so that Python loops over few steps."""
    n = len(alpha)
    if n <= 4 * PREFIX_BLOCK:
        a, b = start
        out_a, out_b = [], []
        for da, db in zip(alpha.tolist(), beta.tolist(), strict=True):
            a, b = a * da - b * db.conjugate(), a * db + b * da.conjugate()
            out_a.append(a)
            out_b.append(b)
        return np.array(out_a, dtype=np.complex128), np.array(out_b, dtype=np.complex128)
    blocks = -(-n // PREFIX_BLOCK)
    in_a = np.ones(blocks * PREFIX_BLOCK, dtype=np.complex128)
    in_b = np.zeros(blocks * PREFIX_BLOCK, dtype=np.complex128)
    in_a[:n] = alpha
    in_b[:n] = beta
    # time runs down the rows, blocks stand side by side
    pa = np.ascontiguousarray(in_a.reshape(blocks, PREFIX_BLOCK).T)
    pb = np.ascontiguousarray(in_b.reshape(blocks, PREFIX_BLOCK).T)
    conj_a, conj_b = np.conj(pa), np.conj(pb)
    for i in range(1, PREFIX_BLOCK):
        a, b = pa[i - 1], pb[i - 1]
        next_a = a * pa[i] - b * conj_b[i]
        pb[i] = a * pb[i] + b * conj_a[i]
        pa[i] = next_a
    ends_a, ends_b = prefix_products(pa[-1], pb[-1], start)
    before_a = np.concatenate(([start[0]], ends_a[:-1]))
    before_b = np.concatenate(([start[1]], ends_b[:-1]))
    out_a = before_a * pa - before_b * np.conj(pb)
    out_b = before_a * pb + before_b * np.conj(pa)
    return out_a.T.ravel()[:n], out_b.T.ravel()[:n]


def node_stride(per_tick: int) -> int:
    """Every how many samples the rotation matrix is looked at for its mean over a tick."""
    return max(1, per_tick // NODES_PER_TICK)


NODES_PER_TICK = 8
"""Enough for the sensitivity to a bias, which needs no more than a per cent."""


def integrate_ticks(
    gyr_rad_s: FloatArray,
    acc_m_s2: FloatArray,
    reference_rad_s: tuple[float, float, float],
    dt: float,
    per_tick: int,
    start: tuple[complex, complex],
) -> tuple[Turns, list[TickSums], tuple[complex, complex]]:
    """Whole ticks at once.

    Args:
        gyr_rad_s: (K·N, 3), finite.
        acc_m_s2: (K·N, 3), finite.
        reference_rad_s: bias to take off the rates.
        dt: spacing of samples, s.
        per_tick: N.
        start: α, β before the first sample.

    Returns:
        The rotations, the sums of each tick, and α and β after the last sample.
    """
    ticks = len(gyr_rad_s) // per_tick
    shape = (ticks, per_tick)
    rates = gyr_rad_s - reference_rad_s
    alpha, beta = prefix_products(*small_turns(rates, dt), start)
    a, b = alpha.reshape(shape), beta.reshape(shape)
    conj_a_b = np.conj(a) * b
    zz = 2.0 * (a.real**2 + a.imag**2) - 1.0
    turns = Turns(a * a, b * b, a * b, conj_a_b, zz)
    n = np.empty(shape, dtype=np.complex128)
    n.real = acc_m_s2[:, 1].reshape(shape)
    n.imag = acc_m_s2[:, 0].reshape(shape)
    z = acc_m_s2[:, 2].reshape(shape)
    acc_n = turns.aa * n
    acc_n += turns.bb * np.conj(n)
    acc_n += turns.ab * (2j * z)
    acc_z = zz * z - 2.0 * (conj_a_b.real * n.imag - conj_a_b.imag * n.real)

    # a running sum of running sums weighs the first sample N times, the last once; trapezium for the end
    ramp = (np.arange(per_tick, 0, -1) - 0.5) * (dt * dt)
    every = node_stride(per_tick)
    nodes = slice(every - 1, per_tick // every * every, every)
    aa, bb, ab, ca_b = (m[:, nodes].mean(axis=1) for m in turns[:4])
    columns = (
        acc_n.imag.sum(axis=1) * dt,
        acc_n.real.sum(axis=1) * dt,
        acc_z.sum(axis=1) * dt,
        acc_n.imag @ ramp,
        acc_n.real @ ramp,
        acc_z @ ramp,
        np.einsum("ij,ij->i", acc_m_s2, acc_m_s2).reshape(shape).mean(axis=1),
        (aa - bb).real,
        (aa + bb).imag,
        2.0 * ab.real,
        (bb - aa).imag,
        (aa + bb).real,
        -2.0 * ab.imag,
        -2.0 * ca_b.real,
        2.0 * ca_b.imag,
        zz[:, nodes].mean(axis=1),
        *rates.reshape(ticks, per_tick, 3).mean(axis=1).T,
        np.einsum("ij,ij->i", rates, rates).reshape(shape).mean(axis=1),
    )
    sums = [
        TickSums((r[0], r[1], r[2]), (r[3], r[4], r[5]), r[6], tuple(r[7:16]), (r[16], r[17], r[18]), r[19])
        for r in np.stack(columns, axis=1).tolist()
    ]
    return turns, sums, (complex(alpha[-1]), complex(beta[-1]))
