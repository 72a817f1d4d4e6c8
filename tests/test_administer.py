"""A broker set up by commands alone, and a service that says what it lacks."""

from __future__ import annotations

import pwd
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_py.cli import main
from firmware_py.links.broker import find_mosquitto

from .conftest import ROOT
from .links.conftest import until


@pytest.mark.skipif(find_mosquitto() is None, reason="Mosquitto is not installed (apt install mosquitto)")
def test_a_broker_is_prepared_filled_and_run_by_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = ["broker", "--folder", str(tmp_path / "b")]
    assert main([*folder, "prepare", "localhost", "--port", str(port)]) == 0
    assert main([*folder, "admit", "back"]) == 0
    assert main([*folder, "admit", "doctor", "--as", "reader", "--only", "back", "--read-only"]) == 0
    assert main([*folder, "admit", "guest", "--as", "reader"]) == 0
    assert main([*folder, "send-away", "guest"]) == 0
    capsys.readouterr()
    assert main([*folder, "list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "back: device, writes as itself",
        "doctor: reader, sees back, may not ask",
    ]
    running = subprocess.Popen(
        [sys.executable, "-m", "firmware_py.cli", *folder, "run"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert f"port {port}, with TLS" in running.stdout.readline()
    running.send_signal(signal.SIGINT)
    assert running.wait(60.0) == 0
    with socket.socket() as probe:
        assert until(lambda: probe.connect_ex(("127.0.0.1", port)) != 0)


def test_a_broker_that_was_not_prepared_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["broker", "--folder", str(tmp_path), "admit", "back"]) == 1
    assert "prepare one first" in capsys.readouterr().err


def test_a_service_without_a_configuration_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["install"]) == 1
    assert "copy plumbline.example.toml to plumbline.toml" in capsys.readouterr().err
    assert main(["install", "kitchen"]) == 1
    assert "there are monitor, dashboard, broker" in capsys.readouterr().err


def test_what_is_installed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if any(
        Path(f"/etc/systemd/system/plumbline{part}.service").exists()
        for part in ("", "-dashboard", "-broker")
    ):
        pytest.skip("Plumbline is installed on this machine")
    (tmp_path / "plumbline.toml").write_text(f'[device]\ndata = "{tmp_path}"\n')
    assert main(["install", "--check", "--config", str(tmp_path / "plumbline.toml")]) == 0
    assert "plumbline.service: not installed" in capsys.readouterr().out


def test_default_folders_are_the_users_and_not_roots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    somebody = pwd.struct_passwd(("wearer", "x", 4242, 4242, "", str(tmp_path / "home"), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwnam", lambda _: somebody)
    monkeypatch.setenv("HOME", "/root")
    monkeypatch.setenv("SUDO_USER", "wearer")
    (tmp_path / "plumbline.toml").write_text("")
    assert main(["install", "--config", str(tmp_path / "plumbline.toml")]) == 1
    assert f"the data folder {tmp_path / 'home'}" in capsys.readouterr().err
