"""Composition root of the demonstration: a simulated wearer, a chip by its registers, all else real.

What is simulated says so on every message and on every page. `plumbline run` never comes here.
"""

from __future__ import annotations

import dataclasses
import fcntl
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .config import default_data_home
from .errors import ConfigError, LinkError
from .exercise_file import load as load_exercises
from .hardware.twin.history import simulated_history
from .hardware.twin.wearer_diary import Language, simulated_diary
from .links.broker import RunningBroker, start_broker
from .links.mqtt import MqttSettings
from .page import tunnel
from .posture.messages import Anchor, Encoder
from .simulated import monitor

if TYPE_CHECKING:
    from dashboard.app import Dashboard, Server

DEVICE = "demo"

OTHER_PORTS = 20
"""How many further ports are tried when the one wished for is taken."""

HISTORY_WAIT_S = 30.0
"""The page opens with its history where that takes no longer; a slow machine goes on in the background."""


def demo(
    port: int,
    data: Path | None,
    days: int,
    *,
    two_sensors: bool = False,
    for_s: float | None = None,
    prefer: Literal["mosquitto", "amqtt"] = "mosquitto",
    language: Language | None = None,
) -> int:
    """`plumbline demo`: show everything at work until Ctrl-C.

    Args:
        port: of the page; the next free one is taken, and said, where it is in use.
        data: folder of everything that is kept; the only thing that is left behind.
        days: length of the simulated history, made once for a folder; it ends with the last working day.
        two_sensors: wear a second sensor on the low back.
        for_s: stop after so many seconds.
        prefer: which broker to start where both could be.
        language: in which the simulated wearer writes the diary; None for that of the terminal.

    Raises:
        ConfigError: another demonstration uses this very folder.
        LinkError: no port is free, or no broker starts.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    with ExitStack() as stack:
        folder = stack.enter_context(_own_folder(data))
        broker = start_broker(folder, prefer=prefer)
        stack.callback(broker.stop)
        server, dashboard = _page(folder, broker, port)
        for number in (signal.SIGINT, signal.SIGTERM):  # from here on, whenever it comes
            signal.signal(number, lambda *_: server.ask_to_stop())
        sensors = 2 if two_sensors else 1
        stop = threading.Event()
        history = _fill_history(dashboard, folder, days, sensors, stop, language or terminal_language())
        watch = threading.Thread(
            target=_monitor, args=(folder, broker, sensors, stop), name="monitor", daemon=True
        )
        watch.start()
        if for_s is not None:
            timer = threading.Timer(for_s, server.ask_to_stop)
            timer.daemon = True
            timer.start()
        _say(f"The page: {server.address}  (simulated wearer; broker {broker.kind} on port {broker.port})")
        if (way := tunnel(server.address)) is not None:
            _say(way)
        _say(f"Everything is kept in {folder}. Ctrl-C stops.")
        server.run()
        stop.set()
        watch.join(timeout=10.0)
        if history is not None:
            history.join(timeout=10.0)
    return 0


@contextmanager
def _own_folder(wished: Path | None) -> Iterator[Path]:
    """A data folder that nobody else uses while we do: two at once would write into one database."""
    first = wished or default_data_home() / DEVICE
    for count in range(1, 10):
        folder = first if count == 1 else first.with_name(f"{first.name}-{count}")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if wished is not None:
                    raise ConfigError(
                        f"another demo uses {folder}; stop it, or give another --data"
                    ) from None
                _say(f"Another demo uses {folder}; this one keeps its things beside it.")
                continue
            yield folder
            return
    raise ConfigError(f"nine demos run already beside {first}; stop one of them")


def _page(folder: Path, broker: RunningBroker, port: int) -> tuple[Server, Dashboard]:
    from dashboard.app import Server, build
    from dashboard.settings import BrokerSettings, Settings

    settings = Settings(
        data_folder=folder,
        port=port,
        broker=BrokerSettings(host=broker.host, port=broker.port),
        demonstration=True,
    )
    dashboard = build(settings)
    for candidate in range(port, port + OTHER_PORTS):
        dashboard.settings = dataclasses.replace(settings, port=candidate)
        try:
            server = Server(dashboard)
        except LinkError:
            continue
        if candidate != port:
            _say(f"Port {port} is taken, perhaps by another Plumbline; this page is on port {candidate}.")
        return server, dashboard
    raise LinkError(f"ports {port} to {port + OTHER_PORTS - 1} are all taken; choose another with --port")


def _fill_history(
    dashboard: Dashboard, folder: Path, days: int, sensors: int, stop: threading.Event, language: Language
) -> threading.Thread | None:
    """Let the store have its simulated weeks, made once by the same core in batch."""
    from dashboard.days import zone_named

    mark = folder / "history-made"
    if days <= 0 or mark.exists():
        return None
    made = threading.Event()
    zone = zone_named("")  # as the page reads it
    _fill_diary(dashboard, days, language, zone)
    exercises = [described.exercise for described in load_exercises().values()]

    def fill() -> None:
        for start, events in simulated_history(
            days, sensors=sensors, zone=zone, exercises=exercises, stopped=stop.is_set
        ):
            encoder = Encoder(DEVICE, f"history-{start:%Y%m%dT%H%M}", simulated=True)
            messages = [encoder.anchor(Anchor(0.0, start.timestamp(), trusted=True))]
            messages += [encoder.encode(event) for event in events]
            dashboard.ingest.take((message.topic, message.payload) for message in messages)
        if not stop.is_set():  # else made anew at the next start; what is stored already changes nothing then
            mark.touch()
            made.set()

    _say(f"Making {'a day' if days == 1 else f'{days} days'} of simulated history, once for this folder …")
    began = time.monotonic()
    history = threading.Thread(target=fill, name="history", daemon=True)
    history.start()
    if made.wait(HISTORY_WAIT_S):
        _say(f"… made in {time.monotonic() - began:.0f} s.")
    else:
        _say("… this machine takes its time; the page opens now, and the history fills up behind it.")
    return history


def _fill_diary(dashboard: Dashboard, days: int, language: Language, zone: tzinfo) -> None:
    """Let the diary have entries up to yesterday, each marked as simulated; the same ones at every start."""
    from dashboard.diary.entries import take_in
    from dashboard.diary.symptoms import made
    from dashboard.ingest import FIRST_WEARER

    yesterday = datetime.now(zone).date() - timedelta(days=1)
    entries = simulated_diary(days, until=yesterday, zone=zone, language=language)
    take_in(dashboard.store, FIRST_WEARER, [made(fields) for fields in entries])


def terminal_language() -> Language:
    """The language of the terminal, as POSIX says it: the first of three variables that is set."""
    wish = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "de" if wish.lower().startswith("de") else "en"


def _monitor(folder: Path, broker: RunningBroker, sensors: int, stop: threading.Event) -> None:
    try:
        mqtt = MqttSettings(host=broker.host, port=broker.port, protocol=broker.protocol)
        monitor(DEVICE, folder, mqtt, sensors, stop.is_set)
    except Exception:
        logging.getLogger(__name__).exception("the simulated monitor stopped")


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
