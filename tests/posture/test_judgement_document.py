"""`docs/judgement.md` against the code: the table of states, the numbers, the six kinds, the reasons."""

from __future__ import annotations

import dataclasses

from firmware_py.posture.events import Unjudged, Withheld
from firmware_py.posture.kinds import Kind
from firmware_py.posture.recognition import SITTING
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


def numbers(cell: str) -> list[float]:
    """The numbers of a cell, parted by strokes."""
    return [float(number) for number in cell.split(" / ")] if cell else []


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
        for cell, table in zip(cells, (SITTING.mean, SITTING.between, SITTING.within), strict=True):
            assert numbers(cell) == list(table[kind])
    assert f"*neutral*, {' / '.join(f'{v:g}' for v in SITTING.neutral)}" in DOCUMENT.replace("\n", " ")


def test_what_people_do_alike_is_as_in_the_code() -> None:
    others = [kind for kind in Kind if kind is not Kind.UPRIGHT]
    for one, (_, *cells) in zip(others[1:], rows("alike"), strict=True):
        for other, cell in zip(others, cells, strict=False):
            shown = [SITTING.alike[feature][one][other] for feature in range(3)] if other < one else []
            assert numbers(cell) == shown
    for feature in range(3):
        assert SITTING.alike[feature][Kind.UPRIGHT] == (0.0,)
        assert all(row[Kind.UPRIGHT] == 0.0 for row in SITTING.alike[feature][2:])


def test_every_reason_not_to_judge_or_not_to_remind_is_explained() -> None:
    assert [row[0].strip("`") for row in rows("reason")] == [reason.value for reason in Unjudged]
    for reason in Withheld:
        assert f"`{reason.value}`" in DOCUMENT
