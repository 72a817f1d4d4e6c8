"""Secrets: read from files that only their owner can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_py.errors import ConfigError
from firmware_py.secret import read_secret


def secret(tmp_path: Path, text: str, mode: int) -> Path:
    path = tmp_path / "secret"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_first_line_is_the_secret(tmp_path: Path) -> None:
    assert read_secret(secret(tmp_path, "open sesame\nnote\n", 0o600)) == "open sesame"


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        ("x", 0o640, "chmod 600"),
        ("x", 0o604, "chmod 600"),
        ("", 0o600, "is empty"),
        ("\nx", 0o600, "is empty"),
    ],
)
def test_a_secret_that_is_open_or_empty_is_refused_without_showing_it(
    tmp_path: Path, text: str, mode: int, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        read_secret(secret(tmp_path, text, mode))


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the secret in .*nowhere"):
        read_secret(tmp_path / "nowhere")
