"""The gates that are no tests of behaviour: format, lint, strict types. One command runs them all."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from io import StringIO
from tokenize import COMMENT, generate_tokens

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


FOLDERS = ("firmware_py", "calibration", "dashboard", "tests", "benchmarks", "docs")
"""Where there is Python."""

EXCUSED = re.compile(r"type: ignore\[[\w, -]+\]|noqa: [A-Z]+\d+(, [A-Z]+\d+)*")
"""What a checker is told to pass over, by the name of the rule."""


def test_the_strict_types_hold_wherever_there_is_python() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
    assert settings["strict"] is settings["warn_unreachable"] is True
    assert set(settings["packages"]) == set(FOLDERS)
    assert {"exclude", "disable_error_code"}.isdisjoint(settings)


def without_reason(text: str) -> list[str]:
    """The comments of a file that silence a checker without saying which rule, or without saying why."""
    found = []
    for kind, comment, *_ in generate_tokens(StringIO(text).readline):
        if kind == COMMENT and re.search(r"type: ?ignore|noqa", comment):
            rule = EXCUSED.search(comment)
            if rule is None or not re.search(r"\w{2}", comment[rule.end() :]):
                found.append(comment)
    return found


def test_whoever_silences_a_checker_says_which_rule_and_why() -> None:
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    found = {
        str(path.relative_to(ROOT)): wrong
        for path in files
        if (wrong := without_reason(path.read_text("utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("comment", "passes"),
    [
        ("# type: ignore", False),
        ("# type: ignore  # for some reason", False),
        ("# type: ignore[arg-type]", False),
        ("# type: ignore[arg-type]  # it takes fractions though it says int", True),
        ("# noqa: E731", False),
        ("# noqa: S603, S607", False),
        ("# noqa: S603, S607 - a fixed program", True),
        ("# noqa", False),
    ],
)
def test_a_reason_is_told_from_its_lack(comment: str, passes: bool) -> None:
    assert (without_reason(f"x = 1  {comment}\n") == []) is passes
