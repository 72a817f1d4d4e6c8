"""All that the dashboard says, in the reader's language. The sentences are in `texts/`.

A language is its file, such as `en.toml`, and one more for each larger subject: `en.diary.toml`.

A text is asked for by its dotted key. One that depends on a count has a form for each of the
language's plurals (`one`, `other`: English and German share them), chosen by `n`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from .days import comes_twice, local

LANGUAGES = ("en", "de")
_FOLDER = Path(__file__).parent / "texts"


class Words:
    """One language's texts and its ways with numbers, times and dates."""

    def __init__(
        self, language: str, texts: Mapping[str, str], clock_h: int = 24, angle_digits: int = 0
    ) -> None:
        self.language = language
        self.texts = texts
        self.clock_h = clock_h
        self.angle_digits = angle_digits
        self._under: dict[str, dict[str, str]] = {}
        self._percents = [self("format.percent", value=self.number(whole)) for whole in range(101)]

    def __call__(self, key: str, **values: Any) -> str:
        """The text of `key`, with `values` in its braces; `n` chooses the plural.

        Raises:
            KeyError: there is no such text.
        """
        if key not in self.texts and "n" in values:
            key = f"{key}.one" if values["n"] == 1 else f"{key}.other"
        text = self.texts[key]
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self.texts

    def under(self, prefix: str) -> dict[str, str]:
        """Every text below `prefix`, keyed by the rest of its key: what a script is handed."""
        found = self._under.get(prefix)
        if found is None:
            head = prefix + "."
            found = {key[len(head) :]: text for key, text in self.texts.items() if key.startswith(head)}
            self._under[prefix] = found
        return dict(found)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with the language's decimal mark and a true minus sign."""
        text = f"{value:.{digits}f}"
        if float(text) == 0:
            text = text.lstrip("-")
        return text.replace("-", "−").replace(".", self.texts["format.decimal"])

    def degrees(self, value: float | None) -> str:
        """An angle that was measured; a dash where it is unknown."""
        return "–" if value is None or value != value else f"{self.number(value, self.angle_digits)}°"

    def mark(self, degrees: float) -> str:
        """An angle of a scale or a setting: as many digits as it has."""
        return f"{self.number(degrees, 0 if float(degrees).is_integer() else 1)}°"

    def percent(self, share: float | None) -> str:
        """A share 0–1 in whole per cent; a dash where it is unknown."""
        if share is None:
            return "–"
        whole = round(100 * share)  # a page says hundreds of them
        if 0 <= whole <= 100:
            return self._percents[whole]
        return self("format.percent", value=self.number(100 * share))

    def duration(self, seconds: float | None) -> str:
        """A duration in the two units that matter."""
        if seconds is None:
            return "–"
        whole = round(seconds)
        if whole < 60:
            return self("format.seconds", s=whole)
        minutes = round(seconds / 60) if whole >= 600 else whole // 60
        if minutes < 10:
            rest = whole % 60
            return (
                self("format.minutes_seconds", m=minutes, s=rest)
                if rest
                else self("format.minutes", m=minutes)
            )
        if minutes < 60:
            return self("format.minutes", m=minutes)
        hours, rest = divmod(minutes, 60)
        if hours >= 24:  # a sum over days: the minutes say nothing any more
            return self("format.hours", h=round(seconds / 3600))
        return self("format.hours_minutes", h=hours, m=rest) if rest else self("format.hours", h=hours)

    def clock(self, at_utc_ms: int | None, zone: tzinfo) -> str:
        """A time of day, such as 14:05; one that comes twice where clocks go back, such as 02:05 CEST."""
        if at_utc_ms is None:
            return "–"
        at = local(at_utc_ms, zone)
        said = self.time(at.hour, at.minute)
        if not comes_twice(at):
            return said
        named = at.tzname() or ""  # of many zones it is a bare number, such as +1030
        return f"{said} {named if named.isalpha() else 'UTC' + at.isoformat()[-6:]}"

    def time(self, hour: int, minute: int = 0) -> str:
        """A time of day, such as 14:05 or 2:05 p.m.; the hour 24 is the end of a day."""
        if self.clock_h == 24:
            return f"{hour:02d}:{minute:02d}"
        half = self("format.am" if hour % 24 < 12 else "format.pm")
        return f"{hour % 12 or 12}:{minute:02d} {half}"

    def date_of(self, at_utc_ms: int, zone: tzinfo) -> date:
        """The local date of a moment."""
        return local(at_utc_ms, zone).date()

    def day(self, day: date) -> str:
        """A date without its year, such as Tuesday 3 March."""
        return self(
            "format.day",
            weekday=self.texts[f"weekday.{day.weekday()}"],
            day=day.day,
            month=self.texts[f"month.{day.month}"],
        )

    def long_day(self, day: date) -> str:
        """A date with its year."""
        return f"{self.day(day)} {day.year}"

    def week(self, first: date, last: date) -> str:
        """Some days in a row with their year, such as 16 – 22 November 2026."""
        whole = first.month == last.month
        name = "month" if whole else "month_short"
        return self(
            "format.week" if whole else "format.week_across",
            first=first.day,
            last=last.day,
            first_month=self.texts[f"{name}.{first.month}"],
            month=self.texts[f"{name}.{last.month}"],
            year=last.year,
        )

    def moment(self, at_utc_ms: int | None, zone: tzinfo) -> str:
        """A date and a time of day."""
        if at_utc_ms is None:
            return "–"
        return f"{self.short_day(self.date_of(at_utc_ms, zone))}, {self.clock(at_utc_ms, zone)}"

    def short_day(self, day: date) -> str:
        """A date in a table, such as Tue 3 Mar."""
        return self(
            "format.short_day",
            weekday=self.texts[f"weekday_short.{day.weekday()}"],
            day=day.day,
            month=self.texts[f"month_short.{day.month}"],
        )


@cache
def words(language: str, clock_h: int = 24, angle_digits: int = 0) -> Words:
    """The texts of a language; English for one that there is no file for."""
    if language not in LANGUAGES:
        language = LANGUAGES[0]
    return Words(language, _texts(language), clock_h, angle_digits)


@cache
def _texts(language: str) -> Mapping[str, str]:
    flat: dict[str, str] = {}
    for path in sorted(_FOLDER.glob(f"{language}*.toml")):
        _flatten(tomllib.loads(path.read_text(encoding="utf-8")), "", flat)
    return flat


def _flatten(tree: Mapping[str, Any], prefix: str, into: dict[str, str]) -> None:
    for key, value in tree.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}{key}.", into)
        else:
            into[prefix + key] = str(value)


def preferred(accept_language: str) -> str:
    """The best of our languages for an `Accept-Language` header."""
    ranked = []
    for place, part in enumerate(accept_language.split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        ranked.append((-weight, place, tag.split("-")[0].lower()))
    for _, _, tag in sorted(ranked):
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]
