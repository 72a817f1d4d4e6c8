"""The minute that is not full yet, once a second, in a file: a power cut takes a second and not a minute.

Two places of the file are written in turn, so that a cut in the midst of one leaves the other. A record is
one sector of 512 bytes in an ordinary minute; it goes to the disk at once, and past the page cache where the
file system allows that (`O_DIRECT`), because through the cache each would be a page of 4 kB.
"""

from __future__ import annotations

import errno
import logging
import mmap
import os
import struct
import zlib
from pathlib import Path
from typing import Final

import msgspec

from ..posture.sessions import Unfinished

log = logging.getLogger(__name__)

SECTOR_BYTES: Final = 512
PLACE_BYTES: Final = 4096
PERIOD_S: Final = 1.0

CACHED_PERIOD_S: Final = 5.0
"""Where only the page cache will do: eight times the bytes, so more seldom."""

_HEAD: Final = struct.Struct("<4sQII")
_MAGIC: Final = b"PLU1"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Unfinished).decode


class UnfinishedFile:
    """One file of two places; written by one thread.

    Args:
        path: made where it is missing. One that cannot be made or written costs the last minute, not the run.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._page = mmap.mmap(-1, PLACE_BYTES)  # aligned, as O_DIRECT demands
        self._count = 0
        self._file: int | None = None
        self._failed = False
        self.period_s = PERIOD_S
        """How often it should be written."""

    def read(self) -> Unfinished | None:
        """What was written last and whole; None where there is nothing."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return None
        newest: tuple[int, bytes] = (0, b"")
        for place in (0, PLACE_BYTES):
            head = content[place : place + _HEAD.size]
            if len(head) < _HEAD.size:
                continue
            magic, count, size, check = _HEAD.unpack(head)
            body = content[place + _HEAD.size :][:size]
            if magic == _MAGIC and _check(count, body) == check and count > newest[0]:
                newest = (count, body)
        self._count = newest[0]
        try:
            return _decode(zlib.decompress(newest[1])) if newest[0] else None
        except (zlib.error, msgspec.MsgspecError):
            return None  # of a version that wrote it otherwise

    def write(self, unfinished: Unfinished) -> None:
        """Put it on the disk; never raises for a disk that takes no more."""
        body = zlib.compress(_encode(unfinished), 1)
        count = self._count + 1
        record = _HEAD.pack(_MAGIC, count, len(body), _check(count, body)) + body
        sectors = -(-len(record) // SECTOR_BYTES)
        if sectors * SECTOR_BYTES > PLACE_BYTES:
            return  # no minute of ours is so long
        self._page[: sectors * SECTOR_BYTES] = record.ljust(sectors * SECTOR_BYTES, b"\0")
        try:
            self._put(memoryview(self._page)[: sectors * SECTOR_BYTES], PLACE_BYTES * (count % 2))
        except OSError as error:
            if not self._failed:
                log.warning("%s cannot be written (%s); a power cut would cost a minute", self._path, error)
            self._failed = True
            return
        self._count, self._failed = count, False

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _put(self, data: memoryview, place: int) -> None:
        if self._file is None:
            self._file = self._opened(os.O_DIRECT)
        try:
            os.pwrite(self._file, data, place)
        except OSError as error:
            if error.errno != errno.EINVAL or self.period_s == CACHED_PERIOD_S:
                raise
            # No direct writes here, or none of a sector.
            self.close()
            self._file = self._opened(0)
            os.pwrite(self._file, data, place)

    def _opened(self, direct: int) -> int:
        if not self._path.exists() or self._path.stat().st_size < 2 * PLACE_BYTES:
            # With its room taken beforehand, a write is a write and no change of the file's size.
            made = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.pwrite(made, bytes(2 * PLACE_BYTES), 0)
                os.fsync(made)
            finally:
                os.close(made)
        if direct:
            try:
                return os.open(self._path, os.O_RDWR | os.O_DSYNC | direct)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
        self.period_s = CACHED_PERIOD_S
        return os.open(self._path, os.O_RDWR | os.O_DSYNC)


def _check(count: int, body: bytes) -> int:
    return zlib.crc32(body, count & 0xFFFFFFFF)
