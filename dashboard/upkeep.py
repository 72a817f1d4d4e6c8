"""What the store needs now and then: parts for the months to come, and to let go of what is old."""

from __future__ import annotations

from sqlalchemy import text

from .partitions import make_parts, months_ahead
from .recurring import Recurring
from .retention import Retention, let_go
from .store import Store

EVERY_S = 3600.0

KEEPING_UP = 0x9DB_0004
"""Number of the advisory lock that one process at a time holds for it."""


def upkeep(store: Store, retention: Retention) -> Recurring:
    """The thread that does it at once and every hour; of several processes one at a time.

    Args:
        store: of its owner.
        retention: how long each kind of data is kept.
    """
    return Recurring(lambda: keep_up(store, retention), EVERY_S, "upkeep")


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
