"""The minute that is not full survives a cut at any byte of its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_py.links import unfinished as module
from firmware_py.links.unfinished import PLACE_BYTES, SECTOR_BYTES, UnfinishedFile
from firmware_py.posture.events import MinutePassed
from firmware_py.posture.sessions import Unfinished
from firmware_py.posture.tally import Tally


def second(number: int, spread: int = 12) -> Unfinished:
    ticks = 10 * number
    flexion = {degree: number * (degree + 7) % 97 for degree in range(spread)}
    tally = Tally(ticks, ticks, {"upright": ticks}, {"still": ticks}, flexion=flexion, eva={"1,2": ticks})
    return Unfinished("20260619T101112Z-abcd-3", 36_000, MinutePassed(3600.0 + number, 3600.0, tally))


def test_the_last_second_that_was_written_is_read_by_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "unfinished.bin"
    assert UnfinishedFile(path).read() is None
    first = UnfinishedFile(path)
    for number in range(1, 8):
        first.write(second(number))
    first.close()
    following = UnfinishedFile(path)
    assert following.read() == second(7)
    following.write(second(8))
    following.close()
    assert UnfinishedFile(path).read() == second(8)


def test_an_ordinary_minute_is_one_sector_and_two_places_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "unfinished.bin"
    file = UnfinishedFile(path)
    file.write(second(1))
    before = path.read_bytes()
    file.write(second(59))
    after = path.read_bytes()
    file.close()
    changed = [place for place in range(0, len(after), SECTOR_BYTES)
               if before[place : place + SECTOR_BYTES] != after[place : place + SECTOR_BYTES]]  # fmt: skip
    assert len(changed) == 1
    assert changed[0] in (0, PLACE_BYTES)
    assert len(after) == 2 * PLACE_BYTES


def test_a_cut_in_the_midst_of_a_write_leaves_the_second_before(tmp_path: Path) -> None:
    path = tmp_path / "unfinished.bin"
    file = UnfinishedFile(path)
    file.write(second(30, spread=160))
    before = path.read_bytes()
    file.write(second(31, spread=160))
    after = path.read_bytes()
    file.close()
    differ = [place for place in range(len(after)) if before[place] != after[place]]
    for cut in [*range(differ[0], differ[-1] + 1, 61), differ[-1]]:
        path.write_bytes(after[:cut] + before[cut:])
        assert UnfinishedFile(path).read() == second(30, spread=160), f"cut at byte {cut}"
    path.write_bytes(after)
    assert UnfinishedFile(path).read() == second(31, spread=160)


def test_where_there_are_no_direct_writes_the_page_cache_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECTOR_BYTES", 100)  # which no direct write may be
    file = UnfinishedFile(tmp_path / "unfinished.bin")
    file.write(second(5))
    assert file.period_s > module.PERIOD_S
    file.write(second(6))
    file.close()
    assert UnfinishedFile(tmp_path / "unfinished.bin").read() == second(6)


def test_a_file_that_cannot_be_written_costs_the_minute_and_not_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "unfinished.bin").mkdir()
    file = UnfinishedFile(tmp_path / "unfinished.bin")
    file.write(second(1))
    file.write(second(2))
    assert caplog.text.count("a power cut would cost a minute") == 1
    assert file.read() is None


def test_a_file_of_something_else_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "unfinished.bin"
    for content in (b"", b"x", b"PLU1" + bytes(5000), bytes(range(256)) * 32):
        path.write_bytes(content)
        assert UnfinishedFile(path).read() is None
