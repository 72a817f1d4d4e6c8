"""PURE: the rows of one session to its page: trace, slouches, distribution, exposure grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec

from firmware_py.posture.exposure import ANGLE_EDGES_DEG, HOLD_EDGES_S, eva_percent, percentile_deg
from firmware_py.posture.tally import Tally

from . import charts
from .figures import Figures
from .views import SessionLine


def _classes(edges: Sequence[float], lowest: str) -> list[str]:
    names = [lowest + f"{edges[0]:g}"]
    names += [f"{low:g}–{high:g}" for low, high in pairwise(edges)]
    return [*names, f"≥ {edges[-1]:g}"]


ANGLE_CLASSES_DEG = _classes(ANGLE_EDGES_DEG, "< ")
HOLD_CLASSES_S = _classes(HOLD_EDGES_S, "< ")
"""Names of the classes of the exposure variation; angle from neutral, and how long it was held."""

TRACE_LOW_DEG, TRACE_HIGH_DEG = -20, 50
"""The trace's axis; it grows with what was measured."""

PERCENTS = (10.0, 50.0, 90.0)


@dataclass(frozen=True, slots=True)
class TracePoint:
    """One minute: when it began, and the percentiles of its judged time (None without any)."""

    start_utc_ms: int
    end_utc_ms: int
    left: float
    right: float
    p10_deg: float | None
    p50_deg: float | None
    p90_deg: float | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a slouch began during a part of a session (x 0–1000)."""

    left: float
    right: float
    enter_deg: float


@dataclass(frozen=True, slots=True)
class Trace:
    """Coordinates of the flexion through a session (x 0–1000, y 0–100).

    `thresholds` is empty for a session whose device did not tell them.
    """

    low_deg: int
    high_deg: int
    median: str
    spread: str
    grid: list[tuple[float, int]]
    episodes: list[tuple[float, float]]
    reminders: list[float]
    points: list[TracePoint]
    thresholds: list[Threshold]

    def height(self, angle_deg: float) -> float:
        """Where an angle stands on the axis."""
        return round(charts.scale(angle_deg, self.low_deg, self.high_deg), 1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One degree, or a few, of the distribution; `share` of the judged time."""

    low_deg: int
    high_deg: int
    share: float
    left: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class SessionPage:
    """All that one session's page shows."""

    line: SessionLine
    tally: Tally
    p10_deg: float | None
    p50_deg: float | None
    p90_deg: float | None
    trace: Trace | None
    episodes: Sequence[Any]
    bars: list[Bar]
    exposure: list[list[float]]
    missing: int
    clock_trusted: bool

    @property
    def variation_deg(self) -> float | None:
        """P90 − P10."""
        if self.p10_deg is None or self.p90_deg is None:
            return None
        return self.p90_deg - self.p10_deg


def session_page(
    line: SessionLine,
    minutes: Sequence[tuple[Any, Tally]],
    episodes: Sequence[Any],
    missing: int,
    clock_trusted: bool,
    told: Sequence[Any] = (),
) -> SessionPage:
    """A session from its rows; each minute's row with its tally unpacked.

    `told` are the messages that say where a slouch begins, with `at_utc_ms` and `payload`.
    """
    tally = Tally()
    for _, part in minutes:
        tally += part
    p10, p50, p90 = (known(percentile_deg(tally.flexion, percent)) for percent in PERCENTS)
    return SessionPage(
        line,
        tally,
        p10,
        p50,
        p90,
        trace(line, minutes, episodes, told),
        episodes,
        bars(tally),
        eva_percent(tally) if tally.eva else [],
        missing,
        clock_trusted,
    )


def known(value: float) -> float | None:
    """A number, or None for NaN."""
    return None if math.isnan(value) else value


