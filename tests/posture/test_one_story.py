"""The central promise: the size of a block never changes the story.

The same samples in blocks of 1, 10, 37, 1000 and whole give the same events, on simulated
wearers and on real recordings: every event of the same kind at the same tick in the same order,
alerts and counts exactly, angles to 1e-9.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import (
    Lying,
    lie_down,
    sit_up,
    sit_upright,
    slouch,
    stand_up,
    type_keys,
    walk,
)
from firmware_py.hardware.twin.wearer_person import person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.blocks import (
    FloatArray,
    Place,
    Remark,
    RemarkKind,
    SensorBlock,
    TrunkBlock,
    rechunk,
)
from firmware_py.posture.events import (
    Activity,
    Command,
    Event,
    MinutePassed,
    NoteBuzz,
    Reading,
    SensorLost,
    SetNeutral,
    SlouchAlert,
    SlouchEnded,
    Snooze,
)
from firmware_py.posture.flexion import flexion_deg, lateral_deg, up_at
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile, Mounting, Neutral, SensorModel, SensorProfile
from firmware_py.posture.rules import Rules
from firmware_py.posture.sense import field_names
from firmware_py.posture.trunk import Vector

from .stories import spoiled, without

SIZES = (1, 10, 37, 1000)
EAGER = Rules(grace_s=5.0, interval_s=30.0)
"""Reminders soon and often, so that a story of a few minutes has some."""


def told(
    profile: CalibrationProfile,
    rate_hz: float,
    blocks: Iterable[TrunkBlock],
    commands: Sequence[Command] = (),
) -> list[Event]:
    monitor = Monitor(profile, rate_hz, EAGER, run="story")
    events = [event for command in commands for event in monitor.tell(command)]
    events += [event for block in blocks for event in monitor.feed(block)]
    return events + monitor.finish()


def assert_same_story(one: list[Event], other: list[Event]) -> None:
    assert [type(event) for event in one] == [type(event) for event in other]
    for a, b in zip(one, other, strict=True):
        if a == b:
            continue
        for name in field_names(type(a)):
            assert_same(getattr(a, name), getattr(b, name), f"{name} of {a}")


def assert_same(a: object, b: object, where: str) -> None:
    if isinstance(a, float) and isinstance(b, float):
        assert (math.isnan(a) and math.isnan(b)) or abs(a - b) <= 1e-9, where
    else:
        assert a == b, where


def joined(blocks: Iterable[TrunkBlock]) -> TrunkBlock:
    """Many blocks as a single one."""
    pieces = list(blocks)
    lowers = [block.lower for block in pieces if block.lower is not None]
    return TrunkBlock(
        _joined([block.upper for block in pieces]),
        _joined(lowers) if lowers else None,
        pieces[-1].until_s,
        tuple(itertools.chain.from_iterable(block.remarks for block in pieces)),
    )


def _joined(blocks: Sequence[SensorBlock]) -> SensorBlock:
    return SensorBlock(
        np.concatenate([block.t_s for block in blocks]),
        np.concatenate([block.acc_m_s2 for block in blocks]),
        np.concatenate([block.gyr_rad_s for block in blocks]),
        blocks[0].temp_c,
    )


@cache
def simulated(sensors: int) -> TrunkBlock:
    """Some minutes of someone at a desk, with lost and spoiled samples on the way."""
    script = Script(person("steady", seed=11))
    sit_upright(script)
    script.hold(25.0)
    slouch(script, for_s=70.0)
    sit_upright(script)
    type_keys(script, 15.0)
    stand_up(script)
    walk(script, 15.0)
    sit_upright(script)
    script.hold(10.0)
    slouch(script, for_s=60.0)
    lie_down(script, Lying.SUPINE, 15.0)
    sit_up(script)
    sit_upright(script)
    script.hold(10.0)
    whole = joined(Wearer(script).blocks(rate_hz=100.0, sensors=sensors))
    upper = spoiled(without(whole.upper, 60.0, 60.9), [500, 501, *range(3000, 3020)])
    upper = without(upper, 150.0, 158.0)
    lower = whole.lower and without(spoiled(whole.lower, [77]), 200.0, 206.0)
    remarks = (
        Remark(60.9, Place.UPPER, RemarkKind.OVERFLOW, "the FIFO ran over"),
        Remark(150.6, Place.UPPER, RemarkKind.LOST, "nothing answered"),
        Remark(158.0, Place.UPPER, RemarkKind.BACK, "answers again"),
    )
    return TrunkBlock(upper, lower, whole.until_s + 3.0, remarks)


def somewhat_off(up: Vector, flexion_by_deg: float, lateral_by_deg: float = 0.0) -> Vector:
    """The same direction, a little further."""
    return up_at(flexion_deg(up) + flexion_by_deg, lateral_deg(up) + lateral_by_deg)


WORN = person("steady", seed=11).profile(2)
assert WORN.lower is not None
COMMANDS: tuple[Command, ...] = (
    SetNeutral(
        20.05, somewhat_off(WORN.upper.neutral.up, 4.0, 1.0), somewhat_off(WORN.lower.neutral.up, -2.0)
    ),
    NoteBuzz(70.0, 0.6),
    Snooze(240.0, 20.0),
)


def worn(sensors: int) -> CalibrationProfile:
    profile = person("steady", seed=11).profile(sensors)
    chip = SensorModel(gyr_bias_rad_s=(0.001, -0.002, 0.0))
    upper = dataclasses.replace(profile.upper, sensor=chip)
    lower = profile.lower and dataclasses.replace(profile.lower, sensor=chip)
    return dataclasses.replace(profile, upper=upper, lower=lower)


@cache
def whole_story(sensors: int) -> list[Event]:
    return told(worn(sensors), 100.0, [simulated(sensors)], COMMANDS)


def test_the_simulated_story_has_something_to_tell() -> None:
    events = whole_story(1)
    kinds = {type(event) for event in events}
    assert {SlouchAlert, SlouchEnded, SensorLost, MinutePassed, Reading} <= kinds
    readings = [event for event in events if isinstance(event, Reading)]
    assert {reading.unjudged for reading in readings} > {None}
    assert len({reading.posture for reading in readings}) >= 3


@pytest.mark.parametrize("sensors", [1, 2])
@pytest.mark.parametrize("size", SIZES)
def test_a_simulated_wearers_story_is_the_same_in_blocks_of(size: int, sensors: int) -> None:
    events = told(worn(sensors), 100.0, rechunk([simulated(sensors)], size), COMMANDS)
    assert_same_story(events, whole_story(sensors))


# Real recordings.


def sitting(path: Path, sensors: int) -> tuple[CalibrationProfile, TrunkBlock]:
    """One person's first ten trials in the order of recording; their first upright one is the neutral."""
    with np.load(path) as trials:
        names = sorted(trials.files)
        first = trials[next(name for name in names if name.endswith("class_2"))]
        rows = np.vstack([trials[name] for name in names[:10]]).astype(float)
    t_s = np.arange(len(rows)) / 50.0
    lower = _sensor(t_s, rows[:, 6:12]) if sensors == 2 else None
    profile = CalibrationProfile(
        upper=_neutral_of(first[:, 0:3]), lower=_neutral_of(first[:, 6:9]) if sensors == 2 else None
    )
    return profile, TrunkBlock(_sensor(t_s, rows[:, 0:6]), lower, float(t_s[-1]))


