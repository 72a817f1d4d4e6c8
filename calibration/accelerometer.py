"""Bias, scale and misalignment of an accelerometer from rest poses that need not be exact.

At rest the corrected specific force has one length, g, whatever way the sensor points. So the model
`matrix · (raw − bias)`, matrix symmetric (a rotation of the whole is the mounting's business), is fitted
by least squares on length alone: an ellipsoid is turned into a sphere. What a chip can be wrong by is
known from datasheets and stands as a prior, so six rough poses are enough and twenty are better, and
what the poses do not show stays as it was.

It also works on a sensor that is turned about by hand and never quite rests: every tenth of a second
is one measurement, trusted as far as it is calm, and robustly (soft L1), since a hand also pushes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from firmware_py.errors import CalibrationRejected
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray, SensorBlock
from firmware_py.posture.guidance import GuideFinding
from firmware_py.posture.profile import Matrix, Quality, SensorModel, SensorProfile
from firmware_py.posture.trunk import Vector

from .stillness import HAND_RAD_S, find_still, means, pieces

PIECE_S = 0.1
"""Short enough that turning at 60 °/s shortens the mean by 0.05 % only."""

BIAS_PRIOR_M_S2 = 0.5
SCALE_PRIOR = 0.02
MISALIGNMENT_PRIOR = 0.01
"""One sigma before any measurement. MPU-6050 PS rev. 3.4 allows ±50 to ±80 mg, ±3 % and ±2 % between the
axes, taken as one and a half to two sigma."""

POSE_NOISE_M_S2 = 0.015
"""What the mean of a second or more of rest in the hand may be off by: 1.5 mg (inference)."""

PIECE_NOISE_M_S2 = 0.05
"""The same for a calm tenth of a second: noise, the ADC's steps and tremor."""

SPREAD_LIMIT = 0.15
"""Least eigenvalue of the mean of u·uᵀ over the poses' directions u (1/3 if all around): below it a
whole axis was hardly seen."""

POSE_LIMIT_M_S2 = 0.10
"""Poses that disagree by more than 10 mg were not held still, and the fit is refused."""

PIECE_LIMIT_M_S2 = 0.30
"""The same for pieces of turning by hand, in which the hand itself accelerates by 20 mg even when calm."""


@dataclass(frozen=True, slots=True)
class AccelerometerFit:
    """A fitted model and how good it is.

    Attributes:
        bias_m_s2: see `SensorModel`.
        matrix: see `SensorModel`; symmetric.
        residual_m_s2: spread of |corrected| − g over what was calm (1.48 times the median size).
        sigma_m_s2: one-sigma uncertainty of |corrected| − g to expect in the worst direction.
        poses: how many rest poses (or, moved by hand, distinct directions) it rests on.
    """

    bias_m_s2: Vector
    matrix: Matrix
    residual_m_s2: float
    sigma_m_s2: float
    poses: int

    def correct(self, acc_m_s2: FloatArray) -> FloatArray:
        """(n, 3) raw -> (n, 3) corrected specific force."""
        corrected: FloatArray = (acc_m_s2 - np.array(self.bias_m_s2)) @ np.array(self.matrix).T
        return corrected

    def onto(self, part: SensorProfile) -> SensorProfile:
        """The profile with this accelerometer model in it."""
        model: SensorModel = replace(part.sensor, acc_bias_m_s2=self.bias_m_s2, acc_matrix=self.matrix)
        quality: Quality = replace(part.quality, acc_poses=self.poses, acc_residual_m_s2=self.residual_m_s2)
        return replace(part, sensor=model, quality=quality)


def fit_poses(blocks: Sequence[SensorBlock]) -> AccelerometerFit:
    """Fit on rest poses held by hand or on a table, one or more in each block.

    Raises:
        CalibrationRejected: too few poses, an axis not shown, or poses that do not agree.
    """
    poses: list[FloatArray] = []
    for block in blocks:
        for span in find_still(block, HAND_RAD_S):
            acc, _, _ = means(block, [span])
            if np.isfinite(acc).all() and not any(_angle_deg(acc[0], pose) < 15.0 for pose in poses[-1:]):
                poses.append(acc[0])
    if len(poses) < 6:
        raise CalibrationRejected(
            f"{len(poses)} different rest poses were found, 6 are needed: each side down once, held for 2 s",
            GuideFinding.TOO_FEW_SIDES,
            sides=len(poses),
        )
    return _fit(np.array(poses), np.full(len(poses), POSE_NOISE_M_S2), len(poses), POSE_LIMIT_M_S2)


def fit_moved(blocks: Sequence[SensorBlock]) -> AccelerometerFit:
    """Fit on a sensor that is turned about slowly by hand, in as many directions as possible.

    Raises:
        CalibrationRejected: an axis not shown, or too jerky to agree.
    """
    forces: list[FloatArray] = []
    noises: list[FloatArray] = []
    for block in blocks:
        spans = pieces(block, PIECE_S)
        acc, _, _ = means(block, spans)
        spread = np.array([_spread(block.acc_m_s2[span.start : span.stop]) for span in spans])
        good = np.isfinite(acc[:, 0]) & np.isfinite(spread)
        forces.append(acc[good])
        noises.append(np.hypot(PIECE_NOISE_M_S2, spread[good]))
    force = np.concatenate(forces) if forces else np.empty((0, 3))
    if len(force) < 50:
        raise CalibrationRejected(
            f"only {len(force) * PIECE_S:.0f} s of turning came; "
            "turn it slowly through all directions for 30 s"
        )
    return _fit(force, np.concatenate(noises), _directions(force), PIECE_LIMIT_M_S2)


