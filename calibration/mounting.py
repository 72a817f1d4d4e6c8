"""How the sensor sits on the body: from standing still and two or three bows, whatever way it is strapped.

Standing gives "up" in the sensor's axes. In a bow the trunk turns about one axis, and that axis, in
the sensor's own axes, is what the gyroscope shows all the way down and up again: the main axis of the
rates. Its sign comes from gravity: a bow goes forward. Made square to "up" it is the body's left; the
rest follows, x forward, y left, z up (`docs/frames.md`). Nothing about how the board is turned is
assumed, upside down and sideways included.

A person bows a little off their own plane, each time otherwise, so the mean over the bows is taken
and their scatter told; the trembling of the trunk has no main axis and falls out by itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from firmware_py.errors import CalibrationRejected
from firmware_py.posture.blocks import FloatArray, SensorBlock
from firmware_py.posture.guidance import GuideFinding
from firmware_py.posture.profile import FLAT_ON_THE_BACK, Mounting, SensorModel, SensorProfile

from .neutral import measure_neutral
from .stillness import gyroscope_bias

LEAST_BOWS = 2
LEAST_BOW_DEG = 25.0
"""A smaller bow shows its axis too weakly against the sway of standing."""

LEAST_SHARE = 0.75
"""Least share of a bow's turning that is about its main axis; twisting while bowing takes it below."""

SPREAD_LIMIT_DEG = 10.0
"""Bows that lie farther apart than this (root mean square) are no repetition of one movement."""

_AS_IT_IS = SensorProfile()


@dataclass(frozen=True, slots=True)
class MeasuredBow:
    """One bow.

    Attributes:
        axis: (3,) unit vector to the body's left, sensor frame, square to "up".
        depth_deg: how far "up" went.
        share: how much of the turning was about the main axis, 1/3 to 1.
    """

    axis: FloatArray
    depth_deg: float
    share: float


@dataclass(frozen=True, slots=True)
class MeasuredMounting:
    """A mounting and how well the bows agree.

    Attributes:
        mounting: sensor frame to body frame.
        bows: how many bows it rests on.
        spread_deg: root mean square angle of the single bows from their mean; NaN for one.
        sigma_deg: one-sigma uncertainty of the heading of the body axes.
    """

    mounting: Mounting
    bows: int
    spread_deg: float
    sigma_deg: float

    def onto(self, part: SensorProfile) -> SensorProfile:
        """The profile with this mounting in it; a neutral of another mounting is forgotten."""
        quality = replace(
            part.quality, bows=self.bows, bow_spread_deg=self.spread_deg, neutral_spread_deg=math.nan
        )
        fresh = SensorProfile().neutral
        return replace(part, mounting=self.mounting, neutral=fresh, quality=quality)


def squared_on_the_back(part: SensorProfile) -> SensorProfile:
    """The profile whose mounting nobody measured by bows, squared by its neutral.

    Without bows the board is taken to lie flat on the back (`FLAT_ON_THE_BACK`), but it need not hang plumb:
    a strap lets it turn in the plane of the back. Sitting upright tilts the back forward and to no side, so
    a tilt to the side in the neutral is that turn, and is taken out of the mounting about the board's normal.
    The shortest turn onto "up" instead would turn the sagittal plane too, by tan(tilt / 2) of it, where the
    tilt is that of the back, some 30° at its top. On the sitting recordings (`python -m benchmarks.sitting`)
    this brings a third of a point in a hundred.
    """
    x, y, z = part.neutral.up
    turn = math.atan2(y, z)
    if part.quality.bows or part.mounting.rotation[0] != FLAT_ON_THE_BACK[0] or z <= 0.0:
        return part
    c, s = math.cos(turn), math.sin(turn)
    rotation = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]]) @ part.to_body()
    a, b, d = ((row[0], row[1], row[2]) for row in rotation.tolist())
    up = (x, 0.0, math.hypot(y, z))
    return replace(part, mounting=Mounting((a, b, d)), neutral=replace(part.neutral, up=up))


def measure_up(standing: SensorBlock, model: SensorModel, doing: str = "standing still") -> FloatArray:
    """(3,) unit vector "up" in the sensor frame while the wearer stands still.

    Raises:
        CalibrationRejected: moved, or too short.
    """
    part = replace(_AS_IT_IS, sensor=model)
    in_body = np.array(measure_neutral(standing, part, doing=doing).up)
    up: FloatArray = part.to_body().T @ in_body
    return up


