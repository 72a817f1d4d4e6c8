"""What an examination finds: one line each, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it is."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        check: what was looked at, two or three words.
        verdict: good, worth knowing, bad, or left out.
        seen: what was seen.
        advice: what to do about it; empty where nothing is to be done.
    """

    check: str
    verdict: Verdict
    seen: str
    advice: str = ""


MARKS = {Verdict.GOOD: "ok ", Verdict.NOTE: " ? ", Verdict.BAD: "BAD", Verdict.LEFT_OUT: " - "}


def as_text(findings: Sequence[Finding]) -> str:
    """A line for each finding, its advice below it, and a last line that sums up."""
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{MARKS[finding.verdict]}  {finding.check:<16} {finding.seen}")
        if finding.advice:
            lines.append(f"{'':<22}-> {finding.advice}")
    bad = sum(finding.verdict is Verdict.BAD for finding in findings)
    lines.append("")
    lines.append(
        "Everything that was looked at works." if bad == 0 else f"{bad} of {len(findings)} need attention."
    )
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> dict[str, object]:
    """The same for scripts: `ok` and a list of findings."""
    return {"ok": exit_status(findings) == 0, "findings": [asdict(finding) for finding in findings]}


def exit_status(findings: Sequence[Finding]) -> int:
    """0 where nothing is bad, else 1."""
    return int(any(finding.verdict is Verdict.BAD for finding in findings))
