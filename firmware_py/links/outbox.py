"""A queue on disk: what the broker has not acknowledged survives a lost link, a crash and a power cut.

SQLite in WAL mode with `synchronous=FULL`: a batch is on the disk, whole, when `put` returns, or not
there at all. Acknowledged messages are deleted lazily, together with the next batch, because a copy
does no harm (messages are named by device, session and seq) and a write wears the SD card. Any thread
may call any method: one writes what happens, another sends what waits.
"""

from __future__ import annotations

import fcntl
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, takewhile
from pathlib import Path
from typing import IO, Final, NamedTuple

from ..errors import LinkError
from ..posture.messages import Channel, Outgoing, parse_topic

log = logging.getLogger(__name__)

LIMIT_BYTES: Final = 32 * 1024 * 1024
"""Payload bytes kept at most: about 40 000 minutes, two months of wearing twelve hours a day."""

UNSAVED_LIMIT: Final = 2000
"""Messages held in memory while the disk takes no more: about a day."""

SETTLE_S: Final = 60.0
"""So long an acknowledgement may be doubted: Mosquitto acknowledges a message before it has saved it, so
one that is killed in between has promised what it does not have. Ours saves every 30 s. See `doubt`."""

LAZY_REMOVALS: Final = 256
"""So many acknowledged messages are deleted at once where no new batch takes them along."""

PAGE_BYTES: Final = 1024
"""A message and the ledger change a few hundred bytes; each page that they stand on is written whole."""

_WORTH: Final = {Channel.EVENT: 0, Channel.MINUTE: 1}
"""What goes first when the outbox is full; sessions and anchors (2) go last."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY,
    worth INTEGER NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    retain INTEGER NOT NULL
) STRICT;
"""


class Kept(NamedTuple):
    """A message and its place in the queue."""

    id: int
    message: Outgoing


