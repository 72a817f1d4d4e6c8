"""What the machine is doing meanwhile: how busy its cores are, and with whom."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cores:
    """Processor time of the whole machine so far, seconds."""

    busy_s: float
    idle_s: float

    def share_since(self, before: Cores) -> float:
        """The busy part of all cores' time since then, 0–1."""
        busy, idle = self.busy_s - before.busy_s, self.idle_s - before.idle_s
        return busy / (busy + idle)


def cores() -> Cores:
    """By `/proc/stat`; waiting for a disk is idle."""
    fields = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = fields[3] + fields[4]
    tick = os.sysconf("SC_CLK_TCK")
    return Cores((sum(fields) - idle) / tick, idle / tick)


def waiting_s(pid: int) -> tuple[float, float]:
    """How long a process's threads have run so far, and how long they waited for a core, seconds."""
    ran = waited = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # a thread that has ended meanwhile
            first, second, _ = (task / "schedstat").read_text().split()
            ran, waited = ran + int(first), waited + int(second)
    return ran / 1e9, waited / 1e9


def weigh(pid: int, nice: int) -> None:
    """Give a process and its session the share of the cores that `nice` stands for.

    As a unit's `CPUWeight=` does, among whole services: where the kernel schedules sessions as groups
    (sched(7), autogroups), a nice value alone counts among the processes of one session only.
    """
    os.setpriority(os.PRIO_PROCESS, pid, nice)
    with suppress(OSError):  # a kernel without autogroups goes by the nice value of the process
        Path(f"/proc/{pid}/autogroup").write_text(str(nice))
