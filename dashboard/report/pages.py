"""The record on the page, and as files of the same range."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firmware_py.errors import ReportError

from .. import queries
from ..days import day_of
from ..site import Site
from . import files
from .collect import LONGEST_DAYS, Report, collect
from .sheet import Sheet, sheet

DEFAULT_DAYS = 28
MAX_NAME = 60

_TYPES = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


class ReportPages:
    """The record of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/report", self.report),
            Route("/report/record.{format}", self.file),
        ]

    def report(self, request: Request) -> Response:
        """Choose a range, and see what will be on paper."""
        first, last = self._range(request)
        name, paper = self._name(request), self._paper(request)
        fits = 1 <= (last - first).days + 1 <= LONGEST_DAYS
        shown = self._sheet(request, self._collect(request, first, last)) if fits else None
        query = urlencode({"from": first, "to": last, "name": name, "paper": paper})
        return self._site.page(
            request,
            "report.html",
            "diary",
            sheet=shown,
            bad_range=not fits,
            first=first,
            last=last,
            name=name,
            papers=files.PAPERS,
            chosen_paper=paper,
            formats=files.formats(),
            query=query,
            today=self._site.now().date(),
        )

    def file(self, request: Request) -> Response:
        """The record as a file."""
        form = request.path_params["format"]
        first, last = self._range(request)
        if form not in files.formats():
            raise HTTPException(404)
        try:
            report = self._collect(request, first, last)
        except ReportError as error:
            raise HTTPException(400) from error
        body: str | bytes
        if form == "json":
            body = files.as_json(report)
        elif form == "csv":
            body = files.as_csv(report)
        else:
            laid_out = self._sheet(request, report)
            paper = self._paper(request)
            body = files.as_html(laid_out) if form == "html" else files.as_pdf(laid_out, paper)
        headers = {
            "Content-Disposition": f'attachment; filename="{files.file_name(first, last, form)}"',
            "Cache-Control": "no-store",
        }
        return Response(body, headers=headers, media_type=_TYPES[form])

    def _collect(self, request: Request, first: date, last: date) -> Report:
        with self._site.reading(request) as connection:
            return collect(
                connection,
                self._site.wearer(request),
                first,
                last,
                self._site.zone,
                self._site.now(),
            )

    def _sheet(self, request: Request, report: Report) -> Sheet:
        t = self._site.words(request)
        return sheet(
            report,
            t,
            lambda key: self._exercise(key, t.language),
            self._enter_deg(request),
            self._name(request),
        )

    def _enter_deg(self, request: Request) -> float:
        """Where a slouch begins now, as the device last worn says; without it, as the dashboard was told."""
        usual = self._site.settings.slouch_enter_deg
        with self._site.reading(request) as connection:
            known = queries.devices_of(connection, self._site.wearer(request))
        in_force = self._site.hub.standing.settings_of(known[0].name) if known else None
        return usual if in_force is None else in_force.rules.get("slouch_enter_deg", usual)

    def _exercise(self, key: str, language: str) -> str:
        known = self._site.exercises.get(key)
        return key if known is None else known.wording(language).name

    def _range(self, request: Request) -> tuple[date, date]:
        asked = request.query_params
        try:
            last = day_of(asked["to"]) if "to" in asked else self._site.now().date()
            first = day_of(asked["from"]) if "from" in asked else None
            return first or last - timedelta(days=DEFAULT_DAYS - 1), last
        except (ValueError, OverflowError) as error:
            raise HTTPException(400) from error

    @staticmethod
    def _name(request: Request) -> str:
        return request.query_params.get("name", "").strip()[:MAX_NAME]

    @staticmethod
    def _paper(request: Request) -> str:
        paper = request.query_params.get("paper", files.PAPERS[0])
        return paper if paper in files.PAPERS else files.PAPERS[0]
