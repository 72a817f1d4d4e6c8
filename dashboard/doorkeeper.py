"""The middleware that lets nobody past whom the door does not know."""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from .door import Door, is_forwarded, is_of_this_machine, may_token
from .visitor import KEY, Role, Visitor

EITHER = ("/sw.js", "/offline")
"""What anybody may have, and speaks the language of whoever is signed in."""

OPEN = (
    *("/login", "/pair", "/join", "/let-in", "/take-part", "/static/", "/healthz", "/manifest.webmanifest"),
    *EITHER,
)
"""Beginnings of what is answered to anybody: nothing of it is about a person."""

TAKEN_UP = ("/let-in", "/take-part")
"""Where somebody who is signed in takes up an invitation, and somebody who is not may read it."""

OWN = ("/who", "/wearers", "/programme", "/people", "/logout")
"""Where somebody who may not write in the data that is open changes what is their own."""

START = {Role.CARER: "/wearers", Role.OWNER: "/programme", Role.ADMINISTRATOR: "/people"}
"""The first page of those who have no data of their own."""


class Doorkeeper:
    """ASGI middleware: finds out who comes, and refuses what is not theirs to ask."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        if not self._door.locked and "authorization" not in connection.headers:
            answer = self._look(connection, scope)  # at home without a password no database is asked
        else:
            answer = await run_in_threadpool(self._look, connection, scope)
        if answer is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(1008)(scope, receive, send)
        else:
            await answer(scope, receive, send)

    def _look(self, connection: HTTPConnection, scope: Scope) -> Response | None:
        """Leave the visitor in the scope; the refusal, or None."""
        path: str = scope["path"]
        door = self._door
        if not door.locked and is_forwarded(connection):
            return _refusal("This dashboard has no password: it does not answer through a proxy.", 403)
        if is_beneath(path, OPEN):
            scope[KEY] = door.visitor(connection) if path in (*TAKEN_UP, *EITHER) else None
            return None
        if path == "/metrics" and is_of_this_machine(connection):
            return None
        visitor = door.visitor(connection)
        if visitor is None:
            return _to_login(connection, path)
        refusal = _forbidden(visitor, scope, path)
        if refusal is None:
            door.note(visitor, path)
            scope[KEY] = visitor
        return refusal


def is_beneath(path: str, places: tuple[str, ...]) -> bool:
    """Whether a path is one of the places or lies beneath it."""
    return any(path == place or path.startswith(place.rstrip("/") + "/") for place in places)


def _forbidden(visitor: Visitor, scope: Scope, path: str) -> Response | None:
    kind, method = scope["type"], scope.get("method", "GET")
    if visitor.scopes is not None:
        if not may_token(visitor, kind, method, path):
            return _refusal("This token does not open that.", 403)
        return None
    if path == "/metrics":
        return _refusal("The figures of the service are for this machine itself, or by a token.", 403)
    if method not in ("GET", "HEAD") and not visitor.may_write and not is_beneath(path, OWN):
        return _refusal("You may look at this, and change nothing.", 403)
    if path == "/" and visitor.sees is None and kind == "http":
        return RedirectResponse(START.get(visitor.role, "/who"), 303)
    return None


def _to_login(connection: HTTPConnection, path: str) -> Response:
    if connection.scope.get("method") == "GET" and "text/html" in connection.headers.get("accept", ""):
        query = connection.url.query
        return RedirectResponse(f"/login?next={quote(f'{path}?{query}' if query else path)}", 303)
    return _refusal("A sign-in is needed.", 401, {"WWW-Authenticate": "Bearer"})


def _refusal(words: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{words}\n", status, headers)
