"""What is to be told to which service, carried out by a process that is given so long and no longer.

A process, because a thread that hangs in somebody else's network code cannot be ended; and because what
speaks to the services costs some 40 MB, which a small computer has back when it is over. Addresses go to it
through a pipe: arguments and the environment can be read by others.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import IO, Final, cast

import msgspec

LIMIT_S: Final = 15.0
"""For one attempt, counted from when the process is ready for it."""

MARGIN_S: Final = 30.0
"""For its start beyond that; then the process itself is ended, which may hang before it looks at a clock."""


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
) -> Iterator[Outcome]:
    """Tell these services, all at once; ends within `limit_s`, and what a process takes to start.

    Args:
        jobs: what is to be told to whom.
        limit_s: how long an attempt may take.
        within: networks of this dashboard's own that may be reached, besides the world outside (`reach.py`);
            None for no limit at all.

    Yields:
        One outcome a job, each as soon as it is known: whoever hangs delays no other's.

    Raises:
        OSError: no process could be started.
    """
    errand = msgspec.json.encode(Errand(list(jobs), limit_s, None if within is None else list(within)))
    waiting = [job.id for job in jobs]
    with subprocess.Popen(
        [sys.executable, "-m", "dashboard.phone.send"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a library's words may hold a secret
    ) as process:
        to, back = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        end = threading.Timer(limit_s + MARGIN_S, process.kill)
        end.start()
        try:
            with contextlib.suppress(BrokenPipeError), to:  # it may have ended already
                to.write(errand)
            for line in back:
                outcome = _outcome(line)
                if outcome is not None and outcome.id in waiting:
                    waiting.remove(outcome.id)
                    yield outcome
        finally:
            end.cancel()
            process.kill()  # it has ended, or nobody wants to know any more
    for job_id in waiting:
        yield Outcome(job_id, Fault.SILENT)


def _outcome(line: bytes) -> Outcome | None:
    with contextlib.suppress(msgspec.MsgspecError):  # cut off when the process was ended
        return msgspec.json.decode(line, type=Outcome)
    return None
