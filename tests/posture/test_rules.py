"""Every number of the judgement has a range and a source, and a wrong one is named."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from firmware_py.errors import ConfigError
from firmware_py.posture.rules import Rules

FIELDS = dataclasses.fields(Rules)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_number_has_a_source_and_a_default_within_its_range(field: dataclasses.Field[Any]) -> None:
    assert field.metadata["low"] <= field.default <= field.metadata["high"]
    assert field.metadata["source"]
    assert f"{field.name}" in (Rules.__doc__ or "")


def refused(**given: Any) -> Rules:
    """Rules of what no type checker would let pass: a file's values have any type."""
    return Rules(**given)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_number_out_of_range_is_refused_by_name(field: dataclasses.Field[Any]) -> None:
    for wrong in (field.metadata["low"] - 1, field.metadata["high"] + 1, float("nan"), "much", True):
        with pytest.raises(ConfigError, match=field.name):
            refused(**{field.name: wrong})


def test_the_thresholds_of_a_slouch_keep_their_distance() -> None:
    with pytest.raises(ConfigError, match="slouch_exit_deg is 8; it must lie at least 3 below"):
        Rules(slouch_exit_deg=8)
    assert Rules(slouch_enter_deg=15, slouch_exit_deg=12).load_limit_deg_s == 450.0
