"""Who may sign in: names, roles, passwords, invitations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from firmware_py.errors import ConfigError

from ..people_tables import accounts, api_tokens, codes, permits
from ..store import Store
from ..tables import FIRST_WEARER, wearers
from ..visitor import Role
from . import looks
from .codes import Purpose, make, redeem
from .credentials import fits, hashed, now_utc_ms
from .sign_ins import end_all

NAME = re.compile(r"[\w.@+-]{2,60}")
MAX_LABEL = 60

INVITED = "invitation"
"""What the log of looks says of a new link to choose a password."""


def sign_in_name(typed: str) -> str:
    """A name as it is kept and compared: without regard to case, spaces around it, or kinds of letters.

    Raises:
        ConfigError: it holds something else than letters, digits and . _ @ + -.
    """
    name = unicodedata.normalize("NFKC", typed).strip().casefold()
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"{typed!r} cannot be a name to sign in with: 2 to 60 letters, digits and . _ @ + - make one"
        )
    return name


class Accounts:
    """The accounts of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, name: str, role: Role, label: str = "", *, home: bool = False) -> int:
        """A new account, without a password until its invitation is taken up.

        Args:
            name: to sign in with.
            role: what it is for; a wearer's gets a wearer of its own.
            label: as others read it; the name where it is empty.
            home: it takes over what this dashboard recorded before there were accounts.

        Returns:
            Its `account_id`.

        Raises:
            ConfigError: the name is taken or cannot be one, or somebody took over already.
        """
        kept = sign_in_name(name)
        if home and role is not Role.WEARER:
            raise ConfigError("only a wearer can take over what was recorded")
        with self._store.at_the_door(writes=True) as connection:
            if _named(connection, kept) is not None:
                raise ConfigError(f"there is an account {kept!r} already; choose another name")
            wearer_id = None
            if role is Role.WEARER:
                wearer_id = _wearer_of_home(connection) if home else _new_wearer(connection)
            row = {
                "name": kept,
                "label": label.strip()[:MAX_LABEL] or kept,
                "role": role,
                "wearer_id": wearer_id,
                "made_utc_ms": now_utc_ms(),
            }
            made = connection.execute(insert(accounts).values(row).returning(accounts.c.account_id))
            account_id: int = made.scalar_one()
        return account_id

    def invitation(self, name: str, by: str = "plumbline people", looker: str = "command") -> str:
        """A code with which an account chooses its (new) password, once.

        Whoever holds it could come in as that person. So where there was a password already, the wearer
        reads in the log of looks that it was made, and by whom.

        Args:
            name: the account's.
            by: name of who makes it, as the wearer reads it.
            looker: the same for the log (`account 3`).

        Raises:
            ConfigError: there is no such account, or it is closed.
        """
        with self._store.at_the_door(writes=True) as connection:
            account = _open_account(connection, name)
            of_account = (codes.c.account_id == account.account_id) & (codes.c.purpose == Purpose.INVITE)
            connection.execute(delete(codes).where(of_account))  # the last one sent is the one that counts
            code = make(connection, Purpose.INVITE, account_id=account.account_id)
        if account.wearer_id is not None and account.password_hash is not None:
            looks.note(self._store, account.wearer_id, looker, by, INVITED)
        return code

    def take_up(self, code: str, password: str) -> int | None:
        """Choose the password with an invitation; every sign-in of the account ends.

        Returns:
            The account's id; None where the code opens nothing (any more).

        Raises:
            ConfigError: the password is too short or too long; the code stays good.
        """
        kept = hashed(password)
        with self._store.at_the_door(writes=True) as connection:
            opened = redeem(connection, code, Purpose.INVITE)
            if opened is None:
                return None
            _set_hash(connection, opened.account_id, kept)
            account_id: int = opened.account_id
        return account_id

    def change_password(self, account_id: int, password: str) -> None:
        """Set a new password; every sign-in of the account ends.

        Raises:
            ConfigError: it is too short or too long.
        """
        kept = hashed(password)
        with self._store.at_the_door(writes=True) as connection:
            _set_hash(connection, account_id, kept)

    def check(self, name: str, password: str) -> int | None:
        """The account whose name and password these are; None for all others, after the same time."""
        try:
            kept = sign_in_name(name)
        except ConfigError:
            kept = ""
        with self._store.at_the_door() as connection:
            account = _named(connection, kept)
        right = fits(password, None if account is None else account.password_hash)
        if not right or account is None or account.closed_utc_ms is not None:
            return None
        account_id: int = account.account_id
        return account_id

    def has_password(self, account_id: int, password: str) -> bool:
        """Whether this is the account's password."""
        with self._store.at_the_door() as connection:
            kept = connection.scalar(
                select(accounts.c.password_hash).where(accounts.c.account_id == account_id)
            )
        return fits(password, kept)

    def close(self, name: str) -> None:
        """Let nobody in by this account any more, at once; what was recorded stays.

        Raises:
            ConfigError: there is no such account, or it is closed already.
        """
        with self._store.at_the_door(writes=True) as connection:
            account = _open_account(connection, name)
            account_id = account.account_id
            now_ms = now_utc_ms()
            end_all(connection, account_id)
            own_tokens = (api_tokens.c.account_id == account_id) & api_tokens.c.revoked_utc_ms.is_(None)
            connection.execute(update(api_tokens).where(own_tokens).values(revoked_utc_ms=now_ms))
            permitted, opened = permits.c.account_id == account_id, codes.c.account_id == account_id
            if account.wearer_id is not None:  # carers who were let in, and links that would let some in
                permitted |= permits.c.wearer_id == account.wearer_id
                opened |= codes.c.wearer_id == account.wearer_id
            held = permitted & permits.c.ended_utc_ms.is_(None)
            connection.execute(update(permits).where(held).values(ended_utc_ms=now_ms))
            connection.execute(delete(codes).where(opened))
            itself = accounts.c.account_id == account_id
            connection.execute(update(accounts).where(itself).values(closed_utc_ms=now_ms))

    def all(self) -> Sequence[Row[Any]]:
        """Every account, by name."""
        with self._store.at_the_door() as connection:
            return connection.execute(select(accounts).order_by(accounts.c.name)).all()

    def account_named(self, name: str, role: Role | None = None) -> int:
        """The `account_id` of an open account.

        Raises:
            ConfigError: there is none of that name, or it has another role than `role`.
        """
        with self._store.at_the_door() as connection:
            account = _open_account(connection, name)
        if role is not None and account.role != role:
            raise ConfigError(f"the account {name} is for a {account.role}; this needs one for: {role}")
        account_id: int = account.account_id
        return account_id

    def wearer_named(self, name: str) -> int:
        """The wearer of an account.

        Raises:
            ConfigError: there is no such account, or it wears nothing.
        """
        with self._store.at_the_door() as connection:
            account = _named(connection, sign_in_name(name))
        if account is None or account.wearer_id is None:
            raise ConfigError(f"there is no wearer {name!r}; `plumbline people list` tells who there is")
        wearer_id: int = account.wearer_id
        return wearer_id


