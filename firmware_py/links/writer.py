"""The thread that brings durable messages to the disk, so that sampling never waits for it.

Between batches it does the chores of a run: it watches the clock (`anchor.py`) and the disk
(`storage.py`), ends sessions that a power cut broke off and dates runs that had no clock (`ledger.py`).
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from ..posture.messages import Anchor, Encoder, Outgoing, StorageLevel, Told
from ..posture.sessions import Unfinished
from .anchor import RunClock, boot_id
from .ledger import Entry, Ledger
from .outbox import Outbox
from .storage import Storage
from .unfinished import UnfinishedFile

log = logging.getLogger(__name__)

CHORES_EVERY_S: Final = 10.0

UNFINISHED: Final = "unfinished.bin"
"""Beside the outbox."""


class Writer:
    """Numbers events, writes their messages, and tells when they are written.

    Args:
        encoder: makes the messages.
        outbox: keeps them.
        clock: of a run that happens now; None for one that is played back, which has no chores.
        written: called, in the writer's thread, after each batch.
        chores_every_s: how often the clock and the disk are looked at.
    """

    def __init__(
        self,
        encoder: Encoder,
        outbox: Outbox,
        clock: RunClock | None,
        written: Callable[[], None],
        *,
        chores_every_s: float = CHORES_EVERY_S,
    ) -> None:
        self._encoder = encoder
        self._outbox = outbox
        self._clock = clock
        self._written = written
        self._chores_every_s = chores_every_s
        self._chores_at_s = 0.0
        self._storage = Storage(outbox.path.parent)
        self._ledger = None if clock is None else Ledger(outbox.db, encoder, boot_id(), clock.origin_boot_s())
        outbox.beside = None if self._ledger is None else self._ledger.save
        self._unfinished = UnfinishedFile(outbox.path.with_name(UNFINISHED))
        self._unfinished_due_s = 0.0
        self._inbox: queue.SimpleQueue[Entry | Unfinished | None] = queue.SimpleQueue()
        # The order of numbers and the order in the queue are one.
        self._numbering = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin; what an earlier run left unfinished comes first."""
        self._thread.start()

    def put(self, event: Told | Anchor) -> None:
        """Number an event and have it written, from any thread, without waiting for the disk."""
        with self._numbering:
            self._inbox.put((event, self._message(event)))

    def keep(self, unfinished: Callable[[], Unfinished | None]) -> None:
        """Have the minute that is not full yet written, about once a second; call it as often as you like."""
        now_s = time.monotonic()
        if self._ledger is None or now_s < self._unfinished_due_s:
            return
        self._unfinished_due_s = now_s + self._unfinished.period_s
        minute = unfinished()
        if minute is not None:
            self._inbox.put(minute)

    def stop(self) -> None:
        """Write everything that was put, and end."""
        self._inbox.put(None)
        self._thread.join()
        self._unfinished.close()

    def _run(self) -> None:
        try:
            self._begin()
        except Exception:  # what an earlier run left must not cost this one
            log.exception("what earlier runs left unfinished could not be finished")
        more = True
        while more:
            batch, unfinished, more = self._batch()
            try:
                if batch:
                    self._write(batch)
                if unfinished is not None:  # behind what came before it, so that the two fit together
                    self._unfinished.write(unfinished)
                if not more or time.monotonic() >= self._chores_at_s:
                    self._do_chores()
            except Exception:  # one batch lost is a known gap; a dead writer would be silence
                log.exception("%d messages could not be written", len(batch))

    def _begin(self) -> None:
        ledger = self._ledger
        if ledger is not None:
            broken_off = ledger.broken_off(self._unfinished.read())
            if broken_off:
                log.info("%d sessions that were broken off are ended now", len(broken_off))
            self._outbox.put(broken_off, also=ledger.forget_broken_off)
        self._do_chores()

    def _message(self, event: Told | Anchor) -> Outgoing:
        return self._encoder.anchor(event) if isinstance(event, Anchor) else self._encoder.encode(event)

    def _write(self, entries: Sequence[Entry]) -> None:
        ledger = self._ledger
        noting = None if ledger is None else lambda: ledger.note(entries)
        self._outbox.put([message for _, message in entries], noting=noting)
        self._written()

    def _batch(self) -> tuple[list[Entry], Unfinished | None, bool]:
        """What gathered, and whether there will be more; an empty batch when it is time for chores."""
        batch: list[Entry] = []
        unfinished: Unfinished | None = None
        try:
            entry = self._inbox.get(timeout=max(0.0, self._chores_at_s - time.monotonic()))
            while entry is not None:
                if isinstance(entry, Unfinished):
                    unfinished = entry
                else:
                    batch.append(entry)
                entry = self._inbox.get_nowait()
        except queue.Empty:
            return batch, unfinished, True
        return batch, unfinished, False

    def _do_chores(self) -> None:
        self._chores_at_s = time.monotonic() + self._chores_every_s
        clock, ledger = self._clock, self._ledger
        if clock is None or ledger is None:
            return
        # What the chores find is written at once: a run that ends now is dated all the same.
        found: list[Told | Anchor] = []
        anchor = clock.look()
        if anchor is not None:
            found.append(anchor)
            moment = clock.moment()
            if moment.trusted:
                self._outbox.put(ledger.past_anchors(moment), also=ledger.forget_past_runs)
        if self._outbox.disk_full:
            self._outbox.put(())  # perhaps it takes them now
        change = self._storage.look(clock.since_start(), failing=self._outbox.disk_full)
        if change is not None:
            log.log(logging.INFO if change.level is StorageLevel.OK else logging.WARNING, "%s", change.detail)
            found.append(change)
        if found:
            with self._numbering:
                entries = [(event, self._message(event)) for event in found]
            self._write(entries)
