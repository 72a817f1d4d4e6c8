"""What is stored, as plain records with units in their names: the JSON API, the CSV files, the export.

Each table is a list of columns with a sentence for each; the rows are read a day at a time, so that
a year is streamed and never held.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from firmware_py.posture.exposure import percentile_deg
from firmware_py.posture.trunk import TICK_S

from . import queries
from .archive import messages_between
from .days import Stretch, days, local
from .diary import entries
from .exercises.doses import extent as exercise_extent
from .exercises.doses import sets_between
from .figures import Figures, total
from .rollup import unpacked
from .session_view import PERCENTS, known
from .tables import devices, minutes, runs

Record = dict[str, Any]

_FIGURES = {
    "recorded_s": "time recorded, judged or not",
    "judged_s": "time whose posture is known",
    "upright_s": "judged time upright",
    "slouched_s": "judged time slouched",
    "leaning_forward_s": "judged time leaning forward",
    "leaning_back_s": "judged time leaning back",
    "side_bent_s": "judged time bent to the side",
    "unknown_s": "recorded time that was not judged",
    "slouches": "slouches that began",
    "reminders": "reminders given",
    "corrections": "slouches corrected after a reminder",
    "correction_s": "time from reminder to correction, summed over the corrections",
}
_DEVICE = {"device": "name of the device", "session": "id of the session"}
_SPAN = {"start": "beginning, local time with its offset (ISO 8601)", "end": "end, likewise"}
_ANGLES = {
    "p10_deg": "angle below which a tenth of the judged time lay, from neutral, forward positive",
    "p50_deg": "median angle",
    "p90_deg": "angle below which nine tenths lay",
}
_SIMULATED = {"simulated": "true where the wearer was a simulated one"}


@dataclass(frozen=True, slots=True)
class RecordTable:
    """One kind of record: its columns with what they mean, and how a day of them is read."""

    summary: str
    columns: dict[str, str]
    of_day: Callable[[Connection, int, Stretch, tzinfo], Iterable[Record]]
    extent: Callable[[Connection, int, tzinfo], tuple[date, date] | None] = lambda *asked: _recorded(*asked)
    """The first and the last day that have any; None without."""


def _figures(figures: Figures) -> Record:
    seconds = {
        "recorded_s": figures.ticks,
        "judged_s": figures.judged,
        "upright_s": figures.upright,
        "slouched_s": figures.slouched,
        "leaning_forward_s": figures.leaning_forward,
        "leaning_back_s": figures.leaning_back,
        "side_bent_s": figures.side_bent,
        "unknown_s": figures.unknown,
    }
    return {
        **{name: round(ticks * TICK_S, 1) for name, ticks in seconds.items()},
        "slouches": figures.slouches,
        "reminders": figures.alerts,
        "corrections": figures.corrections,
        "correction_s": round(figures.correction_ticks * TICK_S, 1),
    }


def _iso(at_utc_ms: int | None, zone: tzinfo) -> str | None:
    return None if at_utc_ms is None else local(at_utc_ms, zone).isoformat(timespec="milliseconds")


def _minutes(connection: Connection, wearer_id: int, stretch: Stretch, zone: tzinfo) -> Iterator[Record]:
    rows = connection.execute(
        select(minutes, devices.c.name.label("device"), runs.c.simulated)
        .join(devices, devices.c.device_id == minutes.c.device_id)
        .join(runs, (runs.c.device_id == minutes.c.device_id) & (runs.c.run == minutes.c.run))
        .where(
            minutes.c.wearer_id == wearer_id,
            minutes.c.start_utc_ms >= stretch.start_utc_ms,
            minutes.c.start_utc_ms < stretch.end_utc_ms,
        )
        .order_by(minutes.c.start_utc_ms)
    )
    for row in rows:
        flexion = unpacked(row.tally).flexion
        angles = (known(percentile_deg(flexion, percent)) for percent in PERCENTS)
        yield {
            "device": row.device,
            "session": row.session,
            "start": _iso(row.start_utc_ms, zone),
            "end": _iso(row.end_utc_ms, zone),
            **_figures(Figures.of(row)),
            **{
                name: None if angle is None else round(angle, 2)
                for name, angle in zip(_ANGLES, angles, strict=True)
            },
            "simulated": bool(row.simulated),
        }


def _sessions(connection: Connection, wearer_id: int, stretch: Stretch, zone: tzinfo) -> Iterator[Record]:
    for row in reversed(queries.sessions_between(connection, wearer_id, stretch)):
        yield {
            "device": row.device,
            "session": row.session,
            "start": _iso(row.start_utc_ms, zone),
            "end": _iso(row.end_utc_ms, zone),
            "ended": bool(row.ended),
            "sensors": row.sensors,
            **_figures(Figures.of(row)),
            "simulated": bool(row.simulated),
        }


def _slouches(connection: Connection, wearer_id: int, stretch: Stretch, zone: tzinfo) -> Iterator[Record]:
    names = {row.device_id: row.name for row in queries.devices_of(connection, wearer_id)}
    for row in queries.episodes_between(connection, wearer_id, stretch):
        yield {
            "device": names.get(row.device_id),
            "session": row.session,
            "start": _iso(row.start_utc_ms, zone),
            "end": _iso(row.end_utc_ms, zone),
            "slouched_s": row.slouched_s,
            "peak_deg": None if row.peak_deg is None else round(row.peak_deg, 2),
            "mean_deg": None if row.mean_deg is None else round(row.mean_deg, 2),
            "reminded_after_s": None if row.alerted_s is None else round(row.alerted_s - row.start_s, 3),
            "corrected_after_s": row.corrected_after_s,
            "outcome": row.outcome,
        }


def _recorded(connection: Connection, wearer_id: int, zone: tzinfo) -> tuple[date, date] | None:
    extent = queries.extent(connection, wearer_id)
    if extent is None:
        return None
    day = timedelta(days=1)
    return local(extent.start_utc_ms, zone).date() - day, local(extent.end_utc_ms, zone).date() + day


def _diary(connection: Connection, wearer_id: int, stretch: Stretch, zone: tzinfo) -> Iterator[Record]:
    day = local(stretch.start_utc_ms, zone).date()
    for entry in entries.entries_between(connection, wearer_id, day, day + timedelta(days=1)):
        stored = msgspec.to_builtins(entry)
        yield {
            **{name: stored[name] for name in _DIARY if name in stored},
            "edited": _iso(entry.edited_utc_ms, zone),
        }


def _messages(connection: Connection, wearer_id: int, stretch: Stretch, zone: tzinfo) -> Iterator[Record]:
    for at_utc_ms, topic, message in messages_between(connection, wearer_id, stretch):
        yield {"at": _iso(at_utc_ms, zone), "topic": topic, "message": message.decode()}


def _exercises(connection: Connection, wearer_id: int, stretch: Stretch, zone: tzinfo) -> Iterator[Record]:
    for one in sets_between(connection, wearer_id, stretch):
        yield {
            "exercise": one.exercise,
            "device": one.device,
            "start": _iso(one.start_utc_ms, zone),
            "end": _iso(one.end_utc_ms, zone),
            "planned": one.planned,
            "seen": one.seen,
            "by_time": one.by_time,
            "short": one.short,
            "held_s": one.held_s,
            "steadiness_deg": one.steadiness_deg,
            "outcome": one.outcome.value,
            "simulated": one.simulated,
        }


def _exercised(connection: Connection, wearer_id: int, zone: tzinfo) -> tuple[date, date] | None:
    by_page = exercise_extent(connection, wearer_id)
    found = [] if by_page is None else [local(by_page.start_utc_ms, zone), local(by_page.end_utc_ms, zone)]
    days_found = [moment.date() for moment in found] + list(_recorded(connection, wearer_id, zone) or ())
    return (min(days_found), max(days_found)) if days_found else None


_EXERCISES = {
    "exercise": "key of the exercise",
    "device": "the device that coached it; empty where the page did",
    **_SPAN,
    "planned": "repetitions that were meant",
    "seen": "repetitions that the sensor saw",
    "by_time": "repetitions that were counted by time, because nothing was seen",
    "short": "of those seen, how many came back before the hold was over",
    "held_s": "measured holds, summed; empty where none was measured",
    "steadiness_deg": "how far the holds wandered, root mean square; empty where none was measured",
    "outcome": "finished, stopped, worse (the wearer said so) or left",
    **_SIMULATED,
}

_DIARY = {
    "entry_id": "id of the entry",
    "day": "the day it is about (ISO 8601)",
    "time": "HH:MM of that day; empty where only the day is known",
    "kind": "pain, tingling, numbness, weakness or stiffness",
    "places": "where, on the body map",
    "strength": "0 (nothing) to 10 (the worst imaginable); empty where not said",
    "since": "a date, or now, today, days, weeks, months, years; empty where not said",
    "brought_on": "what it came with",
    "relief": "what brought relief",
    "words": "the wearer's own",
    "edited": "when this was written, local time with its offset (ISO 8601)",
    **_SIMULATED,
}


def _days(connection: Connection, wearer_id: int, stretch: Stretch, zone: tzinfo) -> Iterator[Record]:
    rows = queries.quarters_between(connection, wearer_id, stretch)
    if rows:
        day = local(stretch.start_utc_ms, zone).date()
        yield {"day": day.isoformat(), **_figures(total(map(Figures.of, rows)))}


TABLES: dict[str, RecordTable] = {
    "days": RecordTable(
        "One record for each local day on which something was recorded.",
        {"day": "local date (ISO 8601)", **_FIGURES},
        _days,
    ),
    "sessions": RecordTable(
        "One record for each session that began in the range.",
        {
            **_DEVICE,
            **_SPAN,
            "ended": "whether the session is over",
            "sensors": "1: the upper back's inclination, in which leaning counts; 2: the bend of the spine",
            **_FIGURES,
            **_SIMULATED,
        },
        _sessions,
    ),
    "slouches": RecordTable(
        "One record for each slouch that began in the range.",
        {
            **_DEVICE,
            **_SPAN,
            "slouched_s": "time in it that was judged slouched",
            "peak_deg": "deepest angle from neutral",
            "mean_deg": "mean angle over the slouched time",
            "reminded_after_s": "from its beginning to the first reminder; empty without one",
            "corrected_after_s": "from the first reminder to the corrected posture; empty without",
            "outcome": "corrected, moved, unknown or session_ended; empty while it lasts",
        },
        _slouches,
    ),
    "minutes": RecordTable(
        "One record for each minute.", {**_DEVICE, **_SPAN, **_FIGURES, **_ANGLES, **_SIMULATED}, _minutes
    ),
    "messages": RecordTable(
        "All that the devices told in the range, word for word: what the page Your data takes in again.",
        {
            "at": "when it happened, local time with its offset (ISO 8601)",
            "topic": "as in docs/messages.md",
            "message": "likewise, JSON",
        },
        _messages,
    ),
    "exercises": RecordTable(
        "One record for each set of an exercise that ended in the range.", _EXERCISES, _exercises, _exercised
    ),
    "diary": RecordTable(
        "One record for each entry of the symptom diary.",
        _DIARY,
        _diary,
        lambda connection, wearer_id, _zone: entries.extent(connection, wearer_id),
    ),
}
"""Every kind of record, by the name that stands in its address."""


def records(
    connection: Connection, name: str, wearer_id: int, first: date, last: date, zone: tzinfo
) -> Iterator[Record]:
    """The records of one table from the local day `first` to `last`, both included."""
    table = TABLES[name]
    extent = table.extent(connection, wearer_id, zone)
    if extent is None:
        return
    first, last = max(first, extent[0]), min(last, extent[1])
    for n in range((last - first).days + 1):
        yield from table.of_day(connection, wearer_id, days(first + timedelta(days=n), 1, zone), zone)


def as_csv(name: str, rows: Iterable[Record]) -> Iterator[str]:
    """Lines of a CSV file: comma, dot, UTF-8, a heading, empty where a value is unknown."""
    columns = list(TABLES[name].columns)
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([spreadsheet_cell(row[column]) for column in columns])
        if line.tell() > 16_384:
            yield line.getvalue()
            line.seek(0)
            line.truncate()
    yield line.getvalue()


FORMULAS_BEGIN: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet takes words that begin like this for a formula: "- after lunch", or worse."""


def spreadsheet_cell(value: Any) -> Any:
    """A value as a cell of a CSV file that a spreadsheet opens."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        value = "; ".join(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS_BEGIN) else value


def as_json(name: str, rows: Iterable[Record], made_at: datetime) -> Iterator[str]:
    """The same as one JSON object: what it is, when it was made, and `records`."""
    head = {"table": name, "made_at": made_at.isoformat(timespec="seconds"), "columns": TABLES[name].columns}
    yield msgspec.json.encode(head).decode()[:-1] + ',"records":['
    between = ""
    for row in rows:
        yield between + msgspec.json.encode(row).decode()
        between = ",\n"
    yield "]}\n"
