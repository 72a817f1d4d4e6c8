"""Composition root of a replay: a file in, messages out, as if it were live."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from . import __version__
from .app import mqtt_settings, stop_on_signals
from .config import Config
from .errors import LinkError
from .inputs import NeutralTaker, open_input, read_profile
from .links.outbox import Outbox
from .links.publisher import Publisher
from .offline import judge
from .posture.blocks import TrunkBlock, rechunk
from .posture.events import Command
from .posture.messages import Anchor, Encoder

ANSWER_S = 8.0
"""A broker that is there answers in far less."""

DELIVERY_S = 15.0
"""A broker that takes messages takes one in far less."""


def replay(
    config: Config,
    path: Path,
    profile: Path | None,
    neutral_from_s: float | None,
    taker: NeutralTaker,
    speed: float,
) -> int:
    """Judge a file and send what happens to the broker, as if it were live.

    A recording keeps its run's name and its place on the wall clock, so a second replay changes nothing in
    the store; a table is named after its file and dated to now.

    Args:
        config: where the broker is, and the device's name.
        path: recording or table.
        profile: file of the profile to judge from, if another than the recording's.
        neutral_from_s: take the neutral from so many first seconds.
        taker: how a neutral is taken.
        speed: times real time; 0 is as fast as it goes.

    Raises:
        LinkError: where no broker answers, or it goes away and stays away; nothing is kept for later.
    """
    source = open_input(path, read_profile(profile) if profile else None, neutral_from_s, taker)
    settings = mqtt_settings(config)
    stopped = stop_on_signals()
    with tempfile.TemporaryDirectory(prefix="plumbline-replay-") as folder:
        encoder = Encoder(config.device.name, source.run, simulated=source.simulated)
        publisher = Publisher(settings, encoder, Outbox(Path(folder) / "outbox.sqlite3"), version=__version__)
        publisher.start()
        try:
            _until(lambda: publisher.connected or stopped(), ANSWER_S)
            if not publisher.connected:
                raise LinkError(
                    f"no broker answers at {settings.host}:{settings.port}; is one running "
                    "(plumbline demo, or the mosquitto service)?"
                )
            utc_s = source.utc_s if source.utc_s is not None else time.time()
            publisher.anchor(Anchor(0.0, utc_s, trusted=source.utc_s is not None))
            for event in judge(replace(source, items=_paced(source.items, speed, stopped)), config.rules()):
                publisher(event)
            _until(lambda: publisher.waiting() == 0, DELIVERY_S, lambda: publisher.waiting())
            left = publisher.waiting()
        finally:
            publisher.stop()
    if left:
        raise LinkError(f"{left} messages were not taken by the broker at {settings.host}:{settings.port}")
    for words in source.damage:
        sys.stderr.write(f"note: {words}\n")
    return 0


def _paced(
    items: Iterable[TrunkBlock | Command | Anchor], speed: float, stopped: Callable[[], bool]
) -> Iterator[TrunkBlock | Command | Anchor]:
    """The same items, each block when it would have come; cut to tenths of a second where there is a pace."""
    began = time.monotonic()
    first_s: float | None = None
    for item in items:
        if not isinstance(item, TrunkBlock):
            yield item
            continue
        for block in rechunk([item], 10) if speed > 0 else [item]:
            if stopped():
                return
            if speed > 0:
                first_s = block.until_s if first_s is None else first_s
                time.sleep(max(0.0, began + (block.until_s - first_s) / speed - time.monotonic()))
            yield block


def _until(
    reached: Callable[[], bool], within_s: float, progress: Callable[[], object] = lambda: None
) -> None:
    """Wait until something is so; `within_s` counts anew whenever `progress` changes."""
    seen = progress()
    end_s = time.monotonic() + within_s
    while not reached() and time.monotonic() < end_s:
        time.sleep(0.02)
        if (now := progress()) != seen:
            seen = now
            end_s = time.monotonic() + within_s
