"""Raw samples are kept beside a run, and never at its cost."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from firmware_py import keeper as keeping
from firmware_py.keeper import QUEUE_BLOCKS, SUFFIX, Keeper
from firmware_py.posture.blocks import SensorBlock, TrunkBlock
from firmware_py.posture.events import Snooze
from firmware_py.recording import Header, Recorder, Recording

from .conftest import ROOT

HEADER = Header(run="r1", device="d", rate_hz=100.0, sensors=1, profile="{}", utc_s=0.0)


def blocks(n: int) -> list[TrunkBlock]:
    return [
        TrunkBlock.of(SensorBlock((10 * i + np.arange(10)) / 100, np.ones((10, 3)), np.zeros((10, 3))))
        for i in range(n)
    ]


def test_a_run_is_kept_whole_and_ended(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "raw", HEADER, keep_days=14, keep_free_bytes=0)
    for block in blocks(50):
        keeper.block(block)
    keeper.command(Snooze(5.0, 60.0))
    keeper.close()
    recording = Recording.open(keeper.path)
    items = list(recording)
    assert sum(len(item.upper) for item in items if isinstance(item, TrunkBlock)) == 500
    assert items[-1] == Snooze(5.0, 60.0)
    assert recording.ended
    assert (tmp_path / "raw").stat().st_mode & 0o077 == 0


def test_old_recordings_go_and_young_ones_stay(tmp_path: Path) -> None:
    old, young = tmp_path / f"old{SUFFIX}", tmp_path / f"young{SUFFIX}"
    for path, days in ((old, 15), (young, 13)):
        path.write_bytes(b"x")
        os.utime(path, (time.time() - days * 86400,) * 2)
    Keeper(tmp_path, HEADER, keep_days=14, keep_free_bytes=0).close()
    assert not old.exists()
    assert young.exists()


def test_what_grows_old_during_a_run_of_months_goes_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "TIDY_EVERY_S", 0.0)
    keeper = Keeper(tmp_path, HEADER, keep_days=14, keep_free_bytes=0)
    old = tmp_path / f"old{SUFFIX}"
    old.write_bytes(b"x")
    os.utime(old, (time.time() - 15 * 86400,) * 2)
    keeper.block(blocks(1)[0])
    keeper.close()
    assert not old.exists()
    assert keeper.path.exists()


def test_a_recording_that_cannot_be_removed_costs_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = tmp_path / f"old{SUFFIX}"
    old.mkdir()  # nobody can unlink a folder, not even root
    os.utime(old, (time.time() - 15 * 86400,) * 2)
    keeper = Keeper(tmp_path, HEADER, keep_days=14, keep_free_bytes=0)
    keeper.block(blocks(1)[0])
    keeper.close()
    recording = Recording.open(keeper.path)
    assert len(list(recording)) == 1
    assert recording.ended
    assert "cannot be removed" in caplog.text


def test_a_nearly_full_disk_stops_the_keeping_and_nothing_else(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, HEADER, keep_days=14, keep_free_bytes=1 << 62)
    for block in blocks(20):
        keeper.block(block)
    keeper.close()
    assert "MB are free" in keeper.stopped_because
    assert not keeper.path.exists()


def test_a_disk_that_fails_in_mid_run_leaves_a_readable_recording(tmp_path: Path) -> None:
    # A limit on file size makes the kernel refuse writes as a full disk would, to this process alone.
    program = textwrap.dedent(
        """
        import resource, signal, sys
        from pathlib import Path
        from tests.test_keeper import HEADER, blocks
        from firmware_py.keeper import Keeper
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
        keeper = Keeper(Path(sys.argv[1]), HEADER, keep_days=14, keep_free_bytes=0)
        for block in blocks(2000):
            keeper.block(block)
        keeper.close()
        print(keeper.stopped_because)
        """
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "File too large" in done.stdout, done.stderr
    recording = Recording.open(tmp_path / f"r1{SUFFIX}")
    assert sum(len(block.upper) for block in recording.blocks()) >= 100
    assert recording.damage


def test_a_disk_that_hangs_costs_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(Recorder, "block", lambda self, block: goes_on.wait(30) and None)
    keeper = Keeper(tmp_path, HEADER, keep_days=14, keep_free_bytes=0)
    for block in blocks(QUEUE_BLOCKS + 10):
        keeper.block(block)
    assert keeper.stopped_because == "the disk does not keep up"
    goes_on.set()
    keeper.close()
