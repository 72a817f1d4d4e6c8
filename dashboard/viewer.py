"""One open page, as the hub sees it: what it may be told, and what waits to be sent to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

PULSE_S = 2.0
"""A silent connection says so this often: a page that hears nothing for longer has lost it."""

MAX_PENDING = 200
"""News kept for a slow viewer; older ones are dropped, the page reads its day from the store."""


@dataclass(eq=False)
class Viewer:
    """One open page.

    Attributes:
        sees: whether a device of this name is the viewer's own.
        names: the devices that are; what a process hears of that does not hear of all.
        news: what to send, in order.
        latest: the latest reading of each device that was not sent yet.
    """

    sees: Callable[[str], bool]
    names: Collection[str] = ()
    news: deque[bytes] = field(default_factory=lambda: deque(maxlen=MAX_PENDING))
    latest: dict[str, bytes] = field(default_factory=dict)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, news: bytes) -> None:
        """Let something be sent, after what waits already."""
        self.news.append(news)
        self.waiting.set()

    def show(self, device: str, reading: bytes) -> None:
        """Let a reading be sent, in place of one of the same device that still waits."""
        self.latest[device] = reading
        self.waiting.set()

    async def next(self) -> list[bytes]:
        """What there is to send; after `PULSE_S` of silence a pulse."""
        try:
            async with asyncio.timeout(PULSE_S):
                await self.waiting.wait()
        except TimeoutError:
            return [b'{"type":"pulse"}']
        self.waiting.clear()
        told = [*self.news, *self.latest.values()]
        self.news.clear()
        self.latest.clear()
        return told
