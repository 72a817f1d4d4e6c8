"""The pages and what they ask for. Thin: a query, a view, a template."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from datetime import date, datetime, tzinfo
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Lifespan
from starlette.websockets import WebSocket, WebSocketDisconnect

from firmware_py.posture.exposure import SHARES_ABOVE_DEG, percentile_deg, share_above
from firmware_py.posture.rules import Rules

from . import history, queries, session_view, views
from .days import Stretch, days, local
from .guard import Guard
from .history import Period, Span
from .ingest import FIRST_WEARER
from .live import Hub, Viewer
from .rollup import total_tally, unpacked
from .settings import Settings
from .store import Store
from .words import Words, preferred, words

log = logging.getLogger(__name__)

PAGES = (("now", "/"), ("history", "/history"), ("about", "/about"))
"""What the navigation offers: key of the text, path."""

EARLIER_SESSIONS = 8
STATIC = Path(str(files("dashboard") / "static"))


class Pages:
    """Every page, over one store."""

    def __init__(self, store: Store, hub: Hub, settings: Settings, zone: tzinfo) -> None:
        self._store = store
        self._hub = hub
        self._settings = settings
        self._zone = zone
        self._version = _version_of(STATIC)
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("dashboard"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        self._templates.filters["json"] = _json_for_html

    def app(self, lifespan: Lifespan[Starlette]) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/", self.now),
                Route("/part/today", self.today_part),
                Route("/session/{device}/{session}", self.session),
                Route("/history", self.history_now),
                Route("/history/{span}/{day}", self.history),
                Route("/about", self.about),
                Route("/healthz", self.health),
                WebSocketRoute("/live", self.live),
                Mount(f"/static/{self._version}", _Immutable(directory=STATIC), name="static"),
            ],
            middleware=[
                Middleware(Guard, allowed_hosts=(self._settings.host, *self._settings.allowed_hosts)),
                Middleware(GZipMiddleware, minimum_size=500, compresslevel=6),
            ],
            exception_handlers={HTTPException: self.http_error, Exception: self.server_error},
            lifespan=lifespan,
        )

    def now(self, request: Request) -> Response:
        """Now and today."""
        today = self._today()
        with self._store.engine.connect() as connection:
            known = queries.devices_of(connection, FIRST_WEARER)
            earlier = views.session_lines(
                queries.latest_sessions(
                    connection, FIRST_WEARER, today["stretch"].start_utc_ms, EARLIER_SESSIONS
                )
            )
        simulated = any(device.simulated for device in known)
        shown = {"devices": known, "earlier": earlier, "simulated": simulated}
        return self._page(request, "now.html", "now", **today, **shown, rules=Rules())

    def today_part(self, request: Request) -> Response:
        """Today again, for a page that is open."""
        return self._page(request, "_today.html", "now", **self._today())

    def _today(self) -> dict[str, Any]:
        day = self._local_now().date()
        stretch = days(day, 1, self._zone)
        with self._store.engine.connect() as connection:
            return {"page": self._day(connection, day, stretch), "stretch": stretch}

    def _day(self, connection: Connection, day: date, stretch: Stretch) -> views.DayPage:
        minutes = queries.minutes_between(connection, FIRST_WEARER, stretch)
        episodes = queries.episodes_between(connection, FIRST_WEARER, stretch)
        sessions = queries.sessions_between(connection, FIRST_WEARER, stretch)
        return views.day_page(day, stretch, round(time.time() * 1000), minutes, episodes, sessions)

    def session(self, request: Request) -> Response:
        """One session."""
        with self._store.engine.connect() as connection:
            row = queries.one_session(
                connection, FIRST_WEARER, request.path_params["device"], request.path_params["session"]
            )
            line = None if row is None else views.session_line(row)
            if row is None or line is None:
                raise HTTPException(404)
            minutes = queries.minutes_of(connection, row.device_id, row.session)
            episodes = queries.episodes_of(connection, row.device_id, row.session)
            missing = queries.missing_of(connection, row.device_id, row.session, row.message_count)
        page = session_view.session_page(
            line,
            [(minute, unpacked(minute.tally)) for minute in minutes],
            episodes,
            missing,
            bool(row.trusted),
        )
        classes = {"angles": session_view.ANGLE_CLASSES_DEG, "holds": session_view.HOLD_CLASSES_S}
        day = local(line.start_utc_ms, self._zone).date()
        return self._page(request, "session.html", "now", page=page, day=day, rules=Rules(), **classes)

    def history_now(self, request: Request) -> Response:
        """This week."""
        return RedirectResponse(f"/history/{Span.WEEK}/{self._local_now().date()}")

    def history(self, request: Request) -> Response:
        """A day, a week, a month or a year."""
        try:
            span = Span(request.path_params["span"])
            period = Period.around(span, date.fromisoformat(request.path_params["day"]))
            stretch, stretch_before = period.stretch(self._zone), period.before().stretch(self._zone)
        except (ValueError, OverflowError) as error:
            raise HTTPException(404) from error
        with self._store.engine.connect() as connection:
            quarters = queries.quarters_between(connection, FIRST_WEARER, stretch)
            before = queries.quarters_between(connection, FIRST_WEARER, stretch_before)
            packed = [] if span is Span.YEAR else queries.tallies_between(connection, FIRST_WEARER, stretch)
            extent = queries.extent(connection, FIRST_WEARER)
            simulated = queries.simulated_between(connection, FIRST_WEARER, stretch)
            day = self._day(connection, period.first, stretch) if span is Span.DAY else None
        look = history.look(period, quarters, before, self._zone)
        tally = total_tally(map(unpacked, packed))
        return self._page(
            request,
            "history.html",
            "history",
            look=look,
            day=day,
            simulated=simulated,
            extent=extent,
            today=self._local_now().date(),
            percentiles=[session_view.known(percentile_deg(tally.flexion, p)) for p in session_view.PERCENTS],
            above=[(angle, share_above(tally, angle)) for angle in SHARES_ABOVE_DEG],
            calendar=history.weeks_of_month(period) if span is Span.MONTH else [],
            level=history.level,
            spans=list(Span),
            rest_share=look.share_outside(look.worst),
        )

    def _local_now(self) -> datetime:
        return datetime.now(self._zone)

    def about(self, request: Request) -> Response:
        """What this is and is not."""
        return self._page(request, "about.html", "about")

    def health(self, _request: Request) -> Response:
        """Whether the database answers."""
        with self._store.engine.connect() as connection:
            queries.devices_of(connection, FIRST_WEARER)
        return PlainTextResponse("ok\n")

    async def live(self, socket: WebSocket) -> None:
        """Readings and news, for as long as the page is open."""
        await socket.accept()
        viewer = Viewer(sees=lambda _device: True)
        self._hub.join(viewer)
        sending = asyncio.create_task(_send_all(viewer, socket))
        try:
            # The page says nothing; waiting for it is how its end is noticed at once.
            while (await socket.receive())["type"] != "websocket.disconnect":
                pass
        finally:
            self._hub.leave(viewer)
            sending.cancel()

    def http_error(self, request: Request, error: Exception) -> Response:
        """A page that is not there, in words."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        key = "error.not_found" if status == 404 else "error.server"
        return self._page(request, "error.html", "", status=status, key=key)

    def server_error(self, request: Request, error: Exception) -> Response:
        """Something that should not have happened; Starlette logs it."""
        return self._page(request, "error.html", "", status=500, key="error.server")

    def _page(self, request: Request, template: str, here: str, **shown: Any) -> Response:
        t = self._words(request)
        status: int = shown.get("status", 200)
        html = self._templates.get_template(template).render(
            t=t,
            zone=self._zone,
            here=here,
            pages=PAGES,
            static=f"/static/{self._version}",
            **shown,
        )
        return HTMLResponse(html, status, {"Cache-Control": "no-store", "Vary": "Accept-Language"})

    def _words(self, request: Request) -> Words:
        return words(self._settings.language or preferred(request.headers.get("accept-language", "")))


async def _send_all(viewer: Viewer, socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the page was closed meanwhile
        while True:
            for packed in await viewer.next():
                await socket.send_text(packed.decode())


class _Immutable(StaticFiles):
    """Static files below a folder that is named after their content."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _version_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _json_for_html(value: Any) -> Markup:
    """JSON that cannot end the element it stands in."""
    text = msgspec.json.encode(value).decode().replace("<", "\\u003c").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 - nothing in it can end an element or begin an entity any more
