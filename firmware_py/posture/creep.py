"""A strap that creeps carries the wearer's upright away, little by little.

Theory of operation. People leave their upright and come back to it, each time by a few degrees
otherwise (own measurement: median 2.4° sagittal, a third of that sideways). A creeping strap moves
the place they come back to. So the watch keeps a *centre*: it looks at the still moments near it, a
slouch of any length being far away, and lets the centre follow their mean of the last five minutes,
but no faster than a strap creeps; in minutes without any the strap may have crept on, so "near" grows
wider by as much. What the centre has moved by from the neutral is the creep.

A slow change of posture by the same amount looks the same; that is why the limits stand above what
twenty simulated working days do (6.1° and 3.0°). A creep of 10° an hour is therefore found after half
an hour sideways, and after an hour sagittally: a person's own return to upright is no more exact, and
no other way of adding up the same returns was found sooner (`docs/calibration.md`).
"""

from __future__ import annotations

from collections import deque

MINUTE_TICKS = 600
MINUTES = 5
NEAR_SHARE = 0.3
"""Least share of a minute's still ticks near the centre for the minute to count."""

GATE_FLEXION_DEG = 7.0
GATE_LATERAL_DEG = 5.0
FASTEST_DEG = 0.2
"""Most that the centre moves in a minute: 12° an hour."""

LIMIT_FLEXION_DEG = 6.5
LIMIT_LATERAL_DEG = 3.3


class CreepWatch:
    """Watches the upright of one wear.

    Attributes:
        centre: (flexion, lateral) degrees from the neutral of the upright that the wearer comes back to.
    """

    def __init__(self) -> None:
        self._minutes: deque[tuple[float, float]] = deque(maxlen=MINUTES)
        self._count = self._near = 0
        self._flexion = self._lateral = 0.0
        self.centre = (0.0, 0.0)
        self._lonely = 0

    def step(self, flexion_deg: float, lateral_deg: float) -> tuple[float, float] | None:
        """Take a still tick; return how far the upright has moved (flexion, lateral) once that is too far."""
        f0, s0 = self.centre
        wider = self._lonely * FASTEST_DEG
        if (
            abs(flexion_deg - f0) < GATE_FLEXION_DEG + wider
            and abs(lateral_deg - s0) < GATE_LATERAL_DEG + wider
        ):
            self._near += 1
            self._flexion += flexion_deg
            self._lateral += lateral_deg
        self._count += 1
        if self._count < MINUTE_TICKS:
            return None
        if self._near < NEAR_SHARE * MINUTE_TICKS:
            self._lonely += 1
        else:
            self._minutes.append((self._flexion / self._near, self._lateral / self._near))
            flexion = sum(minute[0] for minute in self._minutes) / len(self._minutes)
            lateral = sum(minute[1] for minute in self._minutes) / len(self._minutes)
            most = FASTEST_DEG * (1 + self._lonely)
            self.centre = (f0 + _limited(flexion - f0, most), s0 + _limited(lateral - s0, most))
            self._lonely = 0
        self._count = self._near = 0
        self._flexion = self._lateral = 0.0
        if abs(self.centre[0]) > LIMIT_FLEXION_DEG or abs(self.centre[1]) > LIMIT_LATERAL_DEG:
            return self.centre
        return None


def _limited(change_deg: float, most_deg: float) -> float:
    return max(-most_deg, min(most_deg, change_deg))
