"""Carers: whom a wearer lets see the data, for how long, and from when not any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from ..people_tables import accounts, permits
from .credentials import now_utc_ms

PERIODS_S = tuple(days * 86_400 for days in (1, 7, 28, 91, 365))
"""For how long a carer may be let in."""

AnyRow = Row[Any]


def let_in(connection: Connection, wearer_id: int, account_id: int, period_s: int) -> None:
    """Let a carer in from now on; an earlier permit that still holds ends with the new one's beginning."""
    now_ms = now_utc_ms()
    before = (permits.c.wearer_id == wearer_id) & (permits.c.account_id == account_id)
    connection.execute(update(permits).where(before, _holds(now_ms)).values(ended_utc_ms=now_ms))
    row = {
        "wearer_id": wearer_id,
        "account_id": account_id,
        "since_utc_ms": now_ms,
        "until_utc_ms": now_ms + period_s * 1000,
    }
    connection.execute(insert(permits).values(row))


def shut_out(connection: Connection, wearer_id: int, permit_id: int) -> None:
    """End a wearer's permit at once."""
    own = (permits.c.wearer_id == wearer_id) & (permits.c.permit_id == permit_id)
    connection.execute(
        update(permits).where(own, permits.c.ended_utc_ms.is_(None)).values(ended_utc_ms=now_utc_ms())
    )


def carers_of(connection: Connection, wearer_id: int) -> Sequence[AnyRow]:
    """Who may look at a wearer's data now."""
    return connection.execute(
        select(permits, accounts.c.label)
        .join(accounts)
        .where(permits.c.wearer_id == wearer_id, _holds(now_utc_ms()), accounts.c.closed_utc_ms.is_(None))
        .order_by(permits.c.until_utc_ms)
    ).all()


def wearers_of(connection: Connection, account_id: int) -> Sequence[AnyRow]:
    """Whose data a carer may look at now."""
    wearer = accounts.alias("wearer")
    return connection.execute(
        select(permits, wearer.c.label)
        .join(wearer, wearer.c.wearer_id == permits.c.wearer_id)
        .where(permits.c.account_id == account_id, _holds(now_utc_ms()))
        .order_by(wearer.c.label)
    ).all()


def name_of_open(connection: Connection, account_id: int, wearer_id: int) -> str | None:
    """The name of a wearer at whose data a carer may look now; None for all others."""
    wearer = accounts.alias("wearer")
    held = (permits.c.account_id == account_id) & (permits.c.wearer_id == wearer_id)
    return connection.scalar(
        select(wearer.c.label)
        .join(permits, permits.c.wearer_id == wearer.c.wearer_id)
        .where(held, _holds(now_utc_ms()))
        .limit(1)
    )


def _holds(now_ms: int) -> ColumnElement[bool]:
    return (
        (permits.c.since_utc_ms <= now_ms)
        & (permits.c.until_utc_ms > now_ms)
        & permits.c.ended_utc_ms.is_(None)
    )
