"""`docs/judgement.md` against the code: the table of states, the numbers, the six kinds, the reasons."""

from __future__ import annotations

import dataclasses

from firmware_py.posture.events import Unjudged, Withheld
from firmware_py.posture.recognition import SITTING, Kind
from firmware_py.posture.rules import Rules
from firmware_py.posture.slouch import TABLE, Input, State

from ..conftest import ROOT

DOCUMENT = (ROOT / "docs" / "judgement.md").read_text(encoding="utf-8")


def rows(first_header: str) -> list[list[str]]:
    """The cells of the document's table that begins with this header, header and rule left out."""
    lines = DOCUMENT.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(f"| {first_header} |"))
    cells = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        cells.append([cell.strip() for cell in line.strip("|").split("|")])
    return cells


def test_the_table_of_states_is_the_one_that_runs() -> None:
    written = {}
    for name, *cells in rows("state"):
        for seen, cell in zip(Input, cells, strict=True):
            if cell != "–":
                written[State[name.upper()], seen] = cell
    run = {key: f"{state.name.lower()}: {action.name.lower()}" for key, (state, action) in TABLE.items()}
    assert written == run


def test_every_number_stands_with_its_default_range_and_basis() -> None:
    written = {row[0].strip("`"): row[1:] for row in rows("field of `Rules`")}
    for field in dataclasses.fields(Rules):
        limits = f"{field.metadata['low']:g}–{field.metadata['high']:g}"
        assert written.pop(field.name) == [f"{field.default:g}", limits, field.metadata["source"]]
    assert not written


def test_the_six_kinds_are_those_in_the_code() -> None:
    for kind, (name, *cells) in zip(Kind, rows("kind"), strict=True):
        assert name == kind.name.lower().replace("_", " ")
        for cell, table in zip(cells, (SITTING.mean, SITTING.between), strict=True):
            assert [float(number) for number in cell.split(" / ")] == list(table[kind])
    for name, row in (("within", SITTING.within), ("shared", SITTING.shared)):
        assert f"*{name}*, {' / '.join(f'{v:g}' for v in row)}" in DOCUMENT.replace("\n", " ")


def test_every_reason_not_to_judge_or_not_to_remind_is_explained() -> None:
    assert [row[0].strip("`") for row in rows("reason")] == [reason.value for reason in Unjudged]
    for reason in Withheld:
        assert f"`{reason.value}`" in DOCUMENT
