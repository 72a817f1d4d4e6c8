"""Walks as witnesses: nobody walks bent by much, so where "up" points while walking is a natural upright."""

from __future__ import annotations

import math
from collections import deque
from statistics import median

from .neutral_check import FitRules
from .trunk import TICK_S, Vector

PAUSE_TICKS = 10
"""A walk is over after a second without a step."""

STEPS_TICKS = round(2.0 / TICK_S)
"""Whoever bowed just before, or is on their feet anyway, walks when they step for so long; who sat still
until then may cough or laugh, and walks only when it lasts as long as a walk that says something."""

GETTING_UP_TICKS = round(5.0 / TICK_S)
"""From the bow of getting up to the first step."""

STANDING_TICKS = round(120.0 / TICK_S)
"""Between two walks people stand, and stand otherwise than they sit; half of these pauses last 20 s or less
(Orendurff 2008). Longer than this they seldom do."""

BOWED_DEG = 15.0
"""Who sits down bows: by 56–61° from standing (own measurement on FORTH-TRACE, one person twice; getting up,
47–57°). A walk's own sway stays within 9°."""

SITTING_DOWN_TICKS = round(3.0 / TICK_S)
"""After the bow one sinks and straightens."""

KEPT = 3
"""Walks that are looked at together: of three, one on the stairs does not count."""


class Walks:
    """Finds walks, and says how far the last ones were from how the wearer stands.

    Args:
        rules: the numbers.
        standing: (flexion, lateral) of standing, degrees from the neutral.

    Attributes:
        walking: whether a walk has begun that is not over.
        seated_from: from this tick on the wearer sits again, rather than standing about.
        lasted_s: how long the last walk was walked.
    """

    def __init__(self, rules: FitRules, standing: tuple[float, float]) -> None:
        self._rules = rules
        self._standing = standing
        self._bout_ticks = round(rules.bout_s / TICK_S)
        self._sum = (0.0, 0.0, 0.0)
        self._walked = 0
        self._last_step = 0
        self._bowed = -SITTING_DOWN_TICKS
        self._upright_deg = 0.0
        self._offs: deque[tuple[float, float]] = deque(maxlen=KEPT)
        self.walking = False
        self.seated_from = 0
        self.lasted_s = 0.0

    def take_step(self, tick: int, up: Vector) -> None:
        """Take a tick in which the wearer steps: its number, and where "up" is."""
        self.walking = True
        self._walked += 1
        self._last_step = tick
        x, y, z = self._sum = self._sum[0] + up[0], self._sum[1] + up[1], self._sum[2] + up[2]
        if self._walked < STEPS_TICKS or tick <= self._bowed + SITTING_DOWN_TICKS:
            return
        got_up = tick < self.seated_from or tick - self._walked <= self._bowed + GETTING_UP_TICKS
        if got_up or self._walked >= self._bout_ticks:
            self._upright_deg = _flexion_deg((x, y, z))
            self.seated_from = tick + STANDING_TICKS

    def move(self, tick: int, up: Vector) -> None:
        """Take a tick that is not still: whoever stands and bows sits down."""
        if _flexion_deg(up) > self._upright_deg + BOWED_DEG:
            self._bowed = tick
            self.seated_from = min(self.seated_from, tick + SITTING_DOWN_TICKS)

    def pause(self, tick: int) -> Vector | None:
        """Take a tick without a step, while `walking`; returns the mean "up" of a walk that is over, once."""
        if tick - self._last_step < PAUSE_TICKS:
            return None
        walked, (x, y, z) = self._walked, self._sum
        self._walked = 0
        self._sum = (0.0, 0.0, 0.0)
        self.walking = False
        if walked < self._bout_ticks:
            return None
        self.lasted_s = walked * TICK_S
        length = math.sqrt(x * x + y * y + z * z)
        return x / length, y / length, z / length

    def off(self, flexion_deg: float, lateral_deg: float) -> tuple[float, float] | None:
        """Take how a walk was held; returns the middle of the last ones, from standing and a walk's lean.

        None where there was only one.
        """
        stands, leans = self._standing
        self._offs.append((flexion_deg - stands - self._rules.walking_lean_deg, lateral_deg - leans))
        return None if len(self._offs) < 2 else self._middle()

    @property
    def count(self) -> int:
        """How many walks the middle rests on."""
        return len(self._offs)

    @property
    def agree(self) -> bool:
        """Whether there are enough walks, and all of them near their middle."""
        flexion, lateral = self._middle()
        return len(self._offs) == KEPT and all(
            math.hypot(f - flexion, s - lateral) <= self._rules.walks_agree_deg for f, s in self._offs
        )

    def _middle(self) -> tuple[float, float]:
        return median(off[0] for off in self._offs), median(off[1] for off in self._offs)


def _flexion_deg(up: Vector) -> float:
    return math.degrees(math.atan2(-up[0], up[2]))
