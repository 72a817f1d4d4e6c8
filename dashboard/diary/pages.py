"""The diary's pages: writing and changing entries by plain forms, the timeline, and when to get help.

Where script runs, `static/diary.js` takes the form over: it keeps an entry in the browser first and sends
it by the API (`api.py`), so that writing works without a network.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from .. import queries
from ..days import day_of, utc_ms
from ..forms import read_fields
from ..history import Period, Span
from ..site import Site
from . import entries
from .api import write
from .body_map import ELSEWHERE, HEAD, HEIGHT, REGIONS, VIEWS, WIDTH
from .entries import Outcome
from .symptoms import BroughtOn, Deleted, Entry, Kind, Relief, Since, made
from .timeline import timeline

SHOWN = 12
"""Entries on one page of the diary."""

HELP_OF = date(2026, 11, 22)
"""When the sentences of "When to get help" were put together from their source."""

SPANS = (Span.WEEK, Span.MONTH)


class DiaryPages:
    """Every page of the diary."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/diary", self.diary),
            Route("/diary", self.save, methods=["POST"]),
            Route("/diary/offline", self.offline),
            Route("/diary/{entry_id}", self.edit),
            Route("/diary/{entry_id}/delete", self.delete, methods=["POST"]),
            Route("/timeline", self.timeline_now),
            Route("/timeline/{span}/{day}", self.timeline),
            Route("/help", self.help),
        ]

    def diary(self, request: Request) -> Response:
        """An empty form, and the latest entries."""
        before = self._day(request.query_params.get("before"))
        after_all = self._site.now().date() + timedelta(days=366)  # somebody's clock may be ahead
        with self._site.reading(request) as connection:
            wearer = self._site.wearer(request)
            found = entries.latest_entries(connection, wearer, before or after_all, SHOWN)
            extent = entries.extent(connection, wearer)
        older = found[-1].day if found and extent and extent[0] < found[-1].day else None
        told = request.query_params.get("told", "")
        return self._page(request, None, entries=found, older=older, before=before, told=told)

    def edit(self, request: Request) -> Response:
        """The form with an entry in it."""
        with self._site.reading(request) as connection:
            entry = entries.entry_of(connection, self._site.wearer(request), request.path_params["entry_id"])
        if entry is None:
            raise HTTPException(404)
        return self._page(request, entry)

    def offline(self, request: Request) -> Response:
        """The form alone, nothing about anybody in it: a browser keeps it for when we are out of reach."""
        return self._page(request, None, offline=True)

    async def save(self, request: Request) -> Response:
        """Put the form's entry into the diary."""
        fields = await read_fields(request)
        try:
            entry, based_on = self._entry(fields)
        except (ValueError, msgspec.ValidationError):
            return RedirectResponse("/diary?told=refused", 303)
        became = await run_in_threadpool(write, self._site, request, entry, based_on)
        told = Outcome.REPLACED if became.outcome is Outcome.REPLACED else Outcome.STORED
        return RedirectResponse(f"/diary?told={told}#entries", 303)

    async def delete(self, request: Request) -> Response:
        """Take an entry out of the diary."""
        try:
            gone = msgspec.convert(
                {"entry_id": request.path_params["entry_id"], "edited_utc_ms": utc_ms(self._site.now())},
                Deleted,
            )
        except msgspec.ValidationError as error:
            raise HTTPException(404) from error
        await run_in_threadpool(write, self._site, request, gone, None)
        return RedirectResponse("/diary?told=deleted#entries", 303)

    def timeline_now(self, _request: Request) -> Response:
        """This month."""
        return RedirectResponse(f"/timeline/{Span.MONTH}/{self._site.now().date()}")

    def timeline(self, request: Request) -> Response:
        """A week's or a month's entries beside its posture."""
        wearer = self._site.wearer(request)
        try:
            span = SPANS[SPANS.index(request.path_params["span"])]
            week_start = self._site.preferences(request).week_start
            period = Period.around(span, day_of(request.path_params["day"]), week_start)
            stretch = period.stretch(self._site.zone)
        except (ValueError, OverflowError) as error:
            raise HTTPException(404) from error
        with self._site.reading(request) as connection:
            quarters = queries.quarters_between(connection, wearer, stretch)
            noted = entries.entries_between(connection, wearer, period.first, period.after)
            simulated = queries.simulated_between(connection, wearer, stretch)
        return self._site.page(
            request,
            "timeline.html",
            "diary",
            line=timeline(period, quarters, noted, self._site.zone),
            simulated=simulated or entries.simulated_among(noted),
            spans=SPANS,
            today=self._site.now().date(),
        )

    def help(self, request: Request) -> Response:
        """When to get help: the same for everyone, whatever was measured or noted."""
        return self._site.page(request, "help.html", "help", of=HELP_OF)

    def _page(self, request: Request, entry: Entry | None, **shown: Any) -> Response:
        now = self._site.now()
        defaults: dict[str, Any] = {
            "entries": None,
            "older": None,
            "before": None,
            "told": "",
            "offline": False,
        }
        return self._site.page(
            request,
            "diary.html",
            "diary",
            entry=entry,
            new_id=str(uuid4()),
            now=now,
            wearer=self._site.wearer(request),
            kinds=list(Kind),
            sinces=list(Since),
            causes=list(BroughtOn),
            reliefs=list(Relief),
            regions={view: [region for region in REGIONS if region.view == view] for view in VIEWS},
            elsewhere=ELSEWHERE,
            head=HEAD,
            box=(WIDTH, HEIGHT),
            **defaults | shown,
        )

    def _entry(self, fields: dict[str, list[str]]) -> tuple[Entry, str | None]:
        """What a form says.

        Raises:
            ValueError: a number or a day cannot be read, or the day has not come yet.
            ValidationError: it is no entry.
        """
        last = {name: values[-1] for name, values in fields.items()}
        strength = last.get("strength", "")
        entry = made(
            {
                "entry_id": last.get("entry_id", ""),
                "day": last.get("day", ""),
                "time": last.get("time") or None,
                "kind": last.get("kind", ""),
                "places": fields.get("places", []),
                "strength": int(strength) if strength else None,
                "since": last.get("since_day") or last.get("since") or None,
                "brought_on": fields.get("brought_on", []),
                "relief": fields.get("relief", []),
                "words": last.get("words", "").replace("\r\n", "\n"),
                "edited_utc_ms": utc_ms(self._site.now()),
            }
        )
        if entry.day > self._site.now().date():
            raise ValueError(f"{entry.day} is in the future")
        return entry, last.get("based_on") or None

    @staticmethod
    def _day(text: str | None) -> date | None:
        try:
            return None if text is None else day_of(text)
        except ValueError as error:
            raise HTTPException(400) from error