def _set_hash(connection: Connection, account_id: int, kept: str) -> None:
    itself = accounts.c.account_id == account_id
    connection.execute(update(accounts).where(itself).values(password_hash=kept))
    end_all(connection, account_id)


def _named(connection: Connection, kept: str) -> Row[Any] | None:
    return connection.execute(select(accounts).where(accounts.c.name == kept)).first()


def _open_account(connection: Connection, name: str) -> Row[Any]:
    account = _named(connection, sign_in_name(name))
    if account is None or account.closed_utc_ms is not None:
        raise ConfigError(f"there is no open account {name!r}; `plumbline people list` tells who there is")
    return account


def _new_wearer(connection: Connection) -> int:
    # Never the first one's number: that one's data was recorded before there were accounts.
    newest = connection.scalar(select(func.max(wearers.c.wearer_id))) or 0
    wearer_id = max(newest, FIRST_WEARER) + 1
    connection.execute(insert(wearers).values(wearer_id=wearer_id, name=""))
    return wearer_id


def _wearer_of_home(connection: Connection) -> int:
    if connection.scalar(select(accounts.c.name).where(accounts.c.wearer_id == FIRST_WEARER)) is not None:
        raise ConfigError("somebody has taken over what was recorded before there were accounts already")
    if connection.scalar(select(wearers.c.wearer_id).where(wearers.c.wearer_id == FIRST_WEARER)) is None:
        connection.execute(insert(wearers).values(wearer_id=FIRST_WEARER, name=""))
    return FIRST_WEARER
