"""The steps of the guide: what is said, how long is measured, and what is made of it.

A step takes the samples of its hold and the profile so far and returns the profile that follows from
them with a sentence about it, or raises `CalibrationRejected` with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from firmware_py.errors import CalibrationRejected
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray, SensorBlock
from firmware_py.posture.events import Posture
from firmware_py.posture.guidance import GuideFinding, GuidePlan, GuideStep
from firmware_py.posture.profile import (
    CalibrationProfile,
    PoseExample,
    SensorProfile,
    rotation_onto_up,
)

from .accelerometer import fit_poses
from .mounting import (
    LEAST_BOW_DEG,
    MeasuredBow,
    measure_bow,
    measure_up,
    mounting_from,
    squared_on_the_back,
)
from .neutral import MOVED_LIMIT_DEG, MeasuredNeutral, measure_neutral
from .stillness import gyroscope_bias

BOWS = 3
FARTHEST_SITTING_DEG = 40.0
"""Sitting upright differs from standing by 2–10°; who is farther off lies or lounges."""
POSE_LIMIT_DEG = 6.0
"""A posture that is lounged in sways more than an upright one: twice the neutral's limit."""
LEAST_POSE_DEG = 5.0
"""A posture nearer to upright than this could not be told from it (repeatability: median 2.4°)."""
FARTHEST_POSE_DEG = 75.0
"""A bow to a shoe is 60° deep; what is farther from upright is another strapping, or no upright at all."""
OTHER_SIDE_DEG = 4.0
"""A bend counts for the side that was asked for unless it goes to the other by more than this: some people's
upper back hardly tilts when they bend (two of 22 on the sitting recordings)."""


@dataclass
class Draft:
    """What is known so far; a rejected step leaves it as it was.

    Attributes:
        profile: the profile so far.
        up: "up" while standing in each sensor's axes, from the step before the bows.
        bows: good bows so far, for each sensor.
    """

    profile: CalibrationProfile
    up: list[FloatArray] = field(default_factory=list)
    bows: list[list[MeasuredBow]] = field(default_factory=list)

    def parts(self) -> list[SensorProfile]:
        """Upper, and lower where there is one."""
        lower = self.profile.lower
        return [self.profile.upper] if lower is None else [self.profile.upper, lower]

    def take(self, parts: list[SensorProfile]) -> None:
        """Put changed parts in place."""
        lower = parts[1] if len(parts) > 1 else None
        self.profile = replace(self.profile, upper=parts[0], lower=lower)


