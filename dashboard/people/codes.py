"""Codes that open something once: pairing a phone, taking up an invitation, letting a carer in.

A code is shown once, lives minutes to days, and is kept as a digest. Looking at a code changes
nothing (messengers fetch the addresses that pass through them); redeeming it is one statement in the
database, so of two at the same moment one is refused.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from ..people_tables import codes
from .credentials import digest, new_secret, now_utc_ms


class Purpose(StrEnum):
    """What a code opens, and so for how long it is good."""

    PAIR = "pair"
    """Signs in another browser of the same person."""
    INVITE = "invite"
    """Lets an account choose its password."""
    CARE = "care"
    """Lets whoever takes it up see one wearer's data for a period."""
    PROGRAMME = "programme"
    """Lets a wearer join a programme."""


LASTS_S = {
    Purpose.PAIR: 600,
    Purpose.INVITE: 7 * 86_400,
    Purpose.CARE: 86_400,
    Purpose.PROGRAMME: 30 * 86_400,
}


def make(connection: Connection, purpose: Purpose, **opens: Any) -> str:
    """A new code.

    Args:
        connection: at the door, writing.
        purpose: what it opens.
        **opens: further columns of `codes`, such as `account_id`.
    """
    code, now_ms = new_secret(random_bytes=16), now_utc_ms()
    connection.execute(delete(codes).where(codes.c.expires_utc_ms <= now_ms))
    row = {
        "code_hash": digest(code),
        "purpose": purpose,
        "made_utc_ms": now_ms,
        "expires_utc_ms": now_ms + LASTS_S[purpose] * 1000,
        **opens,
    }
    connection.execute(insert(codes).values(row))
    return code


def look(connection: Connection, code: str) -> Row[Any] | None:
    """What a code would open, without using it; None where it was used, has expired, or never was."""
    return connection.execute(
        select(codes).where(
            codes.c.code_hash == digest(code),
            codes.c.used_utc_ms.is_(None),
            codes.c.expires_utc_ms > now_utc_ms(),
        )
    ).first()


def redeem(connection: Connection, code: str, purpose: Purpose) -> Row[Any] | None:
    """Use a code; what it opens, or None where it opens nothing of that kind (any more)."""
    now_ms = now_utc_ms()
    return connection.execute(
        update(codes)
        .where(
            codes.c.code_hash == digest(code),
            codes.c.purpose == purpose,
            codes.c.used_utc_ms.is_(None),
            codes.c.expires_utc_ms > now_ms,
        )
        .values(used_utc_ms=now_ms)
        .returning(*codes.c)
    ).first()
