"""The way in: a form, a cookie, and a middleware that lets nobody else past."""

from __future__ import annotations

import time
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URL
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from .auth import COOKIE, SESSION_S, Attempts, Password
from .forms import read_form
from .site import Site
from .visitor import HOME, KEY

OPEN = ("/login", "/static/", "/healthz", "/manifest.webmanifest")
"""What is answered without a password: nothing of it is about a person."""


class Doorkeeper:
    """ASGI middleware: once a password is set, only the login is answered without a valid cookie."""

    def __init__(self, app: ASGIApp, password: Password) -> None:
        self._app = app
        self._password = password

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or send it to the login."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if not self._password.is_set:
            scope[KEY] = HOME
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        path: str = scope["path"]
        admitted = self._password.admits(connection.cookies.get(COOKIE))
        if admitted:
            scope[KEY] = HOME
        if admitted or path.startswith(OPEN):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(1008)(scope, receive, send)
        elif scope["method"] == "GET" and "text/html" in connection.headers.get("accept", ""):
            await RedirectResponse(f"/login?next={quote(path)}", 303)(scope, receive, send)
        else:
            await PlainTextResponse("A login is needed.\n", 401)(scope, receive, send)


class Login:
    """The form and its answer."""

    def __init__(self, site: Site, password: Password) -> None:
        self._site = site
        self._password = password
        self._attempts = Attempts()

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/login", self.form, methods=["GET"]),
            Route("/login", self.enter, methods=["POST"]),
            Route("/logout", self.leave, methods=["POST"]),
        ]

    def form(self, request: Request) -> Response:
        """Asks for the password."""
        return self._asking(request, "")

    async def enter(self, request: Request) -> Response:
        """Checks it."""
        form = await read_form(request)
        address = request.client.host if request.client else ""
        wait_s = self._attempts.wait_s(address, time.monotonic())
        if wait_s > 0:
            answer = self._asking(request, "login.wait", 429)
            answer.headers["Retry-After"] = str(int(wait_s) + 1)
            return answer
        if not await run_in_threadpool(self._password.check, form.get("password", "")):
            self._attempts.failed(address, time.monotonic())
            return self._asking(request, "login.wrong", 403)
        entered = RedirectResponse(_own_path(request.query_params.get("next", "/")), 303)
        entered.set_cookie(
            COOKIE,
            self._password.cookie(),
            max_age=SESSION_S,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return entered

    def leave(self, _request: Request) -> Response:
        """Ends this browser's session."""
        left = RedirectResponse("/login", 303)
        left.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return left

    def _asking(self, request: Request, complaint: str, status: int = 200) -> Response:
        return self._site.page(request, "login.html", "", status=status, complaint=complaint)


def _own_path(wished: str) -> str:
    """A path on this site; anything else leads to the first page."""
    parts = urlsplit(wished)
    own = not parts.scheme and not parts.netloc and wished.startswith("/") and not wished.startswith("//")
    return URL(wished).path if own and "\\" not in wished else "/"
