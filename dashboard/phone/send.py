"""`python -m dashboard.phone.send`: reads an errand from standard input, writes one outcome a line.

The only file that imports Apprise; it runs in a process of its own (`jobs.py`), once for each attempt.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import threading
import time

import msgspec

from .jobs import Errand, Fault, Job, Outcome
from .reach import Confinement

LOCAL = frozenset({"dbus", "qt", "glib", "kde", "gnome", "macosx", "windows", "syslog"})
"""What would write to the machine that the dashboard runs on, not to a phone."""

_STATUS = re.compile(r"error=(\d{3})\b")


class _Heard(logging.Handler):
    """Keeps the HTTP status that Apprise tells nobody but its log, by the thread that met it."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: dict[int, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        found = _STATUS.search(record.getMessage())
        if found and record.thread is not None:
            self.statuses[record.thread] = int(found[1])


def _told(job: Job, heard: _Heard, confinement: Confinement | None) -> Outcome:
    try:
        import apprise
    except ModuleNotFoundError:
        return Outcome(job.id, Fault.MISSING)
    if job.url.partition("://")[0].strip().lower() in LOCAL:
        return Outcome(job.id, Fault.LOCAL)
    asset = apprise.AppriseAsset(app_id="Plumbline", app_desc="Plumbline", secure_logging=True)
    service = apprise.Apprise.instantiate(job.url, asset=asset, suppress_exceptions=True)
    if service is None:
        return Outcome(job.id, Fault.UNKNOWN)
    kind = str(service.service_name)
    if not job.body:
        return Outcome(job.id, Fault.NONE, service=kind)
    try:
        sent = service.notify(body=job.body, title=job.title)
    except Exception:  # noqa: BLE001 - of a hundred services' code any may fail in any way
        sent = False
    status = heard.statuses.get(threading.get_ident())
    if sent:
        return Outcome(job.id, Fault.NONE, service=kind)
    if confinement is not None and confinement.was_met():
        return Outcome(job.id, Fault.INSIDE, service=kind)  # and no status: what answers there is not told
    return Outcome(job.id, Fault.UNREACHED if status is None else Fault.REFUSED, status, kind)


def main() -> None:
    """Carry out the errand, every job in a thread of its own, and end when its time is over."""
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=Errand)
    confinement = None if errand.within is None else Confinement(errand.within)
    heard = _Heard()
    log = logging.getLogger("apprise")
    log.setLevel(logging.WARNING)
    log.propagate = False
    log.addHandler(heard)
    saying = threading.Lock()
    with contextlib.suppress(ModuleNotFoundError):
        import apprise  # noqa: F401 - seconds on a small computer, for which no service is to answer
    end_s = time.monotonic() + errand.limit_s

    def carry(job: Job) -> None:
        outcome = _told(job, heard, confinement)
        with saying:
            sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
            sys.stdout.buffer.flush()

    threads = [threading.Thread(target=carry, args=(job,), daemon=True) for job in errand.jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end_s - time.monotonic()))
    with saying:  # no outcome is cut off in the middle
        os._exit(0)  # and no thread that hangs is waited for


if __name__ == "__main__":
    main()
