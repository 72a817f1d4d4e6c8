"""A load beside what is measured, and whether it was borne: rates reached, the cores' time, by part."""

from __future__ import annotations

import multiprocessing
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .crowd import crowd
from .load import cores
from .rig import Rig

SETTLES_S = 15.0
"""From the load's beginning to the measurement: a thousand runs begin in it."""

CROWD_NICE = 10
"""The devices' own work is done on other machines; the rate that is reached says whether it was done."""


@dataclass
class Load:
    """What went on meanwhile.

    Attributes:
        lasted_s: how long it was looked at, seconds.
        published_per_s: messages that the broker took from the devices.
        stored_per_s: minutes and events that were inserted.
        busy: part of the cores' time, 0-1.
        of_a_core: processor time of each part per second.
    """

    lasted_s: float = 0.0
    published_per_s: float = 0.0
    stored_per_s: float = 0.0
    busy: float = 0.0
    of_a_core: dict[str, float] = field(default_factory=dict)

    def said(self) -> str:
        """As lines to print."""
        parts = ", ".join(f"{name} {share:.0%}" for name, share in self.of_a_core.items())
        return (
            f"reached over {self.lasted_s:.0f} s: {self.published_per_s:.0f} messages/s published,"
            f" {self.stored_per_s:.0f} rows/s stored\n"
            f"all cores busy for {self.busy:.0%} of the time, idle for {1 - self.busy:.0%};"
            f" of one core: {parts}"
        )


@contextmanager
def under_load(
    rig: Rig, per_s: float, web: subprocess.Popen[str], *workers: subprocess.Popen[str]
) -> Iterator[Load]:
    """Have `per_s` messages a second sent while something else is measured; filled in at the end."""
    acknowledged = multiprocessing.Value("q", 0)
    sending = multiprocessing.Process(
        target=crowd, args=(rig.broker.port, per_s, acknowledged, CROWD_NICE), daemon=True
    )
    sending.start()
    assert sending.pid is not None
    while not acknowledged.value:
        if not sending.is_alive():
            raise RuntimeError("the simulated devices could not be started")
        time.sleep(0.1)
    time.sleep(SETTLES_S)
    load = Load()
    began_s, before = time.monotonic(), cores()
    taken, stored, spent = acknowledged.value, _stored(rig), rig.shares(web, sending.pid, *workers)
    try:
        yield load
        load.lasted_s = time.monotonic() - began_s
        load.published_per_s = (acknowledged.value - taken) / load.lasted_s
        load.stored_per_s = (_stored(rig) - stored) / load.lasted_s
        load.busy = cores().share_since(before)
        now = rig.shares(web, sending.pid, *workers)
        load.of_a_core = {name: (now[name] - spent[name]) / load.lasted_s for name in now}
    finally:
        sending.terminate()
        sending.join()


def _stored(rig: Rig) -> int:
    """Minutes and events so far, without the walk along them that a count would be."""
    with rig.connect() as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        row = connection.execute(
            "SELECT sum(n_tup_ins) FROM pg_stat_user_tables WHERE schemaname = 'months'"
        ).fetchone()
    return int(str(row[0])) if row else 0
