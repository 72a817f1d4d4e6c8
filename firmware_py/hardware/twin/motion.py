"""What moves a simulated chip: a motion says what a perfect sensor would feel at any moment.

The motion knows nothing of rates, registers, noise or bias: those are the chip's. The chip asks
for its own sampling instants, which its own imperfect oscillator sets.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ...posture.blocks import FloatArray


class Motion(Protocol):
    """A perfect sensor's feelings over time."""

    def at(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Specific force and angular rate in the sensor frame.

        Args:
            t_s: (n,) ascending times, n ≥ 1, in seconds of the chip's `Clock` minus the twin's
                `starts_s`; a chip asks forwards only, though it may leave spans out, and two chips
                on one motion object would each go their own way: give each its own.

        Returns:
            `acc_m_s2` (n, 3), +9.81 along "up" at rest, and `gyr_rad_s` (n, 3), right-handed.
        """
        ...


class Resting:
    """A board that lies still: constant specific force, constant rate."""

    def __init__(
        self,
        acc_m_s2: tuple[float, float, float] = (0.0, 0.0, 9.80665),
        gyr_rad_s: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> None:
        self._acc = np.array(acc_m_s2)
        self._gyr = np.array(gyr_rad_s)

    def at(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The same at every moment."""
        return np.tile(self._acc, (len(t_s), 1)), np.tile(self._gyr, (len(t_s), 1))


class RecordedMotion:
    """Plays arrays, so that a real recording can be fed through a simulated chip.

    Between two rows the value is interpolated linearly; before the first and after the last it is
    held. Rows with a value that is not a number are left out beforehand.

    Args:
        t_s: (n,) ascending seconds.
        acc_m_s2: (n, 3).
        gyr_rad_s: (n, 3).
    """

    def __init__(self, t_s: FloatArray, acc_m_s2: FloatArray, gyr_rad_s: FloatArray) -> None:
        values = np.hstack([np.asarray(acc_m_s2, dtype=float), np.asarray(gyr_rad_s, dtype=float)])
        good = np.isfinite(values).all(axis=1)
        if not good.any():
            raise ValueError("a recorded motion needs at least one row of numbers")
        self._t_s = np.asarray(t_s, dtype=float)[good]
        self._values = values[good]

    @property
    def ends_s(self) -> float:
        """Time of the last row."""
        return float(self._t_s[-1])

    def at(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The recording at these moments."""
        out = np.empty((len(t_s), 6))
        for axis in range(6):
            out[:, axis] = np.interp(t_s, self._t_s, self._values[:, axis])
        return out[:, :3], out[:, 3:]
