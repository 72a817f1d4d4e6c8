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

from .batch import FIRST_WEARER, MAX_REJECTED_TOPICS, Taken, UnknownRunError, reject, write
from .rollup import sweep
from .runs import RunKey, introduce
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
        readable: list[Message] = []
        unreadable: Counter[tuple[str, str]] = Counter()
        for topic, payload in arrived:
            if not payload:  # how a retained message is cleared
                continue
            try:
                readable.append(decode(topic, payload))
            except MessageError as error:
                unreadable["schema" if isinstance(error, SchemaError) else "malformed", topic[:120]] += 1
                log.warning("rejected a message on %.120r: %s", topic, error)
        try:
            return self._commit(readable, unreadable)
        except (DataError, IntegrityError, ValueError):
            return self._one_by_one(readable, unreadable)

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

    def _commit(self, readable: Sequence[Message], unreadable: Counter[tuple[str, str]]) -> Taken:
        engine = self._store.engine.execution_options(writes=True)
        news = [message for message in readable if self._is_news(message)]
        if news:
            with engine.begin() as connection:
                introduce(connection, news, self._newcomers)
                self._sum(connection)
        try:
            with engine.begin() as connection:
                taken = write(connection, readable)
                reject(connection, unreadable)
                self._sum(connection)
        except UnknownRunError:  # deleted since, or handed on
            self._met.clear()
            with engine.begin() as connection:
                introduce(connection, readable, self._newcomers)
                taken = write(connection, readable)
                reject(connection, unreadable)
                self._sum(connection)
        if len(self._met) > MAX_MET:
            self._met.clear()
        self._met.update((message.device, message.run) for message in readable)
        taken.rejected += unreadable.total()
        return taken

    def _is_news(self, message: Message) -> bool:
        if isinstance(message.body, Anchor | Status):
            return True
        return (message.device, message.run) not in self._met

    def _sum(self, connection: Connection) -> None:
        if self._store.is_sqlite:
            while sweep(connection, wait=True):
                pass

    def _one_by_one(self, readable: Sequence[Message], unreadable: Counter[tuple[str, str]]) -> Taken:
        """Find the messages that the database refuses; the others must not wait behind them for ever."""
        sum_of_all = Taken()
        for message in readable:
            try:
                sum_of_all.add(self._commit([message], Counter()))
            except (DataError, IntegrityError, ValueError) as error:
                topic = f"{message.device}/{message.channel}"
                unreadable["refused by the database", topic] += 1
                log.warning("the database refuses a message of %s: %s", topic, getattr(error, "orig", error))
        sum_of_all.add(self._commit([], unreadable))
        return sum_of_all
