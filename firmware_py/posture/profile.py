"""The calibration profile: how one sensor's samples become the wearer's body frame. Apply only.

Making a profile is the work of the `calibration` package; this module reads, checks and applies
one. Frames and signs: `docs/frames.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ..errors import ProfileError
from .blocks import BodyBlock, FloatArray, SensorBlock
from .correction import Correction, rotation_onto_up
from .trunk import Vector

__all__ = [
    "FLAT_ON_THE_BACK",
    "FORMAT_VERSION",
    "IDENTITY",
    "CalibrationProfile",
    "Matrix",
    "Mounting",
    "Neutral",
    "SensorModel",
    "SensorProfile",
    "rotation_onto_up",
]

FORMAT_VERSION = 1

Matrix = tuple[Vector, Vector, Vector]

IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

FLAT_ON_THE_BACK: Matrix = ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
"""Rows: body x, y, z in sensor axes, for a board flat on the back: its x axis up, its z axis backwards."""


@dataclass(frozen=True, slots=True)
class SensorModel:
    """Errors of the chip: corrected = matrix · (raw − bias).

    Attributes:
        acc_bias_m_s2: accelerometer bias.
        acc_matrix: scale and misalignment of the accelerometer, dimensionless.
        gyr_bias_rad_s: gyroscope bias at `temp_c`.
        gyr_bias_slope_rad_s_k: change of the gyroscope bias per kelvin.
        temp_c: temperature at which the bias was found; NaN where unknown (the slope rests then).
    """

    acc_bias_m_s2: Vector = (0.0, 0.0, 0.0)
    acc_matrix: Matrix = IDENTITY
    gyr_bias_rad_s: Vector = (0.0, 0.0, 0.0)
    gyr_bias_slope_rad_s_k: Vector = (0.0, 0.0, 0.0)
    temp_c: float = math.nan


@dataclass(frozen=True, slots=True)
class Mounting:
    """How the sensor sits on the body: `rotation` · (sensor vector) = body vector, a proper rotation."""

    rotation: Matrix = FLAT_ON_THE_BACK


@dataclass(frozen=True, slots=True)
class Neutral:
    """The wearer's own upright: the unit vector "up", in the body frame of the mounting, while upright."""

    up: Vector = (0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class SensorProfile:
    """One sensor's share of a profile.

    Raises:
        ProfileError: naming the key, where a number is not finite or a matrix is no rotation.
    """

    sensor: SensorModel = field(default_factory=SensorModel)
    mounting: Mounting = field(default_factory=Mounting)
    neutral: Neutral = field(default_factory=Neutral)

    def __post_init__(self) -> None:
        rotation = np.array(self.mounting.rotation)
        if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3) or np.linalg.det(rotation) < 0:
            raise ProfileError(
                "mounting.rotation is no rotation: its rows must be perpendicular unit vectors, right-handed"
            )
        for name, values in (
            ("sensor.acc_bias_m_s2", self.sensor.acc_bias_m_s2),
            ("sensor.acc_matrix", self.sensor.acc_matrix),
            ("sensor.gyr_bias_rad_s", self.sensor.gyr_bias_rad_s),
            ("sensor.gyr_bias_slope_rad_s_k", self.sensor.gyr_bias_slope_rad_s_k),
        ):
            if not np.isfinite(np.array(values)).all():
                raise ProfileError(f"{name} holds a value that is not a number")
        norm = math.sqrt(sum(v * v for v in self.neutral.up))
        if not abs(norm - 1.0) < 1e-3:
            raise ProfileError(f"neutral.up has length {norm:.4f}; a direction of length 1 is needed")

    def to_body(self) -> FloatArray:
        """(3, 3) rotation from the sensor frame to the body frame of the mounting, without the neutral."""
        return np.array(self.mounting.rotation)

    def to_neutral(self) -> FloatArray:
        """(3, 3) rotation from the sensor frame to the body frame in which neutral is exactly "up"."""
        turned: FloatArray = rotation_onto_up(self.neutral.up) @ self.to_body()
        return turned

    def correction(self) -> Correction:
        """The compiled form of `apply_mounting`; ask once, call it for every block."""
        return Correction(self.sensor, self.to_body())

    def apply_mounting(self, block: SensorBlock) -> BodyBlock:
        """Correct a block and rotate it into the body frame of the mounting; the neutral is *not* applied.

        This is what a stream uses: the neutral may change in the middle of a session (`SetNeutral`)
        while the filter runs on, so it is applied to the few numbers of a tick:
        `rotation_onto_up(neutral.up) @ up`.
        """
        return self.correction()(block)

    def apply(self, block: SensorBlock) -> BodyBlock:
        """Correct a block and rotate it so that the neutral's "up" is +z: `apply_mounting`, then the neutral.

        Meant for whole recordings; it prepares the matrices at each call.
        """
        return Correction(self.sensor, self.to_neutral())(block)


@dataclass(frozen=True, slots=True)
class CalibrationProfile:
    """The only thing that passes from calibration to firmware: dated, versioned, with units in its keys.

    Attributes:
        upper: the upper-back sensor's share.
        lower: the low-back sensor's share; None with one sensor.
        made_at: UTC, ISO 8601; empty for the built-in default.
        note: free words.
        simulated: True for a profile of a simulated wearer.
    """

    upper: SensorProfile = field(default_factory=SensorProfile)
    lower: SensorProfile | None = None
    made_at: str = ""
    note: str = ""
    simulated: bool = False
    format_version: int = FORMAT_VERSION
