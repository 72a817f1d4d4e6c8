"""Who sent a message: devices and their runs, when a run was on the wall clock, who had the device then.

What is new about devices and runs is written in a short transaction of its own, before the rows that
depend on it. A writer of rows then holds their runs in common with other writers (`FOR SHARE`), while
an anchor has its run to itself: either the anchor finds a row and gives it its time, or the row finds
the anchor. Whichever worker got which message makes no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Double,
    FromClause,
    Integer,
    Select,
    Table,
    Text,
    bindparam,
    func,
    null,
    select,
    update,
)

from firmware_py.posture.messages import Anchor, Message, Status
from firmware_py.posture.minute_wire import Minute

from .bulk import AT_ONCE_ON_SQLITE, Values, among, given, insert_new, is_postgresql
from .rollup import Touched, note, quarter_of
from .rows import Run, month_of, time_of
from .tables import devices, episodes, events, minutes, runs, sessions, wearers

RunKey = tuple[str, str]
"""A device's name and a run's id, as a message has them."""

_SPAN = (("start_s", "start_utc_ms"), ("end_s", "end_utc_ms"))
_TIMES: dict[Table, tuple[tuple[str, str], ...]] = {
    sessions: _SPAN,
    minutes: _SPAN,
    episodes: _SPAN,
    events: (("t_s", "at_utc_ms"),),
}
"""Which run-time column each absolute time is made of."""


class Runs:
    """The runs that a batch speaks of, as far as they are known."""

    def __init__(self, found: Iterable[tuple[str, Run]]) -> None:
        self._by_key: dict[RunKey, list[Run]] = {}
        for name, run in found:
            self._by_key.setdefault((name, run.run), []).append(run)

    def of(self, device: str, run: str, t_s: float) -> Run | None:
        """The run, of whoever had the device at `t_s`; None where that is not written down yet."""
        # A former wearer keeps what happened while they had it, however late it is told.
        for found in self._by_key.get((device, run), ()):
            if found.has(t_s):
                return found
        return None


def held(connection: Connection, keys: set[RunKey]) -> Runs:
    """Look runs up and hold them until the end of the transaction, so that no anchor moves them meanwhile."""
    return _found(connection, _of(connection, keys).with_for_update(read=True, of=runs))


def _of(connection: Connection, keys: set[RunKey]) -> Select[Any]:
    names, ids = sorted({name for name, _ in keys}), sorted({run for _, run in keys})
    return (
        select(
            devices.c.name,
            devices.c.device_id,
            runs.c.wearer_id,
            runs.c.run,
            runs.c.t0_utc_ms,
            devices.c.released_utc_ms,
            runs.c.anchored_at_s,
            runs.c.trusted,
        )
        .join(runs, runs.c.device_id == devices.c.device_id)
        .where(among(connection, devices.c.name, names), among(connection, runs.c.run, ids))
        .order_by(runs.c.device_id, runs.c.run)
    )


def _found(connection: Connection, query: Select[Any]) -> Runs:
    return Runs((row[0], Run(*row[1:6])) for row in connection.execute(query))


def introduce(connection: Connection, messages: Sequence[Message | Minute], newcomers: int) -> None:
    """Write down what is new about devices and runs: they themselves, and their state.

    Args:
        connection: a transaction that writes, and that holds no rows of history yet.
        messages: of any kind.
        newcomers: the wearer whom a device is given to that nobody knows.
    """
    in_use = _devices_in_use(connection, messages, newcomers)
    _add_runs(connection, messages, _anchors(messages), in_use)
    _say_states(connection, messages, in_use)


def _anchors(messages: Sequence[Message | Minute]) -> dict[RunKey, Anchor]:
    """The latest anchor of each run."""
    anchors: dict[RunKey, Anchor] = {}
    for message in messages:
        if isinstance(message, Message) and isinstance(message.body, Anchor):
            key = (message.device, message.run)
            if key not in anchors or anchors[key].t_s < message.body.t_s:
                anchors[key] = message.body
    return anchors


def _devices_in_use(
    connection: Connection, messages: Sequence[Message | Minute], newcomers: int
) -> dict[str, Any]:
    first: dict[str, Message | Minute] = {}
    for message in messages:
        first.setdefault(message.device, message)

    def find() -> dict[str, Any]:
        query = select(devices.c.name, devices.c.device_id, devices.c.wearer_id).where(
            among(connection, devices.c.name, sorted(first)), devices.c.released_utc_ms.is_(null())
        )
        return {row.name: row for row in connection.execute(query)}

    found = find()
    unknown = sorted(first.keys() - found.keys())
    if unknown:
        insert_new(connection, wearers, [{"wearer_id": newcomers, "name": ""}])
        insert_new(
            connection,
            devices,
            [
                {"name": name, "label": name, "wearer_id": newcomers, "simulated": first[name].simulated}
                for name in unknown
            ],
        )
        found = find()
    return found


def _add_runs(
    connection: Connection,
    messages: Sequence[Message | Minute],
    anchors: dict[RunKey, Anchor],
    in_use: dict[str, Any],
) -> None:
    """A run is its device's as it is in use now, and of all who had that device since the run began."""
    former = _handed_on(connection, {message.device for message in messages})
    query = _of(connection, {(message.device, message.run) for message in messages})
    rows = connection.execute(query).all()
    # A run that went on while the device changed hands: its clock is the same for both.
    clocks = {(row.name, row.run): (row.t0_utc_ms, row.anchored_at_s, row.trusted) for row in rows}
    clocks |= {key: _clock(anchor) for key, anchor in anchors.items() if key not in clocks}
    there = {(row.device_id, row.run) for row in rows}
    known = {(row.name, row.run) for row in rows}
    new: dict[tuple[int, str], dict[str, Any]] = {}
    for message in messages:
        of_run = (message.device, message.run)
        t0_utc_ms, anchored_at_s, trusted = clocks.get(of_run, (None, None, False))
        if t0_utc_ms is None and of_run in known:
            continue  # whoever had the device when it was met has it until a clock tells
        owners = [in_use[message.device]]
        if t0_utc_ms is not None:
            had = former.get(message.device, ())
            at_utc_ms = t0_utc_ms + round(1000 * time_of(message))
            if any(at_utc_ms < row.released_utc_ms for row in had):
                owners = []
            # Of each of them: what comes of the time before, however late, finds whose it was.
            owners += [row for row in had if t0_utc_ms < row.released_utc_ms]
        for device in owners:
            key = (device.device_id, message.run)
            if key in there or key in new:
                continue
            new[key] = {
                "device_id": device.device_id,
                "run": message.run,
                "wearer_id": device.wearer_id,
                "t0_utc_ms": t0_utc_ms,
                "anchored_at_s": anchored_at_s,
                "trusted": trusted,
                "simulated": message.simulated,
            }
    insert_new(connection, runs, new.values())


