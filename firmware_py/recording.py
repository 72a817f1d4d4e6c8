"""Recordings: what the sensors said and what the monitor was told; append-only, exact, readable after a cut.

A file is the eight bytes `MAGIC` and then frames: one byte kind, four bytes length, four bytes CRC-32 of
the payload (all little-endian), the payload. Kinds: `H` what the recording is (JSON, always first), `B`
about a second of blocks (zlib), `C` a command (JSON), `A` a wall-clock anchor (JSON), `E` an orderly end.
A frame that was cut short ends the recording; a frame whose checksum does not fit is passed over and told.
Samples are kept as float32 where that is exact (a 16-bit chip's always is), else as float64, so a replay
meets the very numbers that were judged.
"""

from __future__ import annotations

import os
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from . import __version__
from .errors import RecordingError
from .posture.blocks import FloatArray, Place, Remark, RemarkKind, SensorBlock, TrunkBlock
from .posture.commands import (
    Command,
    EndSession,
    NoteBuzz,
    SetCalendar,
    SetMode,
    SetNeutral,
    SetPlan,
    SetRules,
    Snooze,
)
from .posture.exercise_words import (
    BeginExercise,
    PauseExercise,
    RemindExercise,
    ResumeExercise,
    StopExercise,
)
from .posture.fit import NeutralOf
from .posture.messages import Anchor

MAGIC = b"PLUMBLN1"
FRAME_S = 1.0
"""At most this much measured time waits in memory: what a power cut can cost."""
_HEAD = struct.Struct("<cII")
_PIECE = struct.Struct("<dIIdd")
_NO_LOWER = 0xFFFFFFFF
_LARGEST_FRAME = 1 << 26

