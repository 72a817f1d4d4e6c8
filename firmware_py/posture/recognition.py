"""Which posture a moment is, from two or three angles: the nearest of six kinds.

The features are the change from the wearer's neutral in degrees: flexion of the upper back, side
bend of the upper back and, with two sensors, flexion of the low back. Each kind of posture has, for each
feature, a mean over people and a spread: how far people lie from one another (`between`). Two
spreads are the same for all kinds: how far one person lies from themself (`within`), and what shifts all
kinds of one person alike (`shared`), above all the error of their neutral. The kind with the smallest

    distance = Σ (x − mean)² / (2 · spread²) + log(spread),   over the features

is the answer: a Gaussian for each kind, features taken as independent. For somebody of whom only the
neutral is known, spread² = shared² + between² + within². Examples of their own postures
(`PoseExample`, made by the calibration) move the means towards the examples and shrink the spreads
by the rule for conditioning a normal distribution, so one bad example does limited harm.

What the numbers rest on, how well it works and where it ends: `docs/judgement.md`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .blocks import FloatArray
from .profile_parts import PoseExample
from .rules import Rules
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


@dataclass(frozen=True, slots=True)
class Population:
    """What is known of people in general.

    Attributes:
        mean: mean over people of each kind and feature, degrees.
        between: standard deviation between people.
        within: standard deviation of one person's repetitions, the same for every kind.
        shared: standard deviation, for each feature, of what shifts all kinds of one person alike.
    """

    mean: Table
    between: Table
    within: tuple[float, float, float]
    shared: tuple[float, float, float]


SITTING = Population(
    mean=(
        (-21.7, -0.5, -38.8),
        (0.0, 0.3, -1.5),
        (24.0, 2.4, 3.4),
        (15.7, 1.8, 17.1),
        (22.3, 14.7, 7.4),
        (24.2, -12.1, 8.3),
    ),
    between=(
        (13.9, 2.5, 9.8),
        (0.9, 0.9, 0.9),
        (3.6, 3.5, 7.6),
        (2.0, 2.0, 5.3),
        (5.9, 7.7, 9.9),
        (6.5, 7.6, 9.4),
    ),
    within=(3.2, 2.3, 3.8),
    shared=(3.5, 0.5, 4.8),
)
"""Fitted in November 2026 by `benchmarks/sitting.py --fit` on 22 people of the IMU Sitting Postures Dataset
(Ali, Elsayed, Emad, Mohamed, Shehata, Rehan 2026, CC BY 4.0): young adults, posed trials of 30 s. The
variance between people is half as much again as they show, for those who come after differ more."""


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

    def spreads_apart(self, one: Kind, other: Kind) -> float:
        """How far two kinds lie from one another, in their spreads: 3 means 7 % of each beyond the middle."""
        variance = (self.spread[one] ** 2 + self.spread[other] ** 2) / 2.0
        return float(np.sqrt(((self.mean[one] - self.mean[other]) ** 2 / variance).sum()))

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
    width = 2 if sensors == 1 else 3
    mean = np.array(population.mean)[:, :width]
    between = np.array(population.between)[:, :width] ** 2
    within = np.array(population.within)[:width] ** 2
    shared = np.array(population.shared)[:width] ** 2
    general = Prototypes(mean, np.sqrt(shared + between + within))
    examples = [example for example in own if width == 2 or example.lower_deg is not None]
    if not examples:
        return general
    seen = np.array([_features(example)[:width] for example in examples])
    kinds = np.array([_kind(example, row, general) for example, row in zip(examples, seen, strict=True)])
    own_mean, own_variance = np.empty_like(mean), np.empty_like(mean)
    for column in range(width):
        prior = np.diag(between[:, column]) + shared[column]
        evidence = prior[np.ix_(kinds, kinds)] + within[column] * np.eye(len(kinds))
        gain = np.linalg.solve(evidence, prior[kinds]).T
        own_mean[:, column] = mean[:, column] + gain @ (seen[:, column] - mean[kinds, column])
        own_variance[:, column] = np.diag(prior - gain @ prior[kinds]) + within[column]
    return Prototypes(own_mean, np.sqrt(own_variance))


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


SIDE_LEAST_DEG = 4.0
"""Whoever is bent less than this to a side is not bent to it, however unlike the other kinds they sit:
twice the side bend of a plain slouch. It keeps a very deep slouch from the wide spread of the side bends,
and it is not asked of who showed their own: some people's upper back hardly tilts when they bend."""

CLEAR_SPREADS = 3.0
"""With one sensor, how far the wearer's slouch and lean must lie apart for one of them to go unreminded."""

HOLD_BONUS = 1.0
"""How much nearer another kind must be to take over, so that noise between two kinds does not flicker:
in units of the distance, where 1 is about a factor e in likelihood."""


