"""What the product must not say, and where its sentences stand.

Plumbline measures, reminds and records. It must not judge a posture as right or wrong, promise anything about
pain or a nerve, call itself clinical, name a cause, or state an accuracy without how it was measured.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .conftest import ROOT

_ILLS_EN = r"(?:pain|aches?|injur\w+|nerves?|symptoms?|diseases?|illness\w*|disorders?|complaints?|kyphosis)"
_ILLS_DE = (
    r"(?:\w*schmerz\w*|verletzung\w*|\w*nerv(?:en)?|beschwerden|symptom\w*|krankheit\w*|erkrankung\w*|leiden)"
)
_HELPS_EN = r"\b(?:detect|prevent|reliev|eas|reduc|treat|cur|heal|lessen|alleviat|sooth|avoid|protect|end)"
_WHOSE_EN = (
    r"(?:your|the|a|any|all|from|against|back|neck|shoulder|upper|lower|chronic|pinched|common|further)\s+"
)
_HELPS_DE = r"(?:erkenn|verhinder|verhüte|vorbeug|linder|behandel|heil|reduzier|verringer|vermeide)"
_SITTING_EN = r"(?:posture|slouch\w*|sitting|leaning)"
_SITTING_DE = r"(?:haltung|einsinken|sitzen)"
_GOOD_DE = r"(?:perfekte|richtige|korrekte|ideale|gute|schlechte|falsche|gesunde|ungesunde)[nrs]?"
_METHOD = re.compile(
    r"RMSE|measured|measurement|published|optical|recording|against|benchmark|median|percentile|trials|people|"
    r"gemessen|Messung|veröffentlicht|optisch|Aufnahme|Perzentil|weichen",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Rule:
    """A kind of claim that no sentence may make."""

    forbids: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None

    def broken_by(self, sentence: str) -> bool:
        """Whether the sentence makes such a claim."""
        if self.unless is not None and self.unless.search(sentence):
            return False
        return self.pattern.search(sentence) is not None


def _rule(forbids: str, *patterns: str, unless: re.Pattern[str] | None = None) -> Rule:
    return Rule(forbids, re.compile("|".join(patterns), re.IGNORECASE), unless)


RULES = (
    _rule(
        "calling a posture right or wrong",
        r"\b(?:perfect|correct|ideal|proper|good|bad|poor|wrong|healthy|unhealthy)\s+(?:sitting\s+)?posture",
        r"\bposture\s+(?:is|was)\s+(?:perfect|correct|good|bad|poor|wrong|healthy)",
        r"\bperfect(?:ly)?\s+(?:upright|straight|sitting)",
        rf"\b{_GOOD_DE}\s+(?:körper|sitz)?haltung",
        r"\bhaltung\s+(?:ist|war)\s+(?:perfekt|richtig|korrekt|gut|schlecht|falsch|gesund)\b",
    ),
    _rule(
        "promising to improve posture or health",
        r"\b(?:improves?|fix(?:es)?|corrects?|straightens?)\s+(?:your|the|their|my)\s+"
        r"(?:posture|back|spine|health)",
        r"\bhealthier\b",
        r"\b(?:verbessert|korrigiert|richtet)\s+(?:deine|die|ihre|meine)[nrs]?\s+"
        r"(?:(?:körper|sitz)?haltung|rücken|wirbelsäule|gesundheit)",
        r"\bgesünder",
    ),
    _rule(
        "a promise about pain, a nerve or an illness",
        rf"{_HELPS_EN}(?:s|e|es|ed|ing)?\s+(?:{_WHOSE_EN})*{_ILLS_EN}\b",
        rf"\b{_ILLS_EN}\s+(?:is|are|was|were|will\s+be|gets?|can\s+be)\s+"
        r"(?:prevented|relieved|cured|healed|treated|reduced|eased|avoided|detected)",
        r"\b(?:pain|ache)[- ](?:free|relief|relieving)\b|\bfree\s+of\s+pain\b",
        r"\b(?:less|no\s+more)\s+(?:back\s+|neck\s+)?pain\b|\b(?:relieves?|cures?|heals?)\b",
        rf"{_ILLS_DE}\s+(?:\w+\s+)?{_HELPS_DE}\w*|\b{_HELPS_DE}\w*\s+(?:\w+\s+){{0,2}}{_ILLS_DE}",
        r"\bbeugt\b.{0,60}\bvor\b|\bschmerzfrei|\blindert\b|\bheilt\b",
        r"\b(?:weniger|keine)\s+schmerzen\s+(?:mehr|durch|mit)\b",
    ),
    _rule("diagnosing", r"\bdiagnos"),
    _rule(
        "medical standing",
        r"\bclinical(?:ly)?\b|\bmedical[- ]grade|\bmedically\b|\bmedical\s+device|\bFDA\b",
        r"\b(?:doctors?|physicians?)\s+(?:recommend|trust|approve)",
        r"\b(?:scientifically|medically)\s+proven|\bproven\s+to\b|\bguarantee",
        r"\bklinisch|\bmedizinisch|\bmedizinprodukt|\b(?:ärzte|ärztlich)\s+(?:empfehlen|empfohlen|geprüft)",
        r"\bnachweislich\b|\bgarantiert",
    ),
    _rule(
        "therapy",
        r"(?<!physio)\btherap(?:y|ies|eutic)|\btreatments?\b",
        r"\btherapie|\bheilung\b|\bbehandlung\b",
    ),
    _rule(
        "a cause of what somebody feels",
        rf"\b(?:because|as\s+a\s+result)\s+of\s+your\s+{_SITTING_EN}",
        rf"\b{_SITTING_EN}\s+(?:causes?|caused|is\s+the\s+(?:cause|reason)|explains?)\b",
        rf"\b{_ILLS_EN}\s+(?:comes?|came|stems?|results?)\s+from\s+(?:your\s+)?{_SITTING_EN}",
        rf"\bwegen\s+deine[rs]\s+{_SITTING_DE}|\bkomm(?:t|en)\s+(?:von\s+(?:deiner|der)|vom)\s+{_SITTING_DE}",
        rf"\b{_SITTING_DE}\s+(?:verursacht|ist\s+(?:die\s+ursache|der\s+grund)|erklärt)",
    ),
    _rule(
        "an accuracy without its method",
        r"\b(?:highly|very|most|extremely)\s+(?:accurate|precise)|\baccura(?:te|cy)\b.{0,40}\d",
        r"\b(?:accurate|precise|exact)\s+(?:to|within)\b|±\s?\d+(?:[.,]\d+)?\s?(?:°(?!/s)|degrees|grad)",
        r"\b(?:hoch|sehr)\s?(?:genau|präzise)|\bgenauigkeit\b.{0,40}\d|\bauf\s+\d+(?:,\d+)?\s?(?:°|grad)\s+genau",
        unless=_METHOD,
    ),
)


@dataclass(frozen=True)
class Sentence:
    """Something a wearer may read, and where it stands."""

    where: str
    text: str

    def broken(self) -> list[str]:
        """What it says that it must not."""
        return [rule.forbids for rule in RULES if rule.broken_by(self.text)]


def every_sentence() -> Iterator[Sentence]:
    """All texts of the product that a wearer may read."""
    for package in ("firmware_py", "calibration", "dashboard"):
        for path in sorted((ROOT / package).rglob("*")):
            read = _READERS.get(path.suffix)
            if read is not None and path.is_file():
                yield from _from(path, read(path.read_text(encoding="utf-8")))
    documents = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
    for path in (*documents, ROOT / "plumbline.example.toml"):
        yield from _from(path, prose(path.read_text(encoding="utf-8")))
    described = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["description"]
    yield from _from(ROOT / "pyproject.toml", [described])


def _from(path: Path, texts: Any) -> Iterator[Sentence]:
    where = path.relative_to(ROOT).as_posix()
    for text in texts:
        for sentence in re.split(r"(?<=[.!?])\s+(?=[\"'(*`A-ZÄÖÜ])", text):
            if re.search(r"[A-Za-zÄÖÜäöüß]{3}", sentence):
                yield Sentence(where, " ".join(sentence.split()))


def prose(text: str) -> list[str]:
    """Paragraphs, list items and table cells of a document; blocks of code are left out."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    text = re.sub(r"^\s*#+\s?|<[^>]+>", "", text, flags=re.M)
    found: list[str] = []
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.)\s)", text):
        found += block.split("|") if block.lstrip().startswith("|") else [block]
    return [" ".join(part.split()) for part in found if part.strip()]


def python_strings(source: str) -> list[str]:
    """The strings of a module that are not its docstrings: messages, help, log lines."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    # A string that stands alone describes the constant above it, for whoever reads the code.
    docstrings |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
            found.append("".join(str(part) for part in parts))
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings | inside
        ):
            found.append(node.value)
    return found


def _leaves(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _leaves(value)


def _template(text: str) -> list[str]:
    return [re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]*>", " ", text, flags=re.S)]


def _script(text: str) -> list[str]:
    return [found[1] or found[2] or "" for found in re.finditer(r'"([^"\n]*)"|`([^`]*)`', text)]


_READERS: dict[str, Callable[[str], Any]] = {
    ".py": python_strings,
    ".toml": lambda text: _leaves(tomllib.loads(text)),
    ".json": lambda text: _leaves(json.loads(text)),
    ".html": _template,
    ".typ": _template,
    ".js": _script,
}
