"""The one password of a dashboard at home: needed off loopback, kept to wherever one was set.

It is stored as an argon2id hash, in a file that only its owner reads, and read again when that file
changes: every process that serves these pages learns of a new password, which ends every sign-in.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

import msgspec

from .people.credentials import fits, hashed
from .private_file import PrivateFile


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
        self._file = PrivateFile(
            folder / "dashboard-secret.json", _Kept, "delete it and set the password again"
        )
        self._kept: _Kept | None = None
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
        self._file.write(_Kept(hashed(password), secrets.token_hex(32)))
        self._refresh()

    def check(self, password: str) -> bool:
        """Whether this is the password; takes about a tenth of a second on purpose."""
        self._refresh()
        return self._kept is not None and fits(password, self._kept.hash)

    def _refresh(self) -> None:
        self._kept = self._file.read() or self._kept
