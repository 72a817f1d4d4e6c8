"""Places that only root can make: a network behind one cable, a disk of a few hundred kilobytes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from types import TracebackType


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


class Cable:
    """A network namespace, joined to ours by one pair of virtual cards.

    Attributes:
        near: our end's address.
        within: the command that runs another one at the far end.
    """

    def __init__(self) -> None:
        name = token_hex(3)
        self._space, self._near_card, self._far_card = f"plumb{name}", f"pn{name}", f"pf{name}"
        # A network of two for each cable, out of the block that is kept for tests (RFC 2544).
        place = os.getpid() % 16_000 * 4
        network = f"198.18.{place // 256}.{{}}"
        self.near, self._far = network.format(place % 256 + 1), network.format(place % 256 + 2)
        self.within = ["ip", "netns", "exec", self._space]

    def __enter__(self) -> Cable:
        run("ip", "netns", "add", self._space)
        far = ["-n", self._space]
        run(
            "ip", "link", "add", self._near_card, "type", "veth", "peer", self._far_card, "netns", self._space
        )
        run("ip", "address", "add", f"{self.near}/30", "dev", self._near_card)
        run("ip", *far, "address", "add", f"{self._far}/30", "dev", self._far_card)
        run("ip", *far, "link", "set", "lo", "up")
        run("ip", *far, "link", "set", self._far_card, "up")
        self.plug()
        return self

    def pull(self) -> None:
        """From now on no packet passes."""
        run("ip", "link", "set", self._near_card, "down")

    def plug(self) -> None:
        """They pass again."""
        run("ip", "link", "set", self._near_card, "up")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run("ip", "netns", "del", self._space)


@dataclass
class Disk:
    """A file system in memory, of a size that can grow."""

    folder: Path
    kilobytes: int

    def grow(self, kilobytes: int) -> None:
        """Make room."""
        self.kilobytes += kilobytes
        run("mount", "-o", f"remount,size={self.kilobytes}k", str(self.folder))


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Disk]:
    """Mount one; whoever still has a file open there must be gone at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "plumbline", str(folder))
    try:
        yield Disk(folder, kilobytes)
    finally:
        for _ in range(100):
            if subprocess.run(["umount", str(folder)], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.1)
        else:
            run("umount", "-l", str(folder))
