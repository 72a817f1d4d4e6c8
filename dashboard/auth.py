"""A password before the pages: needed off loopback, kept to wherever one was set.

The password is stored as an argon2id hash, in a file that only its owner reads. Who knows it gets a
signed cookie; the signature's key hangs on the hash, so a new password ends every session. Guessing
is slowed by address and altogether, and hashes are worked out one at a time: forty guesses at once
must not take the memory of a small computer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from firmware_py.errors import ConfigError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST_LENGTH = 8
SESSION_S = 30 * 86_400
COOKIE = "plumbline"

TRIES = 5
TRIES_OF_ALL = 50
TRIES_WITHIN_S = 300.0
"""So many wrong passwords from one address, and from all, within five minutes; then a wait."""

MAX_ADDRESSES = 1000

# OWASP's smallest argon2id setting that is still recommended (Password Storage Cheat Sheet, 2024):
# a Raspberry Pi with 512 MB must be able to afford it.
ARGON2_KIB, ARGON2_PASSES, ARGON2_LANES = 19_456, 2, 1


class _Kept(msgspec.Struct):
    hash: str
    key: str


class Password:
    """The password of one dashboard, and the sessions of those who knew it.

    Args:
        folder: the data folder; the secrets are in its `dashboard-secret.json`.

    Raises:
        ConfigError: the file is there and cannot be read, or argon2-cffi is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "dashboard-secret.json"
        self._lock = threading.Lock()
        self._kept: _Kept | None = None
        if self._path.exists():
            try:
                if self._path.stat().st_mode & 0o077:
                    raise ConfigError(f"{self._path} can be read by others; chmod 600 {self._path}")
                self._kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
            except (OSError, msgspec.MsgspecError) as error:
                raise ConfigError(
                    f"{self._path} cannot be read ({error}); delete it and set the password again"
                ) from error

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return self._kept is not None

    def set(self, password: str) -> None:
        """Store a new password; every session ends.

        Raises:
            ConfigError: it is too short.
        """
        if len(password) < LEAST_LENGTH:
            raise ConfigError(
                f"the password has {len(password)} characters; {LEAST_LENGTH} at least are needed"
            )
        kept = _Kept(_hasher().hash(password), secrets.token_hex(32))
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._path.with_suffix(".new")
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        self._kept = kept

    def check(self, password: str) -> bool:
        """Whether this is the password; takes about a tenth of a second on purpose."""
        from argon2.exceptions import Argon2Error

        if self._kept is None:
            return False
        with self._lock:
            try:
                return _hasher().verify(self._kept.hash, password)
            except Argon2Error:
                return False

    def cookie(self, now_s: float | None = None) -> str:
        """A new session, valid for `SESSION_S`."""
        until_s = int((time.time() if now_s is None else now_s) + SESSION_S)
        session = f"{until_s}.{secrets.token_urlsafe(12)}"
        return f"{session}.{self._signature(session)}"

    def admits(self, cookie: str | None) -> bool:
        """Whether a cookie is one of ours and still valid."""
        if not cookie or self._kept is None:
            return False
        session, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(self._signature(session).encode(), signature.encode()):
            return False
        return int(session.partition(".")[0]) > time.time()

    def _signature(self, session: str) -> str:
        if self._kept is None:
            return ""
        key = bytes.fromhex(self._kept.key) + self._kept.hash.encode()
        digest = hmac.new(key, session.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hasher() -> PasswordHasher:
    try:
        from argon2 import PasswordHasher
    except ModuleNotFoundError as error:
        raise ConfigError("a password needs argon2: pip install argon2-cffi") from error
    return PasswordHasher(ARGON2_PASSES, ARGON2_KIB, ARGON2_LANES)


class Attempts:
    """Counts wrong passwords, by address and altogether."""

    def __init__(self) -> None:
        self._of: dict[str, deque[float]] = {}
        self._of_all: deque[float] = deque(maxlen=TRIES_OF_ALL)

    def wait_s(self, address: str, now_s: float) -> float:
        """How long this address must wait before its next try; 0 where it need not."""
        waits = [0.0]
        for tries, most in ((self._of.get(address, deque()), TRIES), (self._of_all, TRIES_OF_ALL)):
            recent = [at for at in tries if now_s - at < TRIES_WITHIN_S]
            if len(recent) >= most:
                waits.append(recent[-most] + TRIES_WITHIN_S - now_s)
        return max(waits)

    def failed(self, address: str, now_s: float) -> None:
        """Note a wrong password."""
        if address not in self._of and len(self._of) >= MAX_ADDRESSES:
            self._of.pop(next(iter(self._of)))
        self._of.setdefault(address, deque(maxlen=TRIES)).append(now_s)
        self._of_all.append(now_s)
