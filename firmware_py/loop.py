"""The one loop of the product: blocks in, events out, the wearer's wishes in between."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from .posture.blocks import TrunkBlock
from .posture.events import Command, Event
from .posture.monitor import Monitor

log = logging.getLogger(__name__)

Listener = Callable[[Event], None]


class Keep(Protocol):
    """Whatever keeps what the core was given: a recorder, or nothing."""

    def block(self, block: TrunkBlock) -> None:
        """Keep a block before it is judged."""

    def command(self, command: Command) -> None:
        """Keep a command before it is obeyed."""


def drive(
    source: Iterable[TrunkBlock],
    monitor: Monitor,
    listeners: Sequence[Listener],
    commands: Callable[[], Sequence[Command]] = tuple,
    keep: Keep | None = None,
) -> None:
    """Run the one loop of the product until the source ends: blocks in, events out.

    Args:
        source: blocks, paced by whoever makes them.
        monitor: the core; it is finished (session closed) when the source ends, whatever ended it.
        listeners: each gets every event. One that raises is logged, and the others still hear it.
        commands: asked at the start and after each block for what the wearer wants; dated here to the next
            tick, so that a replay obeys them at the same one.
        keep: gets every block and dated command before the core does.
    """

    def tell(events: Iterable[Event]) -> None:
        for event in events:
            for listen in listeners:
                try:
                    listen(event)
                except Exception:  # one listener must not cost the others
                    log.exception("a listener failed on %s", type(event).__name__)

    def obey() -> None:
        for command in commands():
            dated = dataclasses.replace(command, t_s=max(command.t_s, monitor.next_s))
            if keep is not None:
                keep.command(dated)
            tell(monitor.tell(dated))

    try:
        obey()
        for block in source:
            if keep is not None:
                keep.block(block)
            tell(monitor.feed(block))
            obey()
    finally:
        tell(monitor.finish())
