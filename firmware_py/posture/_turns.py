"""Rotations as pairs of complex numbers, for many samples at once.

A rotation is a pair of complex numbers (α, β), the
Cayley–Klein parameters α = w − iz, β = y + ix of the unit quaternion (w, x, y, z): a product
of rotations is four complex multiplications, which numpy does about five times faster than the
28 real operations. A vector is the pair (n, z) with n = y + ix. Goldstein, "Classical
Mechanics", §4.5; the signs here belong to the Hamilton product.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

SERIES_UP_TO = 1e-3
"""Squared half angle up to which the series stand in for sine and cosine (error below 1e-16)."""
PREFIX_BLOCK = 16
"""Rows of a block of the prefix product: short enough for few calls, long enough for wide ones."""


class Turns(NamedTuple):
    """Rotations from the sensor to another frame, (K, N) each: α, β and their products."""

    a: ComplexArray
    b: ComplexArray
    aa: ComplexArray
    bb: ComplexArray
    ab: ComplexArray
    conj_a_b: ComplexArray
    zz: FloatArray

    @classmethod
    def of(cls, a: ComplexArray, b: ComplexArray) -> Turns:
        """From α and β."""
        conj_a = np.conj(a)
        return cls(a, b, a * a, b * b, a * b, conj_a * b, 2.0 * (a * conj_a).real - 1.0)

    def first(self, rows: int) -> Turns:
        """Only the first K rows."""
        a, b, aa, bb, ab, conj_a_b, zz = self
        return Turns(a[:rows], b[:rows], aa[:rows], bb[:rows], ab[:rows], conj_a_b[:rows], zz[:rows])

    def to_frame(self, n: ComplexArray, z: FloatArray) -> tuple[ComplexArray, FloatArray]:
        """Vectors of the sensor frame, n and z, in the other frame; (K, N) each."""
        turned = self.aa * n
        turned += self.bb * np.conj(n)
        turned += self.ab * (2j * z)
        vertical = self.conj_a_b.real * n.imag
        vertical -= self.conj_a_b.imag * n.real
        vertical *= -2.0
        vertical += self.zz * z
        return turned, vertical

    def to_sensor(self, horizontal: ComplexArray) -> FloatArray:
        """(K·N, 3) in the sensor frame, of the horizontal part of one upward unit vector a row, (K,)."""
        n = horizontal[:, None]
        z = np.sqrt(1.0 - n.real**2 - n.imag**2)
        turned = np.conj(self.aa) * n
        turned += self.bb * np.conj(n)
        turned -= self.conj_a_b * (2j * z)
        out = np.empty((*self.zz.shape, 3))
        out[..., 0] = turned.imag
        out[..., 1] = turned.real
        np.multiply(self.zz, z, out=out[..., 2])
        out[..., 2] += 2.0 * (np.conj(self.ab) * n).imag
        return out.reshape(-1, 3)


def small_turns(
    x: FloatArray, y: FloatArray, z: FloatArray, rate2: FloatArray, dt: float
) -> tuple[ComplexArray, ComplexArray]:
    """The rotation of each sample, exp(ω·dt/2), as α and β.

    Args:
        x: (n,) rate about x, rad/s.
        y: (n,) about y.
        z: (n,) about z.
        rate2: (n,) its square, x² + y² + z².
        dt: spacing of samples, s.
    """
    half_dt = 0.5 * dt
    h2 = rate2 * (half_dt * half_dt)
    alpha = np.empty(len(x), dtype=np.complex128)
    beta = np.empty(len(x), dtype=np.complex128)
    if h2.max() < SERIES_UP_TO:
        # the series of cos and sin, true to the last digit here and three times as fast
        sine = h2 * (-half_dt / 5040.0)
        sine += half_dt / 120.0
        sine *= h2
        sine -= half_dt / 6.0
        sine *= h2
        sine += half_dt
        cosine = h2 * (-1.0 / 720.0)
        cosine += 1.0 / 24.0
        cosine *= h2
        cosine -= 0.5
        cosine *= h2
        cosine += 1.0
        alpha.real = cosine
    else:
        h = np.sqrt(h2)
        alpha.real = np.cos(h)
        sine = half_dt * np.sinc(h / np.pi)
    np.multiply(y, sine, out=beta.real)
    np.multiply(x, sine, out=beta.imag)
    sine *= z
    np.negative(sine, out=alpha.imag)
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


def level(horizontal: complex, vertical: float) -> tuple[complex, complex]:
    """The smallest rotation that turns this unit vector into (0, 0, 1), as α and β."""
    if vertical < -0.999999:
        return 0j, 1j
    cosine = math.sqrt(0.5 * (1.0 + vertical))
    return complex(cosine), 1j * horizontal / (2.0 * cosine)


def product(first: tuple[complex, complex], second: tuple[complex, complex]) -> tuple[complex, complex]:
    """The turn first ∘ second, brought back to the unit sphere, which rounding leaves by 1e-16 a product."""
    a, b = first
    da, db = second
    a, b = a * da - b * db.conjugate(), a * db + b * da.conjugate()
    norm = math.hypot(abs(a), abs(b))
    return a / norm, b / norm
