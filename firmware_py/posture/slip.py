"""A strap that slipped: supposed from one turn of the sensor about itself, held against what follows.

Theory of operation. `travel.py` tells the turn of a strap from that of a back. Whether it stays is what
the next seconds tell: a hand may put the strap right. Somebody whose strap slipped does not sit still for
it, though: they lean, bow and slouch on. So the level of each posture held is compared with the one from
before the supposed slip in two ways: as it is, and without what the back did meanwhile, the turns in
which the sensor travelled beyond doubt. Either may show that the slip still stands. It is over where a
turn about itself took it back, or where the old level is held and no back went there.

Some backs all but turn about the sensor as they slump and straighten, in the sagittal plane and in front of
upright. So the end of a slouch is no slip unless the sensor surely did not travel, nor there is any turn of
a wear that has shown two such turns of a back; what is in doubt is left to walks and creep.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import median

from .neutral_check import FitRules
from .travel import Turn
from .trunk import TICK_S

Angles = tuple[float, float]
"""Flexion and lateral bend, degrees, from the neutral in force (`docs/frames.md`)."""

NEAR_TURNS = 2
"""After so many turns of a wear about a point near the sensor its wearer's back is taken to do that."""

LEVEL_TICKS = 50
LEVEL_DEG = 4.0
"""Five still seconds within this are one posture: breathing, sway and a fidget, not a change."""

BENT_DEG = 10.0
"""From here on somebody slouches (the threshold of `rules.py`): the way back is a straightening."""

RATHER = 2.0 / 3.0
"""A level is that of the slip where it is nearer to that than to the one before the slip, by this ratio, and
the other way round; between them, it may be either."""

HURRY_DEG, HURRY_TICKS = 3.0, 10
"""Less than 3° in a second is too slow for a hand, but not for a back that slides into a slouch."""


class SlipWatch:
    """Follows one supposed slip at a time, through a wear.

    Args:
        rules: the limits.
    """

    def __init__(self, rules: FitRules) -> None:
        self._rules = rules
        self._settled_ticks = round(rules.settled_s / TICK_S)
        self._lasting_ticks = round(rules.lasting_s / TICK_S)
        self._open_ticks = round(rules.open_s / TICK_S)
        self._near = 0
        self._forget()

    def _forget(self) -> None:
        self._age = -1
        self._slip: Angles = (0.0, 0.0)
        self._before: Angles = (0.0, 0.0)
        self._carried: Angles = (0.0, 0.0)
        self._last: Angles = (0.0, 0.0)
        self._leave()

    def _leave(self) -> None:
        """The posture held is left."""
        self._levels: deque[Angles] = deque(maxlen=LEVEL_TICKS)
        self._passed: deque[Angles] = deque(maxlen=HURRY_TICKS)
        self._holds = False
        self._by_back = self._otherwise = self._hurried = False

    @property
    def open(self) -> bool:
        """Whether a slip is supposed, and `step` wants to be told each tick."""
        return self._age >= 0

    def turned(self, turn: Turn, before: Angles, after: Angles) -> None:
        """The sensor turned quickly, by itself or carried by the back.

        Args:
            turn: how.
            before: the angles when it began.
            after: the angles when it was over.
        """
        change = _minus(after, before)
        own = self._a_backs_own(turn, before, after)
        slips = turn.about_itself and not own
        self._near += own
        if slips and not self.open:
            self._before, self._last = before, before
            self._age = 0
        if not self.open:
            return
        if slips:
            self._slip, self._last = _plus(self._slip, change), _plus(self._last, change)
            self._age = 0
        elif turn.carried:
            self._by_back = True
        else:
            self._otherwise = True
        self._levels.clear()
        self._passed.clear()
        self._holds = self._hurried = False

    def _a_backs_own(self, turn: Turn, before: Angles, after: Angles) -> bool:
        """Whether a turn near the sensor is that of a back which slumps or straightens, as seen before."""
        flexion, lateral = _minus(after, before)
        if abs(flexion) <= abs(lateral) or after[0] <= -self._rules.stale_deg or turn.surely_about_itself:
            return False
        if turn.near_itself:
            return True
        straightens = before[0] >= BENT_DEG and math.hypot(*after) <= self._rules.stale_deg
        return turn.about_itself and (straightens or self._near >= NEAR_TURNS)

    def step(self, angles: Angles, quiet: bool) -> Angles | None:
        """Take a tick while a slip is supposed; the slip, once it has lasted.

        Args:
            angles: of the upper back.
            quiet: whether the wearer sits still.
        """
        self._age += 1
        self._hurried |= bool(self._passed) and math.dist(angles, self._passed[0]) > HURRY_DEG
        self._passed.append(angles)
        moved = None
        if quiet:
            self._levels.append(angles)
            if _is_one_level(self._levels):
                moved = self._hold(_middle(self._levels))
            else:
                self._holds = False
        if self._age < self._settled_ticks:
            return None
        if self._age > self._open_ticks or math.hypot(*self._slip) < self._rules.slip_deg:
            self._forget()
        elif moved is not None:
            return self._weigh(moved)
        return None

    def _hold(self, level: Angles) -> Angles:
        """A posture is held; how far it is from the one before the slip."""
        if self._holds or (not self._otherwise and (self._by_back or not self._hurried)):
            # Back turns led here, or the posture goes on, or slid here: no hand put the strap back.
            self._carried = _plus(self._carried, _minus(level, self._last))
        self._last, self._holds = level, True
        self._by_back = self._otherwise = self._hurried = False
        return _minus(level, self._before)

    def _weigh(self, moved: Angles) -> Angles | None:
        slip = self._slip
        views = moved, _minus(moved, self._carried)
        if any(_stands(slip, by) for by in views):
            if self._age < self._lasting_ticks:
                return None
            self._forget()
            return slip
        if all(_is_gone(slip, by) for by in views):
            self._forget()  # a hand at the strap
        return None


def _stands(slip: Angles, moved: Angles) -> bool:
    """Whether a level has moved along the slip by rather all of it; what a back does across it is its own."""
    share = (moved[0] * slip[0] + moved[1] * slip[1]) / (slip[0] * slip[0] + slip[1] * slip[1])
    return abs(share - 1.0) <= min(RATHER * abs(share), 1.0)


def _is_gone(slip: Angles, moved: Angles) -> bool:
    """Whether a level is rather the one from before the slip, along it and across."""
    return math.hypot(*moved) <= min(RATHER * math.dist(moved, slip), math.hypot(*slip))


def _plus(a: Angles, b: Angles) -> Angles:
    return a[0] + b[0], a[1] + b[1]


def _minus(a: Angles, b: Angles) -> Angles:
    return a[0] - b[0], a[1] - b[1]


def _is_one_level(levels: deque[Angles]) -> bool:
    """Whether the last still moments are of one posture, held."""
    if len(levels) < LEVEL_TICKS:
        return False
    return all(max(angles) - min(angles) < LEVEL_DEG for angles in zip(*levels, strict=True))


def _middle(levels: deque[Angles]) -> Angles:
    return median(level[0] for level in levels), median(level[1] for level in levels)
