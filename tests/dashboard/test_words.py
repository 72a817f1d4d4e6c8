"""Texts: every one there in every language, none that breaks the wording rules."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import dashboard
from dashboard.words import LANGUAGES, preferred, words

FOLDER = Path(dashboard.__file__).parent
SOURCES = [*FOLDER.glob("templates/*.html"), *FOLDER.glob("*.py"), *FOLDER.glob("static/*.js")]


def test_every_language_has_the_same_texts_with_the_same_places_to_fill() -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english = words("en").texts
    for language in LANGUAGES:
        texts = words(language).texts
        assert set(texts) == set(english)
        for key, text in texts.items():
            assert places(text) == places(english[key]), f"{language}: {key}"
            assert text.strip(), f"{language}: {key} is empty"


def test_every_text_that_is_asked_for_is_there() -> None:
    english = words("en")
    heads = {key.rsplit(".", 1)[0] for key in english.texts if key.endswith((".one", ".other"))}
    for source in SOURCES:
        for key in re.findall(r"""\bt\(\s*['"]([a-z_0-9.]+)['"](?!\s*~)""", source.read_text()):
            assert english.has(key) or key in heads, f"{source.name} asks for {key}"


def test_no_template_speaks_for_itself() -> None:
    for template in FOLDER.glob("templates/*.html"):
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", template.read_text(), flags=re.S)
        bare = re.sub(r"<[^>]*>", " ", text)
        said = re.sub(r"plumbline (demo|run)|/api/v1/openapi.json|&nbsp;", "", bare)
        assert not re.search(r"[A-Za-z]{3,}", said), f"{template.name}: {said.split()}"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr,en;q=0.3", "en"),
        ("en;q=0.1, de;q=0.2", "de"),
        ("", "en"),
        ("*;q=x", "en"),
    ],
)
def test_the_browsers_wish_is_followed(header: str, language: str) -> None:
    assert preferred(header) == language


def test_durations_numbers_and_plurals_read_right() -> None:
    en, de = words("en"), words("de")
    seconds = (7, 59.6, 75, 120, 599, 601, 3600, 5400, 90_000)
    said = [en.duration(s) for s in seconds]
    assert [text.replace("\u00a0", " ") for text in said] == [
        "7 s", "1 min", "1 min 15 s", "2 min", "9 min 59 s", "10 min", "1 h", "1 h 30 min", "25 h",
    ]  # fmt: skip
    # A line may end between hours and minutes, and nowhere between a number and its unit.
    assert said[-2].split(" ") == ["1\u00a0h", "30\u00a0min"]
    assert {t.percent(0.87) for t in (en, de)} == {"87\u00a0%"}
    assert en.number(-0.04, 1) == "0.0"
    assert de.number(-3.25, 1) == "−3,2"
    assert en("sessions.slouches", n=1) == "1 slouch"
    assert en("sessions.slouches", n=0) == "0 slouches"
    assert [de("sessions.reminders", n=n) for n in (1, 2)] == ["1 Erinnerung", "2 Erinnerungen"]


FORMAL = re.compile(
    r"\b(Ihr|Ihre[mnrs]?|Ihnen)\b|(?<=[a-zäöüß,“] )Sie\b"
    r"|\bSie (sind|haben|können|möchten|sehen|nehmen|lehnen)\b"
)
"""How German addresses a stranger: `Sie` where no sentence begins, or as somebody who acts."""


def test_german_addresses_whoever_reads_as_one_person_throughout() -> None:
    formal = {key: text for key, text in words("de").texts.items() if FORMAL.search(text)}
    assert formal == {}
