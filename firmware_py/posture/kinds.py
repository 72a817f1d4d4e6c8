"""The six kinds of posture: what is known of them in people, and what follows for one wearer.

The features are the change from the wearer's neutral in degrees: flexion of the upper back, side bend of
the upper back and, with two sensors, flexion of the low back, taken as independent of one another. For each
of them, what is seen of a posture is the sum of

    mean of the kind + the person's own way of it + the error of their neutral + this repetition's,

the last three normal. The person's own way has the standard deviation `between`, and their ways of two kinds
go together by the correlation `alike`: who bends deep to the right bends deep to the left. The error of the
neutral (`neutral`) shifts all kinds alike. The last is `within`. The kind with the smallest

    distance = Σ (x − mean)² / (2 · spread²) + log(spread),   over the features

is the answer. For somebody of whom only the neutral is known, spread² = between² + neutral² + within².
Examples of their own postures (`PoseExample`, made by the calibration) move the means towards the examples
and shrink the spreads by the rule for conditioning a normal distribution, so one bad example does limited
harm, and each helps with the kinds that it goes together with.

What the numbers rest on, how well it works and where it ends: `docs/judgement.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .blocks import FloatArray
from .profile_parts import PoseExample
from .states import Posture


class Kind(IntEnum):
    """The six kinds, in the order of the tables below."""

    LEANING_BACK = 0
    UPRIGHT = 1
    SLOUCHED = 2
    LEANING_FORWARD = 3
    SIDE_BENT_RIGHT = 4
    SIDE_BENT_LEFT = 5

    @property
    def posture(self) -> Posture:
        """The posture that the wearer is told."""
        return _POSTURE[self]


_POSTURE = {
    Kind.LEANING_BACK: Posture.LEANING_BACK,
    Kind.UPRIGHT: Posture.UPRIGHT,
    Kind.SLOUCHED: Posture.SLOUCHED,
    Kind.LEANING_FORWARD: Posture.LEANING_FORWARD,
    Kind.SIDE_BENT_RIGHT: Posture.SIDE_BENT,
    Kind.SIDE_BENT_LEFT: Posture.SIDE_BENT,
}

Table = tuple[tuple[float, float, float], ...]
"""Six rows (`Kind`), three columns: upper flexion, upper side bend, lower flexion; degrees."""

Triangle = tuple[tuple[float, ...], ...]
"""Correlations of the six kinds below the diagonal: row i has i numbers, one for each kind before it."""


@dataclass(frozen=True, slots=True)
class Population:
    """What is known of people in general.

    Attributes:
        mean: mean over people of each kind and feature, degrees from their mean upright.
        between: standard deviation between people.
        within: standard deviation of one person's repetitions.
        neutral: standard deviation, for each feature, of a neutral taken once.
        alike: for each feature, how people's ways of two kinds go together.
    """

    mean: Table
    between: Table
    within: Table
    neutral: tuple[float, float, float]
    alike: tuple[Triangle, Triangle, Triangle]

    def own_ways(self, feature: int) -> FloatArray:
        """(6, 6) covariance of the six kinds over people, of one feature, degrees squared."""
        alike = np.eye(len(Kind))
        for one, row in enumerate(self.alike[feature]):
            alike[one, :one] = alike[:one, one] = row
        between = np.array(self.between)[:, feature]
        covariance: FloatArray = alike * np.outer(between, between)
        return covariance


@dataclass(frozen=True, slots=True)
class Prototypes:
    """The six kinds for one wearer: what `nearest` measures distances to.

    Attributes:
        mean: (6, d) degrees; d is 2 with one sensor, 3 with two.
        spread: (6, d) standard deviations, degrees.
    """

    mean: FloatArray
    spread: FloatArray

    def distances(self, features_deg: Sequence[float] | FloatArray) -> FloatArray:
        """(6,) distances of the features (d,) to each kind; the smallest is the nearest."""
        apart = (np.asarray(features_deg) - self.mean) / self.spread
        total: FloatArray = (apart * apart / 2.0 + np.log(self.spread)).sum(axis=1)
        return total

    def nearest(self, features_deg: Sequence[float] | FloatArray) -> Kind:
        """The kind nearest to the features (d,), degrees."""
        return Kind(int(np.argmin(self.distances(features_deg))))


def prototypes(population: Population, own: Sequence[PoseExample], *, sensors: int) -> Prototypes:
    """The six kinds as they look for one wearer.

    Args:
        population: people in general.
        own: the wearer's examples; those without a lower angle are left out where `sensors` is 2.
        sensors: 1 or 2.
    """
    general = _conditioned(population, np.empty(0, dtype=int), np.empty((0, 3)), sensors + 1)
    examples = [example for example in own if sensors == 1 or example.lower_deg is not None]
    if not examples:
        return general
    seen = np.array([_features(example) for example in examples])
    kinds = np.array(
        [_kind(e, row[: sensors + 1], general) for e, row in zip(examples, seen, strict=True)], dtype=int
    )
    return _conditioned(population, kinds, seen, sensors + 1)


def _conditioned(
    population: Population, kinds: np.ndarray[tuple[int], np.dtype[np.int_]], seen: FloatArray, width: int
) -> Prototypes:
    """The kinds, given that (n,) kinds were seen at (n, 3) features: a normal distribution conditioned."""
    mean = np.array(population.mean)[:, :width]
    variance = np.empty_like(mean)
    for feature in range(width):
        within = np.array(population.within)[:, feature] ** 2
        prior = population.own_ways(feature) + population.neutral[feature] ** 2
        evidence = prior[np.ix_(kinds, kinds)] + np.diag(within[kinds])
        gain = np.linalg.solve(evidence, prior[kinds]).T
        variance[:, feature] = np.diag(prior - gain @ prior[kinds]) + within
        mean[:, feature] += gain @ (seen[:, feature] - mean[kinds, feature])
    return Prototypes(mean, np.sqrt(variance))


def _features(example: PoseExample) -> tuple[float, float, float]:
    return (example.upper_deg, example.lateral_deg, example.lower_deg or 0.0)


def _kind(example: PoseExample, features: FloatArray, general: Prototypes) -> Kind:
    """The kind an example stands for; of the two side bends the one asked for, else the nearer one."""
    posture = example.posture
    if posture is Posture.SIDE_BENT and example.side:
        return Kind.SIDE_BENT_RIGHT if example.side > 0.0 else Kind.SIDE_BENT_LEFT
    distances = general.distances(features)
    fitting = [kind for kind in Kind if kind.posture is posture]
    return min(fitting, key=lambda kind: float(distances[kind]))
