"""A broker for one machine: a private Mosquitto where it is installed, else the embedded amqtt.

Both listen on loopback alone and ask for no password; whoever is on the machine is trusted with it.
For a broker that others reach see `plumbline broker` (`mosquitto.py`).
"""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ..errors import LinkError
from ..posture.messages import MAX_PAYLOAD_BYTES

log = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"

PID_FILE: Final = "mosquitto.pid"
"""Process numbers of the broker and of its owner."""

_START_TIMEOUT_S = 10.0

AUTOSAVE_S: Final = 30
"""How often Mosquitto writes its state, some kilobytes, whether or not anything happened."""

PERSISTENCE: Final = """\
persistence true
persistence_location {folder}/
autosave_interval {autosave_s}
autosave_on_changes false
max_inflight_messages 500
max_queued_messages 100000
persistent_client_expiration 2m
"""
"""What survives a kill. Mosquitto writes its whole state now and then; after each change, as it could as
well, would cost a sync of the disk for each message. What it acknowledged and had not written when it died, a
device sends again (`outbox.SETTLE_S`). It keeps for two months what a reader that is away has subscribed to
(its own limit is 1000 messages, less than a day), and has 500 under way to each, so that a reader can store
as many at once."""


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker that runs until `stop` is called.

    Attributes:
        kind: which one it is; the embedded one speaks MQTT 3.1.1 only.
    """

    host: str
    port: int
    kind: Literal["mosquitto", "amqtt"]
    stop: Callable[[], None]

    @property
    def protocol(self) -> Literal["5", "3.1.1"]:
        """The MQTT version to speak to it."""
        return "5" if self.kind == "mosquitto" else "3.1.1"


def find_mosquitto() -> str | None:
    """Where the Mosquitto program is; None where there is none.

    Debian keeps it in /usr/sbin, which is not on an ordinary user's path.
    """
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def start_broker(
    data_dir: Path,
    port: int | None = None,
    *,
    prefer: Literal["mosquitto", "amqtt"] = "mosquitto",
    autosave_s: int = AUTOSAVE_S,
) -> RunningBroker:
    """Start a broker on loopback, with its files in `data_dir`/broker.

    Args:
        data_dir: a folder of ours; made where it is missing.
        port: to listen on; None takes a free one.
        prefer: "amqtt" takes the embedded broker although Mosquitto may be there.
        autosave_s: how often Mosquitto writes its state.

    Raises:
        LinkError: the port is taken, neither broker is installed, or it does not start.
    """
    program = find_mosquitto() if prefer == "mosquitto" else None
    if port is not None and not _free(port):
        raise LinkError(f"port {port} is in use already; stop what listens there, or choose another port")
    chosen = port or _free_port()
    if program is not None:
        return _start_mosquitto(program, data_dir / "broker", chosen, autosave_s)
    return start_embedded(LOOPBACK, chosen)


def start_embedded(host: str, port: int) -> RunningBroker:
    """Start amqtt in a thread. It remembers nothing once stopped.

    Raises:
        LinkError: for any address but loopback, on which this broker cannot be defended; where amqtt
            is not installed, or the port is taken.
    """
    if host != LOOPBACK:
        raise LinkError(
            f"the embedded broker listens on {LOOPBACK} only, not on {host}; install Mosquitto for a network"
        )
    started: threading.Event = threading.Event()
    failure: list[BaseException] = []
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()

    async def serve() -> None:
        try:
            from amqtt.broker import Broker

            broker = Broker(
                {
                    "listeners": {
                        "default": {"type": "tcp", "bind": f"{host}:{port}", "max_connections": 64}
                    },
                    "plugins": {
                        "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                    },
                }
            )
            await broker.start()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for it
            failure.append(error)
            return
        finally:
            started.set()
        await stopping.wait()
        await broker.shutdown()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.close()

    # amqtt tells each client's every step at these levels.
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.ERROR)
    thread = threading.Thread(target=run, name="amqtt", daemon=True)
    thread.start()
    started.wait(_START_TIMEOUT_S)
    if failure:
        if isinstance(failure[0], ImportError):
            raise LinkError("no broker: install Mosquitto (apt install mosquitto) or plumbline[dashboard]")
        raise LinkError(f"the embedded broker does not start on port {port}: {failure[0]}") from failure[0]

    def stop() -> None:
        if thread.is_alive():
            loop.call_soon_threadsafe(stopping.set)
            thread.join(5.0)

    return RunningBroker(host, port, "amqtt", stop)


def _start_mosquitto(program: str, folder: Path, port: int, autosave_s: int) -> RunningBroker:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    config = folder / "mosquitto.conf"
    _stop_orphan(folder / PID_FILE, config)
    lines = [
        "# Written at each start; changes are lost.",
        f"listener {port} {LOOPBACK}",
        "allow_anonymous true",
        *common_settings(folder, autosave_s),
    ]
    config.write_text("\n".join(lines) + "\n")
    return run_mosquitto(program, config, LOOPBACK, port)


def common_settings(folder: Path, autosave_s: int = AUTOSAVE_S) -> list[str]:
    """Lines of configuration that every broker of ours has: it survives a kill and takes no monsters."""
    lines = [
        *PERSISTENCE.format(folder=folder.resolve(), autosave_s=autosave_s).splitlines(),
        f"message_size_limit {2 * MAX_PAYLOAD_BYTES}",
        "log_type error",
        "log_type warning",
    ]
    if os.geteuid() == 0:
        # Mosquitto would become the user "mosquitto", who may not read our folder.
        lines.append(f"user {getpass.getuser()}")
    return lines


def run_mosquitto(program: str, config: Path, host: str, port: int) -> RunningBroker:
    """Start Mosquitto with a configuration, its log and its process number beside it; wait until it listens.

    Raises:
        LinkError: it does not, with its own last word.
    """
    said, pid_file = config.with_name("mosquitto.log"), config.with_name(PID_FILE)
    with said.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the program found above, our own configuration
            [program, "-c", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C at a terminal reaches the whole group; we stop the broker ourselves, last of all.
            start_new_session=True,
        )
    pid_file.write_text(f"{process.pid} {os.getpid()}\n")

    def stop() -> None:
        process.terminate()
        try:
            process.wait(5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        pid_file.unlink(missing_ok=True)

    deadline = time.monotonic() + _START_TIMEOUT_S
    while _free(port):
        if process.poll() is not None or time.monotonic() > deadline:
            stop()
            words = said.read_text(errors="replace").strip().splitlines()
            raise LinkError(f"Mosquitto does not start: {words[-1] if words else 'it said nothing'}")
        time.sleep(0.02)
    return RunningBroker(host, port, "mosquitto", stop)


def _stop_orphan(pid_file: Path, config: Path) -> None:
    """Stop the broker of an owner that was killed before it could stop it.

    Raises:
        LinkError: the owner lives, so the folder is in use.
    """
    try:
        broker, owner = (int(word) for word in pid_file.read_text().split())
        command = Path(f"/proc/{broker}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if str(config).encode() not in command.split(b"\0"):
        return  # the number belongs to another program by now
    if Path(f"/proc/{owner}").exists():
        raise LinkError(f"the folder {config.parent} is in use by the running process {owner}; stop it first")
    log.info("stopping a broker (process %d) that was left behind", broker)
    os.kill(broker, signal.SIGTERM)
    deadline = time.monotonic() + 5.0
    while Path(f"/proc/{broker}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) != 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
