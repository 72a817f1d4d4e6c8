"""What the fleet is let loose on: broker, PostgreSQL, workers and plain readers, each in its own process."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from dashboard.ingest import KEPT
from dashboard.share import RECEIVE_MAXIMUM, Share
from firmware_py.posture.messages import Channel, topic, topic_filter
from tests.dashboard.conftest import Broker
from tests.dashboard.servers import PostgreSQL

from .load import weigh

WORKER_NICE = 5
"""As plumbline-ingest@.service says: `Nice=5`, and `CPUWeight=33`, which is the same among services."""

WORK = """
import logging, sys
from pathlib import Path
from dashboard.settings import BrokerSettings, Settings
from dashboard.share import Share
from dashboard.worker import work
logging.basicConfig(level=logging.WARNING)
settings = Settings(
    Path(sys.argv[1]), database=sys.argv[2], broker=BrokerSettings(port=int(sys.argv[3])), people=True
)
work(settings, Share(sys.argv[4], sys.argv[5]), on_ready=lambda name: print(name, flush=True))
"""

# A web process beside workers, as deploy/many/web.toml has it.
WEB = """
import logging, sys
from pathlib import Path
from dashboard.app import serve
from dashboard.settings import BrokerSettings, Settings
logging.basicConfig(level=logging.WARNING)
settings = Settings(
    Path(sys.argv[1]), port=0, database=sys.argv[2], broker=BrokerSettings(port=int(sys.argv[3])),
    timezone="Europe/Berlin", people=True, ingests=False,
)
serve(settings, on_ready=lambda address: print(address, flush=True))
"""

# Takes what a worker takes, over the same library with the same settings, and does nothing with it.
READ = """
import sys
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from dashboard.ingest import KEPT
from dashboard.share import RECEIVE_MAXIMUM
from firmware_py.posture.messages import topic_filter
port, group, name = int(sys.argv[1]), sys.argv[2], sys.argv[3]
count = 0
def arrived(client, data, message):
    global count
    count += 1
    if count % 100 == 0:
        print(count, flush=True)
def linked(client, *rest):
    client.subscribe([(f"$share/{group}/{topic_filter(kept)}", 1) for kept in KEPT])
version = mqtt.CallbackAPIVersion.VERSION2
client = mqtt.Client(version, client_id=f"reader-{group}-{name}", protocol=mqtt.MQTTv5)
client.on_message, client.on_connect = arrived, linked
client.on_subscribe = lambda *rest: print("ready", flush=True)
kept = Properties(PacketTypes.CONNECT)
kept.ReceiveMaximum = RECEIVE_MAXIMUM
client.connect("127.0.0.1", port, clean_start=True, properties=kept)
client.loop_forever()
"""

# As `plumbline broker` and deploy/ have it.
BROKER = (
    "autosave_interval 5",
    "autosave_on_changes false",
    "max_inflight_messages 0",
    "max_queued_messages 0",
    "max_connections -1",
)

POSTGRESQL = (
    "track_commit_timestamp=on",
    "shared_buffers=512MB",
    "max_wal_size=4GB",
    "effective_io_concurrency=64",
)


_STARTED: list[subprocess.Popen[str]] = []
"""Readers, workers and publishers, so that none outlives the rig."""


@dataclass
class Rig:
    """Running servers.

    Attributes:
        broker: Mosquitto.
        postgresql: with the time of each commit kept, which tells when a row could be seen.
        url: of an empty database.
        folder: for whatever a process writes.
    """

    broker: Broker
    postgresql: PostgreSQL
    url: str
    folder: Path

    def worker(self, name: str, group: str = "fleet") -> subprocess.Popen[str]:
        """Start an ingest worker; returns when it is at work."""
        process, _ = _started(WORK, str(self.folder), self.url, str(self.broker.port), group, name)
        weigh(process.pid, WORKER_NICE)
        return process

    def web(self) -> tuple[subprocess.Popen[str], int]:
        """Start a web process; returns it and its port when it answers."""
        process, address = _started(WEB, str(self.folder), self.url, str(self.broker.port))
        return process, int(address.strip().rstrip("/").rpartition(":")[2])

    def reader(self, name: str, group: str) -> subprocess.Popen[str]:
        """Start a plain reader; returns when it is subscribed."""
        process, _ = _started(READ, str(self.broker.port), group, name)
        return process

    def c_reader(self) -> CReader:
        """Start a plain reader that is a C program; returns when it is subscribed."""
        return CReader(self)

    def publisher(self, device: str, lines: Path) -> subprocess.Popen[str]:
        """Start to publish a file's lines as minutes of a device, as quickly as the broker takes them."""
        command = [*_mosquitto(self, "mosquitto_pub"), "-q", "1", "-t", topic(device, Channel.MINUTE), "-l"]
        with lines.open() as file:
            _STARTED.append(subprocess.Popen(command, stdin=file, text=True))
        return _STARTED[-1]

    def forget_worker(self, name: str, group: str = "fleet") -> None:
        """Let the broker keep nothing more for a worker: it would go on to queue what others read."""
        version = CallbackAPIVersion.VERSION2
        client = mqtt.Client(version, client_id=Share(group, name).client_id, protocol=mqtt.MQTTv5)

        @client.connect_callback()
        def leave(*_: object) -> None:
            client.disconnect()

        client.connect("127.0.0.1", self.broker.port, clean_start=True)
        client.loop_forever()

    def cpu_s(self, *processes: subprocess.Popen[str]) -> dict[str, float]:
        """Processor time spent so far by each part, seconds."""
        return {
            "broker": _cpu_s(self.broker.pid),
            "PostgreSQL": _cpu_s(self.postgresql.pid, children=True),
            "ours": sum(_cpu_s(process.pid) for process in processes),
            "fleet": time.process_time() + _of_children_s(),
        }

    def shares(
        self, web: subprocess.Popen[str], fleet: int, *workers: subprocess.Popen[str]
    ) -> dict[str, float]:
        """Processor time spent so far by each part while pages are asked for, seconds."""
        return {
            "broker": _cpu_s(self.broker.pid),
            "PostgreSQL": _cpu_s(self.postgresql.pid, children=True),
            "workers": sum(_cpu_s(process.pid) for process in workers),
            "web process": _cpu_s(web.pid),
            "simulated devices": _cpu_s(fleet),
            "who asks for pages": time.process_time(),
        }

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection to the database, past all of our code."""
        return psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True)


@contextmanager
def rig() -> Iterator[Rig]:
    """Everything started, and stopped again, also when this process is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="plumbline-fleet-") as folder:
        broker = Broker(Path(folder), *BROKER)
        broker.start()
        postgresql = PostgreSQL(*POSTGRESQL)
        try:
            yield Rig(broker, postgresql, postgresql.database(), Path(folder))
        finally:
            for process in _STARTED:
                process.kill()  # one that ended already takes no notice
                process.wait()
            broker.stop()
            postgresql.close()


