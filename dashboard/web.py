"""The application: routes, guards, errors, the WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from starlette.applications import Starlette
from starlette.convertors import register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Lifespan
from starlette.websockets import WebSocket, WebSocketDisconnect

from .actions import Actions
from .api import Api
from .carer import Carer
from .diary.api import DiaryApi
from .diary.pages import DiaryPages
from .doorkeeper import Doorkeeper
from .entrances import Entrances
from .exercises.pages import ExercisePages
from .guard import HEADERS, Guard
from .login import Login
from .offline import Offline
from .pages import Pages
from .people_page import PeoplePage
from .presence import Presence
from .programme_page import ProgrammePage
from .report.pages import ReportPages
from .row_number import RowNumber
from .settings_page import SettingsPage
from .site import STATIC, Site
from .transport import hostname
from .viewer import Viewer
from .visitor import visitor_of
from .wear import WearPages
from .who import Who

NO_LONGER = 4403
"""Code with which a live connection is closed whose viewer may not look any longer."""


class Web:
    """The application of a site; `more` are routes of parts that have threads of their own."""

    def __init__(self, site: Site, more: Sequence[Route] = ()) -> None:
        self._site = site
        self._presence = Presence(site.store, site.door)
        self._more = more

    def app(self, lifespan: Lifespan[Starlette]) -> Starlette:
        """All of it."""
        site = self._site
        register_url_convertor("row", RowNumber())  # `{note_id:row}` in the addresses below
        return Starlette(
            routes=[
                *Pages(site).routes(),
                *SettingsPage(site).routes(),
                *Offline(site).routes(),
                *Actions(site).routes(),
                *WearPages(site).routes(),
                *DiaryPages(site).routes(),
                *DiaryApi(site).routes(),
                *ReportPages(site).routes(),
                *ExercisePages(site).routes(),
                *Api(site).routes(),
                *Login(site).routes(),
                *Entrances(site).routes(),
                *Who(site).routes(),
                *Carer(site).routes(),
                *ProgrammePage(site).routes(),
                *PeoplePage(site).routes(),
                *self._more,
                Route("/healthz", self.health),
                Route("/manifest.webmanifest", self.manifest),
                WebSocketRoute("/live", self.live),
                Mount(f"/static/{site.version}", _Immutable(directory=STATIC), name="static"),
            ],
            middleware=[
                Middleware(
                    Guard,
                    allowed_hosts=filter(
                        None, (site.settings.host, hostname(site.settings), *site.settings.allowed_hosts)
                    ),
                ),
                Middleware(Doorkeeper, door=site.door),
                Middleware(GZipMiddleware, minimum_size=500, compresslevel=6),
            ],
            exception_handlers={HTTPException: self.http_error, Exception: self.server_error},
            lifespan=lifespan,
        )

    def health(self, _request: Request) -> Response:
        """Whether the database answers."""
        with self._site.store.at_the_door() as connection:
            connection.execute(select(1))
        return PlainTextResponse("ok\n")

    def manifest(self, request: Request) -> Response:
        """What a phone needs to know to put the page on its home screen."""
        t = self._site.words(request)
        folder = f"/static/{self._site.version}"
        icons = [
            {
                "src": f"{folder}/icon-{size}.png",
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": use,
            }
            for size, use in ((192, "any"), (512, "any"), (512, "maskable"))
        ]
        described = {
            "name": t("page.name"),
            "short_name": t("page.name"),
            "description": t("page.not_medical"),
            "lang": t.language,
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f7f5f0",
            "theme_color": "#12625f",
            "icons": icons,
        }
        return JSONResponse(described, media_type="application/manifest+json")

    async def live(self, socket: WebSocket) -> None:
        """Readings and news of the wearer's own devices, for as long as the page is open and may be."""
        try:
            guest = await self._presence.welcome(visitor_of(socket), self._site.wearer(socket))
        except HTTPException:
            await socket.close(1008)
            return
        await socket.accept()
        # At home every device is the wearer's, one that was switched on this second too.
        sees = guest.names.__contains__ if self._site.door.people else lambda _device: True
        viewer = Viewer(sees, guest.names)
        self._site.hub.join(viewer)
        waited_for = [
            asyncio.create_task(_send_all(viewer, socket)),
            asyncio.create_task(_left(socket)),
            asyncio.create_task(guest.ended.wait()),
        ]
        try:
            with self._presence.staying(guest):
                await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._site.hub.leave(viewer)
            for task in waited_for:
                task.cancel()
        if guest.ended.is_set():
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # closed by both at once
                await socket.close(NO_LONGER)

    def http_error(self, request: Request, error: Exception) -> Response:
        """A page that is not there, or may not be opened, in words."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        keys = {
            400: "error.bad_request",
            401: "error.sign_in",
            403: "error.forbidden",
            404: "error.not_found",
            405: "error.not_found",
            409: "error.stale",
            413: "error.too_large",
            501: "error.not_installed",
        }
        return self._site.page(request, "error.html", "", status=status, key=keys.get(status, "error.server"))

    def server_error(self, request: Request, _error: Exception) -> Response:
        """Something that should not have happened; Starlette raises it again, and it is logged."""
        self._site.speak_plainly(request)  # it may be the very database that would know how to speak
        answer = self._site.page(request, "error.html", "", status=500, key="error.server")
        answer.headers.update(HEADERS)  # this one does not pass the guard on its way out
        return answer


async def _left(socket: WebSocket) -> None:
    # The page says nothing; waiting for it is how its end is noticed at once.
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


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
