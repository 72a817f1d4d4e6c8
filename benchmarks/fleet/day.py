"""A day of the fleet: live devices at half load, many that return at once, wearers who look at their pages.

Half load is half of what two workers were found to store. The time from publishing to a visible row is
that from the moment a message was handed to its socket to the commit of its row, which PostgreSQL
keeps (`track_commit_timestamp`): no polling is in it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from .device import Device, Template, connect_all, days
from .rig import Rig, stop, wait_for_rows
from .throughput import empty

LIVE = 1000
RETURNING = 2000
OFFLINE_MESSAGES = 20
"""Messages that each returning device has kept: a quarter of an hour offline."""


@dataclass(frozen=True, slots=True)
class Delays:
    """From publishing to a visible row, seconds; `lost` and `doubled` are messages."""

    name: str
    count: int
    p50_s: float
    p99_s: float
    worst_s: float
    lost: int
    doubled: int


def outage(rig: Rig, per_s: float, live_s: float, returning: int = RETURNING) -> list[Delays]:
    """Live devices at `per_s` messages a second together; in the middle of it the others return at once.

    With nobody `returning` it is half load alone.
    """
    with rig.connect() as connection:
        empty(connection)
        workers = [rig.worker(name) for name in ("0", "1")]
        calm, storm, returned, total = asyncio.run(_outage(rig, per_s, live_s, returning))
        wait_for_rows(connection, total, 600)
        stop(*workers)
        committed: dict[tuple[str, str, int], list[float]] = {}
        rows = connection.execute(
            "SELECT d.name, m.session, m.seq, extract(epoch FROM pg_xact_commit_timestamp(m.x)) FROM"
            " (SELECT device_id, session, seq, xmin AS x FROM minutes UNION ALL"
            " SELECT device_id, session, seq, xmin FROM events) m JOIN devices d USING (device_id)"
        )
        for name, session, seq, at_s in rows:
            key = (str(name), str(session), int(str(seq)))
            committed.setdefault(key, []).append(float(str(at_s)))
    if not returning:
        return [_delays("live, alone", calm | storm, committed)]
    return [
        _delays("live, before", calm, committed),
        _delays("live, while 2000 return", storm, committed),
        _delays("of the returning", returned, committed),
    ]


Sent = dict[tuple[str, str, int], float]


async def _outage(rig: Rig, per_s: float, live_s: float, returning: int) -> tuple[Sent, Sent, Sent, int]:
    story = [message for day in days(3) for message in day]
    live = [Device(f"live-{number}", rig.broker.port) for number in range(LIVE)]
    away = [Device(f"away-{number}", rig.broker.port) for number in range(returning)]
    await connect_all(live)
    began_s = time.time()
    stepping = asyncio.create_task(_live(live, story, per_s, 2 * live_s))
    await asyncio.sleep(live_s)
    storm_s = time.time()
    for device in away:
        device.tell(story[:OFFLINE_MESSAGES])
    await connect_all(away, at_once=RETURNING)
    await asyncio.gather(*(device.delivered() for device in away))
    await stepping
    await asyncio.gather(*(device.delivered() for device in live))
    sent = {(device.name, *key): at_s for device in (*live, *away) for key, at_s in device.sent_at_s.items()}
    for device in (*live, *away):
        device.disconnect()
    of_live = {key: at_s for key, at_s in sent.items() if key[0].startswith("live")}
    calm = {key: at_s for key, at_s in of_live.items() if began_s <= at_s < storm_s}
    storm = {key: at_s for key, at_s in of_live.items() if at_s >= storm_s}
    return calm, storm, {key: at_s for key, at_s in sent.items() if key not in of_live}, len(sent)


async def _live(devices: Sequence[Device], story: Sequence[Template], per_s: float, for_s: float) -> None:
    """Each device in turn sends its next message, at a steady pace."""
    began_s = time.monotonic()
    count = 0
    while (passed_s := time.monotonic() - began_s) < for_s:
        while count < passed_s * per_s:
            devices[count % len(devices)].tell([story[count // len(devices)]])
            count += 1
        await asyncio.sleep(0.01)


def _delays(name: str, sent: Sent, committed: dict[tuple[str, str, int], list[float]]) -> Delays:
    found = sorted(min(committed[key]) - at_s for key, at_s in sent.items() if key in committed)
    doubled = sum(len(committed.get(key, ())) > 1 for key in sent)
    if not found:
        return Delays(name, 0, 0.0, 0.0, 0.0, len(sent), 0)
    p50_s, p99_s = (found[min(len(found) - 1, int(share * len(found)))] for share in (0.5, 0.99))
    return Delays(name, len(found), p50_s, p99_s, found[-1], len(sent) - len(found), doubled)
