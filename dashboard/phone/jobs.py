"""What is to be told to which service, carried out by a process that is given so long and no longer.

A process, because a thread that hangs in somebody else's network code cannot be ended; and because what
speaks to the services costs some 40 MB, which a small computer has back when it is over. Addresses go to it
through a pipe: arguments and the environment can be read by others.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

LIMIT_S: Final = 15.0
"""For one attempt, from the process's start to its end."""

MARGIN_S: Final = 5.0
"""Beyond `LIMIT_S`, after which the process itself is ended: it may hang before it looks at a clock."""


class Job(msgspec.Struct, frozen=True):
    """One message to one service; without a body the service is only looked at, nothing is sent.

    Attributes:
        id: chosen by the caller, and said again in the outcome.
        url: Apprise's address of the service.
    """

    id: str
    url: str
    title: str = ""
    body: str = ""

    def __repr__(self) -> str:
        """Everything but the secret and the message."""
        return f"Job({self.id!r})"


class Errand(msgspec.Struct, frozen=True):
    """What the process is handed."""

    jobs: list[Job]
    limit_s: float
    within: list[str] | None = None


class Fault(StrEnum):
    """Why a message was not taken."""

    NONE = "none"
    UNKNOWN = "unknown"
    LOCAL = "local"
    INSIDE = "inside"
    REFUSED = "refused"
    UNREACHED = "unreached"
    SILENT = "silent"
    MISSING = "missing"


class Outcome(msgspec.Struct, frozen=True):
    """What became of a job.

    Attributes:
        id: of the job.
        fault: `NONE` where the service took it (or, without a body, where it is one that Apprise knows).
        status: what the service answered over HTTP, where it did.
        service: what Apprise calls the service.
    """

    id: str
    fault: Fault
    status: int | None = None
    service: str = ""


def carry_out(
    jobs: Sequence[Job], limit_s: float = LIMIT_S, within: Sequence[str] | None = None
) -> list[Outcome]:
    """Tell these services, all at once; returns within `limit_s` and a little, one outcome a job.

    Args:
        jobs: what is to be told to whom.
        limit_s: how long an attempt may take.
        within: networks of this dashboard's own that may be reached, besides the world outside (`reach.py`);
            None for no limit at all.

    Raises:
        OSError: no process could be started.
    """
    errand = msgspec.json.encode(Errand(list(jobs), limit_s, None if within is None else list(within)))
    with subprocess.Popen(
        [sys.executable, "-m", "dashboard.phone.send"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a library's words may hold a secret
    ) as process:
        try:
            said, _ = process.communicate(errand, limit_s + MARGIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
    outcomes = {job.id: Outcome(job.id, Fault.SILENT) for job in jobs}
    for line in said.splitlines():
        try:
            outcome = msgspec.json.decode(line, type=Outcome)
        except msgspec.MsgspecError:
            continue  # cut off when the process was ended
        if outcome.id in outcomes:
            outcomes[outcome.id] = outcome
    return [outcomes[job.id] for job in jobs]
