"""Files that a wearer brings back: an archive, or the table `messages` as CSV, JSON or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import IO

import msgspec

from firmware_py.errors import ReportError

from . import parquet

COLUMNS = ("topic", "message")
"""What is needed of the table `messages`."""

MAX_LINE = 100_000

MAX_JSON_BYTES = 64_000_000
"""JSON is held in memory whole; larger ones come by shorter ranges, or as an archive."""

csv.field_size_limit(MAX_LINE)


class _Record(msgspec.Struct):
    topic: str
    message: str


class _Table(msgspec.Struct):
    records: list[_Record]


def archive_lines(file: IO[bytes], size: int) -> Iterator[bytes]:
    """The file as lines of an archive (`archive.restore`), whichever of the kinds it is.

    Args:
        file: opened at its beginning, seekable.
        size: its length, bytes.

    Raises:
        ReportError: it holds another table, is too large, or needs a library that is not installed.
    """
    head = file.read(4096)
    file.seek(0)
    if head.startswith(b"PAR1"):
        return _lines(parquet.read(file, COLUMNS))
    if head.startswith(b'{"table":'):
        return _of_json(file, size)
    if not head.lstrip().startswith(b"{"):
        return _of_csv(file)
    return iter(lambda: file.readline(MAX_LINE + 1), b"")


def _of_json(file: IO[bytes], size: int) -> Iterator[bytes]:
    if size > MAX_JSON_BYTES:
        raise ReportError("a JSON file of that size is not taken in; choose a shorter range, or the archive")
    try:
        table = msgspec.json.decode(file.read(), type=_Table)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ReportError("only the table of messages is taken in again, and an archive") from error
    return _lines((record.topic, record.message) for record in table.records)


def _of_csv(file: IO[bytes]) -> Iterator[bytes]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    rows = csv.DictReader(text)
    try:
        if not set(COLUMNS) <= set(rows.fieldnames or ()):
            raise ReportError("only the table of messages is taken in again, and an archive")
        yield from _lines((row["topic"] or "", row["message"] or "") for row in rows)
    except csv.Error as error:
        raise ReportError(f"no CSV of messages: {error}") from error
    finally:
        text.detach()  # the file is its opener's to close


def _lines(rows: Iterator[tuple[str, str]]) -> Iterator[bytes]:
    for topic, message in rows:
        # Put together by hand: a message that is no JSON makes a line that is none, and is counted so.
        yield b'{"topic":' + msgspec.json.encode(topic) + b',"message":' + message.encode() + b"}"
