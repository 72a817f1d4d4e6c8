"""Still, moving or lying, from the upper sensor's few numbers of a tick.

Moving is told by the energy of turning and of shaking, each as a root mean square that forgets within
about a second: walking turns the trunk by 50 °/s and shakes it by 1.5 m/s², while
talking, typing or sinking into a slouch stays under a third of that. Whoever moves counts as moving for
`moving_hold_s` more, so the moments between two strides do not become postures. Lying is an
inclination that nobody holds for `lying_after_s` on their feet or on a chair.
"""

from __future__ import annotations

import math

from .rules import Rules, ticks
from .states import Activity
from .trunk import TICK_S, SegmentState

MEMORY_S = 1.0
"""Time constant of the two energies: about one stride."""

LYING_HYSTERESIS_DEG = 10.0
"""Lying ends this far below where it began."""


class ActivityWatch:
    """One wearer's activity, tick by tick."""

    def __init__(self, rules: Rules) -> None:
        self._share = 1.0 - math.exp(-TICK_S / MEMORY_S)
        self.follow(rules)
        self.reset()

    def follow(self, rules: Rules) -> None:
        """Go by these numbers from now on."""
        self._turning_limit = math.radians(rules.moving_gyr_deg_s) ** 2
        self._shaking_limit = rules.moving_acc_m_s2**2
        self._hold_ticks = ticks(rules.moving_hold_s)
        self._lying_ticks = ticks(rules.lying_after_s)
        self._lying_cos = math.cos(math.radians(rules.lying_deg))
        self._rising_cos = math.cos(math.radians(rules.lying_deg - LYING_HYSTERESIS_DEG))

    def reset(self) -> None:
        """Forget everything: the sensor was lost."""
        self._turning = 0.0
        self._shaking = 0.0
        self._hold = 0
        self._low = 0
        self._lying = False

    def step(self, segment: SegmentState, up_z: float) -> Activity:
        """Take one tick; `up_z` is the vertical part of "up" in the frame of the neutral."""
        self._turning += self._share * (segment.gyr_rms_rad_s**2 - self._turning)
        self._shaking += self._share * (segment.acc_rms_m_s2**2 - self._shaking)
        if self._turning > self._turning_limit or self._shaking > self._shaking_limit:
            self._hold = self._hold_ticks
        elif self._hold:
            self._hold -= 1
        if up_z < (self._rising_cos if self._lying else self._lying_cos):
            self._low += 0 if self._hold and not self._lying else 1
            self._lying = self._lying or self._low >= self._lying_ticks
        else:
            self._low = 0
            self._lying = False
        if self._lying:
            return Activity.LYING
        return Activity.MOVING if self._hold else Activity.STILL
