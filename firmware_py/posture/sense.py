"""Which values make sense: the range of every number in a message, by the unit in its name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

from ..errors import MessageError
from . import events as ev

MAX_TEXT: Final = 500
"""Longest free text (a reason, a detail), characters."""

MAX_TIME_S: Final = 1e9
"""Longest run that makes sense, about 31 years."""


def _within(low: float, high: float) -> Callable[[float], bool]:
    return lambda value: low <= value <= high


_Limit = tuple[Callable[[float], bool], str]
"""What makes sense, and that in words."""

_BY_UNIT: Final[tuple[tuple[str, Callable[[float], bool], str], ...]] = (
    ("_deg_s", _within(0.0, 1e9), "0 to 1e9 degree-seconds"),
    ("_deg", lambda v: v != v or -360.0 <= v <= 360.0, "-360 to 360 degrees"),
    ("utc_s", _within(-1e10, 1e10), "a POSIX time within 300 years of 1970"),
    ("_dbm", _within(-150.0, 0.0), "-150 to 0 dBm"),
    ("_c", _within(-100.0, 200.0), "-100 to 200 °C"),
    ("_percent", _within(0.0, 100.0), "0 to 100 %"),
    ("_min", _within(0.0, MAX_TIME_S / 60.0), f"0 to {MAX_TIME_S / 60.0:.0f} minutes"),
    ("_s", _within(0.0, MAX_TIME_S), f"0 to {MAX_TIME_S:.0f} s"),
)
"""The unit is in the name of every number, so the name says which values make sense."""


_FIELDS: Final[dict[type, tuple[tuple[str, _Limit | None], ...]]] = {}
"""Found out once for each class, as every message asks."""


def check_ranges(value: object, where: str) -> None:
    """Refuse what has the right type and no sense.

    Raises:
        MessageError: naming the field.
    """
    cls = type(value)
    if cls not in _FIELDS:
        _FIELDS[cls] = _fields_of(cls)
    for name, limit in _FIELDS[cls]:
        _check(getattr(value, name), limit, where, name)


def _fields_of(cls: type) -> tuple[tuple[str, _Limit | None], ...]:
    """The fields of a record with the limits of their units."""
    return tuple((name, _limit_of(name)) for name in field_names(cls))


def field_names(cls: type) -> tuple[str, ...]:
    """The fields of a record, a dataclass or a `msgspec.Struct`; none of anything else."""
    if dataclasses.is_dataclass(cls):
        return tuple(field.name for field in dataclasses.fields(cls))
    names: tuple[str, ...] = getattr(cls, "__struct_fields__", ())
    return names


def _limit_of(name: str) -> _Limit | None:
    return next(((sensible, words) for suffix, sensible, words in _BY_UNIT if name.endswith(suffix)), None)


def _check(value: object, limit: _Limit | None, where: str, name: str) -> None:
    if isinstance(value, float):
        if limit is not None and not limit[0](value):
            raise MessageError(f"{where}.{name} is {value}; {limit[1]} makes sense")
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if not 0 <= value <= 2**53:
            raise MessageError(f"{where}.{name} is {value}; a count from 0 on makes sense")
    elif isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise MessageError(f"{where}.{name} has {len(value)} characters; {MAX_TEXT} at most make sense")
    elif isinstance(value, dict):
        for key, count in value.items():
            if isinstance(key, int) and not -90 <= key <= 179:
                raise MessageError(f"{where}.{name} counts {key}°; -90 to 179 makes sense")
            if isinstance(key, str) and len(key) > 40:
                raise MessageError(
                    f"{where}.{name} has a key of {len(key)} characters; 40 at most make sense"
                )
            if type(count) is not int or not 0 <= count <= 2**53:  # most are, and a minute has dozens
                _check(count, None, where, f"{name}[{key}]")
    else:
        check_ranges(value, f"{where}.{name}")


def check_whole(body: object) -> None:
    """Refuse a stretch of time that contradicts itself.

    Raises:
        MessageError: it ends before it begins, or counts more judged ticks than ticks.
    """
    if isinstance(body, ev.MinutePassed):
        stretches = [(body.start_s, body.t_s, body.tally)]
    elif isinstance(body, ev.SessionEnded):
        stretches = [(body.summary.start_s, body.summary.end_s, body.summary.tally)]
    else:
        return
    for start_s, end_s, tally in stretches:
        if start_s > end_s:
            raise MessageError(f"a stretch from {start_s} s to {end_s} s runs backwards")
        if tally.judged > tally.ticks:
            raise MessageError(f"{tally.judged} ticks judged of {tally.ticks}; a part is never more than all")
