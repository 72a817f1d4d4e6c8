"""A device that lives fast: hours of sessions in seconds, through the real publisher, outbox and ledger.

Run as a program. It writes to a journal what its outbox has promised to keep, so that whoever kills it knows
what must arrive. Its wall clock is the machine's, off by what stands in a file; a clock that is off says of
itself that it was not set.
"""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from secrets import token_hex

from firmware_py.links import delivery
from firmware_py.links.anchor import Moment, RunClock
from firmware_py.links.mqtt import MqttSettings
from firmware_py.links.outbox import Outbox
from firmware_py.links.publisher import Publisher
from firmware_py.posture.events import (
    Activity,
    Event,
    MinutePassed,
    Posture,
    Reading,
    SessionEnded,
    SessionStarted,
    SessionSummary,
    SlouchAlert,
    SlouchEnd,
    SlouchEnded,
    SlouchStarted,
)
from firmware_py.posture.messages import Encoder, Outgoing, decode
from firmware_py.posture.tally import Tally

MINUTES_A_SESSION = 12

SETTLE_S = 5.0
"""In proportion to the broker's `AUTOSAVE_S` here, as the real ones are to each other."""


class JournalledOutbox(Outbox):
    """An outbox that tells a file what it holds, once it does."""

    def __init__(self, path: Path, journal: Path) -> None:
        self.journal = journal.open("a")
        super().__init__(path, settle_s=SETTLE_S)

    def put(self, messages: Sequence[Outgoing], **more: Callable[[], None] | None) -> None:
        super().put(messages, **more)
        if self.disk_full:
            return  # in memory is no promise
        for message in messages:
            said = decode(message.topic, message.payload)
            if said.seq is not None:
                self.journal.write(json.dumps(["message", said.device, said.session, said.seq]) + "\n")
        self.journal.flush()


def story(run: str) -> Iterator[Event]:
    """Sessions without end; no two minutes alike, so that a mix-up shows."""
    t_s = 0.0
    for count in itertools.count(1):
        session, start_s, total = f"{run}-{count}", t_s, Tally()
        yield SessionStarted(t_s, session, 1)
        for minute in range(MINUTES_A_SESSION):
            judged = 500 + (count * 31 + minute * 7) % 100
            tally = Tally(600, judged, {"upright": judged - 60, "slouched": 60}, slouches=1, alerts=1)
            total += tally
            yield SlouchStarted(t_s + 5.0, minute + 1, 12.0)
            yield SlouchAlert(t_s + 30.0, minute + 1, 1, 14.0, 300.0)
            yield SlouchEnded(
                t_s + 36.0, minute + 1, t_s + 5.0, 6.0, 15.0, 13.0, t_s + 30.0, 6.0, SlouchEnd.CORRECTED
            )
            yield MinutePassed(t_s + 60.0, t_s, tally)
            t_s += 60.0
        yield SessionEnded(t_s, SessionSummary(session, start_s, t_s, 1, total))
        t_s += 30.0


def live(run: str, settings: argparse.Namespace) -> None:
    """One run, until SIGTERM."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    outbox = JournalledOutbox(settings.data / "outbox.db", settings.journal)
    born_s, born_utc_s = time.monotonic(), time.time()
    outbox.journal.write(json.dumps(["run", settings.device, run, born_utc_s]) + "\n")
    outbox.journal.flush()

    def moment() -> Moment:
        off_s = float(settings.clock.read_text() or 0.0) if settings.clock else 0.0
        return Moment(time.time() + off_s, time.clock_gettime(time.CLOCK_BOOTTIME), trusted=abs(off_s) < 0.1)

    delivery.UNHEARD_RETRY_S = 0.5  # type: ignore[misc]  # hours pass in seconds here
    publisher = Publisher(
        MqttSettings(settings.host, settings.port, keepalive_s=4),
        Encoder(settings.device, run),
        outbox,
        version="faults",
        clock=RunClock(lambda: time.monotonic() - born_s, moment),
        back_off_s=(0.1, 1.0),
        chores_every_s=0.2,
    )
    publisher.start()
    events = story(run)
    last: Event | None = None
    ticks = itertools.count()
    sent = 0
    while not asked.is_set():
        for _ in range(settings.burst):
            last = next(events)
            publisher(last)
        sent += settings.burst
        publisher(
            Reading(next(ticks) / 10, 3.0, 0.0, 3.0, None, 1.0, Posture.UPRIGHT, Activity.STILL, None, 1)
        )
        if 0 < settings.limit <= sent:
            asked.wait()
        asked.wait(settings.pause_s)
    while not isinstance(last, SessionEnded):  # an orderly stop ends its session
        last = next(events)
        publisher(last)
    publisher.stop(settings.goodbye_s)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--device", default="back")
    parser.add_argument("--clock", type=Path)
    parser.add_argument("--burst", type=int, default=2)
    parser.add_argument("--pause-s", type=float, default=0.02)
    parser.add_argument("--goodbye-s", type=float, default=50.0)
    parser.add_argument("--limit", type=int, default=0)
    live(f"run{token_hex(4)}", parser.parse_args())


if __name__ == "__main__":
    main()
