"""What was begun and not ended: sessions that a power cut broke off, runs whose date is not known.

Kept in the outbox's own file and written in the same transaction as the messages it is about, so the two
never disagree. At the next start the sessions are ended with the sum of their minutes, and the runs are
dated as well as can be.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from ..posture.events import MinutePassed, SessionEnded, SessionStarted, SessionSummary
from ..posture.messages import Anchor, Encoder, Outgoing, Told
from ..posture.sessions import Unfinished
from ..posture.tally import Tally
from .anchor import Moment, PastRun, later_anchor

_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (
    run TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    simulated INTEGER NOT NULL,
    boot TEXT NOT NULL,
    origin_boot_s REAL NOT NULL,
    last_s REAL NOT NULL,
    utc_s REAL NOT NULL,
    trusted INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS session (
    session TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    sensors INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    tally BLOB NOT NULL
) STRICT;
"""

_encode_tally = msgspec.json.Encoder().encode
_decode_tally = msgspec.json.Decoder(Tally).decode

Entry = tuple[Told | Anchor, Outgoing]
"""An event and the message that was made of it."""


@dataclass(frozen=True, slots=True)
class _Open:
    session: str
    run: str
    start_s: float
    end_s: float
    sensors: int
    messages: int
    tally: Tally


class Ledger:
    """Remembers one run as it happens, and earlier ones that were not ended.

    Args:
        db: the outbox's database.
        encoder: of this run; only its names are used.
        boot: id of this boot.
        origin_boot_s: seconds since boot at `t_s` = 0.
    """

    def __init__(self, db: sqlite3.Connection, encoder: Encoder, boot: str, origin_boot_s: float) -> None:
        self._db = db
        self._device, self._run, self._simulated = encoder.device, encoder.run, encoder.simulated
        self._boot = boot
        self._origin_boot_s = origin_boot_s
        self._anchor = Anchor(0.0, 0.0, trusted=False)
        self._last_s = 0.0
        self._open: _Open | None = None
        db.executescript(_SCHEMA)

    def note(self, entries: Sequence[Entry]) -> None:
        """Take in what a batch of messages began, went on with and ended."""
        for event, message in entries:
            self._last_s = max(self._last_s, event.t_s)
            if isinstance(event, Anchor):
                self._anchor = event
            elif isinstance(event, SessionStarted):
                self._open = _Open(event.session, self._run, event.t_s, event.t_s, event.sensors, 1, Tally())
            elif isinstance(event, SessionEnded):
                self._open = None
            elif self._open is not None and message.session == self._open.session:
                self._open = replace(self._open, messages=self._open.messages + 1, end_s=event.t_s)
                if isinstance(event, MinutePassed):
                    self._open = replace(self._open, tally=self._open.tally + event.tally)

    def save(self) -> None:
        """Write down where the run stands. Within the transaction that keeps its messages."""
        self._db.execute(
            "DELETE FROM session WHERE run = ? AND session != ?",
            (self._run, self._open.session if self._open else ""),
        )
        if (found := self._open) is not None:
            self._db.execute(
                "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    found.session,
                    found.run,
                    found.start_s,
                    found.end_s,
                    found.sensors,
                    found.messages,
                    _encode_tally(found.tally),
                ),
            )
        self._db.execute(
            "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._run,
                self._device,
                self._simulated,
                self._boot,
                self._origin_boot_s,
                self._last_s,
                self._anchor.utc_s,
                self._anchor.trusted,
            ),
        )

    def broken_off(self, unfinished: Unfinished | None = None) -> list[Outgoing]:
        """The ends of sessions of earlier runs that had none: the sum of their minutes.

        Args:
            unfinished: the minute that was not full when one of them was broken off; it ends there.
        """
        ended = []
        rows = self._db.execute(
            "SELECT session, run, start_s, end_s, sensors, messages, tally, device, simulated"
            " FROM session JOIN run USING (run) WHERE run != ?",
            (self._run,),
        )
        for session, run, start_s, end_s, sensors, messages, tally, device, simulated in rows:
            encoder = Encoder(device, run, simulated=bool(simulated))
            encoder.resume(session, messages)
            total: Tally = _decode_tally(tally)
            # It must follow upon the last minute that was written, else it is older or there is a gap.
            fits = (session, total.ticks)
            if unfinished is not None and (unfinished.session, unfinished.before_ticks) == fits:
                minute = unfinished.minute
                ended.append(encoder.encode(minute))
                total, end_s = total + minute.tally, max(end_s, minute.t_s)
            summary = SessionSummary(session, start_s, end_s, sensors, total)
            ended.append(encoder.encode(SessionEnded(end_s, summary)))
        return ended

    def forget_broken_off(self) -> None:
        """Their ends are written, in this same transaction."""
        self._db.execute("DELETE FROM session WHERE run != ?", (self._run,))

    def past_anchors(self, moment: Moment) -> list[Outgoing]:
        """Dates for earlier runs that ended with an untrusted clock; not retained, for that is this run's."""
        anchors = []
        rows = self._db.execute(
            "SELECT run, device, simulated, boot, origin_boot_s, last_s, utc_s FROM run"
            " WHERE run != ? AND NOT trusted",
            (self._run,),
        )
        for run, device, simulated, boot, origin_boot_s, last_s, utc_s in rows:
            anchor = later_anchor(PastRun(boot, origin_boot_s, last_s, utc_s), moment, self._boot)
            if anchor is not None:
                encoder = Encoder(device, run, simulated=bool(simulated))
                anchors.append(replace(encoder.anchor(anchor), retain=False))
        return anchors

    def forget_past_runs(self) -> None:
        """Their dates are written, in this same transaction, as well as they will ever be known."""
        self._db.execute(
            "DELETE FROM run WHERE run != ? AND run NOT IN (SELECT run FROM session)", (self._run,)
        )
