"""`plumbline people`, `password` and `pair`, as they are typed."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.auth import Password
from dashboard.ingest import Ingest
from dashboard.people.accounts import Accounts
from dashboard.people.api_tokens import ApiTokens
from dashboard.store import Store, sqlite_url
from dashboard.tables import UNCLAIMED
from firmware_py.cli import main

from .conftest import ROOT
from .dashboard.people.town import messages

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(sqlite_url(tmp_path / "data" / "plumbline.db"))


@pytest.fixture
def plumbline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Types a command with this configuration; its status, output and complaint."""
    config = tmp_path / "plumbline.toml"
    config.write_text(
        f'[device]\ndata = "{tmp_path / "data"}"\n'
        '[dashboard]\npeople = true\nurl = "https://plumbline.example"\n'
    )

    def typed(command: str, *words: str) -> tuple[int, str, str]:
        status = main([command, "--config", str(config), *words])
        told = capsys.readouterr()
        return status, told.out, told.err

    return typed


def test_an_account_is_made_listed_invited_and_closed(plumbline: Typed, store: Store) -> None:
    status, told, _ = plumbline("people", "add", "Anna", "--label", "Anna Example")
    assert status == 0
    [code] = re.findall(r"^https://plumbline\.example/join\?code=([\w-]+)$", told, re.M)
    assert plumbline("people", "list")[1] == "anna: wearer, invited, Anna Example\n"
    assert Accounts(store).take_up(code, "leans on nobody") is not None
    assert "anna: wearer, open" in plumbline("people", "list")[1]
    assert "/join?code=" in plumbline("people", "invite", "anna")[1]
    assert plumbline("people", "close", "anna")[0] == 0
    assert "anna: wearer, closed" in plumbline("people", "list")[1]
    status, _, complaint = plumbline("people", "invite", "anna")
    assert (status, "no open account 'anna'" in complaint) == (1, True)


def test_a_device_is_given_to_a_wearer(plumbline: Typed, store: Store) -> None:
    Ingest(store, UNCLAIMED).take(messages("back", "r1", 1_700_000_000.0))
    plumbline("people", "add", "anna")
    assert plumbline("people", "devices")[1] == "back: nobody\n"
    assert "with what it measured so far" in plumbline("people", "give", "back", "anna")[1]
    assert plumbline("people", "devices")[1] == "back: anna\n"
    assert "from now on" in plumbline("people", "give", "back", "nobody")[1]


def test_a_programme_needs_an_owner(plumbline: Typed) -> None:
    plumbline("people", "add", "anna")
    plumbline("people", "add", "otto", "--as", "owner")
    assert plumbline("people", "programme", "Desk study", "otto")[0] == 0
    assert "needs one for: owner" in plumbline("people", "programme", "Desk study", "anna")[2]


def test_the_token_for_the_services_figures_opens_nobodys_data(plumbline: Typed, store: Store) -> None:
    told = plumbline("people", "metrics-token", "--days", "7")[1]
    found = ApiTokens(store).find(told.split()[-1])
    assert found is not None
    assert (found.scopes, found.wearer_id) == ("metrics", None)


def test_a_phone_is_paired_from_the_terminal(plumbline: Typed, tmp_path: Path) -> None:
    plumbline("people", "add", "anna")
    assert "https://plumbline.example/pair?code=" in plumbline("pair", "--name", "anna")[1]
    assert "--name" in plumbline("pair")[2]
    config = tmp_path / "plumbline.toml"
    config.write_text(f'[device]\ndata = "{tmp_path / "data"}"\n')
    assert "first set one" in plumbline("pair")[2]
    Password(tmp_path / "data").set("leans on nobody")
    told = plumbline("pair")[1]
    assert "http://127.0.0.1:8765/pair?code=" in told
    assert "this machine only" in told


@pytest.fixture
def at_home(tmp_path: Path) -> Path:
    """The configuration of a dashboard without accounts."""
    config = tmp_path / "home.toml"
    config.write_text(f'[device]\ndata = "{tmp_path / "data"}"\n')
    return config


def typed_at_a_terminal(config: Path, *lines: str) -> tuple[int, str]:
    """The command at a terminal of its own; its status, and what stood on the screen."""
    command = [sys.executable, "-m", "firmware_py.cli", "password", "--config", str(config)]
    ours, its = pty.openpty()
    running = subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, cwd=ROOT, start_new_session=True, close_fds=True
    )
    os.close(its)
    shown = ""
    for line in lines:
        asked = shown.count(": ")
        while shown.count(": ") == asked:
            shown += os.read(ours, 1000).decode()
        os.write(ours, line.encode() + b"\n")
    with contextlib.suppress(OSError):  # how a terminal ends whose program has gone
        while told := os.read(ours, 1000):
            shown += told.decode()
    os.close(ours)
    return running.wait(), shown


def test_a_password_is_asked_for_twice_and_never_shown(tmp_path: Path, at_home: Path) -> None:
    status, shown = typed_at_a_terminal(at_home, "leans on nobody", "leans on nobody")
    assert status == 0, shown
    assert "nobody" not in shown
    assert Password(tmp_path / "data").check("leans on nobody")
    status, shown = typed_at_a_terminal(at_home, "leans on somebody", "leans on sombody")
    assert (status, "the two differ; nothing was changed" in shown) == (1, True)
    assert Password(tmp_path / "data").check("leans on nobody")


def test_a_script_gives_a_password_on_standard_input(
    tmp_path: Path, at_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("leans on nobody\n"))
    assert main(["password", "--config", str(at_home)]) == 0
    assert Password(tmp_path / "data").check("leans on nobody")
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["password", "--data", str(tmp_path / "data")]) == 1
    assert "8 to 200" in capsys.readouterr().err
    assert Password(tmp_path / "data").check("leans on nobody")


def test_a_password_is_for_a_folder_that_is_ones_own_and_for_no_accounts(
    tmp_path: Path, at_home: Path, plumbline: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "plumbline people invite NAME" in plumbline("password")[2]
    assert "there is no folder" in plumbline("password", "--data", str(tmp_path / "nowhere"))[2]
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    status, _, complaint = plumbline("password", "--data", str(tmp_path))
    assert (status, f"plumbline password --data {tmp_path}" in complaint) == (1, True)
