"""A thread that does something now and then, and goes on doing so whatever becomes of one time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)


class Recurring:
    """Does something at once and again and again, in a thread of its own.

    Args:
        what: is done; what it raises is logged, and it is done again all the same.
        every_s: the rest after each time, seconds.
        name: of the thread, and in the log.
    """

    def __init__(self, what: Callable[[], object], every_s: float, name: str) -> None:
        self._what = what
        self._every_s = every_s
        self._name = name
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is finished first."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._what()
            except DBAPIError as error:  # a database that is away is told in one line
                log.error("%s failed, trying again in %g s: %s", self._name, self._every_s, error.orig)
            except Exception:  # nor may anything else end it for good, such as a pool without a connection
                log.exception("%s failed, trying again in %g s", self._name, self._every_s)
            if self._stopping.wait(self._every_s):
                return
