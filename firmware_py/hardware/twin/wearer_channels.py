"""The coordinates of a simulated trunk over time: the sum of steps, unrest and rhythms.

A script writes steps and bursts into a `Channels`; `Channels.at` gives every coordinate with its
first two derivatives at any moments, the same whatever the cut.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from ...posture.blocks import FloatArray
from .wearer_curves import Steps, Wander, enveloped


class Channel(IntEnum):
    """Coordinates of the trunk (degrees, metres, metres a second) and gains (share of 1).

    Flexion is + forward, lateral + to the right, both against gravity and from the wearer's sitting
    neutral; twist and heading are + to the left. The hip moves `FORE`, `LEFT` and `RISE` along the
    heading, beside travelling at `SPEED`.
    """

    UPPER_FLEXION = 0
    UPPER_LATERAL = 1
    UPPER_TWIST = 2
    LOWER_FLEXION = 3
    LOWER_LATERAL = 4
    HEADING = 5
    FORE = 6
    LEFT = 7
    RISE = 8
    SPEED = 9
    UPPER_SLIP_FLEXION = 10
    UPPER_SLIP_LATERAL = 11
    LOWER_SLIP_FLEXION = 12
    LOWER_SLIP_LATERAL = 13
    LIVELINESS = 14


class Burst(Protocol):
    """Something that shakes or swings some channels between two moments and is exactly nothing elsewhere."""

    @property
    def start_s(self) -> float:
        """Nothing before this."""
        ...

    @property
    def end_s(self) -> float:
        """Nothing after this."""
        ...

    def add_to(self, t_s: FloatArray, curves: FloatArray) -> None:
        """Add to `curves` (channels, 3, n) at `t_s` (n,), all within [start_s, end_s]."""
        ...


@dataclass(frozen=True)
class Rhythm:
    """A periodic movement: gait, laughing. Each channel is a Fourier series of one wavering phase.

    Attributes:
        cycle_hz: mean frequency of the fundamental.
        waves: (channels, 2·h) cosine then sine amplitudes of the harmonics 1…h, in the units of `Channel`.
        ramp_s: fading in and out.
        wavering: unrest whose first curve advances and delays the phase; steps are never quite even.
        wavering_rad: spread of that, radians of the fundamental.
    """

    start_s: float
    end_s: float
    cycle_hz: float
    waves: Mapping[Channel, FloatArray]
    ramp_s: float
    wavering: Wander
    wavering_rad: float

    def add_to(self, t_s: FloatArray, curves: FloatArray) -> None:
        """Add the swing, with derivatives by the chain rule through the phase."""
        late, late_1, late_2 = self.wavering.curve(0, *self.wavering.grid(t_s))
        round_rad_s = 2.0 * np.pi * self.cycle_hz
        phase = round_rad_s * (t_s - self.start_s) + self.wavering_rad * late
        phase_1 = round_rad_s + self.wavering_rad * late_1
        phase_2 = self.wavering_rad * late_2
        amplitudes = np.stack(list(self.waves.values()))
        harmonics = np.arange(1, amplitudes.shape[1] // 2 + 1)
        angle = harmonics[:, None] * phase
        basis = np.concatenate([np.cos(angle), np.sin(angle)])
        cosines, sines = np.split(amplitudes, 2, axis=1)
        slopes = np.hstack([harmonics * sines, -harmonics * cosines])
        swing = np.empty((len(amplitudes), 3, len(t_s)))
        swing[:, 0] = amplitudes @ basis
        by_phase = slopes @ basis
        swing[:, 1] = by_phase * phase_1
        by_phase_2 = (-(np.concatenate([harmonics, harmonics]) ** 2) * amplitudes) @ basis
        swing[:, 2] = by_phase_2 * phase_1**2 + by_phase * phase_2
        curves[list(self.waves)] += enveloped(t_s, self.start_s, self.end_s, self.ramp_s, swing)


@dataclass(frozen=True)
class Shaking:
    """Irregular shaking: typing, a vehicle, hands in a bag.

    Attributes:
        spreads: channel -> spread (one sigma), in the units of `Channel`.
        source: unrest with at least as many curves as `spreads`.
        ramp_s: fading in and out.
    """

    start_s: float
    end_s: float
    spreads: Mapping[Channel, float]
    source: Wander
    ramp_s: float

    def add_to(self, t_s: FloatArray, curves: FloatArray) -> None:
        """Add the shaking."""
        grid = self.source.grid(t_s)
        shaken = np.stack(
            [spread * np.stack(self.source.curve(k, *grid)) for k, spread in enumerate(self.spreads.values())]
        )
        curves[list(self.spreads)] += enveloped(t_s, self.start_s, self.end_s, self.ramp_s, shaken)


class Channels:
    """All coordinates of one trunk.

    Args:
        unrest: what never stops in a living trunk; curve k drives the k-th channel of `unrest_of`.
        unrest_of: channel -> spread of its unrest, scaled by `LIVELINESS`.
    """

    def __init__(self, unrest: Wander, unrest_of: dict[Channel, float]) -> None:
        self._steps = {channel: Steps() for channel in Channel}
        self._bursts: list[Burst] = []
        self._burst_starts_s: list[float] = []
        self._longest_burst_s = 0.0
        self._unrest = unrest
        self._unrest_of = unrest_of

    def step(self, channel: Channel, start_s: float, lasting_s: float, by: float) -> None:
        """Change a coordinate for good, along minimum jerk."""
        self._steps[channel].add(start_s, lasting_s, by)

    def burst(self, burst: Burst) -> None:
        """Add a rhythm or a shaking."""
        insort(self._bursts, burst, key=lambda known: known.start_s)
        insort(self._burst_starts_s, burst.start_s)
        self._longest_burst_s = max(self._longest_burst_s, burst.end_s - burst.start_s)

    def __len__(self) -> int:
        """Steps and bursts that are remembered."""
        return len(self._bursts) + sum(len(steps) for steps in self._steps.values())

    def forget(self, before_s: float) -> None:
        """Let go of what was over before then; earlier moments can no longer be asked for."""
        for steps in self._steps.values():
            steps.forget(before_s)
        self._bursts = [burst for burst in self._bursts if burst.end_s > before_s]
        self._burst_starts_s = [burst.start_s for burst in self._bursts]

    def at(self, t_s: FloatArray) -> FloatArray:
        """(channels, 3, n): value and two derivatives of every channel at sorted `t_s` (n,), n ≥ 1."""
        curves = np.zeros((len(Channel), 3, len(t_s)))
        for channel, steps in self._steps.items():
            steps.add_to(t_s, curves[channel])
        first = bisect_right(self._burst_starts_s, float(t_s[0]) - self._longest_burst_s)
        last = bisect_right(self._burst_starts_s, float(t_s[-1]))
        for burst in self._bursts[first:last]:
            begin, end = np.searchsorted(t_s, (burst.start_s, burst.end_s))
            if begin < end:
                burst.add_to(t_s[begin:end], curves[:, :, begin:end])
        self._add_unrest(t_s, curves)
        return curves

    def _add_unrest(self, t_s: FloatArray, curves: FloatArray) -> None:
        gain, gain_1, gain_2 = curves[Channel.LIVELINESS]
        low, high = float(gain.min()), float(gain.max())
        if high <= 0.0:
            return
        grid = self._unrest.grid(t_s)
        for k, (channel, spread) in enumerate(self._unrest_of.items()):
            value, slope, bend = self._unrest.curve(k, *grid)
            if low == high:
                spread *= low
                curves[channel, 0] += spread * value
                curves[channel, 1] += spread * slope
                curves[channel, 2] += spread * bend
            else:
                curves[channel, 0] += spread * gain * value
                curves[channel, 1] += spread * (gain * slope + gain_1 * value)
                curves[channel, 2] += spread * (gain * bend + 2.0 * gain_1 * slope + gain_2 * value)
