"""The document of the hardware against what it speaks of."""

import pytest

from docs import make_wiring as wiring
from docs.make_wiring import Diagram
from firmware_py.hardware.identify import PROBES
from firmware_py.hardware.patterns import DEFAULTS
from firmware_py.posture.blocks import RemarkKind
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs/hardware.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", wiring.drawings())
def test_each_drawing_is_the_one_that_the_script_draws(name: str) -> None:
    assert (ROOT / "docs/wiring" / name).read_text(encoding="utf-8") == wiring.drawings()[name]


@pytest.mark.parametrize("diagram", [*wiring.DIAGRAMS, wiring.TWO_SENSORS], ids=lambda diagram: diagram.name)
def test_each_board_has_its_drawing_and_its_pin_table_in_the_document(diagram: Diagram) -> None:
    assert f"(wiring/{diagram.name}.svg)" in DOCUMENT
    assert wiring.table(diagram) in DOCUMENT


@pytest.mark.parametrize("diagram", [*wiring.DIAGRAMS, wiring.TWO_SENSORS], ids=lambda diagram: diagram.name)
def test_each_wire_ends_at_a_pin_of_its_kind(diagram: Diagram) -> None:
    kinds = {"3.3 V": "3.3 V", "ground": "ground", "SDA": "GPIO 2 SDA", "SCL": "GPIO 3 SCL"}
    for wire in diagram.wires:
        assert wire.board in diagram.pins
        name = wiring.pin_name(wire.pi)
        assert name == kinds.get(wire.what, name)
        if wire.what == "signal":
            assert name.startswith("GPIO")


def test_every_part_that_a_driver_knows_is_in_the_document() -> None:
    for probes in PROBES.values():
        for _, families in probes:
            for family in families:
                assert next(iter(family.parts.values())) in DOCUMENT


def test_every_remark_that_a_fault_leads_to_is_in_the_document() -> None:
    for kind in set(RemarkKind) - {RemarkKind.LATE, RemarkKind.CLOCK}:
        assert f"`{kind}`" in DOCUMENT, kind


def test_the_patterns_that_the_document_names_exist() -> None:
    for name in ("snoozed", "done", "failed", "silent", "loud", "battery"):
        assert f"`{name}`" in DOCUMENT
        assert name in DEFAULTS
