"""Stores what the broker brings, and says so to the broker once it is committed.

One thread: it takes what has gathered, stores it in one transaction, and then has all of it
acknowledged. Meanwhile the next batch gathers, so the slower the database is, the larger the batches.
Devices take turns: two thousand that come back with an hour each hold up nobody's minute of now.
A message that was not acknowledged comes again, and changes nothing if it was stored after all.

Acknowledged is in the order of arrival, as MQTT demands (MQTT-4.6.0-2), and not in that of storing: a
broker looks for the message of an acknowledgement from the oldest one on, so that any other order
costs it a walk along all that is under way.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError

from .fair_queue import FairQueue
from .ingest import Ingest, Taken
from .summing import Summing

log = logging.getLogger(__name__)

MAX_BATCH = 2000
"""Messages of one transaction: enough that its cost is shared, few enough that nobody waits long for it."""

RETRY_S = 1.0


class Arrived(NamedTuple):
    """A message to be stored, and what its acknowledgement needs.

    Attributes:
        connection: number of the connection it came by: a packet number means nothing on the next one.
    """

    topic: str
    payload: bytes
    mid: int
    qos: int
    connection: int


class Writer:
    """Stores messages in a thread of its own.

    Args:
        ingest: takes them.
        acknowledge: told of messages in the order of their arrival, after the commit of them and of all
            before them, from the writer's thread.
        on_stored: told what a batch came to, after that.
    """

    def __init__(
        self,
        ingest: Ingest,
        acknowledge: Callable[[Sequence[Arrived]], None],
        on_stored: Callable[[Taken], None],
    ) -> None:
        self._ingest = ingest
        self._acknowledge = acknowledge
        self._on_stored = on_stored
        self._queue: FairQueue[Arrived] = FairQueue()
        self._unacknowledged: deque[Arrived] = deque()
        self._stored: set[tuple[int, int]] = set()
        self._stopping = threading.Event()
        self._summing = Summing(ingest.settle)
        self._thread = threading.Thread(target=self._write, name="writer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._summing.start()
        self._thread.start()

    def put(self, *arrived: Arrived) -> None:
        """Have messages stored; from the one thread that brings them."""
        self._unacknowledged.extend(one for one in arrived if one.qos)
        # Whole topics up to the channel: a device's messages of one kind follow one another.
        self._queue.put_all((one.topic, one) for one in arrived)

    def stop(self) -> None:
        """Store what has arrived, and end."""
        self._stopping.set()
        self._queue.close()
        if self._thread.ident is not None:
            self._thread.join()
            self._summing.stop()

    def _write(self) -> None:
        while True:
            batch = self._queue.take(MAX_BATCH)
            if batch and not self._store(batch):
                return
            if self._stopping.is_set() and self._queue.is_empty():
                return

    def _store(self, batch: Sequence[Arrived]) -> bool:
        """Store a batch, however long the database takes to come back; False when told to stop meanwhile."""
        while True:
            try:
                taken = self._ingest.keep([(arrived.topic, arrived.payload) for arrived in batch])
                break
            except DBAPIError as error:
                log.error("the database cannot take %d messages, trying again: %s", len(batch), error.orig)
            except (
                Exception
            ):  # such as a pool without a free connection: ended here, nothing would be stored again
                log.exception("%d messages cannot be stored, trying again", len(batch))
            if self._stopping.wait(RETRY_S):
                return False  # never acknowledged, so the broker brings them again
        if in_turn := self._in_turn(batch):
            self._acknowledge(in_turn)
        if taken.stored:
            self._summing.look()
        self._on_stored(taken)
        return True

    def _in_turn(self, stored: Sequence[Arrived]) -> list[Arrived]:
        """Of all that is stored, what has nothing before it that is not."""
        self._stored.update((one.connection, one.mid) for one in stored if one.qos)
        waiting, done = self._unacknowledged, self._stored
        in_turn: list[Arrived] = []
        while waiting and (key := (waiting[0].connection, waiting[0].mid)) in done:
            done.remove(key)
            in_turn.append(waiting.popleft())
        return in_turn
