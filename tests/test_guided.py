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
from firmware_py.hardware.twin.wearer_person import person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.loop import drive
from firmware_py.posture.blocks import TrunkBlock
from firmware_py.posture.events import Event, NeutralChanged, Posture, Reading
from firmware_py.posture.fit import NeutralOf
from firmware_py.posture.guidance import GuideCue, GuidePhase, GuideProgress
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile, Neutral

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