_COMMANDS: dict[str, type[Command]] = {
    kind.__name__: kind
    for kind in (
        Snooze,
        SetMode,
        SetCalendar,
        SetRules,
        SetPlan,
        SetNeutral,
        NoteBuzz,
        EndSession,
        BeginExercise,
        PauseExercise,
        ResumeExercise,
        StopExercise,
        RemindExercise,
    )
}


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording is: enough to replay it without anything else.

    `profile` is the calibration profile as its own JSON text; `rate_hz` the nominal sampling rate; `utc_s`
    the wall clock at t_s = 0 as believed at the start, seconds since 1970; `neutral_of` when the profile's
    neutral was taken, as the run began; `format` this format's number.
    """

    run: str
    device: str
    rate_hz: float
    sensors: int
    profile: str
    utc_s: float
    simulated: bool = False
    software: str = ""
    neutral_of: NeutralOf = NeutralOf.THIS_WEAR
    format: int = 1


def header_of(
    run: str,
    device: str,
    rate_hz: float,
    sensors: int,
    profile: str,
    neutral_of: NeutralOf = NeutralOf.THIS_WEAR,
) -> Header:
    """The header of a recording that begins now."""
    return Header(
        run=run,
        device=device,
        rate_hz=rate_hz,
        sensors=sensors,
        profile=profile,
        utc_s=time.time(),
        neutral_of=neutral_of,
        software=__version__,
    )


@dataclass(slots=True)
class Recorder:
    """Writes one recording. Frames leave the process at once; `sync` says how often they must reach the disk.

    Attributes:
        path: the file, created anew (FileExistsError where it exists) and readable by its owner only.
        sync_s: longest wall time between two fsync calls, seconds.

    Raises:
        OSError: from any write, disk full among them; what was written before stays readable.
    """

    path: Path
    header: Header
    sync_s: float = 5.0
    _file: BinaryIO = field(init=False, repr=False)
    _pending: list[TrunkBlock] = field(init=False, default_factory=list, repr=False)
    _pending_from_s: float = field(init=False, default=float("nan"))
    _synced: float = field(init=False, default=0.0)
    bytes_written: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._write(MAGIC)
        self._frame(b"H", msgspec.json.encode(self.header))
        self._sync()

    def block(self, block: TrunkBlock) -> None:
        """Keep a block; about a second of blocks makes a frame."""
        if not self._pending:
            self._pending_from_s = block.until_s
        self._pending.append(block)
        if not block.until_s - self._pending_from_s < FRAME_S - 0.5 / self.header.rate_hz:
            self.flush()

    def command(self, command: Command) -> None:
        """Keep a command at its place between the blocks."""
        self.flush()
        text = {"kind": type(command).__name__, "command": command}
        self._frame(b"C", msgspec.json.encode(text))

    def anchor(self, anchor: Anchor) -> None:
        """Keep a corrected wall-clock anchor."""
        self.flush()
        self._frame(b"A", msgspec.json.encode(anchor))

    def flush(self) -> None:
        """Write what waits in memory."""
        if self._pending:
            payload = zlib.compress(_pack(self._pending), 1)
            self._pending = []
            self._frame(b"B", payload)
        if time.monotonic() - self._synced >= self.sync_s:
            self._sync()

    def close(self) -> None:
        """End the recording in order."""
        if not self._file.closed:
            self.flush()
            self._frame(b"E", b"")
            self._sync()
            self._file.close()

    def _frame(self, kind: bytes, payload: bytes) -> None:
        self._write(_HEAD.pack(kind, len(payload), zlib.crc32(payload)) + payload)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self.bytes_written += len(data)

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()


@dataclass(slots=True)
class Recording:
    """A recording opened for reading; iterate it for its blocks, commands and anchors in order.

    Attributes:
        header: what it is.
        ended: True once an orderly end was read.
        damage: what was wrong with the file, in words; empty for a whole one. Known after iterating.
    """

    path: Path
    header: Header
    ended: bool = False
    damage: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path) -> Recording:
        """Open a file and read its header.

        Raises:
            RecordingError: where the file is no recording, or is cut before its header ends.
            OSError: where it cannot be read at all.
        """
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise RecordingError(
                    f"{path} is no Plumbline recording: it does not begin with {MAGIC.decode()}"
                )
            frame = _read_frame(file)
        if frame is None or frame[0] != b"H" or not frame[2]:
            raise RecordingError(
                f"{path} was cut off before its header was complete; there is nothing in it to read"
            )
        try:
            header = msgspec.json.decode(frame[1], type=Header)
        except msgspec.MsgspecError as error:
            raise RecordingError(f"{path} has a header that cannot be read: {error}") from error
        if header.format > 1:
            raise RecordingError(
                f"{path} was written in format {header.format} by Plumbline {header.software}; "
                "this version reads format 1: update Plumbline"
            )
        return cls(path, header)

    def __iter__(self) -> Iterator[TrunkBlock | Command | Anchor]:
        """Blocks, commands and anchors as they were kept; ends quietly where the file was cut."""
        self.damage.clear()
        self.ended = False
        with self.path.open("rb") as file:
            file.seek(len(MAGIC))
            while True:
                at = file.tell()
                frame = _read_frame(file)
                if frame is None:
                    if file.seek(0, os.SEEK_END) > at:
                        self.damage.append(
                            f"cut off in the frame at byte {at}; everything before it was read"
                        )
                    elif not self.ended:
                        self.damage.append("the recording has no end: the power or the program went first")
                    return
                kind, payload, intact = frame
                if not intact:
                    self.damage.append(f"the frame at byte {at} is damaged and was passed over")
                    continue
                if kind == b"E":
                    self.ended = True
                elif kind == b"B":
                    yield from _unpack(zlib.decompress(payload))
                elif kind == b"C":
                    yield _command(payload)
                elif kind == b"A":
                    yield msgspec.json.decode(payload, type=Anchor)

    def blocks(self) -> Iterator[TrunkBlock]:
        """The blocks alone."""
        return (item for item in self if isinstance(item, TrunkBlock))


def _read_frame(file: BinaryIO) -> tuple[bytes, bytes, bool] | None:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, length, checksum = _HEAD.unpack(head)
    if length > _LARGEST_FRAME:
        return None
    payload = file.read(length)
    if len(payload) < length:
        return None
    return kind, payload, zlib.crc32(payload) == checksum


class _KeptCommand(msgspec.Struct):
    kind: str
    command: msgspec.Raw


def _command(payload: bytes) -> Command:
    kept = msgspec.json.decode(payload, type=_KeptCommand)
    return msgspec.json.decode(kept.command, type=_COMMANDS[kept.kind])


def _pack(blocks: list[TrunkBlock]) -> bytes:
    """A table of the pieces, then each sensor's arrays end to end, then the remarks as JSON."""
    table = b"".join(
        _PIECE.pack(
            block.until_s,
            len(block.upper),
            _NO_LOWER if block.lower is None else len(block.lower),
            block.upper.temp_c,
            float("nan") if block.lower is None else block.lower.temp_c,
        )
        for block in blocks
    )
    lowers = [block.lower for block in blocks if block.lower is not None]
    remarks = [(r.t_s, r.place, r.kind, r.detail) for block in blocks for r in block.remarks]
    spans = [len(block.remarks) for block in blocks]
    arrays = _pack_sensor([block.upper for block in blocks]) + _pack_sensor(lowers)
    return struct.pack("<H", len(blocks)) + table + arrays + msgspec.json.encode([spans, remarks])


