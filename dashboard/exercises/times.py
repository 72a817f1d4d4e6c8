"""Times that a wearer chose for an exercise, and the quiet clockwork that reminds at them.

Who stores the messages keeps them (a dashboard, or the workers: `clock`), because it knows the wearer's
clock and all that was done today, on the device and on the page. Where the dose of the day is done
nothing is said. Where it is not, the wearer's devices are asked to remind; they do so only where
reminders are welcome (not while driving, in a meeting, silent or snoozed), and what they said comes back
as an event, which the open pages show. A time that passed long ago, because nothing ran then, is let go:
a reminder is for now or not at all.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import Connection, delete, select, update
from starlette.concurrency import run_in_threadpool

from firmware_py.exercise_file import Described
from firmware_py.posture.exercise_words import RemindExercise

from .. import queries
from ..acquaintance import meet
from ..bulk import insert_new
from ..days import days
from ..store import Store
from .doses import Dose, doses, sets_between
from .tables import exercise_times

log = logging.getLogger(__name__)

CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
MOST = 4
"""Times that can be chosen for one exercise."""

LOOK_EVERY_S = 15.0
LATE = timedelta(minutes=10)

Remind = Callable[[str, RemindExercise], Awaitable[object]]
"""Asks a device."""


@dataclass(frozen=True, slots=True)
class Due:
    """One wearer's exercise whose time has come."""

    wearer_id: int
    exercise: str
    devices: tuple[str, ...]


def times_of(connection: Connection, wearer_id: int) -> dict[str, list[str]]:
    """The chosen times of each exercise, in order."""
    c = exercise_times.c
    rows = connection.execute(select(c.exercise, c.at).where(c.wearer_id == wearer_id).order_by(c.at))
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.exercise, []).append(row.at)
    return found


def choose_times(
    connection: Connection, wearer_id: int, exercise: str, times: Sequence[str], now: datetime
) -> None:
    """Put these times in place of the ones chosen before; those that are past today begin tomorrow.

    Raises:
        ValueError: one is no time of day, or there are too many.
    """
    chosen = sorted(set(times))
    if len(chosen) > MOST or not all(CLOCK.fullmatch(at) for at in chosen):
        raise ValueError(f"at most {MOST} times such as 09:30")
    c = exercise_times.c
    connection.execute(delete(exercise_times).where(c.wearer_id == wearer_id, c.exercise == exercise))
    today, clock = now.date().isoformat(), f"{now:%H:%M}"
    rows = [
        {
            "wearer_id": wearer_id,
            "exercise": exercise,
            "at": at,
            "settled_day": today if at <= clock else None,
        }
        for at in chosen
    ]
    if rows:
        meet(connection, wearer_id)
        insert_new(connection, exercise_times, rows)


def take_due(store: Store, known: Mapping[str, Described], now: datetime, zone: tzinfo) -> list[Due]:
    """What is to be reminded of now; each time is dealt with once a day, by whichever process is first."""
    today, clock = now.date().isoformat(), f"{now:%H:%M}"
    c = exercise_times.c
    with store.engine.connect() as connection:
        open_still = (c.settled_day.is_(None)) | (c.settled_day != today)
        rows = connection.execute(select(exercise_times).where(c.at <= clock, open_still)).all()
    found: list[Due] = []
    for row in rows:
        with store.writing(row.wearer_id) as connection:
            this = (c.wearer_id == row.wearer_id, c.exercise == row.exercise, c.at == row.at)
            settle = update(exercise_times).where(*this, open_still).values(settled_day=today)
            if not connection.execute(settle).rowcount:
                continue  # another process was first: it held the row until it had said so
            described = known.get(row.exercise)
            hours, minutes = map(int, row.at.split(":"))
            at = now.replace(hour=hours, minute=minutes, second=0, microsecond=0)
            # Between absolute times: by the wall, where clocks change, a time that is due is an hour too old.
            if described is None or now.astimezone(UTC) - at.astimezone(UTC) > LATE:
                continue
            done = doses(sets_between(connection, row.wearer_id, days(now.date(), 1, zone)), zone)
            dose = done.get((now.date(), row.exercise), Dose())
            if dose.left(described.exercise) == 0 or dose.worse:
                continue
            worn = tuple(device.name for device in queries.devices_of(connection, row.wearer_id))
            due = Due(row.wearer_id, row.exercise, worn)
            if due not in found:
                found.append(due)
    return found


class Timekeeper:
    """Looks at the chosen times now and then, in the loop that serves the pages.

    Args:
        store: where they are.
        known: the exercises by key.
        zone: the wearer's clock.
        remind: asks a device.
        now: the present.
    """

    def __init__(
        self,
        store: Store,
        known: Mapping[str, Described],
        zone: tzinfo,
        remind: Remind,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._store = store
        self._known = known
        self._zone = zone
        self._remind = remind
        self._now = now or (lambda: datetime.now(zone))
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._looking = asyncio.create_task(self._look_on())

    async def stop(self) -> None:
        """Stop looking; what is under way ends first."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def look(self) -> list[Due]:
        """Remind of what is due now; returns it."""
        due = await run_in_threadpool(take_due, self._store, self._known, self._now(), self._zone)
        for one in due:
            await asyncio.gather(
                *(self._remind(name, RemindExercise(0.0, one.exercise)) for name in one.devices)
            )
        return due

    async def _look_on(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:  # a database that is away for a while must not end the reminding for good
                log.exception("the times chosen for exercises could not be looked at")
            await asyncio.sleep(LOOK_EVERY_S)
