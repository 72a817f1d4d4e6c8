"""Secrets and what is kept of them.

What a person chooses (a password) is kept as an argon2id hash. What this program draws (the cookie
of a sign-in, an API token, a code) has at least 128 random bits, so that a plain SHA-256 of it cannot be
turned round: only that is kept.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from typing import TYPE_CHECKING

from firmware_py.errors import ConfigError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST_LENGTH = 8
MOST_LENGTH = 200
"""Of a password, in characters (OWASP Authentication Cheat Sheet: at least 8, and at least 64 allowed)."""

# OWASP's smallest argon2id setting that is still recommended (Password Storage Cheat Sheet, 2024):
# a Raspberry Pi with 512 MB must be able to afford it.
ARGON2_KIB, ARGON2_PASSES, ARGON2_LANES = 19_456, 2, 1

_one_at_a_time = threading.Lock()  # forty guesses at once must not take the memory of a small computer


def now_utc_ms() -> int:
    """The present, in milliseconds since 1970 UTC."""
    return round(time.time() * 1000)


def new_secret(prefix: str = "", random_bytes: int = 24) -> str:
    """A secret of `random_bytes` random bytes, in letters that need no escape in an address."""
    return prefix + secrets.token_urlsafe(random_bytes)


def digest(secret: str) -> str:
    """What is kept of a drawn secret: its SHA-256, in hexadecimal digits."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def hashed(password: str) -> str:
    """What is kept of a chosen password; takes about a tenth of a second on purpose.

    Raises:
        ConfigError: it is too short or too long.
    """
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        raise ConfigError(
            f"the password has {len(password)} characters; {LEAST_LENGTH} to {MOST_LENGTH} are needed"
        )
    with _one_at_a_time:
        return _hasher().hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Whether a password is the one of which `kept` is the hash.

    Without a hash to compare with it takes as long, so that the time does not tell which names exist.
    """
    from argon2.exceptions import Argon2Error, InvalidHashError

    if len(password) > MOST_LENGTH:
        return False
    with _one_at_a_time:
        if kept is None:
            _hasher().hash(password)
            return False
        try:
            return _hasher().verify(kept, password)
        except (Argon2Error, InvalidHashError):
            return False


def _hasher() -> PasswordHasher:
    try:
        from argon2 import PasswordHasher
    except ModuleNotFoundError as error:
        raise ConfigError("a password needs argon2: pip install argon2-cffi") from error
    return PasswordHasher(ARGON2_PASSES, ARGON2_KIB, ARGON2_LANES)
