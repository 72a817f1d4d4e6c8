"""Samples as a table that any program can write: one row a sampling time, SI units, names with their units.

Columns: `t_s, acc_x_m_s2, acc_y_m_s2, acc_z_m_s2, gyr_x_rad_s, gyr_y_rad_s, gyr_z_rad_s`, and for a second,
low-back sensor the same six with `lower_` before the name. Further columns are ignored. A cell `nan` is a
sample that was measured and is not to be believed; six empty cells mean that this sensor was not sampled at
this time (two sensors have two clocks). Sensor frame, uncorrected.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TextIO

import numpy as np

from .errors import RecordingError, SampleError
from .posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray, SensorBlock, TrunkBlock
from .posture.inclination import LEAST_RATE_HZ, MOST_RATE_HZ

TIME = "t_s"
UPPER = [f"acc_{axis}_m_s2" for axis in "xyz"] + [f"gyr_{axis}_rad_s" for axis in "xyz"]
LOWER = [f"lower_{name}" for name in UPPER]

_LARGEST = 1e6
"""No accelerometer and no gyroscope gives a number beyond this in any unit that is in use."""

_FASTEST_RAD_S = 70.0
"""No wearable gyroscope measures more: 4000 °/s, the widest range sold."""

_OTHER_UNITS = (("milliseconds", 1e-3), ("microseconds", 1e-6), ("nanoseconds", 1e-9), ("minutes", 60.0))
_USUAL_HZ = (10.0, 1000.0)
"""Steps of 20 are 50 samples a second where they are milliseconds: rates by which a unit is recognised."""

_LONGEST_FOUND = 200
"""As much of a foreign header is told, characters."""


@dataclass(frozen=True, slots=True)
class Samples:
    """A whole table: one block, and the rate that its times show (1 / median step of the upper sensor)."""

    block: TrunkBlock
    rate_hz: float


def read_samples(path: Path) -> Samples:
    """Read a table of samples.

    Raises:
        RecordingError: naming the column that is missing, the line that cannot be read, or the unit that
            the figures betray (g instead of m/s², degrees instead of radians).
        OSError: where the file cannot be read.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        names = _names(path, file)
        has_lower = _check_header(path, names)
        wanted = [TIME, *UPPER, *(LOWER if has_lower else [])]
        columns = [names.index(name) for name in wanted]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an empty table is refused below, in our own words
                table = np.loadtxt(file, delimiter=",", usecols=columns, ndmin=2)
        except ValueError:
            # Empty cells, or a line that is wrong: slowly, and with the number of the line.
            file.seek(0)
            try:
                table = _read_lines(path, file, columns, wanted)
            except (UnicodeDecodeError, csv.Error) as error:
                raise RecordingError(f"{path} is no table of samples throughout: {error}") from error
    if not len(table):
        raise RecordingError(f"{path} has a header and no samples")
    upper = _sensor(path, table, slice(1, 7))
    lower = _sensor(path, table, slice(7, 13)) if has_lower else None
    if len(upper) < 2:
        raise RecordingError(f"{path} has {len(upper)} sample(s) of the upper sensor; two are the least")
    for block, name in ((upper, "acc_*_m_s2"), (lower, "lower_acc_*_m_s2")):
        if block is not None and len(block):
            check_units(block, str(path), name)
    rate_hz = _rate_of(upper, path)
    until_s = max(float(b.t_s[-1]) for b in (upper, lower) if b is not None and len(b))
    return Samples(TrunkBlock(upper, lower, until_s), rate_hz)


def write_samples(blocks: Iterable[TrunkBlock], file: TextIO) -> int:
    """Write blocks as a table, both sensors in one order of time; returns the number of rows.

    Numbers are written so that reading gives the same float64 again.
    """
    writer = csv.writer(file, lineterminator="\n")
    rows = 0
    has_lower: bool | None = None
    for block in blocks:
        if has_lower is None:
            has_lower = block.lower is not None
            writer.writerow([TIME, *UPPER, *(LOWER if has_lower else [])])
        for row in _rows(block, has_lower):
            writer.writerow(row)
            rows += 1
    if has_lower is None:
        writer.writerow([TIME, *UPPER])
    return rows


