"""The page on which a wearer says where the phone is and what is worth a notice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import time
from typing import Any
from urllib.parse import urlencode

import msgspec
from sqlalchemy import Connection, select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from firmware_py.errors import ConfigError

from ..days import utc_ms
from ..forms import read_form
from ..site import Site
from ..tables import wearers
from .courier import TITLE, Courier
from .jobs import Fault, Job, Outcome, carry_out
from .queue import Queue
from .rules import AT_MOST_A_DAY, Occasion, PhoneRules
from .services import MAX_LABEL, MAX_URL, Services
from .tables import phone_rules

PATH = "/settings/phone"

LATEST = 12
"""Notices shown."""


class PhonePage:
    """The page and its actions.

    Args:
        site: the dashboard.
        services: where the phones are.
        courier: is told when there is news for it.
        send: carries out jobs, such as a test.
    """

    def __init__(
        self,
        site: Site,
        services: Services,
        courier: Courier,
        send: Callable[[Sequence[Job]], Iterable[Outcome]] = carry_out,
    ) -> None:
        self._site = site
        self._services = services
        self._courier = courier
        self._send = send
        self._queue = Queue(site.store)
        self._testing = threading.Lock()

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route(PATH, self.show),
            Route(f"{PATH}/rules", self.save, methods=["POST"]),
            Route(f"{PATH}/services", self.add, methods=["POST"]),
            Route(f"{PATH}/services/{{service}}/test", self.test, methods=["POST"]),
            Route(f"{PATH}/services/{{service}}/remove", self.remove, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """The services, the rules, and what became of the last notices."""
        wearer = self._site.wearer(request)
        with self._site.reading(request) as connection:
            rules = _rules_of(connection, wearer)
        named = self._services.find(wearer, request.query_params.get("service", ""))
        status = request.query_params.get("status", "")
        return self._site.page(
            request,
            "phone.html",
            "settings",
            services=self._services.of(wearer),
            rules=rules,
            quiet_from=_clock(rules.quiet_from_min),
            quiet_to=_clock(rules.quiet_to_min),
            occasions=list(Occasion),
            at_most=AT_MOST_A_DAY,
            max_url=MAX_URL,
            max_label=MAX_LABEL,
            latest=self._queue.latest(wearer, LATEST),
            told=request.query_params.get("told", ""),
            told_name=named.name if named is not None else "",
            told_status=status if status.isdecimal() else "",
        )

    async def save(self, request: Request) -> Response:
        """Keep the rules."""
        form = await read_form(request)
        try:
            rules = PhoneRules(
                on=frozenset(one for one in Occasion if form.get(f"on_{one}") == "yes"),
                only_ignored=form.get("only_ignored") == "yes",
                quiet_from_min=_minute(form.get("quiet_from", "")),
                quiet_to_min=_minute(form.get("quiet_to", "")),
                most_a_day=int(form.get("most_a_day", "")),
                discreet=form.get("discreet") == "yes",
            )
        except ValueError:
            return _back("wrong")
        await run_in_threadpool(self._keep, request, rules)
        self._courier.look()
        return _back("saved")

    async def add(self, request: Request) -> Response:
        """Keep a service, once Apprise knew its address for one."""
        form = await read_form(request)
        url, label = form.get("url", "").strip(), form.get("label", "").strip()
        return await run_in_threadpool(self._add, request, url, label)

    def _add(self, request: Request, url: str, label: str) -> Response:
        wearer = self._own(request)
        if not 0 < len(url) <= MAX_URL:
            return _back("unknown")
        outcome = self._tried(Job("look", url))
        if outcome is None or outcome.fault is not Fault.NONE:
            return _back("busy" if outcome is None else outcome.fault)
        try:
            added = self._services.add(wearer, outcome.service, label, url)
        except ConfigError:
            return _back("full")
        with self._site.reading(request) as connection:
            known = connection.execute(select(phone_rules).where(phone_rules.c.wearer_id == wearer)).first()
        if known is None:  # from now on the rules hold as they are shown
            self._keep(request, PhoneRules())
        self._courier.look()
        return _back("added", service=added.id)

    def test(self, request: Request) -> Response:
        """Send a test, wait for what becomes of it, and say so."""
        wearer = self._own(request)
        service = self._services.find(wearer, request.path_params["service"])
        if service is None:
            raise HTTPException(404)
        text = self._site.words(request)("phone.test_text")
        outcome = self._tried(Job("test", service.url, TITLE, text))
        if outcome is None:
            return _back("busy")
        told = "sent" if outcome.fault is Fault.NONE else outcome.fault.value
        status = "" if outcome.status is None else str(outcome.status)
        return _back(told, service=service.id, status=status)

    def remove(self, request: Request) -> Response:
        """Forget a service."""
        if not self._services.remove(self._own(request), request.path_params["service"]):
            raise HTTPException(404)
        return _back("removed")

    def _own(self, request: Request) -> int:
        """The wearer, where it is they themselves who ask; a carer may not change where notices go."""
        with self._site.writing(request):
            return self._site.wearer(request)

    def _tried(self, job: Job) -> Outcome | None:
        """What becomes of a job; None where another is under way: one process at a time for all who press."""
        if not self._testing.acquire(blocking=False):
            return None
        try:
            [outcome] = self._send([job])
            return outcome
        finally:
            self._testing.release()

    def _keep(self, request: Request, rules: PhoneRules) -> None:
        now_ms = utc_ms(self._site.now())
        packed, language = msgspec.json.encode(rules).decode(), self._site.words(request).language
        change = {"rules": packed, "language": language}
        row = {"wearer_id": self._site.wearer(request), "since_utc_ms": now_ms} | change
        wearer = {"wearer_id": row["wearer_id"], "name": ""}
        with self._site.writing(request) as connection:
            self._site.store.insert_new(wearers, [wearer], connection)  # before any device has told anything
            connection.execute(self._site.store.upsert(phone_rules, row, change | {"since_utc_ms": now_ms}))


def _rules_of(connection: Connection, wearer_id: int) -> PhoneRules:
    kept = connection.scalar(select(phone_rules.c.rules).where(phone_rules.c.wearer_id == wearer_id))
    return PhoneRules() if kept is None else msgspec.json.decode(kept, type=PhoneRules)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _minute(clock: str) -> int:
    """The minute of the day that a time field holds.

    Raises:
        ValueError: it holds none.
    """
    at = time.fromisoformat(clock)
    return 60 * at.hour + at.minute


def _back(told: str, **more: Any) -> Response:
    query = urlencode({"told": str(told), **{key: value for key, value in more.items() if value}})
    return RedirectResponse(f"{PATH}?{query}", 303)
