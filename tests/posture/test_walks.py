"""Walks, and whether somebody who has walked stands about or sits again."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import sit_down, stand_up, walk
from firmware_py.hardware.twin.wearer_moves import COUGH, LAUGH
from firmware_py.hardware.twin.wearer_person import Style, person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.blocks import SensorBlock, TrunkBlock
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.neutral_check import FitRules
from firmware_py.posture.profile import CalibrationProfile, Mounting, SensorProfile
from firmware_py.posture.trunk import TICKS_PER_S, TrunkState, Vector
from firmware_py.posture.walks import Walks

RATE_HZ = 25.0


def sits(states: list[TrunkState]) -> list[bool]:
    """Whether the wearer is taken to sit, tick by tick, as `FitChecker` asks it."""
    rules = FitRules()
    walks, seated = Walks(rules, (0.0, 0.0)), []
    for state in states:
        assert state.upper is not None
        if state.upper.acc_rms_m_s2 >= rules.stepping_m_s2:
            walks.take_step(state.tick, state.upper.up)
        elif walks.walking:
            walks.pause(state.tick)
        if state.upper.gyr_rms_rad_s >= rules.still_rad_s:
            walks.move(state.tick, state.upper.up)
        seated.append(state.tick >= walks.seated_from)
    return seated


def lived(script: Script) -> list[bool]:
    wearer = Wearer(script)
    estimator = TrunkEstimator(wearer.person.profile(sensors=1), RATE_HZ)
    return sits([s for block in wearer.blocks(RATE_HZ, sensors=1) for s in estimator.feed(block)])


def test_who_stands_between_two_walks_does_not_sit_and_who_bows_sits_down() -> None:
    for seed in range(4):
        script = Script(person(Style.RESTLESS, seed), seed)
        script.hold(20.0)
        stand_up(script)
        walk(script, 15.0)
        walked_s = script.now_s
        script.hold(90.0)
        walk(script, 8.0)
        script.hold(2.0)
        sits_down_s = script.now_s
        sit_down(script)
        script.hold(20.0)
        seated = np.array(lived(script))
        t_s = np.arange(len(seated)) / TICKS_PER_S
        assert seated[t_s < 20.0].all(), seed
        assert not seated[(t_s > walked_s) & (t_s < sits_down_s)].any(), seed
        assert seated[t_s > sits_down_s + 7.0].all(), seed


def test_a_cough_and_a_laugh_are_no_getting_up() -> None:
    script = Script(person(Style.STEADY, 3), 3)
    script.hold(20.0)
    for _ in range(5):
        script.move(COUGH)
        script.move(LAUGH)
        script.hold(5.0)
    assert all(lived(script))


def test_a_short_walk_after_a_bow_is_getting_up_and_shaking_without_one_is_not() -> None:
    bowed: Vector = (-math.sin(math.radians(25.0)), 0.0, math.cos(math.radians(25.0)))
    for bows in (True, False):
        walks = Walks(FitRules(), (0.0, 0.0))
        if bows:
            walks.move(70, bowed)
        for tick in range(100, 150):
            walks.take_step(tick, (0.0, 0.0, 1.0))
        assert (walks.seated_from > 150) is bows


def test_a_second_of_shaking_after_a_bow_is_no_walk_yet() -> None:
    walks = Walks(FitRules(), (0.0, 0.0))
    walks.move(70, (-math.sin(math.radians(25.0)), 0.0, math.cos(math.radians(25.0))))
    for tick in range(105, 115):
        walks.take_step(tick, (0.0, 0.0, 1.0))
    assert walks.seated_from < 115


def test_standing_still_for_minutes_counts_as_sitting_at_last() -> None:
    walks, upright = Walks(FitRules(), (0.0, 0.0)), (0.0, 0.0, 1.0)
    for tick in range(100):
        walks.take_step(tick, upright)
    for tick in range(100, 1000):
        walks.move(tick, upright)
    assert walks.seated_from == 99 + 120 * TICKS_PER_S


def test_steps_while_sinking_into_the_chair_do_not_undo_the_bow() -> None:
    bowed: Vector = (-math.sin(math.radians(25.0)), 0.0, math.cos(math.radians(25.0)))
    walks = Walks(FitRules(), (0.0, 0.0))
    for tick in range(100):
        walks.take_step(tick, (0.0, 0.0, 1.0))
    walks.move(100, bowed)
    for tick in range(101, 120):
        walks.take_step(tick, bowed)
    assert walks.seated_from == 100 + 3 * TICKS_PER_S
    for tick in range(120, 160):
        walks.take_step(tick, (0.0, 0.0, 1.0))
    assert walks.seated_from > 160 + 60 * TICKS_PER_S, "whoever walks on has not sat down"


def test_a_real_person_stands_until_they_sit_down(shared_data: Path) -> None:
    """FORTH-TRACE: a walk, its end, standing, sitting down and sitting, put one after the other."""
    with np.load(shared_data / "activity" / "torso_part4.npz") as data:
        label, acc, gyr = data["label"], data["acc_m_s2"].astype(float), np.radians(data["gyr_deg_s"])
    edges = [0, *(np.flatnonzero(np.diff(label)) + 1), len(label)]
    first = {int(label[a]): (a, b) for a, b in reversed([*pairwise(edges)])}
    rows = np.concatenate([np.arange(*first[doing]) for doing in (4, 13, 1, 8, 2)])
    # On the chest, gravity along y: z points forward, which the bow of sitting down tells.
    mounting = Mounting(((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    block = SensorBlock(np.arange(len(rows)) / 51.2, acc[rows], gyr[rows].astype(float))
    states = TrunkEstimator(CalibrationProfile(SensorProfile(mounting=mounting)), 51.2).feed(
        TrunkBlock.of(block)
    )
    seated = np.array(sits(states))
    doing = label[rows][np.minimum((np.arange(len(seated)) * 5.12).astype(int), len(rows) - 1)]
    assert not seated[doing == 1].any()
    sitting_down = np.flatnonzero(doing == 8)
    assert seated[sitting_down[0] + 8 * TICKS_PER_S : sitting_down[-1]].all()
    assert seated[doing == 2].all()
