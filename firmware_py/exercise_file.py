"""Exercises out of files: those that come along, and the wearer's own. Errors name file, exercise and key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import msgspec

from .errors import ConfigError
from .posture.exercise import Exercise, Visible
from .posture.position import Position

LANGUAGES = ("en", "de")
BUILT_IN = "the exercises that come along"
MAX_FILE_BYTES = 200_000
MAX_EXERCISES = 50

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Figure = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An exercise in one language.

    Attributes:
        name: what it is called.
        start: the starting position.
        steps: what to do, one sentence each.
        extra: what may be added; empty for nothing.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    start: Line
    steps: Annotated[tuple[Line, ...], msgspec.Meta(min_length=1, max_length=8)]
    extra: Annotated[str, msgspec.Meta(max_length=300)] = ""


class Described(msgspec.Struct, frozen=True):
    """An exercise with its words.

    Attributes:
        exercise: what the coach goes by.
        figure: which drawing shows it; empty for none.
        words: by language, `en` always among them.
    """

    exercise: Exercise
    figure: str
    words: dict[str, Wording]

    def wording(self, language: str) -> Wording:
        """Its words in a language; English where it has none."""
        return self.words.get(language, self.words["en"])


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of a file."""

    position: Position
    move_s: float
    hold_s: float
    rest_s: float
    repetitions: int
    sets_a_day: int
    daily_limit: int | None = None
    figure: Figure | None = None
    sees: Visible | None = None
    en: Wording
    de: Wording | None = None


def load(own: Path | None = None) -> dict[str, Described]:
    """The exercises by key, in the order of the files.

    Args:
        own: the wearer's own file; one of its keys that comes along too takes that one's place.

    Raises:
        ConfigError: naming file, exercise and key.
    """
    found = parse((files("firmware_py") / "exercises.toml").read_text(encoding="utf-8"), BUILT_IN)
    if own is None:
        return found
    try:
        if own.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{own} has more than {MAX_FILE_BYTES} bytes; that is no file of exercises")
        text = own.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the exercises in {own}: {error}") from error
    found |= parse(text, str(own))
    if len(found) > MAX_EXERCISES:
        raise ConfigError(f"{own} brings {len(found)} exercises; {MAX_EXERCISES} are the most")
    return found


def parse(text: str, where: str) -> dict[str, Described]:
    """Read the text of a file; `where` names it in errors (see `load`)."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not valid TOML: {error}") from error
    return {key: _described(key, entry, f"{where}: [{key}]") for key, entry in raw.items()}


def _described(key: str, raw: Any, where: str) -> Described:  # Any: whatever stands in a TOML file
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where} is {raw!r}; an exercise is a table of its own")
    try:
        entry = msgspec.convert(raw, _Entry)
        exercise = Exercise(
            key,
            entry.position,
            entry.move_s,
            entry.hold_s,
            entry.rest_s,
            entry.repetitions,
            entry.sets_a_day,
            entry.repetitions * entry.sets_a_day if entry.daily_limit is None else entry.daily_limit,
            entry.sees,
        )
    except msgspec.ValidationError as error:
        cause = error.__cause__  # what our own checks say needs no translation
        told = str(cause) if isinstance(cause, ConfigError) else str(error)
        raise ConfigError(f"{where} {told.replace('$.', '')}") from error
    except ConfigError as error:
        raise ConfigError(f"{where} {error}") from error
    words_in = {language: getattr(entry, language) for language in LANGUAGES}
    words = {language: wording for language, wording in words_in.items() if wording is not None}
    return Described(exercise, entry.figure or "", words)
