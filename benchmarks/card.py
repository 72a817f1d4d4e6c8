"""Bytes that an hour of wearing writes to the SD card: `python -m benchmarks.card`.

An hour as `Outbox` and `Ledger` see it: sixty minutes and sixty events, each written when it happens and
acknowledged before the next, as with a broker in reach; the same hour without one; and each second the minute
that is not full yet. What the kernel handed to the disk is read from /proc/self/io. Raw samples
(`recording.raw`) come on top, about 5 MB for each sensor, and so does the file system's own journal.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from firmware_py.links.ledger import Ledger
from firmware_py.links.outbox import Outbox
from firmware_py.links.unfinished import PERIOD_S, UnfinishedFile
from firmware_py.posture.events import (
    Event,
    MinutePassed,
    SessionStarted,
    SlouchAlert,
    SlouchEnd,
    SlouchEnded,
    SlouchStarted,
)
from firmware_py.posture.messages import Encoder
from firmware_py.posture.sessions import Unfinished
from firmware_py.posture.tally import Tally

HOURS = 4
BUDGET_MB = 5.0


def hour(number: int) -> Iterator[Event]:
    """Twenty slouches with a reminder each, in sixty minutes of ordinary tallies."""
    for minute in range(60):
        t_s = 3600.0 * number + 60.0 * minute
        if minute % 3 == 0:
            episode = minute // 3 + 1
            yield SlouchStarted(t_s + 5.0, episode, 12.0, t_s + 4.0)
            yield SlouchAlert(t_s + 35.0, episode, 1, 14.0, 300.0)
            yield SlouchEnded(
                t_s + 42.0, episode, t_s + 4.0, 36.0, 16.0, 13.0, t_s + 35.0, 7.0, SlouchEnd.CORRECTED
            )
        spread = dict.fromkeys(range(-8, 22), 20)
        postures = {"upright": 420, "slouched": 130, "leaning_forward": 30, "unknown": 20}
        activities, cells = {"still": 560, "moving": 40}, {f"{a},{h}": 40 for a in range(4) for h in range(4)}
        yield MinutePassed(
            t_s + 60.0, t_s, Tally(600, 580, postures, activities, {"moving": 20}, spread, 1, 1, eva=cells)
        )


def written_bytes() -> int:
    """Bytes that this process made the kernel hand to disks so far."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def measure(folder: Path, *, acknowledged: bool) -> float:
    """MB an hour."""
    outbox = Outbox(folder / f"{acknowledged}.db")
    encoder = Encoder("back", "run")
    ledger = Ledger(outbox.db, encoder, "boot", 0.0)
    outbox.beside = ledger.save
    began = written_bytes()
    events: list[Event] = [SessionStarted(0.0, "run-1", 1)]
    for number in range(HOURS):
        events.extend(hour(number))
    for event in events:
        entry = (event, encoder.encode(event))
        outbox.put([entry[1]], noting=partial(ledger.note, [entry]))
        if acknowledged:
            outbox.remove([kept.id for kept in outbox.after(0, 10)])
    outbox.close()
    return (written_bytes() - began) / HOURS / 1e6


def measure_unfinished(folder: Path) -> float:
    """MB an hour that the minute which is not full costs, from its second to its sixtieth second."""
    minute = next(event for event in hour(0) if isinstance(event, MinutePassed))
    file = UnfinishedFile(folder / "unfinished.bin")
    file.write(Unfinished("run-1", 0, minute))
    began = written_bytes()
    for second in range(60):
        part = dict.fromkeys(range(-second // 4, second // 4 + 1), second + 1)
        tally = replace(minute.tally, ticks=10 * second, flexion=part)
        file.write(Unfinished("20260619T101112Z-abcd-1", 36_000, replace(minute, tally=tally)))
    file.close()
    return (written_bytes() - began) * 60 * PERIOD_S / file.period_s / 1e6


def main() -> None:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # on a disk: /tmp may be memory
        each_second = measure_unfinished(Path(folder))
        print(f"the open minute          {each_second:5.2f} MB/h   (within the figures below)")
        for acknowledged in (True, False):
            mb = measure(Path(folder), acknowledged=acknowledged) + each_second
            words = "with a broker in reach" if acknowledged else "without a broker"
            print(f"{words:24s} {mb:5.2f} MB/h   (budget {BUDGET_MB:.0f} MB/h)")


if __name__ == "__main__":
    main()
