"""The real product under a page: a simulated wearer who lives faster than the clock, driver, core, broker."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx

from firmware_py.links.mqtt import MqttSettings
from firmware_py.simulated import monitor

from .conftest import wait_until

LONGEST_TURN_S = 0.2
"""The clock goes on by no more between two looks at it; the simulated FIFO holds 0.8 s."""


class HurriedClock:
    """The machine's clock, so many times as fast; a countdown of three seconds is over in less than one.

    It waits for whoever lives by it: on a machine that does not give the process its turn, a loop that
    asks ten times a second would else find its FIFO run over at every turn, which is not what is tested.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._lock = threading.Lock()
        self._looked_s = time.monotonic()
        self._now_s = 0.0

    def monotonic(self) -> float:
        with self._lock:
            now_s = time.monotonic()
            self._now_s += min(self._speed * (now_s - self._looked_s), LONGEST_TURN_S)
            self._looked_s = now_s
            return self._now_s

    def sleep(self, for_s: float) -> None:
        until_s = self.monotonic() + for_s
        while (left_s := until_s - self.monotonic()) > 0:
            time.sleep(min(left_s, LONGEST_TURN_S) / self._speed)


class Wearing:
    """A monitored wearer from construction to `close()`."""

    def __init__(self, port: int, folder: Path, speed: float = 4.0, name: str = "back") -> None:
        self._stop = threading.Event()
        self.folder = folder
        settings = MqttSettings("127.0.0.1", port)
        self._thread = threading.Thread(
            target=monitor,
            args=(name, folder, settings, 1, self._stop.is_set, HurriedClock(speed)),
            daemon=True,
        )
        self._thread.start()

    def arrives_at(self, address: str) -> None:
        """Wait until a dashboard knows that it is there; a page that was opened before would not offer it."""

        def online() -> bool:
            known = httpx.get(f"{address}api/v1/devices").json()["devices"]
            return bool(known) and known[0]["online"]

        wait_until(online, "the device's arrival", 60.0)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(30.0)
        assert not self._thread.is_alive()
