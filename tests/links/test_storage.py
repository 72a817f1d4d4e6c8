"""The disk's level, and that it does not waver."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from firmware_py.links.storage import Storage
from firmware_py.posture.messages import StorageLevel


def told(frees: list[int]) -> list[StorageLevel]:
    left = iter(frees)
    storage = Storage(Path(), low_bytes=1000, full_bytes=100, free=lambda _: next(left))
    changes = [storage.look(float(n)) for n in range(len(frees))]
    return [change.level for change in changes if change is not None]


def test_each_level_is_told_once() -> None:
    assert told([5000, 900, 900, 50, 50, 900, 5000, 5000]) == [
        StorageLevel.LOW,
        StorageLevel.FULL,
        StorageLevel.LOW,
        StorageLevel.OK,
    ]


@given(st.lists(st.integers(990, 1010), max_size=50))
def test_free_space_that_wavers_about_a_limit_is_told_once(frees: list[int]) -> None:
    assert len(told(frees)) <= 1


def test_a_failed_write_is_a_full_disk_whatever_the_system_says() -> None:
    storage = Storage(Path(), free=lambda _: 10**12)
    change = storage.look(1.0, failing=True)
    assert change is not None
    assert change.level is StorageLevel.FULL
    assert "lost at a power cut" in change.detail


def test_a_folder_that_is_gone_is_no_warning() -> None:
    assert Storage(Path("/no/such/folder")).look(1.0) is None
