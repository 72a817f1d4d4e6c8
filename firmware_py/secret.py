"""Secrets stand in files that only their owner reads; a file that others can read is refused."""

from __future__ import annotations

from pathlib import Path

from .errors import ConfigError


def read_secret(path: Path) -> str:
    """The first line of a secret's file.

    Raises:
        ConfigError: where it cannot be read, is empty, or others than its owner may read it.
    """
    path = path.expanduser()
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the secret in {path}: {error}") from error
    if mode & 0o077:
        raise ConfigError(f"others can read the secret in {path}; close it with: chmod 600 {path}")
    if not lines or not lines[0].strip():
        raise ConfigError(f"{path} should hold a secret in its first line and is empty")
    return lines[0].strip()
