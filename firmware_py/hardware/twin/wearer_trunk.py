"""The kinematic chain of a simulated trunk: from coordinates to what perfect sensors feel.

A pelvis rides on the hip, a thorax on the lumbar joint, a sensor on each. Frames are those of
`docs/frames.md`: x forward, y left, z up; a segment's orientation is Rz(heading) · Rx(lateral) ·
Ry(flexion) from segment to world. The sensor sits on its segment by a constant rotation, and on
top of it by what the strap has slipped.

Everything is closed form: rates are the exact derivative of the orientation, and the specific
force is gravity and the exact second derivative of the sensor's path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray, Place
from .wearer_channels import Channel

Components = tuple[FloatArray, FloatArray, FloatArray]
"""A vector over time by its components, each (n,): cheaper than rows of three."""

_RAD_PER_DEG = np.pi / 180.0


@dataclass(frozen=True, slots=True)
class Build:
    """Lengths of a trunk, metres, in the frame of the segment (x forward, y left, z up).

    Attributes:
        hip_to_low_sensor_m: hip axis to the sensor at L5, on the pelvis.
        hip_to_lumbar_m: hip axis to the joint that carries the thorax, on the pelvis.
        lumbar_to_upper_sensor_m: that joint to the sensor at T4, on the thorax.
    """

    hip_to_low_sensor_m: tuple[float, float, float] = (-0.11, 0.0, 0.11)
    hip_to_lumbar_m: tuple[float, float, float] = (-0.05, 0.0, 0.16)
    lumbar_to_upper_sensor_m: tuple[float, float, float] = (-0.09, 0.0, 0.31)


class _Turn:
    """A segment's orientation over time by three angles, with its angular rate and acceleration.

    Args:
        flexion: (3, n) radians: value and two derivatives; lateral likewise.
        turning: (2, n) first and second derivative of the heading against the world.
        facing: (n,) the heading itself against the frame that `into` and `out_of` speak of; None
            where that frame turns along with the segment.
    """

    def __init__(
        self, flexion: FloatArray, lateral: FloatArray, turning: FloatArray, facing: FloatArray | None = None
    ) -> None:
        f, f1, f2 = flexion
        l0, l1, l2 = lateral
        h1, h2 = turning
        self.sin_f, self.cos_f = sf, cf = np.sin(f), np.cos(f)
        self.sin_l, self.cos_l = sl, cl = np.sin(l0), np.cos(l0)
        self._facing = None if facing is None else (np.sin(facing), np.cos(facing))
        h1_cl = h1 * cl
        # In the segment's own axes: Ry(−f) · (l′, h′·sin l, h′·cos l) + f′ about y.
        self.rate: Components = (l1 * cf - h1_cl * sf, f1 + h1 * sl, l1 * sf + h1_cl * cf)
        across = l1 * h1 * sl - h2 * cl
        self.acceleration: Components = (
            l2 * cf - f1 * (l1 * sf + h1_cl * cf) + across * sf,
            f2 + h2 * sl + l1 * h1_cl,
            l2 * sf + f1 * (l1 * cf - h1_cl * sf) - across * cf,
        )

    def into(self, v: Components) -> Components:
        """A vector of the frame around in the segment's axes."""
        x, y, z = v
        if self._facing is not None:
            s, c = self._facing
            x, y = c * x + s * y, c * y - s * x
        y, z = self.cos_l * y + self.sin_l * z, self.cos_l * z - self.sin_l * y
        return self.cos_f * x - self.sin_f * z, y, self.sin_f * x + self.cos_f * z

    def out_of(self, v: Components) -> Components:
        """A vector of the segment's axes in those of the frame around."""
        x, y, z = v
        x, z = self.cos_f * x + self.sin_f * z, self.cos_f * z - self.sin_f * x
        y, z = self.cos_l * y - self.sin_l * z, self.cos_l * z + self.sin_l * y
        if self._facing is not None:
            s, c = self._facing
            x, y = c * x - s * y, c * y + s * x
        return x, y, z

    def lever(self, arm: tuple[float, float, float]) -> Components:
        """Acceleration of a point at `arm` (segment axes) by the turning alone: α × r + ω × (ω × r)."""
        x, y, z = self.rate
        ax, ay, az = self.acceleration
        rx, ry, rz = arm
        along = x * rx + y * ry + z * rz
        square = x * x + y * y + z * z
        return (
            ay * rz - az * ry + x * along - rx * square,
            az * rx - ax * rz + y * along - ry * square,
            ax * ry - ay * rx + z * along - rz * square,
        )