def _handed_on(connection: Connection, names: set[str]) -> dict[str, list[Any]]:
    """The rows of these devices that were handed on, the earliest first."""
    found: dict[str, list[Any]] = {}
    query = select(devices.c.name, devices.c.device_id, devices.c.wearer_id, devices.c.released_utc_ms).where(
        among(connection, devices.c.name, sorted(names)), devices.c.released_utc_ms.is_not(null())
    )
    for row in connection.execute(query.order_by(devices.c.released_utc_ms)):
        found.setdefault(row.name, []).append(row)
    return found


def _clock(anchor: Anchor) -> tuple[int, float, bool]:
    return round(anchor.utc_s * 1000), anchor.t_s, anchor.trusted


def _say_states(connection: Connection, messages: Sequence[Message | Minute], in_use: dict[str, Any]) -> None:
    latest = {
        message.device: message
        for message in messages
        if isinstance(message, Message) and isinstance(message.body, Status)
    }
    if latest:
        connection.execute(
            update(devices)
            .where(devices.c.device_id == bindparam("of_device"))
            .values(status=bindparam("said"), simulated=bindparam("is_simulated")),
            [
                {
                    "of_device": in_use[name].device_id,
                    "said": message.payload.decode(),
                    "is_simulated": message.simulated,
                }
                for name, message in sorted(latest.items(), key=lambda item: in_use[item[0]].device_id)
            ],
        )


