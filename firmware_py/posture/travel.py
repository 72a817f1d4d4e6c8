"""Quick turns of a sensor, and how far from itself it turned: a strap that slips turns it where it is.

Theory of operation. Bending or leaning turns the upper back about a joint well below the sensor, so the
sensor travels: turn times distance, 3 cm or more for 10°. A slipping strap turns the sensor where it is.
Gyroscope and accelerometer together tell the two apart, and need no rest before or after for it: the
rates turn every specific force of the turn into the frame in which it began. There it is gravity, which
stands still, plus the acceleration of a point at the end of an *arm* from the joint, which the rates
give for an arm of one metre: Euler's and the centripetal term of rigid-body kinematics. Least squares
finds gravity, the arm and a way *aside*, along the axis; what is left over tells how well the turn was
seen.

A movement is cut into turns where the tilt rate has a valley: a strap may slip in the very moment in
which somebody has straightened up or coughed.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from .blocks import FloatArray
from .trunk import TICK_S, SegmentState, Vector

LEAST_DEG = 6.0
"""A smaller turn says nothing that matters."""

LONGEST_TICKS = 25
"""A turn longer than 2.5 s says nothing: what it accelerates drowns in the noise."""

SLIP_ARM_M = 0.06
SLIP_DEG = 20.0
SLIP_S = 1.0
CARRIED_ARM_M = 0.15
NEAR_ARM_M = 0.10

SURE_ARM_M = 0.05
"""Twice its uncertainty included. Of 400 simulated people a few, whose pelvis rolls back by as much as their
trunk bends forward, slump and straighten about a point near the sensor; theirs came to 6 cm and more."""

SEEN_M_S2 = 0.15
"""Left over by more than this (root mean square), the movement was another one: a laugh, a step, a push."""

KNOWN_M = 0.04
"""An arm less certain than this (one sigma) may be another's: the turn was too slow."""

FELT_M_S2 = 0.03
"""What noise and breath add at least: half a chip's noise over a tick, half the back at rest."""

ARM_PRIOR_M = 1.0
"""One sigma of an arm before anything is seen: it keeps a turn that accelerates nothing from having any."""

BEGINS_RAD_S = math.radians(6.0)
REST_RAD_S = math.radians(2.0)
REST_SHARE = 0.2
VALLEY_SHARE = 0.5
RISES = 1.5
"""A turn is over at a rate below a fifth of its peak, or below half of it if the rate then rises by half."""

MARGIN_TICKS = 3
"""Beyond either end: one tick takes part, and two more give it its angular acceleration."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A quick change of "up".

    Attributes:
        before: unit vector "up" when it began, frame of the segment state.
        after: the same when it was over.
        tilt_deg: angle between the two.
        arm_m: distance of the joint below the sensor; about 0 for a slip.
        aside_m: way along the axis over angle.
        sigma_m: one-sigma uncertainty of the two.
        left_over_m_s2: root mean square of the specific force that no arm explains.
        lasted_s: from its first tick to its last.
    """

    before: Vector
    after: Vector
    tilt_deg: float
    arm_m: float
    aside_m: float
    sigma_m: float
    left_over_m_s2: float
    lasted_s: float

    @property
    def about_itself(self) -> bool:
        """True where the sensor turned without travelling, as no back can.

        A strap gives way at once and by a little. What turns for longer or farther without travelling is a
        recording in which the way was left out, or somebody's back about its own middle.
        """
        return (
            LEAST_DEG <= self.tilt_deg <= SLIP_DEG
            and self.lasted_s <= SLIP_S
            and self._is_seen
            and math.hypot(self.arm_m, self.aside_m) <= SLIP_ARM_M
        )

    @property
    def near_itself(self) -> bool:
        """True where it travelled, but by little: so does a back whose pelvis rolls back as it bends."""
        near = math.hypot(self.arm_m, self.aside_m) <= NEAR_ARM_M
        return near and self._is_seen and not self.about_itself

    @property
    def at_most_m(self) -> float:
        """How far the joint may be at most: the way that was found, and twice its uncertainty."""
        return math.hypot(self.arm_m, self.aside_m) + 2.0 * self.sigma_m

    @property
    def surely_about_itself(self) -> bool:
        """True where the sensor did not even travel as little as a few backs do."""
        return self.about_itself and self.at_most_m <= SURE_ARM_M

    @property
    def carried(self) -> bool:
        """True where a back carried the sensor along beyond doubt: no strap slipped, no hand put it back."""
        below = self.arm_m >= max(CARRIED_ARM_M, 3.0 * self.sigma_m) and abs(self.aside_m) <= 0.5 * self.arm_m
        return below or self.tilt_deg > SLIP_DEG

    @property
    def _is_seen(self) -> bool:
        return self.left_over_m_s2 <= SEEN_M_S2 and self.sigma_m <= KNOWN_M


