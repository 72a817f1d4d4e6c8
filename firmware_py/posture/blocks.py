"""Blocks of samples: what a source yields and the core takes.

The frame is in the type: a `SensorBlock` is what the chip said, a `BodyBlock` what a
calibration profile made of it (`docs/frames.md`). Time is a field of the data: seconds since
the run began, spaced by the chip's own clock. A gap is a jump in `t_s`; a sample known to be
implausible (a flipped bit, say) is a row of NaN and is never judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ..errors import SampleError

FloatArray = NDArray[np.float64]

STANDARD_GRAVITY_M_S2 = 9.80665
"""Standard gravity, m/s² (ISO 80000-3)."""


class Place(StrEnum):
    """Where on the trunk a sensor sits."""

    UPPER = "upper"
    LOWER = "lower"


class RemarkKind(StrEnum):
    """What an edge had to say about its samples."""

    LOST = "lost"
    BACK = "back"
    OVERFLOW = "overflow"
    RESET = "reset"
    IMPLAUSIBLE = "implausible"
    LATE = "late"
    CLOCK = "clock"


class Remark(NamedTuple):
    """A driver's note that travels with the samples, so that a replay knows it too.

    `t_s` is on the same axis as the samples; `detail` is one plain sentence.
    """

    t_s: float
    place: Place
    kind: RemarkKind
    detail: str


def _checked(values: object, name: str, shape_tail: tuple[int, ...]) -> FloatArray:
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim != 1 + len(shape_tail) or array.shape[1:] != shape_tail:
        wanted = "(n, 3)" if shape_tail else "(n,)"
        raise SampleError(f"{name} has shape {array.shape}; {wanted} is needed")
    return array


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isinf(values), np.nan, values) if np.isinf(values).any() else values


class _Block(Struct, frozen=True, eq=False):
    """`n` samples of one sensor, n ≥ 0.

    Attributes:
        t_s: (n,) seconds since the run began, finite and strictly increasing.
        acc_m_s2: (n, 3) specific force; a sensor at rest reads +9.81 m/s² along "up".
        gyr_rad_s: (n, 3) angular rate, right-handed about each axis.
        temp_c: temperature of the chip in °C, NaN where unknown.

    Raises:
        SampleError: on shapes that do not fit one another, or time that does not increase.
    """

    t_s: FloatArray
    acc_m_s2: FloatArray
    gyr_rad_s: FloatArray
    temp_c: float = float("nan")

    def __len__(self) -> int:
        return len(self.t_s)

    @classmethod
    def checked(cls: type[BlockT], t_s: object, acc_m_s2: object, gyr_rad_s: object, temp_c: float) -> BlockT:
        """Build from untrusted arrays (a file, a user's script); drivers use the constructor.

        A value that is infinite becomes one that is missing.

        The constructor itself checks nothing: a live monitor makes ten blocks a second.
        """
        t = _checked(t_s, "t_s", ())
        acc = _checked(acc_m_s2, "acc_m_s2", (3,))
        gyr = _checked(gyr_rad_s, "gyr_rad_s", (3,))
        if not len(t) == len(acc) == len(gyr):
            raise SampleError(
                f"{len(t)} times, {len(acc)} accelerations and {len(gyr)} rates; all three must agree"
            )
        if not np.isfinite(t).all():
            raise SampleError(f"t_s of sample {int(np.argmin(np.isfinite(t)))} is not a number")
        steps = np.diff(t)
        if (steps <= 0).any():
            row = int(np.argmax(steps <= 0)) + 1
            raise SampleError(f"time goes backwards at sample {row}: {t[row - 1]:.6f} s, then {t[row]:.6f} s")
        return cls(t, _finite(acc), _finite(gyr), temp_c)

    def cut(self: BlockT, start: int, stop: int) -> BlockT:
        """Rows `start:stop`, as views."""
        return type(self)(
            self.t_s[start:stop], self.acc_m_s2[start:stop], self.gyr_rad_s[start:stop], self.temp_c
        )


BlockT = TypeVar("BlockT", bound=_Block)


class SensorBlock(_Block, frozen=True, eq=False):
    """Samples in the sensor's own frame, uncorrected: what a driver reads and a recording keeps."""


class BodyBlock(_Block, frozen=True, eq=False):
    """Samples in the body frame (x forward, y left, z up), corrected.

    Only `CalibrationProfile` makes one, so the type checker catches a forgotten calibration.
    """


def empty_block() -> SensorBlock:
    """A block of no samples."""
    return SensorBlock(np.empty(0), np.empty((0, 3)), np.empty((0, 3)))


class TrunkBlock(Struct, frozen=True, eq=False):
    """What one turn of a source yields: the upper sensor's samples, the lower one's where there is one.

    Attributes:
        upper: samples of the upper-back sensor; may be empty.
        lower: samples of the low-back sensor; None where none is configured.
        until_s: the source's promise that every sample taken before or at this time has been
            delivered, in this block or an earlier one. It moves on while a sensor is lost, which is
            how the core, which has no clock, learns that time passes.
        remarks: what the drivers noticed, in time order.
    """

    upper: SensorBlock
    lower: SensorBlock | None
    until_s: float
    remarks: tuple[Remark, ...] = ()

    @classmethod
    def of(cls, upper: SensorBlock, lower: SensorBlock | None = None) -> TrunkBlock:
        """A block whose promise ends with its last upper sample."""
        return cls(upper, lower, float(upper.t_s[-1]) if len(upper) else float("-inf"))


def rechunk(blocks: Iterable[TrunkBlock], size: int) -> Iterator[TrunkBlock]:
    """Cut the same story into blocks of at most `size` upper samples (the last of each input may be shorter).

    Lower samples and remarks travel with the piece whose promise covers them, so the story told is the same.
    """
    if size < 1:
        raise ValueError(f"a block holds at least one sample, not {size}")
    for block in blocks:
        n = len(block.upper)
        if n <= size:
            yield block
            continue
        low_at = 0
        remarks = list(block.remarks)
        for start in range(0, n, size):
            stop = min(start + size, n)
            last = stop == n
            # A sensor that lags holds the promise back behind samples that the other has already given.
            until_s = block.until_s if last else min(block.until_s, float(block.upper.t_s[stop - 1]))
            lower = block.lower
            if lower is not None:
                low_stop = len(lower) if last else int(np.searchsorted(lower.t_s, until_s, "right"))
                lower = lower.cut(low_at, low_stop)
                low_at = low_stop
            told = tuple(remarks) if last else tuple(r for r in remarks if r.t_s <= until_s)
            remarks = remarks[len(told) :]
            yield TrunkBlock(block.upper.cut(start, stop), lower, until_s, told)
