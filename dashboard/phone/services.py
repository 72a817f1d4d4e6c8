"""The addresses of a wearer's services: secrets, in a file that only its owner reads, never shown again."""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from firmware_py.errors import ConfigError

from ..private_file import PrivateFile

MAX_SERVICES: Final = 8
"""Of one wearer."""

MAX_URL: Final = 1000
MAX_LABEL: Final = 40

FILE: Final = "phone-services.json"
LOCK: Final = "phone-services.lock"


class Service(msgspec.Struct, frozen=True):
    """One way to a phone.

    Attributes:
        id: names it in addresses and in the queue; says nothing of what it is.
        wearer_id: whose it is.
        kind: what Apprise calls it, such as "ntfy".
        label: what its wearer calls it; may be empty.
        url: Apprise's address of it, the secret.
    """

    id: str
    wearer_id: int
    kind: str
    label: str
    url: str

    def __repr__(self) -> str:
        """Everything but the secret."""
        return f"Service({self.id!r}, {self.kind!r})"

    @property
    def name(self) -> str:
        """What the wearer reads."""
        return self.label or self.kind


class Services:
    """The services of every wearer of one dashboard. Any thread may call any method.

    Pages and workers may be processes of their own: what one of them changes counts at once for all.

    Args:
        folder: the dashboard's data folder.

    Raises:
        ConfigError: the file is there and others may read it, or it cannot be read; from any method.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        remedy = "delete it and name the phone's services again"
        self._file = PrivateFile(folder / FILE, list[Service], remedy)
        self._lock = threading.Lock()
        with self._lock:
            self._read()

    def of(self, wearer_id: int) -> list[Service]:
        """A wearer's services, in the order in which they were named."""
        with self._lock:
            return [service for service in self._read().values() if service.wearer_id == wearer_id]

    def find(self, wearer_id: int, service_id: str) -> Service | None:
        """One of a wearer's own."""
        with self._lock:
            found = self._read().get(service_id)
        return found if found is not None and found.wearer_id == wearer_id else None

    def add(self, wearer_id: int, kind: str, label: str, url: str) -> Service:
        """Keep another.

        Raises:
            ConfigError: the wearer has `MAX_SERVICES` already.
        """
        added = Service(secrets.token_urlsafe(9), wearer_id, kind, label[:MAX_LABEL], url)
        with self._changing() as known:
            if sum(one.wearer_id == wearer_id for one in known.values()) >= MAX_SERVICES:
                raise ConfigError(f"{MAX_SERVICES} services at most; take one away first")
            known[added.id] = added
        return added

    def remove(self, wearer_id: int, service_id: str) -> bool:
        """Forget one of a wearer's own; False where there is none of that name."""
        with self._changing() as known:
            found = known.get(service_id)
            if found is None or found.wearer_id != wearer_id:
                return False
            del known[service_id]
        return True

    def forget(self, wearer_id: int) -> None:
        """Forget all of a wearer's."""
        with self._changing() as known:
            for service in list(known.values()):
                if service.wearer_id == wearer_id:
                    del known[service.id]

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Service]]:
        """What is known, to be changed and then kept, by one thread of one process at a time."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            guard = os.open(self._folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(guard, fcntl.LOCK_EX)
                before = self._read()
                known = dict(before)
                yield known
                if known != before:
                    self._file.write(list(known.values()))
            finally:
                os.close(guard)

    def _read(self) -> dict[str, Service]:
        """What the file says now, by the services' ids."""
        return {service.id: service for service in self._file.read() or ()}
