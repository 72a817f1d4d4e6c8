"""Browsers that are signed in: a row for each, so that any web process knows it and it can be ended.

The cookie holds 192 random bits; the database holds their SHA-256. A sign-in ends by itself after
`LASTS_S`, when its account is closed, and, at home, when the password is changed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from ..people_tables import accounts, sign_ins
from ..store import Store
from .credentials import digest, new_secret, now_utc_ms

LASTS_S = 30 * 86_400

SEEN_EVERY_MS = 600_000
"""How often it is written down that a sign-in is in use."""

AnyRow = Row[Any]


class SignIns:
    """The sign-ins of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self, label: str, account_id: int | None = None, lock: str | None = None) -> str:
        """A new one; what the browser keeps.

        Args:
            label: the kind of browser, so that its owner knows it again.
            account_id: whose; None where one password stands before everything.
            lock: which password that was.
        """
        secret, now_ms = new_secret(), now_utc_ms()
        row = {
            "token_hash": digest(secret),
            "account_id": account_id,
            "lock": lock,
            "label": label,
            "made_utc_ms": now_ms,
            "seen_utc_ms": now_ms,
            "expires_utc_ms": now_ms + LASTS_S * 1000,
        }
        with self._store.at_the_door(writes=True) as connection:
            connection.execute(delete(sign_ins).where(sign_ins.c.expires_utc_ms <= now_ms))
            connection.execute(insert(sign_ins).values(row))
        return secret

    def find(self, secret: str) -> AnyRow | None:
        """The sign-in that a cookie names, with its account; None where there is none, or no longer."""
        with self._store.at_the_door() as connection:
            found = connection.execute(_with_account(sign_ins.c.token_hash == digest(secret))).first()
        if found is not None and found.seen_utc_ms < now_utc_ms() - SEEN_EVERY_MS:
            self._seen(found.token_hash)
        return found

    def still(self, hashes: Collection[str]) -> dict[str, AnyRow]:
        """Those of these sign-ins that hold, by their digest."""
        with self._store.at_the_door() as connection:
            rows = connection.execute(_with_account(sign_ins.c.token_hash.in_(hashes))).all()
        return {row.token_hash: row for row in rows}

    def _seen(self, token_hash: str) -> None:
        with self._store.at_the_door(writes=True) as connection:
            of_it = sign_ins.c.token_hash == token_hash
            connection.execute(update(sign_ins).where(of_it).values(seen_utc_ms=now_utc_ms()))

    def look_at(self, token_hash: str, wearer_id: int | None) -> None:
        """Note whose data a carer has open; None for the carer's own."""
        with self._store.at_the_door(writes=True) as connection:
            of_it = sign_ins.c.token_hash == token_hash
            connection.execute(update(sign_ins).where(of_it).values(looks_at=wearer_id))

    def end(self, token_hash: str, account_id: int | None) -> None:
        """End one of an account's sign-ins."""
        with self._store.at_the_door(writes=True) as connection:
            own = sign_ins.c.account_id.is_not_distinct_from(account_id)
            connection.execute(delete(sign_ins).where(sign_ins.c.token_hash == token_hash, own))

    def of(self, account_id: int | None, lock: str | None) -> Sequence[AnyRow]:
        """An account's sign-ins, or those of the one password, the last seen first."""
        own = sign_ins.c.account_id == account_id if account_id is not None else sign_ins.c.lock == lock
        with self._store.at_the_door() as connection:
            return connection.execute(_with_account(own).order_by(sign_ins.c.seen_utc_ms.desc())).all()


def end_all(connection: Connection, account_id: int) -> None:
    """End every sign-in of an account."""
    connection.execute(delete(sign_ins).where(sign_ins.c.account_id == account_id))


def _with_account(wanted: ColumnElement[bool]) -> Any:  # Any: SQLAlchemy's Select of so many columns
    of_account = accounts.c.account_id == sign_ins.c.account_id
    return (
        select(sign_ins, accounts.c.role, accounts.c.wearer_id, accounts.c.label.label("account_label"))
        .join(accounts, of_account, isouter=True)
        .where(
            wanted,
            sign_ins.c.expires_utc_ms > now_utc_ms(),
            # Of a closed account none holds; of the one password there is no account.
            accounts.c.closed_utc_ms.is_(None),
        )
    )
