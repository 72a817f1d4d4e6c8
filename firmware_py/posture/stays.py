"""Stays: what somebody sits in between two changes of posture, each one sample of how they hold it.

The unit of evidence about a creeping strap is not the tick. Ten minutes in one upright are one return to
it; what tells something new is the next. So the still ticks are averaged in blocks of 2.5 s, and blocks
that stay near one another are one stay, until the wearer has been elsewhere for ten seconds, or far away
for a moment: a cough does not end it, and after a reach to the floor they sit upright anew.
"""

from __future__ import annotations

from typing import NamedTuple

BLOCK_S = 2.5
LEAST_BLOCKS = 4
"""Ten seconds: what is held for less is a movement, and so is what is left for less."""

STAY_DEG = (4.0, 3.0)
"""Flexion and lateral: how far a block may be from the middle of the stay that it belongs to."""

BEGIN_DEG = (2.0, 1.5)
"""The same while a stay begins, so that a slow slide into a slouch, 2–3° a block, makes none half-way."""

LEFT_DEG = (10.0, 8.0)
"""Flexion and lateral: whoever was so far from where they sat returns to it no better than from any other
posture. It is what tells two postures apart (`creep_evidence.py`)."""


class Stay(NamedTuple):
    """One posture, held.

    Attributes:
        t_min: the middle of its time, minutes.
        at_deg: mean flexion and lateral angle.
        blocks: how many blocks it has.
    """

    t_min: float
    at_deg: tuple[float, float]
    blocks: int


class _Sum:
    def __init__(self, t_min: float, flexion_deg: float, lateral_deg: float) -> None:
        self.blocks, self._t, self._flexion, self._lateral = 1, t_min, flexion_deg, lateral_deg

    def add(self, t_min: float, flexion_deg: float, lateral_deg: float) -> None:
        self.blocks += 1
        self._t += t_min
        self._flexion += flexion_deg
        self._lateral += lateral_deg

    def near(self, flexion_deg: float, lateral_deg: float, within_deg: tuple[float, float]) -> bool:
        return (
            abs(flexion_deg - self._flexion / self.blocks) < within_deg[0]
            and abs(lateral_deg - self._lateral / self.blocks) < within_deg[1]
        )

    def stay(self) -> Stay:
        n = self.blocks
        return Stay(self._t / n, (self._flexion / n, self._lateral / n), n)


class StayFinder:
    """Joins blocks of still sitting to stays."""

    def __init__(self) -> None:
        self._held: _Sum | None = None
        self._begun: _Sum | None = None
        self._away = 0

    @property
    def held(self) -> Stay | None:
        """The stay that goes on, as far as it is known."""
        return None if self._held is None else self._held.stay()

    def moved(self, flexion_deg: float, lateral_deg: float) -> Stay | None:
        """Take where the wearer is for a moment, still or not; returns the stay that it ended, if any."""
        held = self._held
        if held is None or held.near(flexion_deg, lateral_deg, LEFT_DEG):
            return None
        self._held = self._begun = None
        self._away = 0
        return held.stay()

    def step(self, t_min: float, flexion_deg: float, lateral_deg: float) -> Stay | None:
        """Take the mean of a block, in order of time; returns the stay that it ended, if any."""
        held = self._held
        if held is not None and held.near(flexion_deg, lateral_deg, STAY_DEG):
            held.add(t_min, flexion_deg, lateral_deg)
            self._begun, self._away = None, 0
            return None
        ended = None
        self._away += 1
        if held is not None and self._away >= LEAST_BLOCKS:
            ended, self._held = held.stay(), None
        if self._begun is not None and self._begun.near(flexion_deg, lateral_deg, BEGIN_DEG):
            self._begun.add(t_min, flexion_deg, lateral_deg)
        else:
            self._begun = _Sum(t_min, flexion_deg, lateral_deg)
        if self._begun.blocks >= LEAST_BLOCKS:
            if self._held is not None:
                ended = self._held.stay()
            self._held, self._begun, self._away = self._begun, None, 0
        return ended