def _rows(block: TrunkBlock, has_lower: bool) -> Iterator[list[str]]:
    by_time: dict[float, list[str]] = {}
    blank = [""] * 6
    for t, *values in _listed(block.upper):
        by_time[t] = [*map(repr, values), *(blank if has_lower else [])]
    if has_lower and block.lower is not None:
        for t, *values in _listed(block.lower):
            row = by_time.setdefault(t, [*blank, *blank])
            row[6:] = map(repr, values)
    for t in sorted(by_time):
        yield [repr(t), *by_time[t]]


def _listed(block: SensorBlock) -> list[list[float]]:
    table: list[list[float]] = np.column_stack((block.t_s, block.acc_m_s2, block.gyr_rad_s)).tolist()
    return table


def _names(path: Path, file: TextIO) -> list[str]:
    try:
        names = [name.strip() for name in next(csv.reader(file), [])]
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path} is neither a recording nor a table of samples") from error
    if not all(name.isprintable() for name in names) and "\t" not in names[0]:
        raise RecordingError(f"{path} is neither a recording nor a table of samples")
    return names


def _check_header(path: Path, names: list[str]) -> bool:
    for separator, called in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and names[0].count(separator) >= len(UPPER):
            raise RecordingError(
                f"{path} has its cells between {called}; commas are needed there, and in numbers a point"
            )
    has_lower = any(name.startswith("lower_") for name in names)
    missing = [n for n in [TIME, *UPPER, *(LOWER if has_lower else [])] if n not in names]
    if missing:
        found = ", ".join(names) or "nothing"
        raise RecordingError(
            f"{path} lacks the column {', '.join(missing)}; its header has "
            f"{found if len(found) <= _LONGEST_FOUND else found[:_LONGEST_FOUND] + '…'}. "
            f"Needed: {', '.join([TIME, *UPPER])}"
        )
    return has_lower


def _read_lines(path: Path, file: TextIO, columns: list[int], names: list[str]) -> FloatArray:
    rows = []
    reader = csv.reader(file)
    next(reader)
    for row in reader:
        if not row:
            continue
        if len(row) <= max(columns):
            raise RecordingError(
                f"{path} line {reader.line_num}: {len(row)} cells, {max(columns) + 1} are needed"
            )
        values = []
        for column, name in zip(columns, names, strict=True):
            cell = row[column].strip()
            try:
                values.append(float(cell) if cell else np.inf)  # infinite: not sampled; see _sensor
            except ValueError:
                raise RecordingError(
                    f"{path} line {reader.line_num}: {name} is {cell!r}, no number"
                ) from None
        rows.append(values)
    return np.array(rows, dtype=np.float64).reshape(-1, len(columns))


def _sensor(path: Path, table: FloatArray, columns: slice) -> SensorBlock:
    values = table[:, columns]
    sampled = ~np.isposinf(values).all(axis=1)
    values = values[sampled]
    values = np.where(np.isinf(values), np.nan, values)
    beyond = np.abs(values) > _LARGEST
    if beyond.any():
        row, column = np.argwhere(beyond)[0]
        raise RecordingError(
            f"{path}: {[*UPPER, *LOWER][columns.start - 1 + column]} at t_s = {table[sampled, 0][row]:g} "
            f"is {values[row, column]:g}; no sensor measures that"
        )
    try:
        return SensorBlock.checked(table[sampled, 0], values[:, :3], values[:, 3:], float("nan"))
    except SampleError as error:
        raise RecordingError(f"{path}: {error}") from error


