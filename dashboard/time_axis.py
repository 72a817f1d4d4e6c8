"""PURE: where the clock times of a drawing's axis stand."""

from __future__ import annotations

from datetime import timedelta, tzinfo

from . import charts
from .days import Stretch, local

MINUTE_MS = 60_000
STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360)
"""Steps that people count time in."""

AT_MOST = 5
"""As many labels as stand side by side on a phone."""


def clock_ticks(stretch: Stretch, zone: tzinfo, at_most: int = AT_MOST) -> list[tuple[float, int]]:
    """Round times of the wearer's clock within a stretch, at most so many: x (0–1000) and absolute time.

    A change of the clock within the stretch leaves the later times an hour off the round ones, and right.
    """
    span_ms = max(1, stretch.end_utc_ms - stretch.start_utc_ms)
    steps_ms = (minutes * MINUTE_MS for minutes in STEPS_MIN)
    step_ms = next((step for step in steps_ms if span_ms / step <= at_most), STEPS_MIN[-1] * MINUTE_MS)
    offset = local(stretch.start_utc_ms, zone).utcoffset() or timedelta()
    offset_ms = round(offset.total_seconds() * 1000)
    first = -(-(stretch.start_utc_ms + offset_ms) // step_ms) * step_ms - offset_ms
    times = range(first, stretch.end_utc_ms + 1, step_ms)
    return [(round(charts.WIDTH * (at - stretch.start_utc_ms) / span_ms, 1), at) for at in times]
