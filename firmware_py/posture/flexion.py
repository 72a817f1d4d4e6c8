"""From "up" to the two angles that people understand: flexion and lateral bend.

`up` is the unit vector against gravity in the body frame of the neutral (x forward, y left,
z up), so (0, 0, 1) is the wearer's own upright. The trunk is taken to be turned from there by
flexion f about y and lateral bend l about x, R = Rx(l)·Ry(f), which turns "up" into

    u = (−sin f · cos l, sin l, cos f · cos l),

hence f = atan2(−u_x, u_z) and l = asin(u_y). Turning about the vertical leaves no trace in `up`;
no heading is needed and none is given. Signs, movement by movement: `docs/frames.md`.

Flexion covers the whole circle (−180°, 180°]: a bow past the horizontal goes on past 90°, lying on
the back is −90°. Lateral bend ends at ±90°, the side lying down; there flexion has no meaning,
and `flexion_sigma_deg` says so.
"""

from __future__ import annotations

import math

from .trunk import Vector

_DEG = 180.0 / math.pi

UNKNOWN_ANGLE_SIGMA_DEG = 360.0 / math.sqrt(12.0)
"""Standard deviation of an angle that may be anything on the circle (uniform over 360°): 103.9°."""


def flexion_deg(up: Vector) -> float:
    """Flexion in degrees, (−180, 180], + forward; 0 in the neutral.

    Args:
        up: unit vector "up", body frame of the neutral.
    """
    return math.atan2(-up[0], up[2]) * _DEG


def lateral_deg(up: Vector) -> float:
    """Lateral bend in degrees, [−90, 90], + to the wearer's right; 0 in the neutral.

    The same angle as asin(u_y), but by atan2: exact near ±90°, and indifferent to the length of `up`.
    """
    return math.atan2(up[1], math.sqrt(up[0] * up[0] + up[2] * up[2])) * _DEG


def up_at(flexion_deg: float, lateral_deg: float = 0.0) -> Vector:
    """The unit vector "up" of a trunk bent by these angles (degrees): the inverse of the two above.

    It gives the angles back for |lateral_deg| < 90 and flexion in (−180, 180].
    """
    f, b = flexion_deg / _DEG, lateral_deg / _DEG
    return (-math.sin(f) * math.cos(b), math.sin(b), math.cos(f) * math.cos(b))


def spine_flexion_deg(upper_deg: float, lower_deg: float) -> float:
    """The bend of the spine between two sensors: upper − lower flexion, degrees, in (−180, 180].

    A lean from the hips moves both alike and cancels; a slump remains. Wrapped, so that it does
    not jump by 360° where one of the two passes ±180° (a wearer turning in bed).
    """
    bend = upper_deg - lower_deg
    if bend > 180.0:
        return bend - 360.0
    if bend <= -180.0:
        return bend + 360.0
    return bend


def flexion_sigma_deg(up: Vector, sigma_deg: float) -> float:
    """One-sigma uncertainty of `flexion_deg(up)`, degrees, `up` erring by `sigma_deg` in any direction.

    An error of `up` along the circle of flexion moves f by the error over that circle's radius,
    cos l: first-order propagation, sigma / cos l. It grows without limit towards the side lying
    down, so it ends at what an angle has of which nothing is known (`UNKNOWN_ANGLE_SIGMA_DEG`).
    """
    radius = math.sqrt(up[0] * up[0] + up[2] * up[2])
    if sigma_deg >= UNKNOWN_ANGLE_SIGMA_DEG * radius:
        return UNKNOWN_ANGLE_SIGMA_DEG
    return sigma_deg / radius


def spine_flexion_sigma_deg(upper_sigma_deg: float, lower_sigma_deg: float) -> float:
    """One-sigma uncertainty of `spine_flexion_deg`, from those of the two flexions (`flexion_sigma_deg`).

    Two sensors err independently, so variances add; capped like a single angle's.
    """
    return min(math.hypot(upper_sigma_deg, lower_sigma_deg), UNKNOWN_ANGLE_SIGMA_DEG)
