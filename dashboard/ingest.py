"""Messages become rows: whatever the order, however often, and with beginnings missing.

A minute, an event, a session's start and end are named for good by (device, session, seq), so a
copy changes nothing. Times are kept in the run's own seconds and, as soon as the run's anchor is
known, as absolute times; when a later anchor corrects the clock, every row of the run moves.
What cannot be read is counted by day, reason and topic, logged, and loses nothing else.

Any number of processes may do this to one PostgreSQL at once, each with any part of the messages.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from firmware_py.errors import MessageError, SchemaError
from firmware_py.posture.messages import Anchor, Channel, Message, Status, decode
from firmware_py.posture.minute_wire import Minute, read_minute

from .batch import FIRST_WEARER, MAX_REJECTED_TOPICS, Taken, UnknownRunError, reject, write
from .displaced import take_out
from .rollup import sweep
from .runs import RunKey, anchor, introduce
from .store import Store

__all__ = ["FIRST_WEARER", "KEPT", "MAX_REJECTED_TOPICS", "Ingest", "Taken"]

log = logging.getLogger(__name__)

KEPT = (Channel.MINUTE, Channel.EVENT, Channel.SESSION, Channel.ANCHOR, Channel.STATUS)
"""The channels whose messages the store keeps."""

MAX_MET = 100_000
"""Runs remembered as introduced; beyond, all are introduced again, which costs a query and nothing else."""


class Ingest:
    """Writes messages into a store. The rows of one batch are one transaction: all of it, or nothing.

    Args:
        store: where to.
        newcomers: the wearer whom a device is given to that nobody knows.
    """

    def __init__(self, store: Store, newcomers: int = FIRST_WEARER) -> None:
        self._store = store
        self._newcomers = newcomers
        self._met: set[RunKey] = set()

    def take(self, arrived: Iterable[tuple[str, bytes]]) -> Taken:
        """Store a batch of (topic, payload), and bring the sums up to date; returns after the commits.

        Raises:
            sqlalchemy.exc.DBAPIError: the database failed.
        """
        taken = self.keep(arrived)
        self.settle(wait=True)
        return taken

    def keep(self, arrived: Iterable[tuple[str, bytes]]) -> Taken:
        """Store a batch of (topic, payload); returns after the commit. The sums may follow: `settle`.

        Raises:
            sqlalchemy.exc.DBAPIError: the database failed; no message of the batch is stored.
        """
        of_minutes: list[Minute] = []
        others: list[Message] = []
        unreadable: Counter[tuple[str, str]] = Counter()
        for topic, payload in arrived:
            minute = read_minute(topic, payload)
            if minute is not None:
                of_minutes.append(minute)
            elif payload:  # a retained message is cleared without one
                try:
                    others.append(decode(topic, payload))
                except MessageError as error:
                    told = topic[:120].replace("\x00", "\ufffd")  # PostgreSQL's text holds no NUL
                    unreadable["schema" if isinstance(error, SchemaError) else "malformed", told] += 1
                    log.warning("rejected a message on %.120r: %s", topic, error)
        try:
            return self._commit(of_minutes, others, unreadable)
        except (DataError, IntegrityError, ValueError):
            return self._one_by_one(of_minutes, others, unreadable)

    def settle(self, *, wait: bool = False) -> bool:
        """Bring the sums up to date with all that is stored, whoever stored it.

        Args:
            wait: for another process that is at it; else leave the rest to it.

        Returns:
            Whether nothing is left to do.
        """
        if self._store.is_sqlite:
            return True  # the one writer sums in the transaction that stores
        while True:
            with self._store.engine.begin() as connection:
                swept = sweep(connection, wait=wait)
            if swept <= 0:
                return swept == 0

    def _commit(
        self, of_minutes: Sequence[Minute], others: Sequence[Message], unreadable: Counter[tuple[str, str]]
    ) -> Taken:
        engine = self._store.engine.execution_options(writes=True)
        met = self._met
        news: list[Message | Minute] = [one for one in others if _is_news(one) or _run_of(one) not in met]
        news += [minute for minute in of_minutes if _run_of(minute) not in met]
        if news:
            with engine.begin() as connection:
                introduce(connection, news, self._newcomers)
            with engine.begin() as connection:
                self._store_anew(connection, take_out(connection, news), news)
                anchor(connection, news)
                self._sum(connection)
        try:
            with engine.begin() as connection:
                taken = write(connection, of_minutes, others)
                reject(connection, unreadable)
                self._sum(connection)
        except UnknownRunError:  # deleted since, or handed on
            met.clear()
            with engine.begin() as connection:
                introduce(connection, [*others, *of_minutes], self._newcomers)
                taken = write(connection, of_minutes, others)
                reject(connection, unreadable)
                self._sum(connection)
        if len(met) > MAX_MET:
            met.clear()
        met.update(map(_run_of, news))
        taken.rejected += unreadable.total()
        return taken

    def _store_anew(
        self, connection: Connection, taken: Sequence[Message | Minute], news: Sequence[Message | Minute]
    ) -> None:
        of_minutes = [message for message in taken if isinstance(message, Minute)]
        others = [message for message in taken if isinstance(message, Message)]
        if taken:
            for _ in range(2):  # a run that went on while its device changed hands is of both
                introduce(connection, [*others, *of_minutes, *news], self._newcomers)
            write(connection, of_minutes, others)

    def _sum(self, connection: Connection) -> None:
        if self._store.is_sqlite:
            while sweep(connection, wait=True):
                pass

    def _one_by_one(
        self, of_minutes: Sequence[Minute], others: Sequence[Message], unreadable: Counter[tuple[str, str]]
    ) -> Taken:
        """Find the messages that the database refuses; the others must not wait behind them for ever."""
        sum_of_all = Taken()
        alone: list[tuple[Message | Minute, list[Minute], list[Message]]] = [
            *((minute, [minute], []) for minute in of_minutes),
            *((message, [], [message]) for message in others),
        ]
        for one, as_minute, as_other in alone:
            try:
                sum_of_all.add(self._commit(as_minute, as_other, Counter()))
            except (DataError, IntegrityError, ValueError) as error:
                channel = Channel.MINUTE if isinstance(one, Minute) else one.channel
                topic = f"{one.device}/{channel}"
                unreadable["refused by the database", topic] += 1
                log.warning("the database refuses a message of %s: %s", topic, getattr(error, "orig", error))
        sum_of_all.add(self._commit([], [], unreadable))
        return sum_of_all


def _is_news(message: Message) -> bool:
    return isinstance(message.body, Anchor | Status)


def _run_of(message: Message | Minute) -> RunKey:
    return message.device, message.run
