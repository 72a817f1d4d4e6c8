"""What the store needs now and then: parts for the months to come, and to let go of what is old."""

from __future__ import annotations

import logging
import threading

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from .partitions import make_parts, months_ahead
from .retention import Retention, let_go
from .store import Store

log = logging.getLogger(__name__)

EVERY_S = 3600.0

KEEPING_UP = 0x9DB_0004
"""Number of the advisory lock that one process at a time holds for it."""


class Upkeep:
    """Does it at once and every hour, in a thread of its own; of several processes one at a time.

    Args:
        store: of its owner.
        retention: how long each kind of data is kept.
    """

    def __init__(self, store: Store, retention: Retention) -> None:
        self._store = store
        self._retention = retention
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is finished."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                keep_up(self._store, self._retention)
            except DBAPIError as error:
                log.error("the store's upkeep failed, trying again in an hour: %s", error.orig)
            if self._stopping.wait(EVERY_S):
                return


def keep_up(store: Store, retention: Retention) -> bool:
    """Do it once.

    Returns:
        Whether it was done; False where another process is at it.
    """
    if store.is_sqlite:
        let_go(store, retention)
        return True
    with store.engine.begin() as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": KEEPING_UP}):
            return False
        # A part is made in a transaction of its own: it shuts writers out for as long as it is open.
        with store.engine.begin() as making:
            make_parts(making, months_ahead())
        let_go(store, retention)
    return True