def measure_bow(bow: SensorBlock, up: FloatArray, model: SensorModel) -> MeasuredBow:
    """The axis of one bow, there and back.

    Args:
        bow: samples from before the bow until after it, sensor frame, uncorrected.
        up: (3,) "up" while standing, sensor frame.
        model: the chip's errors; its gyroscope bias should be right to about 1 °/s.

    Raises:
        CalibrationRejected: too shallow, twisted, or too short.
    """
    corrected = replace(_AS_IT_IS, sensor=model).apply_mounting(bow)
    to_sensor = _AS_IT_IS.to_body().T
    good = np.isfinite(corrected.acc_m_s2).all(axis=1) & np.isfinite(corrected.gyr_rad_s).all(axis=1)
    acc = corrected.acc_m_s2[good] @ to_sensor.T
    gyr = corrected.gyr_rad_s[good] @ to_sensor.T
    t_s = corrected.t_s[good]
    if len(t_s) < 20:
        raise CalibrationRejected("no samples came during the bow; once more", GuideFinding.TOO_FEW_SAMPLES)
    # Gravity alone shows how deep it was and which way: mean over a quarter of a second, at its deepest.
    width = max(1, round(0.25 * (len(t_s) - 1) / float(t_s[-1] - t_s[0])))
    smooth = np.column_stack([np.convolve(column, np.ones(width) / width, "valid") for column in acc.T])
    smooth /= np.linalg.norm(smooth, axis=1)[:, None]
    deepest = smooth[int(np.argmin(smooth @ up))]
    depth_deg = math.degrees(math.acos(max(-1.0, min(1.0, float(deepest @ up)))))
    if depth_deg < LEAST_BOW_DEG:
        raise CalibrationRejected(
            f"that bow was {depth_deg:.0f}° deep; {LEAST_BOW_DEG:.0f}° or more is needed",
            GuideFinding.BOW_SHALLOW,
            depth_deg=depth_deg,
            least_deg=LEAST_BOW_DEG,
        )
    moments = gyr.T @ gyr
    sizes, axes = np.linalg.eigh(moments)
    share = float(sizes[-1] / sizes.sum())
    if share < LEAST_SHARE:
        raise CalibrationRejected(
            "you twisted while bowing; bow straight forward, once more", GuideFinding.BOW_TWISTED
        )
    axis: FloatArray = axes[:, -1]
    # Bowing forward, "up" goes backward in the body: left = up_deepest × up_standing.
    if float(np.cross(deepest, up) @ axis) < 0.0:
        axis = -axis
    axis = axis - up * float(axis @ up)
    size = float(np.linalg.norm(axis))
    if size < 0.8:
        raise CalibrationRejected(
            "you turned round while bowing; bow straight forward, once more", GuideFinding.TURNED_ROUND
        )
    return MeasuredBow(axis / size, depth_deg, share)


def mounting_from(up: FloatArray, bows: Sequence[MeasuredBow]) -> MeasuredMounting:
    """The mounting from "up" while standing and the bows.

    Raises:
        CalibrationRejected: too few bows, or bows that do not repeat one another.
    """
    if len(bows) < LEAST_BOWS:
        raise CalibrationRejected(f"{len(bows)} good bows, {LEAST_BOWS} are needed")
    left = np.mean([bow.axis for bow in bows], axis=0)
    left -= up * float(left @ up)
    left /= np.linalg.norm(left)
    angles = [math.degrees(math.acos(max(-1.0, min(1.0, float(bow.axis @ left))))) for bow in bows]
    spread_deg = math.sqrt(sum(angle * angle for angle in angles) / (len(bows) - 1))
    if spread_deg > SPREAD_LIMIT_DEG:
        raise CalibrationRejected(
            f"the bows went {spread_deg:.0f}° apart; bow straight forward each time, once more",
            GuideFinding.BOWS_APART,
            apart_deg=spread_deg,
        )
    rotation = np.array([np.cross(left, up), left, up])
    a, b, c = ((row[0], row[1], row[2]) for row in rotation.tolist())
    return MeasuredMounting(Mounting((a, b, c)), len(bows), spread_deg, spread_deg / math.sqrt(len(bows)))


def measure_mounting(
    standing: SensorBlock, bows: Sequence[SensorBlock], model: SensorModel | None = None
) -> MeasuredMounting:
    """The mounting from samples of standing still and of each bow, sensor frame, uncorrected.

    Args:
        standing: some seconds of standing still.
        bows: one block for each bow, from before it until after it.
        model: the chip's errors; without one, the gyroscope's bias is taken from the standing.

    Raises:
        CalibrationRejected: with what was seen and what to do once more.
    """
    if model is None:
        model = SensorModel(gyr_bias_rad_s=_bias_while_standing(standing))
    up = measure_up(standing, model)
    return mounting_from(up, [measure_bow(bow, up, model) for bow in bows])


def _bias_while_standing(standing: SensorBlock) -> tuple[float, float, float]:
    """The mean rate of standing still, which for a bow's axis is bias enough."""
    try:
        return gyroscope_bias(standing).bias_rad_s
    except CalibrationRejected:
        # A person sways more than a table; over some seconds it evens out to well below 1 °/s.
        x, y, z = np.nanmean(standing.gyr_rad_s, axis=0).tolist()
        return x, y, z
