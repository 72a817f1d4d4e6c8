"""No sentence of the product makes a claim that the product cannot keep, in English or in German."""

from __future__ import annotations

import pytest

from .wording import RULES, Sentence, every_sentence, prose, python_strings

DENIES = "says that it is not"

ALLOWED: dict[tuple[str, str], str] = {
    ("firmware_py/cli.py", "It measures and reminds; it diagnoses nothing."): DENIES,
    ("dashboard/api.py", "A wellness record, not a medical device."): DENIES,
    ("dashboard/texts/en.toml", "A wellness record, not a medical device."): DENIES,
    ("dashboard/texts/en.toml", "Not a medical device."): DENIES,
    ("dashboard/texts/de.toml", "Eine Aufzeichnung für das Wohlbefinden, kein Medizinprodukt."): DENIES,
    ("dashboard/texts/de.toml", "Kein Medizinprodukt."): DENIES,
    (
        "dashboard/texts/en.report.toml",
        "A wellness record, not a medical device; nothing in it is a finding.",
    ): DENIES,
    (
        "dashboard/texts/de.report.toml",
        "Eine Aufzeichnung für das Wohlbefinden, kein Medizinprodukt; nichts darin ist ein Befund.",
    ): DENIES,
    ("README.md", "**What it is not**: a medical device."): DENIES,
    ("README.md", "It diagnoses nothing, treats nothing and promises nothing about pain."): DENIES,
    (
        "docs/privacy.md",
        "Plumbline is no medical device and shares nothing with anyone who could treat it as one.",
    ): DENIES,
    (
        "docs/judgement.md",
        "Plumbline describes how somebody sits; it diagnoses nothing, and no posture here is called correct.",
    ): DENIES,
    (
        "docs/judgement.md",
        "- **Static holds**: within ±5° of their mean for at least 4 s (EN 1005-4), counted by angle of the "
        "upper back, and those among them longer than acceptable: 240 − 4.5 · (a − 20) s for 20 < a ≤ 60°, "
        "none above 60° (after ISO 11226, linearised).",
    ): "a definition of what is counted, not an accuracy",
    ("docs/frames.md", "Lateral bend ends at ±90°, the side lying down."): "a range, not an accuracy",
    (
        "docs/hardware.md",
        "a cable that bends at the solder joint: relieve it of strain",
    ): "a cable, not a person",
}
"""Sentences that use a forbidden word to deny the claim, or speak of something else; each with its reason."""


@pytest.fixture(scope="module")
def sentences() -> list[tuple[Sentence, list[str]]]:
    """All of them, each with what it says that it must not."""
    return [(sentence, sentence.broken()) for sentence in every_sentence()]


def test_no_sentence_of_the_product_makes_a_forbidden_claim(
    sentences: list[tuple[Sentence, list[str]]],
) -> None:
    wrong = [
        f"{sentence.where}: {', '.join(broken)}: {sentence.text}"
        for sentence, broken in sentences
        if broken and (sentence.where, sentence.text) not in ALLOWED
    ]
    assert not wrong, "\n".join(wrong)


def test_every_exception_is_still_needed_and_says_why(
    sentences: list[tuple[Sentence, list[str]]],
) -> None:
    met = {(sentence.where, sentence.text) for sentence, broken in sentences if broken}
    assert set(ALLOWED) <= met, set(ALLOWED) - met
    assert all(ALLOWED.values())


BAD = (
    "Sit with perfect posture all day.",
    "Your posture was bad this morning.",
    "Reminders that keep you in a healthy posture.",
    "Plumbline improves your posture in two weeks.",
    "It detects a pinched nerve early.",
    "Prevents back pain at the desk.",
    "The exercise relieves neck pain.",
    "Your pain will be reduced after a week.",
    "For a pain-free back.",
    "Less back pain from the first day on.",
    "It diagnoses slouching.",
    "A clinical-grade sensor, clinically tested.",
    "A medical-grade posture monitor.",
    "Recommended treatment for a stiff neck.",
    "A therapy for the upper back.",
    "Your neck hurts because of your posture.",
    "Slouching causes what you feel.",
    "Your symptoms come from sitting.",
    "Accurate to 1 degree.",
    "Shows the angle with an accuracy of 0.5°.",
    "Highly accurate.",
    "The angle is right to ±2°.",
    "Proven to work.",
    "Für eine perfekte Haltung.",
    "Deine Haltung war schlecht.",
    "Verbessert deine Haltung.",
    "Erkennt einen eingeklemmten Nerv.",
    "Beugt Rückenschmerzen vor.",
    "Lindert Schmerzen im Nacken.",
    "Verhindert Rückenschmerzen.",
    "Endlich schmerzfrei sitzen.",
    "Stellt die Diagnose.",
    "Klinisch geprüft.",
    "Ein Medizinprodukt für zu Hause.",
    "Die Therapie für den oberen Rücken.",
    "Wegen deiner Haltung tut der Nacken weh.",
    "Deine Beschwerden kommen von der Haltung.",
    "Misst auf 1° genau.",
    "Hochgenau.",
)


@pytest.mark.parametrize("text", BAD)
def test_a_forbidden_claim_is_found(text: str) -> None:
    assert Sentence("", text).broken()


GOOD = (
    "Upper-trunk inclination from your neutral.",
    "A reminder that may help you notice how you sit.",
    "A record to show a doctor.",
    "Time spent leaning forward, and how long it took to correct a slouch.",
    "What brings relief?",
    "The pain is worse at night, or does not ease with rest.",
    "physiotherapy",
    "Published trunk sensors on people differ from optical measurement: RMSE ±5°.",
    "Was verschafft Erleichterung?",
    "Der Schmerz lässt in Ruhe nicht nach.",
    "Physiotherapie",
    "Zeit bis zur Korrektur nach einer Erinnerung.",
    "Angle held, and time judged.",
)


@pytest.mark.parametrize("text", GOOD)
def test_an_honest_sentence_is_left_alone(text: str) -> None:
    assert not Sentence("", text).broken()


def test_each_rule_is_broken_by_some_bad_sentence() -> None:
    assert [rule.forbids for rule in RULES if not any(rule.broken_by(text) for text in BAD)] == []


def test_sentences_are_found_wherever_a_wearer_reads_them(
    sentences: list[tuple[Sentence, list[str]]],
) -> None:
    places = {sentence.where for sentence, _ in sentences}
    assert {
        "README.md",
        "docs/privacy.md",
        "dashboard/texts/en.toml",
        "dashboard/texts/de.diary.toml",
        "dashboard/static/now.js",
        "firmware_py/cli.py",
        "firmware_py/exercises.toml",
        "plumbline.example.toml",
    } <= places
    assert len(places) > 100


def test_a_claim_hides_neither_in_code_nor_in_a_table_nor_across_lines() -> None:
    assert "It cures … of it" in python_strings('"""Doc."""\nprint(f"It cures {name} of it")')
    assert python_strings('"""Only a docstring that heals."""\nX = 1\n"""Of X, cures."""') == []
    document = "| a | It relieves\n\n- An item that\n  heals you\n\n```\ncures nothing\n```\n"
    assert prose(document) == ["a", "It relieves", "- An item that heals you"]
