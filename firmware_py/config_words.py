"""What is wrong with a configuration, in words: the key as the file has it, and what would have been right.

`msgspec` says what it expected and where; a person who mistyped wants to read the key, the value that stands
there, and the names that are known.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.+?)`")
_MISSING = re.compile(r"Object missing required field `(?P<key>.+?)`")
_ENUM = re.compile(r"Invalid enum value '?(?P<value>.*?)'?")
_AT = re.compile(r"(?P<fault>.+?)(?: - at (?P<key>`key` in )?`\$\.?(?P<path>.*)`)?")
_STEP = re.compile(r"[^.\[\]]+|\[\d+\]|\[\.\.\.\]")
_LONGEST_VALUE = 60
"""As much of a wrong value is told, characters."""


def in_words(message: str, raw: dict[str, Any], kind: type) -> str:
    """The words for a mistake.

    Args:
        message: what `msgspec.ValidationError` says.
        raw: the file, as TOML gave it.
        kind: the struct that it should have been.
    """
    placed = _AT.fullmatch(message)
    if placed is None:
        return message
    fault, path = placed["fault"], placed["path"] or ""
    place = f"[{path}]" if path else "the file"
    meant, value = _walk(path, raw, kind)
    unknown, missing = _UNKNOWN.fullmatch(fault), _MISSING.fullmatch(fault)
    if unknown:
        return f"{place} has no key {unknown['key']!r}{did_you_mean(unknown['key'], _names(meant))}"
    if missing:
        return f"{place} lacks the key {missing['key']!r}"
    enum = _ENUM.fullmatch(fault)
    if enum and placed["key"]:
        key = enum["value"]
        return f"{place} has no key {key[:_LONGEST_VALUE]!r}{did_you_mean(key, _values(meant))}"
    if enum:
        fault = f"{', '.join(map(repr, _values(meant)))} can stand there"
    return f"{place}: {fault}" if value is None else f"{path} = {_short(value)}: {fault}"


def did_you_mean(key: str, known: Sequence[str]) -> str:
    """The nearest name that would have been right, or all of them."""
    near = difflib.get_close_matches(key, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; it knows {', '.join(sorted(known))}"


def texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a file with the key that it stands under."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from texts(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for i, one in enumerate(value):
            yield from texts(one, f"{path}[{i}]")


def _walk(path: str, raw: Any, kind: Any) -> tuple[Any, Any]:
    """The type that is meant at a path, and the value that stands there (None where that cannot be told)."""
    meant, value = _bare(kind), raw
    for step in _STEP.findall(path):
        if step == "[...]":  # some value of a dictionary: which one is not said
            meant, value = _bare(get_args(meant)[-1]) if get_args(meant) else Any, None
        elif step.startswith("["):
            index = int(step[1:-1])
            meant = _bare(get_args(meant)[0]) if get_args(meant) else Any
            value = value[index] if isinstance(value, list) and index < len(value) else None
        else:
            hints = get_type_hints(meant) if isinstance(meant, type) else {}
            meant = _bare(hints.get(step, Any))
            value = value.get(step) if isinstance(value, dict) else None
    return meant, value


def _bare(kind: Any) -> Any:
    """A type without its bounds, and without the None that it may be instead."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return _bare(next(one for one in get_args(kind) if one is not type(None)))
    return kind


def _names(meant: Any) -> list[str]:
    if isinstance(meant, type) and issubclass(meant, msgspec.Struct):
        return [field.name for field in msgspec.structs.fields(meant)]
    return [field.name for field in dataclasses.fields(meant)] if dataclasses.is_dataclass(meant) else []


def _values(meant: Any) -> list[str]:
    if get_origin(meant) is Literal:
        return [str(one) for one in get_args(meant)]
    choice = get_args(meant)[0] if get_origin(meant) is dict else meant
    return [str(one.value) for one in choice] if issubclass(choice, Enum) else []


def _short(value: object) -> str:
    told = repr(value)
    return told if len(told) <= _LONGEST_VALUE else told[:_LONGEST_VALUE] + "…"
