"""A stretch of network that can be cut, stalled and torn in the middle of a message."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from typing import Literal


class Link:
    """Listens, on loopback unless told otherwise, and carries bytes to a port and back, as it is told.

    Attributes:
        state: `"up"`; `"silent"`: nothing is carried and nothing refused, as when Wi-Fi is gone; `"down"`:
            connections are refused.
        tear_after: bytes after which, once, the connection is reset in both directions; None for never.
    """

    def __init__(self, to_port: int, host: str = "127.0.0.1") -> None:
        self._to_port = to_port
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self.state: Literal["up", "silent", "down"] = "up"
        self.tear_after: int | None = None
        self.torn = 0
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cut everything and end."""
        self._stopping = True
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        while not self._stopping:
            if self.state == "down":
                self._cut_all()
            watched = [self._listener, *([] if self.state == "silent" else self._pairs)]
            try:
                ready, _, _ = select.select(watched, [], [], 0.02)
            except (OSError, ValueError):
                continue
            for source in ready:
                if source is self._listener:
                    self._accept()
                elif source in self._pairs:
                    self._carry(source)
        self._cut_all()

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if self.state == "down":
            near.close()
            return
        try:
            far = socket.create_connection(("127.0.0.1", self._to_port), timeout=1.0)
        except OSError:
            near.close()
            return
        self._pairs[near], self._pairs[far] = far, near

    def _carry(self, source: socket.socket) -> None:
        to = self._pairs[source]
        try:
            data = source.recv(65_536)
            if data and self.tear_after is not None:
                self.tear_after -= len(data)
                if self.tear_after <= 0:
                    to.sendall(data[: len(data) + self.tear_after])
                    self.tear_after = None
                    self.torn += 1
                    for end in (source, to):  # a reset, not a polite end
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self._cut(source)
                    return
            if data:
                to.settimeout(5.0)
                to.sendall(data)
                return
        except OSError:
            pass
        self._cut(source)

    def _cut(self, one: socket.socket) -> None:
        other = self._pairs.pop(one)
        self._pairs.pop(other, None)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.close()

    def _cut_all(self) -> None:
        while self._pairs:
            self._cut(next(iter(self._pairs)))
