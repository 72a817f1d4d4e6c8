"""All of one wearer's data out, in again, and gone.

The archive is the messages themselves, one a line, as they would come from the broker: complete,
exact, and taken in again by the same ingest, in which what is there already changes nothing.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import Connection, Row, Select, Table, delete, insert, select

from firmware_py.errors import StoreError
from firmware_py.posture.events import MinutePassed
from firmware_py.posture.messages import CHANNELS, SCHEMA, Anchor, Channel, kind_of, topic

from .days import Stretch, day_of
from .diary import entries
from .diary.symptoms import Entry
from .diary.symptoms import decoded as decoded_entry
from .exercises.doses import KeptSet, kept_sets
from .exercises.doses import take_in as exercise_sets_in
from .ingest import Ingest, Taken
from .rollup import unpacked
from .row_security import BACKSTAGE, DOOR_TABLES
from .schema import metadata
from .store import Store
from .tables import devices, events, minutes, notes, runs, wearers

MAX_LINE = 100_000
MAX_NOTE = 300
"""Letters of a note."""
_BATCH = 2000

COPY = ".copy-being-made-"
"""How the name of a copy of the database begins while it is made: as no file of the wearer's own does."""


NOTE = "note"
"""Stands in the place of a topic where a line is a note of the wearer's, which no device sent."""

DIARY = "diary"
"""… and where it is an entry of the symptom diary."""


EXERCISE = "exercise"
"""… and where it is a set of an exercise that the page coached by itself."""


class _Note(msgspec.Struct, frozen=True):
    day: str
    text: str


def _note(message: msgspec.Raw) -> _Note:
    """A note as a page could have written it.

    Raises:
        ValueError: it is none, or of a day that there is not.
    """
    note = msgspec.json.decode(message, type=_Note)
    if day_of(note.day).isoformat() != note.day or not 0 < len(note.text) <= MAX_NOTE or "\x00" in note.text:
        raise ValueError("no note")
    return note


class _Line(msgspec.Struct):
    topic: str
    message: msgspec.Raw


def archive(connection: Connection, wearer_id: int) -> Iterator[bytes]:
    """Lines of JSON, `{"topic": …, "message": …}`: anchors first, then events and minutes."""
    told = _Told(connection, wearer_id)
    for anchor in told.anchors.values():
        yield _line(*anchor)
    yield from (_line(*told.event(row)) for row in connection.execute(_rows(events, wearer_id)))
    for row in connection.execute(
        select(notes).where(notes.c.wearer_id == wearer_id).order_by(notes.c.note_id)
    ):
        yield _line(NOTE, msgspec.json.encode(_Note(row.day, row.text)))
    for entry in entries.lines(connection, wearer_id):
        yield _line(DIARY, entry)
    for one in kept_sets(connection, wearer_id):
        yield _line(EXERCISE, msgspec.json.encode(one))
    yield from (_line(*told.minute(row)) for row in connection.execute(_rows(minutes, wearer_id)))


def messages_between(
    connection: Connection, wearer_id: int, stretch: Stretch
) -> Iterator[tuple[int, str, bytes]]:
    """Moment (ms UTC), topic and message of all that happened in a stretch, each run's anchor before it."""
    told = _Told(connection, wearer_id)
    anchored: set[tuple[int, str]] = set()
    for table, moment, message in (
        (events, events.c.at_utc_ms, told.event),
        (minutes, minutes.c.start_utc_ms, told.minute),
    ):
        within = (moment >= stretch.start_utc_ms) & (moment < stretch.end_utc_ms)
        for row in connection.execute(_rows(table, wearer_id).where(within)):
            at, run = row._mapping[moment], (row.device_id, row.run)
            if run not in anchored and run in told.anchors:
                anchored.add(run)
                yield (at, *told.anchors[run])
            yield (at, *message(row))


def _rows(table: Table, wearer_id: int) -> Select[Any]:
    return select(table).where(table.c.wearer_id == wearer_id).order_by(*table.primary_key)


class _Told:
    """A wearer's rows as what devices told: topic and message."""

    def __init__(self, connection: Connection, wearer_id: int) -> None:
        of_wearer = select(devices).where(devices.c.wearer_id == wearer_id)
        self._names = {row.device_id: row.name for row in connection.execute(of_wearer)}
        self._channels = {kind_of(cls): channel for cls, channel in CHANNELS.items()}
        self._simulated: dict[tuple[int, str], bool] = {}
        self.anchors: dict[tuple[int, str], tuple[str, bytes]] = {}
        every = select(runs).where(runs.c.device_id.in_(self._names)).order_by(*runs.primary_key)
        for row in connection.execute(every):
            self._simulated[row.device_id, row.run] = bool(row.simulated)
            if row.t0_utc_ms is not None:
                anchor = Anchor(row.anchored_at_s, row.t0_utc_ms / 1000, bool(row.trusted))
                self.anchors[row.device_id, row.run] = self._told(row, Channel.ANCHOR, anchor)

    def event(self, row: Row[Any]) -> tuple[str, bytes]:
        channel = self._channels.get(row.kind, Channel.EVENT)
        return topic(self._names[row.device_id], channel), row.payload.encode()

    def minute(self, row: Row[Any]) -> tuple[str, bytes]:
        return self._told(row, Channel.MINUTE, MinutePassed(row.end_s, row.start_s, unpacked(row.tally)))

    def _told(self, row: Row[Any], channel: Channel, body: Anchor | MinutePassed) -> tuple[str, bytes]:
        message = _envelope(row, body, self._simulated)
        return topic(self._names[row.device_id], channel), message