class Chain:
    """The trunk over some moments: pelvis, thorax and what carries them, worked out once for both sensors.

    Args:
        curves: (channels, 3, n) as `Channels.at` gives them.
        build: lengths of the trunk.
    """

    def __init__(self, curves: FloatArray, build: Build) -> None:
        self._curves = curves
        self._build = build
        # Everything is worked out along the heading: the frame turns with the wearer.
        self._pelvis = _pelvis(curves)
        self._at_hip = _force_at_hip(curves)

    def feelings(self, place: Place, to_sensor: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Specific force (n, 3) m/s² and angular rate (n, 3) rad/s of the sensor at `place`.

        `to_sensor` (3, 3) is the constant rotation from segment axes to sensor axes, without slip.
        """
        if place is Place.LOWER:
            segment, arm, carried = self._pelvis, self._build.hip_to_low_sensor_m, self._at_hip
        else:
            segment, arm = _thorax(self._curves), self._build.lumbar_to_upper_sensor_m
            joint = self._pelvis.out_of(self._pelvis.lever(self._build.hip_to_lumbar_m))
            carried = _sum(self._at_hip, joint)
        force, rate = _sum(segment.into(carried), segment.lever(arm)), segment.rate
        slip_deg = _slip_deg(self._curves, place)
        if slip_deg.any():
            slip = _slip(slip_deg)
            force, rate = slip.into(force), _sum(slip.into(rate), slip.rate)
        return np.stack(force, 1) @ to_sensor.T, np.stack(rate, 1) @ to_sensor.T

    def orientation(self, place: Place, to_sensor: FloatArray) -> FloatArray:
        """(n, 3, 3) rotations from the axes of the sensor at `place` to the world's."""
        segment = self._pelvis if place is Place.LOWER else _thorax(self._curves)
        slip = _slip(_slip_deg(self._curves, place))
        heading = _RAD_PER_DEG * self._curves[Channel.HEADING, 0]
        s, c = np.sin(heading), np.cos(heading)
        one, zero = np.ones_like(heading), np.zeros_like(heading)
        columns = []
        for axis in ((one, zero, zero), (zero, one, zero), (zero, zero, one)):
            x, y, z = segment.out_of(slip.out_of(axis))
            columns.append(np.stack([c * x - s * y, c * y + s * x, z], 1))
        return np.asarray(np.stack(columns, 2) @ to_sensor.T)


def _pelvis(curves: FloatArray) -> _Turn:
    angles = _RAD_PER_DEG * curves[[Channel.LOWER_FLEXION, Channel.LOWER_LATERAL, Channel.HEADING]]
    return _Turn(angles[0], angles[1], angles[2, 1:])


def _thorax(curves: FloatArray) -> _Turn:
    angles = _RAD_PER_DEG * curves[[Channel.UPPER_FLEXION, Channel.UPPER_LATERAL, Channel.UPPER_TWIST]]
    turning = angles[2, 1:] + _RAD_PER_DEG * curves[Channel.HEADING, 1:]
    return _Turn(angles[0], angles[1], turning, facing=angles[2, 0])


def _slip_deg(curves: FloatArray, place: Place) -> FloatArray:
    """(2, 3, n) flexion and lateral by which the strap has slipped."""
    first = Channel.LOWER_SLIP_FLEXION if place is Place.LOWER else Channel.UPPER_SLIP_FLEXION
    return curves[first : first + 2]


def _slip(slip_deg: FloatArray) -> _Turn:
    angles = _RAD_PER_DEG * slip_deg
    return _Turn(angles[0], angles[1], np.zeros((2, slip_deg.shape[2])))


def _force_at_hip(curves: FloatArray) -> Components:
    """Specific force at the hip, in the frame of the heading, which itself turns and travels."""
    x, x_1, x_2 = curves[Channel.FORE]
    y, y_1, y_2 = curves[Channel.LEFT]
    turn_1, turn_2 = _RAD_PER_DEG * curves[Channel.HEADING, 1:]
    speed, speed_1 = curves[Channel.SPEED, :2]
    up = curves[Channel.RISE, 2] + STANDARD_GRAVITY_M_S2
    if not turn_1.any():
        return x_2 + speed_1, y_2, up
    return (
        x_2 - turn_2 * y - 2.0 * turn_1 * y_1 - turn_1 * turn_1 * x + speed_1,
        y_2 + turn_2 * x + 2.0 * turn_1 * x_1 - turn_1 * turn_1 * y + speed * turn_1,
        up,
    )


def _sum(a: Components, b: Components) -> Components:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]
