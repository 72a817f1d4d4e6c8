"""Addresses that are handed to another device, and their QR codes."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from markupsafe import Markup
from starlette.requests import Request

from .settings import Settings

QR_SCALE, QR_BORDER = 6, 4
"""Four modules of quiet around it: ISO/IEC 18004."""


def base_url(settings: Settings, request: Request | None = None) -> str:
    """The address under which another device reaches this dashboard, without a slash at its end.

    Args:
        settings: with `url`, where it is known from outside under another address.
        request: as whose address it was reached; None in a terminal.
    """
    if settings.url:
        return settings.url.rstrip("/")
    scheme = "https" if settings.tls_cert else "http"
    reached = urlsplit(str(request.base_url)) if request is not None else None
    host = (reached.hostname if reached else None) or settings.host
    port = (reached.port if reached else None) or settings.port
    if reached is not None and reached.scheme:
        scheme = reached.scheme
    if _is_of_this_machine_only(host) and not _is_of_this_machine_only(settings.host, any_is_own=False):
        host = own_address()  # who sits at this machine sees it as localhost; a phone does not
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def only_this_machine(address: str) -> bool:
    """Whether nobody but this machine can open an address."""
    return _is_of_this_machine_only(urlsplit(address).hostname or "")


def own_address() -> str:
    """This machine's address in the network that leads outwards; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # reserved for documentation (RFC 5737)
            address: str = probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"
    return address


def _is_of_this_machine_only(host: str, *, any_is_own: bool = True) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or (any_is_own and address.is_unspecified)


def qr_svg(text: str) -> Markup:
    """A QR code to stand in a page: one path, without style or script."""
    import segno

    code = segno.make(text, error="m", micro=False)
    drawn: str = code.svg_inline(scale=QR_SCALE, border=QR_BORDER, svgclass="qr", light="#fff", omitsize=True)
    return Markup(drawn)  # noqa: S704 - segno draws it; nothing of the text stands in it as text


def qr_terminal(text: str) -> str:
    """A QR code in half blocks, for a terminal."""
    import io

    import segno

    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, border=2, compact=True)
    return drawn.getvalue()
