"""A secret that several processes share: a file that its owner alone reads, read again when it changed."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from firmware_py.errors import ConfigError
from firmware_py.whole_file import write_whole

T = TypeVar("T")


class PrivateFile(Generic[T]):
    """A value in a file of one's own.

    Args:
        path: the file, JSON; it need not be there.
        kind: what the value is, for `msgspec`.
        remedy: what to do about a file that cannot be read, for whoever is told so.
    """

    def __init__(self, path: Path, kind: type[T], remedy: str) -> None:
        self._path = path
        self._kind = kind
        self._remedy = remedy
        self._value: T | None = None
        self._version: tuple[int, int] | None = None

    def read(self) -> T | None:
        """What it says now, whichever process wrote it; None where there is none.

        Raises:
            ConfigError: others may read it, or it cannot be read; its content, which is secret, is not told.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._value = self._version = None
            return None
        version = (found.st_mtime_ns, found.st_ino)
        if version == self._version:
            return self._value
        if found.st_mode & 0o077:
            raise ConfigError(f"{self._path} can be read by others; chmod 600 {self._path}")
        try:
            self._value = msgspec.json.decode(self._path.read_bytes(), type=self._kind)
        except (OSError, msgspec.MsgspecError) as error:
            raise ConfigError(
                f"{self._path} cannot be read ({type(error).__name__}); {self._remedy}"
            ) from None
        self._version = version
        return self._value

    def write(self, value: T) -> None:
        """Put another in its place, in one step.

        Raises:
            OSError: it cannot be written; the old one stands.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self._path, msgspec.json.encode(value).decode())
