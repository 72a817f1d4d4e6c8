"""systemd hears from the sampling loop and from nothing else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_py.posture.events import Activity, Posture, Reading, WornChanged
from firmware_py.service import Watchdog

READING = Reading(0.1, 3.0, 0.0, 3.0, None, 1.0, Posture.UPRIGHT, Activity.STILL, None, 1)


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "notify"))
    listening.setblocking(False)
    yield listening
    listening.close()


def heard(listening: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(listening.recv(4096).decode())
        except BlockingIOError:
            return found


def watchdog(listening: socket.socket, now_s: list[float], usec: str = "30000000") -> Watchdog:
    return Watchdog({"NOTIFY_SOCKET": listening.getsockname(), "WATCHDOG_USEC": usec}, lambda: now_s[0])


def test_the_first_reading_says_ready_and_the_others_feed_in_time(systemd: socket.socket) -> None:
    now_s = [0.0]
    feed = watchdog(systemd, now_s)
    assert heard(systemd) == []
    for tick in range(600):
        now_s[0] = tick / 10
        feed(READING)
    told = heard(systemd)
    assert told[0].startswith("READY=1\nWATCHDOG=1")
    assert told[1:] == ["WATCHDOG=1"] * 5  # every 10 s of a watchdog of 30 s


def test_a_loop_that_gives_no_readings_does_not_feed(systemd: socket.socket) -> None:
    feed = watchdog(systemd, [0.0])
    feed(WornChanged(1.0, True, "moved"))
    assert heard(systemd) == []


def test_without_a_watchdog_ready_is_said_once(systemd: socket.socket) -> None:
    feed = watchdog(systemd, [0.0], usec="")
    feed(READING)
    feed(READING)
    assert len(heard(systemd)) == 1
    feed.stopping()
    assert heard(systemd)[0].startswith("STOPPING=1")


def test_without_systemd_nothing_happens() -> None:
    feed = Watchdog({})
    feed(READING)
    feed.stopping()


def test_a_listener_that_went_away_costs_nothing(systemd: socket.socket, tmp_path: Path) -> None:
    now_s = [0.0]
    feed = watchdog(systemd, now_s)
    systemd.close()
    (tmp_path / "notify").unlink()
    for _ in range(3):
        now_s[0] += 100.0
        feed(READING)
