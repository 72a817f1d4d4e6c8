"""A queue that serves senders in turn: one that brings a day at once holds up nobody who brings a minute.

Two rounds, as in RFC 8290 (FlowQueue, section 4.2): who has nothing in it yet is served before those
whose things wait already, once; who keeps on bringing joins the others. So a minute of now passes by
two thousand who returned, and these are still served: whoever was first once waits among them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Holds each sender's items in their order, and takes one of each sender in turn."""

    def __init__(self) -> None:
        self._of: dict[Hashable, deque[T]] = {}
        self._new: deque[Hashable] = deque()
        self._old: deque[Hashable] = deque()
        self._count = 0
        self._changed = threading.Condition()
        self._closed = False

    def put(self, sender: Hashable, item: T) -> None:
        """Add an item; from any thread."""
        self.put_all(((sender, item),))

    def put_all(self, items: Iterable[tuple[Hashable, T]]) -> None:
        """Add items with their senders; from any thread."""
        of = self._of
        with self._changed:
            before = self._count
            for sender, item in items:
                waiting = of.get(sender)
                if waiting is None:
                    of[sender] = deque((item,))
                    self._new.append(sender)
                else:
                    waiting.append(item)
                self._count += 1
            if not before and self._count:
                self._changed.notify()

    def close(self) -> None:
        """Let `take` wait no more; what is in is still taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self, most: int, wait_s: float | None = None) -> list[T]:
        """The next items.

        Args:
            most: how many at most.
            wait_s: how long to wait for the first one; None is for ever.

        Returns:
            Items, one of each sender before the second of any; none after the wait, or of a closed queue.
        """
        of, new, old = self._of, self._new, self._old
        with self._changed:
            self._changed.wait_for(lambda: bool(self._count) or self._closed, wait_s)
            taken: list[T] = []
            while self._count and len(taken) < most:
                sender = new.popleft() if new else old.popleft()
                waiting = of[sender]
                if waiting:
                    taken.append(waiting.popleft())
                    self._count -= 1
                    old.append(sender)  # even with nothing left: it was first once, and is not at once again
                else:
                    del of[sender]
            if not self._count:  # nobody waits, so nobody is behind anybody
                of.clear()
                old.clear()
            return taken

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._count
