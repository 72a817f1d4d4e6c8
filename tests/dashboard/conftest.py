"""Real parts for the dashboard's tests: PostgreSQL, Mosquitto, Chromium, and a served dashboard."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import create_engine, text

from dashboard.app import Dashboard, Server, build
from dashboard.settings import BrokerSettings, Settings
from dashboard.store import Store, sqlite_url


def wait_until(true: Callable[[], object], what: str, within_s: float = 20.0) -> None:
    """Wait for something that another process or thread brings about."""
    end = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"{what} did not happen within {within_s:g} s")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], str]]:
    """A private PostgreSQL; each call makes an empty database and returns its URL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    binaries = found[-1].parent
    as_postgres: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix="plumbline-pg-"))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        as_postgres = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run([*as_postgres, *command], check=True, capture_output=True, cwd="/")

    run(str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    run(str(binaries / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    made = 0

    def database() -> str:
        nonlocal made
        made += 1
        base = "postgresql+psycopg://postgres@/{}?host=" + str(folder)
        engine = create_engine(base.format("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE plumbline_{made}"))
        engine.dispose()
        return base.format(f"plumbline_{made}")

    yield database
    run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "plumbline.db")
    url: str = request.getfixturevalue("postgresql")()
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url)
    yield opened
    opened.close()


class Broker:
    """A Mosquitto of our own, with persistence, that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\nautosave_interval 1\nautosave_on_changes true\n"
            "user root\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin") or "",
                "-c",
                str(self._config),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, "Mosquitto's start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
        except OSError:
            return False
        return True

    @property
    def settings(self) -> BrokerSettings:
        return BrokerSettings(port=self.port)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running Mosquitto."""
    if shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None:
        pytest.skip("Mosquitto is not installed (apt install mosquitto)")
    folder = tmp_path / "broker"
    folder.mkdir()
    mosquitto = Broker(folder)
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Dashboard]:
    """A dashboard without a broker, not yet served; its days are Berlin's."""
    made = build(Settings(tmp_path / "data", port=0, broker=None, timezone="Europe/Berlin", language="en"))
    yield made
    made.store.close()


@pytest.fixture
def served(opened: Dashboard) -> Iterator[Server]:
    """The same, served."""
    server = Server(opened)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("Chromium is not installed (apt install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()
