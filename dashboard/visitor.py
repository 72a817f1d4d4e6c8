"""Who asks: what the door found out about a request, for everything behind the door."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from .tables import FIRST_WEARER

KEY = "plumbline.visitor"
"""Where in an ASGI scope the door leaves the visitor."""


class Role(StrEnum):
    """What an account is for."""

    WEARER = "wearer"
    """Has data of its own, sees it, and lets carers in."""
    CARER = "carer"
    """Sees, read-only, the data of those who let it in."""
    OWNER = "owner"
    """Of a programme: sees figures over at least ten people, never a person."""
    ADMINISTRATOR = "administrator"
    """Makes accounts and gives devices to wearers; sees nobody's data."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One request's asker.

    Attributes:
        role: what the account is for.
        sees: the wearer whose data this request may see; None for nobody's.
        may_write: whether it may change anything of that wearer's.
        label: the asker's name, as the wearer reads it.
        account_id: None where there are no accounts.
        own_wearer: the account's own wearer; None for who wears nothing.
        looker: how the access log names it (`account 3`, `token 5`); empty for the wearer's own browser.
        whose: name of the wearer whose data a carer has open; None for one's own.
        credential: digest of the cookie or the token it came with; None without one.
        scopes: what an API token may; None for a browser.
    """

    role: Role
    sees: int | None
    may_write: bool
    label: str = ""
    account_id: int | None = None
    own_wearer: int | None = None
    looker: str = ""
    whose: str | None = None
    credential: str | None = None
    scopes: frozenset[str] | None = None


HOME = Visitor(Role.WEARER, FIRST_WEARER, may_write=True, own_wearer=FIRST_WEARER)
"""Whoever opens the dashboard of one wearer at home."""


def visitor_of(connection: HTTPConnection) -> Visitor:
    """The asker of a request.

    Raises:
        HTTPException: 401, where the door let nobody in particular through.
    """
    visitor = connection.scope.get(KEY)
    if not isinstance(visitor, Visitor):
        raise HTTPException(401)
    return visitor
