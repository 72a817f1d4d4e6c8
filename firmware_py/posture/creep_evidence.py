"""What all returns to all postures together say of a creep: a likelihood ratio, with the weights it is due.

Theory of operation. A creeping strap turns *every* posture by the same angle, which grows with time; a
habit that changes moves one of them. It turns the arm to the joint below as well, which no habit does
(`arms.py`). So each stay is put to one of the wearer's *postures* (upright, slouch, each lean, walking; the
arms of movements and of bows are two more, sagittal alone), and

    angle = middle of its posture + creep · max(0, t − begin) + spread

is fitted for a dozen beginnings. The middles are unknown and come out of the fit; the spread of a
posture from one time to the next is learnt in this wear, from the differences of successive returns
(which a slow creep hardly touches), and begins at what 22 people showed. It has the tails of Student's t
with 4 degrees of freedom, so that one stay with crossed legs proves nothing. The creep's rate has a
Gaussian prior of 10° an hour, which also pays for having chosen the rate. The result is the logarithm of
the odds of a creep against none, for the likeliest beginning: the generalised likelihood ratio of a
sequential test, sagittal and sideways apart.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

import numpy as np

from .arms import Arm
from .blocks import FloatArray
from .stays import Stay

BEGAN_MIN_AGO = np.array([8.0, 12, 16, 20, 25, 30, 36, 44, 52, 60, 75, 90])
RATE_DEG_MIN = 10.0 / 60.0
"""One sigma of how fast a strap creeps, where it does."""

REMEMBERED_MIN = 300.0
KEPT = 320
"""Samples at most: a restless person takes some 36 stays and walks an hour, and shows some 20 arms."""

SAME_POSTURE_DEG = (10.0, 8.0)
"""Flexion and lateral: within so much of a posture's middle a stay belongs to it."""

FOLLOWS = 0.4
"""Share by which a posture's place follows each return to it, so that a creep does not lead out of it."""

UPRIGHT, WALKING, BENDING, BOWING = range(4)
NOT_HELD = (WALKING, BENDING, BOWING)
SPREAD_DEG = {UPRIGHT: (2.4, 0.8), WALKING: (2.0, 1.0), BENDING: (3.0, math.inf), BOWING: (2.0, math.inf)}
OTHER_SPREAD_DEG = (2.9, 1.4)
ASIDE_SPREAD_DEG = (2.9, 4.3)
ASIDE_DEG = 8.0
"""Spread of a posture from one time to the next, flexion and lateral: pooled within each of 22 people over
their three trials of it (IMU Sitting Postures Dataset): upright 2.4 and 0.8, slouch and leans 2.9–3.9 and
1.3–1.5, bent aside 2.5–3.0 and 4.3–5.9. Walking: 0.9 and 0.3 between four walks of one person, 1.3 and 0.6
from one 15 s of a walk to the next (FORTH-TRACE): 1.6 and 0.7 together, and more, since it is one person."""

BOWED_DEG = 45.0
"""A bow to the floor is made from the hip rather than the back, and throws the sensor so far that its arm is
known three times as exactly; so the arms of bows are held against those of bows. That they spread by 2°,
and other arms by 3°, is a guess: the simulated spine is a chain of two, whose arms spread by 1 and 3°."""

PRIOR_RETURNS = 12.0
"""So many returns of one's own weigh as much as those figures."""

LEAST_SHARE = 0.8
"""Nobody is taken to be much more exact than they are."""

TINY = 1e-9
"""Weight of a posture that says nothing about an axis."""

FREEDOM = 4.0
ROUNDS = 4


class Odds(NamedTuple):
    """What is known about one axis.

    Attributes:
        log_odds: natural logarithm of the odds of a creep against none; 0 where nothing is known.
        moved_deg: by how much the strap has crept, if it has.
    """

    log_odds: float
    moved_deg: float


class _Posture:
    """A posture that the wearer returns to: where it was last, how often, and how exactly."""

    def __init__(self, at_deg: tuple[float, float]) -> None:
        self.place_deg = at_deg
        self._last_deg: tuple[float, float] | None = None
        self._squares = [0.0, 0.0]
        self.returns = 0

    def learn(self, at_deg: tuple[float, float]) -> None:
        if self._last_deg is not None:
            for axis in (0, 1):
                # Half the square of a difference of two has the mean of the variance of one.
                self._squares[axis] += min(0.5 * (at_deg[axis] - self._last_deg[axis]) ** 2, 30.0)
            self.returns += 1
        self._last_deg = at_deg
        f, s = self.place_deg
        self.place_deg = f + FOLLOWS * (at_deg[0] - f), s + FOLLOWS * (at_deg[1] - s)

    def variance(self, axis: int, usual_deg: float) -> float:
        usual = usual_deg * usual_deg
        own = (PRIOR_RETURNS * usual + self._squares[axis]) / (PRIOR_RETURNS + self.returns)
        return max(own, LEAST_SHARE * LEAST_SHARE * usual)


class _Sample(NamedTuple):
    t_min: float
    at_deg: tuple[float, float]
    posture: int


