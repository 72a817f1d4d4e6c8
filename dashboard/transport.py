"""How a browser's connection comes in: in clear on this machine, by TLS, or through a proxy one trusts."""

from __future__ import annotations

import ipaddress
import ssl
from typing import Any
from urllib.parse import urlsplit

from firmware_py.errors import ConfigError

from .settings import Settings


def check(settings: Settings) -> None:
    """Refuse what could not work, or would not be what its words promise.

    Raises:
        ConfigError: a file of TLS is missing, does not fit or can be read by others; a proxy or the
            address under which others come is none.
    """
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise ConfigError("dashboard.tls_cert and dashboard.tls_key belong together: give both, or neither")
    if settings.tls_cert is not None and settings.tls_key is not None:
        try:
            if settings.tls_key.stat().st_mode & 0o077:
                raise ConfigError(
                    f"others can read {settings.tls_key}; close it: chmod 600 {settings.tls_key}"
                )
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"{settings.tls_cert} and {settings.tls_key} cannot be used for TLS ({error}): "
                "a PEM certificate chain and its private key without a passphrase are needed"
            ) from error
    for proxy in settings.proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            raise ConfigError(
                f"dashboard.proxies: {proxy!r} is no address; only a proxy's own address can be trusted"
            ) from error
    try:
        reached = urlsplit(settings.url)
        fit = reached.scheme in ("http", "https") and bool(reached.hostname)
    except ValueError:  # such as a bracket that no address of IPv6 closes
        fit = False
    if settings.url and not fit:
        raise ConfigError(f"dashboard.url: {settings.url!r} is none; such as https://plumbline.example")


def hostname(settings: Settings) -> str:
    """The name in the address under which others come; empty where none is set."""
    return urlsplit(settings.url).hostname or ""


def scheme(settings: Settings) -> str:
    """That of the address that this process itself listens on."""
    return "https" if settings.tls_cert is not None else "http"


def options(settings: Settings) -> dict[str, Any]:
    """What uvicorn has to know of it."""
    chosen: dict[str, Any] = {"proxy_headers": False}
    if settings.proxies:
        # Without this list uvicorn would trust whatever comes from loopback.
        chosen = {"proxy_headers": True, "forwarded_allow_ips": list(settings.proxies)}
    if settings.tls_cert is not None:
        chosen |= {"ssl_certfile": str(settings.tls_cert), "ssl_keyfile": str(settings.tls_key)}
    return chosen
