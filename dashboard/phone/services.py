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
from firmware_py.whole_file import write_whole

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
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._known: dict[str, Service] = {}
        self._version: tuple[int, int] | None = None
        with self._lock:
            self._refresh()

    def of(self, wearer_id: int) -> list[Service]:
        """A wearer's services, in the order in which they were named."""
        with self._lock:
            self._refresh()
            return [service for service in self._known.values() if service.wearer_id == wearer_id]

    def find(self, wearer_id: int, service_id: str) -> Service | None:
        """One of a wearer's own."""
        with self._lock:
            self._refresh()
            found = self._known.get(service_id)
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
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            guard = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(guard, fcntl.LOCK_EX)
                self._refresh()
                known = dict(self._known)
                yield known
                if known != self._known:
                    write_whole(self._path, msgspec.json.encode(list(known.values())).decode())
                    self._refresh()
            finally:
                os.close(guard)

    def _refresh(self) -> None:
        """Read the file where another process, or nobody yet, has."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._known, self._version = {}, None
            return
        version = (found.st_mtime_ns, found.st_ino)
        if version == self._version:
            return
        if found.st_mode & 0o077:
            raise ConfigError(f"{self._path} can be read by others; chmod 600 {self._path}")
        try:
            services = msgspec.json.decode(self._path.read_bytes(), type=list[Service])
        except (OSError, msgspec.MsgspecError) as error:
            # Not with its content, which is secret.
            raise ConfigError(
                f"{self._path} cannot be read ({type(error).__name__}); "
                "delete it and name the phone's services again"
            ) from None
        self._known, self._version = {service.id: service for service in services}, version
