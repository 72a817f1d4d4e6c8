"""A Mosquitto for a network: TLS by an authority of its own, a credential and an access list for everyone.

`prepare` lays it out in a folder, `admit` lets a device or a reader in, `start` runs it. Nobody is
anonymous. A device writes under its own name and reads its own commands; a reader reads the devices it was
given and, where it may, asks them for things. Secrets stand in files of the owner's alone, and are
never an argument of a program, where every user of the machine could read them.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Literal

from ..errors import LinkError, MessageError
from ..posture.messages import Channel, topic, topic_filter
from .broker import LOOPBACK, RunningBroker, common_settings, find_mosquitto, run_mosquitto
from .certificates import make_certificates

TLS_PORT: Final = 8883

CONFIG: Final = "mosquitto.conf"

MAX_CONNECTIONS: Final = 100

Role = Literal["device", "reader", "home_assistant"]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whom the broker knows.

    Attributes:
        name: of the device or the reader; also its user name at the broker.
        role: what the access list grants it.
        devices: which devices a reader sees; empty for all.
        may_ask: whether a reader may send requests.
    """

    name: str
    role: Role
    devices: tuple[str, ...] = field(default=())
    may_ask: bool = True


def prepare(folder: Path, hosts: Sequence[str], *, port: int = TLS_PORT, local_port: int = 0) -> None:
    """Lay out a broker, or bring one up to date; those who were admitted stay.

    Args:
        folder: certificates, passwords, access list, configuration and the broker's memory.
        hosts: names and addresses under which others reach it.
        port: where it listens, with TLS.
        local_port: where it listens on loopback as well, in the clear but not without a password; 0 for
            nowhere.

    Raises:
        LinkError: a name that is none, `openssl` is missing, or the broker runs as somebody else.
    """
    make_certificates(folder / "tls", hosts)
    for name in ("passwords", "members.json"):
        with (folder / name).open("a"):
            (folder / name).chmod(0o600)
    lines = [
        "# Written by `plumbline broker`; changes are lost.",
        "allow_anonymous false",
        f"password_file {folder.resolve() / 'passwords'}",
        f"acl_file {folder.resolve() / 'access'}",
        f"max_connections {MAX_CONNECTIONS}",
        *common_settings(folder),
        f"listener {port}",
        f"certfile {folder.resolve() / 'tls/server.crt'}",
        f"keyfile {folder.resolve() / 'tls/server.key'}",
        "tls_version tlsv1.2",
    ]
    if local_port:
        lines.append(f"listener {local_port} {LOOPBACK}")
    _write_private(folder / CONFIG, "\n".join(lines) + "\n")
    _write_access(folder, members(folder))
    _reload(folder)


def members(folder: Path) -> list[Member]:
    """Who is admitted."""
    try:
        text = (folder / "members.json").read_text()
    except OSError as error:
        raise LinkError(f"{folder} holds no broker: prepare one first ({error})") from error
    found = json.loads(text) if text.strip() else []
    return [Member(**{**one, "devices": tuple(one["devices"])}) for one in found]


def admit(folder: Path, member: Member) -> Path:
    """Let somebody in, or give them a new password; returns the file that holds it, their own to take away.

    Raises:
        LinkError: a name that cannot stand in a topic, that another role has, no `mosquitto_passwd`, or
            the broker runs as somebody else.
    """
    for name in (member.name, *member.devices):
        try:
            topic(name, Channel.LIVE)
        except MessageError as error:
            raise LinkError(str(error)) from error
    others = [other for other in members(folder) if other.name != member.name]
    if any(other.name == member.name and other.role != member.role for other in members(folder)):
        raise LinkError(
            f"{member.name} is admitted in another role; send it away first, or take another name"
        )
    password = secrets.token_urlsafe(24)
    known = [line for line in _passwords(folder) if line.partition(":")[0] != member.name]
    _write_private(folder / "passwords", "\n".join([*known, _hashed(folder, member.name, password)]) + "\n")
    _write_members(folder, [*others, member])
    credentials = folder / "credentials"
    credentials.mkdir(exist_ok=True)
    credentials.chmod(0o700)
    _write_private(credentials / member.name, password + "\n")
    _reload(folder)
    return credentials / member.name


def send_away(folder: Path, name: str) -> None:
    """Let somebody in no longer. Mosquitto ends a connection that stands when its password is gone.

    Raises:
        LinkError: nobody of that name is admitted, or the broker runs as somebody else.
    """
    found = members(folder)
    if all(member.name != name for member in found):
        raise LinkError(f"nobody called {name!r} is admitted")
    known = [line for line in _passwords(folder) if line.partition(":")[0] != name]
    _write_private(folder / "passwords", "".join(line + "\n" for line in known))
    _write_members(folder, [member for member in found if member.name != name])
    (folder / "credentials" / name).unlink(missing_ok=True)
    _reload(folder)


