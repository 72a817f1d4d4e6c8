"""Smooth curves of time with exact derivatives: what a simulated person's motion is made of.

Every curve answers with its value and its first and second derivative, written down rather than
differenced, so that angular rates are the derivative of the orientation and accelerations the
second derivative of a path. All take a sorted `t_s (n,)` and depend on nothing but it.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from ...posture.blocks import FloatArray

Triple = tuple[FloatArray, FloatArray, FloatArray]
"""Value, first and second derivative, each (n,)."""


def minimum_jerk(share: FloatArray) -> Triple:
    """The smoothest way from 0 to 1 for `share` of the duration in [0, 1], and its derivatives by `share`.

    10 s³ − 15 s⁴ + 6 s⁵: the path of unhurried human movement (Flash & Hogan 1985,
    doi 10.1523/JNEUROSCI.05-07-01688.1985).
    """
    rest = 1.0 - share
    square = share * share
    value = square * share * (10.0 + share * (6.0 * share - 15.0))
    return value, 30.0 * square * rest * rest, 60.0 * share * rest * (rest - share)


class Steps:
    """A sum of minimum-jerk steps, each lasting: the path of one coordinate over a whole script.

    Steps are added in any order and may overlap. Looking up a moment costs a bisection, whatever
    the number of steps; `forget` lets an endless script go on in constant memory.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[float, float, float]] = []
        self._starts_s: list[float] = []
        self._all_over_s: list[float] = []
        self._sums: list[float] = [0.0]
        self._forgotten = 0.0

    def add(self, start_s: float, lasting_s: float, by: float) -> None:
        """Go `by` further between `start_s` and `start_s + lasting_s`, lasting_s > 0."""
        if not lasting_s > 0.0:
            raise ValueError(f"a step lasts longer than nothing, not {lasting_s} s")
        if by:
            self._steps.append((start_s, lasting_s, by))
            self._starts_s = []

    def _index(self) -> None:
        self._steps.sort()
        self._starts_s = [start_s for start_s, _, _ in self._steps]
        self._all_over_s = []
        self._sums = [self._forgotten]
        over_s = -np.inf
        for start_s, lasting_s, by in self._steps:
            over_s = max(over_s, start_s + lasting_s)
            self._all_over_s.append(over_s)
            self._sums.append(self._sums[-1] + by)

    def __len__(self) -> int:
        """Steps that are remembered."""
        return len(self._steps)

    def forget(self, before_s: float) -> None:
        """Steps that were over before then count as one sum; earlier moments can no longer be asked for."""
        if self._steps:
            self._index()
            over = bisect_right(self._all_over_s, before_s)
            self._forgotten = self._sums[over]
            del self._steps[:over]
            self._starts_s = []

    def add_to(self, t_s: FloatArray, curve: FloatArray) -> None:
        """Add value and derivatives at `t_s` (n,), sorted, n ≥ 1, to the rows of `curve` (3, n)."""
        if not self._steps:
            curve[0] += self._forgotten
            return
        if not self._starts_s:
            self._index()
        # All steps before `first` are over when t_s begins; none after `last` begins before it ends.
        first = bisect_right(self._all_over_s, float(t_s[0]))
        last = bisect_right(self._starts_s, float(t_s[-1]))
        curve[0] += self._sums[first]
        for start_s, lasting_s, by in self._steps[first:last]:
            begin, end = np.searchsorted(t_s, (start_s, start_s + lasting_s))
            curve[0, end:] += by
            if begin < end:
                value, slope, bend = minimum_jerk((t_s[begin:end] - start_s) / lasting_s)
                curve[0, begin:end] += by * value
                curve[1, begin:end] += (by / lasting_s) * slope
                curve[2, begin:end] += (by / lasting_s**2) * bend


