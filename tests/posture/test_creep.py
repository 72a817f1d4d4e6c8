"""A creeping strap, told from all the postures that somebody returns to, and what must not look like one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.posture.arms import Arm
from firmware_py.posture.creep import MINUTE_TICKS, Creeps, CreepVerdict, CreepWatch
from firmware_py.posture.creep_evidence import CreepEvidence, Odds
from firmware_py.posture.stays import Stay
from firmware_py.posture.trunk import Vector

Angles = tuple[float, float]
Moved = Callable[[float, int], Angles]
"""By how much a posture (0 upright, 1 slouched) reads otherwise at a minute: flexion and lateral."""

POSTURES: list[Angles] = [(0.0, 0.0), (20.0, -1.0)]


def up_at(flexion_deg: float, lateral_deg: float) -> Vector:
    f, s = math.radians(flexion_deg), math.radians(lateral_deg)
    return -math.sin(f) * math.cos(s), math.sin(s), math.cos(f) * math.cos(s)


def verdicts(seed: int, minutes: int, moved: Moved) -> Iterator[tuple[float, CreepVerdict]]:
    """Somebody who is upright for two minutes and slouches for one, as exactly as people do (2.4°, 0.8°)."""
    rng, watch = np.random.default_rng(seed), CreepWatch()
    for k in range(2 * minutes // 3):
        posture = k % 2
        begins_min = 3.0 * (k // 2) + 2.0 * posture
        off = rng.normal(0.0, (2.4, 0.8))
        for tick in range(round(begins_min * MINUTE_TICKS), round((begins_min + 2 - posture) * MINUTE_TICKS)):
            by = moved(tick / MINUTE_TICKS, posture)
            at = [POSTURES[posture][axis] + float(off[axis]) + by[axis] for axis in (0, 1)]
            verdict = watch.step(tick, up_at(at[0], at[1]))
            if verdict is not None:
                yield tick / MINUTE_TICKS, verdict


def first(seed: int, minutes: int, moved: Moved, creeps: Creeps) -> tuple[float, CreepVerdict] | None:
    """When it was first so sure, and what was said."""
    return next(((t, v) for t, v in verdicts(seed, minutes, moved) if v.creeps >= creeps), None)


def creep(flexion_deg_h: float, lateral_deg_h: float, from_min: float = 60.0) -> Moved:
    def moved(t_min: float, _posture: int) -> Angles:
        hours = max(0.0, t_min - from_min) / 60.0
        return flexion_deg_h * hours, lateral_deg_h * hours

    return moved


def test_nobody_who_sits_as_people_do_is_told_that_the_strap_creeps() -> None:
    assert [first(seed, 300, creep(0.0, 0.0), Creeps.YES) for seed in range(3)] == [None] * 3


@pytest.mark.parametrize("way", [(10.0, 0.0), (-10.0, 0.0), (0.0, 10.0), (0.0, -10.0)])
def test_ten_degrees_an_hour_make_a_doubt_and_then_a_certainty_of_the_right_way(way: Angles) -> None:
    for seed in range(2):
        said = list(verdicts(seed, 150, creep(*way)))
        sure_min, sure = next((t_min, verdict) for t_min, verdict in said if verdict.creeps is Creeps.YES)
        doubts_min = [t_min for t_min, v in said if v.creeps is Creeps.MAYBE and 60.0 < t_min < sure_min]
        assert doubts_min[0] < 90.0
        assert Creeps.NO not in {v.creeps for t_min, v in said if doubts_min[0] < t_min < sure_min}
        along_deg = sum(a * b for a, b in zip(sure.moved_deg, way, strict=True)) / 10.0
        assert along_deg == pytest.approx(math.hypot(*creep(*way)(sure_min, 0)), abs=3.5)


def test_a_habit_that_changes_one_posture_alone_is_less_of_a_creep_than_all_of_them() -> None:
    def one_posture(t_min: float, posture: int) -> Angles:
        return creep(10.0, 0.0)(t_min, posture) if posture == 1 else (0.0, 0.0)

    for seed in range(2):
        both, one = (first(seed, 130, moved, Creeps.YES) for moved in (creep(10.0, 0.0), one_posture))
        assert both is not None
        assert one is None or one[0] > both[0]


def test_one_stay_with_crossed_legs_proves_nothing() -> None:
    def crossed(t_min: float, _posture: int) -> Angles:
        return (0.0, 6.0) if 120.0 <= t_min < 124.0 else (0.0, 0.0)

    for seed in range(2):
        assert first(seed, 150, crossed, Creeps.YES) is None


def test_a_walk_counts_as_a_posture_and_the_walks_between_two_sittings_as_one() -> None:
    def odds(walks: int, walked_deg: float) -> float:
        evidence = CreepEvidence()
        rng = np.random.default_rng(3)
        for k in range(30):
            evidence.take(Stay(2.0 * k, (float(rng.normal(0.0, 2.4)) + max(0.0, k - 20) * 0.33, 0.0), 20))
            if k in (5, 10):
                evidence.walked(2.0 * k + 1.0, (-2.0, 0.0), 60.0)
        for k in range(walks):
            evidence.walked(60.0 + 0.1 * k, (walked_deg, 0.0), 60.0)
        return evidence.odds(62.0, None)[0].log_odds

    crept, upright = odds(1, 2.0), odds(1, -2.0)
    assert crept > odds(0, 0.0) > upright
    assert odds(5, 2.0) == pytest.approx(crept, abs=0.2)


def weighed(
    stays_deg: Angles, arms_deg: float, spread_deg: float = 2.5, arm_deg: Angles = (15.0, 15.0), seed: int = 8
) -> tuple[Odds, Odds]:
    """An hour of upright and slouch, which creep so far in its second half, and the arms of their movements.

    `arm_deg` is the arm of movements and that of bows, which take turns; there are none where it is NaN.
    """
    evidence, rng = CreepEvidence(), np.random.default_rng(seed)
    for k in range(30):
        since = max(0.0, k - 15.0) / 15.0
        flexion_deg, lateral_deg = (
            float(x) for x in rng.normal(0.0, (2.4, 0.8)) + since * np.array(stays_deg)
        )
        evidence.take(Stay(2.0 * k, (15.0 * (k % 2) + flexion_deg, lateral_deg), 20))
        shown_deg = arm_deg[k % 2] + float(rng.normal(0.0, spread_deg)) + since * arms_deg
        if math.isfinite(shown_deg):
            evidence.bent(2.0 * k + 1.0, Arm(shown_deg, 2.0, 0.32, 70.0 if k % 2 else 25.0))
    return evidence.odds(60.0, None)


def test_arms_that_turn_with_the_strap_make_a_creep_surer_and_arms_that_stay_a_habit() -> None:
    (with_arms, _), (against, _) = (weighed((6.0, 0.0), arms_deg) for arms_deg in (6.0, 0.0))
    assert with_arms.log_odds > 4.0
    assert with_arms.log_odds > against.log_odds + 4.0
    assert with_arms.moved_deg == pytest.approx(6.0, abs=2.0)


def test_where_the_arms_of_a_person_point_says_nothing_only_that_they_turn() -> None:
    points: list[Angles] = [(15.0, 15.0), (60.0, 60.0), (15.0, 22.0)]
    here, there, apart = (weighed((4.0, 0.0), 4.0, arm_deg=arms)[0] for arms in points)
    assert there == pytest.approx(here)
    assert apart == pytest.approx(here)


def test_arms_that_scatter_count_for_as_much_less_as_they_do() -> None:
    exact, vague = (weighed((6.0, 0.0), 6.0, spread_deg)[0].log_odds for spread_deg in (2.5, 8.0))
    assert exact > vague + 2.0
    by_chance = [weighed((0.0, 0.0), 0.0, 12.0, seed=seed)[0].log_odds for seed in range(20)]
    assert np.mean(by_chance) < 0.5


def test_an_arm_says_nothing_of_a_creep_to_the_side() -> None:
    assert weighed((0.0, 2.5), 0.0)[1] == pytest.approx(weighed((0.0, 2.5), math.nan)[1])


def test_an_arm_is_weighed_at_the_next_minute() -> None:
    watch = CreepWatch()
    told: dict[int, tuple[Odds, Odds]] = {}
    for tick in range(30 * MINUTE_TICKS):  # one stay, which at 21 minutes was twice as long as at ten
        minute, within = divmod(tick, MINUTE_TICKS)
        if within == 300:
            told[minute] = watch.odds
            if minute < 6 or minute == 26:
                watch.bent(tick, Arm(15.0, 2.0, 0.32, 25.0))
        watch.step(tick, (0.0, 0.0, 1.0))
    assert told[24] is told[26]
    assert told[27] is not told[26]


def test_the_arm_of_a_movement_between_two_walks_is_kept() -> None:
    def moved_deg(arm_deg: float) -> float:
        evidence = CreepEvidence()
        for k in range(20):
            evidence.take(Stay(2.0 * k, (0.0, 0.0), 20))
            evidence.bent(2.0 * k + 1.0, Arm(15.0, 2.0, 0.32, 25.0))
        evidence.walked(40.0, (-2.0, 0.0), 60.0)
        evidence.bent(41.0, Arm(15.0 + arm_deg, 2.0, 0.32, 25.0))
        evidence.walked(42.0, (-2.0, 0.0), 60.0)
        return evidence.odds(43.0, None)[0].moved_deg

    assert moved_deg(0.0) == pytest.approx(0.0, abs=1e-9)
    assert moved_deg(6.0) > 0.2


stays = st.lists(
    st.tuples(st.floats(-30, 30), st.floats(-20, 20), st.integers(4, 200)), min_size=5, max_size=30
)


@settings(max_examples=40)
@given(stays)
def test_seen_in_a_mirror_the_odds_are_the_same_and_the_way_is_the_other(
    rows: list[tuple[float, float, int]],
) -> None:
    found = []
    for sign in (1.0, -1.0):
        evidence = CreepEvidence()
        for k, (flexion, lateral, blocks) in enumerate(rows):
            evidence.take(Stay(4.0 * k + 2.0, (sign * flexion, sign * lateral), blocks))
            evidence.bent(4.0 * k + 2.0, Arm(sign * flexion, 1.0, 0.3, float(blocks)))
        found.append(evidence.odds(4.0 * len(rows), None))
    for one, other in zip(*found, strict=True):
        assert one.log_odds == pytest.approx(other.log_odds, abs=1e-6)
        assert one.moved_deg == pytest.approx(-other.moved_deg, abs=1e-6)


@settings(max_examples=40)
@given(stays)
def test_whatever_happens_the_odds_are_numbers(rows: list[tuple[float, float, int]]) -> None:
    evidence = CreepEvidence()
    for k, (flexion, lateral, blocks) in enumerate(rows):
        evidence.take(Stay(0.5 * k, (flexion, lateral), blocks))
        evidence.bent(0.5 * k, Arm(lateral, 1.0, 0.3, abs(2.0 * flexion)))
        for axis in evidence.odds(0.5 * k + 1.0, None):
            assert math.isfinite(axis.log_odds)
            assert math.isfinite(axis.moved_deg)
