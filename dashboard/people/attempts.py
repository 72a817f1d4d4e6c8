"""Wrong passwords and codes, counted in the database: a second web process is no second chance.

An attempt is written down before the secret is looked at and taken back where it was right, so that
a hundred guesses at the same moment count as a hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, text

from ..people_tables import attempts
from ..store import Store
from .credentials import now_utc_ms

WITHIN_S = 300.0
"""How long a wrong attempt counts."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many wrong attempts in a bucket within `WITHIN_S`."""

    bucket: str
    most: int


def of_address(address: str) -> Limit:
    """Five from one address."""
    return Limit(f"address {address}", 5)


def of_name(name: str) -> Limit:
    """Twenty at one account, from wherever: a name is no secret, so few would let anyone shut it out."""
    return Limit(f"name {name}", 20)


def of_account(account_id: int) -> Limit:
    """Five at the present password of an account that is signed in: a browser left open must not tell it."""
    return Limit(f"account {account_id}", 5)


OF_ALL = Limit("all", 50)
"""Fifty at the one password of a dashboard at home, from wherever."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was written down.

    Attributes:
        wait_s: how long to wait before the next; 0 where this one may go on.
        ids: its rows.
    """

    wait_s: float
    ids: tuple[int, ...] = ()


class Attempts:
    """The attempts at one store's door."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, limits: Sequence[Limit], now_ms: int | None = None) -> Attempt:
        """Write an attempt down, or say how long it has to wait."""
        now_ms = now_utc_ms() if now_ms is None else now_ms
        since_ms = now_ms - round(WITHIN_S * 1000)
        with self._store.at_the_door(writes=True) as connection:
            if not self._store.is_sqlite:  # SQLite's writers come one after another anyway
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('plumbline attempts'))"))
            connection.execute(delete(attempts).where(attempts.c.at_utc_ms <= since_ms))
            waits = [0.0]
            for limit in limits:
                recent = connection.scalars(
                    select(attempts.c.at_utc_ms)
                    .where(attempts.c.bucket == limit.bucket)
                    .order_by(attempts.c.at_utc_ms.desc())
                    .limit(limit.most)
                ).all()
                if len(recent) >= limit.most:
                    waits.append((recent[-1] - since_ms) / 1000)
            if max(waits) > 0:
                return Attempt(max(waits))
            rows = [{"bucket": limit.bucket, "at_utc_ms": now_ms} for limit in limits]
            ids = [
                connection.execute(insert(attempts).values(row).returning(attempts.c.attempt_id)).scalar_one()
                for row in rows
            ]
        return Attempt(0.0, tuple(ids))

    def was_right(self, attempt: Attempt) -> None:
        """Take an attempt back: it was none at guessing."""
        with self._store.at_the_door(writes=True) as connection:
            connection.execute(delete(attempts).where(attempts.c.attempt_id.in_(attempt.ids)))

    def count(self, limit: Limit) -> int:
        """How many there are in a bucket now."""
        since_ms = now_utc_ms() - round(WITHIN_S * 1000)
        recent = (attempts.c.bucket == limit.bucket) & (attempts.c.at_utc_ms > since_ms)
        with self._store.at_the_door() as connection:
            return connection.scalar(select(func.count()).select_from(attempts).where(recent)) or 0
