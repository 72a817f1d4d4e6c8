"""A strap that slips turns the sensor about itself; a back that bends carries it along.

Theory of operation. Bending or leaning turns the upper back about a joint well below the sensor, so
the sensor travels: turn times distance, 3 cm or more for 10°. A slipping strap turns the sensor
where it is. Gyroscope and accelerometer together tell the two apart: the rates turn every specific
force of the movement into the frame in which it began, the mean is taken off (before and after, the
sensor rests), and adding up twice gives the way it went. That way over the angle it turned by is its
*arm*. Over ten simulated working days the arms of true movements are 0.085 m and more, those of
slips 0.05 m and less; a thoracic slump about the middle of the spine has 0.15 m.

What passes, breathing and sway, moves the sensor as well while the turn lasts. Its share is known
from the rates just before and after and is taken off the turn, so that both sides of the ratio
speak of the same movement.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from .blocks import FloatArray
from .trunk import TICK_S, SegmentState, Vector

QUIET_TICKS = 4
"""Rest before and after a turn from which its two ends are known."""

MARGIN_TICKS = 1

LEAST_DEG = 6.0
"""A smaller turn says nothing that matters."""

LONGEST_TICKS = 25
"""A turn longer than 2.5 s says nothing: the error of adding up twice grows with the square of the time."""

NEAR_ARM_M = 0.13
"""Below this a back turns about a point near the sensor: two of twenty simulated people, whose pelvis rolls
back by as much as their trunk bends forward, have 0.11 and 0.13 m; the others 0.18 m and more."""

BEGINS_RAD_S = math.radians(6.0)
REST_RAD_S = math.radians(2.0)
REST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Turn:
    """A quick change of "up" between two moments of rest.

    Attributes:
        before: unit vector "up" when it began, frame of the segment state.
        after: the same when it was over.
        tilt_deg: angle between the two.
        arm_m: way over angle, along the way that a joint below would give; about 0 for a slip.
        aside_m: way over angle, across it.
        residual_deg: angle by which gyroscope and accelerometer disagree on the turn.
        lasted_s: from rest to rest.
    """

    before: Vector
    after: Vector
    tilt_deg: float
    arm_m: float
    aside_m: float
    residual_deg: float
    lasted_s: float

    @property
    def about_itself(self) -> bool:
        """True where the sensor turned without travelling, as no back can.

        A strap gives way at once and by a little. What turns for longer or farther without travelling is a
        recording in which the way was left out, or somebody's back about its own middle.
        """
        return (
            LEAST_DEG <= self.tilt_deg <= 20.0
            and self.lasted_s <= 1.0
            and self.residual_deg <= 1.5
            and math.hypot(self.arm_m, self.aside_m) <= 0.06
        )

    @property
    def near_itself(self) -> bool:
        """True where it travelled, but by little: so does a back whose pelvis rolls back as it bends."""
        return (
            self.tilt_deg >= LEAST_DEG
            and self.residual_deg <= 1.5
            and abs(self.arm_m) <= NEAR_ARM_M
            and self.aside_m <= NEAR_ARM_M
            and not self.about_itself
        )


class TurnWatch:
    """Finds the turns in a sequence of segment states, one a tick."""

    def __init__(self) -> None:
        self._kept: deque[SegmentState] = deque(
            maxlen=LONGEST_TICKS + 15 + 2 * (QUIET_TICKS + MARGIN_TICKS) + 4
        )
        self.forget()

    def forget(self) -> None:
        """Start anew, after a gap."""
        self._kept.clear()
        self._peak = 0.0
        self._length = 0
        self._below = 0
        self._due = 0

    def step(self, segment: SegmentState) -> Turn | None:
        """Take the next tick; a turn of 6° or more is told half a second after it is over."""
        self._kept.append(segment)
        if self._due:
            self._due -= 1
            return self._measure() if self._due == 0 else None
        # The tilt rate is a part of the mean rate, which is at most the root of the mean square.
        if self._peak or segment.gyr_rms_rad_s >= BEGINS_RAD_S:
            self._follow(_tilt_rate(segment))
        return None

    def _follow(self, rate: float) -> None:
        if self._peak == 0.0:
            if rate >= BEGINS_RAD_S:
                self._peak, self._length, self._below = rate, 1, 0
            return
        self._length += 1
        self._peak = max(self._peak, rate)
        self._below = self._below + 1 if rate < max(REST_RAD_S, REST_SHARE * self._peak) else 0
        if self._below == 2:
            # Two ticks of rest have passed already; the rest of what is needed is still to come.
            self._due = MARGIN_TICKS + QUIET_TICKS - 2
        elif self._length > LONGEST_TICKS:
            self._peak = 0.0

    def _measure(self) -> Turn | None:
        kept = list(self._kept)
        limit = max(REST_RAD_S, REST_SHARE * self._peak)
        length = self._length - 2
        self._peak, self._length, self._below = 0.0, 0, 0
        stop = len(kept) - QUIET_TICKS - MARGIN_TICKS
        start = stop - length
        earliest = max(start - 15, QUIET_TICKS + MARGIN_TICKS)
        while start > earliest and _tilt_rate(kept[start - 1]) > limit:
            start -= 1
        start, stop = start - MARGIN_TICKS, stop + MARGIN_TICKS
        if start < QUIET_TICKS:
            return None
        before, after = _up(kept[start - QUIET_TICKS : start]), _up(kept[stop : stop + QUIET_TICKS])
        if before is None or after is None:
            return None
        tilt_deg = _angle_deg(before, after)
        # Most movements come back to where they began: their way need not be worked out.
        return None if tilt_deg < LEAST_DEG else _turn(kept, start, stop, before, after, tilt_deg)


def _tilt_rate(segment: SegmentState) -> float:
    """Rate at which "up" turns, rad/s: the angular rate without its part about the vertical."""
    ux, uy, uz = segment.up
    p, q, r = segment.gyr_rad_s
    spin = p * ux + q * uy + r * uz
    p, q, r = p - spin * ux, q - spin * uy, r - spin * uz
    return math.sqrt(p * p + q * q + r * r)


def _up(resting: list[SegmentState]) -> Vector | None:
    """Where the specific force points at rest; None in free fall, or near it."""
    x, y, z = (sum(axis) / len(resting) for axis in zip(*[kept.acc_m_s2 for kept in resting], strict=True))
    length = math.sqrt(x * x + y * y + z * z)
    return (x / length, y / length, z / length) if length > 5.0 else None


def _turn(
    kept: list[SegmentState], start: int, stop: int, before_up: Vector, after_up: Vector, tilt_deg: float
) -> Turn | None:
    gyr = np.array([segment.gyr_rad_s for segment in kept])
    acc = np.array([segment.acc_m_s2 for segment in kept])
    before, after = np.array(before_up), np.array(after_up)
    # Everything of the turn, seen in the frame in which it began.
    turned = TICK_S * gyr[start:stop]
    half, whole = _rotations(0.5 * turned), _rotations(turned)
    frames = np.empty((stop - start, 3, 3))
    turn = np.eye(3)
    for i in range(stop - start):
        frames[i] = turn @ half[i]
        turn = turn @ whole[i]
    forces = (frames @ acc[start:stop, :, None])[..., 0]
    rates = (frames @ gyr[start:stop, :, None])[..., 0]
    # At rest before and after: the velocities at both ends are equal, so the mean is gravity.
    forces -= forces.mean(axis=0)
    velocity = np.cumsum(forces, axis=0) * TICK_S
    way = (velocity - 0.5 * TICK_S * forces).sum(axis=0) * TICK_S
    part = ((np.arange(stop - start) + 0.5) / (stop - start))[:, None]
    passing = (
        gyr[start - 2 : start].mean(axis=0) * (1.0 - part) + (turn @ gyr[stop : stop + 2].mean(axis=0)) * part
    )
    angle = (rates - passing).sum(axis=0) * TICK_S
    angle -= before * float(angle @ before)
    way -= before * float(way @ before)
    square = float(angle @ angle)
    if square < math.radians(1.0) ** 2:
        return None
    along = np.cross(angle, before)  # where a point straight above the joint would go, per metre
    arm_m = float(way @ along) / square
    return Turn(
        before_up,
        after_up,
        tilt_deg,
        arm_m,
        float(np.linalg.norm(way - arm_m * along)) / math.sqrt(square),
        _angle_deg(before_up, _vector(turn @ after)),
        (stop - start - 2 * MARGIN_TICKS) * TICK_S,
    )


def _vector(v: FloatArray) -> Vector:
    x, y, z = v.tolist()
    return x, y, z


def _rotations(angles_rad: FloatArray) -> FloatArray:
    """(n, 3, 3) rotations by the vectors `angles_rad` (n, 3): Rodrigues' formula."""
    square = np.einsum("ij,ij->i", angles_rad, angles_rad)
    size = np.sqrt(np.maximum(square, 1e-24))
    cross = np.zeros((len(size), 3, 3))
    cross[:, 2, 1], cross[:, 0, 2], cross[:, 1, 0] = angles_rad.T
    cross -= cross.transpose(0, 2, 1)
    along, across = np.sin(size) / size, (1.0 - np.cos(size)) / (size * size)
    turned: FloatArray = np.eye(3) + along[:, None, None] * cross + across[:, None, None] * (cross @ cross)
    return turned


def _angle_deg(a: Vector, b: Vector) -> float:
    return math.degrees(2.0 * math.asin(min(1.0, 0.5 * math.dist(a, b))))
