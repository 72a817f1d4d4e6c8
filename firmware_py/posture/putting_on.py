"""After putting on: does the wearer sit as they did the last time? Asked in the first minute, and later.

The most upright five still seconds of the first minute are compared with the last wear's neutral. Who
slouched through that minute looks just like a strap that sits otherwise. So a bad verdict is not the last
word: who later sits for half of a minute within the limit of the neutral is at home in it. After a doubt
it then fits; after "no longer fits" the doubt remains, for a strap that sits otherwise has some other
posture at the old neutral.
"""

from __future__ import annotations

import math

from .neutral_check import Fit, FitCause, FitRules, FitVerdict, still_fits, tilt_deg
from .trunk import TICK_S, Vector

MINUTE_TICKS = round(60.0 / TICK_S)


class PuttingOn:
    """Watches one wear from its beginning."""

    def __init__(self, rules: FitRules) -> None:
        self._rules = rules
        self._first_ticks = round(rules.first_minute_s / TICK_S)
        self._still_ticks = round(rules.still_s / TICK_S)
        self._home_ticks = round(rules.home_s / TICK_S)
        self._age = 0
        self._best: FitVerdict | None = None
        self._told = self._settled = False
        self._sum = (0.0, 0.0, 0.0)
        self._still = 0
        self._home = 0

    @property
    def over(self) -> bool:
        """Whether it has nothing more to say."""
        return self._settled

    def step(self, up: Vector, quiet: bool) -> FitVerdict | None:
        """Take a tick; says something where there is something new to say.

        Args:
            up: unit vector "up" in the frame whose neutral is (0, 0, 1).
            quiet: whether the wearer sits still.
        """
        self._age += 1
        if not self._told:
            return self._compare(up, quiet)
        if self._age % MINUTE_TICKS == 0:
            self._home = 0
        if quiet and self._best is not None and not self._settled:
            off_deg = tilt_deg(up)
            self._home += off_deg <= self._rules.take_over_deg
            if self._home == self._home_ticks:
                return self._came_home(off_deg)
        return None

    def _compare(self, up: Vector, quiet: bool) -> FitVerdict | None:
        if not quiet:
            self._still = 0
            self._sum = (0.0, 0.0, 0.0)
        else:
            x, y, z = self._sum
            self._sum = (x + up[0], y + up[1], z + up[2])
            self._still += 1
            if self._still == self._still_ticks:
                found = still_fits(_unit(self._sum), self._rules)
                if self._best is None or found.off_deg < self._best.off_deg:
                    self._best = found
                self._still = 0
                self._sum = (0.0, 0.0, 0.0)
        if self._best is None or (self._best.fit is not Fit.FITS and self._age < self._first_ticks):
            return None
        self._told = True
        self._settled = self._best.fit is Fit.FITS
        return self._best

    def _came_home(self, off_deg: float) -> FitVerdict:
        self._settled = True
        stale = self._best is not None and self._best.fit is Fit.STALE
        fit = Fit.DOUBTFUL if stale else Fit.FITS
        reason = "you came back to your upright"
        if stale:
            reason = "you came near your upright again; sit upright for 5 s and press once to make sure"
        self._best = FitVerdict(fit, off_deg, reason, cause=FitCause.SAT_UPRIGHT)
        return self._best


def _unit(v: Vector) -> Vector:
    length = math.sqrt(sum(c * c for c in v)) or 1.0
    return v[0] / length, v[1] / length, v[2] / length
