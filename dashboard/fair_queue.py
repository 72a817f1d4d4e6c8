"""A queue that serves senders in turn: one that brings a day at once holds up nobody who brings a minute."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Holds each sender's items in their order, and takes one of each sender in turn."""

    def __init__(self) -> None:
        self._of: dict[Hashable, deque[T]] = {}
        self._turns: deque[Hashable] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, sender: Hashable, item: T) -> None:
        """Add an item; from any thread."""
        with self._changed:
            waiting = self._of.get(sender)
            if waiting is None:
                self._of[sender] = deque((item,))
                self._turns.append(sender)
                self._changed.notify()
            else:
                waiting.append(item)

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
        with self._changed:
            self._changed.wait_for(lambda: bool(self._turns) or self._closed, wait_s)
            taken: list[T] = []
            while self._turns and len(taken) < most:
                sender = self._turns.popleft()
                waiting = self._of[sender]
                taken.append(waiting.popleft())
                if waiting:
                    self._turns.append(sender)
                else:
                    del self._of[sender]
            return taken

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._turns
