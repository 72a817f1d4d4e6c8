"""Which posture a moment is, from two or three angles: the nearest of six kinds, and guards around it.

What the six kinds look like and how near a moment is to each: `kinds.py`. Here are the numbers that ship,
and what makes an answer of ten a second: a memory of the one before, the wearer's own threshold between
upright and slouched, and plain thresholds where one sensor cannot tell a slouch from a lean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .kinds import Kind, Population, Prototypes, prototypes
from .profile_parts import PoseExample
from .rules import Rules
from .states import Posture

SITTING = Population(
    mean=(
        (-21.6, -1.0, -37.8),
        (0.0, 0.0, 0.0),
        (24.0, 2.5, 4.4),
        (15.7, 1.9, 18.1),
        (22.2, 14.8, 8.4),
        (24.4, -11.9, 9.2),
    ),
    between=(
        (14.0, 2.6, 10.9),
        (0.6, 0.6, 0.6),
        (5.3, 3.1, 8.7),
        (4.1, 2.3, 6.6),
        (6.9, 7.0, 10.7),
        (6.8, 8.0, 10.2),
    ),
    within=(
        (3.6, 2.0, 3.7),
        (2.9, 1.8, 3.3),
        (3.1, 2.0, 3.9),
        (3.1, 2.0, 4.0),
        (3.0, 2.7, 3.3),
        (3.1, 2.7, 4.0),
    ),
    neutral=(2.5, 0.8, 2.7),
    alike=(
        (
            (),
            (0.0,),
            (0.24, 0.0),
            (-0.03, 0.0, 0.13),
            (0.11, 0.0, 0.4, 0.26),
            (-0.04, 0.0, 0.3, 0.3, 0.6),
        ),
        (
            (),
            (0.0,),
            (-0.13, 0.0),
            (-0.03, 0.0, 0.67),
            (0.22, 0.0, 0.27, 0.17),
            (0.0, 0.0, -0.19, 0.0, -0.51),
        ),
        (
            (),
            (0.0,),
            (0.14, 0.0),
            (-0.2, 0.0, 0.11),
            (0.05, 0.0, 0.2, 0.41),
            (-0.01, 0.0, 0.28, 0.44, 0.7),
        ),
    ),
)
"""Fitted in November 2026 by `python -m benchmarks.sitting --fit` on 22 people of the IMU Sitting Postures
Dataset (Ali, Elsayed, Emad, Mohamed, Shehata, Rehan 2026, CC BY 4.0): young adults, posed trials of 30 s. The
variance between people is half as much again as they show, for those who come after differ more."""

SIDE_LEAST_DEG = 4.0
"""Whoever is bent less than this to a side is not bent to it, however unlike the other kinds they sit:
twice the side bend of a plain slouch. It keeps a very deep slouch from the wide spread of the side bends,
and it is not asked of who showed their own: some people's upper back hardly tilts when they bend."""

SIDEWAYS = 0.6
"""By thresholds alone, who is bent to a side by more than this share of their flexion is side-bent, however
little that is: a slouch's own side bend is 0.1 (SD 0.15) of its flexion, sitting recordings: three SD."""

CLEARLY_LEANING = 2.2
"""With one sensor, how much nearer than the wearer's slouch their lean must be for a bend to go unreminded:
nine to one, log(9). Where the two look alike nothing is ever that clear, and both are called slouched."""

HOLD_BONUS = 1.0
"""How much nearer another kind must be to take over, so that noise between two kinds does not flicker:
in units of the distance, where 1 is about a factor e in likelihood."""


