"""The bytes of a recording (`docs/recordings.md`): frames, and what stands in them.

A file is the eight bytes `MAGIC` and then frames: one byte kind, four bytes length, four bytes CRC-32 of
the payload (all little-endian), the payload. Samples are kept as float32 where that is exact (a 16-bit
chip's always is), else as float64, so a replay meets the very numbers that were judged.

A file may come from anywhere: whatever stands in it, reading gives samples or a `RecordingError`.
"""

from __future__ import annotations

import struct
import zlib
from enum import Enum
from typing import BinaryIO, NamedTuple

import msgspec
import numpy as np

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

MAGIC = b"PLUMBLN1"

_HEAD = struct.Struct("<cII")
_PIECE = struct.Struct("<dIIdd")
_NO_LOWER = 0xFFFFFFFF
_LARGEST_BYTES = 1 << 26
"""Of a frame, packed and unpacked: a second of two sensors takes a thousandth of it."""

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


_REMARKS = msgspec.json.Decoder(tuple[list[int], list[tuple[float, Place, RemarkKind, str]]])
"""How many remarks each block has, and all of them in order."""


class Kind(bytes, Enum):
    """What a frame holds."""

    HEADER = b"H"
    """What the recording is, JSON; always the first frame."""
    BLOCKS = b"B"
    """About a second of blocks, zlib."""
    COMMAND = b"C"
    """A command that took effect here, JSON."""
    ANCHOR = b"A"
    """A wall-clock anchor, JSON."""
    END = b"E"
    """An orderly end, empty."""


class Frame(NamedTuple):
    """A frame as it stands in a file; `intact` where its checksum fits. A newer `kind` may be unknown."""

    kind: bytes
    payload: bytes
    intact: bool


def frame(kind: Kind, payload: bytes) -> bytes:
    """The bytes of a frame."""
    return _HEAD.pack(kind.value, len(payload), zlib.crc32(payload)) + payload


def read_frame(file: BinaryIO) -> Frame | None:
    """The next frame of a file; None where it ends, in order or cut short."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, length, checksum = _HEAD.unpack(head)
    if length > _LARGEST_BYTES:
        return None
    payload = file.read(length)
    if len(payload) < length:
        return None
    return Frame(kind, payload, zlib.crc32(payload) == checksum)


class _KeptCommand(msgspec.Struct):
    kind: str
    command: msgspec.Raw


def pack_command(command: Command) -> bytes:
    """The payload that holds a command."""
    return msgspec.json.encode({"kind": type(command).__name__, "command": command})


def command_of(payload: bytes) -> Command:
    """The command that a payload holds.

    Raises:
        RecordingError: where it is none that this version knows.
    """
    try:
        kept = msgspec.json.decode(payload, type=_KeptCommand)
        known = _COMMANDS.get(kept.kind)
        if known is None:
            raise RecordingError(
                f"the command {kept.kind[:40]!r} is unknown to this version; update Plumbline"
            )
        return msgspec.json.decode(kept.command, type=known)
    except msgspec.MsgspecError as error:
        raise RecordingError(f"a command that cannot be read: {error}") from error


def pack(blocks: list[TrunkBlock]) -> bytes:
    """The payload of blocks: a table of them, each sensor's arrays end to end, the remarks as JSON."""
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
    plain = struct.pack("<H", len(blocks)) + table + arrays + msgspec.json.encode([spans, remarks])
    return zlib.compress(plain, 1)


def unpack(payload: bytes) -> list[TrunkBlock]:
    """The blocks that a payload holds.

    Raises:
        RecordingError: where it holds none.
    """
    opener = zlib.decompressobj()
    try:
        plain = opener.decompress(payload, _LARGEST_BYTES)
        if opener.unconsumed_tail:
            raise ValueError(f"they take more than {_LARGEST_BYTES >> 20} MB")
        return _blocks(plain)
    except (zlib.error, struct.error, msgspec.MsgspecError, ValueError) as error:
        raise RecordingError(f"its samples cannot be read: {error}") from error


def _pack_sensor(blocks: list[SensorBlock]) -> bytes:
    if not blocks:
        return struct.pack("<BI", 8, 0)
    t = np.concatenate([block.t_s for block in blocks])
    samples = np.concatenate([np.hstack((block.acc_m_s2, block.gyr_rad_s)) for block in blocks])
    short = samples.astype(np.float32)
    exact = np.array_equal(short.astype(np.float64), samples, equal_nan=True)
    body = short.tobytes() if exact else samples.tobytes()
    return struct.pack("<BI", 4 if exact else 8, len(t)) + t.astype("<f8").tobytes() + body


def _blocks(data: bytes) -> list[TrunkBlock]:
    (count,) = struct.unpack_from("<H", data)
    at = 2
    table = [_PIECE.unpack_from(data, at + i * _PIECE.size) for i in range(count)]
    at += count * _PIECE.size
    (upper_t, upper), at = _unpack_sensor(data, at)
    (lower_t, lower), at = _unpack_sensor(data, at)
    spans, remarks = _REMARKS.decode(data[at:])
    up_at = low_at = told = 0
    blocks: list[TrunkBlock] = []
    for (until_s, n_upper, n_lower, upper_temp, lower_temp), span in zip(table, spans, strict=True):
        mine = slice(up_at, up_at + n_upper)
        up_at += n_upper
        low_block = None
        if n_lower != _NO_LOWER:
            other = slice(low_at, low_at + n_lower)
            low_at += n_lower
            low_block = SensorBlock(lower_t[other], lower[other, :3], lower[other, 3:], lower_temp)
        notes = tuple(Remark(*said) for said in remarks[told : told + span])
        told += span
        up_block = SensorBlock(upper_t[mine], upper[mine, :3], upper[mine, 3:], upper_temp)
        blocks.append(TrunkBlock(up_block, low_block, until_s, notes))
    return blocks


def _unpack_sensor(data: bytes, at: int) -> tuple[tuple[FloatArray, FloatArray], int]:
    width, n = struct.unpack_from("<BI", data, at)
    at += struct.calcsize("<BI")
    t = np.frombuffer(data, "<f8", n, at)
    at += 8 * n
    samples = np.frombuffer(data, "<f4" if width == 4 else "<f8", 6 * n, at).reshape(n, 6).astype(np.float64)
    return (t, samples), at + 6 * n * width
