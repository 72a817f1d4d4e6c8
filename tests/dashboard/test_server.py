"""Starting and stopping: the port, the signals, the address."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from dashboard.app import Server, _listen, build, serve
from dashboard.settings import Settings
from firmware_py.errors import ConfigError, LinkError

PROGRAM = """
import sys
from pathlib import Path
from dashboard.app import serve
from dashboard.settings import Settings
serve(Settings(Path(sys.argv[1]), port=0, broker=None), on_ready=lambda address: print(address, flush=True))
print("stopped in order", flush=True)
"""


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    first = Server(build(Settings(tmp_path / "a", port=0, broker=None)))
    first.start()
    with pytest.raises(LinkError, match=rf"port {first.port} .* --port"):
        serve(Settings(tmp_path / "b", port=first.port, broker=None))
    assert httpx.get(first.address).status_code == 200
    first.stop()


def test_an_answer_does_not_wait_for_an_acknowledgement() -> None:
    # asyncio switches Nagle's waiting off only where the socket names its protocol; with it, headers and body
    # are two packets, and the second waits 40 ms.
    listening = _listen("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        assert accepted.proto == socket.IPPROTO_TCP
        accepted.close()


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_in_order(tmp_path: Path, sig: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert httpx.get(address, timeout=10).status_code == 200
    process.send_signal(sig)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "stopped in order\n", "")
    assert not list(tmp_path.glob("*-wal")), "the database was not closed"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "raspberrypi.local"])
def test_off_loopback_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="off loopback"):
        build(Settings(tmp_path, host=host, broker=None))


def test_an_unknown_time_zone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Mars/Base"):
        build(Settings(tmp_path, timezone="Mars/Base", broker=None))
