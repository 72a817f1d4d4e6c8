"""Who is looking at live readings right now, and whether they still may.

A page that is open asks for nothing more, so a carer who is shut out, a sign-in that is ended or a
token that is revoked would go on seeing. All open pages of this process are therefore checked
together, once a second, with a few queries however many they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool

from .door import Door
from .queries import devices_of
from .store import Store
from .visitor import Visitor

log = logging.getLogger(__name__)

CHECK_S = 1.0
"""How often it is looked whether an open page may stay open."""

NAMES_EVERY = 5
"""At every so manieth check the devices of each wearer are read anew: one may have been handed on."""


@dataclass(eq=False)
class Guest:
    """One open page.

    Attributes:
        visitor: who opened it.
        wearer: whose readings it shows.
        names: that wearer's devices; kept up to date.
        ended: set when it may not go on.
    """

    visitor: Visitor
    wearer: int
    names: set[str] = field(default_factory=set)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Presence:
    """The open pages of this process."""

    def __init__(self, store: Store, door: Door) -> None:
        self._store = store
        self._door = door
        self._guests: set[Guest] = set()
        self._checking: asyncio.Task[None] | None = None

    async def welcome(self, visitor: Visitor, wearer: int) -> Guest:
        """A page that is about to open; to be handed to `staying`."""
        names = await run_in_threadpool(self._names, {wearer})
        return Guest(visitor, wearer, names[wearer])

    @contextlib.contextmanager
    def staying(self, guest: Guest) -> Iterator[None]:
        """Keep an eye on a page while it is open."""
        self._guests.add(guest)
        if self._checking is None:
            self._checking = asyncio.create_task(self._check_all())
        try:
            yield
        finally:
            self._guests.discard(guest)
            if not self._guests and self._checking is not None:
                self._checking.cancel()
                self._checking = None

    async def _check_all(self) -> None:
        count = 0
        while True:
            await asyncio.sleep(CHECK_S)
            count += 1
            guests = list(self._guests)
            try:
                holding = await run_in_threadpool(self._door.still, {guest.visitor for guest in guests})
                if count % NAMES_EVERY == 0:
                    names = await run_in_threadpool(self._names, {guest.wearer for guest in guests})
                    for guest in guests:
                        guest.names.clear()
                        guest.names.update(names[guest.wearer])
            except DBAPIError as error:
                # Who cannot be checked may not stay; an open page comes back by itself.
                log.warning("open pages could not be checked and are closed: %s", error.orig)
                holding = set()
            except (
                Exception
            ):  # such as no free connection; were it the end, nobody would be shut out any more
                log.exception("open pages could not be checked and are closed")
                holding = set()
            for guest in guests:
                if guest.visitor not in holding:
                    guest.ended.set()

    def _names(self, wearers: Iterable[int]) -> dict[int, set[str]]:
        found = {}
        for wearer in wearers:
            with self._store.reading(wearer) as connection:
                found[wearer] = {row.name for row in devices_of(connection, wearer)}
        return found