def _rate_of(block: SensorBlock, path: Path) -> float:
    """The rate that the times show.

    Raises:
        RecordingError: where nobody's motion was ever sampled at it, most often for another unit of time.
    """
    step_s = float(np.median(np.diff(block.t_s)))
    # Times that were printed carry their rounding into the rate; a millionth of a hertz is not meant.
    rate_hz = round(1.0 / step_s, 6)
    if LEAST_RATE_HZ <= rate_hz <= MOST_RATE_HZ:
        return rate_hz
    least, most = _USUAL_HZ
    meant = [unit for unit, each_s in _OTHER_UNITS if least <= 1.0 / (step_s * each_s) <= most]
    raise RecordingError(
        f"{path}: t_s shows {rate_hz:g} samples a second, and {LEAST_RATE_HZ:g} to {MOST_RATE_HZ:g} can be"
        " judged; " + (f"is it in {meant[0]}? Seconds are needed" if meant else "t_s is needed in seconds")
    )


def check_units(block: SensorBlock, where: str, name: str) -> None:
    """Refuse samples whose figures betray another unit than m/s² and rad/s.

    A body's accelerometer reads about 9.8 m/s² most of the time, whatever it does; and "up" moves in the
    sensor as the gyroscope says, so that rates in degrees seem 57 times too fast.

    Raises:
        RecordingError: saying what was seen and the factor that mends it.
    """
    sizes = np.linalg.norm(block.acc_m_s2, axis=1)
    sizes = sizes[np.isfinite(sizes)]
    if len(sizes):
        typical = float(np.median(sizes))
        for low, high, unit, factor in (
            (0.4, 2.0, "g", STANDARD_GRAVITY_M_S2),
            (400.0, 2000.0, "mg", STANDARD_GRAVITY_M_S2 / 1000.0),
        ):
            if low <= typical <= high:
                raise RecordingError(
                    f"{where}: {name} looks like {unit}: its median size is {typical:.3g}, at rest it should "
                    f"be about 9.8 m/s²; multiply by {factor:.8g}"
                )
        if not 4.0 <= typical <= 30.0:
            raise RecordingError(
                f"{where}: {name} has a median size of {typical:.3g}; at rest it should be about 9.8 m/s²"
            )
    fastest = float(np.nanmax(np.abs(block.gyr_rad_s), initial=0.0))
    scale = _rate_scale(block)
    if fastest > _FASTEST_RAD_S or scale < 0.1:
        rate = name.replace("acc_*_m_s2", "gyr_*_rad_s")
        raise RecordingError(
            f"{where}: {rate} looks like degrees per second: its largest value is {fastest:.3g}, and gravity "
            f"turns {scale:.2g} times as fast as it says; multiply by 0.0174532925"
        )


def _rate_scale(block: SensorBlock) -> float:
    """How fast gravity turned, as a multiple of what the gyroscope says; 1 where it cannot be told.

    Least squares over seconds: change of mean acceleration direction against the rate integrated across it.
    """
    good = np.isfinite(block.acc_m_s2).all(axis=1) & np.isfinite(block.gyr_rad_s).all(axis=1)
    second = np.floor(block.t_s[good]).astype(np.int64)
    if len(second) == 0:
        return 1.0
    starts = np.flatnonzero(np.r_[True, np.diff(second) > 0])
    counts = np.diff(np.r_[starts, len(second)])[:, None]
    acc = np.add.reduceat(block.acc_m_s2[good], starts) / counts
    gyr = np.add.reduceat(block.gyr_rad_s[good], starts) / counts
    up = acc / np.maximum(np.linalg.norm(acc, axis=1, keepdims=True), 1e-9)
    said_sum = seen_said = 0.0
    for i, j in pairwise(range(len(up))):
        if second[starts[j]] - second[starts[i]] != 1:
            continue
        turned = np.cross((up[i] + up[j]) / 2, (gyr[i] + gyr[j]) / 2)
        said_sum += float(turned @ turned)
        seen_said += float(turned @ (up[j] - up[i]))
    # A wearer who hardly moves tells nothing: 0.5 rad of turning in the root sum of squares is asked for.
    return seen_said / said_sum if said_sum > 0.25 else 1.0
