"""What the machine itself has to offer: model, system, clock, disk, and who else uses the bus."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from .finding import Finding, Verdict

LOW_BYTES = 500_000_000


def model(root: Path = Path("/")) -> Finding:
    """Which computer this is, from its device tree."""
    try:
        name = (root / "proc/device-tree/model").read_text(encoding="utf-8").rstrip("\0\n")
    except OSError:
        return Finding("computer", Verdict.NOTE, f"no Raspberry Pi that says so ({platform.machine()})")
    return Finding("computer", Verdict.GOOD, name)


def system(root: Path = Path("/"), machine: str | None = None) -> Finding:
    """Which system runs, and whether it is a 64-bit one."""
    machine = machine or platform.machine()
    name = "unknown system"
    try:
        for line in (root / "etc/os-release").read_text(encoding="utf-8").splitlines():
            if line.startswith("PRETTY_NAME="):
                name = line.partition("=")[2].strip('"')
    except OSError:
        pass  # the line says "unknown system"
    if machine not in ("aarch64", "x86_64"):
        return Finding(
            "system",
            Verdict.BAD,
            f"{name}, {machine}",
            "install the 64-bit Raspberry Pi OS: parts exist only for it",
        )
    return Finding("system", Verdict.GOOD, f"{name}, {machine}")


def bus_node(number: int, root: Path = Path("/")) -> Finding:
    """Whether the bus is switched on and ours to open."""
    node = root / f"dev/i2c-{number}"
    check = f"I2C bus {number}"
    if not node.exists():
        return Finding(
            check,
            Verdict.BAD,
            f"{node} does not exist",
            "sudo raspi-config, Interface Options, I2C; then restart",
        )
    if not os.access(node, os.R_OK | os.W_OK):
        return Finding(
            check,
            Verdict.BAD,
            f"{node} may not be opened by you",
            "sudo adduser $USER i2c, then log in again",
        )
    return Finding(check, Verdict.GOOD, f"{node} can be opened")


def bus_users(number: int, root: Path = Path("/")) -> list[str]:
    """Other programs of ours that hold the bus open, as `name (pid)`."""
    node = f"/dev/i2c-{number}"
    found: list[str] = []
    for process in (root / "proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        try:
            held = any(str(link.readlink()) == node for link in (process / "fd").iterdir())
            name = (process / "comm").read_text(encoding="utf-8").strip()
        except OSError:
            continue  # it ended meanwhile, or belongs to somebody else
        if held:
            found.append(f"{name} ({process.name})")
    return found


def clock_synchronised(root: Path = Path("/")) -> Finding:
    """Whether the system's clock has been set from the network."""
    if (root / "run/systemd/timesync/synchronized").exists():
        return Finding("clock", Verdict.GOOD, "set from the network")
    if not (root / "run/systemd/system").exists():
        return Finding("clock", Verdict.LEFT_OUT, "no systemd here to ask")
    return Finding(
        "clock",
        Verdict.NOTE,
        "not set from the network yet, or by something else than systemd",
        "history is dated once it is set; timedatectl tells more",
    )


def disk(folder: Path, low_bytes: int = LOW_BYTES) -> Finding:
    """Whether there is room for the data."""
    free = shutil.disk_usage(folder).free
    seen = f"{free / 1e9:.1f} GB free for {folder}"
    if free < low_bytes:
        return Finding(
            "disk", Verdict.BAD, seen, "make room: raw samples are dropped and messages may be lost"
        )
    return Finding("disk", Verdict.GOOD, seen)
