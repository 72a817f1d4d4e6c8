"""The records that a calibration profile is made of: numbers with their units, and nothing that acts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .states import Posture
from .strict_json import Matrix
from .trunk import Vector

IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

FLAT_ON_THE_BACK: Matrix = ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
"""Rows: body x, y, z in sensor axes, for a board flat on the back: its x axis up, its z axis backwards."""


@dataclass(frozen=True, slots=True)
class SensorModel:
    """Errors of the chip: corrected = matrix · (raw − bias).

    The limits that `from_json` enforces are several times what datasheets allow a working chip
    (MPU-6050 PS rev. 3.4: ±20 °/s, ±80 mg, 3 % scale); beyond them a file was edited wrongly.

    Attributes:
        acc_bias_m_s2: accelerometer bias, within ±5.
        acc_matrix: scale and misalignment of the accelerometer, dimensionless, within 0.3 of the identity.
        gyr_bias_rad_s: gyroscope bias at `temp_c`, within ±1.
        gyr_bias_slope_rad_s_k: change of the gyroscope bias per kelvin, within ±0.02.
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
    """The wearer's own upright, as unit vectors "up" in the body frame of the mounting.

    Attributes:
        up: while sitting upright; angles are counted from here.
        standing_up: while standing upright, where it was taken; walking is compared with it.
    """

    up: Vector = (0.0, 0.0, 1.0)
    standing_up: Vector | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """How good one sensor's calibration is, in numbers; NaN (null in the file) where a step was left out.

    Attributes:
        gyr_bias_sigma_rad_s: one-sigma uncertainty of the gyroscope bias, largest axis.
        acc_poses: rest poses that the accelerometer model rests on.
        acc_residual_m_s2: root mean square of |corrected acceleration| − g over those poses.
        bows: bows that the mounting rests on.
        bow_spread_deg: how far the single bows' axes lie from their mean, root mean square.
        neutral_spread_deg: how far "up" wandered while the wearer sat still, root mean square.
        expected_error_deg: one-sigma error to expect of an angle from neutral, this calibration's share.
    """

    gyr_bias_sigma_rad_s: float = math.nan
    acc_poses: int = 0
    acc_residual_m_s2: float = math.nan
    bows: int = 0
    bow_spread_deg: float = math.nan
    neutral_spread_deg: float = math.nan
    expected_error_deg: float = math.nan


@dataclass(frozen=True, slots=True)
class PoseExample:
    """The wearer's own example of a posture, as change from the neutral; names and signs of `Reading`.

    Attributes:
        posture: what the wearer was asked to do; UPRIGHT and the four others, never UNKNOWN.
        upper_deg: flexion of the upper back, + forward.
        lateral_deg: side bend of the upper back, + right.
        lower_deg: flexion of the low back; None with one sensor.
        lower_lateral_deg: side bend of the low back; None with one sensor.
        spread_deg: how far the angles wandered while the example was held, root mean square.
        side: to which the wearer was asked to bend, 1 right or -1 left; 0 where no side was said.
    """

    posture: Posture
    upper_deg: float
    lateral_deg: float
    lower_deg: float | None = None
    lower_lateral_deg: float | None = None
    spread_deg: float = 0.0
    side: float = 0.0