class Outbox:
    """Durable messages in order, from `put` until `remove`.

    Args:
        path: the database file; its folder is made where it is missing.
        limit_bytes: payload bytes kept at most; beyond it the oldest events go first, then the
            oldest minutes, then the oldest sessions. What went is a known gap in the numbering.
        settle_s: for how long the broker must have lived on after an acknowledgement before the message is
            given up; until then it is sent again if the broker dies.

    Raises:
        LinkError: the file cannot be opened or written.
    """

    def __init__(self, path: Path, *, limit_bytes: int = LIMIT_BYTES, settle_s: float = SETTLE_S) -> None:
        self.path = path
        self.limit_bytes = limit_bytes
        self._settle_s = settle_s
        self.dropped = 0
        """Messages given up because the outbox was full, since it was opened."""
        self.disk_full = False
        """Whether the last batch could not be written; it is held in memory and tried again."""
        self.beside: Callable[[], None] | None = None
        """Writes to `db` what must always agree with the messages, in whichever transaction takes them."""
        self._lock = threading.RLock()
        self._unsaved: list[Kept] = []
        self._acknowledged: dict[int, float] = {}  # place and moment, in the order of the moments
        self._heard_s = 0.0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._claim = _claimed(path)
            self.db = self._opened()
            row = self.db.execute(
                "SELECT coalesce(max(id), 0), coalesce(sum(length(payload)), 0) FROM message"
            )
            self._last_id, self._bytes = row.fetchone()
            self._saved = self._count()
        except LinkError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise LinkError(
                f"the outbox {path} cannot be opened: {error}; is the folder writable, is the disk full?"
            ) from error

    def put(
        self,
        messages: Sequence[Outgoing],
        *,
        noting: Callable[[], None] | None = None,
        also: Callable[[], None] | None = None,
    ) -> None:
        """Keep messages, in order, in one transaction. Never raises for a full disk; see `disk_full`.

        `noting` is called first, and brings what `beside` will write up to these messages; `also` writes to
        `db` what belongs to this one call. All three are of the same transaction or of the same retry.
        """
        with self._lock:
            if noting is not None:
                noting()
            for message in messages:
                self._last_id += 1
                self._unsaved.append(Kept(self._last_id, message))
            settled = self._settled()
            try:
                with self.db:
                    self.db.execute("BEGIN IMMEDIATE")
                    self._save(settled)
                    if self._unsaved and self.beside is not None:
                        self.beside()
                    if also is not None:
                        also()
                self._unsaved.clear()
                for place in settled:
                    del self._acknowledged[place]
                self._saved = self._count()
                self.disk_full = False
            except sqlite3.Error as error:
                if not self.disk_full:
                    log.warning(
                        "the outbox cannot be written (%s); messages are held in memory meanwhile", error
                    )
                self.disk_full = True
                self._keep_in_memory()

    def after(self, last_id: int, count: int) -> list[Kept]:
        """The first `count` messages behind place `last_id`, oldest first."""
        with self._lock:
            done = self._acknowledged
            found: list[Kept] = []
            rows = self.db.execute(
                "SELECT id, topic, payload, retain FROM message WHERE id > ? ORDER BY id", (last_id,)
            )
            for place, name, payload, retain in rows:  # SQLite finds each row as it is asked for
                if len(found) == count:
                    return found
                if place not in done:
                    found.append(Kept(place, Outgoing(name, payload, durable=True, retain=bool(retain))))
            held = (kept for kept in self._unsaved if kept.id > last_id and kept.id not in done)
            return [*found, *islice(held, count - len(found))]

    def remove(self, places: Iterable[int]) -> None:
        """The broker has these: they go with a later batch, once that is beyond doubt."""
        with self._lock:
            self.hear()
            for place in places:
                self._acknowledged.setdefault(place, self._heard_s)
            if len(self._acknowledged) >= LAZY_REMOVALS and len(self._settled()) >= LAZY_REMOVALS:
                self.put(())

    def hear(self) -> None:
        """The broker gave a sign of life; without one, no time that passes makes its word any surer."""
        self._heard_s = time.monotonic()

    def doubt(self) -> None:
        """The broker is gone: what it acknowledged in its last moments waits again, in its old place."""
        with self._lock:
            settled = set(self._settled())
            self._acknowledged = {p: at for p, at in self._acknowledged.items() if p in settled}

    def waiting(self) -> int:
        """How many messages are not acknowledged."""
        with self._lock:
            return max(0, self._saved + len(self._unsaved) - len(self._acknowledged))

    def close(self) -> None:
        """Write what is left to write, and let go of the file."""
        with self._lock:
            if self._unsaved or self._settled():
                self.put(())
            self.db.close()
            self._claim.close()

    def _settled(self) -> list[int]:
        before_s = self._heard_s - self._settle_s
        return [place for place, _ in takewhile(lambda kept: kept[1] <= before_s, self._acknowledged.items())]

    def _count(self) -> int:
        count: int = self.db.execute("SELECT count(*) FROM message").fetchone()[0]
        return count

    def _opened(self) -> sqlite3.Connection:
        try:
            return _connect(self.path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            # Not a database any more (a worn card, say). Keep it for a look, and begin again: a
            # monitor that does not start would lose more.
            aside = self.path.with_name(f"{self.path.name}.broken-{time.time_ns()}")
            self.path.replace(aside)
            for tail in ("-wal", "-shm"):
                self.path.with_name(self.path.name + tail).unlink(missing_ok=True)
            log.error("the outbox was damaged (%s); it is kept as %s and a new one begun", error, aside.name)
            return _connect(self.path)

    def _keep_in_memory(self) -> None:
        """Hold what could not be written, without what the broker has by now, and not without end."""
        done, unsaved = set(self._acknowledged), {kept.id for kept in self._unsaved}
        self._unsaved = [kept for kept in self._unsaved if kept.id not in done]
        for place in done & unsaved:
            del self._acknowledged[place]
        over = len(self._unsaved) - UNSAVED_LIMIT
        if over > 0:
            self._unsaved.sort(key=lambda kept: (_worth(kept.message), kept.id))
            del self._unsaved[:over]
            self._unsaved.sort(key=lambda kept: kept.id)
            self.dropped += over

    def _save(self, settled: Sequence[int]) -> None:
        self.db.executemany("DELETE FROM message WHERE id = ?", ((place,) for place in settled))
        done = set(settled)
        self.db.executemany(
            "INSERT INTO message (id, worth, topic, payload, retain) VALUES (?, ?, ?, ?, ?)",
            (
                (place, _worth(message), message.topic, message.payload, message.retain)
                for place, message in self._unsaved
                if place not in done
            ),
        )
        self._bytes += sum(len(kept.message.payload) for kept in self._unsaved)
        if self._bytes > self.limit_bytes:
            # The sum counts what was deleted too; only here does it have to be exact.
            self._bytes = self.db.execute("SELECT coalesce(sum(length(payload)), 0) FROM message").fetchone()[
                0
            ]
        while self._bytes > self.limit_bytes:
            rows = self.db.execute(
                "SELECT id, length(payload) FROM message ORDER BY worth, id LIMIT 64"
            ).fetchall()
            if not rows:
                break
            for place, size in rows:
                self.db.execute("DELETE FROM message WHERE id = ?", (place,))
                self._bytes -= size
                self.dropped += 1
                if self._bytes <= self.limit_bytes:
                    break


def _claimed(path: Path) -> IO[bytes]:
    """A lock that ends with the process, however it ends."""
    claim = path.with_name(f"{path.name}.lock").open("ab")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        claim.close()
        raise LinkError(
            f"the outbox {path} is in use: another plumbline runs with the same data folder; stop it first"
        ) from error
    return claim


def _worth(message: Outgoing) -> int:
    return _WORTH.get(parse_topic(message.topic)[1], 2)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    db.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file; one that is there keeps its own
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.executescript(_SCHEMA)
    # Reads every page once, so that damage shows now and not in the middle of a day.
    verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        db.close()
        raise sqlite3.DatabaseError(verdict)
    return db