Samples = list[SensorBlock]
"""The samples of a hold: upper, and lower where there is one."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a step found: a sentence in English, and the same as a key with its numbers."""

    text: str
    finding: GuideFinding
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        step: its name.
        text: what the wearer is told.
        hold_s: how long is measured.
        measure: what is made of it; says what was found.
        optional: whether it may be skipped.
        countdown_s: time between the press and the hold.
        at_most_deg: the wearer may move by so much in the hold; None where it does not matter.
        at_least_deg: the wearer has to move so far.
    """

    step: GuideStep
    text: str
    hold_s: float
    measure: Callable[[Draft, Samples], Found]
    optional: bool = False
    countdown_s: float = 3.0
    at_most_deg: float | None = None
    at_least_deg: float | None = None


def _rest(draft: Draft, samples: Samples) -> Found:
    parts, worst = [], 0.0
    for part, block in zip(draft.parts(), samples, strict=True):
        found = gyroscope_bias(block)
        model = replace(part.sensor, gyr_bias_rad_s=found.bias_rad_s, temp_c=found.temp_c)
        quality = replace(part.quality, gyr_bias_sigma_rad_s=found.sigma_rad_s)
        parts.append(replace(part, sensor=model, quality=quality))
        worst = max(worst, math.degrees(max(abs(rate) for rate in found.bias_rad_s)))
    draft.take(parts)
    return Found(
        f"Good. The gyroscope was off by up to {worst:.1f}° a second; that is taken out now.",
        GuideFinding.BIAS_KNOWN,
        {"off_deg_per_s": worst},
    )


def _sides(draft: Draft, samples: Samples) -> Found:
    parts, residual = [], 0.0
    for part, block in zip(draft.parts(), samples, strict=True):
        found = fit_poses([block])
        parts.append(found.onto(part))
        residual = max(residual, found.residual_m_s2)
    draft.take(parts)
    apart_mg = residual / STANDARD_GRAVITY_M_S2 * 1000.0
    return Found(
        f"Good. Gravity now reads the same on every side, to {apart_mg:.1f} thousandths.",
        GuideFinding.SIDES_AGREE,
        {"apart_mg": apart_mg},
    )


def _stand(draft: Draft, samples: Samples) -> Found:
    draft.up = [measure_up(block, part.sensor) for part, block in zip(draft.parts(), samples, strict=True)]
    draft.bows = [[] for _ in samples]
    return Found("Good, that was still.", GuideFinding.STILL)


def _bow(draft: Draft, samples: Samples) -> Found:
    found = [
        measure_bow(block, up, part.sensor)
        for part, block, up in zip(draft.parts(), samples, draft.up, strict=True)
    ]
    bows = [[*earlier, bow] for earlier, bow in zip(draft.bows, found, strict=True)]
    if len(bows[0]) < BOWS:
        draft.bows = bows
        depth_deg = found[0].depth_deg
        return Found(f"Good, {depth_deg:.0f}° deep.", GuideFinding.BOW_DEEP, {"depth_deg": depth_deg})
    try:
        mountings = [mounting_from(up, each) for up, each in zip(draft.up, bows, strict=True)]
    except CalibrationRejected:
        # Which of them went astray cannot be told; the oldest makes room for another try.
        draft.bows = [each[1:] for each in bows]
        raise
    parts = [mounting.onto(part) for mounting, part in zip(mountings, draft.parts(), strict=True)]
    parts = [replace(part, neutral=replace(part.neutral, standing_up=(0.0, 0.0, 1.0))) for part in parts]
    draft.take(parts)
    # Own postures were measured from another mounting's neutral: as angles of the body they stay.
    spread = max(mounting.spread_deg for mounting in mountings)
    return Found(
        f"Good. The sensor now knows which way is forward; your bows agree to {spread:.1f}°.",
        GuideFinding.FORWARD_KNOWN,
        {"apart_deg": spread},
    )


def _sit(draft: Draft, samples: Samples) -> Found:
    parts, spread = [], 0.0
    for part, block in zip(draft.parts(), samples, strict=True):
        found = measure_neutral(block, part)
        standing = part.neutral.standing_up
        if standing is not None:
            off = math.degrees(
                math.acos(max(-1.0, min(1.0, sum(a * b for a, b in zip(standing, found.up, strict=True)))))
            )
            if off > FARTHEST_SITTING_DEG:
                raise CalibrationRejected(
                    f"sitting is {off:.0f}° from how you stood; sit up as you like to sit, once more",
                    GuideFinding.FAR_FROM_STANDING,
                    off_deg=off,
                )
        quality = replace(part.quality, neutral_spread_deg=found.spread_deg)
        neutral = replace(part.neutral, up=found.up)
        parts.append(squared_on_the_back(replace(part, neutral=neutral, quality=quality)))
        spread = max(spread, found.spread_deg)
    draft.take(parts)
    return Found(
        f"Good. This is your upright from now on; you kept still to {spread:.1f}°.",
        GuideFinding.UPRIGHT_KNOWN,
        {"spread_deg": spread},
    )


def _own_pose(posture: Posture, side: float = 0.0) -> Callable[[Draft, Samples], Found]:
    """The step that takes an example of a posture; `side` is where to bend: 1 right, -1 left, 0 neither."""

    def measure(draft: Draft, samples: Samples) -> Found:
        angles, spreads = [], []
        for part, block in zip(draft.parts(), samples, strict=True):
            found: MeasuredNeutral = measure_neutral(
                block, part, doing="holding it", limit_deg=POSE_LIMIT_DEG
            )
            x, y, z = (rotation_onto_up(part.neutral.up) @ np.array(found.up)).tolist()
            angles.append((math.degrees(math.atan2(-x, z)), math.degrees(math.asin(max(-1.0, min(1.0, y))))))
            spreads.append(found.spread_deg)
        (upper, lateral), *rest = angles
        far = max(math.hypot(*pair) for pair in angles)
        if far < LEAST_POSE_DEG:
            raise CalibrationRejected(
                f"that is {far:.0f}° from your upright, too near to tell apart; a little more, once more",
                GuideFinding.TOO_NEAR_UPRIGHT,
                off_deg=far,
            )
        if far > FARTHEST_POSE_DEG:
            raise CalibrationRejected(
                f"that is {far:.0f}° from your upright, farther than anybody sits; does the strap sit as it "
                "did for your upright? Once more",
                GuideFinding.TOO_FAR_FROM_UPRIGHT,
                off_deg=far,
            )
        if side * lateral < -OTHER_SIDE_DEG:
            raise CalibrationRejected("that was to the other side; once more", GuideFinding.OTHER_SIDE)
        lower, lower_lateral = rest[0] if rest else (None, None)
        example = PoseExample(posture, upper, lateral, lower, lower_lateral, max(spreads), side)
        kept = tuple(
            old
            for old in draft.profile.own_poses
            if old.posture is not posture or (side and (old.side or old.lateral_deg) * side < 0.0)
        )
        draft.profile = replace(draft.profile, own_poses=(*kept, example))
        return Found(
            f"Thank you, {far:.0f}° from your upright.", GuideFinding.POSTURE_KNOWN, {"off_deg": far}
        )

    return measure


_REST = Step(GuideStep.REST, "Lay the sensor on a table and take your hands off. Then press.", 6.0, _rest)
_SIDES = Step(
    GuideStep.SIDES,
    "Hold the sensor in your hand and press. Then turn each of its six sides down, one after the other, "
    "two or three seconds each; it need not be exact.",
    30.0,
    _sides,
    optional=True,
)
_STAND = Step(
    GuideStep.STAND,
    "Put the strap on and stand upright, arms hanging. Press, then stand still.",
    5.0,
    _stand,
    at_most_deg=MOVED_LIMIT_DEG,
)
_BOW = Step(
    GuideStep.BOW,
    "Bow straight forward, as far as is comfortable, and come up again. Take your time.",
    6.0,
    _bow,
    countdown_s=2.0,
    at_least_deg=LEAST_BOW_DEG,
)
_SIT = Step(
    GuideStep.SIT,
    "Sit upright, the way you would like to sit. Press, then sit still.",
    5.0,
    _sit,
    at_most_deg=MOVED_LIMIT_DEG,
)
_OWN_POSES = (
    (
        GuideStep.SLOUCH,
        "Now slouch the way you do when nobody looks. Press, and stay like that.",
        Posture.SLOUCHED,
        0.0,
    ),
    (
        GuideStep.LEAN_FORWARD,
        "Lean forward from the hips, your back straight. Press, and stay.",
        Posture.LEANING_FORWARD,
        0.0,
    ),
    (GuideStep.LEAN_BACK, "Lean back. Press, and stay.", Posture.LEANING_BACK, 0.0),
    (GuideStep.BEND_RIGHT, "Bend to the right. Press, and stay.", Posture.SIDE_BENT, 1.0),
    (GuideStep.BEND_LEFT, "Bend to the left. Press, and stay.", Posture.SIDE_BENT, -1.0),
)
_POSES = tuple(
    Step(step, text, 4.0, _own_pose(posture, side), optional=True, at_most_deg=POSE_LIMIT_DEG)
    for step, text, posture, side in _OWN_POSES
)

PLANS: dict[GuidePlan, tuple[Step, ...]] = {
    GuidePlan.FULL: (_REST, _SIDES, _STAND, *[_BOW] * BOWS, _SIT),
    GuidePlan.STRAP: (_STAND, *[_BOW] * BOWS, _SIT),
    GuidePlan.NEUTRAL: (_SIT,),
    GuidePlan.POSES: _POSES,
}
