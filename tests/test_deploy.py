"""What `deploy/many` describes, held against the programs that would read it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from firmware_py.cli import _parser
from firmware_py.config import load
from firmware_py.page import settings_of
from firmware_py.posture.topics import Channel

from .conftest import ROOT
from .dashboard.servers import PostgreSQL

MANY = ROOT / "deploy/many"
MADE_BY_SITE = ("./tls", "./broker/passwords", "./secrets/pages.sql")
UNITS = sorted(MANY.glob("*.service"))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    described: dict[str, Any] = yaml.safe_load((MANY / "compose.yaml").read_text())
    return described


def test_the_compose_file_has_two_workers_two_web_processes_a_broker_a_database_and_a_proxy(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    assert set(services) == {
        "broker", "ingest-1", "ingest-2", "migrate", "postgres", "proxy", "web-1", "web-2",
    }  # fmt: skip
    for name, service in services.items():
        for needed in service.get("depends_on", ()):
            assert needed in services, f"{name} waits for {needed}"
        for secret in service.get("secrets", ()):
            assert secret in compose["secrets"]
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("./") and source not in MADE_BY_SITE:
                assert (MANY / source).exists(), f"{name} mounts {source}"


def test_every_command_of_the_services_is_one_that_there_is(compose: dict[str, Any]) -> None:
    commands = [
        service["command"][1:]
        for service in compose["services"].values()
        if service.get("command", [""])[0] == "plumbline"
    ]
    commands += [line.split()[1:] for unit in UNITS for line in _lines(unit, "ExecStart=")]
    assert len(commands) == 7
    for command in commands:
        _parser().parse_args([part.replace("%i", "8765") for part in command])


def _lines(unit: Path, key: str) -> list[str]:
    return [line.removeprefix(key) for line in unit.read_text().splitlines() if line.startswith(key)]


@pytest.mark.parametrize("name", ["ingest", "web"])
def test_the_settings_are_read_and_only_the_workers_store(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "secret").chmod(0o600)
    text = (MANY / f"{name}.toml").read_text()
    text = text.replace(f"/run/secrets/{name}.password", str(tmp_path / "secret"))
    (tmp_path / "plumbline.toml").write_text(text.replace("/var/lib/plumbline", str(tmp_path)))
    settings = settings_of(load(tmp_path / "plumbline.toml"))
    assert settings.people
    assert settings.database_url.startswith("postgresql://")
    assert settings.ingests is (name == "ingest")


def test_the_proxy_takes_its_configuration(tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if nginx is None:
        pytest.skip("nginx is not installed (apt install nginx-light)")
    certificate(tmp_path)
    text = (MANY / "nginx.conf").read_text().replace("/etc/plumbline/tls", str(tmp_path))
    for name in ("web-1", "web-2"):  # names of that network only
        text = text.replace(name, "127.0.0.1")
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nerror_log {tmp_path}/log;\n{text}")
    subprocess.run(
        [
            nginx,
            "-t",
            "-q",
            "-p",
            str(tmp_path),
            "-c",
            str(tmp_path / "nginx.conf"),
            "-e",
            str(tmp_path / "log"),
        ],
        check=True,
        timeout=20,
    )


def certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")],
        check=True,
        capture_output=True,
    )  # fmt: skip


def test_a_device_may_write_on_every_channel_that_is_a_devices() -> None:
    rules = (MANY / "mosquitto.acl").read_text().splitlines()
    for channel in Channel:
        right = "read" if channel is Channel.COMMAND else "write"
        assert f"pattern {right} plumbline/v1/%u/{channel.value}" in rules


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong_with_a_unit(unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "plumbline"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    instance = tmp_path / unit.name.replace("@", "@8765")
    instance.write_text(
        unit.read_text().replace("/opt/plumbline/bin/plumbline", str(program)).replace("User=plumbline\n", "")
    )
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(instance)], capture_output=True, text=True, timeout=60
    )
    about_it = [line for line in checked.stderr.splitlines() if unit.name.split("@")[0] in line]
    assert about_it == []


def test_a_backup_is_restored_into_an_empty_database_with_its_guards(tmp_path: Path) -> None:
    from dashboard.ingest import Ingest
    from dashboard.store import Store

    from .dashboard.test_ingest import a_session, told

    try:
        server = PostgreSQL("fsync=off")
    except FileNotFoundError as error:
        pytest.skip(str(error))
    try:
        url, empty = (server.database().replace("+psycopg", "") for _ in range(2))
        store = Store(url)
        Ingest(store).take(told(*a_session()))
        store.close()
        made = subprocess.run(
            [MANY / "backup", tmp_path, url], check=True, capture_output=True, text=True
        ).stdout.strip()
        subprocess.run(["pg_restore", f"--dbname={empty}", made], check=True)
        restored = Store(empty)
        assert Ingest(restored).take(told(*a_session())).stored == 0
        from sqlalchemy import func, select

        from dashboard.tables import minutes

        with restored.reading(1) as connection:
            assert connection.scalar(select(func.count()).select_from(minutes)) == 2
        with restored.reading(2) as connection:
            assert connection.scalar(select(func.count()).select_from(minutes)) == 0
        restored.close()
    finally:
        server.close()


def test_no_image_holds_a_secret_or_a_history() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    taken = {line[1:] for line in ignored if line.startswith("!")}
    assert taken == {"pyproject.toml", "README.md", "LICENSE", "firmware_py", "calibration", "dashboard"}
    kept_out = (ROOT / ".gitignore").read_text().splitlines()
    assert {f"/deploy/many/{name}/" for name in ("secrets", "tls", "broker", "credentials")} <= set(kept_out)
