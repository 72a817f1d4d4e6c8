"""How old what a page shows is: `python -m benchmarks.latency [--seconds 60]`.

The real processes on one machine: a monitor (driver, filter, judgement) on a simulated chip, Mosquitto, the
dashboard with its store, and a WebSocket as a page opens it.

A *reading* is dated by its last sample. It cannot be known before the chip's FIFO is read, a tenth of a
second after it was made at most; so beside its age on arrival at the WebSocket stands what is beyond that. An
*event* is measured from the call of the publisher to the WebSocket's word that it is stored: outbox, broker,
transaction and all. Each figure holds what else the machine was doing; `chrt -r 5` before the command gives
it the processor as if it were alone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from websockets.sync.client import connect
from websockets.sync.connection import Connection
from websockets.typing import Origin

from firmware_py.links.mqtt import MqttSettings
from firmware_py.links.outbox import Outbox
from firmware_py.links.publisher import Publisher
from firmware_py.posture.events import SlouchStarted
from firmware_py.posture.messages import Anchor, Encoder
from tests.faults import suite
from tests.faults.machine import World, until, until_beyond

BLOCK_S = 0.1
"""A live source reads the FIFO ten times a second (`hardware/source.py`)."""

BUDGET_MS = 60.0
EVENTS = 100


def readings_ms(world: World, page: Connection, seconds: float) -> list[float]:
    """The age of each reading when it arrived, ms."""
    t0_of = "SELECT run, t0_utc_ms FROM runs JOIN devices USING (device_id) WHERE name = 'worn'"
    until(lambda: any(t0 is not None for _, t0 in world.stored(t0_of)))
    ages: list[tuple[float, float]] = []
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        said = json.loads(page.recv(timeout=10.0))
        if said["type"] == "reading" and said["device"] == "worn":
            ages.append((time.time(), said["data"]["t_s"]))
    [(_, t0_utc_ms)] = world.stored(t0_of)
    origin_s = float(str(t0_utc_ms)) / 1000
    return [1000.0 * (heard_s - origin_s - t_s) for heard_s, t_s in ages[20:]]


def events_ms(world: World, page: Connection) -> list[float]:
    """From the call of the publisher to the page's news that it is stored, ms."""
    publisher = Publisher(
        MqttSettings("127.0.0.1", world.port), Encoder("told", "run"), Outbox(world.folder / "told.db")
    )
    publisher.start()
    until(lambda: publisher.connected)
    publisher.anchor(Anchor(0.0, time.time(), trusted=True))
    took = []
    for number in range(EVENTS):
        time.sleep(0.05)
        count = world.stored_count()
        sent_utc_s, sent_s = time.time(), time.perf_counter()
        publisher(SlouchStarted(float(number), number + 1, 12.0))
        while True:
            said = json.loads(page.recv(timeout=10.0))
            if said["type"] == "stored" and said["at"] > sent_utc_s:  # and not of what came before
                took.append(1000.0 * (time.perf_counter() - sent_s))
                break
        until_beyond(world.stored_count, count)
    publisher.stop()
    return took


def answers(port: int) -> bool:
    """Whether the dashboard serves."""
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1.0).close()
        return True
    return False


def row(what: str, found_ms: list[float]) -> float:
    cuts = statistics.quantiles(found_ms, n=100)
    print(f"{what:44s} {cuts[49]:7.1f} ms  {cuts[98]:7.1f} ms   ({len(found_ms)} of them)")
    return cuts[98]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds: float = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        world = suite.new_world(Path(folder), "latency")
        port = tomllib.loads(world.config.read_text())["dashboard"]["port"]
        address = f"127.0.0.1:{port}"
        try:
            until(lambda: answers(port), 60.0)
            with connect(f"ws://{address}/live", origin=Origin(f"http://{address}")) as page:
                print(f"{'load of the machine: ' + str(os.getloadavg()[0]):44s}     median         p99")
                stored = events_ms(world, page)
                world.start_monitor()
                ages_ms = readings_ms(world, page, seconds)
                row("a reading's age", ages_ms)
                beyond_ms = [max(0.0, age_ms - 1000.0 * BLOCK_S) for age_ms in ages_ms]
                live_p99 = row("a reading's age beyond its block", beyond_ms)
                row("an event, until it is stored and told", stored)
        finally:
            world.stop()
    print(f"budget for a reading: {BUDGET_MS:.0f} ms at the 99th percentile")
    return 0 if live_p99 <= BUDGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
