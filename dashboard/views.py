"""PURE: rows of the store in, what a page shows out. No database, no clock, no words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from . import charts
from .band import Band, Column, day_band
from .days import HOUR_MS, Stretch
from .figures import Figures, total

LAYERS = ("upright", "leaning_back", "side_bent", "leaning_forward")
"""Postures of a band's column from the bottom up; above them the unknown, and slouched on top."""


@dataclass(frozen=True, slots=True)
class BandDrawing:
    """A band's coordinates; x in per mille of its width, y in per cent of its height.

    Attributes:
        paths: one path for each posture of `LAYERS`, and `slouched`.
        unknown: x, y, width, height of the unknown parts.
        reminders: x of the reminders.
        hours: x and absolute time of the labelled hours.
        now: x of the present; None outside.
        columns: left and right edge of every column, with what it holds: the table and the read-out.
    """

    paths: dict[str, str]
    unknown: list[tuple[float, float, float, float]]
    reminders: list[float]
    hours: list[tuple[float, int]]
    now: float | None
    columns: list[tuple[float, float, Column]]


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session in a list."""

    device: str
    label: str
    session: str
    start_utc_ms: int
    end_utc_ms: int
    ended: bool
    sensors: int | None
    simulated: bool
    figures: Figures

    @property
    def lasted_s(self) -> float:
        """From its beginning to its end, or to what is known of it."""
        return (self.end_utc_ms - self.start_utc_ms) / 1000.0


@dataclass(frozen=True, slots=True)
class DayPage:
    """A day: its figures, its band and its sessions."""

    day: date
    figures: Figures
    band: Band | None
    drawing: BandDrawing | None
    sessions: Sequence[SessionLine]

    @property
    def simulated(self) -> bool:
        """Whether any of it is a simulated wearer's."""
        return any(session.simulated for session in self.sessions)


def session_line(row: Any) -> SessionLine | None:  # Any: a row of the sessions' query
    """A session for a list; None while its run has no anchor and it has no place in any day."""
    if row.start_utc_ms is None:
        return None
    return SessionLine(
        row.device,
        row.label,
        row.session,
        row.start_utc_ms,
        row.end_utc_ms,
        bool(row.ended),
        row.sensors,
        bool(row.simulated),
        Figures.of(row),
    )


def session_lines(rows: Sequence[Any]) -> list[SessionLine]:
    """Sessions for a list, in the order given."""
    return [line for line in map(session_line, rows) if line is not None]


def day_page(
    day: date,
    stretch: Stretch,
    now_utc_ms: int,
    minutes: Sequence[Any],
    episodes: Sequence[Any],
    sessions: Sequence[Any],
) -> DayPage:
    """One local day from its rows."""
    band = day_band(minutes, episodes, stretch, now_utc_ms)
    return DayPage(
        day,
        total(map(Figures.of, minutes)),
        band,
        band_drawing(band) if band else None,
        session_lines(sessions),
    )


def band_drawing(band: Band) -> BandDrawing:
    """The coordinates of a band."""
    span = band.stretch.end_utc_ms - band.stretch.start_utc_ms

    def x(at_utc_ms: int) -> float:
        return round(charts.WIDTH * (at_utc_ms - band.stretch.start_utc_ms) / span, 1)

    stacks: list[tuple[float, float, Sequence[float]]] = []
    tops: list[tuple[float, float, Sequence[float]]] = []
    unknown: list[tuple[float, float, float, float]] = []
    columns = []
    for column in band.columns:
        left, right = x(column.stretch.start_utc_ms), x(column.stretch.end_utc_ms)
        columns.append((left, right, column))
        figures = column.figures
        if not figures.ticks:
            continue
        shares = [getattr(figures, name) / figures.ticks for name in LAYERS]
        slouched = figures.slouched / figures.ticks
        stacks.append((left, right, shares))
        tops.append((left, right, [1.0 - slouched, slouched]))
        if figures.unknown:
            height = 100.0 * figures.unknown / figures.ticks
            unknown.append((left, round(100.0 * slouched, 1), round(right - left, 1), round(height, 1)))
    paths = dict(zip(LAYERS, charts.stacked(stacks, len(LAYERS)), strict=True))
    paths["slouched"] = charts.stacked(tops, 2)[1]
    hours = span // HOUR_MS
    step = 1 if hours <= 4 else 2 if hours <= 12 else 3 if hours <= 18 else 4
    labels = [band.stretch.start_utc_ms + hour * HOUR_MS for hour in range(0, hours + 1, step)]
    return BandDrawing(
        paths,
        unknown,
        [x(at) for at in band.reminders_utc_ms],
        [(x(at), at) for at in labels],
        None if band.now_utc_ms is None else x(band.now_utc_ms),
        columns,
    )
