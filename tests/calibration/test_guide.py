"""The guided calibration, gone through as people do it, wrong moves included."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from calibration.guide import Guide
from calibration.host import GuideHost, cues
from firmware_py.posture.blocks import SensorBlock, TrunkBlock, rechunk
from firmware_py.posture.events import Posture
from firmware_py.posture.flexion import flexion_deg, lateral_deg
from firmware_py.posture.guidance import (
    GuideCue,
    GuidePhase,
    GuidePlan,
    GuideProgress,
    GuideStep,
    LeaveGuide,
    PressGuide,
    SkipStep,
    StartGuide,
)
from firmware_py.posture.profile import CalibrationProfile, SensorProfile
from tests.calibration.obedient import Doing, Obedient, bowing, fidgeting, said, still, strappings

ONE = CalibrationProfile()
TWO = CalibrationProfile(lower=SensorProfile())


def gone_through(
    who: Obedient,
    plan: GuidePlan,
    profile: CalibrationProfile = ONE,
    *,
    skip: frozenset[GuideStep] = frozenset(),
    at_most_s: float = 300.0,
) -> tuple[Guide, list[GuideProgress], list[TrunkBlock]]:
    """Somebody who presses whenever the guide waits, and does as it says."""
    guide = Guide(profile, plan, who.t_s)
    told, blocks, hold_s = [guide.progress], [], 0.0
    while not guide.over and who.t_s < at_most_s:
        if guide.progress.phase is GuidePhase.READY:
            skipping = guide.progress.step in skip
            told += guide.tell(SkipStep(who.t_s) if skipping else PressGuide(who.t_s))
        block = who.goes_on(guide.progress, hold_s)
        blocks.append(block)
        new = guide.feed(block)
        if any(p.phase is GuidePhase.HOLD and p.cue is GuideCue.GO for p in new):
            hold_s = who.t_s
        told += new
    return guide, told, blocks


def angles_of(part: SensorProfile, strapped: Rotation, flexion: float, lateral: float) -> tuple[float, float]:
    """What a profile makes of a sensor at rest on a trunk held so."""
    held = Rotation.from_euler("X", lateral, degrees=True) * Rotation.from_euler("Y", flexion, degrees=True)
    acc = strapped.apply(held.inv().apply([0.0, 0.0, 9.80665]))
    up = part.apply(SensorBlock(np.zeros(1), acc[None], np.zeros((1, 3)))).acc_m_s2[0] / 9.80665
    x, y, z = up.tolist()
    return flexion_deg((x, y, z)), lateral_deg((x, y, z))


@pytest.mark.parametrize("seed", range(6))
def test_a_new_sensor_strapped_any_way_is_calibrated_by_one_person_alone(seed: int) -> None:
    strapped = strappings(seed)
    guide, told, _ = gone_through(Obedient(strapped), GuidePlan.FULL)
    assert guide.progress.phase is GuidePhase.FINISHED
    assert list(said(told, GuidePhase.REJECTED)) == []
    assert guide.result is not None
    part = guide.result.upper
    assert angles_of(part, strapped[0], 5.0, 0.0) == pytest.approx((0.0, 0.0), abs=0.5)
    assert angles_of(part, strapped[0], 25.0, 0.0) == pytest.approx((20.0, 0.0), abs=1.0)
    assert angles_of(part, strapped[0], 5.0, 15.0)[1] == pytest.approx(15.0, abs=1.0)
    assert part.sensor.gyr_bias_rad_s == pytest.approx((0.03, -0.02, 0.01), abs=1e-3)
    assert part.neutral.standing_up == (0.0, 0.0, 1.0)
    assert (part.quality.acc_poses, part.quality.bows) == (6, 3)
    assert 0.0 < part.quality.expected_error_deg < 2.0


def test_both_sensors_are_calibrated_by_the_same_movements() -> None:
    strapped = strappings(11, 2)
    guide, _, _ = gone_through(Obedient(strapped), GuidePlan.FULL, TWO)
    assert guide.result is not None
    assert guide.result.lower is not None
    assert angles_of(guide.result.upper, strapped[0], 25.0, 0.0) == pytest.approx((20.0, 0.0), abs=1.0)
    assert angles_of(guide.result.lower, strapped[1], 12.5, 0.0) == pytest.approx((10.0, 0.0), abs=1.0)


def test_own_postures_take_half_a_minute_and_are_kept_with_their_spread() -> None:
    strapped = strappings(12, 2)
    first, _, _ = gone_through(Obedient(strapped), GuidePlan.STRAP, TWO)
    assert first.result is not None
    who = Obedient(strapped)
    guide, _, _ = gone_through(who, GuidePlan.POSES, first.result)
    assert guide.result is not None
    poses = {(p.posture, round(math.copysign(1, p.lateral_deg)) if p.posture is Posture.SIDE_BENT else 0): p
             for p in guide.result.own_poses}  # fmt: skip
    assert len(poses) == 5
    slouch = poses[Posture.SLOUCHED, 0]
    assert (slouch.upper_deg, slouch.lateral_deg) == pytest.approx((20.0, 1.0), abs=1.0)
    assert slouch.lower_deg == pytest.approx(10.0, abs=1.0)
    assert 0.0 < slouch.spread_deg < 2.0
    assert poses[Posture.LEANING_BACK, 0].upper_deg == pytest.approx(-17.0, abs=1.0)
    assert poses[Posture.SIDE_BENT, 1].lateral_deg == pytest.approx(15.0, abs=1.0)
    assert poses[Posture.SIDE_BENT, -1].lateral_deg == pytest.approx(-15.0, abs=1.0)
    assert who.t_s < 75.0, "half a minute of holding, and the pauses"


def test_a_posture_done_again_replaces_the_earlier_example() -> None:
    strapped = strappings(13)
    first, _, _ = gone_through(Obedient(strapped), GuidePlan.STRAP)
    assert first.result is not None
    second, _, _ = gone_through(Obedient(strapped), GuidePlan.POSES, first.result)
    assert second.result is not None
    third, _, _ = gone_through(Obedient(strapped), GuidePlan.POSES, second.result)
    assert third.result is not None
    assert len(third.result.own_poses) == len(second.result.own_poses) == 5


WRONG_MOVES = [
    (GuidePlan.FULL, GuideStep.REST, fidgeting(10.0), "lay it on a table"),
    (GuidePlan.FULL, GuideStep.SIDES, still(0.0), "1 different rest poses were found, 6 are needed"),
    (GuidePlan.STRAP, GuideStep.STAND, fidgeting(4.0), "You moved"),
    (GuidePlan.STRAP, GuideStep.BOW, bowing(12.0), "That bow was 1"),
    (GuidePlan.STRAP, GuideStep.SIT, fidgeting(5.0), "while sitting still — once more"),
    (GuidePlan.STRAP, GuideStep.SIT, still(85.0), "Sitting is 85° from how you stood"),
]


@pytest.mark.parametrize(("plan", "step", "wrong", "reason"), WRONG_MOVES)
def test_a_wrong_move_is_told_with_its_reason_and_the_step_comes_once_more(
    plan: GuidePlan, step: GuideStep, wrong: Doing, reason: str
) -> None:
    strapped = strappings(21)
    guide, told, _ = gone_through(Obedient(strapped, {(step, 1): wrong}), plan)
    rejections = list(said(told, GuidePhase.REJECTED))
    assert any(reason in words for words in rejections), rejections
    assert guide.progress.phase is GuidePhase.FINISHED
    assert guide.result is not None
    assert angles_of(guide.result.upper, strapped[0], 25.0, 0.0) == pytest.approx((20.0, 0.0), abs=12.0)
    assert [p.cue for p in told if p.phase is GuidePhase.REJECTED and p.cue is not GuideCue.NONE] == [
        GuideCue.WRONG
    ] * len(rejections)


@pytest.mark.parametrize(
    ("step", "wrong", "reason"),
    [
        (GuideStep.SLOUCH, still(7.0), "too near to tell apart"),
        (GuideStep.LEAN_FORWARD, still(95.0), "farther than anybody sits"),
        (GuideStep.BEND_RIGHT, still(8.0, -15.0), "That was to the other side"),
        (GuideStep.LEAN_BACK, fidgeting(12.0), "while holding it — once more"),
    ],
)
def test_a_posture_that_is_none_is_not_kept(step: GuideStep, wrong: Doing, reason: str) -> None:
    strapped = strappings(22)
    first, _, _ = gone_through(Obedient(strapped), GuidePlan.STRAP)
    assert first.result is not None
    who = Obedient(strapped, {(step, 1): wrong})
    guide, told, _ = gone_through(who, GuidePlan.POSES, first.result)
    assert any(reason in words for words in said(told, GuidePhase.REJECTED))
    assert guide.result is not None
    assert len(guide.result.own_poses) == 5


def test_three_bows_that_go_apart_ask_for_another_bow_not_for_all_of_them() -> None:
    who = Obedient(strappings(23), {})
    bows = iter([bowing(60.0, 25.0), bowing(60.0, -25.0)])
    seen: dict[float, Doing] = {}
    hold_began = 0.0

    class Astray(dict[tuple[GuideStep, int], Doing]):
        """Answers by the bow's number, not by the attempt's."""

        def get(self, key: tuple[GuideStep, int], default: Any = None) -> Any:
            if key[0] is not GuideStep.BOW:
                return default
            began = round(hold_began, 1)
            if began not in seen:
                seen[began] = next(bows, default)
            return seen[began]

    who.instead = Astray()
    guide = Guide(ONE, GuidePlan.STRAP, 0.0)
    told: list[GuideProgress] = []
    while not guide.over and who.t_s < 200.0:
        if guide.progress.phase is GuidePhase.READY:
            told += guide.tell(PressGuide(who.t_s))
        new = guide.feed(who.goes_on(guide.progress, hold_began))
        if any(p.cue is GuideCue.GO for p in new):
            hold_began = who.t_s
        told += new
    assert any("apart; bow straight forward" in words for words in said(told, GuidePhase.REJECTED))
    assert guide.progress.phase is GuidePhase.FINISHED


def test_after_three_wrong_tries_the_guide_waits_for_the_wearer() -> None:
    wrong = {(GuideStep.SIT, attempt): fidgeting(8.0) for attempt in (1, 2, 3)}
    who = Obedient(strappings(24), wrong)
    guide = Guide(ONE, GuidePlan.NEUTRAL, 0.0)
    told = guide.tell(PressGuide(0.0))
    hold_s = 0.0
    while guide.progress.phase is not GuidePhase.READY and who.t_s < 100.0:
        new = guide.feed(who.goes_on(guide.progress, hold_s))
        if any(p.cue is GuideCue.GO for p in new):
            hold_s = who.t_s
        told += new
    assert len([p for p in told if p.phase is GuidePhase.REJECTED and p.cue is GuideCue.WRONG]) == 3
    for _ in range(100):
        assert guide.feed(who.goes_on(guide.progress, 0.0)) == []


def test_it_can_be_left_at_every_step_without_harm() -> None:
    _, whole, blocks = gone_through(Obedient(strappings(25)), GuidePlan.FULL)
    presses = [p.t_s for p in whole if p.phase is GuidePhase.COUNTDOWN and p.cue is GuideCue.TICK]
    for leave_at in range(0, len(blocks), 60):
        guide = Guide(ONE, GuidePlan.FULL)
        for block in blocks[:leave_at]:
            if guide.progress.phase is GuidePhase.READY and any(
                abs(t - block.until_s) < 1.0 for t in presses
            ):
                guide.tell(PressGuide(block.until_s))
            guide.feed(block)
        if guide.over:
            continue
        (left,) = guide.tell(LeaveGuide(1.0))
        assert (left.phase, guide.result) == (GuidePhase.LEFT, None)
        assert guide.feed(blocks[0]) == guide.tell(PressGuide(2.0)) == []


def test_a_step_that_may_be_left_out_can_be_skipped_and_no_other() -> None:
    strapped = strappings(26)
    guide, _, _ = gone_through(Obedient(strapped), GuidePlan.FULL, skip=frozenset({GuideStep.SIDES}))
    assert guide.result is not None
    assert guide.result.upper.quality.acc_poses == 0
    stubborn = Guide(ONE, GuidePlan.NEUTRAL)
    assert stubborn.tell(SkipStep(0.0)) == []


def test_a_sensor_that_falls_silent_ends_the_guide_with_a_reason() -> None:
    guide = Guide(ONE, GuidePlan.NEUTRAL)
    who = Obedient(strappings(27))
    guide.feed(who.goes_on(guide.progress, 0.0))
    nothing = SensorBlock(np.empty(0), np.empty((0, 3)), np.empty((0, 3)))
    told = [p for k in range(120) for p in guide.feed(TrunkBlock(nothing, None, who.t_s + 0.1 * k))]
    assert [p.phase for p in told] == [GuidePhase.LEFT]
    assert "No samples for ten seconds" in told[0].text


def test_a_lower_sensor_that_says_nothing_is_named() -> None:
    guide, told, _ = gone_through(Obedient(strappings(28)), GuidePlan.NEUTRAL, TWO, at_most_s=30.0)
    assert guide.result is None
    assert any("The lower sensor said nothing" in words for words in said(told, GuidePhase.REJECTED))


def test_the_countdown_is_felt_and_told_second_by_second() -> None:
    _, told, _ = gone_through(Obedient(strappings(29)), GuidePlan.NEUTRAL)
    countdown = [(p.remaining_s, p.cue) for p in told if p.phase is GuidePhase.COUNTDOWN]
    assert countdown[:3] == [(3, GuideCue.TICK), (2, GuideCue.TICK), (1, GuideCue.TICK)]
    holding = [p.remaining_s for p in told if p.phase is GuidePhase.HOLD]
    assert holding[:5] == [5, 4, 3, 2, 1]
    assert cues(told)[-3:] == [GuideCue.GO, GuideCue.GOOD, GuideCue.GOOD]


def test_the_size_of_a_block_does_not_change_the_result() -> None:
    strapped = strappings(30)
    guide, told, blocks = gone_through(Obedient(strapped), GuidePlan.NEUTRAL)
    pressed_s = next(p.t_s for p in told if p.phase is GuidePhase.COUNTDOWN)
    for size in (1, 3):
        again = Guide(ONE, GuidePlan.NEUTRAL, 0.0)
        again.tell(PressGuide(pressed_s))
        for block in rechunk(blocks, size):
            again.feed(block)
        assert again.result is not None
        assert guide.result is not None
        assert again.result.upper.neutral.up == pytest.approx(guide.result.upper.neutral.up, abs=1e-9)


def test_a_host_keeps_one_guide_at_a_time_and_puts_its_result_in_force() -> None:
    kept: list[CalibrationProfile] = []

    def keep(profile: CalibrationProfile) -> CalibrationProfile:
        kept.append(profile)
        return profile

    host = GuideHost(ONE, keep)
    who = Obedient(strappings(31))
    assert (host.progress, host.tell(PressGuide(0.0))) == (None, [])
    host.tell(StartGuide(0.0, GuidePlan.FULL))
    host.tell(StartGuide(0.0, GuidePlan.NEUTRAL))
    assert host.busy
    assert host.progress is not None
    host.tell(PressGuide(0.0))
    hold_s = 0.0
    while host.busy and who.t_s < 60.0:
        told = host.feed(who.goes_on(host.progress, hold_s))
        if any(p.cue is GuideCue.GO for p in told):
            hold_s = who.t_s
    assert len(kept) == 1
    assert host.profile is kept[0]
    assert host.feed(who.goes_on(host.progress, 0.0)) == []
