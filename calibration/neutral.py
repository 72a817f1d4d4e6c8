"""The wearer's own upright from a few seconds of stillness."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from firmware_py.errors import CalibrationRejected
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray, SensorBlock
from firmware_py.posture.guidance import GuideFinding
from firmware_py.posture.profile import SensorProfile, rotation_onto_up
from firmware_py.posture.trunk import Vector

from .stillness import means, pieces

LEAST_S = 2.0
"""Less than this holds no whole breath and is no neutral; the guide asks for 5 s."""

MOVED_LIMIT_DEG = 3.0
"""Largest change of "up" between any two half seconds: breathing and sway stay below 1.5 (inference), a
third of the slouch threshold is what a neutral may be worth."""

SETTLED_SHARE = 0.6
"""Share of a longer stretch that must lie within the limit of its middle, for it to be one posture."""

GRAVITY_LIMIT = 0.1
"""Share of g by which the mean may be off at rest: three times the scale error that datasheets allow."""


@dataclass(frozen=True, slots=True)
class MeasuredNeutral:
    """A neutral and how still it was.

    Attributes:
        up: unit vector "up" in the body frame of the mounting.
        spread_deg: root mean square angle of the half seconds used from `up`.
        seconds: time that it rests on.
    """

    up: Vector
    spread_deg: float
    seconds: float


def measure_neutral(
    block: SensorBlock,
    part: SensorProfile,
    *,
    doing: str = "sitting still",
    limit_deg: float = MOVED_LIMIT_DEG,
) -> MeasuredNeutral:
    """Where "up" points while the wearer holds still on request, for about 5 s.

    Args:
        block: samples of the still time, sensor frame, uncorrected; rows of NaN are left out.
        part: this sensor's profile; its model and mounting are applied, its neutral is not.
        doing: what the wearer was asked to do, for the reason of a rejection.
        limit_deg: largest change between any two half seconds that is accepted.

    Raises:
        CalibrationRejected: too short, moved, or not at rest; the message is for the wearer.
    """
    ups, seconds = _half_seconds(block, part, doing)
    moved = _widest_deg(ups)
    if moved > limit_deg:
        raise CalibrationRejected(
            f"you moved {moved:.0f}° while {doing} — once more", GuideFinding.MOVED, moved_deg=moved
        )
    return _measured(ups, seconds)


def settled_neutral(block: SensorBlock, part: SensorProfile) -> MeasuredNeutral:
    """Where "up" points most of the time in a recording of upright sitting, of any length.

    In half a minute everybody shifts a little, so half seconds away from the middle by more than
    `MOVED_LIMIT_DEG` are left out, and refused is only what has no middle.

    Raises:
        CalibrationRejected: too short, not at rest, or no one posture.
    """
    ups, seconds = _half_seconds(block, part, "sitting")
    middle = np.median(ups, axis=0)
    middle /= np.linalg.norm(middle)
    away = np.linalg.norm(ups - middle, axis=1)
    near = away <= 2.0 * math.sin(math.radians(MOVED_LIMIT_DEG) / 2.0)
    share = float(near.mean())
    if share < SETTLED_SHARE:
        raise CalibrationRejected(
            f"only {share:.0%} of the {seconds:.0f} s were spent in one posture (up to "
            f"{_widest_deg(ups):.0f}° apart); choose seconds of still, upright sitting"
        )
    return _measured(ups[near], seconds * share)


def with_neutral(block: SensorBlock, part: SensorProfile) -> SensorProfile:
    """The profile with its sitting neutral taken from these samples of upright sitting.

    Raises:
        CalibrationRejected: as `settled_neutral`.
    """
    measured = settled_neutral(block, part)
    return replace(
        part,
        neutral=replace(part.neutral, up=measured.up),
        quality=replace(part.quality, neutral_spread_deg=measured.spread_deg),
    )


def with_neutral_moved(part: SensorProfile, up: Vector) -> SensorProfile:
    """The profile with another sitting neutral; standing has moved with it, as a strap moves both.

    Args:
        part: a sensor's share.
        up: unit vector "up" while sitting upright, body frame of the mounting.
    """
    neutral = part.neutral
    standing = neutral.standing_up
    if standing is not None:
        x, y, z = (rotation_onto_up(up).T @ rotation_onto_up(neutral.up) @ np.array(standing)).tolist()
        standing = (x, y, z)
    return replace(part, neutral=replace(neutral, up=up, standing_up=standing))


def _half_seconds(block: SensorBlock, part: SensorProfile, doing: str) -> tuple[FloatArray, float]:
    """((k, 3) unit vectors "up" of half seconds, mounting frame; seconds of usable samples)."""
    body = part.apply_mounting(block)
    corrected = SensorBlock(body.t_s, body.acc_m_s2, body.gyr_rad_s)
    spans = pieces(corrected)
    acc, _, _ = means(corrected, spans)
    good = np.isfinite(acc[:, 0])
    seconds = float(sum(span.seconds for span, usable in zip(spans, good, strict=True) if usable))
    if seconds < LEAST_S:
        raise CalibrationRejected(
            f"only {seconds:.1f} s of usable samples came while {doing}, {LEAST_S:.0f} s are needed; "
            "once more",
            GuideFinding.TOO_FEW_SAMPLES,
        )
    acc = acc[good]
    length = np.linalg.norm(acc, axis=1)
    mean_g = float(np.median(length)) / STANDARD_GRAVITY_M_S2
    if not abs(mean_g - 1.0) <= GRAVITY_LIMIT:
        raise CalibrationRejected(
            f"the sensor reads {mean_g:.2f} g while {doing}, and stillness reads 1.00 g; "
            "calibrate its accelerometer, or check the unit and range of the samples",
            GuideFinding.NOT_ONE_G,
            read_g=mean_g,
        )
    ups: FloatArray = acc / length[:, None]
    return ups, seconds


def _measured(ups: FloatArray, seconds: float) -> MeasuredNeutral:
    up = ups.mean(axis=0)
    up /= np.linalg.norm(up)
    x, y, z = up.tolist()
    spread_deg = math.degrees(math.sqrt(float(np.mean(np.sum((ups - up) ** 2, axis=1)))))
    return MeasuredNeutral((x, y, z), spread_deg, seconds)


def _widest_deg(ups: FloatArray) -> float:
    """Largest angle between any two of (k, 3) unit vectors, degrees."""
    # The chord between unit vectors gives small angles exactly, where acos of a product does not.
    chords = np.linalg.norm(ups[:, None, :] - ups[None, :, :], axis=2)
    return math.degrees(2.0 * math.asin(min(1.0, float(chords.max()) / 2.0)))
