"""Composition root of an ingest worker: settings -> store, ingest, a share of the messages; orderly stop.

Any number of workers share the messages of one broker into one store. Each may die at any moment:
what it had not stored was not acknowledged, and comes again.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial

from firmware_py.errors import ConfigError
from firmware_py.exercise_file import load as load_exercises

from .days import zone_named
from .exercises.clock import ExerciseClock
from .ingest import Ingest, Taken
from .phone.courier import Courier
from .phone.jobs import carry_out
from .phone.reach import networks_named
from .phone.services import Services
from .settings import Settings
from .share import Share, ShareReader
from .store import Store
from .upkeep import upkeep

SWITCH_S = 0.001
"""How long the thread that stores may keep the one that reads waiting: what is not read yet has no turn."""

LOOK_S = 0.5
"""How long an end waits for, at most, while the broker was not reached yet."""

log = logging.getLogger(__name__)


class Worker:
    """A worker, opened but not yet at work.

    Raises:
        ConfigError: a setting makes no sense: there is no broker, or the store is one file, which has one
            writer.
        StoreError: the database cannot be opened.
    """

    def __init__(self, settings: Settings, share: Share) -> None:
        if settings.broker is None:
            raise ConfigError("an ingest worker needs a broker")
        networks_named(settings.phone_networks)
        self.store = Store(settings.database_url)
        if self.store.is_sqlite:
            self.store.close()
            raise ConfigError(
                "ingest workers share a PostgreSQL: give its URL as dashboard.database; "
                "a dashboard with SQLite stores its messages itself"
            )
        zone = zone_named(settings.timezone)
        self.linked = threading.Event()
        self.stored = 0
        self._upkeep = upkeep(self.store, settings.retention)
        # Several workers may have one each: an event is decided, and a delivery taken on, by one of them.
        send = partial(carry_out, within=settings.phone_reach)
        self._courier = Courier(self.store, Services(settings.data_folder), zone, send=send)
        self._reader = ShareReader(
            settings.broker,
            share,
            Ingest(self.store, settings.newcomers),
            on_stored=self._count,
            on_link=self._link,
        )
        exercises = load_exercises(settings.exercises_file)
        self._clock = ExerciseClock(self.store, exercises, zone, self._reader.publish)

    def start(self) -> None:
        """Begin; an absent broker is tried again until it is there."""
        self._upkeep.start()
        self._courier.start()
        self._reader.start()
        self._clock.start()

    def stop(self) -> None:
        """Store and acknowledge what has arrived, and let go."""
        self._clock.stop()
        self._reader.stop()
        self._courier.stop()
        self._upkeep.stop()
        self.store.close()

    def _count(self, taken: Taken) -> None:
        self.stored += taken.stored
        if taken.stored:
            self._courier.look()

    def _link(self, reached: bool) -> None:
        if reached:
            self.linked.set()
        else:
            self.linked.clear()


def work(settings: Settings, share: Share, on_ready: Callable[[str], None]) -> None:
    """Work until SIGINT or SIGTERM; `on_ready` is told the client id when the broker is reached first.

    Raises:
        ConfigError: a setting makes no sense.
        StoreError: the database cannot be opened.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    sys.setswitchinterval(SWITCH_S)
    worker = Worker(settings, share)
    worker.start()
    while not stopping.is_set():
        if worker.linked.wait(LOOK_S):
            on_ready(share.client_id)
            break
    stopping.wait()
    worker.stop()
    log.info("stored %d messages", worker.stored)
