"""The log of who looked: written before anything is shown, read by the wearer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from ..people_tables import looks
from ..store import Store
from .credentials import now_utc_ms

HOUR_MS = 3_600_000

KEPT_DAYS = 365


def note(store: Store, wearer_id: int, looker: str, label: str, what: str) -> None:
    """Note that somebody looks at a wearer's data.

    Args:
        store: where to.
        wearer_id: whose data.
        looker: `account 3` or `token 5`.
        label: the looker's name at present.
        what: the first part of the address, such as `history`.
    """
    now_ms = now_utc_ms()
    row = {
        "wearer_id": wearer_id,
        "hour_utc_ms": now_ms // HOUR_MS * HOUR_MS,
        "who": looker,
        "what": what,
        "label": label,
        "first_utc_ms": now_ms,
        "last_utc_ms": now_ms,
        "times": 1,
    }
    change = {"label": label, "last_utc_ms": now_ms, "times": looks.c.times + 1}
    with store.writing(wearer_id) as connection:
        connection.execute(store.upsert(looks, row, change))
        too_old = (looks.c.wearer_id == wearer_id) & (looks.c.hour_utc_ms < now_ms - KEPT_DAYS * 24 * HOUR_MS)
        connection.execute(delete(looks).where(too_old))


def looks_of(connection: Connection, wearer_id: int, count: int) -> Sequence[Row[Any]]:
    """The newest entries of a wearer's log."""
    return connection.execute(
        select(looks)
        .where(looks.c.wearer_id == wearer_id)
        .order_by(looks.c.hour_utc_ms.desc(), looks.c.last_utc_ms.desc())
        .limit(count)
    ).all()
