"""Rows a second for one worker and for two, beside what the broker and PostgreSQL reach alone, in one run.

Two yardsticks. *Backlog*: everything waits in the broker, and the clock runs from the moment at which
the reader or worker is let loose until it has all of it. *Live*: publishers, broker and reader or worker
all run at once, until the last message has arrived. Publishers (`mosquitto_pub -l -q 1`) and one of the
plain readers (`mosquitto_sub`) are C programs, so that the broker is the limit and not they.

Wall clock says what this machine does right now, with whatever else it has to do. Processor time per
message says what the work costs, and hardly depends on that: the share that remains of the broker's
own rate is also given from it, for a machine that is full.
"""

from __future__ import annotations

import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from .device import days
from .rig import Rig, stop, wait_for_rows

PUBLISHERS = 4
PER_PUBLISHER = 7500

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
    files = _stories(rig.folder)
    best: dict[str, Rate] = {}
    for round_ in range(repeats):
        for way in (_backlog, _live):
            for number in (1, 2):
                _better(best, way(rig, files, _readers(rig, number, f"{way.__name__}{round_}"), number))
            _better(best, way(rig, files, _c_reader(rig), 1))
            for number in (1, 2):
                _better(best, way(rig, files, _workers(rig, number), number))
        _better(best, Rate("COPY into PostgreSQL", _copied(rig)))
    return list(best.values())


def _better(best: dict[str, Rate], rate: Rate) -> None:
    known = best.setdefault(rate.name, rate)
    known.per_s = max(known.per_s, rate.per_s)
    if rate.total_us < known.total_us:
        known.cpu_us = rate.cpu_us


def _stories(folder: Path) -> list[Path]:
    """For each publisher the minutes of many sessions, a message a line, as `mosquitto_pub -l` reads them."""
    day = [message for of_day in days(2) for message in of_day if message.channel == "minute"]
    files = []
    for publisher in range(PUBLISHERS):
        lines = []
        for number in range(PER_PUBLISHER):
            minute = day[number % len(day)]
            again = f"{minute.run}-{publisher}-{number // len(day)}".encode()
            lines.append(minute.payload.replace(minute.run.encode(), again))
        files.append(folder / f"publisher-{publisher}")
        files[-1].write_bytes(b"\n".join(lines) + b"\n")
    return files


@dataclass(frozen=True, slots=True)
class _Taker:
    """What takes the messages.

    Attributes:
        name: of the arrangement.
        processes: all of it.
        wait: returns when it has taken so many messages; takes that number.
        close: ends it.
    """

    name: str
    processes: Sequence[subprocess.Popen[str]]
    wait: Callable[[int], object]
    close: Callable[[], None]


def _readers(rig: Rig, number: int, group: str) -> _Taker:
    processes = [rig.reader(str(name), f"{group}{number}") for name in range(number)]

    def wait(count: int) -> None:
        # Each says every hundredth: the last hundred of each may be under way.
        counts = dict.fromkeys(processes, 0)
        while sum(counts.values()) < count - 100 * number:
            _read_counts(counts)

    return _Taker(f"{number} plain reader{'s' * (number > 1)}", processes, wait, lambda: stop(*processes))


def _c_reader(rig: Rig) -> _Taker:
    reader = rig.c_reader()
    return _Taker("1 plain reader in C", [reader.process], reader.wait, lambda: stop(reader.process))


def _workers(rig: Rig, number: int) -> _Taker:
    connection = rig.connect()
    empty(connection)
    processes = [rig.worker(str(name)) for name in range(number)]

    def close() -> None:
        stop(*processes)
        for name in range(number):
            rig.forget_worker(str(name))
        connection.close()

    return _Taker(
        f"{number} worker{'s' * (number > 1)}",
        processes,
        lambda count: wait_for_rows(connection, count, 300),
        close,
    )


def _read_counts(counts: dict[subprocess.Popen[str], int]) -> None:
    by_output = {process.stdout: process for process in counts if process.stdout is not None}
    for output in select.select(list(by_output), [], [], 60)[0]:
        counts[by_output[output]] = int(output.readline())


def _backlog(rig: Rig, files: Sequence[Path], taker: _Taker, number: int) -> Rate:
    for process in taker.processes:
        process.send_signal(signal.SIGSTOP)
    _publish(rig, files, f"b{number}")
    before = rig.cpu_s(*taker.processes)
    began_s = time.time()
    for process in taker.processes:
        process.send_signal(signal.SIGCONT)
    return _taken(rig, "backlog", taker, before, began_s)


def _live(rig: Rig, files: Sequence[Path], taker: _Taker, number: int) -> Rate:
    before = rig.cpu_s(*taker.processes)
    began_s = time.time()
    _publish(rig, files, f"l{number}")
    return _taken(rig, "live", taker, before, began_s)


def _publish(rig: Rig, files: Sequence[Path], prefix: str) -> None:
    """Have every publisher send its lines as quickly as the broker takes them."""
    publishers = [rig.publisher(f"{prefix}-{file.name}", file) for file in files]
    for publisher in publishers:
        publisher.wait(300)


def _taken(rig: Rig, way: str, taker: _Taker, before: dict[str, float], began_s: float) -> Rate:
    wanted = PUBLISHERS * PER_PUBLISHER
    taker.wait(wanted)
    took_s = time.time() - began_s
    after = rig.cpu_s(*taker.processes)
    spent = {name: 1e6 * (after[name] - before[name]) / wanted for name in before}
    taker.close()
    return Rate(f"{way}, {taker.name}", wanted / took_s, spent)


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
