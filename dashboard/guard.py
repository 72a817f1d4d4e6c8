"""Who may speak to the dashboard, and what a browser may do with its pages.

A page of another site must not read this one: neither by having its own name resolve to this
machine (so the Host must be a name or address we know) nor by opening the WebSocket or sending a
form from afar (so an Origin, where there is one, must be our own). Every answer carries a content
security policy without inline script or style.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


HEADERS_OVER_TLS = HEADERS | {"Strict-Transport-Security": "max-age=31536000"}
"""A browser heeds it only where the certificate was in order, and never for a plain address (RFC 6797)."""


class Guard:
    """ASGI middleware: refuses foreign hosts and origins and addresses with a NUL, adds the security headers.

    Args:
        app: the application behind.
        allowed_hosts: names, without port, under which it may be opened; addresses always may,
            because no foreign name can stand behind a literal address.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str]) -> None:
        self._app = app
        own = socket.gethostname().lower()
        names = {"localhost", own, f"{own}.local", *(name.lower() for name in allowed_hosts)}
        self._names = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        origin = headers.get("origin")
        tls = scope.get("scheme") in ("https", "wss")
        foreign = origin is not None and not _is_own(origin, host, tls=tls)
        safe = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if not self.knows(host) or (foreign and not safe):
            refusal = (
                WebSocketClose(1008)
                if scope["type"] == "websocket"
                else PlainTextResponse(
                    "This address is not allowed to open the dashboard (host or origin).", 403, HEADERS
                )
            )
            await refusal(scope, receive, send)
            return

        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:  # PostgreSQL's text holds none
            refusal = (
                WebSocketClose(1008)
                if scope["type"] == "websocket"
                else PlainTextResponse("An address here holds no NUL.", 400, HEADERS)
            )
            await refusal(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS_OVER_TLS if tls else HEADERS)
            await send(message)

        await self._app(scope, receive, send_guarded)

    def knows(self, host: str) -> bool:
        """Whether a Host header names this machine."""
        bracketed = host.startswith("[")  # an IPv6 address holds colons of its own
        name = (host[1:].partition("]") if bracketed else host.partition(":"))[0].lower()
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _is_own(origin: str, host: str, *, tls: bool) -> bool:
    scheme, _, name = origin.partition("://")
    # A page that came in clear may have been changed on the way: it is none of ours where we speak TLS.
    return name.lower() == host.lower() and (scheme == "https" or not tls)
