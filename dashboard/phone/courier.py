"""The thread that decides and sends.

Whatever a service does, nothing else waits for it: each batch is carried by a process with a time limit that
tells of each service when it is done with it, and a service that is being tried is not tried again meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, tzinfo
from typing import Final

from sqlalchemy.exc import DBAPIError

from ..store import Store
from .decisions import Decisions, Wish, wishes
from .jobs import Fault, Job, Outcome, carry_out
from .queue import Delivery, Queue
from .services import Services

log = logging.getLogger(__name__)

TITLE: Final = "Plumbline"

LANES: Final = 3
"""Processes that speak to services at once; each takes some 40 MB while it does."""

IDLE_S: Final = 30.0
"""The longest sleep: a process beside this one may have changed the rules."""

WAITING_S: Final = 1.0
"""The sleep while something is to be looked at again, and the least between two looks."""

TIDY_S: Final = 3600.0

GIVEN_UP: Final = frozenset({Fault.UNKNOWN, Fault.LOCAL, Fault.INSIDE, Fault.MISSING})
"""Trying again would change nothing."""


class Courier:
    """Tells the phones what the store was told.

    Args:
        store: the database; the rules and the queue are in it.
        services: where the phones are.
        zone: of the wearers' days.
        send: carries out jobs; tells the outcome of each as soon as it is known, all within a limited time.
        now: the present.
    """

    def __init__(
        self,
        store: Store,
        services: Services,
        zone: tzinfo,
        *,
        send: Callable[[Sequence[Job]], Iterable[Outcome]] = carry_out,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._services = services
        self._decisions = Decisions(store, zone)
        self._queue = Queue(store)
        self._send = send
        self._now = now
        self._busy: set[str] = set()
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._tidied: datetime | None = None
        self._lanes = ThreadPoolExecutor(LANES, thread_name_prefix="phone-lane")
        self._thread = threading.Thread(target=self._run, name="phone", daemon=True)

    def start(self) -> None:
        """Begin; what an earlier life left undone goes on."""
        self._thread.start()

    def stop(self) -> None:
        """End. What is under way ends by its own limit; what waits, waits in the store."""
        self._stopping.set()
        self._news.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._lanes.shutdown(wait=False, cancel_futures=True)

    def look(self) -> None:
        """Something was stored, or the rules are others; from any thread, and costs nothing."""
        self._news.set()

    def _run(self) -> None:
        sleep_s = 0.0
        while not self._stopping.is_set():
            if self._news.wait(sleep_s):
                self._stopping.wait(WAITING_S / 5)  # what is stored together is looked at together
            self._news.clear()
            try:
                sleep_s = self.round()
            except DBAPIError as error:
                log.error("the phone's queue cannot be read, trying again: %s", error.orig)
                sleep_s = IDLE_S
            except Exception:
                log.exception("phone alerts failed, trying again")
                sleep_s = IDLE_S

    def round(self) -> float:
        """Decide what is to be decided and send what is due; how long nothing will be due, seconds."""
        now = self._now()
        sleep_s = IDLE_S
        jobs: list[tuple[Delivery, Job]] = []
        for wish in wishes(self._store):
            services = self._services.of(wish.wearer_id)
            ids = [service.id for service in services]
            if ids and wish.rules.on and self._decisions.decide(wish, ids, now):
                sleep_s = WAITING_S
            due_utc_ms = self._queue.next_due_utc_ms(wish.wearer_id)
            if due_utc_ms is None:
                continue
            due_in_s = due_utc_ms / 1000 - now.timestamp()
            if due_in_s <= 0.0:
                jobs += self._jobs(wish, now)
            sleep_s = min(sleep_s, max(WAITING_S, due_in_s))
        if jobs:
            self._lanes.submit(self._carry, jobs)
        if self._tidied is None or (now - self._tidied).total_seconds() > TIDY_S:
            self._tidied = now
            for wish in wishes(self._store):
                self._queue.tidy(wish.wearer_id, now)
        return sleep_s

    def _jobs(self, wish: Wish, now: datetime) -> list[tuple[Delivery, Job]]:
        jobs = []
        for delivery in self._queue.due(wish.wearer_id, now):
            service = self._services.find(wish.wearer_id, delivery.service)
            if service is None:  # taken away meanwhile
                self._queue.finish(delivery, "expired")
            elif service.id not in self._busy and self._queue.claim(delivery, now):
                jobs.append((delivery, Job(delivery.name, service.url, TITLE, delivery.text)))
        self._busy |= {delivery.service for delivery, _ in jobs}
        return jobs

    def _carry(self, jobs: Sequence[tuple[Delivery, Job]]) -> None:
        under_way = {job.id: delivery for delivery, job in jobs}
        try:
            for outcome in self._send([job for _, job in jobs]):
                delivery = under_way.pop(outcome.id)
                self._settle(delivery, outcome)
                if all(other.service != delivery.service for other in under_way.values()):
                    self._busy.discard(delivery.service)
                    self._news.set()
        except (OSError, DBAPIError) as error:
            log.error("notices could not be sent, trying again: %s", type(error).__name__)
        finally:
            self._busy -= {delivery.service for delivery in under_way.values()}
            self._news.set()

    def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        if outcome.fault is Fault.NONE:
            self._queue.finish(delivery, "sent")
            return
        # By its id: an address is a secret, and so may be what a service answers.
        log.warning("service %s did not take a notice: %s", delivery.service, outcome.fault)
        if outcome.fault in GIVEN_UP:
            self._queue.finish(delivery, "expired")
