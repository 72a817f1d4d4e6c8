"""Recordings: what the sensors said and what the monitor was told; append-only, exact, readable after a cut.

The bytes of a file are `recording_format.py`'s affair. A frame that was cut short ends the recording; one
that is damaged, or that this version cannot read, is passed over and told.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from . import __version__
from .errors import RecordingError
from .posture.blocks import TrunkBlock
from .posture.commands import Command
from .posture.fit import NeutralOf
from .posture.inclination import LEAST_RATE_HZ, MOST_RATE_HZ
from .posture.messages import Anchor
from .recording_format import MAGIC, Kind, command_of, frame, pack, pack_command, read_frame, unpack

FRAME_S = 1.0
"""At most this much measured time waits in memory: what a power cut can cost."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording is: enough to replay it without anything else.

    `profile` is the calibration profile as its own JSON text; `rate_hz` the sampling rate as measured at
    the start; `utc_s`
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
        self._frame(Kind.HEADER, msgspec.json.encode(self.header))
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
        self._frame(Kind.COMMAND, pack_command(command))

    def anchor(self, anchor: Anchor) -> None:
        """Keep a corrected wall-clock anchor."""
        self.flush()
        self._frame(Kind.ANCHOR, msgspec.json.encode(anchor))

    def flush(self) -> None:
        """Write what waits in memory."""
        if self._pending:
            payload = pack(self._pending)
            self._pending = []
            self._frame(Kind.BLOCKS, payload)
        if time.monotonic() - self._synced >= self.sync_s:
            self._sync()

    def close(self) -> None:
        """End the recording in order."""
        if not self._file.closed:
            self.flush()
            self._frame(Kind.END, b"")
            self._sync()
            self._file.close()

    def _frame(self, kind: Kind, payload: bytes) -> None:
        self._write(frame(kind, payload))

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
            first = read_frame(file)
        if first is None or first.kind != Kind.HEADER or not first.intact:
            raise RecordingError(
                f"{path} was cut off before its header was complete; there is nothing in it to read"
            )
        try:
            header = msgspec.json.decode(first.payload, type=Header)
        except msgspec.MsgspecError as error:
            raise RecordingError(f"{path} has a header that cannot be read: {error}") from error
        if header.format > 1:
            raise RecordingError(
                f"{path} was written in format {header.format} by Plumbline {header.software}; "
                "this version reads format 1: update Plumbline"
            )
        if not LEAST_RATE_HZ <= header.rate_hz <= MOST_RATE_HZ:
            raise RecordingError(
                f"{path} says that it holds {header.rate_hz:g} samples a second; a wearer's motion is "
                f"judged from {LEAST_RATE_HZ:g} to {MOST_RATE_HZ:g}"
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
                found = read_frame(file)
                if found is None:
                    if file.seek(0, os.SEEK_END) > at:
                        self.damage.append(
                            f"cut off in the frame at byte {at}; everything before it was read"
                        )
                    elif not self.ended:
                        self.damage.append("the recording has no end: the power or the program went first")
                    return
                if not found.intact:
                    self.damage.append(f"the frame at byte {at} is damaged and was passed over")
                    continue
                if found.kind == Kind.END:
                    self.ended = True
                try:
                    items = _items(found.kind, found.payload)
                except RecordingError as error:
                    self.damage.append(f"the frame at byte {at} was passed over: {error}")
                    continue
                yield from items

    def blocks(self) -> Iterator[TrunkBlock]:
        """The blocks alone."""
        return (item for item in self if isinstance(item, TrunkBlock))


def _items(kind: bytes, payload: bytes) -> list[TrunkBlock] | list[Command] | list[Anchor]:
    """What an intact frame holds.

    Raises:
        RecordingError: where this version cannot read it.
    """
    if kind == Kind.BLOCKS:
        return unpack(payload)
    if kind == Kind.COMMAND:
        return [command_of(payload)]
    if kind == Kind.ANCHOR:
        try:
            return [msgspec.json.decode(payload, type=Anchor)]
        except msgspec.MsgspecError as error:
            raise RecordingError(f"an anchor that cannot be read: {error}") from error
    if kind in (Kind.HEADER, Kind.END):
        return []
    raise RecordingError(f"frames of kind {kind!r} are unknown to this version; update Plumbline")
