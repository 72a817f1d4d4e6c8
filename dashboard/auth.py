"""The one password of a dashboard at home: needed off loopback, kept to wherever one was set.

It is stored as an argon2id hash, in a file that only its owner reads, and read again when that file
changes: every process that serves these pages learns of a new password, which ends every sign-in.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

import msgspec

from firmware_py.errors import ConfigError
from firmware_py.whole_file import write_whole

from .people.credentials import fits, hashed


class _Kept(msgspec.Struct):
    hash: str
    key: str


class Password:
    """The password of one dashboard.

    Args:
        folder: the data folder; the hash is in its `dashboard-secret.json`.

    Raises:
        ConfigError: the file is there and cannot be read, or others can read it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "dashboard-secret.json"
        self._kept: _Kept | None = None
        self._version: tuple[int, int] | None = None
        self._refresh()

    @property
    def is_set(self) -> bool:
        """Whether there is one. It does not cease to be by its file's going while this runs."""
        self._refresh()
        return self._kept is not None

    @property
    def lock(self) -> str:
        """Names this password without telling it: a sign-in by another one is none."""
        self._refresh()
        if self._kept is None:
            return ""
        return hashlib.sha256(f"{self._kept.key} {self._kept.hash}".encode()).hexdigest()[:32]

    def set(self, password: str) -> None:
        """Store a new password; every sign-in by the old one ends.

        Raises:
            ConfigError: it is too short or too long.
        """
        kept = _Kept(hashed(password), secrets.token_hex(32))
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self._path, msgspec.json.encode(kept).decode())
        self._kept = kept

    def check(self, password: str) -> bool:
        """Whether this is the password; takes about a tenth of a second on purpose."""
        self._refresh()
        return self._kept is not None and fits(password, self._kept.hash)

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return
        version = (found.st_mtime_ns, found.st_ino)
        if version == self._version:
            return
        if found.st_mode & 0o077:
            raise ConfigError(f"{self._path} can be read by others; chmod 600 {self._path}")
        try:
            self._kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError) as error:
            raise ConfigError(
                f"{self._path} cannot be read ({error}); delete it and set the password again"
            ) from error
        self._version = version
