"""The arm from the joint below to the sensor, as the sensor sees it: what shows how it is strapped on.

Theory of operation. Bending turns the upper back about a joint well below the sensor, and so throws the
sensor: what the accelerometer feels beside gravity is the acceleration of a point at the end of an arm,

    R(t) f(t) = g + d²/dt² R(t) r,

where R is what the rates turned the sensor by since the movement began. Everything is known of it but
gravity g and the arm r, which least squares finds (rigid-body kinematics; the same law from which joint
centres are found, Seel, Schauer & Raisch 2012, doi 10.1109/CCA.2012.6402423). In the sensor's own axes the
arm of a back is the same whatever posture the movement leads from and to: only a sensor that turns on the
back sees it turned. That is what gravity cannot tell, to which a sensor that leans and a back that leans
are one.

How exact it is: a straightening of 20° in a second throws the sensor by 0.6 m/s², so 0.05 m/s² of
everything else are three degrees; a bow to the floor shows it to one. The joint is not one point in
a living back, and who slides on the seat meanwhile adds to it, so an arm is one sample, with a spread
that the wearer's own arms tell (`creep_evidence.py`).
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from .travel import frames
from .trunk import TICK_S, SegmentState

REST_RAD_S = math.radians(4.5)
REST_TICKS = 4
"""A movement lies between two rests; without them what goes on already is taken for the movement. Sitting is
quieter than that in 98 % of all ticks (22 people, IMU Sitting Postures Dataset), standing in most of them
(median 2.9 °/s, FORTH-TRACE, one person)."""

LONGEST_TICKS = 50
"""In five seconds what is left of the gyroscope's bias, 0.1 °/s, leans gravity by a good part of an arm."""

LEAST_DEG = 9.0
"""A smaller turn throws the sensor too little, unless it is a cough, whose force is not about a joint."""

FELT_M_S2 = 0.05
"""One sigma of what a back at rest adds to the arm: noise, breath, hands at work."""

LEFT_OVER_M_S2 = 0.15
"""Left over by more than this (root mean square), the movement was none about a joint: a laugh, a step."""

LENGTHS_M = (0.15, 0.60)
"""From the middle of the spine and from the hip to the upper back, generously."""

SIGMA_DEG = 5.0
"""An arm that is known less exactly says nothing that a posture would not say better."""

ARM_PRIOR_M = 0.5
GRAVITY_PRIOR_M_S2 = 0.3
"""One sigma before the movement is seen: of the arm, and of gravity against the mean force."""


class Arm(NamedTuple):
    """What a movement showed of the arm, in the frame of the segment state.

    Attributes:
        flexion_deg: its direction in the sagittal plane, signed like a flexion: a sensor that leans forward
            on the back by 3° adds 3.
        sigma_deg: one-sigma uncertainty of that, as far as the movement tells.
        length_m: from the joint to the sensor, in that plane.
        turned_deg: how far the movement turned the sensor at most.
    """

    flexion_deg: float
    sigma_deg: float
    length_m: float
    turned_deg: float


class ArmWatch:
    """Finds the movements in a sequence of segment states, one a tick, and what each shows of the arm."""

    def __init__(self) -> None:
        self._kept: list[SegmentState] = []
        self._moving = False
        self._calm = 0

    def forget(self) -> None:
        """Start anew, after a gap."""
        self._kept.clear()
        self._moving = False
        self._calm = 0

    def step(self, segment: SegmentState) -> Arm | None:
        """Take the next tick; an arm is told when the rest after its movement has lasted 0.4 s."""
        kept = self._kept
        kept.append(segment)
        quiet = segment.gyr_rms_rad_s < REST_RAD_S
        if quiet:
            self._calm += 1
            if self._calm < REST_TICKS:
                return None
            found = _arm(kept) if self._moving else None
            self._moving = False
            del kept[:-REST_TICKS]
            return found
        if not self._moving:
            self._moving = self._calm >= REST_TICKS
        self._calm = 0
        if len(kept) > LONGEST_TICKS:
            self.forget()
        return None


def _arm(kept: list[SegmentState]) -> Arm | None:
    """The arm of a movement between two rests; None where it shows none.

    The second difference of the frames is blurred over time a little more than the forces are, which are
    means of a tick: the arm of a quick movement comes out some 10 % too long, in the same direction.
    """
    bent_rad = list(accumulate(TICK_S * segment.gyr_rad_s[1] for segment in kept))
    if max(bent_rad) - min(bent_rad) < math.radians(LEAST_DEG):
        return None
    turned = frames(np.array([segment.gyr_rad_s for segment in kept]))
    forces = np.einsum("kij,kj->ki", turned, [segment.acc_m_s2 for segment in kept])
    forces = forces[1:-1]
    mean = forces.mean(axis=0)
    design = np.zeros((len(forces), 3, 6))  # the arm, and gravity less the mean force
    design[:, :, :3] = (turned[2:] - 2.0 * turned[1:-1] + turned[:-2]) / TICK_S**2
    design[:, :, 3:6] = np.eye(3)
    model, felt = design.reshape(-1, 6), (forces - mean).reshape(-1)
    known = np.repeat([ARM_PRIOR_M, GRAVITY_PRIOR_M_S2], 3) ** -2.0
    covariance = np.linalg.inv(model.T @ model / FELT_M_S2**2 + np.diag(known))
    found = covariance @ (model.T @ felt) / FELT_M_S2**2
    left_over = float(np.sqrt(np.square(felt - model @ found).mean()))
    x, _, z = found[:3].tolist()
    length_m = math.hypot(x, z)
    if left_over > LEFT_OVER_M_S2 or not LENGTHS_M[0] <= length_m <= LENGTHS_M[1]:
        return None
    across = np.array([z, 0.0, -x]) / length_m**2
    sigma_rad = math.sqrt(across @ covariance[:3, :3] @ across) * max(1.0, left_over / FELT_M_S2)
    if sigma_rad > math.radians(SIGMA_DEG):
        return None
    traces = np.trace(turned, axis1=1, axis2=2)
    turned_rad = math.acos(max(-1.0, min(1.0, 0.5 * (float(traces.min()) - 1.0))))
    return Arm(math.degrees(math.atan2(-x, z)), math.degrees(sigma_rad), length_m, math.degrees(turned_rad))
