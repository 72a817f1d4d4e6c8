"""The wearer's own row, which everything of theirs refers to; before the first device came there is none."""

from __future__ import annotations

from sqlalchemy import Connection, select

from .bulk import insert_new
from .tables import wearers


def meet(connection: Connection, wearer_id: int) -> None:
    """Let there be the row of a wearer, in a transaction that writes."""
    if connection.scalar(select(wearers.c.wearer_id).where(wearers.c.wearer_id == wearer_id)) is None:
        # Somebody else may be meeting them in this moment.
        insert_new(connection, wearers, [{"wearer_id": wearer_id, "name": ""}])
