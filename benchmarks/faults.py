"""The whole fault suite against real processes: `python -m benchmarks.faults [--share 1.0] [--write]`.

Each fault has a world of its own: a Mosquitto, a dashboard with its store, devices that live hours in seconds
(`tests/faults/`). After each, every promised message must be in the store exactly once, every session ended
and whole, every date right. `--write` puts the result into docs/faults.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.faults import suite
from tests.faults.machine import World

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "faults.md"

Fault = Callable[[World], str]

HEAD = """\
# The fault suite, last result

{day}, {machine}; `python -m benchmarks.faults --write`. One fault alone: `--only "disk full"`; a part of
each: `--share 0.02`. A smaller part of the same runs with every `pytest`.

After each fault: every message that a device's outbox had promised to keep is in the dashboard's
store exactly once, every session is ended, has as many messages as its last one says and minutes
that add up to its summary, and every minute and event has its true date to a second.

The devices live faster than real ones, an hour in seconds, and send as much more; the `monitor` is the whole
product in real time. Times are of the whole trial. `load` is how many processes wanted the cores at its end,
others' work included: where it is far above their number, the times of recovery are the machine's.

| fault | result | time | load |
|---|---|---|---|
"""


def faults(share: float, seed: int) -> dict[str, Fault]:
    """Every fault, as often as the product promises, times `share`."""
    chance = random.Random(seed)

    def times(count: int) -> int:
        return max(1, round(count * share))

    gaps_s = [gap_s for gap_s in (1.0, 3.0, 10.0, 30.0, 60.0, 600.0) if gap_s <= 600.0 * share + 10.0]
    return {
        "device killed": lambda world: suite.kill_device(world, times(500), chance),
        "monitor killed": lambda world: suite.kill_monitor(world, times(500), chance, at_once=8),
        "broker killed": lambda world: suite.kill_broker(world, times(100), chance),
        "dashboard killed": lambda world: suite.kill_dashboard(world, times(200), chance),
        "anything restarted": lambda world: suite.all_in_any_order(world, times(100), chance),
        "torn in mid-message": lambda world: suite.tear_link(world, times(200), chance),
        "silent network": lambda world: suite.lose_link(world, gaps_s),
        "cable pulled": lambda world: suite.cut_cable(world, gaps_s),
        "disk full": lambda world: suite.fill_disk(world, times(5)),
        "clock": suite.step_clock,
        "flood": lambda world: suite.flood(world, times(100_000), chance),
        "slow consumer": lambda world: suite.slow_consumer(world, times(20_000)),
        "two devices": lambda world: suite.two_devices(world, times(20), chance),
        "day offline": lambda world: suite.offline_day(world)[0],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the full number of each (1.0)")
    parser.add_argument("--only", help="one fault, by its name")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the result into docs/faults.md")
    chosen = parser.parse_args()
    lines: dict[str, str] = {}
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, fault in faults(chosen.share, chosen.seed).items():
            if chosen.only not in (None, name):
                continue
            world = suite.new_world(Path(folder), name.replace(" ", "-"))
            began_s = time.monotonic()
            try:
                said = fault(world)
            except (AssertionError, TimeoutError, OSError) as error:
                failed += 1
                traceback.print_exc()
                said = f"FAILED: {error}"
            finally:
                world.stop()
            line = f"| {name} | {said} | {time.monotonic() - began_s:.0f} s | {os.getloadavg()[1]:.0f} |"
            print(line, flush=True)
            lines[name] = line
            if chosen.write:
                write(lines)
    return min(failed, 1)


def write(lines: dict[str, str]) -> None:
    """Put these results into the document, in place of the older ones of the same faults."""
    text = DOCUMENT.read_text()
    known = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| ")}
    del known["fault"]
    table = [line for line in (lines.get(name, known.get(name)) for name in faults(1.0, 1)) if line]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    head = HEAD.format(day=datetime.now(UTC).date(), machine=machine)
    DOCUMENT.write_text(head + "\n".join(table) + "\n")


if __name__ == "__main__":
    sys.exit(main())
