"""Where a notice may go on a dashboard of several people: into the world, not into its own network.

Whoever has an account names the address that notices go to, and reads what became of a test. Without a
limit that would be a way to speak to the database, the broker or a machine's metadata service from
inside, and to find out what answers there. What counts is the address that a connection is opened to,
after every name was resolved and every redirection followed: so it is asked for by the interpreter's own
hook, in the process that does nothing but tell the phones (PEP 578).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

from firmware_py.errors import ConfigError

EVENTS: Final = ("socket.connect", "socket.sendto", "socket.sendmsg")
"""What the interpreter raises before anything leaves by a socket."""

Network = IPv4Network | IPv6Network


class InsideError(PermissionError):
    """A connection led inside."""


def networks_named(names: Sequence[str]) -> list[Network]:
    """The networks of `dashboard.phone_networks`; for every process that tells phones or lets one be tried.

    Raises:
        ConfigError: one of them is none.
    """
    networks: list[Network] = []
    for name in names:
        try:
            networks.append(ip_network(name))
        except ValueError as error:
            raise ConfigError(
                f"dashboard.phone_networks: {name!r} is no network, such as 10.1.2.0/24 ({error})"
            ) from error
    return networks


def may_be_reached(host: object, allowed: Sequence[Network]) -> bool:
    """Whether a connection to this address leads out into the world, or into a network that is allowed.

    Args:
        host: an address as the socket is given it; a name that was not resolved is none.
        allowed: networks inside.
    """
    try:
        address = ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    within = any(address in network for network in allowed)
    return within or (address.is_global and not address.is_multicast)


class Confinement:
    """From its beginning on, this process opens no connection that leads inside; there is no way back.

    Args:
        networks: that may be reached all the same, such as `10.1.2.0/24`.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._allowed = networks_named(networks)
        self._met: set[int] = set()
        sys.addaudithook(self._ask)

    def was_met(self) -> bool:
        """Whether something that this thread did led inside."""
        return threading.get_ident() in self._met

    def _ask(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in EVENTS:
            return
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) and address else None  # a path is this machine's own
        if not may_be_reached(host, self._allowed):
            self._met.add(threading.get_ident())
            raise InsideError("this dashboard tells nobody inside its own network")