def _sensor(t_s: FloatArray, g_and_deg_s: FloatArray) -> SensorBlock:
    return SensorBlock(t_s, g_and_deg_s[:, :3] * 9.80665, np.radians(g_and_deg_s[:, 3:]), 30.0)


def _neutral_of(acc_g: FloatArray) -> SensorProfile:
    up = np.array(Mounting().rotation) @ np.nanmean(acc_g, axis=0)
    x, y, z = (up / np.linalg.norm(up)).tolist()
    return SensorProfile(neutral=Neutral((x, y, z)))


@pytest.mark.parametrize(("number", "sensors"), [(1, 1), (1, 2), (9, 1)])
def test_a_real_sitters_story_is_the_same_in_blocks_of_any_size(
    shared_data: Path, number: int, sensors: int
) -> None:
    path = sorted((shared_data / "sitting").glob("sub_*.npz"))[number]
    profile, block = sitting(path, sensors)
    whole = told(profile, 50.0, [block])
    assert any(isinstance(event, SlouchAlert) for event in whole)
    for size in SIZES:
        assert_same_story(told(profile, 50.0, rechunk([block], size)), whole)


def test_a_real_walkers_story_is_the_same_in_blocks_of_any_size(shared_data: Path) -> None:
    with np.load(shared_data / "activity" / "torso_part4.npz") as data:
        t_s = (data["t_ms"] - data["t_ms"][0]) / 1000.0
        acc, gyr = data["acc_m_s2"].astype(float), np.radians(data["gyr_deg_s"].astype(float))
        walking = int(np.argmax(data["label"] == 4))
    # From a minute before the first steps on, and only rows whose time moves on.
    kept = np.diff(np.maximum.accumulate(t_s), prepend=-1.0) > 0
    kept &= (t_s > t_s[walking] - 60.0) & (t_s < t_s[walking] + 60.0)
    # In this recording gravity is on +y, and forward on +z: its owner bows that way to sit down.
    mounting = Mounting(((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    profile = CalibrationProfile(upper=SensorProfile(mounting=mounting))
    block = TrunkBlock.of(SensorBlock(t_s[kept], acc[kept], gyr[kept], 30.0))
    whole = told(profile, 51.0, [block])
    readings = [event for event in whole if isinstance(event, Reading)]
    assert {reading.activity for reading in readings} >= {Activity.STILL, Activity.MOVING}
    for size in SIZES:
        assert_same_story(told(profile, 51.0, rechunk([block], size)), whole)
