"""Tables as Parquet, and back, where pyarrow is installed: `pip install 'plumbline[parquet]'`.

It is no part of the usual installation: it is five times as large as all the rest of the dashboard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, Any

from firmware_py.errors import ReportError

ROWS_AT_ONCE = 5000
"""Rows of one group: what is held in memory."""

_WHOLE = {"slouches", "reminders", "corrections", "sensors", "strength"}
_TRUTH = {"ended", "simulated"}
_MOMENTS = {"start", "end", "at", "edited"}


def is_installed() -> bool:
    """Whether Parquet can be written and read here."""
    return find_spec("pyarrow") is not None


def _pyarrow() -> Any:  # Any: pyarrow publishes no types
    if not is_installed():
        raise ReportError("Parquet needs its library on this machine: pip install 'plumbline[parquet]'")
    import pyarrow
    import pyarrow.parquet

    return pyarrow


def write(path: Path, columns: Sequence[str], rows: Iterable[dict[str, Any]], zone: str) -> None:
    """Write records as a Parquet file, each column of the type that its name says.

    Args:
        path: of the file.
        columns: names: seconds and degrees become doubles, moments timestamps.
        rows: the records, a value for each column.
        zone: IANA name of the time zone that moments are shown in; they are kept as UTC.

    Raises:
        ReportError: pyarrow is not installed.
    """
    pa = _pyarrow()
    schema = pa.schema([(name, _type(pa, name, zone)) for name in columns])
    waiting = iter(rows)
    with pa.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(waiting, ROWS_AT_ONCE)):
            held = {name: [_value(name, row[name]) for row in batch] for name in columns}
            writer.write_table(pa.table(held, schema))


def read(file: IO[bytes], columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of some columns of a Parquet file.

    Raises:
        ReportError: pyarrow is not installed, or the file is none with these columns.
    """
    pa = _pyarrow()
    try:
        found = pa.parquet.ParquetFile(file)
        for batch in found.iter_batches(ROWS_AT_ONCE, columns=list(columns)):
            yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)
    except (pa.ArrowException, KeyError, OSError) as error:
        raise ReportError(f"no Parquet file with {', '.join(columns)}: {error}") from error


def _type(pa: Any, name: str, zone: str) -> Any:
    if name.endswith(("_s", "_deg")):
        return pa.float64()
    if name in _MOMENTS:
        return pa.timestamp("ms", tz=zone)
    if name in _WHOLE:
        return pa.int64()
    if name in _TRUTH:
        return pa.bool_()
    return pa.date32() if name == "day" else pa.string()


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _MOMENTS:
        return datetime.fromisoformat(value)
    if name == "day":
        return date.fromisoformat(value)
    if isinstance(value, list):
        return "; ".join(value)
    return value
