"""The units started by a real systemd: sandboxed, notified, restarted. `pytest -m slow tests/systemd`."""

from __future__ import annotations

import shutil
import signal
import socket
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pytest

from firmware_py.install import check, install, remove
from firmware_py.units import UNITS

from ..faults.machine import until
from .booted import UID, Machine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("systemctl") is None, reason="systemd is not installed"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answer(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=10.0) as said:
            return bytes(said.read())
    except OSError:
        return b""


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with Machine(free_port(), free_port()) as booted:
        yield booted


@pytest.fixture(scope="module")
def installed(machine: Machine) -> Callable[[str, str], bool]:
    """Everything installed and started; tells whether a unit's property has a value."""
    from _pytest.monkeypatch import MonkeyPatch

    with MonkeyPatch.context() as patch:  # users and groups are the booted machine's
        patch.setattr("firmware_py.install.lacking", lambda *_: [])
        install(
            machine.place, list(UNITS), folder=machine.folder / "system", systemctl=lambda a: _run(machine, a)
        )
        assert set(check(machine.place, folder=machine.folder / "system").values()) == {"installed"}
    return lambda unit, state: machine.shown(unit, "ActiveState") == state


def _run(machine: Machine, arguments: Sequence[str]) -> None:
    machine.systemctl(*arguments)


def test_all_three_run_without_root_and_can_gain_nothing(
    machine: Machine, installed: Callable[[str, str], bool]
) -> None:
    for unit in UNITS:
        until(partial(installed, unit, "active"), 120.0)
        main = machine.shown(unit, "MainPID")
        status = machine.within("cat", f"/proc/{main}/status")
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert fields["Uid"].split() == [str(UID)] * 4, unit
        assert (fields["NoNewPrivs"], fields["CapEff"], fields["CapBnd"]) == ("1", "0" * 16, "0" * 16)
        assert fields["Seccomp"] == "2", f"{unit} has no filter of system calls"
    until(lambda: answer(f"http://127.0.0.1:{machine.page}/healthz") == b"ok\n", 60.0)


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_that_is_killed_runs_again(
    machine: Machine, installed: Callable[[str, str], bool], unit: str
) -> None:
    until(lambda: installed(unit, "active"), 120.0)
    before = machine.shown(unit, "MainPID")
    machine.signal(unit, signal.SIGKILL)
    until(lambda: machine.shown(unit, "MainPID") not in (before, "0"), 60.0)
    until(lambda: installed(unit, "active"), 120.0)
    assert int(machine.shown(unit, "NRestarts")) >= 1


def test_a_monitor_that_hangs_is_started_again_by_the_watchdog(
    machine: Machine, installed: Callable[[str, str], bool]
) -> None:
    unit = "plumbline.service"
    until(lambda: installed(unit, "active"), 120.0)
    before = machine.shown(unit, "MainPID")
    machine.signal(unit, signal.SIGSTOP)  # from which it does not come back by itself
    until(lambda: machine.shown(unit, "MainPID") != before, 90.0)
    until(lambda: installed(unit, "active") and machine.shown(unit, "MainPID") != before, 120.0)


def test_what_was_installed_is_removed(machine: Machine, installed: Callable[[str, str], bool]) -> None:
    remove(folder=machine.folder / "system", systemctl=lambda a: _run(machine, a))
    for unit in UNITS:
        assert machine.shown(unit, "LoadState") == "not-found"
