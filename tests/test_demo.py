"""The demonstration as a newcomer meets it: started from the command line, looked at, stopped with Ctrl-C."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from firmware_py.demo import terminal_language
from firmware_py.page import tunnel

from .conftest import ROOT
from .dashboard.conftest import wait_until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("came_from", "address", "told"),
    [
        ("192.168.1.20 51234 192.168.1.7 22", "http://127.0.0.1:8766/", "8766:127.0.0.1:8766"),
        ("fe80::1 51234 fe80::2 22", "http://127.0.0.1:8765/", "@fe80::2, then"),
    ],
)
def test_who_starts_it_over_ssh_is_told_how_the_page_opens_at_their_own_computer(
    came_from: str, address: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", came_from)
    assert told in (tunnel(address) or "")


@pytest.mark.parametrize(
    ("came_from", "address"),
    [("", "http://127.0.0.1:8765/"), ("192.168.1.20 51234 192.168.1.7 22", "http://0.0.0.0:8765/")],
)
def test_nobody_is_told_who_needs_no_way_through(
    came_from: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", came_from)
    assert tunnel(address) is None


@contextmanager
def demo(data: Path, port: int, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A demo that has said where its page is; asked to stop with Ctrl-C at the end, if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "firmware_py.cli", "demo", "--data", str(data), "--port", str(port), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if "Ctrl-C stops" in line:
                break
        else:
            pytest.fail(f"the demo ended before it served: {said}")
        yield said, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                pytest.fail("Ctrl-C did not stop the demo within a minute")


def address_in(said: str) -> str:
    found = re.search(r"http://\S+", said)
    assert found, said
    return found[0]


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        text: str = answer.read().decode()
    return text


def is_marked(first_page: str) -> bool:
    """Whether it shows, once it knows the device, that its wearer is a simulated one."""
    return re.search(r'id="live-simulated" class="simulated"\s+title=', first_page) is not None


def live_readings(address: str, count: int) -> int:
    """How many readings the page is sent over its WebSocket: `count`, or fewer within a minute."""
    heard = 0
    with connect(address.replace("http", "ws") + "live", origin=Origin(address.rstrip("/"))) as socket_:
        end = time.monotonic() + 60.0
        while heard < count and (left := end - time.monotonic()) > 0:
            with suppress(TimeoutError):
                heard += json.loads(socket_.recv(timeout=left))["type"] == "reading"
    return heard


def test_the_demo_shows_a_live_simulated_wearer_and_stops_in_order(tmp_path: Path) -> None:
    port = free_port()
    with demo(tmp_path / "d", port, "--days", "0") as (said, process):
        address = address_in(said)
        assert f":{port}/" in address
        wait_until(lambda: is_marked(read(address)), "the mark of what is simulated", 60.0)
        assert live_readings(address, 30) == 30
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=60).close()
    assert subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True).returncode == 1, "left running"


def test_a_second_demo_says_that_the_port_is_taken_and_takes_another(tmp_path: Path) -> None:
    port = free_port()
    with (
        demo(tmp_path / "one", port, "--days", "0"),
        demo(tmp_path / "two", port, "--days", "0") as (said, _),
    ):
        assert f"Port {port} is taken" in said
        assert f":{port}/" not in address_in(said)
        wait_until(lambda: is_marked(read(address_in(said))), "the mark of what is simulated", 60.0)


def test_a_second_demo_keeps_out_of_the_first_ones_folder(tmp_path: Path) -> None:
    with demo(tmp_path / "d", free_port(), "--days", "0"):
        second = subprocess.run(
            [sys.executable, "-m", "firmware_py.cli", "demo", "--data", str(tmp_path / "d"), "--days", "0"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert second.returncode == 1
    assert "another demo uses" in second.stderr


def test_the_history_is_there_when_the_page_opens_and_says_that_it_is_simulated(tmp_path: Path) -> None:
    with demo(tmp_path / "d", free_port(), "--days", "3") as (said, _):
        assert "… made in" in said or "fills up behind it" in said
        wait_until((tmp_path / "d" / "history-made").exists, "the history", 300.0)
        page = read(address_in(said) + "history")
        assert "Simulated" in page
    with demo(tmp_path / "d", free_port(), "--days", "3") as (said, _):
        assert "Making" not in said, "made once for a folder"


def test_without_mosquitto_the_embedded_broker_carries_the_demo(tmp_path: Path) -> None:
    with demo(tmp_path / "d", free_port(), "--days", "0", "--broker", "amqtt") as (said, _):
        assert "broker amqtt" in said
        assert live_readings(address_in(said), 30) == 30


def test_ctrl_c_in_the_very_moment_of_starting_is_not_lost(tmp_path: Path) -> None:
    for _ in range(3):
        with demo(tmp_path / "d", free_port(), "--days", "0") as (_, process):
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "", "LC_ALL": "de_CH"}, "de"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_the_simulated_wearer_writes_in_the_language_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert terminal_language() == language
