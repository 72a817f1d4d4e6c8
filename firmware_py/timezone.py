"""Time zones by name: the device's own, and one that a wearer chose."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import ConfigError

LOCALTIME: Final = Path("/etc/localtime")


def device_timezone() -> str:
    """The IANA name of the machine's zone: `TZ`, else where /etc/localtime points; else UTC."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if not named:
        parts = str(LOCALTIME.resolve()).partition("/zoneinfo/")
        named = parts[2]
    try:
        return ZoneInfo(named).key if named else "UTC"
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


def timezone_named(name: str) -> tzinfo:
    """The zone of an IANA name; of an empty one, the machine's.

    Raises:
        ConfigError: where this device knows no such zone.
    """
    name = name or device_timezone()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        if name == "UTC":  # known even where no zones are installed
            return UTC
        raise ConfigError(
            f"timezone is {name[:60]!r}, which this device does not know; a name like Europe/Berlin is needed"
        ) from error


def today(name: str) -> date:
    """The date in the zone of an IANA name; of an empty one, the machine's (errors as `timezone_named`)."""
    return datetime.now(timezone_named(name)).date()
