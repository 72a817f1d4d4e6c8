"""A new neutral by one long press in a live run: kept, in force at once, rejected where one moved."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.profiles import Profiles
from firmware_py.guided import Guided
from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import sit_upright, take_posture
from firmware_py.hardware.twin.wearer_demo import demo_motion
from firmware_py.hardware.twin.wearer_person import person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.loop import drive
from firmware_py.posture.blocks import SensorBlock, TrunkBlock
from firmware_py.posture.events import Event, FitChanged, NeutralChanged, Posture, Reading, SetNeutral
from firmware_py.posture.fit import NeutralOf
from firmware_py.posture.guidance import (
    AcceptNeutral,
    GuideCue,
    GuidePhase,
    GuidePlan,
    GuideProgress,
    LeaveGuide,
    PressGuide,
    SkipStep,
    StartGuide,
)
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.neutral_check import Fit, FitCause
from firmware_py.posture.profile import CalibrationProfile, Neutral
from firmware_py.posture.rating import CalibrationInForce

RATE_HZ = 50.0


def pressed_after(blocks: Iterator[TrunkBlock], guided: Guided, at_s: float) -> Iterator[TrunkBlock]:
    for block in blocks:
        if at_s <= block.until_s < at_s + 0.2:
            guided.neutral_press()
        yield block


def wearing(moving: bool) -> tuple[Wearer, CalibrationProfile]:
    script = Script(person("steady", seed=4), seed=1)
    sit_upright(script)
    if moving:
        for _ in range(12):
            take_posture(script, Posture.LEANING_FORWARD, 1.0)
            sit_upright(script)
    else:
        script.hold(90.0)
    wearer = Wearer(script)
    return wearer, wearer.person.profile(1)


def unknown(profile: CalibrationProfile) -> CalibrationProfile:
    """The same strap before anybody gave a neutral."""
    return replace(profile, upper=replace(profile.upper, neutral=Neutral(), sensor_id="mpu6050-0x68"))


def test_one_long_press_brings_a_first_neutral_into_force(tmp_path: Path) -> None:
    wearer, true = wearing(moving=False)
    cues: list[GuideCue] = []
    guided = Guided(unknown(true), tmp_path, cues.append)
    monitor = Monitor(unknown(true), RATE_HZ, neutral_of=NeutralOf.NOBODY)
    heard: list[Event] = []
    blocks = wearer.blocks(RATE_HZ, sensors=1, piece=10)
    drive(pressed_after(blocks, guided, 40.0), monitor, [heard.append], guided.wishes, guided)
    readings = [event for event in heard if isinstance(event, Reading)]
    changed = [event.t_s for event in heard if isinstance(event, NeutralChanged)]
    assert len(changed) == 1
    assert all(reading.posture is Posture.UNKNOWN for reading in readings if reading.t_s < changed[0])
    after = [reading for reading in readings if reading.t_s > changed[0] + 1.0]
    assert after
    assert np.mean([reading.posture is Posture.UPRIGHT for reading in after]) > 0.95
    kept = Profiles(tmp_path).current("mpu6050-0x68")
    assert kept is not None
    angle = math.degrees(math.acos(min(1.0, float(np.dot(kept.upper.neutral.up, true.upper.neutral.up)))))
    assert angle < 3.0
    assert GuideCue.GOOD in cues
    assert guided.shown is not None
    assert guided.shown.phase is GuidePhase.FINISHED


def test_who_moves_is_told_why_and_nothing_changes(tmp_path: Path) -> None:
    wearer, true = wearing(moving=True)
    guided = Guided(unknown(true), tmp_path)
    told: list[GuideProgress | None] = []
    guided.watchers.append(told.append)
    monitor = Monitor(unknown(true), RATE_HZ, neutral_of=NeutralOf.NOBODY)
    heard: list[Event] = []
    blocks = wearer.blocks(RATE_HZ, sensors=1, piece=10, end_s=15.0)
    drive(pressed_after(blocks, guided, 1.0), monitor, [heard.append], guided.wishes, guided)
    rejected = [one for one in told if one is not None and one.phase is GuidePhase.REJECTED]
    assert rejected
    assert "you moved" in rejected[0].text.lower()
    assert Profiles(tmp_path).current("mpu6050-0x68") is None
    assert not any(isinstance(event, NeutralChanged) for event in heard)


@pytest.mark.parametrize("busy_press", [False, True])
def test_a_press_in_mid_guide_goes_on_instead_of_beginning_anew(tmp_path: Path, busy_press: bool) -> None:
    wearer, true = wearing(moving=False)
    guided = Guided(unknown(true), tmp_path)
    told: list[GuideProgress | None] = []
    guided.watchers.append(told.append)
    for block in wearer.blocks(RATE_HZ, sensors=1, piece=10, end_s=30.0):
        if 10.0 <= block.until_s < 10.2 or (busy_press and 12.0 <= block.until_s < 12.2):
            guided.neutral_press()
        guided.block(block)
    assert sum(one is not None and one.phase is GuidePhase.READY for one in told) == 1
    assert len(guided.wishes()) == 1


def walked_through(guided: Guided, told: list[GuideProgress | None], wearer: Wearer, end_s: float) -> None:
    """Press whenever the guide waits, as the page does: by requests between two blocks."""
    for block in wearer.blocks(RATE_HZ, sensors=1, piece=10, end_s=end_s):
        guided.block(block)
        at = guided.shown
        if at is not None and at.phase is GuidePhase.READY:
            assert guided.request(PressGuide(0.0, at.index)) == ""


def test_a_guide_is_asked_for_and_left_over_the_network_and_each_refusal_says_why(tmp_path: Path) -> None:
    _, true = wearing(moving=False)
    guided = Guided(unknown(true), tmp_path)
    told: list[GuideProgress | None] = []
    guided.watchers.append(told.append)
    assert guided.request(PressGuide(0.0, 1)) == "no guide is under way"
    assert guided.request(AcceptNeutral(0.0)) == "no neutral is offered; begin the guide instead"
    assert guided.request(StartGuide(0.0, GuidePlan.STRAP)) == ""
    assert guided.request(PressGuide(0.0, 4)) == "the guide is at step 1 by now"
    assert guided.request(SkipStep(0.0, 1)) == "this step cannot be left out"
    assert guided.request(PressGuide(0.0, 1)) == ""
    assert guided.request(PressGuide(0.0, 1)) == "the guide is not waiting"
    assert guided.request(LeaveGuide(0.0)) == ""
    assert guided.shown is not None
    assert guided.shown.phase is GuidePhase.LEFT
    assert guided.request(LeaveGuide(0.0)) == ""
    assert told[-1] is None
    assert Profiles(tmp_path).current("mpu6050-0x68") is None
    assert not guided.renewed


def test_while_it_is_measured_the_motion_is_shown_several_times_a_second(tmp_path: Path) -> None:
    wearer, true = wearing(moving=True)
    guided = Guided(unknown(true), tmp_path)
    told: list[GuideProgress | None] = []
    guided.watchers.append(told.append)
    guided.request(StartGuide(0.0, GuidePlan.NEUTRAL))
    walked_through(guided, told, wearer, 9.0)
    motions = [one.motion for one in told if one is not None and one.motion is not None]
    assert 8 <= len(motions) <= 25
    assert {motion.at_most_deg for motion in motions} == {3.0}
    assert max(motion.moved_deg for motion in motions) > 2 * 3.0
    assert sum(one is not None and one.cue is GuideCue.GO for one in told) == 1


@pytest.mark.parametrize(("plan", "renewed"), [(GuidePlan.NEUTRAL, False), (GuidePlan.STRAP, True)])
def test_a_new_strapping_needs_another_run_and_a_neutral_does_not(
    tmp_path: Path, plan: GuidePlan, renewed: bool
) -> None:
    wearer = demo_motion(0)
    guided = Guided(wearer.person.profile(1), tmp_path)
    guided.watchers.append(wearer.follow)
    now_s = 0.0
    guided.request(StartGuide(0.0, plan))
    while guided.busy and now_s < 120.0:
        t_s = now_s + np.arange(1, 6) / RATE_HZ
        now_s = float(t_s[-1])
        guided.block(TrunkBlock.of(SensorBlock(t_s, *wearer.upper.at(t_s), 30.0)))
        guided.request(PressGuide(0.0))
    assert guided.shown is not None
    assert guided.shown.result is not None
    assert guided.shown.result.kept
    assert guided.renewed is renewed
    assert bool(guided.wishes()) is not renewed, "a neutral of another mounting means nothing in this run"


def test_an_offered_neutral_is_taken_and_kept_when_the_wearer_accepts_it(tmp_path: Path) -> None:
    _, true = wearing(moving=False)
    calibrated = replace(true, upper=replace(true.upper, sensor_id="mpu6050-0x68"))
    guided = Guided(calibrated, tmp_path)
    said: list[CalibrationInForce] = []
    guided.tell = said.append
    offered = (-0.6, 0.0, 0.8)
    guided.hear(FitChanged(5.0, Fit.STALE, FitCause.SLIP, 10.0, "it slipped", offered))
    assert guided.request(AcceptNeutral(0.0)) == ""
    assert [wish.upper_up for wish in guided.wishes() if isinstance(wish, SetNeutral)] == [offered]
    kept = Profiles(tmp_path).current("mpu6050-0x68")
    assert kept is not None
    assert kept.upper.neutral.up == offered
    was, now = true.upper.neutral, kept.upper.neutral
    assert was.standing_up is not None
    assert now.standing_up is not None
    assert np.dot(now.standing_up, now.up) == pytest.approx(np.dot(was.standing_up, was.up), abs=1e-9)
    assert said[-1].neutral_of is NeutralOf.THIS_WEAR
    assert guided.request(AcceptNeutral(0.0)) != "", "once"


def test_a_run_that_ends_in_the_middle_of_a_guide_leaves_nothing_standing(tmp_path: Path) -> None:
    _, true = wearing(moving=False)
    guided = Guided(unknown(true), tmp_path)
    told: list[GuideProgress | None] = []
    guided.watchers.append(told.append)
    guided.request(StartGuide(0.0, GuidePlan.FULL))
    guided.close()
    assert told[-1] is None
    assert guided.shown is None
