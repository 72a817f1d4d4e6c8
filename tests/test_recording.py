"""Recordings: exact round trips, and readable after a cut at any byte."""

from __future__ import annotations

import contextlib
import math
import zlib
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.errors import RecordingError
from firmware_py.posture.blocks import Place, Remark, RemarkKind, SensorBlock, TrunkBlock
from firmware_py.posture.events import Command, EndSession, Mode, NoteBuzz, SetMode, SetNeutral, Snooze
from firmware_py.posture.messages import Anchor
from firmware_py.recording import Header, Recorder, Recording
from firmware_py.recording_format import Kind, frame, unpack

HEADER = Header(run="r1", device="d1", rate_hz=100.0, sensors=1, profile="{}", utc_s=1.7e9, simulated=True)


def block_of(rng: np.random.Generator, start: int, n: int, lower: bool, exact: bool) -> TrunkBlock:
    def sensor() -> SensorBlock:
        values = rng.normal(0, 5, (n, 6))
        if exact:
            values = values.astype(np.float32).astype(np.float64)
        if n > 2:
            values[1] = np.nan
        t_s = np.arange(float(start), float(start + n)) * 0.01003
        return SensorBlock(t_s, values[:, :3], values[:, 3:], float(rng.normal(30, 1)))

    remarks = (Remark(start * 0.01, Place.UPPER, RemarkKind.OVERFLOW, "40 samples lost"),) if n == 3 else ()
    return TrunkBlock(sensor(), sensor() if lower else None, (start + n) * 0.01003, remarks)


def assert_same_block(one: TrunkBlock, other: TrunkBlock) -> None:
    assert one.until_s == other.until_s
    assert one.remarks == other.remarks
    for a, b in ((one.upper, other.upper), (one.lower, other.lower)):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            np.testing.assert_array_equal(a.t_s, b.t_s)
            np.testing.assert_array_equal(a.acc_m_s2, b.acc_m_s2)
            np.testing.assert_array_equal(a.gyr_rad_s, b.gyr_rad_s)
            assert a.temp_c == b.temp_c or (math.isnan(a.temp_c) and math.isnan(b.temp_c))


@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans()), max_size=12),
    st.integers(0, 2**32 - 1),
)
def test_what_is_kept_comes_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, bool, bool]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    blocks, at = [], 0
    for n, lower, exact in pieces:
        blocks.append(block_of(rng, at, n, lower, exact))
        at += n
    path = tmp_path_factory.mktemp("rec") / "a.plumb"
    recorder = Recorder(path, HEADER)
    for block in blocks:
        recorder.block(block)
    recorder.close()
    recording = Recording.open(path)
    assert recording.header == HEADER
    got = list(recording.blocks())
    assert recording.ended
    assert recording.damage == []
    assert len(got) == len(blocks)
    for one, other in zip(blocks, got, strict=True):
        assert_same_block(one, other)


