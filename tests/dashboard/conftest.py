"""Real parts for the dashboard's tests: PostgreSQL, Mosquitto, Chromium, and a served dashboard."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from dashboard.app import Dashboard, Server, build
from dashboard.settings import BrokerSettings, Settings
from dashboard.store import Store, sqlite_url

from .servers import PostgreSQL


def wait_until(true: Callable[[], object], what: str, within_s: float = 60.0) -> None:
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
def postgresql() -> Iterator[Callable[..., str]]:
    """A private PostgreSQL; each call makes an empty database and returns its URL."""
    try:
        server = PostgreSQL("fsync=off")
    except FileNotFoundError as error:
        pytest.skip(str(error))
    yield server.database
    server.close()


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

    def __init__(self, folder: Path, *settings: str) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\nautosave_interval 1\nautosave_on_changes true\n"
            "user root\n" + "".join(f"{setting}\n" for setting in settings)
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
            start_new_session=True,  # as a service; benchmarks weigh the services against one another
        )
        wait_until(self._answers, "Mosquitto's start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        """The process that runs."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Die as of a power cut."""
        if self._process is not None:
            self._process.kill()
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
    expect.set_options(timeout=60_000)  # a condition comes when it comes: the machine may be slow
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()
