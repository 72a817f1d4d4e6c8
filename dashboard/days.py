"""The wearer's days: from local dates to absolute times and back, across changes of the clock."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from firmware_py.errors import ConfigError

HOUR_MS = 3_600_000


def zone_named(name: str) -> tzinfo:
    """A time zone by its IANA name; the machine's own for an empty name.

    Raises:
        ConfigError: there is no such zone.
    """
    if not name:
        return _own_zone()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"time zone {name!r} is unknown; a name such as Europe/Berlin is needed") from error


def _own_zone() -> tzinfo:
    # The name matters, not today's offset: last winter's days had another one.
    candidates = [os.environ.get("TZ", "").lstrip(":")]
    link = Path("/etc/localtime")
    if link.is_symlink():
        candidates.append(str(link.resolve()).partition("zoneinfo/")[2])
    for name in filter(None, candidates):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return UTC


EARLIEST = date(1970, 1, 1)
LATEST = date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start_utc_ms`, included, to `end_utc_ms`, not included."""

    start_utc_ms: int
    end_utc_ms: int


def utc_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC of a moment with a zone."""
    return round(moment.timestamp() * 1000)


def local(at_utc_ms: int, zone: tzinfo) -> datetime:
    """A moment on the wearer's clock."""
    return datetime.fromtimestamp(at_utc_ms / 1000, zone)


def comes_twice(at: datetime) -> bool:
    """Whether the clock shows this time twice on its day, because it goes back; `at` is one of both."""
    return at.replace(fold=1 - at.fold).utcoffset() != at.utcoffset()


def day_of(text: str) -> date:
    """A day that can be asked for, written as 2026-03-01.

    Raises:
        ValueError: it is no date, or of a year in which nobody wore this (1970 to 2199 are taken).
    """
    day = date.fromisoformat(text)
    if not EARLIEST <= day <= LATEST:  # beyond, sums of dates and of milliseconds would leave their range
        raise ValueError(f"{day} is not between {EARLIEST} and {LATEST}")
    return day


def day_start(day: date, zone: tzinfo) -> datetime:
    """The first moment of a local day."""
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def whole_hours_apart(moments: Iterable[datetime]) -> bool:
    """Whether the clock of these moments' zone is whole hours from UTC at each of them."""
    return all(not (moment.utcoffset() or timedelta()) % timedelta(hours=1) for moment in moments)


def days(first: date, count: int, zone: tzinfo) -> Stretch:
    """`count` local days from `first` on; 23 or 25 hours long where the clock changes."""
    return Stretch(utc_ms(day_start(first, zone)), utc_ms(day_start(first + timedelta(days=count), zone)))
