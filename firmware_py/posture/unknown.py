"""When unknown posture has lasted so long that the wearer should hear of it.

Unknown is never counted as good, so hours of it are hours that nobody measured: a strap that hangs
loose, a calibration that no longer fits, a filter that does not trust itself. Walking and lying are not
judged either, but then it is known what the wearer does; they neither add to that time nor end it.
"""

from __future__ import annotations

from .events import Event, PostureUnknown, Reading
from .rules import Rules, ticks
from .states import Unjudged
from .trunk import TICKS_PER_S

_ACCOUNTED_FOR = (Unjudged.MOVING, Unjudged.LYING, Unjudged.EXERCISE)


class UnknownWatch:
    """Time in which a worn sensor told nothing, tick by tick."""

    def __init__(self, rules: Rules) -> None:
        self.follow(rules)
        self.restart()

    def follow(self, rules: Rules) -> None:
        """Go by these numbers from now on."""
        self._limit_ticks = ticks(rules.unknown_notice_s)

    def restart(self) -> None:
        """Something was judged, or a session began."""
        self._since: int | None = None
        self._unknown = 0
        self._told = False

    def step(self, tick: int, reading: Reading) -> list[Event]:
        """Take one tick."""
        reason = reading.unjudged
        if reason is None or reason is Unjudged.NOT_WORN:
            if self._since is not None:
                self.restart()
            return []
        if reason in _ACCOUNTED_FOR:
            return []
        if self._since is None:
            self._since = tick
        self._unknown += 1
        if self._told or self._unknown < self._limit_ticks:
            return []
        self._told = True
        return [PostureUnknown(tick / TICKS_PER_S, self._since / TICKS_PER_S, reason)]