def trace(
    line: SessionLine,
    minutes: Sequence[tuple[Any, Tally]],
    episodes: Sequence[Any],
    told: Sequence[Any] = (),
) -> Trace | None:
    """The flexion minute by minute; None where no minute was judged."""
    start, span = line.start_utc_ms, max(1, line.end_utc_ms - line.start_utc_ms)

    def x(at_utc_ms: float) -> float:
        return round(charts.WIDTH * (at_utc_ms - start) / span, 1)

    points = []
    for row, tally in minutes:
        p10, p50, p90 = (known(percentile_deg(tally.flexion, percent)) for percent in PERCENTS)
        left, right = x(row.start_utc_ms), x(row.end_utc_ms)
        points.append(
            TracePoint(row.start_utc_ms, row.end_utc_ms, left, right, p10, p50, p90, Figures.of(row))
        )
    judged = [p for p in points if p.p10_deg is not None and p.p90_deg is not None]
    if not judged:
        return None
    low = min(TRACE_LOW_DEG, *(10 * int((p.p10_deg or 0.0) // 10) for p in judged))
    high = max(TRACE_HIGH_DEG, *(10 * -int(-(p.p90_deg or 0.0) // 10) for p in judged))

    def series(name: str) -> list[tuple[float, float | None]]:
        out: list[tuple[float, float | None]] = []
        for p in points:
            value = getattr(p, name)
            out.append(((p.left + p.right) / 2, None if value is None else charts.scale(value, low, high)))
        return out

    reach = 1.5 * charts.WIDTH * 60_000 / span
    marks = [e for e in episodes if e.start_utc_ms is not None]
    step = 10 if high - low <= 80 else 20
    return Trace(
        low,
        high,
        charts.line(series("p50_deg"), reach),
        charts.area(series("p10_deg"), series("p90_deg"), reach),
        [(charts.scale(angle, low, high), angle) for angle in range(low, high + 1, step)],
        [(x(e.start_utc_ms), x(e.end_utc_ms or line.end_utc_ms)) for e in marks],
        [x(e.start_utc_ms + (e.alerted_s - e.start_s) * 1000) for e in marks if e.alerted_s is not None],
        points,
        thresholds([(x(row.at_utc_ms), row.payload) for row in told if row.at_utc_ms is not None]),
    )


class _Told(msgspec.Struct):
    """What `session_started` and `rules_changed` say of where a slouch begins."""

    slouch_enter_deg: float | None = None
    rules: dict[str, float] = {}


class _Envelope(msgspec.Struct):
    data: _Told


def thresholds(told: Sequence[tuple[float, str]]) -> list[Threshold]:
    """Where a slouch began, from the messages of a session: each with its place (x) and its payload."""
    steps: list[tuple[float, float]] = []
    for place, payload in told:
        data = msgspec.json.decode(payload, type=_Envelope).data
        enter_deg = data.rules.get("slouch_enter_deg", data.slouch_enter_deg)
        if enter_deg is not None and (not steps or steps[-1][1] != enter_deg):
            steps.append((min(charts.WIDTH, max(0.0, place)), enter_deg))
    pairs = pairwise([*steps, (charts.WIDTH, math.nan)])
    return [Threshold(left, right, enter_deg) for (left, enter_deg), (right, _) in pairs]


def bars(tally: Tally, step_deg: int = 2) -> list[Bar]:
    """The distribution of the judged time over the angles, in bars of `step_deg`."""
    judged = sum(tally.flexion.values())
    if not judged:
        return []
    counts: dict[int, int] = {}
    for degree, count in tally.flexion.items():
        counts[degree // step_deg] = counts.get(degree // step_deg, 0) + count
    first, last = min(min(counts), -10 // step_deg), max(max(counts), 30 // step_deg)
    highest = max(counts.values()) / judged
    width = charts.WIDTH / (last - first + 1)
    out = []
    for index in range(first, last + 1):
        share = counts.get(index, 0) / judged
        left = (index - first) * width
        out.append(
            Bar(
                index * step_deg,
                (index + 1) * step_deg,
                share,
                round(left, 1),
                round(left + width, 1),
                round(charts.scale(share, 0.0, highest * 1.05), 1),
            )
        )
    return out
