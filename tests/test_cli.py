"""The one command: what goes wrong costs one line."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from firmware_py.cli import EXTRAS

from .conftest import ROOT

WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from firmware_py.cli import main
sys.exit(main({arguments!r}))
"""


def run_without(absent: set[str], arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """The command on a machine on which these packages are not installed."""
    text = WITHOUT.format(absent=absent, arguments=arguments)
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, cwd=folder, env=environment, check=False
    )


@pytest.mark.parametrize(
    ("absent", "arguments"),
    [
        ("uvicorn", ["dashboard"]),
        ("sqlalchemy", ["demo", "--for", "1"]),
        ("sqlalchemy", ["report"]),
        ("alembic", ["migrate"]),
        ("markupsafe", ["pair"]),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_the_extra_that_brings_it(
    tmp_path: Path, absent: str, arguments: list[str]
) -> None:
    done = run_without({absent}, arguments, tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"plumbline {arguments[0]} needs {absent}, which is not installed: "
        "install Plumbline with its extra 'dashboard', as in pip install '.[dashboard]'\n"
    )


def test_every_extra_that_is_named_is_one() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for package, extra in EXTRAS.items():
        assert any(wanted.startswith(package) for wanted in extras[extra])


def test_a_module_of_our_own_that_is_missing_is_a_fault_and_shown_as_one(tmp_path: Path) -> None:
    done = run_without({"dashboard"}, ["migrate"], tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