def _envelope(row: Any, body: Anchor | MinutePassed, simulated: dict[tuple[int, str], bool]) -> bytes:
    named = {} if isinstance(body, Anchor) else {"session": row.session, "seq": row.seq}
    envelope = {
        "schema": SCHEMA,
        "run": row.run,
        **named,
        "simulated": simulated[row.device_id, row.run],
        "kind": kind_of(type(body)),
        "data": body,
    }
    return msgspec.json.encode(envelope)


def _line(named: str, message: bytes) -> bytes:
    return msgspec.json.encode(_Line(named, msgspec.Raw(message))) + b"\n"


def restore(
    store: Store,
    wearer_id: int,
    lines: Iterable[bytes],
    accepts: Callable[[str, bytes], bool] = lambda _topic, _message: True,
) -> Taken:
    """Take an archive in.

    Args:
        store: where to.
        wearer_id: whose notes those in the archive become.
        lines: as `archive` gave them.
        accepts: whether a message (topic, payload) may be taken in by this wearer.

    Returns:
        What it came to; a line that is none of an archive counts as rejected.
    """
    decode = msgspec.json.Decoder(_Line).decode
    ingest = Ingest(store)
    found: set[_Note] = set()
    noted: list[Entry] = []
    exercised: list[KeptSet] = []
    whole = Taken()
    batch: list[tuple[str, bytes]] = []

    def flush() -> None:
        taken = ingest.take(batch)
        whole.stored += taken.stored
        whole.repeated += taken.repeated
        whole.rejected += taken.rejected
        whole.touched |= taken.touched
        batch.clear()

    for line in lines:
        if not line.strip():
            continue
        try:
            if len(line) > MAX_LINE:
                raise msgspec.DecodeError("too long")
            decoded = decode(line)
            if decoded.topic == NOTE:
                found.add(_note(decoded.message))
                continue
            if decoded.topic == DIARY:
                noted.append(decoded_entry(bytes(decoded.message)))
                continue
            if decoded.topic == EXERCISE:
                exercised.append(msgspec.json.decode(decoded.message, type=KeptSet))
                continue
        except (msgspec.MsgspecError, ValueError):
            whole.rejected += 1
            continue
        if not accepts(decoded.topic, bytes(decoded.message)):
            whole.rejected += 1
            continue
        batch.append((decoded.topic, bytes(decoded.message)))
        if len(batch) >= _BATCH:
            flush()
    flush()
    _add_notes(store, wearer_id, found)
    for new, known in (
        entries.take_in(store, wearer_id, noted),
        exercise_sets_in(store, wearer_id, exercised),
    ):
        whole.stored += new
        whole.repeated += known
    return whole


def _add_notes(store: Store, wearer_id: int, found: set[_Note]) -> None:
    if not found:
        return
    with store.engine.execution_options(writes=True).begin() as connection:
        if connection.scalar(select(wearers.c.wearer_id).where(wearers.c.wearer_id == wearer_id)) is None:
            return  # an archive of nothing but notes; they belong to a wearer with a device
        own = connection.execute(select(notes.c.day, notes.c.text).where(notes.c.wearer_id == wearer_id))
        known = {_Note(row.day, row.text) for row in own}
        new = sorted(found - known, key=lambda note: (note.day, note.text))
        if new:
            rows = [{"wearer_id": wearer_id, "day": note.day, "text": note.text} for note in new]
            connection.execute(insert(notes), rows)


def erase(store: Store, wearer_id: int) -> int:
    """Delete everything that is known of a wearer, and let the file forget it too.

    Returns:
        How many minutes were deleted.
    """
    gone = 0
    with store.writing(wearer_id) as connection:
        # Rows that point at others go first. A table that comes to the schema later is erased too.
        for table in reversed(metadata.sorted_tables):
            if "wearer_id" in table.c and table.name not in (*DOOR_TABLES, *BACKSTAGE, wearers.name):
                rows = connection.execute(delete(table).where(table.c.wearer_id == wearer_id)).rowcount
                gone = rows if table is minutes else gone
    if store.is_sqlite:
        # Deleted rows stay readable in free pages and in the log until both are rewritten.
        with closing(store.engine.raw_connection()) as raw:
            raw.cursor().execute("VACUUM")
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return gone


def backup(store: Store, folder: Path) -> BinaryIO:
    """A consistent copy of a SQLite store, made while it is in use.

    Nobody finds it by a name once it is made: whatever becomes of its reader, it is gone when it is closed.

    Raises:
        StoreError: the store is no SQLite file; PostgreSQL has pg_dump.
    """
    if not store.is_sqlite:
        raise StoreError("only a SQLite store is copied here; for PostgreSQL use pg_dump")
    handle, name = tempfile.mkstemp(prefix=COPY, suffix=".db", dir=folder)  # made with mode 600
    os.close(handle)
    path = Path(name)
    try:
        with closing(store.engine.raw_connection()) as raw, closing(sqlite3.connect(path)) as target:
            source: Any = raw.driver_connection  # sqlite3's own
            source.backup(target)
        return path.open("rb")
    finally:
        path.unlink()


def sweep(folder: Path) -> None:
    """Remove copies that a power cut left half made; at a start, when none is being made."""
    for left in folder.glob(f"{COPY}*.db*"):
        left.unlink(missing_ok=True)