class Recogniser:
    """Angles -> posture, tick by tick, with a memory of the posture before (hysteresis).

    With one sensor, a slouch and a lean from the hips differ by less than people do. Both are then called
    slouched, by the plain thresholds of `Rules`, and the reading says that it rests on one sensor. With
    two sensors, or where the wearer has shown both, the nearest kind decides, but between upright and
    slouched the wearer's own threshold does, and one sensor calls a lean only what clearly is one
    (`CLEARLY_LEANING`).
    """

    def __init__(
        self, rules: Rules, own: Sequence[PoseExample], *, two: bool, people: Population = SITTING
    ) -> None:
        self.follow(rules)
        self._slouched = False
        self._kind: Kind | None = None
        one = prototypes(people, own, sensors=1)
        shown = {example.posture for example in own}
        side_least_deg = 0.0 if Posture.SIDE_BENT in shown else SIDE_LEAST_DEG
        tellable = {Posture.SLOUCHED, Posture.LEANING_FORWARD} <= shown
        self._one_sensor = Measure(one, side_least_deg) if tellable else None
        two_kinds = prototypes(people, own, sensors=2)
        self._two_sensors = Measure(two_kinds, side_least_deg) if two else None
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
            posture = _POSTURES[self._kind]
            if posture is Posture.SLOUCHED and not bent:
                leaning = upper_deg >= rules.slouch_enter_deg
                posture = Posture.LEANING_FORWARD if leaning else Posture.UPRIGHT
            elif bent and upper_deg >= self._upper_least_deg():
                if posture is Posture.UPRIGHT:
                    posture = Posture.SLOUCHED  # the wearer's threshold, not the middle between two kinds
                elif posture is Posture.LEANING_FORWARD:
                    if lower_deg is None:
                        needed = CLEARLY_LEANING + (HOLD_BONUS if self._slouched else 0.0)
                        slouched = measure.lean_nearer_by(upper_deg, lateral_deg) < needed
                    else:
                        slouched = self._bends_rather(flexion_deg, lower_deg)
                    if slouched:
                        posture = Posture.SLOUCHED
        self._slouched = posture is Posture.SLOUCHED
        return posture

    def _bends_rather(self, flexion_deg: float, lower_deg: float) -> bool:
        """Whether more of the inclination is in the spine than in the hips: then it is no lean.

        A light slouch of an upright pelvis lies nearer to the leans of other people than to their slouches.
        Who showed their own lean is judged by that.
        """
        return not self._lean_shown and lower_deg < flexion_deg

    def _upper_least_deg(self) -> float:
        """Least share of the upper back in a slouch: crossed legs bend the spine too, at the pelvis."""
        rules = self._rules
        begin_deg = 0.75 * rules.slouch_enter_deg + 0.25 * rules.slouch_exit_deg
        return rules.slouch_exit_deg if self._slouched else begin_deg

    def _by_thresholds(self, bent: bool, lateral_deg: float, upper_deg: float) -> Posture:
        if abs(lateral_deg) >= self._rules.side_bend_deg:
            return Posture.SIDE_BENT
        if bent:
            sideways = abs(lateral_deg) > SIDEWAYS * upper_deg
            return Posture.SIDE_BENT if sideways else Posture.SLOUCHED
        return Posture.LEANING_BACK if upper_deg <= -self._rules.lean_back_deg else Posture.UPRIGHT


_POSTURES = {kind: kind.posture for kind in Kind}
_SIDES = frozenset({Kind.SIDE_BENT_RIGHT, Kind.SIDE_BENT_LEFT})

_Rest = tuple[Kind, bool, float, float, float, float]
"""A kind; whether it is a side bend; mean and weight of the side bend and of the low back's flexion."""

_Row = tuple[float, float, float, _Rest]
"""Mean and weight of the upper back's flexion; sum of log(spread); what is needed where those are near."""


class Measure:
    """`Prototypes.nearest` in plain floats, for ten calls a second.

    The kind before comes first, for it is nearest most of the time: then most of the others are farther by
    their first feature alone, and nothing more of them is worked out. The answer is the same.
    """

    def __init__(self, kinds: Prototypes, side_least_deg: float) -> None:
        self._side_least_deg = side_least_deg
        means, weights = np.zeros((len(Kind), 3)), np.zeros((len(Kind), 3))
        width = kinds.mean.shape[1]
        means[:, :width], weights[:, :width] = kinds.mean, 0.5 / kinds.spread**2
        offsets = np.log(kinds.spread).sum(axis=1).tolist()
        rows: list[_Row] = [
            (mean[0], weight[0], offset, (kind, kind in _SIDES, mean[1], weight[1], mean[2], weight[2]))
            for kind, mean, weight, offset in zip(
                Kind, means.tolist(), weights.tolist(), offsets, strict=True
            )
        ]
        self._slouch, self._lean = rows[Kind.SLOUCHED], rows[Kind.LEANING_FORWARD]
        self._after = {kind: (rows[kind], tuple(rows[:kind] + rows[kind + 1 :])) for kind in Kind}

    def nearest(self, upper_deg: float, lateral_deg: float, lower_deg: float, before: Kind | None) -> Kind:
        """The nearest kind to the features, the one before being nearer by `HOLD_BONUS`."""
        straight = -self._side_least_deg < lateral_deg < self._side_least_deg
        first, others = self._after[Kind.UPRIGHT if before is None else before]
        upper, weight, offset, (nearest, side, lateral, lateral_w, lower, lower_w) = first
        if side and straight:
            least = math.inf
        else:
            a, b, c = upper_deg - upper, lateral_deg - lateral, lower_deg - lower
            least = a * a * weight + b * b * lateral_w + c * c * lower_w + offset
            if before is not None:
                least -= HOLD_BONUS
        for upper, weight, offset, rest in others:
            a = upper_deg - upper
            distance = a * a * weight + offset
            if distance < least:
                kind, side, lateral, lateral_w, lower, lower_w = rest
                b, c = lateral_deg - lateral, lower_deg - lower
                distance += b * b * lateral_w + c * c * lower_w
                if distance < least and not (side and straight):
                    nearest, least = kind, distance
        return nearest

    def lean_nearer_by(self, upper_deg: float, lateral_deg: float) -> float:
        """How much nearer a lean forward is than a slouch, by the upper sensor; below 0 where it is not."""
        slouch, lean = (
            (upper_deg - upper) ** 2 * weight + (lateral_deg - rest[2]) ** 2 * rest[3] + offset
            for upper, weight, offset, rest in (self._slouch, self._lean)
        )
        return slouch - lean
