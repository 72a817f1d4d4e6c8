"""The units on a machine: written, checked, removed; and no more of the machine than they need."""

from __future__ import annotations

import dataclasses
import getpass
import grp
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_py import install as installing
from firmware_py.errors import ConfigError
from firmware_py.install import check, install, lacking, remove
from firmware_py.units import UNITS, Place

from .conftest import ROOT

SHOWN = Place(
    "pi",
    Path("/opt/plumbline/bin/plumbline"),
    Path("/home/pi/plumbline.toml"),
    Path("/home/pi/.local/share/plumbline/back"),
)
"""The machine of the example in `deploy/`."""

HIGHEST_EXPOSURE = 2.0
"""systemd-analyze security counts from 0 (safe) to 10; a service without any sandbox has 9.6."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A machine on which everything is there, for an ordinary user."""
    for name in ("plumbline", "plumbline.toml", "mosquitto", "broker/mosquitto.conf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    (tmp_path / "data").mkdir()
    mine = pwd.getpwuid(os.getuid())
    user = pwd.struct_passwd(("wearer", "x", mine.pw_uid or 1000, *mine[3:]))
    monkeypatch.setattr(pwd, "getpwnam", lambda name: user if name == "wearer" else pwd.getpwuid(10**7))
    monkeypatch.setattr(installing, "_owns", lambda uid, folder: uid == user.pw_uid and folder.exists())
    groups = [type("Group", (), {"gr_name": name}) for name in ("i2c", "gpio")]
    monkeypatch.setattr(grp, "getgrall", lambda: groups)
    return Place(
        "wearer",
        tmp_path / "plumbline",
        tmp_path / "plumbline.toml",
        tmp_path / "data",
        tmp_path / "mosquitto",
        tmp_path / "broker",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "system"
    found.mkdir()
    return found


@pytest.mark.parametrize("name", UNITS)
def test_deploy_shows_the_units_as_they_are_written(name: str) -> None:
    assert (ROOT / "deploy" / name).read_text() == UNITS[name](SHOWN)


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_sandboxed_and_runs_as_no_root(name: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(ROOT / "deploy" / name)],
        capture_output=True,
        text=True,
    ).stdout
    score = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert score is not None, said
    assert float(score[1]) <= HIGHEST_EXPOSURE
    assert "\nUser=pi\n" in UNITS[name](SHOWN)


@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_a_unit(name: str, place: Place, folder: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    real = Place(
        getpass.getuser(), Path("/bin/true"), place.config, place.data, Path("/bin/true"), place.broker
    )
    (folder / name).write_text(UNITS[name](real))
    done = subprocess.run(["systemd-analyze", "verify", str(folder / name)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_a_path_is_one_word_whatever_stands_in_it(name: str, tmp_path: Path, folder: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    odd = tmp_path / "my posture 100% %h"
    odd.mkdir()
    shutil.copy("/bin/true", odd / "plumbline")
    place = Place(
        getpass.getuser(), odd / "plumbline", odd / "plumbline.toml", odd, odd / "plumbline", odd / "broker"
    )
    (folder / name).write_text(UNITS[name](place))
    done = subprocess.run(["systemd-analyze", "verify", str(folder / name)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("odd", ["Anna's", 'the "good" one', "back\\slash", "two\nlines"])
def test_a_path_that_systemd_takes_none_of_is_told(place: Place, folder: Path, odd: str) -> None:
    with pytest.raises(ConfigError, match="systemd takes no path with"):
        install(dataclasses.replace(place, broker=folder / odd), ["plumbline.service"], folder=folder)
    assert list(folder.iterdir()) == []


def test_units_are_written_checked_and_removed(place: Place, folder: Path) -> None:
    calls: list[list[str]] = []
    names = ["plumbline.service", "plumbline-dashboard.service"]
    written = install(place, names, folder=folder, systemctl=lambda a: calls.append(list(a)))
    assert written == [folder / name for name in names]
    assert calls == [["daemon-reload"], ["enable", *names], ["restart", *names]]
    assert check(place, folder=folder) == {
        "plumbline.service": "installed",
        "plumbline-dashboard.service": "installed",
        "plumbline-broker.service": "not installed",
    }
    (folder / names[0]).write_text("[Service]\nUser=root\n")
    assert "differs" in check(place, folder=folder)[names[0]]
    calls.clear()
    assert remove(folder=folder, systemctl=lambda a: calls.append(list(a))) == [
        folder / name for name in names
    ]
    assert calls == [["disable", "--now", *names], ["daemon-reload"]]
    assert list(folder.iterdir()) == []
    assert remove(folder=folder, systemctl=lambda a: calls.append(list(a))) == []


def test_what_is_missing_is_said_before_anything_is_written(place: Place, folder: Path) -> None:
    place.config.unlink()
    shutil.rmtree(place.data)
    with pytest.raises(ConfigError) as error:
        install(place, list(UNITS), folder=folder, systemctl=lambda _: None)
    assert f"the configuration is not at {place.config}" in str(error.value)
    assert "make it, or chown it" in str(error.value)
    assert list(folder.iterdir()) == []


def test_nothing_runs_as_root(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    root = pwd.getpwuid(0)
    monkeypatch.setattr(pwd, "getpwnam", lambda _: root)
    assert "the services do not run as root; name another user with --user" in lacking(
        place, ["plumbline.service"]
    )


def test_a_user_that_does_not_exist_is_named(place: Place) -> None:
    assert lacking(Place("nobody-here", *[Path("/x")] * 3), []) == [
        "there is no user 'nobody-here'; name one that exists with --user"
    ]


def test_a_folder_that_cannot_be_written_asks_for_sudo(place: Place, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="run it with sudo"):
        install(place, ["plumbline.service"], folder=tmp_path / "no such folder", systemctl=lambda _: None)
