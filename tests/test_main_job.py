"""The main job on real people: twin, driver, core, broker, store and page in one chain."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.main_job import everyone, shares


def assert_slouches_are_told_from_upright(data: Path, people: int | None) -> None:
    recognised, called, slouches, uprights = shares(everyone(data / "sitting", people))
    assert slouches >= 3 * (people or 20)
    assert uprights >= 2 * (people or 20)
    assert recognised >= 0.98
    assert called <= 0.02


def test_slouches_of_real_people_arrive_on_the_page_and_upright_sitting_does_not(shared_data: Path) -> None:
    assert_slouches_are_told_from_upright(shared_data, 5)


@pytest.mark.slow
def test_so_they_do_for_everyone(shared_data: Path) -> None:
    assert_slouches_are_told_from_upright(shared_data, None)
