"""How somebody lies, sits or stands, as far as gravity tells.

Theory of operation. "Up" in the frame of the wearer's neutral says where the trunk points, whatever the
mounting, for the neutral has the mounting taken out already. Inclined little, the wearer is upright; inclined
far, the side to which "up" leans says whether they lie on their front, their back or a side. Between the
regions lie bands in which nothing is said.

What gravity does not tell: standing and sitting upright differ at the upper back by two or three degrees
(Claus 2016, upright sitting against standing), less than one upright differs from the next. The low back
differs more, since the pelvis rolls back in sitting. So the two are told apart only where the wearer's own
calibration of both holds them at least `APART_DEG` apart, by the low back where there is a sensor;
everywhere else the answer is `UPRIGHT`. A bow while standing looks like lying propped on the elbows to one
sensor; a second one on the low back sees that the pelvis does not lie.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .correction import rotation_onto_up
from .flexion import flexion_deg, lateral_deg
from .trunk import Vector

if TYPE_CHECKING:
    from .profile import CalibrationProfile, SensorProfile

UPRIGHT_BELOW_DEG = 30.0
"""Inclination that is still upright: a natural slouch is 12° (SD 7), Claus 2016, and three of those SD fit
in."""

LYING_ABOVE_DEG = 35.0
"""Inclination from which on the trunk lies or is propped up: on the elbows the chest is at 40° to 60°
(inference)."""

UPSIDE_DOWN_DEG = 135.0

LEVEL_PELVIS_DEG = 55.0
"""Inclination from which on the low back lies; in a standing bow of the chest by 50° it has about 25°."""

BETWEEN_SIDES_DEG = 7.5
"""Half of the band between front, back and sides in which nothing is said."""

APART_DEG = 8.0
"""Least distance of the calibrated standing from the calibrated sitting: below it, repeatability of "upright"
(90th percentile 4.7° of three trials on the sitting recordings) would decide."""

NEARER = 0.3
"""Share of the way between the two up to which one of them is told."""


class Position(StrEnum):
    """How the trunk is held against gravity."""

    PRONE = "prone"
    SUPINE = "supine"
    ON_THE_RIGHT = "on_the_right"
    ON_THE_LEFT = "on_the_left"
    STANDING = "standing"
    SITTING = "sitting"
    UPRIGHT = "upright"
    """Sitting or standing; which of them cannot be told."""
    UNCLEAR = "unclear"
    """Between the others, or upside down."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the wearer's calibrated standing is, degrees of (flexion, lateral) from their sitting neutral.

    Attributes:
        upper_deg: of the upper back; None where it was not taken.
        lower_deg: of the low back; None without a sensor there, or where it was not taken.
    """

    upper_deg: tuple[float, float] | None = None
    lower_deg: tuple[float, float] | None = None

    @classmethod
    def of(cls, profile: CalibrationProfile) -> Standing:
        """What the profile knows of standing."""
        lower = None if profile.lower is None else _standing(profile.lower)
        return cls(_standing(profile.upper), lower)


def position_of(
    upper_up: Vector, lower_up: Vector | None = None, standing: Standing = Standing()
) -> Position:
    """How the wearer is placed.

    Args:
        upper_up: unit vector "up" at the upper back, body frame of the neutral.
        lower_up: the same at the low back; None without a sensor there.
        standing: the wearer's calibrated standing.
    """
    inclined_deg = _inclined_deg(upper_up)
    if inclined_deg < UPRIGHT_BELOW_DEG:
        return _upright(upper_up, lower_up, standing)
    if inclined_deg < LYING_ABOVE_DEG or inclined_deg > UPSIDE_DOWN_DEG:
        return Position.UNCLEAR
    if lower_up is not None and _inclined_deg(lower_up) < LEVEL_PELVIS_DEG:
        return Position.UNCLEAR  # bent or leaning far, on a pelvis that stands or sits
    fore, right = -upper_up[0], upper_up[1]
    towards_deg = math.degrees(math.atan2(abs(right), abs(fore)))
    if abs(towards_deg - 45.0) < BETWEEN_SIDES_DEG:
        return Position.UNCLEAR
    if towards_deg < 45.0:
        return Position.PRONE if fore > 0.0 else Position.SUPINE
    return Position.ON_THE_RIGHT if right > 0.0 else Position.ON_THE_LEFT


def fits(wanted: Position, seen: Position) -> bool:
    """Whether somebody seen so may be in the position wanted: `UPRIGHT` may be sitting or standing."""
    upright = (Position.UPRIGHT, Position.STANDING, Position.SITTING)
    if wanted in upright and seen in upright:
        return wanted is seen or Position.UPRIGHT in (wanted, seen)
    return wanted is seen


def _upright(upper_up: Vector, lower_up: Vector | None, standing: Standing) -> Position:
    if lower_up is not None and standing.lower_deg is not None:
        stands_deg, up = standing.lower_deg, lower_up
    elif standing.upper_deg is not None:
        stands_deg, up = standing.upper_deg, upper_up
    else:
        return Position.UPRIGHT
    apart_deg = math.hypot(*stands_deg)
    if apart_deg < APART_DEG:
        return Position.UPRIGHT
    now_deg = (flexion_deg(up), lateral_deg(up))
    way = (now_deg[0] * stands_deg[0] + now_deg[1] * stands_deg[1]) / apart_deg**2
    if way <= NEARER:
        return Position.SITTING
    return Position.STANDING if way >= 1.0 - NEARER else Position.UPRIGHT


def _inclined_deg(up: Vector) -> float:
    return math.degrees(math.atan2(math.hypot(up[0], up[1]), up[2]))


def _standing(sensor: SensorProfile) -> tuple[float, float] | None:
    up = sensor.neutral.standing_up
    if up is None:
        return None
    x, y, z = (rotation_onto_up(sensor.neutral.up) @ up).tolist()
    return flexion_deg((x, y, z)), lateral_deg((x, y, z))
