"""Reading JSON that a person may have edited: every complaint names the key it is about."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

from ..errors import ProfileError
from .trunk import Vector

Matrix = tuple[Vector, Vector, Vector]


class Node:
    """A value of a JSON document together with its path, such as `upper.mounting.rotation[1]`."""

    __slots__ = ("path", "value")

    def __init__(self, value: Any, path: str = "") -> None:
        self.value = value
        self.path = path

    @classmethod
    def parse(cls, text: str) -> Node:
        """The root of a document; rejects what JSON forbids, and a key that stands twice.

        Raises:
            ProfileError: naming line and column, or the key.
        """
        try:
            return cls(json.loads(text, object_pairs_hook=_no_key_twice, parse_constant=_no_constant))
        except json.JSONDecodeError as error:
            raise ProfileError(
                f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
            ) from error
        except RecursionError as error:
            raise ProfileError("nested too deeply to be a profile") from error

    def wrong(self, why: str) -> NoReturn:
        """Raise a `ProfileError` about this value."""
        raise ProfileError(f"{self.path or 'profile'}: {why}")

    def fields(self, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Node]:
        """The members of an object: all of `required`, some of `optional`, nothing else."""
        if not isinstance(self.value, dict):
            self.wrong(f"an object {{…}} is needed, not {_shown(self.value)}")
        needed = list(required)
        known = [*needed, *optional]
        prefix = f"{self.path}." if self.path else ""
        for key in self.value:
            if key not in known:
                close = difflib.get_close_matches(key, known, 1)
                Node(None, prefix + key).wrong(
                    "unknown key" + (f"; did you mean {close[0]}?" if close else "; remove it")
                )
        for key in needed:
            if key not in self.value:
                Node(None, prefix + key).wrong("missing")
        return {key: Node(value, prefix + key) for key, value in self.value.items()}

    def items(self, count: int | None = None) -> list[Node]:
        """The members of a list, `count` of them where given."""
        if not isinstance(self.value, list) or (count is not None and len(self.value) != count):
            wanted = "a list" if count is None else f"a list of {count}"
            self.wrong(f"{wanted} is needed, not {_shown(self.value)}")
        return [Node(value, f"{self.path}[{i}]") for i, value in enumerate(self.value)]

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number in `low..high`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self.wrong(f"a number is needed, not {_shown(self.value)}")
        try:
            value = float(self.value)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            self.wrong("the number is too large")
        if not low <= value <= high:
            self.wrong(f"{value:g} is outside {low:g} to {high:g}")
        return value

    def number_or_nan(self, low: float = -math.inf, high: float = math.inf) -> float:
        """A number, or NaN for null."""
        return math.nan if self.value is None else self.number(low, high)

    def count(self) -> int:
        """A whole number, 0 or more."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 0:
            self.wrong(f"a whole number, 0 or more, is needed, not {_shown(self.value)}")
        return self.value

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self.wrong(f"true or false is needed, not {_shown(self.value)}")
        return self.value

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            self.wrong(f'text in "quotes" is needed, not {_shown(self.value)}')
        return self.value

    def vector(self, low: float = -math.inf, high: float = math.inf) -> Vector:
        """Three numbers."""
        x, y, z = (item.number(low, high) for item in self.items(3))
        return x, y, z

    def matrix(self) -> Matrix:
        """Three rows of three numbers."""
        a, b, c = (row.vector() for row in self.items(3))
        return a, b, c


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise ProfileError(f"{key}: the key stands twice in one object; keep one of them")
        seen[key] = value
    return seen


def _no_constant(name: str) -> NoReturn:
    raise ProfileError(f"{name} is not a JSON number; write null where a value is unknown")
