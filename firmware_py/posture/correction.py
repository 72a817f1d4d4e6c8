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
    from .profile import SensorModel

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
        self._acc_turn = np.ascontiguousarray((rotation @ np.array(model.acc_matrix)).T)
        self._acc_offset = np.array(model.acc_bias_m_s2) @ self._acc_turn
        self._gyr_turn = np.ascontiguousarray(rotation.T)
        self._gyr_offset = np.array(model.gyr_bias_rad_s) @ self._gyr_turn
        slope = np.array(model.gyr_bias_slope_rad_s_k) @ self._gyr_turn
        self._gyr_slope = slope if slope.any() and math.isfinite(model.temp_c) else None
        self._temp_c = model.temp_c
        self._at_c = math.nan
        self._offsets: dict[int, tuple[FloatArray, FloatArray]] = {}

    def __call__(self, block: SensorBlock) -> BodyBlock:
        """Correct and rotate a block; rows of NaN stay rows of NaN."""
        if self._gyr_slope is not None and block.temp_c != self._at_c:
            self._at_c = block.temp_c
            self._offsets.clear()
        rows = len(block.t_s)
        acc_offset, gyr_offset = self._offsets.get(rows) or self._offsets_of(rows)
        acc = block.acc_m_s2.dot(self._acc_turn)
        acc -= acc_offset
        gyr = block.gyr_rad_s.dot(self._gyr_turn)
        gyr -= gyr_offset
        return BodyBlock(block.t_s, acc, gyr, block.temp_c)

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


def rotation_onto_up(up: Vector) -> FloatArray:
    """The smallest rotation (3, 3) that brings the unit vector `up` onto (0, 0, 1) (Rodrigues' formula)."""
    x, y, z = up
    if z <= -1.0 + 1e-12:
        return np.diag([1.0, -1.0, -1.0])
    k = 1.0 / (1.0 + z)
    return np.array([[1.0 - k * x * x, -k * x * y, -x], [-k * x * y, 1.0 - k * y * y, -y], [x, y, z]])
