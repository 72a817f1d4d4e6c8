"""The arithmetic of a profile, prepared once: sensor samples in, body samples out.

`corrected = R · M · (raw − bias)` is linear, so each of acceleration and rate becomes one matrix
product and one subtraction a block. A block of ten samples costs a few microseconds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .blocks import BodyBlock, FloatArray, SensorBlock
from .trunk import Vector

if TYPE_CHECKING:
    from .profile_parts import SensorModel

LIVE_ROWS = 64
"""Blocks of up to so many rows have their offsets kept ready."""


class Correction:
    """A sensor model and a rotation, compiled.

    Args:
        model: errors of the chip.
        rotation: (3, 3) rotation from the sensor frame to the frame that is wanted.
    """

    __slots__ = (
        "_acc_offset",
        "_acc_turn",
        "_at_c",
        "_gyr_offset",
        "_gyr_slope",
        "_gyr_turn",
        "_offsets",
        "_temp_c",
    )

    def __init__(self, model: SensorModel, rotation: FloatArray) -> None:
        # Row vectors: v' = v @ A.T, and (v − b) @ A.T = v @ A.T − b @ A.T.
        acc_turn = np.ascontiguousarray((rotation @ np.array(model.acc_matrix)).T)
        gyr_turn = np.ascontiguousarray(rotation.T)
        self._acc_offset = np.array(model.acc_bias_m_s2) @ acc_turn
        self._gyr_offset = np.array(model.gyr_bias_rad_s) @ gyr_turn
        slope = np.array(model.gyr_bias_slope_rad_s_k) @ gyr_turn
        self._gyr_slope = slope if slope.any() and math.isfinite(model.temp_c) else None
        self._acc_turn = None if _is_identity(acc_turn) else acc_turn
        self._gyr_turn = None if _is_identity(gyr_turn) else gyr_turn
        self._temp_c = model.temp_c
        self._at_c = math.nan
        self._offsets: dict[int, tuple[FloatArray, FloatArray]] = {}

    def __call__(self, block: SensorBlock) -> BodyBlock:
        """Correct and rotate a block; rows of NaN stay rows of NaN."""
        gyr, acc = self.arrays(block)
        return BodyBlock(block.t_s, acc, gyr, block.temp_c)

    def arrays(self, block: SensorBlock) -> tuple[FloatArray, FloatArray]:
        """The same as bare arrays, (n, 3) rates and (n, 3) specific forces."""
        rows = np.empty((len(block.t_s), 6))
        self.into(rows, block)
        return rows[:, :3], rows[:, 3:]

    def into(self, rows: FloatArray, block: SensorBlock) -> None:
        """The same into (n, 6) rows: rates, then specific forces."""
        if self._gyr_slope is not None and block.temp_c != self._at_c:
            self._at_c = block.temp_c
            self._offsets.clear()
        count = len(rows)
        acc_offset, gyr_offset = self._offsets.get(count) or self._offsets_of(count)
        acc, gyr = block.acc_m_s2, block.gyr_rad_s
        if self._acc_turn is not None:
            acc = acc.dot(self._acc_turn)
        if self._gyr_turn is not None:
            gyr = gyr.dot(self._gyr_turn)
        np.subtract(gyr, gyr_offset, out=rows[:, :3])
        np.subtract(acc, acc_offset, out=rows[:, 3:])

    def _offsets_of(self, rows: int) -> tuple[FloatArray, FloatArray]:
        """What to take off, at the temperature `_at_c`."""
        gyr_offset = self._gyr_offset
        if self._gyr_slope is not None and math.isfinite(self._at_c):
            gyr_offset = gyr_offset + (self._at_c - self._temp_c) * self._gyr_slope
        offsets = (self._acc_offset, gyr_offset)
        if rows <= LIVE_ROWS:
            # Repeated row by row: subtracting equal shapes takes a third of the time of broadcasting.
            offsets = (np.tile(offsets[0], (rows, 1)), np.tile(offsets[1], (rows, 1)))
            self._offsets[rows] = offsets
        return offsets


def _is_identity(matrix: FloatArray) -> bool:
    return bool((matrix == np.eye(3)).all())


def rotation_onto_up(up: Vector) -> FloatArray:
    """The smallest rotation (3, 3) that brings the unit vector `up` onto (0, 0, 1) (Rodrigues' formula)."""
    x, y, z = up
    if z <= -1.0 + 1e-12:
        return np.diag([1.0, -1.0, -1.0])
    k = 1.0 / (1.0 + z)
    return np.array([[1.0 - k * x * x, -k * x * y, -x], [-k * x * y, 1.0 - k * y * y, -y], [x, y, z]])
