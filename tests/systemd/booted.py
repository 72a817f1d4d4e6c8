"""A real systemd as the first process of namespaces of its own: root only; nothing of the machine is touched.

It sees the machine's files, with a folder of its own in place of /etc/systemd/system, users and groups of its
own, and none of the distribution's services. Its control groups have no controllers where the machine's are
of version 1: limits of memory and tasks are then written and not enforced.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from firmware_py.links.broker import common_settings, find_mosquitto
from firmware_py.units import UNITS, Place

from ..conftest import ROOT

USER, UID = "wearer", 64_000

_BOOT = """\
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/empty /run/python /run/mount
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --bind "$1/system" /etc/systemd/system
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/group" /etc/group
for folder in /usr/lib/systemd/system/*.target.wants; do mount --bind /run/empty "$folder"; done
for folder in /var/log /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$folder"; done
if [ -n "$2" ]; then  # an interpreter below a home that only its owner may enter
    mount --bind "$2" /run/python
    mount -t tmpfs -o mode=755 tmpfs "$3"
    mkdir -p "$2"
    mount --bind /run/python "$2"
fi
export container=plumbline
exec /usr/lib/systemd/systemd --system --unit=plumbline-test.target --log-target=console --show-status=no
"""

_TARGET = "[Unit]\nDescription=Nothing but what is installed\nDefaultDependencies=no\n"


class Machine:
    """Boots on entering, and is gone with all its processes on leaving.

    Attributes:
        place: of the installation: program, configuration, data, broker.
        port: of the broker.
        page: of the dashboard.
    """

    def __init__(self, port: int, page: int) -> None:
        self.port, self.page = port, page
        # Not below /tmp, which the units do not see.
        self.folder = folder = Path(tempfile.mkdtemp(prefix="plumbline-test-", dir="/var/lib"))
        folder.chmod(0o755)
        (folder / "system").mkdir()
        (folder / "system/plumbline-test.target").write_text(_TARGET)
        for unit in UNITS:  # there is no journal, into which they would speak
            (folder / f"system/{unit}.d").mkdir()
            (folder / f"system/{unit}.d/said.conf").write_text(
                f"[Service]\nStandardOutput=append:{folder}/said\nStandardError=append:{folder}/said\n"
            )
        known = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
        (folder / "passwd").write_text(f"{known[0]}{USER}:x:{UID}:{UID}::{folder}:/usr/sbin/nologin\n")
        groups = "".join(f"{name}:x:{UID + at}:\n" for at, name in enumerate((USER, "i2c", "gpio")))
        (folder / "group").write_text(known[1] + groups)
        program = folder / "plumbline"
        program.write_text(
            f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -B -m tests.systemd.plumbline "$@"\n'
        )
        program.chmod(0o755)
        for name in ("data", "broker"):
            (folder / name).mkdir()
        lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", *common_settings(folder / "broker")]
        (folder / "broker/mosquitto.conf").write_text("\n".join(lines) + "\n")
        (folder / "plumbline.toml").write_text(
            f'[device]\nname = "worn"\ndata = "{folder / "data"}"\n[mqtt]\nport = {port}\n'
            f"[dashboard]\nport = {page}\n"
        )
        for path in (folder / "data", folder / "broker", folder / "broker/mosquitto.conf"):
            shutil.chown(path, UID, UID)
        self.place = Place(
            USER, program, folder / "plumbline.toml", folder / "data",
            Path(find_mosquitto() or "/usr/sbin/mosquitto"), folder / "broker",
        )  # fmt: skip
        self._first = 0

    def __enter__(self) -> Machine:
        interpreter, closed = _interpreter_in_a_closed_home()
        (self.folder / "boot").write_text(_BOOT)
        self._process = subprocess.Popen(
            ["unshare", "--pid", "--mount", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child",
             "bash", str(self.folder / "boot"), str(self.folder), interpreter, closed],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 60.0
        while True:
            with contextlib.suppress(OSError, subprocess.SubprocessError, IndexError):
                children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
                self._first = int(children.split()[0])
                self.systemctl("is-active", "plumbline-test.target")
                return self
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.__exit__()
                raise TimeoutError("systemd did not boot")
            time.sleep(0.2)

    def within(self, *command: str) -> str:
        """Run a command there; what it said."""
        enter = ["nsenter", "-t", str(self._first), "-a"]
        done = subprocess.run([*enter, *command], capture_output=True, text=True, check=True, timeout=60.0)
        return done.stdout.strip()

    def systemctl(self, *arguments: str) -> str:
        return self.within("systemctl", *arguments)

    def shown(self, unit: str, what: str) -> str:
        """A property of a unit."""
        return self.systemctl("show", "--value", f"--property={what}", unit)

    def signal(self, unit: str, number: signal.Signals) -> None:
        """Send a signal to a unit's main process."""
        self.within("kill", f"-{number.value}", self.shown(unit, "MainPID"))

    def __exit__(self, *_: object) -> None:
        if self._first:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._first, signal.SIGKILL)  # and with it everything in its namespace
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _interpreter_in_a_closed_home() -> tuple[str, str]:
    """(the interpreter's own folder, the folder above it that others may not enter), or two empty words."""
    at = Path(sys.executable).resolve()
    closed = next((folder for folder in at.parents if not folder.stat().st_mode & 0o001), None)
    return (str(at.parent.parent), str(closed)) if closed is not None else ("", "")
