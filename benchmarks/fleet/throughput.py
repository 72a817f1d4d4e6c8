"""Rows a second for one worker and for two, beside what the broker and PostgreSQL reach alone, in one run.

Wall clock says what this machine does right now, with whatever else it has to do. Processor time per
message says what the work costs, and hardly depends on that: the share that remains of the broker's
own rate is also given from it, for a machine that is full.
"""

from __future__ import annotations

import asyncio
import select
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

from .device import Device, Template, connect_all, days
from .rig import Rig, stop, wait_for_rows

DEVICES = 200
PER_DEVICE = 100
"""Messages of each device: some seventy minutes and the events between them."""

COPIED = 20_000


@dataclass
class Rate:
    """What one arrangement came to, at best.

    Attributes:
        per_s: messages a second of wall clock.
        cpu_us: processor time for each message, by part, microseconds.
    """

    name: str
    per_s: float = 0.0
    cpu_us: dict[str, float] = field(default_factory=dict)

    @property
    def total_us(self) -> float:
        """Processor time for each message, microseconds."""
        return sum(self.cpu_us.values())


def throughput(rig: Rig, repeats: int) -> list[Rate]:
    """Measure; the best of `repeats` rounds each, since whatever else runs only slows."""
    story = [message for day in days(2) for message in day][:PER_DEVICE]
    kept = DEVICES * sum(message.seq is not None for message in story)
    best: dict[str, Rate] = {}
    for round_ in range(repeats):
        for workers in (1, 2):
            plural = "s" * (workers > 1)
            _better(
                best,
                _read_alone(rig, story, workers, f"{round_}{workers}", f"broker, {workers} reader{plural}"),
            )
            _better(best, _ingested(rig, story, kept, workers, f"stored, {workers} worker{plural}"))
        _better(best, Rate("COPY into PostgreSQL", _copied(rig)))
    return list(best.values())


def _better(best: dict[str, Rate], rate: Rate) -> None:
    known = best.setdefault(rate.name, rate)
    known.per_s = max(known.per_s, rate.per_s)
    if rate.total_us < known.total_us:
        known.cpu_us = rate.cpu_us


def _send(rig: Rig, story: Sequence[Template], prefix: str) -> float:
    """Have every device send the story; returns when the first message left (POSIX time, s)."""

    async def send() -> float:
        fleet = [Device(f"{prefix}-{number}", rig.broker.port) for number in range(DEVICES)]
        await connect_all(fleet)
        began_s = time.time()
        for device in fleet:
            device.tell(story)
        await asyncio.gather(*(device.delivered() for device in fleet))
        for device in fleet:
            device.disconnect()
        return began_s

    return asyncio.run(send())


def _spent_us(before: dict[str, float], after: dict[str, float], messages: int) -> dict[str, float]:
    return {name: 1e6 * (after[name] - before[name]) / messages for name in before}


def _read_alone(rig: Rig, story: Sequence[Template], readers: int, group: str, name: str) -> Rate:
    processes = [rig.reader(str(number), group) for number in range(readers)]
    before = rig.cpu_s(*processes)
    began_s = _send(rig, story, f"read{group}")
    wanted = DEVICES * len(story)
    counts = dict.fromkeys(processes, 0)
    # Each says every hundredth: the last hundred of each may be under way.
    while sum(counts.values()) < wanted - 100 * readers:
        _read_counts(counts)
    took_s = time.time() - began_s
    spent = _spent_us(before, rig.cpu_s(*processes), wanted)
    stop(*processes)
    return Rate(name, sum(counts.values()) / took_s, spent)


def _read_counts(counts: dict[subprocess.Popen[str], int]) -> None:
    by_output = {process.stdout: process for process in counts if process.stdout is not None}
    for output in select.select(list(by_output), [], [], 60)[0]:
        counts[by_output[output]] = int(output.readline())


def _ingested(rig: Rig, story: Sequence[Template], kept: int, workers: int, name: str) -> Rate:
    with rig.connect() as connection:
        empty(connection)
        processes = [rig.worker(str(number)) for number in range(workers)]
        before = rig.cpu_s(*processes)
        began_s = _send(rig, story, "full")
        took_s = wait_for_rows(connection, kept, 600) - began_s
        spent = _spent_us(before, rig.cpu_s(*processes), DEVICES * len(story))
        stop(*processes)
    return Rate(name, DEVICES * len(story) / took_s, spent)


def _copied(rig: Rig) -> float:
    """Rows a second by COPY alone: the same rows into a table with the same indexes, 500 at a time."""
    with rig.connect() as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS copied")
        cursor.execute("CREATE TABLE copied (LIKE minutes INCLUDING ALL)")
        rows = cursor.execute(f"SELECT * FROM minutes LIMIT {COPIED}").fetchall()
        began_s = time.monotonic()
        for cut in range(0, len(rows), 500):
            with cursor.copy("COPY copied FROM STDIN") as copy:
                for row in rows[cut : cut + 500]:
                    copy.write_row(row)
        took_s = time.monotonic() - began_s
        cursor.execute("DROP TABLE copied")
    return len(rows) / took_s


def empty(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let the store forget its history, while no worker is at work."""
    connection.execute(
        "TRUNCATE minutes, events, sessions, episodes, runs, quarters, hours, days, touched_quarters"
    )
