"""The band of a day: what each few minutes held, with gaps as gaps and the unknown as unknown."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .days import HOUR_MS, Stretch
from .figures import Figures, total

BIN_MS = 300_000
"""Five minutes: a working day is about a hundred columns, as many as a phone can show."""

LEAST_HOURS = 6
"""A band never shows fewer hours than this, so that a first half hour does not fill the day."""


@dataclass(frozen=True, slots=True)
class Column:
    """Some minutes of the day of which something was recorded."""

    stretch: Stretch
    figures: Figures
    reminders: int


@dataclass(frozen=True, slots=True)
class Band:
    """The part of a day that is worth drawing.

    Attributes:
        stretch: whole hours from the first record to the last, or to now.
        columns: those with a record, in order; what lies between them is a gap.
        reminders_utc_ms: when reminders were given.
        now_utc_ms: the present, where it lies within the band.
    """

    stretch: Stretch
    columns: Sequence[Column]
    reminders_utc_ms: Sequence[int]
    now_utc_ms: int | None


def reminder_utc_ms(episode: Any) -> int | None:  # Any: a row of the episodes
    """When the first reminder of a slouch was given; None without one."""
    if episode.alerted_s is None or episode.start_utc_ms is None:
        return None
    return int(episode.start_utc_ms + round((episode.alerted_s - episode.start_s) * 1000))


def day_band(
    minutes: Iterable[Any], episodes: Iterable[Any], day: Stretch, now_utc_ms: int, bin_ms: int = BIN_MS
) -> Band | None:
    """Gather a day's minutes into columns of `bin_ms`; None where the day has no record.

    Args:
        minutes: rows of the minutes of the day, in order.
        episodes: rows of its slouches.
        day: the local day.
        now_utc_ms: the present.
        bin_ms: width of a column.
    """
    bins: dict[int, list[Figures]] = {}
    last_end = day.start_utc_ms
    for row in minutes:
        bins.setdefault((row.start_utc_ms - day.start_utc_ms) // bin_ms, []).append(Figures.of(row))
        last_end = max(last_end, row.end_utc_ms)
    if not bins:
        return None
    reminders = sorted(at for at in map(reminder_utc_ms, episodes) if at is not None)
    columns = []
    for index, parts in sorted(bins.items()):
        start = day.start_utc_ms + index * bin_ms
        stretch = Stretch(start, start + bin_ms)
        given = bisect_left(reminders, stretch.end_utc_ms) - bisect_left(reminders, stretch.start_utc_ms)
        columns.append(Column(stretch, total(parts), given))
    is_now = day.start_utc_ms <= now_utc_ms < day.end_utc_ms
    shown = _whole_hours(
        day, columns[0].stretch.start_utc_ms, max(last_end, now_utc_ms if is_now else last_end)
    )
    return Band(shown, columns, reminders, now_utc_ms if is_now else None)


def _whole_hours(day: Stretch, first_utc_ms: int, last_utc_ms: int) -> Stretch:
    first = (first_utc_ms - day.start_utc_ms) // HOUR_MS
    last = -(-(last_utc_ms - day.start_utc_ms) // HOUR_MS)
    hours = -(-(day.end_utc_ms - day.start_utc_ms) // HOUR_MS)
    last = min(max(last, first + LEAST_HOURS), hours)
    first = max(0, min(first, last - LEAST_HOURS))
    return Stretch(day.start_utc_ms + first * HOUR_MS, day.start_utc_ms + last * HOUR_MS)