def start(folder: Path) -> RunningBroker:
    """Run the broker that was prepared, until it is stopped. An access list of an earlier version is renewed.

    Raises:
        LinkError: none was prepared, Mosquitto is not installed, or does not start.
    """
    program = find_mosquitto()
    if program is None:
        raise LinkError("Mosquitto is not installed: apt install mosquitto")
    config = folder / CONFIG
    try:
        lines = config.read_text().splitlines()
    except OSError as error:
        raise LinkError(f"{folder} holds no broker: prepare one first ({error})") from error
    port = next(int(line.split()[1]) for line in lines if line.startswith("listener "))
    if not grants_what_it_should(folder):
        _write_access(folder, members(folder))
    return run_mosquitto(program, config, LOOPBACK, port)


def access_list(found: Sequence[Member]) -> str:
    """The access list, in Mosquitto's own form; what is not granted is refused."""
    lines = ["# Written by `plumbline broker`; changes are lost."]
    for member in found:
        lines += ["", f"user {member.name}"]
        if member.role == "device":
            own = [channel for channel in Channel if channel is not Channel.COMMAND]
            lines += [f"topic write {topic(member.name, channel)}" for channel in own]
            lines.append(f"topic read {topic(member.name, Channel.COMMAND)}")
            lines.append(f"topic write homeassistant/device/plumbline_{member.name}/config")
            lines.append("topic read homeassistant/status")
            continue
        for device in member.devices or ("+",):
            # Who may ask hears what was asked: so a page knows what still waits for a device that is away.
            heard = [channel for channel in Channel if channel is not Channel.COMMAND or member.may_ask]
            lines += [f"topic read {topic_filter(channel, device)}" for channel in heard]
            if member.may_ask:
                lines.append(f"topic write {topic_filter(Channel.COMMAND, device)}")
        if member.role == "home_assistant":
            lines += ["topic read homeassistant/#", "topic write homeassistant/status"]
    return "\n".join(lines) + "\n"


def grants_what_it_should(folder: Path) -> bool:
    """Whether the access list is the one that this version writes; an earlier version's grants less.

    Raises:
        LinkError: there is no broker.
        OSError: it is another user's.
    """
    return (folder / "access").read_text() == access_list(members(folder))


def _write_members(folder: Path, found: Sequence[Member]) -> None:
    _write_private(folder / "members.json", json.dumps([asdict(member) for member in found], indent=1) + "\n")
    _write_access(folder, found)


def _write_access(folder: Path, found: Sequence[Member]) -> None:
    _write_private(folder / "access", access_list(found))


def _passwords(folder: Path) -> list[str]:
    return [line for line in (folder / "passwords").read_text().splitlines() if line]


def _hashed(folder: Path, name: str, password: str) -> str:
    """The line of the password file, hashed by Mosquitto's own program, to which it goes in a file."""
    program = shutil.which("mosquitto_passwd")
    if program is None:
        raise LinkError("mosquitto_passwd is not installed: apt install mosquitto")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:  # of mode 0700
        plain = Path(scratch) / "plain"
        _write_private(plain, f"{name}:{password}\n")
        done = subprocess.run(  # noqa: S603 - the program found above, our own file
            [program, "-U", str(plain)], capture_output=True, text=True, check=False
        )
        line = plain.read_text().strip()
    if done.returncode != 0 or not line.startswith(f"{name}:$"):
        raise LinkError(f"mosquitto_passwd failed: {done.stderr.strip() or 'it said nothing'}")
    return line


def _write_private(path: Path, text: str) -> None:
    """Replace a file as a whole; nobody but its owner ever could read it."""
    new = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _reload(folder: Path) -> None:
    """Let a broker that runs read passwords, access list and certificates again (SIGHUP).

    Raises:
        LinkError: it runs as somebody else, and still goes by what it read before.
    """
    for broker in _running(folder):
        try:
            os.kill(broker, signal.SIGHUP)
        except ProcessLookupError:
            continue  # it ended meanwhile
        except PermissionError as error:
            raise LinkError(
                f"this is written, but the broker runs as another user and goes by what it read before; "
                f"let it read again: sudo kill -HUP {broker}"
            ) from error


def _running(folder: Path) -> list[int]:
    """Every Mosquitto that goes by this folder, whoever started it: a service leaves no number behind."""
    config = (folder / CONFIG).resolve()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            program, *arguments = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            named = Path(arguments[arguments.index("-c") + 1])
            if not named.is_absolute():
                named = (process / "cwd").readlink() / named
        except (OSError, ValueError, IndexError):
            continue  # no broker, or none that we may look at
        if Path(program).name == "mosquitto" and named.resolve() == config:
            found.append(int(process.name))
    return found