class CReader:
    """`mosquitto_sub`, which says a letter for every message."""

    def __init__(self, rig: Rig) -> None:
        self._said = rig.folder / f"said-{time.monotonic_ns()}"
        filters = [part for kept in KEPT for part in ("-t", f"$share/c/{topic_filter(kept)}")]
        window = ["-D", "connect", "receive-maximum", str(RECEIVE_MAXIMUM)]
        command = [*_mosquitto(rig, "mosquitto_sub"), "-V", "5", "-q", "1", *window, *filters, "-F", "x"]
        with self._said.open("w") as file:
            self.process = subprocess.Popen(command, stdout=file, text=True)
        _STARTED.append(self.process)
        probe = [*_mosquitto(rig, "mosquitto_pub"), "-q", "1", "-t", topic("probe", Channel.EVENT), "-m", "x"]
        while not self._count():
            subprocess.run(probe, check=True)
        time.sleep(0.2)  # for probes that are under way
        self._before = self._count()

    def wait(self, count: int) -> None:
        """Wait until it has had so many messages."""
        while self._count() - self._before < count:
            time.sleep(0.01)

    def _count(self) -> int:
        return self._said.stat().st_size // len("x\n")


def _mosquitto(rig: Rig, program: str) -> list[str]:
    return [program, "-h", "127.0.0.1", "-p", str(rig.broker.port)]


def _of_children_s() -> float:
    """Processor time of children that ended and were waited for: publishers."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def stop(*processes: subprocess.Popen[str]) -> None:
    """Stop processes in order."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        process.wait(60)


def _started(program: str, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    """A process in a session of its own, as a service is; and the first line that it said."""
    command = [sys.executable, "-c", program, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    _STARTED.append(process)
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said:
        raise RuntimeError("a process of the rig did not start")
    return process, said


def wait_for_rows(connection: psycopg.Connection[tuple[object, ...]], wanted: int, within_s: float) -> float:
    """Wait until so many minutes and events are stored; returns when (POSIX time, s).

    Raises:
        TimeoutError: they did not come.
    """
    end = time.monotonic() + within_s
    found = 0
    while time.monotonic() < end:
        row = connection.execute("SELECT (SELECT count(*) FROM minutes) + (SELECT count(*) FROM events)")
        found = int(str(row.fetchone()[0]))  # type: ignore[index] # a count is one row
        if found >= wanted:
            return time.time()
        time.sleep(0.1)
    raise TimeoutError(f"{found} of {wanted} rows within {within_s:g} s")


def _cpu_s(pid: int, *, children: bool = False) -> float:
    """User and system time of a process; with `children` that of those it started, living or gone."""
    fields = _stat(pid)
    ticks = sum(map(int, fields[11:15] if children else fields[11:13]))
    if children:
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with contextlib.suppress(OSError, IndexError):
                    other = _stat(int(entry.name))
                    if int(other[1]) == pid:
                        ticks += int(other[11]) + int(other[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    # From the state on: what stands before, the program's name in parentheses, may hold spaces.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
