"""Whether a sensor is there, from the absence of its samples: a lost packet is not a lost sensor."""

from __future__ import annotations

from .blocks import Place, Remark, RemarkKind
from .events import Event, SensorBack, SensorLost
from .rules import Rules, ticks
from .trunk import TICKS_PER_S, SegmentState


class Presence:
    """One sensor's presence. `lost` is True from the event that told it until samples return.

    Attributes:
        lost: no samples for longer than the limit.
        settled: the filter has trusted itself at least once since the samples (re)turned.
    """

    def __init__(self, place: Place, rules: Rules) -> None:
        self.lost = False
        self.settled = False
        self._place = place
        self._missing = 0
        self._why = ""
        self.follow(rules)

    def follow(self, rules: Rules) -> None:
        """Go by these numbers from now on."""
        self._limit_ticks = ticks(rules.lost_after_s)

    def step(self, tick: int, segment: SegmentState | None, remarks: tuple[Remark, ...]) -> list[Event]:
        """Take one tick."""
        for remark in remarks:
            if remark.place is self._place and remark.kind is RemarkKind.LOST:
                self._why = remark.detail
        if segment is not None:
            events: list[Event] = []
            if self.lost:
                events.append(SensorBack(tick / TICKS_PER_S, self._place, self._missing / TICKS_PER_S))
                self.settled = False
            self.lost = False
            self._missing = 0
            self._why = ""
            self.settled = self.settled or segment.trusted
            return events
        self._missing += 1
        if self.lost or self._missing <= self._limit_ticks:
            return []
        self.lost = True
        reason = self._why or f"no samples for {self._limit_ticks / TICKS_PER_S:g} s"
        return [SensorLost(tick / TICKS_PER_S, self._place, reason)]