class TurnWatch:
    """Finds the turns in a sequence of segment states, one a tick."""

    def __init__(self) -> None:
        self._kept: deque[SegmentState] = deque(maxlen=2 * LONGEST_TICKS)
        self._rates: deque[float] = deque(maxlen=2 * LONGEST_TICKS)
        self.forget()

    def forget(self) -> None:
        """Start anew, after a gap."""
        self._kept.clear()
        self._rates.clear()
        self._tick = -1
        self._peak = 0.0
        self._start = self._over = 0
        self._due: tuple[int, int] | None = None

    def step(self, segment: SegmentState) -> Turn | None:
        """Take the next tick; a turn of 6° or more is told three ticks after it is over."""
        self._tick += 1
        self._kept.append(segment)
        # The tilt rate is a part of the mean rate, which is at most the root of the mean square.
        moves = self._peak > 0.0 or segment.gyr_rms_rad_s >= REST_RAD_S
        self._rates.append(_tilt_rate(segment) if moves else 0.0)
        found = None
        if self._due is not None and self._tick == self._due[1] + MARGIN_TICKS - 1:
            found = self._measure(*self._due)
            self._due = None
        if moves:
            self._follow()
        return found

    def _follow(self) -> None:
        rate, before = self._rates[-1], self._rates[-2] if self._tick else 0.0
        if self._peak:
            valley = before < VALLEY_SHARE * self._peak and rate > RISES * before
            if valley or rate < min(max(REST_RAD_S, REST_SHARE * self._peak), BEGINS_RAD_S):
                self._peak, self._over = 0.0, self._tick
                if self._over - self._start <= LONGEST_TICKS:
                    self._due = self._start, self._over
            self._peak = max(self._peak, rate) if self._peak else 0.0
        if not self._peak and rate >= BEGINS_RAD_S:
            self._peak, self._start = rate, self._tick - self._rose_for()

    def _rose_for(self) -> int:
        """For how many ticks before this one the rate has been rising out of rest, or out of the valley."""
        most = min(self._tick - self._over, len(self._rates) - 1)
        for k in range(most):
            if not REST_RAD_S < self._rates[-k - 2] < self._rates[-k - 1]:
                return k
        return most

    def _measure(self, start: int, stop: int) -> Turn | None:
        first = self._tick + 1 - len(self._kept)
        if start - MARGIN_TICKS < first:
            return None
        kept = list(self._kept)[start - MARGIN_TICKS - first :]
        before, after = kept[MARGIN_TICKS - 1].up, kept[-MARGIN_TICKS].up
        # Most movements come back to where they began: their arm need not be worked out.
        tilt_deg = _angle_deg(before, after)
        return None if tilt_deg < LEAST_DEG else _turn(kept, before, after, tilt_deg)


def _tilt_rate(segment: SegmentState) -> float:
    """Rate at which "up" turns, rad/s: the angular rate without its part about the vertical."""
    ux, uy, uz = segment.up
    p, q, r = segment.gyr_rad_s
    spin = p * ux + q * uy + r * uz
    p, q, r = p - spin * ux, q - spin * uy, r - spin * uz
    return math.sqrt(p * p + q * q + r * r)


def _turn(kept: list[SegmentState], before: Vector, after: Vector, tilt_deg: float) -> Turn:
    lasted_s = (len(kept) - 2 * MARGIN_TICKS) * TICK_S
    # A tick of rest at either end shows gravity; a tick of another turn, which has another arm, is left out.
    kept = kept[_tilt_rate(kept[2]) > REST_RAD_S : len(kept) - (_tilt_rate(kept[-3]) > REST_RAD_S)]
    gyr = np.array([segment.gyr_rad_s for segment in kept])
    acc = np.array([segment.acc_m_s2 for segment in kept[2:-2]])
    # The mean angular acceleration over a tick, from the mean rates of the ticks around it: exact up to the
    # fourth power of time, for half a second has only five ticks.
    spinning = (8.0 * (gyr[3:-1] - gyr[1:-3]) - (gyr[4:] - gyr[:-4])) / (12.0 * TICK_S)
    turned = frames(gyr[2:-2])
    forces, rates, spins = (
        np.einsum("kij,kj->ki", turned, vectors) for vectors in (acc, gyr[2:-2], spinning)
    )
    up = np.array(before)
    arms = turned @ up  # of one metre, from a joint that was straight below when the turn began
    design = np.zeros((len(forces), 3, 5))
    design[:, :, :3] = np.eye(3)
    design[:, :, 3] = np.cross(spins, arms) + np.cross(rates, np.cross(rates, arms))
    design[:, :, 4] = spins - np.outer(spins @ up, up)
    model, force = design.reshape(-1, 5), forces.reshape(-1)
    normal = model.T @ model
    normal[[3, 4], [3, 4]] += (FELT_M_S2 / ARM_PRIOR_M) ** 2
    covariance = np.linalg.inv(normal)
    found = covariance @ (model.T @ force)
    left_over = force - model @ found
    left_over_m_s2 = math.sqrt(float(left_over @ left_over) / (len(force) - len(found)))
    return Turn(
        before,
        after,
        tilt_deg,
        float(found[3]),
        float(found[4]),
        max(left_over_m_s2, FELT_M_S2) * math.sqrt(float(covariance[3, 3])),
        left_over_m_s2,
        lasted_s,
    )


def frames(gyr_rad_s: FloatArray) -> FloatArray:
    """(n, 3, 3) rotations from the sensor in the middle of each tick into its frame as they began.

    Args:
        gyr_rad_s: (n, 3) mean rates of ticks in a row.
    """
    halves, wholes = _rotations(0.5 * TICK_S * gyr_rad_s), _rotations(TICK_S * gyr_rad_s)
    middles, turned = np.empty_like(halves), np.eye(3)
    for k, (half, whole) in enumerate(zip(halves, wholes, strict=True)):
        middles[k] = turned @ half
        turned = turned @ whole
    return middles


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