class CreepEvidence:
    """Gathers stays and walks of one wear, in which the neutral (0, 0) was the first upright.

    Attributes:
        taken: how many it got.
    """

    def __init__(self) -> None:
        self._postures = [_Posture((0.0, 0.0)) for _ in SPREAD_DEG]
        self._samples: deque[_Sample] = deque(maxlen=KEPT)
        self._samples.append(_Sample(0.0, (0.0, 0.0), UPRIGHT))
        self._walked: list[tuple[float, float, float, float]] = []
        self.taken = 0

    def take(self, stay: Stay) -> None:
        """Take a stay that is over."""
        self.taken += 1
        posture = self._posture_of(stay)
        if posture is None:
            posture = len(self._postures)
            self._postures.append(_Posture(stay.at_deg))
        self._postures[posture].learn(stay.at_deg)
        self._samples.append(_Sample(stay.t_min, stay.at_deg, posture))
        self._walked.clear()

    def walked(self, t_min: float, at_deg: tuple[float, float], lasted_s: float) -> None:
        """Take a walk that is over. All walks between two sittings are one sample: one gets up once."""
        self.taken += 1
        if self._walked:
            self._samples.pop()
        self._walked.append((t_min, *at_deg, lasted_s))
        whole_s = sum(walk[3] for walk in self._walked)
        middle, flexion, lateral = (
            sum(walk[k] * walk[3] for walk in self._walked) / whole_s for k in range(3)
        )
        self._samples.append(_Sample(middle, (flexion, lateral), WALKING))

    def bent(self, t_min: float, arm: Arm) -> None:
        """Take the arm that a movement showed: with the strap it turns as every posture does, sagittally."""
        self.taken += 1
        self._walked.clear()
        kind = BOWING if arm.turned_deg > BOWED_DEG else BENDING
        at_deg = arm.flexion_deg, 0.0
        self._postures[kind].learn(at_deg)
        self._samples.append(_Sample(t_min, at_deg, kind))

    def odds(self, now_min: float, held: Stay | None) -> tuple[Odds, Odds]:
        """The odds of a creep by now, sagittal and sideways.

        Args:
            now_min: the present.
            held: the stay that goes on.
        """
        samples = [sample for sample in self._samples if sample.t_min >= now_min - REMEMBERED_MIN]
        posture = None if held is None else self._posture_of(held)
        if held is not None and posture is not None:
            samples.append(_Sample(held.t_min, held.at_deg, posture))
        if len(samples) < 4:
            return Odds(0.0, 0.0), Odds(0.0, 0.0)
        t_min = np.array([sample.t_min for sample in samples])
        crept_min = np.zeros((1 + len(BEGAN_MIN_AGO), len(samples)))  # the first never began
        np.maximum(t_min - (now_min - BEGAN_MIN_AGO)[:, None], 0.0, out=crept_min[1:])
        which = np.array([sample.posture for sample in samples])
        variances = np.array([[self._variance(k, axis) for axis in (0, 1)] for k in range(which.max() + 1)])
        member = (which[:, None] == np.unique(which)).astype(float)
        angles = np.array([sample.at_deg for sample in samples]).T[:, None]
        rates, fits, information = _fitted(angles, 1.0 / variances[which].T[:, None], crept_min, member)
        # The prior of the rate, and what is left of its width by the data (Laplace's approximation).
        paid = 0.5 * (rates / RATE_DEG_MIN) ** 2 + 0.5 * np.log1p(information * RATE_DEG_MIN**2)
        log_odds = (fits - fits[:, :1] - paid)[:, 1:]
        best = log_odds.argmax(axis=1).tolist()
        sagittal, sideways = (
            Odds(float(log_odds[axis, k]), float(rates[axis, 1 + k] * BEGAN_MIN_AGO[k]))
            for axis, k in enumerate(best)
        )
        return sagittal, sideways

    def _posture_of(self, stay: Stay) -> int | None:
        """The likeliest posture within reach; one that is often sat in is likelier."""
        best, least = None, math.inf
        for k, posture in enumerate(self._postures):
            off = [at - place for at, place in zip(stay.at_deg, posture.place_deg, strict=True)]
            if k in NOT_HELD or any(abs(o) > most for o, most in zip(off, SAME_POSTURE_DEG, strict=True)):
                continue
            cost = -2.0 * math.log(1.0 + posture.returns)
            cost += sum(o * o / self._variance(k, axis) for axis, o in enumerate(off))
            if cost < least:
                best, least = k, cost
        return best

    def _variance(self, posture: int, axis: int) -> float:
        if posture == WALKING:
            return SPREAD_DEG[WALKING][axis] ** 2
        own = self._postures[posture]
        usual = ASIDE_SPREAD_DEG if abs(own.place_deg[1]) > ASIDE_DEG else OTHER_SPREAD_DEG
        return own.variance(axis, SPREAD_DEG.get(posture, usual)[axis])


def _fitted(
    angles: FloatArray, weights: FloatArray, crept_min: FloatArray, member: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Creeps that began at different times, each fitted by reweighted least squares.

    Args:
        angles: (2, 1, n) degrees, sagittal and sideways.
        weights: (2, 1, n) one over each one's variance.
        crept_min: (beginnings, n) minutes for which each had crept.
        member: (n, postures) 1 where a sample is of that posture.

    Returns:
        Rate in degrees a minute, log-likelihood and information about the rate, each (2, beginnings).
    """
    now = np.broadcast_to(weights, (2, *crept_min.shape))
    for _ in range(ROUNDS):
        whole = np.maximum(now @ member, TINY)
        x = crept_min - ((now * crept_min) @ member / whole) @ member.T
        y = angles - ((now * angles) @ member / whole) @ member.T
        weighed = now * x
        information = (weighed * x).sum(axis=2)
        rates = (weighed * y).sum(axis=2) / (information + RATE_DEG_MIN**-2)
        squares = weights * np.square(y - rates[..., None] * x)
        now = weights * (FREEDOM + 1.0) / (FREEDOM + squares)
    fits = -0.5 * (FREEDOM + 1.0) * np.log1p(squares / FREEDOM).sum(axis=2)
    return rates, fits, information
