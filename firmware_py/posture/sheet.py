"""A tally in the making: readings come in, ten a second; a tally goes out."""

from __future__ import annotations

import math

from .events import Reading
from .exposure import EvaCounter, HoldCounter
from .tally import FLEXION_HIGH_DEG, FLEXION_LOW_DEG, Tally


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

    def so_far(self) -> Tally:
        """The tally of what was counted until now; the sheet stays as it is."""
        return Tally(
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

    def take(self) -> Tally:
        """The tally so far; the sheet is blank afterwards."""
        tally = self.so_far()
        self._eva.cells.clear()
        self._holds.counts.clear()
        self._reset()
        return tally


def _plain(counts: dict[str, int]) -> dict[str, int]:
    """The same counts under plain strings, in one order."""
    return {str(key): counts[key] for key in sorted(counts)}
