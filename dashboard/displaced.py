"""Runs that were taken for the present wearer's because no clock told when they were.

A device is handed on; then a run comes without an anchor, and what cannot be dated goes to whoever has
the device now. When the anchor comes after all and the run, or its beginning, turns out to be older
than the handing on, its rows are taken out and stored anew, as if the anchor had come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, null, select

from firmware_py.posture.messages import Anchor, Channel, Message, decode, topic
from firmware_py.posture.minute_wire import Minute, TallyOnWire

from .bulk import among
from .tables import devices, episodes, events, minutes, runs, sessions

_SESSION_KINDS = ("session_started", "session_ended")
_tally = msgspec.json.Decoder(TallyOnWire).decode


def take_out(connection: Connection, messages: Sequence[Message | Minute]) -> list[Message | Minute]:
    """Take out the rows of runs that these messages anchor before their device was handed on.

    Args:
        connection: a transaction that writes; the runs are held until its end.
        messages: of any kind.

    Returns:
        What the rows were made of, to be introduced and written again together with the anchors.
    """
    anchors = [
        (message.device, message.run, message.body)
        for message in messages
        if isinstance(message, Message) and isinstance(message.body, Anchor)
    ]
    names = sorted({device for device, _, _ in anchors})
    taken: list[Message | Minute] = []
    if names:
        handed_on = devices.c.released_utc_ms.is_not(null()) & among(connection, devices.c.name, names)
        moved = set(connection.scalars(select(devices.c.name).where(handed_on)))
        for device, run, said in anchors:
            if device in moved:  # few ever are
                for row in _undated(connection, device, run, round(said.utc_s * 1000)):
                    taken += _take_out(connection, device, row)
    return taken


def _undated(connection: Connection, name: str, run: str, t0_utc_ms: int) -> Sequence[Any]:
    """The run as the present wearer's, if it has no clock and another had the device when it began."""
    d = devices.c
    former = select(d.device_id).where(d.name == name, d.released_utc_ms > t0_utc_ms)
    return connection.execute(
        select(runs)
        .join(devices, d.device_id == runs.c.device_id)
        .where(d.name == name, d.released_utc_ms.is_(null()), former.exists())
        .where(runs.c.run == run, runs.c.t0_utc_ms.is_(null()))
        .with_for_update(of=runs)
    ).all()


def _take_out(connection: Connection, name: str, run: Any) -> list[Message | Minute]:
    def of_run(table: Table) -> Any:
        return (table.c.device_id == run.device_id) & (table.c.run == run.run)

    taken: list[Message | Minute] = [
        Minute(name, run.run, row.session, row.seq, run.simulated, row.start_s, row.end_s, _tally(row.tally))
        for row in connection.execute(select(minutes).where(of_run(minutes)))
    ]
    for row in connection.execute(select(events).where(of_run(events))):
        channel = Channel.SESSION if row.kind in _SESSION_KINDS else Channel.EVENT
        taken.append(decode(topic(name, channel), row.payload.encode()))
    for table in (episodes, sessions, events, minutes, runs):
        connection.execute(delete(table).where(of_run(table)))
    return taken
