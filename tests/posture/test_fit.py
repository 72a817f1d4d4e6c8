"""Does the calibration still fit: putting on, slips, walks, a turned sensor, and what must raise no doubt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from calibration.neutral import settled_neutral, with_neutral
from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import (
    sit_upright,
    slouch,
    stand_up,
    take_posture,
    walk,
)
from firmware_py.hardware.twin.wearer_moves import WHILE_SITTING
from firmware_py.hardware.twin.wearer_person import person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.blocks import SensorBlock, TrunkBlock
from firmware_py.posture.correction import rotation_onto_up
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.events import Posture, ProfileStale
from firmware_py.posture.fit import Fit, FitChecker, FitVerdict, NeutralOf, still_fits
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.neutral_check import FitCause
from firmware_py.posture.profile import CalibrationProfile, SensorProfile
from firmware_py.posture.trunk import TICK_S, Vector
from firmware_py.posture.wear import Wear, WearVerdict
from tests.calibration.recordings import SITTING_RATE_HZ, sitting_people, sitting_trials

RATE_HZ = 25.0
WORN = WearVerdict(Wear.WORN, "")
OFF = WearVerdict(Wear.NOT_WORN, "")


def told(script: Script, neutral_of: NeutralOf = NeutralOf.THIS_WEAR) -> list[tuple[float, FitVerdict]]:
    """Each verdict with the time from which it was held, for somebody who wears it all the while."""
    wearer = Wearer(script)
    profile = wearer.person.profile(sensors=1)
    estimator, checker = TrunkEstimator(profile, RATE_HZ), FitChecker(profile, neutral_of=neutral_of)
    said: list[tuple[float, FitVerdict]] = []
    for block in wearer.blocks(RATE_HZ, sensors=1):
        for state in estimator.feed(block):
            verdict = checker.step(state, WORN)
            if not said or verdict != said[-1][1]:
                said.append((state.t_s, verdict))
    return said


def sitting(seed: int = 1) -> Script:
    script = Script(person("steady", seed), seed)
    script.hold(40.0)
    return script


def up_at(flexion_deg: float, lateral_deg: float = 0.0) -> Vector:
    f, s = math.radians(flexion_deg), math.radians(lateral_deg)
    return -math.sin(f) * math.cos(s), math.sin(s), math.cos(f) * math.cos(s)


@pytest.mark.parametrize(
    ("off_deg", "fit"),
    [
        (0.0, Fit.FITS),
        (4.9, Fit.FITS),
        (5.2, Fit.DOUBTFUL),
        (7.4, Fit.DOUBTFUL),
        (7.6, Fit.STALE),
        (30.0, Fit.STALE),
    ],
)
def test_within_5_degrees_it_is_taken_over_and_beyond_7_and_a_half_it_is_not(
    off_deg: float, fit: Fit
) -> None:
    for up in (up_at(off_deg), up_at(-off_deg), up_at(0.0, off_deg), up_at(0.0, -off_deg)):
        verdict = still_fits(up)
        assert verdict.fit is fit
        assert verdict.off_deg == pytest.approx(off_deg)
        assert ("press once" in verdict.reason) is (fit is not Fit.FITS)


def test_yesterdays_neutral_is_taken_over_in_the_first_minute_and_says_so() -> None:
    for seed in range(4):
        fits = [(t, v) for t, v in told(sitting(seed), NeutralOf.ANOTHER_WEAR) if v.fit is Fit.FITS]
        assert fits
        assert fits[0][0] < 60.0
        assert "as it did the last time" in fits[0][1].reason


def test_a_strap_that_sits_otherwise_today_is_found_in_the_first_minute() -> None:
    for flexion, lateral in ((12.0, 0.0), (-12.0, 0.0), (0.0, 12.0)):
        script = Script(person("steady", 2), 2)
        script.slip(flexion, lateral, in_s=0.1)
        script.hold(80.0)
        stale = [(t, v) for t, v in told(script, NeutralOf.ANOTHER_WEAR) if v.stale]
        assert stale
        assert stale[0][0] < 65.0
        assert stale[0][1].off_deg == pytest.approx(12.0, abs=3.0)


def test_who_slouches_at_first_and_sits_up_within_the_minute_is_not_bothered() -> None:
    script = Script(person("steady", 3), 3)
    slouch(script, 25.0)
    sit_upright(script, off_deg=1.0)
    script.hold(40.0)
    assert not [v for _, v in told(script, NeutralOf.ANOTHER_WEAR) if v.stale]


@pytest.mark.parametrize(("flexion", "lateral"), [(10.0, 0.0), (-10.0, 0.0), (0.0, 10.0), (7.0, -7.0)])
def test_a_slip_while_sitting_is_found_within_two_minutes_with_its_size(
    flexion: float, lateral: float
) -> None:
    for seed in range(4):
        script = sitting(seed)
        script.slip(flexion, lateral)
        script.hold(120.0)
        stale = [(t, v) for t, v in told(script) if v.stale]
        assert stale
        assert 40.0 < stale[0][0] < 160.0
        assert stale[0][1].off_deg == pytest.approx(10.0, abs=1.5)
        assert "slipped" in stale[0][1].reason


def test_the_neutral_suggested_after_a_slip_fits() -> None:
    script = sitting(5)
    script.slip(8.0, 6.0)
    script.hold(100.0)
    verdict = next(v for _, v in told(script) if v.stale)
    assert verdict.suggested_up is not None
    before = np.array(script.person.upper.neutral_up)
    slipped = rotation_onto_up(script.person.upper.neutral_up).T @ up_at(8.0, 6.0)
    off = math.degrees(math.acos(float(np.clip(slipped @ np.array(verdict.suggested_up), -1, 1))))
    assert off < 2.5 < math.degrees(math.acos(float(before @ slipped)))


def test_a_hand_that_turns_the_strap_and_turns_it_back_is_no_slip() -> None:
    script = sitting(6)
    script.slip(10.0)
    script.hold(8.0)
    script.slip(-10.0)
    script.hold(120.0)
    assert not [v for _, v in told(script) if v.stale]


def test_a_posture_of_any_kind_and_length_is_no_slip() -> None:
    for seed in range(3):
        script = sitting(seed)
        for posture in (Posture.LEANING_FORWARD, Posture.LEANING_BACK, Posture.SIDE_BENT):
            take_posture(script, posture, 130.0)
            sit_upright(script, off_deg=1.0)
            script.hold(20.0)
        slouch(script, 400.0)
        slouch(script, 200.0, in_s=60.0)
        assert not [v for _, v in told(script) if v.stale]


def test_a_recording_that_left_out_the_way_of_the_sensor_shows_no_slips() -> None:
    """Many simple recordings turn the sensor where it is; a slouch in them takes a second or more."""
    profile = person("steady", 1).profile(sensors=1)
    for lasts_s, depth_deg in ((1.5, 12.0), (2.0, 22.0), (0.8, 30.0)):
        t_s = np.arange(round(200.0 * RATE_HZ)) / RATE_HZ
        share = np.clip((t_s - 60.0) / lasts_s, 0.0, 1.0)
        flexion = np.radians(depth_deg) * (3.0 * share**2 - 2.0 * share**3)
        zero = np.zeros_like(t_s)
        up = np.stack([-np.sin(flexion), zero, np.cos(flexion)], axis=1)
        rate = np.stack([zero, np.gradient(flexion, t_s), zero], axis=1)
        to_sensor = profile.upper.to_neutral().T
        block = SensorBlock(t_s, 9.80665 * up @ to_sensor.T, rate @ to_sensor.T)
        checker = FitChecker(profile)
        states = TrunkEstimator(profile, RATE_HZ).feed(TrunkBlock.of(block))
        assert not any(checker.step(state, WORN).stale for state in states), (lasts_s, depth_deg)


def test_everyday_movements_are_no_slip() -> None:
    script = sitting(7)
    for move in WHILE_SITTING:
        for _ in range(3):
            script.move(move)
            script.hold(10.0)
    assert not [v for _, v in told(script) if v.stale]


def walked(seed: int, *, slipped_deg: float, walks: int = 3) -> Script:
    script = Script(person("steady", seed), seed)
    if slipped_deg:
        script.slip(slipped_deg, in_s=0.1)
    script.hold(10.0)
    stand_up(script)
    for _ in range(walks):
        walk(script, 25.0)
        script.hold(8.0)
    return script


def test_walking_shows_that_the_neutral_is_another_one() -> None:
    for slipped_deg in (20.0, -20.0):
        stale = [v for _, v in told(walked(8, slipped_deg=slipped_deg)) if v.stale]
        assert stale
        assert "walks" in stale[0].reason
        assert stale[0].suggested_up is not None


def test_walking_as_people_do_raises_no_doubt() -> None:
    for seed in range(6):
        assert not [v for _, v in told(walked(seed, slipped_deg=0.0)) if v.stale]


def test_a_sensor_that_is_turned_is_found_by_one_walk() -> None:
    stale = [v for _, v in told(walked(9, slipped_deg=80.0, walks=1)) if v.stale]
    assert stale
    assert "turned" in stale[0].reason


def test_a_creep_aside_is_found_before_it_is_a_slouch() -> None:
    script = sitting(10)
    start_s = script.now_s
    script.slip(0.0, 10.0, in_s=3600.0)
    while script.now_s < start_s + 3600.0:
        script.hold(240.0)
        slouch(script, 60.0)
        sit_upright(script)
    said = [(t, v) for t, v in told(script) if v.cause is FitCause.CREEP]
    *doubts, (stale_s, stale) = said[: 1 + next(k for k, (_, v) in enumerate(said) if v.stale)]
    assert {v.fit for _, v in doubts} == {Fit.DOUBTFUL}
    doubted_s, doubt = doubts[0]
    grown_deg = [v.off_deg for _, v in doubts]
    assert all(after >= before + 1.0 for before, after in pairwise(grown_deg))
    assert doubted_s - start_s < 1800.0
    assert "5 upright seconds would make sure" in doubt.reason
    assert doubt.suggested_up is None
    assert stale_s - start_s < 3600.0
    assert "little by little" in stale.reason
    assert stale.suggested_up is not None
    crept_deg = 10.0 * (stale_s - start_s) / 3600.0
    assert stale.off_deg == pytest.approx(crept_deg, abs=2.0)


def test_a_doubt_about_a_creep_is_over_when_upright_is_where_it_was() -> None:
    script = sitting(10)
    script.slip(0.0, 3.8, in_s=1300.0)
    script.slip(0.0, -3.8, in_s=600.0, at_s=script.now_s + 1300.0)
    while script.now_s < 2400.0:
        script.hold(150.0)
        slouch(script, 60.0)
        sit_upright(script)
    said = [v.fit for _, v in told(script) if v.cause is FitCause.CREEP]
    over = said.index(Fit.FITS)
    assert over > 0
    assert set(said[:over]) == {Fit.DOUBTFUL}


def test_a_new_neutral_ends_the_doubt_and_is_what_is_compared_with_from_then_on() -> None:
    script = Script(person("steady", 11), 11)
    script.slip(12.0, in_s=0.1)
    script.hold(200.0)
    wearer = Wearer(script)
    profile = wearer.person.profile(sensors=1)
    estimator = TrunkEstimator(profile, RATE_HZ)
    checker = FitChecker(profile, neutral_of=NeutralOf.ANOTHER_WEAR)
    x, y, z = (rotation_onto_up(profile.upper.neutral.up).T @ up_at(12.0)).tolist()
    fits = []
    for block in wearer.blocks(RATE_HZ, sensors=1):
        for state in estimator.feed(block):
            if round(state.t_s / TICK_S) == 1000:
                assert checker.step(state, WORN).stale
                checker.set_neutral((x, y, z))
            fits.append((state.t_s, checker.step(state, WORN).stale))
    assert not [t for t, stale in fits if stale and t > 100.1]
    taken_off = checker.step(state, OFF)
    assert not taken_off.stale


def test_without_any_neutral_nothing_can_be_judged_and_the_wearer_is_asked_for_one() -> None:
    said = told(sitting(12), NeutralOf.NOBODY)
    assert [v.fit for _, v in said] == [Fit.STALE]
    assert "no upright of yours is known yet" in said[0][1].reason


def neutral_checks(folder: Path) -> Iterator[np.ndarray]:
    """ "Up" of each person's later upright trials, seen from their first one."""
    for who in sitting_people(folder):
        trials = [blocks for name, blocks in sitting_trials(who).items() if name.endswith("class_2")]
        part = with_neutral(trials[0][0], SensorProfile())
        for upper, _ in trials[1:]:
            yield rotation_onto_up(part.neutral.up) @ settled_neutral(upper, part).up


