"""A small world of real processes: a broker, a dashboard with its store, devices; each can be killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware_py.links.broker import RunningBroker, start_broker

from ..conftest import ROOT
from .link import Link

AUTOSAVE_S = 1
"""The devices here live faster than real ones; broker and outbox trust each other for as much less."""


def until(true: Callable[[], object], seconds: float = 60.0) -> float:
    """Wait for a condition; returns the seconds it took.

    Raises:
        TimeoutError: it did not come true.
    """
    began_s = time.monotonic()
    while not true():
        if time.monotonic() - began_s > seconds:
            raise TimeoutError(f"not within {seconds:.0f} s")
        time.sleep(0.02)
    return time.monotonic() - began_s


def until_beyond(count: Callable[[], int], seen: int, seconds: float = 60.0) -> float:
    """Wait until it counts more than was seen; returns the seconds it took.

    Raises:
        TimeoutError: it did not go on.
    """
    return until(lambda: count() > seen, seconds)


@dataclass
class World:
    """Everything below one folder; `stop` ends what still runs."""

    folder: Path
    longest_outage_s: float = 0.0
    devices: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.journal = self.folder / "journal"
        self.journal.touch()
        self.clock = self.folder / "clock"
        self.clock.write_text("0")
        self.broker: RunningBroker = start_broker(self.folder / "machine", autosave_s=AUTOSAVE_S)
        self.port = self.broker.port
        self.link = Link(self.port)
        config = self.folder / "plumbline.toml"
        config.write_text(
            f'[device]\ndata = "{self.folder / "page"}"\n[mqtt]\nport = {self.port}\n'
            f"[dashboard]\nport = {_free()}\n"
        )
        self.config = config
        self.dashboard = self._start_dashboard()

    # ---- the broker ----

    def kill_broker(self) -> None:
        """As a power cut would."""
        number = int((self.folder / "machine/broker/mosquitto.pid").read_text().split()[0])
        os.kill(number, signal.SIGKILL)
        self.broker.stop()

    def restart_broker(self) -> None:
        """On the same port, with what it had saved."""
        self.broker = start_broker(self.folder / "machine", self.port, autosave_s=AUTOSAVE_S)

    # ---- the dashboard ----

    def _start_dashboard(self) -> subprocess.Popen[bytes]:
        said = (self.folder / "dashboard.log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-m", "firmware_py.cli", "dashboard", "--config", str(self.config)],
            cwd=ROOT, stdout=said, stderr=said,
        )  # fmt: skip

    def kill_dashboard(self) -> None:
        """As a power cut would, and start it again."""
        self.dashboard.kill()
        self.dashboard.wait()
        self.dashboard = self._start_dashboard()

    @property
    def store(self) -> Path:
        """Its database."""
        found = list((self.folder / "page").glob("*.sqlite3")) + list((self.folder / "page").glob("*.db"))
        return found[0] if found else self.folder / "page" / "none"

    def stored(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Rows of the store; none while there is no store."""
        if not self.store.exists():
            return []
        db = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=10.0)
        try:
            return db.execute(query, values).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            db.close()

    def stored_count(self) -> int:
        """Durable messages in the store."""
        rows = self.stored("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM minutes)")
        return int(str(rows[0][0])) if rows else 0

    # ---- devices ----

    def start_device(
        self,
        *arguments: str,
        port: int | None = None,
        data: str = "device",
        within: Sequence[str] = (),
    ) -> subprocess.Popen[bytes]:
        """A device, through the link unless a port is given; `within` is a command that runs it elsewhere."""
        (self.folder / data).mkdir(exist_ok=True)
        said = (self.folder / "device.log").open("ab")
        runs = len(self.births())
        places = {
            "port": port or self.link.port,
            "data": self.folder / data,
            "journal": self.journal,
            "clock": self.clock,
        }
        options = [word for name, value in places.items() for word in (f"--{name}", str(value))]
        process = subprocess.Popen(
            [*within, sys.executable, "-m", "tests.faults.device", *options, *arguments],
            cwd=ROOT, stdout=said, stderr=said,
        )  # fmt: skip
        self.devices.append(process)
        until(lambda: len(self.births()) > runs)
        return process

    def start_monitor(self, name: str = "worn") -> subprocess.Popen[bytes]:
        """The whole monitor, straight to the broker; waits until it has begun a session."""
        data = self.folder / name
        data.mkdir(exist_ok=True)
        said = (self.folder / "monitor.log").open("ab")
        sessions = self.sessions_of(name)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.monitor", str(self.port), str(data), name],
            cwd=ROOT, stdout=said, stderr=said,
        )  # fmt: skip
        self.devices.append(process)
        until(lambda: self.sessions_of(name) > sessions, 120.0)
        return process

    def sessions_of(self, name: str, where: str = "1") -> int:
        """Sessions of a device that the store knows."""
        count = f"SELECT count(*) FROM sessions JOIN devices USING (device_id) WHERE name = ? AND {where}"
        rows = self.stored(count, name)
        return int(str(rows[0][0])) if rows else 0

    def promises(self) -> list[tuple[str, str, int]]:
        """(device, session, seq) of all that an outbox said it keeps."""
        return [(one[1], one[2], one[3]) for one in self._journal() if one[0] == "message"]

    def births(self) -> dict[str, float]:
        """When each run truly began, UTC seconds."""
        return {one[2]: one[3] for one in self._journal() if one[0] == "run"}

    def _journal(self) -> list[list[Any]]:
        lines = self.journal.read_text().splitlines()
        found = []
        for line in lines:
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                continue  # the line that a kill cut off was no promise yet
        return found

    def settle(self, seconds: float = 60.0) -> None:
        """Wait until all that was promised is stored."""

        def missing() -> set[tuple[str, str, int]]:
            return set(self.promises()) - self._stored_names()

        try:
            self.longest_outage_s = max(self.longest_outage_s, until(lambda: not missing(), seconds))
        except TimeoutError:
            lost = sorted(missing())
            raise AssertionError(f"{len(lost)} promised messages never came, first {lost[:3]}") from None

    def _stored_names(self) -> set[tuple[str, str, int]]:
        rows = self.stored(
            "SELECT name, session, seq FROM events JOIN devices USING (device_id)"
            " UNION ALL SELECT name, session, seq FROM minutes JOIN devices USING (device_id)"
        )
        return {(str(name), str(session), int(str(seq))) for name, session, seq in rows}

    def stop(self) -> None:
        """End everything."""
        for process in [*self.devices, self.dashboard]:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.link.stop()
        self.broker.stop()


def resident_mb(process: subprocess.Popen[bytes]) -> float:
    """Memory of a process, MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _free() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
