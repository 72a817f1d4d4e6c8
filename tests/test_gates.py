"""The gates that are no tests of behaviour: format, lint, strict types. One command runs them all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .conftest import ROOT


@pytest.mark.parametrize(
    "gate",
    [["ruff", "format", "--check", "."], ["ruff", "check", "."], ["mypy"]],
    ids=["formatted", "linted", "strictly typed"],
)
def test_the_code_passes_the_gate(gate: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *gate], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
