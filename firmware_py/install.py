"""`plumbline install`: write, check and remove the systemd units.

Only this needs root, for a moment, to write below /etc; what it installs runs as the user it names.
"""

from __future__ import annotations

import grp
import pwd
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from .errors import ConfigError
from .units import UNITS, Place

UNIT_FOLDER: Final = Path("/etc/systemd/system")

Run = Callable[[Sequence[str]], None]


def _systemctl(arguments: Sequence[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program
            ["/usr/bin/systemctl", *arguments], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise ConfigError(f"systemctl cannot be run ({error}); is this a system with systemd?") from error
    if done.returncode != 0:
        raise ConfigError(f"systemctl {' '.join(arguments)}: {done.stderr.strip()}")


def install(
    place: Place, names: Sequence[str], *, folder: Path = UNIT_FOLDER, systemctl: Run = _systemctl
) -> list[Path]:
    """Write units, and have them started now, anew where they run, and at every boot.

    Args:
        place: where things are.
        names: which of `UNITS`.
        folder: where units stand.
        systemctl: runs systemctl with arguments.

    Returns:
        The files written.

    Raises:
        ConfigError: what a unit needs is missing, named together with what to do; the folder cannot be
            written; or systemd refuses.
    """
    missing = lacking(place, names)
    if missing:
        raise ConfigError("; ".join(missing))
    written = []
    for name in names:
        path = folder / name
        try:
            path.write_text(UNITS[name](place))
            path.chmod(0o644)
        except OSError as error:
            raise ConfigError(f"cannot write {path}: {error}; run it with sudo") from error
        written.append(path)
    systemctl(["daemon-reload"])
    systemctl(["enable", *names])
    systemctl(["restart", *names])  # not just started: one that runs already still goes by its old unit
    return written


def remove(
    names: Sequence[str] = tuple(UNITS), *, folder: Path = UNIT_FOLDER, systemctl: Run = _systemctl
) -> list[Path]:
    """Stop units and take them away; configuration and data stay.

    Raises:
        ConfigError: the folder cannot be written, or systemd refuses.
    """
    found = [name for name in names if (folder / name).exists()]
    if not found:
        return []
    systemctl(["disable", "--now", *found])
    for name in found:
        try:
            (folder / name).unlink()
        except OSError as error:
            raise ConfigError(f"cannot remove {folder / name}: {error}; run it with sudo") from error
    systemctl(["daemon-reload"])
    return [folder / name for name in found]


def check(place: Place, *, folder: Path = UNIT_FOLDER) -> dict[str, str]:
    """What is installed: for each unit `"installed"`, `"not installed"`, or in words how it differs."""
    found = {}
    for name, write in UNITS.items():
        try:
            text = (folder / name).read_text()
        except OSError:
            found[name] = "not installed"
            continue
        if text == write(place):
            problems = lacking(place, [name])
            found[name] = "; ".join(problems) or "installed"
        else:
            found[name] = "differs from what would be written now; install again"
    return found


def lacking(place: Place, names: Sequence[str]) -> list[str]:
    """What units need and the machine does not have, each with what to do."""
    problems = []
    try:
        user = pwd.getpwnam(place.user)
    except KeyError:
        return [f"there is no user {place.user!r}; name one that exists with --user"]
    if user.pw_uid == 0:
        problems.append("the services do not run as root; name another user with --user")
    needed = [(place.program, "the command"), (place.config, "the configuration")]
    if "plumbline-broker.service" in names:
        needed += [
            (place.mosquitto, "Mosquitto"),
            (place.broker / "mosquitto.conf", "a broker prepared by `plumbline broker`"),
        ]
    problems += [f"{what} is not at {path}" for path, what in needed if not path.is_file()]
    problems += [
        f"systemd takes no path with a quote, a backslash or a line break: {path}"
        for path in (place.program, place.config, place.data, place.mosquitto, place.broker)
        if any(sign in "'\"\\" or ord(sign) < 32 for sign in str(path))
    ]
    if not place.data.is_dir() or not _owns(user.pw_uid, place.data):
        problems.append(f"the data folder {place.data} is not {place.user}'s: make it, or chown it")
    if "plumbline.service" in names:
        groups = {group.gr_name for group in grp.getgrall()}
        problems += [
            f"there is no group {group!r}, so the bus is root's alone; is this Raspberry Pi OS?"
            for group in ("i2c", "gpio")
            if group not in groups
        ]
    return problems


def _owns(uid: int, folder: Path) -> bool:
    return folder.stat().st_uid == uid