class Wander:
    """Endless smooth unrest: one or more cubic B-splines with random coefficients on a shared, periodic grid.

    Attributes:
        knot_s: distance of two coefficients; the unrest reaches up to about 1 / (3 · knot_s) Hz.
    """

    def __init__(self, coefficients: FloatArray, knot_s: float) -> None:
        """Take `coefficients` (k, m): k curves that repeat after m · knot_s seconds."""
        before, here, after, beyond = (np.roll(coefficients, 1 - shift, axis=1) for shift in range(4))
        # Each interval of a uniform cubic B-spline as a polynomial of the share of the interval.
        self._cubic = np.stack(
            [
                (before + 4.0 * here + after) / 6.0,
                (after - before) / 2.0,
                (before - 2.0 * here + after) / 2.0,
                (beyond - before + 3.0 * (here - after)) / 6.0,
            ]
        )
        self.knot_s = knot_s

    def grid(self, t_s: FloatArray) -> tuple[np.ndarray, FloatArray]:
        """Interval (n,) and share of it (n,) for `curve`, the same for all curves of this wander."""
        position = t_s / self.knot_s
        interval = np.floor(position)
        return interval.astype(np.intp) % self._cubic.shape[2], position - interval

    def curve(self, k: int, interval: np.ndarray, share: FloatArray) -> Triple:
        """Curve `k` at the places that `grid` gave, with derivatives by time."""
        c0, c1, c2, c3 = (row.take(interval) for row in self._cubic[:, k])
        value = c0 + share * (c1 + share * (c2 + share * c3))
        slope = c1 + share * (2.0 * c2 + share * (3.0 * c3))
        bend = 2.0 * c2 + share * (6.0 * c3)
        return value, slope / self.knot_s, bend / self.knot_s**2


def unrest(rng: np.random.Generator, size: int, knot_s: float, corner_hz: float, floor: float) -> FloatArray:
    """Random coefficients (size,) of unit spread: red above `corner_hz`, with a share `floor` of white.

    Amplitude ∝ 1 / (1 + (f / corner)²)^½ + floor; slow drift of posture together with small sway.
    """
    frequency_hz = np.fft.rfftfreq(size, knot_s)
    amplitude = 1.0 / np.sqrt(1.0 + (frequency_hz / corner_hz) ** 2) + floor
    amplitude[0] = 0.0
    noise = np.fft.rfft(rng.standard_normal(size)) * amplitude
    coefficients = np.fft.irfft(noise, size)
    return np.asarray(coefficients / coefficients.std())


def breath(rng: np.random.Generator, size: int, knot_s: float, per_minute: float) -> FloatArray:
    """Coefficients (size,) of breathing of amplitude about 1, in whole breaths over the grid.

    Each breath differs in length and depth by about a tenth; breathing in is shorter than out.
    """
    breaths = round(size * knot_s * per_minute / 60.0)
    phase = 2.0 * np.pi * breaths * np.arange(size) / size + 0.6 * unrest(rng, size, knot_s, 0.03, 0.0)
    depth = 1.0 + 0.12 * unrest(rng, size, knot_s, 0.05, 0.0)
    return np.asarray(depth * (np.sin(phase) + 0.2 * np.sin(2.0 * phase)))


def enveloped(
    t_s: FloatArray, start_s: float, end_s: float, ramp_s: float, carrier: FloatArray
) -> FloatArray:
    """`carrier` (k, 3, n) faded in after `start_s` and out before `end_s` along minimum jerk, exactly.

    By the product rule: (e·c)″ = e″·c + 2·e′·c′ + e·c″.
    """
    if start_s + ramp_s <= t_s[0] and t_s[-1] <= end_s - ramp_s:
        return carrier
    rise, rise_1, rise_2 = minimum_jerk(np.clip((t_s - start_s) / ramp_s, 0.0, 1.0))
    fall, fall_1, fall_2 = minimum_jerk(np.clip((end_s - t_s) / ramp_s, 0.0, 1.0))
    # The ramps never overlap, so one of the two factors is always 1.
    e = rise * fall
    e_1 = (rise_1 - fall_1) / ramp_s
    e_2 = (rise_2 + fall_2) / ramp_s**2
    faded = np.empty_like(carrier)
    faded[:, 0] = e * carrier[:, 0]
    faded[:, 1] = e * carrier[:, 1] + e_1 * carrier[:, 0]
    faded[:, 2] = e * carrier[:, 2] + 2.0 * e_1 * carrier[:, 1] + e_2 * carrier[:, 0]
    return faded


def blended(one: FloatArray, other: FloatArray, share: FloatArray) -> FloatArray:
    """On the way from one to another, with derivatives by the product rule.

    Args:
        one: (channels, 3, n) values and two derivatives.
        other: the same of what takes its place.
        share: (3, n) how much of it has, from 0 to 1, and two derivatives.
    """
    w, w_1, w_2 = share
    away = other - one
    mixed: FloatArray = one + w * away
    mixed[:, 1] += w_1 * away[:, 0]
    mixed[:, 2] += 2.0 * w_1 * away[:, 1] + w_2 * away[:, 0]
    return mixed
