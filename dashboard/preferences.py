"""How a reader wants the pages to speak: language, clock, first day of the week, digits of an angle.

They belong to whoever reads, not to whose data is read: a carer's week begins where the carer's does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Column, Connection, ForeignKey, Integer, Table, Text, insert, select, update

from .tables import metadata, wearers
from .words import LANGUAGES

preferences = Table(
    "preferences",
    metadata,
    Column("wearer_id", ForeignKey("wearers.wearer_id"), primary_key=True),
    Column("language", Text, nullable=False),  # empty: as the browser wishes
    Column("clock_h", Integer, nullable=False),
    Column("week_start", Integer, nullable=False),
    Column("angle_digits", Integer, nullable=False),
)
"""What each wearer chose for the pages; who chose nothing has no row."""

MONDAY, SATURDAY, SUNDAY = 0, 5, 6


@dataclass(frozen=True, slots=True)
class Preferences:
    """What can be chosen.

    Attributes:
        language: `en`, `de`, or empty for the browser's wish.
        clock_h: 24, or 12 with a.m. and p.m.
        week_start: first day of a week, 0 Monday to 6 Sunday.
        angle_digits: decimals of an angle, 0 or 1.
    """

    language: str = ""
    clock_h: int = 24
    week_start: int = MONDAY
    angle_digits: int = 0


CHOICES: Mapping[str, tuple[str | int, ...]] = {
    "language": ("", *LANGUAGES),
    "clock_h": (24, 12),
    "week_start": (MONDAY, SATURDAY, SUNDAY),
    "angle_digits": (0, 1),
}
"""What each of them may be."""


def chosen(form: Mapping[str, str]) -> Preferences:
    """The preferences in a form; what is none of the choices stays at its default."""
    found = {}
    for name, values in CHOICES.items():
        with contextlib.suppress(StopIteration):
            found[name] = next(value for value in values if str(value) == form.get(name))
    return Preferences(**found)  # type: ignore[arg-type]  # each value is one of its own choices


def preferences_of(connection: Connection, wearer_id: int) -> Preferences:
    """What a wearer chose."""
    row = connection.execute(select(preferences).where(preferences.c.wearer_id == wearer_id)).first()
    if row is None:
        return Preferences()
    return Preferences(row.language, row.clock_h, row.week_start, row.angle_digits)


def keep(connection: Connection, wearer_id: int, wanted: Preferences) -> None:
    """Write down what a wearer chose, in a transaction that writes."""
    mine = preferences.c.wearer_id == wearer_id
    if connection.scalar(select(preferences.c.wearer_id).where(mine)) is not None:
        connection.execute(update(preferences).where(mine).values(**asdict(wanted)))
        return
    if connection.scalar(select(wearers.c.wearer_id).where(wearers.c.wearer_id == wearer_id)) is None:
        connection.execute(insert(wearers).values(wearer_id=wearer_id, name=""))  # before the first device
    connection.execute(insert(preferences).values(wearer_id=wearer_id, **asdict(wanted)))
