"""Tokens for programs: what they may, for how long, when they were last used; revocable at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update

from ..people_tables import accounts, api_tokens
from ..store import Store
from .credentials import digest, new_secret, now_utc_ms

PREFIX = "plumbline_"
"""So that a secret scanner, and whoever finds one in a file, knows what it opens."""

DAYS = (7, 30, 90, 365)
MAX_LABEL = 60
USED_EVERY_MS = 60_000
"""How often it is written down that a token is in use."""


class TokenScope(StrEnum):
    """What a token may."""

    READ = "read"
    """Read what the API tells of one wearer."""
    WRITE = "write"
    """Change what the API lets change, such as the diary."""
    LIVE = "live"
    """Follow the live readings."""
    METRICS = "metrics"
    """Read the figures of the service, none of which is about a person."""


class ApiTokens:
    """The tokens of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make(
        self,
        label: str,
        scopes: Iterable[TokenScope],
        days: int,
        wearer_id: int | None,
        account_id: int | None = None,
    ) -> str:
        """A new token; shown once.

        Args:
            label: what it is for.
            scopes: what it may.
            days: how long it holds.
            wearer_id: whose data it reads; None for the figures of the service alone.
            account_id: who made it; None at home.
        """
        token, now_ms = new_secret(PREFIX), now_utc_ms()
        row = {
            "token_hash": digest(token),
            "wearer_id": wearer_id,
            "account_id": account_id,
            "label": label.strip()[:MAX_LABEL] or "API",
            "scopes": " ".join(sorted(scopes)),
            "made_utc_ms": now_ms,
            "expires_utc_ms": now_ms + days * 86_400_000,
        }
        with self._store.at_the_door(writes=True) as connection:
            connection.execute(insert(api_tokens).values(row))
        return token

    def find(self, token: str) -> Row[Any] | None:
        """What a token may; None where it has expired, was revoked, or never was."""
        return self.find_digest(digest(token))

    def find_digest(self, token_hash: str) -> Row[Any] | None:
        """The same of a token of which only the digest is at hand."""
        now_ms = now_utc_ms()
        with self._store.at_the_door() as connection:
            found = connection.execute(
                select(api_tokens)
                .join(accounts, accounts.c.account_id == api_tokens.c.account_id, isouter=True)
                .where(
                    api_tokens.c.token_hash == token_hash,
                    api_tokens.c.expires_utc_ms > now_ms,
                    api_tokens.c.revoked_utc_ms.is_(None),
                    accounts.c.closed_utc_ms.is_(None),
                )
            ).first()
        if found is not None and (found.used_utc_ms or 0) < now_ms - USED_EVERY_MS:
            with self._store.at_the_door(writes=True) as connection:
                itself = api_tokens.c.token_id == found.token_id
                connection.execute(update(api_tokens).where(itself).values(used_utc_ms=now_ms))
        return found

    def of(self, wearer_id: int | None) -> Sequence[Row[Any]]:
        """The tokens that open a wearer's data, the newest first; revoked ones are left out."""
        with self._store.at_the_door() as connection:
            return connection.execute(
                select(api_tokens)
                .where(
                    api_tokens.c.wearer_id.is_not_distinct_from(wearer_id),
                    api_tokens.c.revoked_utc_ms.is_(None),
                )
                .order_by(api_tokens.c.made_utc_ms.desc())
            ).all()

    def revoke(self, token_id: int, wearer_id: int | None) -> None:
        """Let a wearer's token open nothing any more."""
        own = (api_tokens.c.token_id == token_id) & api_tokens.c.wearer_id.is_not_distinct_from(wearer_id)
        with self._store.at_the_door(writes=True) as connection:
            held = api_tokens.c.revoked_utc_ms.is_(None)
            connection.execute(update(api_tokens).where(own, held).values(revoked_utc_ms=now_utc_ms()))
