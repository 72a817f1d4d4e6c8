"""Decides, once for each event, whether the wearer is told; the decision is a row of the store.

An event is named for good by (device, session, seq), and so is the decision about it: a message that comes
again changes nothing, and an event that comes late finds its time over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select

from ..days import day_start, local, utc_ms
from ..store import Store
from ..tables import devices, episodes, events
from ..words import words
from .rules import CUSTOMS, OCCASION_OF, WINDOW_S, Occasion, PhoneRules, Told, Verdict, counts, in_touch, read
from .tables import phone_deliveries, phone_notices, phone_rules
from .wording import notice_text

AHEAD_S = 60.0
"""An event dated further into the future is of a clock that is wrong."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What one wearer wants: rules, the language of the notices, and since when."""

    wearer_id: int
    rules: PhoneRules
    language: str
    since_utc_ms: int


def wishes(store: Store) -> list[Wish]:
    """Everybody's."""
    with store.engine.connect() as connection:
        rows = connection.execute(select(phone_rules)).all()
    return [
        Wish(row.wearer_id, msgspec.json.decode(row.rules, type=PhoneRules), row.language, row.since_utc_ms)
        for row in rows
    ]


class Decisions:
    """Decides about what one store was told.

    Args:
        store: the database.
        zone: of the wearers' days and quiet hours.
    """

    def __init__(self, store: Store, zone: tzinfo) -> None:
        self._store = store
        self._zone = zone

    def decide(self, wish: Wish, services: Sequence[str], now: datetime) -> bool:
        """Decide about what happened of late; True where something is to be looked at again soon.

        Args:
            wish: of the wearer whose events are looked at.
            services: ids of the services that are told.
            now: the present, with a zone.
        """
        waiting = False
        for row in self._undecided(wish, now):
            told = read(row.payload)
            if counts(OCCASION_OF[row.kind], told):
                waiting |= self._decide_one(wish, services, row, told, now) is Verdict.WAIT
        return waiting

    def _undecided(self, wish: Wish, now: datetime) -> Sequence[Row[Any]]:
        now_ms = utc_ms(now)
        decided = (
            (phone_notices.c.device_id == events.c.device_id)
            & (phone_notices.c.session == events.c.session)
            & (phone_notices.c.seq == events.c.seq)
        )
        query = (
            select(events, devices.c.status, devices.c.simulated)
            .join(devices, devices.c.device_id == events.c.device_id)
            .outerjoin(phone_notices, decided)
            .where(
                events.c.wearer_id == wish.wearer_id,
                events.c.kind.in_(CUSTOMS[occasion].kind for occasion in wish.rules.on),
                events.c.at_utc_ms >= max(wish.since_utc_ms, now_ms - round(1000 * WINDOW_S)),
                events.c.at_utc_ms <= now_ms + round(1000 * AHEAD_S),
                phone_notices.c.seq.is_(None),
            )
            .order_by(events.c.at_utc_ms)
        )
        with self._store.reading(wish.wearer_id) as connection:
            return connection.execute(query).all()

    def _decide_one(
        self, wish: Wish, services: Sequence[str], row: Row[Any], told: Told, now: datetime
    ) -> Verdict:
        occasion = OCCASION_OF[row.kind]
        event = {"device_id": row.device_id, "session": row.session, "seq": row.seq}
        with self._store.writing(wish.wearer_id) as connection:
            verdict = wish.rules.judge(
                occasion,
                (utc_ms(now) - row.at_utc_ms) / 1000,
                answered=not in_touch(row.status) or _answered(connection, occasion, row, told),
                local=now.astimezone(self._zone).time(),
                told_today=self._told_today(connection, wish.wearer_id, now),
            )
            if verdict is Verdict.WAIT:
                return verdict
            text = notice_text(
                words(wish.language),
                occasion,
                told,
                local(row.at_utc_ms, self._zone),
                discreet=wish.rules.discreet,
                simulated=bool(row.simulated),
            )
            notice = event | {
                "wearer_id": wish.wearer_id,
                "occasion": occasion.value,
                "at_utc_ms": row.at_utc_ms,
                "decided_utc_ms": utc_ms(now),
                "verdict": verdict.value,
                "text": text,
            }
            # Another process that decided in this moment has the same row: whoever inserts it sends it.
            if self._store.insert_new(phone_notices, [notice], connection) and verdict is Verdict.SEND:
                on_its_way = event | {
                    "wearer_id": wish.wearer_id,
                    "state": "waiting",
                    "tries": 0,
                    "due_utc_ms": utc_ms(now),
                    "expires_utc_ms": row.at_utc_ms + round(1000 * CUSTOMS[occasion].expires_s),
                }
                rows = [on_its_way | {"service": service} for service in services]
                connection.execute(insert(phone_deliveries), rows)
        return verdict

    def _told_today(self, connection: Connection, wearer_id: int, now: datetime) -> int:
        midnight = day_start(now.astimezone(self._zone).date(), self._zone)
        query = (
            select(func.count())
            .select_from(phone_notices)
            .where(
                phone_notices.c.wearer_id == wearer_id,
                phone_notices.c.decided_utc_ms >= utc_ms(midnight),
                phone_notices.c.verdict == Verdict.SEND.value,
            )
        )
        return connection.scalar(query) or 0


def _answered(connection: Connection, occasion: Occasion, row: Row[Any], told: Told) -> bool:
    """Whether what happened is over: the slouch ended, the sensor came back."""
    if occasion is Occasion.SLOUCH:
        over = select(episodes.c.end_s).where(
            episodes.c.device_id == row.device_id,
            episodes.c.session == row.session,
            episodes.c.episode == told.episode,
            episodes.c.end_s.is_not(None),
        )
        return connection.execute(over).first() is not None
    if occasion is Occasion.SENSOR:
        back = select(events.c.seq).where(
            events.c.device_id == row.device_id,
            events.c.kind == "sensor_back",
            events.c.at_utc_ms >= row.at_utc_ms,
        )
        return connection.execute(back.limit(1)).first() is not None
    return False
