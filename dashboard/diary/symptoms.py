"""What an entry of the symptom diary is: its choices, its limits, and which of two versions holds.

An entry is written where the wearer is, perhaps without a network, so it carries an id that was made
there and the time of its last edit. Of two versions of one entry the later edit holds, and versions
that bear the same time are put in order by their content: so the order of arrival never matters.
Who changes an entry says which version they had before them, by its `name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from .body_map import PLACES

MAX_WORDS = 1000

_KNOWN_PLACES = frozenset(PLACES)


class Kind(StrEnum):
    """What is felt."""

    PAIN = "pain"
    TINGLING = "tingling"
    NUMBNESS = "numbness"
    WEAKNESS = "weakness"
    STIFFNESS = "stiffness"


class Since(StrEnum):
    """How long before the entry it began, where no date is known."""

    NOW = "now"
    TODAY = "today"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


class BroughtOn(StrEnum):
    """What the wearer was doing when it came."""

    SITTING = "sitting"
    STANDING = "standing"
    SCREEN = "screen"
    LIFTING = "lifting"
    OVERHEAD = "overhead"
    PUSHING = "pushing"
    TURNING_HEAD = "turning_head"
    LYING = "lying"
    EXERCISE = "exercise"
    NOTHING_KNOWN = "nothing_known"


class Relief(StrEnum):
    """What the wearer found to bring relief."""

    MOVING = "moving"
    CHANGING_POSITION = "changing_position"
    RESTING = "resting"
    LYING = "lying"
    WARMTH = "warmth"
    COLD = "cold"
    EXERCISE = "exercise"
    PHYSIOTHERAPY = "physiotherapy"
    MEDICINE = "medicine"
    NOTHING = "nothing"


EntryId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
Stamp = Annotated[int, Meta(ge=0, le=2**53)]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry. Days and times are the wearer's own, as they stood on their clock.

    Attributes:
        entry_id: UUID, lower case.
        day: the day it is about.
        time: HH:MM of that day; None where only the day is known.
        kind: what was felt.
        places: where: keys of the body map.
        strength: 0 (nothing felt) to 10 (the worst imaginable); None where not said.
        since: one of `Since`, or the date it began (ISO 8601); None where not said.
        brought_on: what it came with.
        relief: what brought relief.
        words: the wearer's own.
        simulated: whether a simulated wearer wrote it.
        edited_utc_ms: when this version was written, ms since 1970 UTC.
    """

    entry_id: EntryId
    day: date
    kind: Kind
    edited_utc_ms: Stamp
    time: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z")] | None = None
    places: Annotated[tuple[str, ...], Meta(max_length=len(PLACES))] = ()
    strength: Annotated[int, Meta(ge=0, le=10)] | None = None
    since: Annotated[str, Meta(pattern=rf"^({'|'.join(Since)}|\d{{4}}-\d\d-\d\d)\Z")] | None = None
    brought_on: Annotated[tuple[BroughtOn, ...], Meta(max_length=len(BroughtOn))] = ()
    relief: Annotated[tuple[Relief, ...], Meta(max_length=len(Relief))] = ()
    words: Annotated[str, Meta(max_length=MAX_WORDS)] = ""
    simulated: bool = False

    def __post_init__(self) -> None:
        if self.since_day is not None and self.since_day > self.day:
            raise ValueError("it began after the day of the entry")
        if unknown := set(self.places) - _KNOWN_PLACES:
            raise ValueError(f"{min(unknown)!r} is no place of the body map")
        if "\x00" in self.words:  # PostgreSQL's text holds none
            raise ValueError("the words hold a NUL")

    @property
    def since_day(self) -> date | None:
        """The date it began, where one is known."""
        if self.since is None or self.since in set(Since):
            return None
        return date.fromisoformat(self.since)

    @property
    def content(self) -> bytes:
        """All of it but the time of the edit: two versions with the same content say the same."""
        return msgspec.json.encode(msgspec.structs.replace(self, edited_utc_ms=0))

    @property
    def version(self) -> str:
        """What this version is called."""
        return name_of(self)


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of an entry that its wearer deleted."""

    entry_id: EntryId
    edited_utc_ms: Stamp
    content: bytes = b""


Version = Entry | Deleted

NAME = re.compile(r"\d{1,16}(-[0-9a-f]{12})?")
"""What names a version, or by its time alone those of one moment."""


def name_of(version: Version) -> str:
    """Tells a version from every other of its entry, even from one of the same moment."""
    return f"{version.edited_utc_ms}-{sha256(version.content).hexdigest()[:12]}"


def is_named(version: Version, name: str | None) -> bool:
    """Whether a name, or an edit's time for want of one (ms since 1970 UTC), is this version's."""
    return name in (name_of(version), str(version.edited_utc_ms))


def later(one: Version, other: Version) -> Version:
    """Which of two versions of an entry holds."""
    return max(one, other, key=lambda version: (version.edited_utc_ms, version.content))


def decoded(data: bytes | str) -> Entry:
    """An entry from its JSON, each choice once and in the order of its list.

    Raises:
        msgspec.ValidationError: it is none; says which field and why.
        msgspec.DecodeError: it is no JSON.
    """
    return _in_order(_decode(data))


def made(fields: dict[str, Any]) -> Entry:
    """An entry from fields that are text, numbers and lists.

    Raises:
        msgspec.ValidationError: it is none; says which field and why.
    """
    return _in_order(msgspec.convert(fields, Entry))


def _in_order(entry: Entry) -> Entry:
    return msgspec.structs.replace(
        entry,
        places=_once(entry.places, PLACES),
        brought_on=_once(entry.brought_on, BroughtOn),
        relief=_once(entry.relief, Relief),
        words=entry.words.strip(),
    )


def _once(chosen: Iterable[Any], order: Iterable[Any]) -> tuple[Any, ...]:
    given = set(chosen)
    return tuple(choice for choice in order if choice in given)


_decode = msgspec.json.Decoder(Entry).decode
