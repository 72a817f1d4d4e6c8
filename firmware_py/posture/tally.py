"""What a stretch of time amounted to. Tallies add: minute + minute = session = day = week."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .exposure import EvaCounter, HoldCounter

if TYPE_CHECKING:  # events.py needs Tally
    from .events import Reading

FLEXION_LOW_DEG, FLEXION_HIGH_DEG = -90, 179
"""Ends of the flexion counts; what lies beyond is counted in the last bin."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts only, so that adding is exact and order does not matter; one tick is 0.1 s.

    Attributes:
        ticks: all ticks of the stretch, judged or not.
        judged: ticks that were judged.
        posture: ticks by `Posture` value.
        activity: ticks by `Activity` value.
        unjudged: ticks by `Unjudged` value; with `judged` they add up to `ticks`.
        flexion: judged ticks by whole degree of flexion, floor, clipped to [-90, 179].
        slouches: slouch episodes that began.
        alerts: alerts given.
        withheld: alerts held back, by `Withheld` value.
        corrections: slouches that the wearer corrected after an alert.
        correction_ticks: time from the first alert to the correction, summed over `corrections`.
        breaks: nudges for a break.
        eva: ticks of judged time by `"angle class,hold class"`, both counted from 0
            (Exposure Variation Analysis, `exposure.py`).
        holds: static holds by angle class, `exposure.HoldCounter`.
    """

    ticks: int = 0
    judged: int = 0
    posture: dict[str, int] = field(default_factory=dict)
    activity: dict[str, int] = field(default_factory=dict)
    unjudged: dict[str, int] = field(default_factory=dict)
    flexion: dict[int, int] = field(default_factory=dict)
    slouches: int = 0
    alerts: int = 0
    withheld: dict[str, int] = field(default_factory=dict)
    corrections: int = 0
    correction_ticks: int = 0
    breaks: int = 0
    eva: dict[str, int] = field(default_factory=dict)
    holds: dict[str, int] = field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        """The tally of both stretches together; commutative and associative, `Tally()` is neutral."""
        if not isinstance(other, Tally):
            return NotImplemented
        return Tally(**{name: _added(getattr(self, name), getattr(other, name)) for name in Tally.__slots__})


def _added(mine: Any, theirs: Any) -> Any:  # Any: a field is a count or a table of counts
    if not isinstance(mine, dict):
        return mine + theirs
    total = dict(mine)
    for key, count in theirs.items():
        total[key] = total.get(key, 0) + count
    return total


class TallySheet:
    """A tally in the making: what `sessions.py` writes on, ten times a second."""

    def __init__(self) -> None:
        self._eva = EvaCounter()
        self._holds = HoldCounter()
        self._reset()

    def _reset(self) -> None:
        self.ticks = 0
        self.judged = 0
        self.posture: dict[str, int] = {}
        self.activity: dict[str, int] = {}
        self.unjudged: dict[str, int] = {}
        self.flexion: dict[int, int] = {}
        self.slouches = 0
        self.alerts = 0
        self.withheld: dict[str, int] = {}
        self.corrections = 0
        self.correction_ticks = 0
        self.breaks = 0

    def add(self, reading: Reading) -> None:
        """Count one tick."""
        self.ticks += 1
        self.posture[reading.posture] = self.posture.get(reading.posture, 0) + 1
        self.activity[reading.activity] = self.activity.get(reading.activity, 0) + 1
        if reading.unjudged is None:
            self.judged += 1
            degree = min(max(math.floor(reading.flexion_deg), FLEXION_LOW_DEG), FLEXION_HIGH_DEG)
            self.flexion[degree] = self.flexion.get(degree, 0) + 1
            self._eva.step(reading.flexion_deg)
            self._holds.step(reading.upper_deg)
        else:
            self.interrupt()
            self.unjudged[reading.unjudged] = self.unjudged.get(reading.unjudged, 0) + 1

    def interrupt(self) -> None:
        """What was held is held no longer, as far as anybody knows."""
        self._eva.interrupt()
        self._holds.interrupt()

    def take(self) -> Tally:
        """The tally so far; the sheet is blank afterwards."""
        tally = Tally(
            ticks=self.ticks,
            judged=self.judged,
            posture=_plain(self.posture),
            activity=_plain(self.activity),
            unjudged=_plain(self.unjudged),
            flexion=dict(sorted(self.flexion.items())),
            slouches=self.slouches,
            alerts=self.alerts,
            withheld=_plain(self.withheld),
            corrections=self.corrections,
            correction_ticks=self.correction_ticks,
            breaks=self.breaks,
            eva=dict(sorted(self._eva.cells.items())),
            holds=dict(sorted(self._holds.counts.items())),
        )
        self._eva.cells.clear()
        self._holds.counts.clear()
        self._reset()
        return tally


def _plain(counts: dict[str, int]) -> dict[str, int]:
    """The same counts under plain strings, in one order."""
    return {str(key): counts[key] for key in sorted(counts)}
