"""A broker for one machine: found or embedded, on loopback only, and gone afterwards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from firmware_py.errors import LinkError
from firmware_py.links.broker import RunningBroker, start_broker, start_embedded

from .conftest import until


def answers(broker: RunningBroker) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((broker.host, broker.port)) == 0


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_a_broker_starts_on_a_free_port_and_is_gone_when_stopped(
    tmp_path: Path, kind: Literal["mosquitto", "amqtt"]
) -> None:
    broker = start_broker(tmp_path, prefer=kind)
    assert broker.host == "127.0.0.1"
    assert answers(broker)
    broker.stop()
    assert until(lambda: not answers(broker))
    again = start_broker(tmp_path, broker.port, prefer=kind)
    assert answers(again)
    again.stop()


def test_the_private_broker_is_not_reached_from_outside(mosquitto: RunningBroker) -> None:
    listening = subprocess.run(
        ["ss", "-Hltn", f"sport = :{mosquitto.port}"], capture_output=True, text=True, check=True
    ).stdout
    assert f"127.0.0.1:{mosquitto.port}" in listening
    assert "0.0.0.0" not in listening.split()[3]


def test_its_folder_is_the_owners_alone(mosquitto: RunningBroker, tmp_path: Path) -> None:
    assert (tmp_path / "machine" / "broker").stat().st_mode & 0o077 == 0


def test_a_port_in_use_is_said_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LinkError, match=f"port {port} is in use"):
            start_broker(tmp_path, port)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "localhost.example", "::"])
def test_the_embedded_broker_refuses_any_address_but_loopback(host: str) -> None:
    with pytest.raises(LinkError, match=r"listens on 127\.0\.0\.1 only"):
        start_embedded(host, 1883)


def test_a_broker_left_behind_by_a_killed_owner_is_stopped_at_the_next_start(tmp_path: Path) -> None:
    program = (
        "import sys, os; from pathlib import Path; from firmware_py.links.broker import start_broker;"
        "b = start_broker(Path(sys.argv[1])); print(b.kind, b.port, flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True)
    kind, port = killed.stdout.split()
    if kind != "mosquitto":
        pytest.skip("Mosquitto is not installed (apt install mosquitto)")
    left = int((tmp_path / "broker" / "mosquitto.pid").read_text().split()[0])
    os.kill(left, 0)
    broker = start_broker(tmp_path, None)
    assert not Path(f"/proc/{left}").exists()
    assert broker.port != int(port) or answers(broker)
    broker.stop()


def test_a_folder_in_use_is_not_taken_from_its_owner(mosquitto: RunningBroker, tmp_path: Path) -> None:
    with pytest.raises(LinkError, match=f"in use by the running process {os.getpid()}"):
        start_broker(tmp_path / "machine")
    assert answers(mosquitto)
