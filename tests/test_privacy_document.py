"""The threat list of `docs/privacy.md` names for each threat a test that is there."""

from __future__ import annotations

import re

from .conftest import ROOT

TESTS = ROOT / "tests"


def threats() -> list[list[str]]:
    text = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    section = text.partition("## Threats")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return rows[1:]  # behind the head


def test_every_threat_names_the_test_that_answers_it() -> None:
    rows = threats()
    assert len(rows) > 30
    for row in rows:
        assert len(row) == 3, row
        named = re.fullmatch(r"`([\w/]+\.py)` `(test_\w+)`", row[2])
        assert named is not None, row[2]
        assert f"def {named[2]}(" in (TESTS / named[1]).read_text(encoding="utf-8"), row[2]
