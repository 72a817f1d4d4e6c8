"""Notices on their way to services, in the store: a restart loses none; each is tried until it expires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Update, delete, func, select, update

from ..days import utc_ms
from ..store import Store
from .rules import retry_s
from .tables import phone_deliveries, phone_notices

KEPT_DAYS = 30
"""Decisions are shown for so long, and then deleted."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way to one service."""

    device_id: int
    session: str
    seq: int
    service: str
    wearer_id: int
    tries: int
    text: str

    @property
    def name(self) -> str:
        """Names it in an errand."""
        return f"{self.device_id}/{self.session}/{self.seq}/{self.service}"


class Queue:
    """The deliveries of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def due(self, wearer_id: int, now: datetime) -> list[Delivery]:
        """What is to be tried now; what has lived too long expires."""
        of, now_ms = phone_deliveries.c, utc_ms(now)
        waiting = (of.wearer_id == wearer_id) & (of.state == "waiting")
        notice = phone_notices.c
        with self._store.writing(wearer_id) as connection:
            connection.execute(
                update(phone_deliveries).where(waiting, of.expires_utc_ms <= now_ms).values(state="expired")
            )
            rows = connection.execute(
                select(of.device_id, of.session, of.seq, of.service, of.wearer_id, of.tries, notice.text)
                .join(
                    phone_notices,
                    (notice.device_id == of.device_id)
                    & (notice.session == of.session)
                    & (notice.seq == of.seq),
                )
                .where(waiting, of.due_utc_ms <= now_ms)
                .order_by(of.due_utc_ms)
            ).all()
        return [Delivery(*row) for row in rows]

    def next_due_utc_ms(self, wearer_id: int) -> int | None:
        """When the next attempt of a wearer's is due; None where nothing waits."""
        of = phone_deliveries.c
        query = select(func.min(of.due_utc_ms)).where(of.wearer_id == wearer_id, of.state == "waiting")
        with self._store.reading(wearer_id) as connection:
            found: int | None = connection.scalar(query)
        return found

    def claim(self, delivery: Delivery, now: datetime) -> bool:
        """Take a delivery on; False where another process did. Should this one end now, it is tried again."""
        tries = delivery.tries + 1
        again = utc_ms(now + timedelta(seconds=retry_s(tries)))
        with self._store.writing(delivery.wearer_id) as connection:
            mine = _one(delivery).where(phone_deliveries.c.tries == delivery.tries)
            taken = connection.execute(mine.values(tries=tries, due_utc_ms=again))
        return taken.rowcount == 1

    def finish(self, delivery: Delivery, state: str) -> None:
        """It was sent, or nothing more will be tried."""
        with self._store.writing(delivery.wearer_id) as connection:
            connection.execute(_one(delivery).values(state=state))

    def tidy(self, wearer_id: int, now: datetime) -> None:
        """Delete what is no longer shown."""
        before_ms = utc_ms(now - timedelta(days=KEPT_DAYS))
        of, notice = phone_deliveries.c, phone_notices.c
        with self._store.writing(wearer_id) as connection:
            connection.execute(
                delete(phone_deliveries).where(of.wearer_id == wearer_id, of.expires_utc_ms < before_ms)
            )
            connection.execute(
                delete(phone_notices).where(notice.wearer_id == wearer_id, notice.decided_utc_ms < before_ms)
            )

    def latest(self, wearer_id: int, count: int) -> list[dict[str, Any]]:
        """The newest decisions, each with how its deliveries stand."""
        of, notice = phone_deliveries.c, phone_notices.c
        with self._store.reading(wearer_id) as connection:
            rows = connection.execute(
                select(phone_notices)
                .where(notice.wearer_id == wearer_id)
                .order_by(notice.decided_utc_ms.desc())
                .limit(count)
            ).all()
            states = connection.execute(
                select(of.device_id, of.session, of.seq, of.state).where(
                    of.wearer_id == wearer_id,
                    of.expires_utc_ms >= min((row.at_utc_ms for row in rows), default=0),
                )
            ).all()
        found = []
        for row in rows:
            key = (row.device_id, row.session, row.seq)
            mine = {state for *name, state in states if tuple(name) == key}
            # One that arrived anywhere was told; one that is still under way somewhere may yet be.
            sent = next((state for state in ("sent", "waiting", "expired") if state in mine), "expired")
            became = sent if row.verdict == "send" else row.verdict
            found.append({"at_utc_ms": row.at_utc_ms, "occasion": row.occasion, "became": became})
        return found


def _one(delivery: Delivery) -> Update:
    of = phone_deliveries.c
    return update(phone_deliveries).where(
        of.device_id == delivery.device_id,
        of.session == delivery.session,
        of.seq == delivery.seq,
        of.service == delivery.service,
    )