class Recogniser:
    """Angles -> posture, tick by tick, with a memory of the posture before (hysteresis).

    With one sensor, a slouch and a lean from the hips differ by less than people do. Both are then called
    slouched, by the plain thresholds of `Rules`, and the reading says that it rests on one sensor. With
    two sensors, or where the wearer's own examples keep the two well apart (`CLEAR_SPREADS`), the nearest
    kind decides, but between upright and slouched the wearer's own threshold does.
    """

    def __init__(self, rules: Rules, own: Sequence[PoseExample], *, two: bool) -> None:
        self.follow(rules)
        self._slouched = False
        self._kind: Kind | None = None
        one = prototypes(SITTING, own, sensors=1)
        side_shown = any(e.posture is Posture.SIDE_BENT for e in own)
        clear = one.spreads_apart(Kind.SLOUCHED, Kind.LEANING_FORWARD) >= CLEAR_SPREADS
        side_least_deg = 0.0 if side_shown else SIDE_LEAST_DEG
        self._one_sensor = _Measure(one, side_least_deg) if clear else None
        two_kinds = prototypes(SITTING, own, sensors=2)
        self._two_sensors = _Measure(two_kinds, side_least_deg) if two else None
        self._lean_shown = any(e.posture is Posture.LEANING_FORWARD and e.lower_deg is not None for e in own)

    def follow(self, rules: Rules) -> None:
        """Go by these numbers from now on."""
        self._rules = rules

    def step(
        self, flexion_deg: float, lateral_deg: float, upper_deg: float, lower_deg: float | None
    ) -> Posture:
        """The posture of one judged tick; angles in degrees as in `Reading`."""
        rules = self._rules
        bent = flexion_deg >= (rules.slouch_exit_deg if self._slouched else rules.slouch_enter_deg)
        measure = self._one_sensor if lower_deg is None else self._two_sensors
        if measure is None:
            posture = self._by_thresholds(bent, lateral_deg, upper_deg)
        else:
            self._kind = measure.nearest(upper_deg, lateral_deg, lower_deg or 0.0, self._kind)
            posture = _POSTURE[self._kind]
            if posture is Posture.SLOUCHED and not bent:
                leaning = upper_deg >= rules.slouch_enter_deg
                posture = Posture.LEANING_FORWARD if leaning else Posture.UPRIGHT
            elif bent and upper_deg >= self._upper_least_deg():
                if posture is Posture.UPRIGHT:
                    posture = Posture.SLOUCHED  # the wearer's threshold, not the middle between two kinds
                elif posture is Posture.LEANING_FORWARD and self._bends_rather(flexion_deg, lower_deg):
                    posture = Posture.SLOUCHED
        self._slouched = posture is Posture.SLOUCHED
        return posture

    def _bends_rather(self, flexion_deg: float, lower_deg: float | None) -> bool:
        """Whether more of the inclination is in the spine than in the hips: then it is no lean.

        A light slouch of an upright pelvis lies nearer to the leans of other people than to their slouches.
        Who showed their own lean is judged by that.
        """
        return lower_deg is not None and not self._lean_shown and lower_deg < flexion_deg

    def _upper_least_deg(self) -> float:
        """Least share of the upper back in a slouch: crossed legs bend the spine too, at the pelvis."""
        rules = self._rules
        begin_deg = 0.75 * rules.slouch_enter_deg + 0.25 * rules.slouch_exit_deg
        return rules.slouch_exit_deg if self._slouched else begin_deg

    def _by_thresholds(self, bent: bool, lateral_deg: float, upper_deg: float) -> Posture:
        if abs(lateral_deg) >= self._rules.side_bend_deg:
            return Posture.SIDE_BENT
        if bent:
            return Posture.SLOUCHED
        return Posture.LEANING_BACK if upper_deg <= -self._rules.lean_back_deg else Posture.UPRIGHT


_SIDES = (Kind.SIDE_BENT_RIGHT, Kind.SIDE_BENT_LEFT)


class _Measure:
    """`Prototypes.nearest` in plain floats, for ten calls a second."""

    def __init__(self, kinds: Prototypes, side_least_deg: float) -> None:
        self._side_least_deg = side_least_deg
        means, weights = np.zeros((len(Kind), 3)), np.zeros((len(Kind), 3))
        width = kinds.mean.shape[1]
        means[:, :width], weights[:, :width] = kinds.mean, 0.5 / kinds.spread**2
        offsets = np.log(kinds.spread).sum(axis=1).tolist()
        self._rows = list(zip(Kind, means.tolist(), weights.tolist(), offsets, strict=True))

    def nearest(self, upper_deg: float, lateral_deg: float, lower_deg: float, before: Kind | None) -> Kind:
        nearest, least = Kind.UPRIGHT, math.inf
        straight = abs(lateral_deg) < self._side_least_deg
        for kind, (upper, lateral, lower), (upper_w, lateral_w, lower_w), offset in self._rows:
            if straight and kind in _SIDES:
                continue
            a, b, c = upper_deg - upper, lateral_deg - lateral, lower_deg - lower
            distance = a * a * upper_w + b * b * lateral_w + c * c * lower_w + offset
            if kind is before:
                distance -= HOLD_BONUS
            if distance < least:
                nearest, least = kind, distance
        return nearest
