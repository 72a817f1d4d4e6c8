"""Keeps the sums in step with what is stored, beside the storing: nobody's minute waits for a sum.

A sum of a stretch that still fills up is made anew again and again. So sums get a share of the time and
no more: the more is to be summed, the longer is the rest after it, and the more minutes of one quarter
of an hour have gathered when it is their turn. What a process leaves undone another one finds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

EVERY_S = 0.5
"""How long sums lag behind the minutes they are made of, where little is to be done."""

REST = 4.0
"""How much longer than the summing the rest after it is: sums take a fifth of one core at most."""


class Summing:
    """A thread that brings the sums up to date when something was stored.

    Args:
        settle: does it; False where another process is at it.
    """

    def __init__(self, settle: Callable[[], bool]) -> None:
        self._settle = settle
        self._due = threading.Event()
        self._due.set()  # whoever wrote last may have died before the sums were made
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="summing", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def look(self) -> None:
        """Something was stored; from any thread."""
        self._due.set()

    def stop(self) -> None:
        """Sum what is left, and end."""
        self._stopping.set()
        self._due.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._due.wait()
            self._due.clear()
            took_s = self._sum()
            self._stopping.wait(max(EVERY_S, REST * took_s))
        self._sum()

    def _sum(self) -> float:
        """Do it once; how long it took, seconds."""
        began_s = time.monotonic()
        try:
            if not self._settle():
                self._due.set()
        except DBAPIError as error:
            log.error("the sums could not be brought up to date, trying again: %s", error.orig)
            self._due.set()
        except Exception:  # a thread that ends here would leave every later day without its sums
            log.exception("the sums could not be brought up to date, trying again")
            self._due.set()
        return time.monotonic() - began_s