def _pack_sensor(blocks: list[SensorBlock]) -> bytes:
    if not blocks:
        return struct.pack("<BI", 8, 0)
    t = np.concatenate([block.t_s for block in blocks])
    samples = np.concatenate([np.hstack((block.acc_m_s2, block.gyr_rad_s)) for block in blocks])
    short = samples.astype(np.float32)
    exact = np.array_equal(short.astype(np.float64), samples, equal_nan=True)
    body = short.tobytes() if exact else samples.tobytes()
    return struct.pack("<BI", 4 if exact else 8, len(t)) + t.astype("<f8").tobytes() + body


def _unpack(data: bytes) -> Iterator[TrunkBlock]:
    (count,) = struct.unpack_from("<H", data)
    at = 2
    table = [_PIECE.unpack_from(data, at + i * _PIECE.size) for i in range(count)]
    at += count * _PIECE.size
    (upper_t, upper), at = _unpack_sensor(data, at)
    (lower_t, lower), at = _unpack_sensor(data, at)
    spans, remarks = msgspec.json.decode(data[at:])
    up_at = low_at = told = 0
    for (until_s, n_upper, n_lower, upper_temp, lower_temp), span in zip(table, spans, strict=True):
        mine = slice(up_at, up_at + n_upper)
        up_at += n_upper
        low_block = None
        if n_lower != _NO_LOWER:
            other = slice(low_at, low_at + n_lower)
            low_at += n_lower
            low_block = SensorBlock(lower_t[other], lower[other, :3], lower[other, 3:], lower_temp)
        notes = tuple(Remark(t, Place(p), RemarkKind(k), d) for t, p, k, d in remarks[told : told + span])
        told += span
        yield TrunkBlock(
            SensorBlock(upper_t[mine], upper[mine, :3], upper[mine, 3:], upper_temp),
            low_block,
            until_s,
            notes,
        )


def _unpack_sensor(data: bytes, at: int) -> tuple[tuple[FloatArray, FloatArray], int]:
    width, n = struct.unpack_from("<BI", data, at)
    at += struct.calcsize("<BI")
    t = np.frombuffer(data, "<f8", n, at)
    at += 8 * n
    samples = np.frombuffer(data, "<f4" if width == 4 else "<f8", 6 * n, at).reshape(n, 6).astype(np.float64)
    return (t, samples), at + 6 * n * width
