"""How the gyroscope's bias follows the temperature, learnt over weeks from the calibrations themselves.

Each time the sensor lay still its bias was found at some temperature. Once those span enough kelvins, a
straight line through them is the slope; until then it stays zero, which is what the prior says: a chip
may drift by ±20 °/s over 125 K at the worst (MPU-6050 PS rev. 3.4), 0.03 °/s/K is usual.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from firmware_py.posture.blocks import FloatArray
from firmware_py.posture.profile import CalibrationProfile, SensorModel, SensorProfile

SLOPE_PRIOR_RAD_S_K = math.radians(0.03)
SCATTER_RAD_S = math.radians(0.1)
"""By how much the bias of one temperature differs from day to day (inference)."""

LEAST_SPAN_K = 5.0
LEAST_TIMES = 3


def learn_slope(profile: CalibrationProfile, earlier: Sequence[CalibrationProfile]) -> CalibrationProfile:
    """The profile with each sensor's slope learnt from its own and all earlier calibrations.

    Args:
        profile: the newest; its biases count as they were found.
        earlier: profiles of the history; those of other sensors are left out.
    """
    upper = _learnt(profile.upper, [other.upper for other in earlier])
    lower = profile.lower
    if lower is not None:
        lower = _learnt(lower, [other.lower for other in earlier if other.lower is not None])
    return replace(profile, upper=upper, lower=lower)


def _learnt(part: SensorProfile, earlier: Sequence[SensorProfile]) -> SensorProfile:
    same = [other.sensor for other in earlier if other.sensor_id == part.sensor_id]
    # A profile that only took a new neutral repeats its model; one measurement shall count once.
    found: dict[tuple[float, ...], SensorModel] = {}
    for model in [*same, part.sensor]:
        if math.isfinite(model.temp_c):
            found[(model.temp_c, *model.gyr_bias_rad_s)] = model
    temp_c = np.array([model.temp_c for model in found.values()])
    if len(temp_c) < LEAST_TIMES or float(np.ptp(temp_c)) < LEAST_SPAN_K:
        return part
    bias = np.array([model.gyr_bias_rad_s for model in found.values()])
    x, y, z = _slope(temp_c, bias).tolist()
    return replace(part, sensor=replace(part.sensor, gyr_bias_slope_rad_s_k=(x, y, z)))


def _slope(temp_c: FloatArray, bias_rad_s: FloatArray) -> FloatArray:
    """(3,) slope of a straight line through (n,) temperatures and (n, 3) biases, drawn to 0 by the prior."""
    warmer = temp_c - temp_c.mean()
    weight = float(warmer @ warmer) + (SCATTER_RAD_S / SLOPE_PRIOR_RAD_S_K) ** 2
    slope: FloatArray = warmer @ (bias_rad_s - bias_rad_s.mean(axis=0)) / weight
    return slope
