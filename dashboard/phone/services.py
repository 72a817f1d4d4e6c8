"""The addresses of a wearer's services: secrets, in a file that only its owner reads, never shown again."""

from __future__ import annotations

import os
import secrets
import threading
from pathlib import Path
from typing import Final

import msgspec

from firmware_py.errors import ConfigError

MAX_SERVICES: Final = 8
"""Of one wearer."""

MAX_URL: Final = 1000
MAX_LABEL: Final = 40

FILE: Final = "phone-services.json"


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

    Args:
        folder: the dashboard's data folder.

    Raises:
        ConfigError: the file is there and others may read it, or it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._known: dict[str, Service] = {}
        if self._path.exists():
            if self._path.stat().st_mode & 0o077:
                raise ConfigError(f"{self._path} can be read by others; chmod 600 {self._path}")
            try:
                found = msgspec.json.decode(self._path.read_bytes(), type=list[Service])
            except (OSError, msgspec.MsgspecError) as error:
                # Not with its content, which is secret.
                raise ConfigError(
                    f"{self._path} cannot be read ({type(error).__name__}); "
                    "delete it and name the phone's services again"
                ) from None
            self._known = {service.id: service for service in found}

    def of(self, wearer_id: int) -> list[Service]:
        """A wearer's services, in the order in which they were named."""
        with self._lock:
            return [service for service in self._known.values() if service.wearer_id == wearer_id]

    def find(self, wearer_id: int, service_id: str) -> Service | None:
        """One of a wearer's own."""
        with self._lock:
            found = self._known.get(service_id)
        return found if found is not None and found.wearer_id == wearer_id else None

    def add(self, wearer_id: int, kind: str, label: str, url: str) -> Service:
        """Keep another.

        Raises:
            ConfigError: the wearer has `MAX_SERVICES` already.
        """
        if len(self.of(wearer_id)) >= MAX_SERVICES:
            raise ConfigError(f"{MAX_SERVICES} services at most; take one away first")
        added = Service(secrets.token_urlsafe(9), wearer_id, kind, label[:MAX_LABEL], url)
        with self._lock:
            self._write({**self._known, added.id: added})
        return added

    def remove(self, wearer_id: int, service_id: str) -> bool:
        """Forget one of a wearer's own; False where there is none of that name."""
        if self.find(wearer_id, service_id) is None:
            return False
        with self._lock:
            self._write({key: service for key, service in self._known.items() if key != service_id})
        return True

    def forget(self, wearer_id: int) -> None:
        """Forget all of a wearer's."""
        with self._lock:
            left = {key: one for key, one in self._known.items() if one.wearer_id != wearer_id}
            if len(left) != len(self._known):
                self._write(left)

    def _write(self, known: dict[str, Service]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._path.with_suffix(".new")
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(msgspec.json.encode(list(known.values())))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        self._known = known
