"""Messages become rows: whatever the order, however often, and with beginnings missing.

A minute, an event, a session's start and end are named for good by (device, session, seq), so a
copy changes nothing. Times are kept in the run's own seconds and, as soon as the run's anchor is
known, as absolute times; when a later anchor corrects the clock, every row of the run moves.
What cannot be read is counted by day, reason and topic, logged, and loses nothing else.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy.exc import DataError, IntegrityError

from firmware_py.errors import MessageError, SchemaError
from firmware_py.posture.messages import Channel, Message, decode

from .batch import FIRST_WEARER, MAX_REJECTED_TOPICS, Batch, Taken
from .store import Store

__all__ = ["FIRST_WEARER", "KEPT", "MAX_REJECTED_TOPICS", "Ingest", "Taken"]

log = logging.getLogger(__name__)

KEPT = (Channel.MINUTE, Channel.EVENT, Channel.SESSION, Channel.ANCHOR, Channel.STATUS)
"""The channels whose messages the store keeps."""


class Ingest:
    """Writes messages into a store. One batch is one transaction: all of it, or nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, arrived: Iterable[tuple[str, bytes]]) -> Taken:
        """Store a batch of (topic, payload); returns after the commit.

        Raises:
            sqlalchemy.exc.DBAPIError: the database failed; nothing of the batch is stored.
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
        except (DataError, IntegrityError):
            return self._one_by_one(readable, unreadable)

    def _commit(self, readable: Sequence[Message], unreadable: Counter[tuple[str, str]]) -> Taken:
        taken = Taken(rejected=unreadable.total())
        with self._store.engine.execution_options(writes=True).begin() as connection:
            batch = Batch(self._store, connection, taken)
            batch.reject(unreadable)
            batch.take(readable)
        return taken

    def _one_by_one(self, readable: Sequence[Message], unreadable: Counter[tuple[str, str]]) -> Taken:
        """Find the messages that the database refuses; the others must not wait behind them for ever."""
        sum_of_all = Taken()
        for message in readable:
            try:
                taken = self._commit([message], Counter())
            except (DataError, IntegrityError) as error:
                topic = f"{message.device}/{message.channel}"
                unreadable["refused by the database", topic] += 1
                log.warning("the database refuses a message of %s: %s", topic, error.orig)
                continue
            sum_of_all.stored += taken.stored
            sum_of_all.repeated += taken.repeated
            sum_of_all.touched |= taken.touched
        sum_of_all.rejected = self._commit([], unreadable).rejected
        return sum_of_all