def anchor(connection: Connection, messages: Sequence[Message | Minute]) -> None:
    """Take anchors that are newer than what is known; the rows of runs whose clock that changes move.

    Args:
        connection: a transaction that writes, of its own: it holds runs for as long as their rows move.
        messages: of any kind; the runs of anchors were introduced.
    """
    anchors = _anchors(messages)
    if not anchors:
        return
    newer: list[Values] = []
    moved: list[Values] = []
    for row in connection.execute(_of(connection, set(anchors)).with_for_update(of=runs)).all():
        said = anchors.get((row.name, row.run))
        if said is None or (row.anchored_at_s is not None and row.anchored_at_s >= said.t_s):
            continue
        t0_utc_ms, anchored_at_s, trusted = _clock(said)
        newer.append((row.device_id, row.run, month_of(row.run), t0_utc_ms, anchored_at_s, trusted))
        if t0_utc_ms != row.t0_utc_ms:
            moved.append(newer[-1])
    at_once = len(newer) if is_postgresql(connection) else AT_ONCE_ON_SQLITE
    for cut in range(0, len(newer), at_once or 1):
        clocks = given(connection, "clocks", _clocks(), newer[cut : cut + at_once])
        clock = {name: clocks.c[name] for name in ("t0_utc_ms", "anchored_at_s", "trusted")}
        connection.execute(update(runs).where(*_of_runs(runs, clocks)).values(clock))
    for cut in range(0, len(moved), at_once or 1):
        _move(connection, given(connection, "clocks", _clocks(), moved[cut : cut + at_once]))


def _clocks() -> tuple[Column[Any], ...]:
    return (
        Column("device_id", Integer),
        Column("run", Text),
        Column("month", Integer),
        Column("t0_utc_ms", BigInteger),
        Column("anchored_at_s", Double),
        Column("trusted", Boolean),
    )


def _move(connection: Connection, clocks: FromClause) -> None:
    """Give every row of these runs its absolute time; quarters that are left or entered are summed anew."""
    touched = _quarters_of(connection, clocks)
    for table, pairs in _TIMES.items():
        connection.execute(
            update(table)
            .where(*_of_runs(table, clocks))
            .values({utc: clocks.c.t0_utc_ms + func.round(table.c[t_s] * 1000) for t_s, utc in pairs})
        )
    note(connection, touched | _quarters_of(connection, clocks))


def _of_runs(table: Table, clocks: FromClause) -> list[ColumnElement[bool]]:
    of_runs = [table.c.device_id == clocks.c.device_id, table.c.run == clocks.c.run]
    if "month" in table.c:
        of_runs.append(table.c.month == clocks.c.month)
    if table is minutes:
        # Minutes have no index of runs; each has its session, and by sessions their primary key goes.
        own = (sessions.c.device_id == clocks.c.device_id) & (sessions.c.run == clocks.c.run)
        of_runs += [own, minutes.c.session == sessions.c.session]
    return of_runs


def _quarters_of(connection: Connection, clocks: FromClause) -> Touched:
    found = connection.execute(
        select(minutes.c.device_id, minutes.c.wearer_id, minutes.c.start_utc_ms).where(
            *_of_runs(minutes, clocks), minutes.c.start_utc_ms.is_not(null())
        )
    )
    return {(device_id, wearer_id, quarter_of(start)) for device_id, wearer_id, start in found}
