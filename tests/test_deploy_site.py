"""`deploy/many/site` makes every secret that the compose file names, and lets devices in at the broker."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
import yaml
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from .dashboard.conftest import free_port, wait_until
from .test_deploy import MANY, certificate


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the folder, with a Docker that only notes what it is asked."""
    if os.geteuid() != 0:
        pytest.skip("files are given to the users of the services: run as root")
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto_passwd is not installed (apt install mosquitto)")
    folder = tmp_path / "many"
    shutil.copytree(MANY, folder, ignore=shutil.ignore_patterns("secrets", "tls", "broker", "credentials"))
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\n')
    docker.chmod(0o755)
    return folder


def _site(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = f"{folder.parent}/bin:{os.environ['PATH']}"
    command = [str(folder / "site"), *words]
    return subprocess.run(
        command, env={"PATH": path}, capture_output=True, text=True, timeout=60, check=False
    )


def test_each_secret_of_the_compose_file_is_made_and_its_reader_alone_may_read_it(
    site: Path,
) -> None:
    compose = yaml.safe_load((site / "compose.yaml").read_text())
    assert "still to do" in _site(site, "prepare", "back.example.org").stdout
    (site / "tls").mkdir(exist_ok=True)
    certificate(site / "tls")
    assert _site(site, "prepare", "back.example.org").stdout == ""

    readers = {"postgres": 0, "migrate": 10001, "ingest-1": 10001, "web-1": 10001}  # the images' users
    for service, reader in readers.items():
        for name in compose["services"][service]["secrets"]:
            there = (site / compose["secrets"][name]["file"]).stat()
            assert (there.st_uid, there.st_mode & 0o777) == (reader, 0o600), name
    for name, reader in {"secrets/pages.sql": 999, "broker/passwords": 1883, "tls/privkey.pem": 1883}.items():
        assert ((site / name).stat().st_uid, (site / name).stat().st_mode & 0o777) == (reader, 0o600), name
    assert (site / "tls").stat().st_mode & 0o011 == 0o011  # the broker goes through it to the certificate
    assert "posture.example.org" not in (site / "web.toml").read_text() + (site / "ingest.toml").read_text()


def test_who_signs_in_to_the_database_has_the_password_that_it_was_made_with(site: Path) -> None:
    _site(site, "prepare", "back.example.org")
    secrets = site / "secrets"
    owner = (secrets / "owner.pgpass").read_text().strip().split(":")
    assert owner == [
        "postgres",
        "5432",
        "plumbline",
        "plumbline",
        (secrets / "postgres.password").read_text().strip(),
    ]
    pages = (secrets / "web.pgpass").read_text().strip().split(":")
    assert f"ALTER ROLE {pages[3]} PASSWORD '{pages[4]}';" in (secrets / "pages.sql").read_text()
    assert pages[3] in (site / "roles.sql").read_text()


def test_to_prepare_again_changes_no_secret(site: Path) -> None:
    _site(site, "prepare", "back.example.org")
    before = {path.name: path.read_text() for path in (site / "secrets").iterdir()}
    _site(site, "prepare", "back.example.org")
    assert {path.name: path.read_text() for path in (site / "secrets").iterdir()} == before
    known = (site / "broker/passwords").read_text().splitlines()
    assert [line.partition(":")[0] for line in known] == ["ingest", "web"]


def test_a_device_that_is_let_in_signs_in_and_one_that_is_sent_away_does_not(site: Path) -> None:
    _site(site, "prepare", "back.example.org")
    file_of_the_broker = (site / "broker/passwords").stat().st_ino
    for name in ("back", "other", "back"):
        left = Path(_site(site, "admit", name).stdout.strip())
    assert left.read_text().strip()
    assert left.stat().st_mode & 0o777 == 0o600
    assert (site / "broker/passwords").stat().st_ino == file_of_the_broker  # which is what is mounted
    assert "compose kill -s HUP broker" in (site.parent / "asked").read_text()
    with _broker(site) as port:
        assert _signs_in(port, "back", left.read_text().strip())
        assert _signs_in(port, "web", (site / "secrets/web.password").read_text().strip())
        assert not _signs_in(port, "back", "guessed")
    _site(site, "send-away", "back")
    assert not left.exists()
    known = (site / "broker/passwords").read_text().splitlines()
    assert [line.partition(":")[0] for line in known] == ["ingest", "web", "other"]


@pytest.mark.parametrize("name", ["", "../web", "web", "ingest", "a:b", "a b"])
def test_a_name_that_no_device_can_have_is_refused(site: Path, name: str) -> None:
    _site(site, "prepare", "back.example.org")
    before = (site / "broker/passwords").read_text()
    assert _site(site, "admit", name).returncode != 0
    assert (site / "broker/passwords").read_text() == before


@contextmanager
def _broker(site: Path) -> Iterator[int]:
    """A Mosquitto with the passwords of a site."""
    port = free_port()
    config = site / "test.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\nuser root\n"
        f"password_file {site}/broker/passwords\n"
    )
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
    assert program is not None
    with subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL) as broker:
        try:
            wait_until(lambda: _listens(port), "the broker listens")
            yield port
        finally:
            broker.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _signs_in(port: int, name: str, password: str) -> bool:
    answers: list[bool] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_connect = lambda _client, _data, _flags, code, _properties: answers.append(not code.is_failure)
    client.username_pw_set(name, password)
    client.connect("127.0.0.1", port)
    wait_until(lambda: client.loop(0.1) is not None and bool(answers), "an answer")
    client.disconnect()
    return answers[0]