def test_commands_and_anchors_keep_their_place_between_the_blocks(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    commands: list[Command] = [
        Snooze(0.1, 600.0),
        SetMode(0.2, Mode.MEETING, 1800.0),
        SetNeutral(0.3, (0.1, 0.0, 0.995), None),
        NoteBuzz(0.4, 0.75),
        EndSession(0.5),
    ]
    path = tmp_path / "a.plumb"
    recorder = Recorder(path, HEADER)
    story: list[object] = []
    for i, command in enumerate(commands):
        block = block_of(rng, 10 * i, 10, False, True)
        recorder.block(block)
        recorder.command(command)
        recorder.anchor(Anchor(i * 0.1, 1.7e9 + i, True))
        story += [TrunkBlock, command, Anchor(i * 0.1, 1.7e9 + i, True)]
    recorder.close()
    told = [TrunkBlock if isinstance(item, TrunkBlock) else item for item in Recording.open(path)]
    assert told == story


def test_a_recording_cut_at_any_byte_gives_all_whole_frames_before_the_cut(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    path = tmp_path / "a.plumb"
    recorder = Recorder(path, HEADER)
    for i in range(6):
        recorder.block(block_of(rng, 10 * i, 10, False, True))
        recorder.command(EndSession(i * 0.1))
    recorder.close()
    whole = path.read_bytes()
    blocks = list(Recording.open(path).blocks())
    seen = -1
    cut_in_header = 0
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        try:
            recording = Recording.open(path)
        except RecordingError:
            cut_in_header = cut
            continue
        got = list(recording.blocks())
        assert len(got) >= seen
        seen = len(got)
        for one, other in zip(blocks, got, strict=False):
            assert_same_block(one, other)
        assert recording.ended == (cut == len(whole))
        assert bool(recording.damage) == (cut < len(whole))
    assert seen == 6
    assert 0 < cut_in_header < 300


def test_a_damaged_frame_is_passed_over_and_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    path = tmp_path / "a.plumb"
    recorder = Recorder(path, HEADER)
    places = []
    for i in range(4):
        places.append(recorder.bytes_written)
        recorder.block(block_of(rng, 100 * i, 100, False, True))
        recorder.flush()
    recorder.close()
    data = bytearray(path.read_bytes())
    data[places[2] + 40] ^= 0x10
    path.write_bytes(data)
    recording = Recording.open(path)
    got = list(recording.blocks())
    assert [b.upper.t_s[0] for b in got] == pytest.approx([0.0, 1.003, 3.009])
    assert recording.damage == [f"the frame at byte {places[2]} is damaged and was passed over"]


def test_a_second_of_samples_leaves_the_process_without_being_asked(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    path = tmp_path / "a.plumb"
    recorder = Recorder(path, HEADER)
    for i in range(25):
        recorder.block(block_of(rng, 10 * i, 10, False, True))
    kept = sum(len(b.upper) for b in Recording.open(path).blocks())
    assert kept >= 150
    recorder.close()


def test_a_recording_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.plumb"
    Recorder(path, HEADER).close()
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        Recorder(path, HEADER)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no Plumbline recording"),
        (b"RIFF....", "no Plumbline recording"),
        (b"PLUMBLN1", "cut off before its header"),
    ],
)
def test_a_file_that_is_no_recording_says_so(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=word):
        Recording.open(path)


def test_a_recording_of_a_newer_format_asks_for_an_update(tmp_path: Path) -> None:
    path = tmp_path / "a.plumb"
    newer = Header(
        run="r", device="d", rate_hz=100, sensors=1, profile="{}", utc_s=0.0, software="9.0", format=9
    )
    Recorder(path, newer).close()
    with pytest.raises(RecordingError, match=r"format 9 by Plumbline 9\.0.*update"):
        Recording.open(path)


def with_frames(path: Path, *frames: bytes) -> Path:
    """A whole recording of one second, with foreign frames before its end."""
    recorder = Recorder(path, HEADER)
    recorder.block(block_of(np.random.default_rng(5), 0, 100, False, True))
    recorder.flush()
    end = recorder.bytes_written
    recorder.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:end] + b"".join(frames) + whole[end:])
    return path


@pytest.mark.parametrize(
    ("foreign", "words"),
    [
        (frame(Kind.BLOCKS, b"xx"), "its samples cannot be read"),
        (frame(Kind.BLOCKS, zlib.compress(b"")), "its samples cannot be read"),
        (frame(Kind.BLOCKS, zlib.compress(b"\x01\x00")), "its samples cannot be read"),
        (frame(Kind.BLOCKS, zlib.compress(b"\xff" * 4000)), "its samples cannot be read"),
        (frame(Kind.BLOCKS, zlib.compress(bytes((1 << 26) + 1), 1)), "they take more than 64 MB"),
        (frame(Kind.COMMAND, b"no JSON"), "a command that cannot be read"),
        (frame(Kind.COMMAND, b'{"kind": "Snooze", "command": {}}'), "a command that cannot be read"),
        (frame(Kind.COMMAND, b'{"kind": "Fly", "command": {}}'), "'Fly' is unknown to this version"),
        (frame(Kind.ANCHOR, b'{"t_s": "noon"}'), "an anchor that cannot be read"),
        (frame(Kind.END, b"").replace(b"E", b"Z", 1), "kind b'Z' are unknown to this version"),
    ],
)
def test_what_this_version_cannot_read_is_passed_over_and_told(
    tmp_path: Path, foreign: bytes, words: str
) -> None:
    recording = Recording.open(with_frames(tmp_path / "a.plumb", foreign))
    assert [len(block.upper) for block in recording.blocks()] == [100]
    assert recording.ended
    (told,) = recording.damage
    assert "was passed over" in told
    assert words in told


@given(st.binary(max_size=400))
def test_whatever_a_frame_of_samples_holds_it_gives_blocks_or_one_clear_error(plain: bytes) -> None:
    blocks = None
    with contextlib.suppress(RecordingError):  # any other error fails the test
        blocks = unpack(zlib.compress(plain))
    assert blocks is None or len(blocks) == int.from_bytes(plain[:2], "little")


@pytest.mark.parametrize("rate_hz", [0.0, -5.0, 1e300])
def test_a_rate_that_no_sensor_has_is_told_at_once(tmp_path: Path, rate_hz: float) -> None:
    path = tmp_path / "a.plumb"
    header = msgspec.json.encode(msgspec.structs.replace(HEADER, rate_hz=rate_hz))
    path.write_bytes(b"PLUMBLN1" + frame(Kind.HEADER, header))
    with pytest.raises(RecordingError, match=r"samples a second; .* from 10 to 2000"):
        Recording.open(path)
