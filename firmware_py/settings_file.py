"""The file in which a device keeps what its wearer chose: `settings.json` in the data folder.

    {"format": 1, "first_day": "2026-03-01", "taken": null,
     "chosen": {"load_s": {"value": 45.0, "by": "page", "since_utc_s": 1772355150.0}}}

One key that makes no sense costs that key, never the others, and never the start of the device: it is named
in the log and left out. A file that cannot be read at all is set aside under another name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from .errors import ConfigError
from .posture.commands import Mode
from .posture.rules import WEARER_RULES
from .posture.settings import KEYS, Chosen, QuietHours, Settings, Taken, TrainingPlan
from .timezone import timezone_named
from .whole_file import write_whole

log = logging.getLogger(__name__)

_Beside = TypeVar("_Beside")

FORMAT: Final = 1
NAME: Final = "settings.json"

_TYPES: Final[Mapping[str, Any]] = {
    **dict.fromkeys(KEYS, bool),
    **dict.fromkeys(WEARER_RULES, float),
    "mode": Mode,
    "quiet_hours": tuple[QuietHours, ...],
    "plan": TrainingPlan,
    "timezone": str,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a device remembers of its wearer's choices.

    Attributes:
        values: key -> what was chosen.
        origins: key -> by whom and when, for the same keys.
        first_day: the first day of wear, local; None before it.
        taken: the lasting request that was dealt with last, so that it is not carried out again.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, Chosen] = field(default_factory=dict)
    first_day: date | None = None
    taken: Taken | None = None


def read_kept(path: Path) -> Kept:
    """Read what was kept; nothing where there is no file.

    Raises:
        OSError: where there is one and it cannot be read.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        entries = document["chosen"].items()
    except FileNotFoundError:
        return Kept()
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        aside = path.with_suffix(".unreadable")
        path.replace(aside)
        log.warning(
            "%s cannot be read (%s); it is set aside as %s, and the defaults hold", path, error, aside
        )
        return Kept()
    values: dict[str, Any] = {}
    origins: dict[str, Chosen] = {}
    for key, entry in entries:
        try:
            values[key], origins[key] = _read_entry(key, entry)
        except (ConfigError, msgspec.ValidationError, TypeError, KeyError) as error:
            values.pop(key, None)
            log.warning("%s: %s is left out: %s", path, key, error)
    _drop_contradictions(path, values, origins)
    return Kept(
        values,
        origins,
        _read_beside(path, document, "first_day", date),
        _read_beside(path, document, "taken", Taken),
    )


def write_kept(path: Path, kept: Kept) -> None:
    """Replace the file in one step, its owner's alone.

    Raises:
        OSError: where it cannot be written; the old one holds then.
    """
    chosen = {
        key: {"value": value, "by": kept.origins[key].by, "since_utc_s": kept.origins[key].since_utc_s}
        for key, value in kept.values.items()
    }
    document = {"format": FORMAT, "first_day": kept.first_day, "taken": kept.taken, "chosen": chosen}
    write_whole(path, msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")


def _read_entry(key: str, entry: Mapping[str, Any]) -> tuple[Any, Chosen]:
    if key not in _TYPES:
        raise ConfigError("this version knows no such setting")
    value = msgspec.convert(entry["value"], _TYPES[key])
    Settings.of({key: value} if not key.startswith("slouch_e") else {})  # a threshold is checked as a pair
    if key == "timezone":
        timezone_named(value)
    since_utc_s = msgspec.convert(entry.get("since_utc_s"), float | None)
    return value, Chosen(msgspec.convert(entry.get("by", ""), str), since_utc_s)


def _drop_contradictions(path: Path, values: dict[str, Any], origins: dict[str, Chosen]) -> None:
    """The two thresholds of a slouch hold together or not at all."""
    try:
        Settings.of(values)
    except ConfigError as error:
        for key in ("slouch_enter_deg", "slouch_exit_deg"):
            values.pop(key, None)
            origins.pop(key, None)
        log.warning("%s: the thresholds of a slouch are left out: %s", path, error)


def _read_beside(path: Path, document: Mapping[str, Any], name: str, kind: type[_Beside]) -> _Beside | None:
    """What stands in the file beside the choices; None where it is missing or makes no sense."""
    if document.get(name) is None:
        return None
    try:
        return msgspec.convert(document[name], kind)
    except msgspec.ValidationError as error:
        log.warning("%s: %s is left out: %s", path, name, error)
        return None