def _fit(force: FloatArray, noise: FloatArray, poses: int, limit_m_s2: float) -> AccelerometerFit:
    from scipy.optimize import least_squares

    length = np.linalg.norm(force, axis=1)
    if not abs(float(np.median(length)) / STANDARD_GRAVITY_M_S2 - 1.0) < 0.15:
        raise CalibrationRejected(
            f"at rest the sensor reads {np.median(length):.1f} m/s², far from 9.8; check the unit and range",
            GuideFinding.NOT_ONE_G,
            read_g=float(np.median(length)) / STANDARD_GRAVITY_M_S2,
        )
    directions = force / length[:, None]
    # Thousands of pieces on one side shall not outweigh the others: directions count, not time.
    least = float(np.linalg.eigvalsh(_evened(directions))[0])
    if least < SPREAD_LIMIT:
        raise CalibrationRejected(
            "one axis hardly pointed up or down; turn every side down once", GuideFinding.AXIS_NOT_SHOWN
        )
    prior = np.repeat([BIAS_PRIOR_M_S2, SCALE_PRIOR, MISALIGNMENT_PRIOR], 3)

    def cost(parameters: FloatArray) -> FloatArray:
        bias, matrix = _unpacked(parameters)
        off = (np.linalg.norm((force - bias) @ matrix.T, axis=1) - STANDARD_GRAVITY_M_S2) / noise
        # Soft L1 on the measurements, plain squares on the prior; hence by hand and not by `loss`.
        robust = np.sign(off) * np.sqrt(2.0 * (np.sqrt(1.0 + off * off) - 1.0))
        return np.concatenate([robust, parameters / prior])

    found = least_squares(cost, np.zeros(9))
    bias, matrix = _unpacked(found.x)
    off = np.linalg.norm((force - bias) @ matrix.T, axis=1) - STANDARD_GRAVITY_M_S2
    # The calmer half, and its middle: a hand that pushes now and then says nothing of the fit.
    calm = noise <= float(np.median(noise))
    residual = 1.4826 * float(np.median(np.abs(off[calm])))
    if residual > limit_m_s2:
        raise CalibrationRejected(
            f"the poses disagree by {residual / STANDARD_GRAVITY_M_S2 * 1000:.0f} mg, "
            f"{limit_m_s2 / STANDARD_GRAVITY_M_S2 * 1000:.0f} are allowed; "
            "hold each one still, once more",
            GuideFinding.SIDES_DISAGREE,
            apart_mg=residual / STANDARD_GRAVITY_M_S2 * 1000.0,
        )
    slope = np.asarray(found.jac)
    covariance = np.linalg.inv(slope.T @ slope)
    slopes = _length_slopes(_around())
    sigma = math.sqrt(float(np.einsum("ij,jk,ik->i", slopes, covariance, slopes).max()))
    x, y, z = bias.tolist()
    a, b, c = ((row[0], row[1], row[2]) for row in matrix.tolist())
    return AccelerometerFit((x, y, z), (a, b, c), residual, sigma, poses)


def _unpacked(parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    sx, sy, sz, xy, xz, yz = parameters[3:]
    return parameters[:3], np.array([[1.0 + sx, xy, xz], [xy, 1.0 + sy, yz], [xz, yz, 1.0 + sz]])


def _length_slopes(up: FloatArray) -> FloatArray:
    """(n, 9) change of |corrected| with each parameter, for rest poses `up` (n, 3)."""
    x, y, z = up.T
    g = STANDARD_GRAVITY_M_S2
    return np.column_stack(
        [-x, -y, -z, g * x * x, g * y * y, g * z * z, 2 * g * x * y, 2 * g * x * z, 2 * g * y * z]
    )


def _around() -> FloatArray:
    """(26, 3) directions all around: faces, edges and corners of a cube."""
    grid = np.array(
        [(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if x or y or z], float
    )
    units: FloatArray = grid / np.linalg.norm(grid, axis=1)[:, None]
    return units


def _evened(directions: FloatArray) -> FloatArray:
    """(3, 3) mean of u·uᵀ in which each of the 26 directions around counts once at most."""
    nearest = np.argmax(directions @ _around().T, axis=1)
    seen = [directions[nearest == k].mean(axis=0) for k in np.unique(nearest)]
    mean: FloatArray = np.mean([np.outer(u, u) for u in seen], axis=0)
    return mean


def _directions(force: FloatArray) -> int:
    return len(np.unique(np.argmax(force @ _around().T, axis=1)))


def _spread(acc: FloatArray) -> float:
    good = acc[np.isfinite(acc).all(axis=1)]
    return math.sqrt(float(good.var(axis=0).sum())) if len(good) >= 2 else math.nan


def _angle_deg(a: FloatArray, b: FloatArray) -> float:
    cosine = float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