def test_real_people_who_sit_upright_again_still_fit(shared_data: Path) -> None:
    fits = [not still_fits(tuple(up.tolist())).stale for up in neutral_checks(shared_data)]
    assert np.mean(fits) >= 0.92


def test_a_sensor_tilted_by_15_degrees_on_real_people_no_longer_fits(shared_data: Path) -> None:
    found = []
    for up in neutral_checks(shared_data):
        for turn in np.radians(np.arange(0.0, 360.0, 10.0)):
            axis, angle = np.array([math.cos(turn), math.sin(turn), 0.0]), math.radians(15.0)
            tilted = (
                up * math.cos(angle)
                + np.cross(axis, up) * math.sin(angle)
                + axis * float(axis @ up) * (1.0 - math.cos(angle))
            )
            found.append(still_fits(tuple(tilted.tolist())).stale)
    assert np.mean(found) >= 0.97


@pytest.mark.parametrize("sensors", [1, 2])
def test_no_doubt_is_raised_about_real_people_by_their_own_neutral(shared_data: Path, sensors: int) -> None:
    for who in sitting_people(shared_data)[sensors::4]:  # some of them, for the sake of time
        trials = sitting_trials(who)
        first_upper, first_lower = next(trials[name] for name in trials if name.endswith("class_2"))
        lower_part = with_neutral(first_lower, SensorProfile()) if sensors == 2 else None
        profile = CalibrationProfile(with_neutral(first_upper, SensorProfile()), lower_part)
        monitor, start_s, doubts = Monitor(profile, SITTING_RATE_HZ), 0.0, []
        for upper, lower in trials.values():
            moved = [
                SensorBlock(block.t_s + start_s, block.acc_m_s2, block.gyr_rad_s) for block in (upper, lower)
            ]
            start_s = float(moved[0].t_s[-1]) + 1.0 / SITTING_RATE_HZ
            told = monitor.feed(TrunkBlock.of(moved[0], moved[1] if sensors == 2 else None))
            doubts += [event for event in told if isinstance(event, ProfileStale)]
        assert doubts == [], who.name
