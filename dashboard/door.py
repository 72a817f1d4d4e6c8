"""The door: who a request comes from, and whether what it asks for is open to them at all.

Nothing behind it is reached without a `Visitor`. At home that is the wearer: whoever opens the page on
this machine, or knew the password, or was paired. With accounts it is the account that the cookie's
sign-in belongs to. A program comes with a token and reaches the API alone. What a carer or a token
looks at is written into the wearer's log before it is shown.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row
from starlette.requests import HTTPConnection

from .auth import Password
from .people import looks
from .people.api_tokens import ApiTokens, TokenScope
from .people.permits import name_of_open
from .people.sign_ins import SignIns
from .store import Store
from .tables import FIRST_WEARER
from .visitor import HOME, Role, Visitor

COOKIE = "plumbline"
COOKIE_OVER_TLS = "__Host-plumbline"
"""A name that begins so is taken over TLS only, and from the very host that reads it (RFC 6265bis)."""

API = "/api/"
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
"""Headers by which a proxy says that a request came from elsewhere."""

_UNLOGGED = ("who", "wearers", "let-in", "take-part", "programme", "people", "about", "logout")
"""First parts of addresses under which nothing of the wearer's is shown that is open."""


class Door:
    """Knows who comes.

    Args:
        store: where accounts, sign-ins and tokens are.
        password: the one password; where there are accounts it opens nothing.
        people: whether there are accounts.
    """

    def __init__(self, store: Store, password: Password, *, people: bool) -> None:
        self._store = store
        self.password = password
        self.people = people
        self.sign_ins = SignIns(store)
        self.tokens = ApiTokens(store)

    @property
    def locked(self) -> bool:
        """Whether a sign-in is needed."""
        return self.people or self.password.is_set

    def visitor(self, connection: HTTPConnection) -> Visitor | None:
        """Who a request comes from; None for nobody that may come in."""
        kind, _, token = connection.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self._by_token(self.tokens.find(token.strip()))
        if not self.locked:
            return HOME
        cookie = connection.cookies.get(cookie_name(connection))
        return self._by_sign_in(self.sign_ins.find(cookie)) if cookie else None

    def still(self, visitors: Collection[Visitor]) -> set[Visitor]:
        """Those of these visitors who may still see what they see."""
        by_cookie = {v.credential for v in visitors if v.credential is not None and v.scopes is None}
        rows = self.sign_ins.still(by_cookie) if by_cookie else {}
        holding = set()
        for visitor in visitors:
            if visitor.credential is None:
                now = None if self.locked else HOME
            elif visitor.scopes is None:
                now = self._by_sign_in(rows.get(visitor.credential))
            else:
                now = self._by_token(self.tokens.find_digest(visitor.credential))
            if now is not None and now.sees == visitor.sees:
                holding.add(visitor)
        return holding

    def note(self, visitor: Visitor, path: str) -> None:
        """Write into the wearer's log that somebody else, or a program, looks."""
        part = path.split("/")[1]
        if visitor.sees is None or not visitor.looker or part in _UNLOGGED:
            return
        what = {"": "now", "part": "now"}.get(part, part)[:40]
        looks.note(self._store, visitor.sees, visitor.looker, visitor.label, what)

    def _by_token(self, row: Row[Any] | None) -> Visitor | None:
        if row is None:
            return None
        if row.wearer_id is not None and (row.account_id is not None) != self.people:
            return None  # made before there were accounts, or while there were
        scopes = frozenset(row.scopes.split())
        return Visitor(
            Role.WEARER,
            row.wearer_id,
            may_write=TokenScope.WRITE in scopes,
            label=row.label,
            looker=f"token {row.token_id}",
            credential=row.token_hash,
            scopes=scopes,
        )

    def _by_sign_in(self, row: Row[Any] | None) -> Visitor | None:
        if row is None or (row.account_id is not None) != self.people:
            return None
        if row.account_id is None:
            if row.lock != self.password.lock:
                return None
            return Visitor(
                Role.WEARER,
                FIRST_WEARER,
                may_write=True,
                own_wearer=FIRST_WEARER,
                credential=row.token_hash,
            )
        whose = None
        if row.looks_at is not None and row.looks_at != row.wearer_id:
            with self._store.at_the_door() as connection:
                whose = name_of_open(connection, row.account_id, row.looks_at)
        sees = row.wearer_id if whose is None else row.looks_at
        return Visitor(
            Role(row.role),
            sees,
            may_write=sees is not None and whose is None,
            label=row.account_label,
            account_id=row.account_id,
            own_wearer=row.wearer_id,
            looker="" if whose is None else f"account {row.account_id}",
            whose=whose,
            credential=row.token_hash,
        )


def cookie_name(connection: HTTPConnection) -> str:
    """Under which name the cookie of a sign-in comes and goes."""
    return COOKIE_OVER_TLS if is_tls(connection) else COOKIE


def is_tls(connection: HTTPConnection) -> bool:
    """Whether the browser's own connection is encrypted, here or at a proxy that we trust."""
    return connection.url.scheme in ("https", "wss")


def is_forwarded(connection: HTTPConnection) -> bool:
    """Whether a proxy says that the request came through it."""
    return any(name in connection.headers for name in FORWARDED)


def is_of_this_machine(connection: HTTPConnection) -> bool:
    """Whether a request comes from this very machine, and through no proxy on it."""
    try:
        address = ipaddress.ip_address(connection.client.host if connection.client else "")
    except ValueError:
        return False
    return address.is_loopback and not is_forwarded(connection)


def may_token(visitor: Visitor, kind: str, method: str, path: str) -> bool:
    """Whether a token's scopes cover a request.

    Args:
        visitor: who came with the token.
        kind: `http` or `websocket`.
        method: of HTTP.
        path: that is asked for.
    """
    scopes = visitor.scopes or frozenset()
    if kind == "websocket":
        return path == "/live" and TokenScope.LIVE in scopes
    if path == "/metrics":
        return TokenScope.METRICS in scopes
    needed = TokenScope.READ if method in ("GET", "HEAD") else TokenScope.WRITE
    return path.startswith(API) and needed in scopes
