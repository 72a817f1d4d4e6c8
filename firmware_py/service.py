"""Telling systemd that the run is alive (sd_notify(3)); a no-op where nobody listens.

The watchdog is fed from the sampling loop itself, by the readings that come out of it: a loop that hangs,
whatever hangs it, stops feeding, and systemd starts the monitor again.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping

from .posture.events import Event, Reading


class Watchdog:
    """A listener that reports to systemd at most three times in a watchdog interval.

    Args:
        environment: where systemd says how to reach it (`NOTIFY_SOCKET`, `WATCHDOG_USEC`).
        clock_s: monotonic time.
    """

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock_s = clock_s
        self._every_s = _microseconds(environment.get("WATCHDOG_USEC", "")) / 3e6
        self._next_s = float("-inf")
        self._ready = False
        address = environment.get("NOTIFY_SOCKET", "")
        # "@" stands for the zero byte that begins an abstract address.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None

    def __call__(self, event: Event) -> None:
        """Feed, if it is time: the first reading says that the monitor is ready."""
        if self._socket is None or not isinstance(event, Reading):
            return
        now_s = self._clock_s()
        if now_s < self._next_s:
            return
        self._next_s = now_s + self._every_s if self._every_s > 0 else float("inf")
        self._send("WATCHDOG=1" if self._ready else "READY=1\nWATCHDOG=1\nSTATUS=monitoring")
        self._ready = True

    def stopping(self) -> None:
        """The run ends in order; what is still to be delivered may take a while."""
        self._send("STOPPING=1\nSTATUS=delivering what waits")

    def _send(self, words: str) -> None:
        if self._socket is not None:
            try:
                self._socket.sendto(words.encode(), self._address)
            except OSError:
                self._socket.close()  # nobody listens any more: systemd will judge for itself
                self._socket = None


def _microseconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0
