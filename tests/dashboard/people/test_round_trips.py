"""How often a page speaks to PostgreSQL: on a busy machine it waits for its turn at every round trip.

Counted on the wire: the server says "ready for query" once for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import pytest
from sqlalchemy import event, insert
from sqlalchemy.pool import Pool

from dashboard.tables import notes

from ...noon import today
from .town import Person, Town

WHO = 3
"""Of each page: begin, look the sign-in up, end."""

FRAME = 3
"""Begin, ask how the wearer wants the pages to speak, end."""

PAGES = {
    "/": WHO + FRAME + 4,  # devices, sessions, the day in bins, slouches
    "/part/today": WHO + FRAME + 4,
    "/history/day/{day}": WHO + FRAME + 9,
    "/history/week/{day}": WHO + FRAME + 6,  # sums, tallies, extent, simulated, notes, figures around them
    "/history/month/{day}": WHO + FRAME + 6,
    "/history/year/{day}": WHO + FRAME + 6,
    "/session/anna-back/run-of-anna-1": WHO + FRAME + 6,
    "/devices": WHO + FRAME + 2,
    "/wear": WHO + FRAME + 2,
}


class Wire:
    """What is said over all connections that are made while it listens."""

    def __init__(self, trace: IO[bytes]) -> None:
        self._trace = trace

    def listen(self, driver: Any, _record: object) -> None:
        """To a connection of psycopg."""
        driver.pgconn.trace(self._trace.fileno())

    def round_trips(self, ask: Callable[[], object]) -> int:
        """How many there are while something is asked for."""
        before = self._count()
        ask()
        return self._count() - before

    def _count(self) -> int:
        return Path(self._trace.name).read_bytes().count(b"\tReadyForQuery")


@pytest.fixture(scope="module")
def wired(
    postgresql: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Wire, Person]]:
    """A wearer with an account, a device, a session and some notes; and all that is said to the database."""
    folder = tmp_path_factory.mktemp("wire")
    with (folder / "trace").open("wb") as file:
        wire = Wire(file)
        event.listen(Pool, "connect", wire.listen)
        town = Town(folder / "data", postgresql())
        anna = town.wearer("anna")
        with town.dashboard.store.writing(anna.wearer) as connection:
            for n in range(5):
                day = (today() - timedelta(days=n)).isoformat()
                connection.execute(insert(notes).values(wearer_id=anna.wearer, day=day, text=f"note {n}"))
        yield wire, anna
        town.close()
        event.remove(Pool, "connect", wire.listen)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_no_more_often_than_it_has_to(wired: tuple[Wire, Person], page: str) -> None:
    wire, anna = wired
    path = page.format(day=anna.town.today())
    anna.get(path).raise_for_status()  # a connection may have to be made
    assert wire.round_trips(lambda: anna.get(path).raise_for_status()) <= PAGES[page]


def test_a_wearers_sign_in_is_told_from_a_strangers_in_one_question(wired: tuple[Wire, Person]) -> None:
    wire, anna = wired
    stranger = anna.town.browser()
    stranger.cookies.set("plumbline", "x" * 48)
    assert wire.round_trips(lambda: stranger.get("/")) == WHO
