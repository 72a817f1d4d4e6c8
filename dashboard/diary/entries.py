"""The diary in the store: entries in, entries out, each wearer's apart from every other's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from ..acquaintance import meet
from ..bulk import insert_new
from ..store import Store
from ..tables import symptoms
from .symptoms import Deleted, Entry, Version, is_named, later, made


class Outcome(StrEnum):
    """What became of a version that was put into the diary."""

    STORED = "stored"
    KNOWN = "known"  # it says what is there already
    REPLACED = "replaced"  # it holds, but the edit it replaced was one that its writer had not seen
    OUTDATED = "outdated"  # what is there was edited later, and holds


@dataclass(frozen=True, slots=True)
class Put:
    """A version put into the diary.

    Attributes:
        outcome: what became of it.
        holds: the version that holds now.
        other: the one that does not, where both were edits of the same entry that did not know one another.
    """

    outcome: Outcome
    holds: Version
    other: Version | None = None


def put(connection: Connection, wearer_id: int, new: Version, based_on: str | None = None) -> Put:
    """Put a version of an entry into the diary. Whatever comes twice changes nothing; the last edit holds.

    Args:
        connection: a transaction that writes.
        wearer_id: whose diary.
        new: the entry, or that it was deleted.
        based_on: name of the version that its writer had before them, or its time for want of a name; None
            for a new entry, or where unknown. An edit of what is there holds even where the writer's clock
            is behind.
    """
    # Held until this transaction ends: of two edits at one moment the second sees what the first made of it.
    held = _of(wearer_id).where(symptoms.c.entry_id == new.entry_id).with_for_update()
    found = connection.execute(held).first()
    if found is None:
        meet(connection, wearer_id)
        if insert_new(connection, symptoms, [{"wearer_id": wearer_id, **_row(new)}]):
            return Put(Outcome.STORED, new)
        found = connection.execute(held).one()
    old = _version(found)
    if new.content == old.content:
        return Put(Outcome.KNOWN, old)
    seen = is_named(old, based_on)
    if seen and new.edited_utc_ms <= old.edited_utc_ms:
        new = msgspec.structs.replace(new, edited_utc_ms=old.edited_utc_ms + 1)
    if later(new, old) is old:
        return Put(Outcome.OUTDATED, old, new)
    connection.execute(
        update(symptoms)
        .where(symptoms.c.wearer_id == wearer_id, symptoms.c.entry_id == new.entry_id)
        .values(**_row(new))
    )
    return Put(Outcome.STORED, new) if seen else Put(Outcome.REPLACED, new, old)


def entries_between(connection: Connection, wearer_id: int, first: date, after: date) -> list[Entry]:
    """The entries about days from `first` to before `after`, in order of time."""
    rows = connection.execute(
        _of(wearer_id)
        .where(symptoms.c.day >= first.isoformat(), symptoms.c.day < after.isoformat())
        .order_by(symptoms.c.day, symptoms.c.time.nulls_first(), symptoms.c.entry_id)
    )
    return [_entry(row) for row in rows]


def latest_entries(connection: Connection, wearer_id: int, before: date, count: int) -> list[Entry]:
    """The `count` latest entries about days before `before` and the rest of their days, the latest first."""
    days = connection.scalars(
        select(symptoms.c.day)
        .where(symptoms.c.wearer_id == wearer_id, symptoms.c.day < before.isoformat())
        .order_by(symptoms.c.day.desc())
        .limit(count)
    ).all()
    if not days:
        return []
    return entries_between(connection, wearer_id, date.fromisoformat(days[-1]), before)[::-1]


def entry_of(connection: Connection, wearer_id: int, entry_id: str) -> Entry | None:
    """One entry; None where there is none, or it was deleted."""
    found = connection.execute(_of(wearer_id).where(symptoms.c.entry_id == entry_id)).first()
    return None if found is None or found.kind is None else _entry(found)


def extent(connection: Connection, wearer_id: int) -> tuple[date, date] | None:
    """The first and the last day with an entry; None without any."""
    days = [
        connection.scalar(
            select(symptoms.c.day)
            .where(symptoms.c.wearer_id == wearer_id, symptoms.c.day.is_not(None))
            .order_by(order)
            .limit(1)
        )
        for order in (symptoms.c.day, symptoms.c.day.desc())
    ]
    return None if days[0] is None else (date.fromisoformat(days[0]), date.fromisoformat(str(days[1])))


def lines(connection: Connection, wearer_id: int) -> Iterator[bytes]:
    """Every entry as JSON, for the archive."""
    query = _of(wearer_id).where(symptoms.c.kind.is_not(None))
    for row in connection.execute(query.order_by(symptoms.c.day, symptoms.c.entry_id)):
        yield msgspec.json.encode(_entry(row))


def take_in(store: Store, wearer_id: int, entries: Iterable[Entry]) -> tuple[int, int]:
    """Take entries of an archive in, or a simulated wearer's.

    Returns:
        How many said something new, and how many changed nothing.
    """
    new = known = 0
    with store.writing(wearer_id) as connection:
        for entry in entries:
            if put(connection, wearer_id, entry).outcome in (Outcome.STORED, Outcome.REPLACED):
                new += 1
            else:
                known += 1
    return new, known


def _of(wearer_id: int) -> Any:  # Any: a Select of many columns
    return select(symptoms).where(symptoms.c.wearer_id == wearer_id)


_LISTS = ("places", "brought_on", "relief")


def _row(version: Version) -> dict[str, Any]:
    """The columns of a version; all that a deleted entry said is gone from them."""
    row: dict[str, Any] = {"entry_id": version.entry_id, "edited_utc_ms": version.edited_utc_ms}
    if isinstance(version, Deleted):
        empty = dict.fromkeys(("day", "time", "kind", "strength", "since"))
        return row | empty | dict.fromkeys(_LISTS, "[]") | {"words": "", "simulated": False}
    kept = {name: getattr(version, name) for name in ("time", "strength", "since", "words", "simulated")}
    lists = {name: msgspec.json.encode(getattr(version, name)).decode() for name in _LISTS}
    return row | kept | lists | {"day": version.day.isoformat(), "kind": str(version.kind)}


def _version(row: Any) -> Version:
    if row.kind is None:
        return Deleted(entry_id=row.entry_id, edited_utc_ms=row.edited_utc_ms)
    return _entry(row)


def _entry(row: Any) -> Entry:
    stored = {name: getattr(row, name) for name in Entry.__struct_fields__}
    lists = {name: msgspec.json.decode(stored[name]) for name in _LISTS}
    return made(stored | lists | {"simulated": bool(row.simulated)})


def simulated_among(entries: Sequence[Entry]) -> bool:
    """Whether any of them was written by a simulated wearer."""
    return any(entry.simulated for entry in entries)
