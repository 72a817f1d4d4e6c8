"""How long the back is held where: percentiles, shares, the exposure-variation grid, static holds.

Pure functions of a tally, and the two counters that fill its grid and its holds tick by tick.

- Percentiles (APDF, amplitude probability distribution, Jonsson 1982): P10 is the calm end, P50 the
  usual, P90 the strained end; P90 − P10 says how much the wearer varies.
- EVA, exposure-variation analysis (Mathiassen & Winkel 1991): the judged time by angle and by how
  long that angle was kept without a break.
- A *static* posture stays within ±5° for at least 4 s (EN 1005-4); the longest acceptable hold of an
  unsupported trunk inclined by a degrees, 20 < a ≤ 60, is 240 − 4.5·(a − 20) s, above 60° none
  (after ISO 11226, linearised).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .trunk import TICK_S, TICKS_PER_S

if TYPE_CHECKING:  # tally.py uses the counters
    from .tally import Tally

ANGLE_EDGES_DEG = (0.0, 10.0, 20.0, 30.0, 45.0, 60.0)
"""Edges of the seven angle classes: <0, 0–10, 10–20, 20–30, 30–45, 45–60, ≥60°."""

HOLD_EDGES_S = (1.0, 3.0, 7.0, 15.0, 31.0, 63.0)
"""Edges of the seven hold classes: <1, 1–3, 3–7, 7–15, 15–31, 31–63, ≥63 s."""

SHARES_ABOVE_DEG = (20, 30, 45, 60)

STATIC_WITHIN_DEG = 5.0
STATIC_LEAST_S = 4.0
FREE_BELOW_DEG = 20.0
NEVER_ABOVE_DEG = 60.0

_HOLD_EDGES_TICKS = tuple(round(edge * TICKS_PER_S) for edge in HOLD_EDGES_S)
_STATIC_LEAST_TICKS = round(STATIC_LEAST_S * TICKS_PER_S)


def percentile_deg(flexion: Mapping[int, int], percent: float) -> float:
    """Percentile of the readings behind `Tally.flexion`, from the middles of their 1° bins.

    Never more than half a degree from `numpy.percentile` of the readings themselves (its linear method,
    taken over here), as long as they lie within the bins' range. NaN without readings.

    Args:
        flexion: ticks by whole degree (floor).
        percent: 0 to 100.
    """
    total = sum(flexion.values())
    if total == 0:
        return math.nan
    place = (total - 1) * percent / 100.0
    first = math.floor(place)
    low = _ranked(flexion, first)
    high = _ranked(flexion, min(first + 1, total - 1))
    return low + (place - first) * (high - low) + 0.5


def _ranked(flexion: Mapping[int, int], rank: int) -> int:
    """The bin that holds the reading of this rank, counted from 0."""
    below = 0
    degrees = sorted(flexion)
    for degree in degrees:
        below += flexion[degree]
        if below > rank:
            return degree
    return degrees[-1]


def share_above(tally: Tally, angle_deg: int) -> float:
    """Share of the judged time at or above a whole angle, 0 to 1; NaN where nothing was judged."""
    if tally.judged == 0:
        return math.nan
    return sum(count for degree, count in tally.flexion.items() if degree >= angle_deg) / tally.judged


def spread_deg(flexion: Mapping[int, int]) -> float:
    """P90 − P10 of the readings, degrees: how much the posture varies. NaN without readings."""
    return percentile_deg(flexion, 90.0) - percentile_deg(flexion, 10.0)


def eva_percent(tally: Tally) -> list[list[float]]:
    """The grid: 7 rows (angle classes) of 7 cells (hold classes), % of the judged time, adding up to 100.

    Complete for a session or a sum of sessions: a hold is counted in the minute in which it ends, so a
    single minute may hold more time in its cells than it lasted. All zero where nothing was judged.
    """
    total = sum(tally.eva.values())
    size = len(ANGLE_EDGES_DEG) + 1
    return [
        [100.0 * tally.eva.get(f"{angle},{hold}", 0) / total if total else 0.0 for hold in range(size)]
        for angle in range(size)
    ]


def acceptable_hold_s(angle_deg: float) -> float:
    """Longest acceptable hold of the trunk inclined forward by an angle, seconds; infinite up to 20°."""
    if angle_deg <= FREE_BELOW_DEG:
        return math.inf
    if angle_deg > NEVER_ABOVE_DEG:
        return 0.0
    return 240.0 - 4.5 * (angle_deg - 20.0)


class EvaCounter:
    """Fills the grid: ticks by `"angle class,hold class"`, both counted from 0."""

    def __init__(self) -> None:
        self.cells: dict[str, int] = {}
        self._class = -1
        self._ticks = 0

    def step(self, flexion_deg: float) -> None:
        """Take a judged tick."""
        angle = bisect_right(ANGLE_EDGES_DEG, flexion_deg)
        if angle != self._class:
            self.interrupt()
            self._class = angle
        self._ticks += 1

    def interrupt(self) -> None:
        """The hold is over: a tick was not judged, or the session ends."""
        if self._ticks:
            cell = f"{self._class},{bisect_right(_HOLD_EDGES_TICKS, self._ticks)}"
            self.cells[cell] = self.cells.get(cell, 0) + self._ticks
        self._class = -1
        self._ticks = 0


class HoldCounter:
    """Counts static holds, and those longer than acceptable, by angle class of their mean.

    `counts` has `"a"` for the holds in angle class a, `"a long"` for those of them that lasted longer
    than acceptable, and `"a ticks"` for the time in them. A hold lasts as long as the angle stays within
    ±5° of the mean of the hold so far.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._ticks = 0
        self._sum_deg = 0.0

    def step(self, inclination_deg: float) -> None:
        """Take a judged tick: inclination of the upper trunk."""
        if self._ticks and abs(inclination_deg - self._sum_deg / self._ticks) > STATIC_WITHIN_DEG:
            self.interrupt()
        self._ticks += 1
        self._sum_deg += inclination_deg

    def interrupt(self) -> None:
        """The hold is over: the trunk moved on, a tick was not judged, or the session ends."""
        if self._ticks >= _STATIC_LEAST_TICKS:
            mean_deg = self._sum_deg / self._ticks
            band = str(bisect_right(ANGLE_EDGES_DEG, mean_deg))
            keys = [(band, 1), (f"{band} ticks", self._ticks)]
            if self._ticks * TICK_S > acceptable_hold_s(mean_deg):
                keys.append((f"{band} long", 1))
            for key, count in keys:
                self.counts[key] = self.counts.get(key, 0) + count
        self._ticks = 0
        self._sum_deg = 0.0
