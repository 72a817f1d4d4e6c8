"""A made-up wearer's raw messages, diary and exercises, and a record's numbers worked out from them by hand.

Nothing here asks the store, and nothing is shared with the code that does: minutes and events are read as
JSON, and sorted into local days by their own clocks.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import numpy as np

from dashboard.app import Dashboard
from dashboard.diary import entries
from dashboard.diary.symptoms import made
from dashboard.exercises import doses
from dashboard.tables import notes
from firmware_py.hardware.twin.wearer_diary import simulated_diary
from firmware_py.posture.messages import Outgoing

from ..seed import BERLIN, history

LAST = date(2026, 6, 19)  # a Friday
FIRST = LAST - timedelta(days=7)
HELD_DAYS = 9
"""More days are stored than the record is about, on both sides of it."""

SETS = (
    # day before the last, exercise, planned, counted by time, how it ended
    (0, "head_lift", 10, 10, "finished"),
    (0, "head_lift", 10, 4, "stopped"),
    (2, "head_lift", 10, 6, "worse"),
    (3, "scapular_retraction", 5, 5, "finished"),
    (30, "head_lift", 10, 10, "finished"),
)
NOTES = ((LAST - timedelta(days=4), "A new chair."), (LAST - timedelta(days=40), "Long ago."))


def fill(dashboard: Dashboard) -> list[Outgoing]:
    """Put it all into a store; returns the messages."""
    messages = [
        message
        for batch in history("desk", LAST + timedelta(days=2), HELD_DAYS + 2, BERLIN)
        for message in batch
    ]
    dashboard.ingest.take((message.topic, message.payload) for message in messages)
    entries.take_in(dashboard.store, 1, [made(one) for one in diary()])
    with dashboard.store.writing(1) as connection:
        for n, (ago, exercise, planned, by_time, outcome) in enumerate(SETS):
            end = round(at(LAST - timedelta(days=ago), 18, n).timestamp() * 1000)
            done = {"set_id": f"page-set-{n}", "start_utc_ms": end - 60_000, "end_utc_ms": end}
            counted = {"planned": planned, "by_time": by_time, "outcome": outcome}
            doses.put(connection, 1, exercise, msgspec.convert(done | counted, doses.PageSet))
        for day, text in NOTES:
            connection.execute(notes.insert().values(wearer_id=1, day=day.isoformat(), text=text))
    return messages


def diary() -> list[dict[str, Any]]:
    """Raw entries, some of them outside of the record."""
    return list(simulated_diary(HELD_DAYS + 6, until=LAST + timedelta(days=2), zone=BERLIN))


def at(day: date, hour: int, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN)


class ByHand:
    """The numbers of a range of days, from raw messages."""

    def __init__(self, messages: Iterable[Outgoing], first: date, last: date) -> None:
        starts: dict[str, float] = {}
        self.minutes: list[tuple[date, dict[str, Any]]] = []
        self.slouches: list[dict[str, Any]] = []
        self.sessions: list[dict[str, Any]] = []
        for message in messages:
            raw = json.loads(message.payload)
            kind, data = raw["kind"], raw["data"]
            if kind == "anchor":
                starts[raw["run"]] = data["utc_s"] - data["t_s"]
                continue
            begun = {"minute_passed": "start_s", "slouch_ended": "started_s", "session_started": "t_s"}.get(
                kind
            )
            if begun is None:
                continue
            day = datetime.fromtimestamp(starts[raw["run"]] + data[begun], BERLIN).date()
            if not first <= day <= last:
                continue
            if kind == "minute_passed":
                self.minutes.append((day, data["tally"]))
            elif kind == "slouch_ended":
                self.slouches.append(data)
            else:
                self.sessions.append(data)

    def count(self, name: str, days: Iterable[date] | None = None) -> int:
        wanted = None if days is None else set(days)
        return sum(tally[name] for day, tally in self.minutes if wanted is None or day in wanted)

    def posture(self, name: str) -> int:
        return sum(tally["posture"].get(name, 0) for _, tally in self.minutes)

    def degrees(self, days: Iterable[date] | None = None) -> list[float]:
        """Every judged reading as the middle of its degree, in tens of ticks."""
        wanted = None if days is None else set(days)
        counts: Counter[int] = Counter()
        for day, tally in self.minutes:
            if wanted is None or day in wanted:
                counts.update({int(degree): n for degree, n in tally["flexion"].items()})
        return [degree + 0.5 for degree, n in sorted(counts.items()) for _ in range(n // 10)]

    def percentile(self, percent: float, days: Iterable[date] | None = None) -> float:
        return float(np.percentile(self.degrees(days), percent))

    def share_above(self, angle: float) -> float:
        readings = self.degrees()
        return sum(one >= angle for one in readings) / len(readings)

    def exposure(self) -> list[list[float]]:
        cells: Counter[str] = Counter()
        for _, tally in self.minutes:
            cells.update(tally["eva"])
        whole = sum(cells.values())
        return [[100 * cells[f"{angle},{hold}"] / whole for hold in range(7)] for angle in range(7)]

    def distribution(self) -> dict[int, float]:
        """Share of the judged time by steps of two degrees."""
        readings = self.degrees()
        edges = list(range(-100, 181, 2))
        counts = Counter(edges[bisect_right(edges, one) - 1] for one in readings)
        return {edge: n / len(readings) for edge, n in counts.items()}
