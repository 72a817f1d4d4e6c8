"""What a stretch of time amounted to. Tallies add: minute + minute = session = day = week."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
