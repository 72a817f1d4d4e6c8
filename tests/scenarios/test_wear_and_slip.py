"""Straps that are taken off, put on, slip and creep, on simulated people: what the core makes of them."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from multiprocessing import get_context

import pytest

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_channels import Channel
from firmware_py.hardware.twin.wearer_days import sitting, working_day
from firmware_py.hardware.twin.wearer_habits import HABITS
from firmware_py.hardware.twin.wearer_person import Style, person
from firmware_py.hardware.twin.wearer_places import Spot, put_on, take_off
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.fit import Fit, FitChecker
from firmware_py.posture.wear import Wear, WearDetector

RATE_HZ = 25.0
DECIDED_S = 30.0
DOUBTS = (Fit.DOUBTFUL, Fit.STALE)
PEOPLE = [(style, seed) for style in Style for seed in range(3)]


@dataclass(frozen=True)
class Tick:
    """What was thought at one moment."""

    t_s: float
    wear: Wear
    doubted: bool


def followed(wearer: Wearer) -> list[Tick]:
    """The strap's whole story, as wear and fit are judged tick by tick."""
    profile = wearer.person.profile(sensors=1)
    estimator, wear, fit = TrunkEstimator(profile, RATE_HZ), WearDetector(), FitChecker(profile)
    ticks = []
    for block in wearer.blocks(RATE_HZ, sensors=1):
        for state in estimator.feed(block):
            verdict = wear.step(state)
            ticks.append(Tick(state.t_s, verdict.wear, fit.step(state, verdict).fit in DOUBTS))
    return ticks


@cache
def left_at(spot: Spot, style: Style, seed: int) -> tuple[list[Tick], float, float, float]:
    """Worn, left somewhere for four minutes, worn again; also when it was left, taken up and worn again."""
    script = Script(person(style, seed), 3)
    script.hold(60.0)
    take_off(script, spot, 240.0)
    taken_up_s = script.now_s
    put_on(script)
    worn_again_s = script.now_s
    script.hold(60.0)
    wearer = Wearer(script)
    left_s = next(label.start_s for label in wearer.truth.labels if label.doing == spot.value)
    return followed(wearer), left_s, taken_up_s, worn_again_s


# The strap that leans upright in a driving car is left out: to one sensor it is its driver.
TOLD_APART = [spot for spot in Spot if spot is not Spot.CAR_SEAT_BACK]


@pytest.mark.parametrize("spot", TOLD_APART, ids=lambda spot: spot.value)
def test_a_strap_left_somewhere_is_found_not_worn_and_stays_so(spot: Spot) -> None:
    for style, seed in PEOPLE:
        ticks, left_s, taken_up_s, _ = left_at(spot, style, seed)
        there = [tick for tick in ticks if left_s + DECIDED_S <= tick.t_s < taken_up_s]
        wrong = [tick.t_s for tick in there if tick.wear is not Wear.NOT_WORN]
        assert wrong == [], (style, seed)


@pytest.mark.parametrize("spot", list(Spot), ids=lambda spot: spot.value)
def test_a_strap_put_on_again_is_found_worn_within_half_a_minute(spot: Spot) -> None:
    for style, seed in PEOPLE:
        ticks, _, _, worn_again_s = left_at(spot, style, seed)
        late = [t.t_s for t in ticks if t.t_s >= worn_again_s + DECIDED_S and t.wear is not Wear.WORN]
        assert late == [], (style, seed)


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_somebody_who_sits_very_still_is_still_worn(share: float) -> None:
    for style, seed in PEOPLE:
        script = Script(person(style, seed), 5)
        script.hold(40.0)
        script.aim(Channel.LIVELINESS, share, 5.0)
        script.wait(300.0)
        off = [tick.t_s for tick in followed(Wearer(script)) if tick.wear is Wear.NOT_WORN]
        assert off == [], (style, seed)


@pytest.mark.parametrize(
    ("flexion_deg", "lateral_deg"),
    [(10.0, 0.0), (-10.0, 0.0), (0.0, 10.0), (0.0, -10.0)],
    ids=["forward", "back", "right", "left"],
)
def test_a_slip_by_ten_degrees_is_found_within_two_minutes(flexion_deg: float, lateral_deg: float) -> None:
    for style, seed in PEOPLE:
        script = Script(person(style, seed), 21)
        script.hold(60.0)
        sitting(script, HABITS[style], 240.0)
        slipped_s = script.now_s
        script.slip(flexion_deg, lateral_deg)
        sitting(script, HABITS[style], slipped_s + 150.0)
        found_s = [tick.t_s for tick in followed(Wearer(script)) if tick.doubted]
        assert found_s, (style, seed)
        assert slipped_s <= found_s[0] <= slipped_s + 120.0, (style, seed)


@pytest.mark.parametrize(
    ("flexion_deg", "lateral_deg", "within_s"),
    [(0.0, 15.0, 3600.0), (0.0, -15.0, 3600.0)],
    ids=["right", "left"],
)
def test_a_creep_of_ten_degrees_an_hour_is_found(
    flexion_deg: float, lateral_deg: float, within_s: float
) -> None:
    for style in Style:
        script = Script(person(style, 0), 21)
        script.hold(60.0)
        sitting(script, HABITS[style], 240.0)
        begun_s = script.now_s
        script.creep(flexion_deg, lateral_deg, 5400.0)
        sitting(script, HABITS[style], begun_s + within_s)
        found_s = [tick.t_s for tick in followed(Wearer(script)) if tick.doubted]
        assert found_s, style
        assert begun_s < found_s[0], style


def doubted_from(job: tuple[Style, int]) -> list[float]:
    """The moments of a whole day at which the profile was doubted."""
    style, seed = job
    ticks = followed(Wearer(working_day(style, seed)))
    return [now.t_s for before, now in pairwise(ticks) if now.doubted and not before.doubted]


@pytest.mark.slow
def test_twenty_days_of_ordinary_sitting_leaning_and_walking_raise_no_doubt_about_the_fit() -> None:
    jobs = [(style, seed) for style in Style for seed in range(10)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        assert dict(zip(jobs, pool.map(doubted_from, jobs), strict=True)) == {job: [] for job in jobs}
