"""A simulated wearer who follows the guide: through every plan, and smoothly out of the story and back."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.guide import Guide
from firmware_py.hardware.twin.wearer_demo import GuidedWearer, demo_motion
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, SensorBlock, TrunkBlock
from firmware_py.posture.guidance import GuideFinding, GuidePhase, GuidePlan, GuideProgress, PressGuide

RATE_HZ = 50.0
BEGINS_S = 5.0
NOISE = np.random.default_rng(3)


def samples(wearer: GuidedWearer, t_s: np.ndarray) -> SensorBlock:
    acc, gyr = wearer.upper.at(t_s)
    return SensorBlock(
        t_s, acc + NOISE.normal(0.0, 0.02, acc.shape), gyr + NOISE.normal(0.0, 5e-4, gyr.shape), 30.0
    )


def guided(plan: GuidePlan) -> tuple[Guide, list[GuideProgress], list[SensorBlock], GuidedWearer]:
    """The wearer of the demonstration, and somebody who presses whenever the guide has waited for 3 s."""
    wearer = demo_motion(0)
    guide = Guide(wearer.person.profile(1), plan, BEGINS_S)
    told, blocks, now_s, waited_s = [guide.progress], [], BEGINS_S, 0.0
    samples(wearer, np.arange(0.0, BEGINS_S, 1.0 / RATE_HZ))
    wearer.follow(guide.progress)
    while not guide.over and now_s < 300.0:
        block = samples(wearer, now_s + np.arange(1, 6) / RATE_HZ)
        now_s = float(block.t_s[-1])
        blocks.append(block)
        new = guide.feed(TrunkBlock.of(block))
        waited_s = waited_s + 0.1 if guide.progress.phase is GuidePhase.READY else 0.0
        if waited_s > 3.0:
            new += guide.tell(PressGuide(now_s))
        for progress in new:
            wearer.follow(progress)
        told += new
    return guide, told, blocks, wearer


@pytest.mark.parametrize("plan", list(GuidePlan))
def test_every_plan_is_gone_through_and_only_the_first_sitting_is_a_restless_one(plan: GuidePlan) -> None:
    guide, told, _, wearer = guided(plan)
    assert guide.progress.phase is GuidePhase.FINISHED
    rejected = {p.finding for p in told if p.phase is GuidePhase.REJECTED}
    assert rejected == ({GuideFinding.MOVED} if plan is not GuidePlan.POSES else set())
    assert guide.result is not None
    true = wearer.person.profile(1).upper
    if plan in (GuidePlan.FULL, GuidePlan.STRAP):
        apart = guide.result.upper.to_neutral() @ true.to_neutral().T
        assert np.degrees(np.arccos((np.trace(apart) - 1.0) / 2.0)) < 6.0
    if plan is GuidePlan.NEUTRAL:
        off = np.degrees(np.arccos(np.dot(guide.result.upper.neutral.up, true.neutral.up)))
        assert off < 4.0


def test_leaving_the_story_and_coming_back_is_as_smooth_as_any_movement() -> None:
    _, _, blocks, wearer = guided(GuidePlan.NEUTRAL)
    after = [samples(wearer, blocks[-1].t_s[-1] + np.arange(1, 250) / RATE_HZ)]
    acc = np.concatenate([block.acc_m_s2 for block in blocks + after])
    gyr = np.concatenate([block.gyr_rad_s for block in blocks + after])
    assert np.abs(np.linalg.norm(acc, axis=1) - STANDARD_GRAVITY_M_S2).max() < 3.0
    assert np.abs(np.diff(gyr, axis=0)).max() < 0.1


def test_what_was_felt_once_is_never_changed_by_what_is_asked_later() -> None:
    wearer = demo_motion(0)
    t_s = np.arange(0.0, 3.0, 0.02)
    before = wearer.upper.at(t_s)
    wearer.follow(Guide(wearer.person.profile(1), GuidePlan.NEUTRAL, 3.0).progress)
    wearer.upper.at(np.arange(3.0, 6.0, 0.02))
    for felt, again in zip(before, wearer.upper.at(t_s), strict=True):
        assert np.array_equal(felt, again)
