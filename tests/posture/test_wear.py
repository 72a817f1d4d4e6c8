"""Worn, or on the table: what the wear detector makes of stillness, breath, bumps, bags and gaps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_py.posture.blocks import SensorBlock, TrunkBlock
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.profile import CalibrationProfile
from firmware_py.posture.trunk import TICK_S, SegmentState, TrunkState, Vector
from firmware_py.posture.wear import Wear, WearDetector, WearVerdict
from tests.calibration.recordings import (
    SITTING_RATE_HZ,
    bench_block,
    bench_names,
    sitting_people,
    sitting_trials,
)

BENCH_DEG_S = 0.02
"""White noise of one axis at 10 Hz: gives 0.02 °/s over three axes in the band, as a bench does."""


def turned(flexion_deg: float, lateral_deg: float = 0.0) -> Vector:
    f, s = math.radians(flexion_deg), math.radians(lateral_deg)
    return -math.sin(f) * math.cos(s), math.sin(s), math.cos(f) * math.cos(s)


class Story:
    """Ticks one after another, as a sensor with a wrong bias and some noise would tell them."""

    def __init__(self, seed: int = 1) -> None:
        self.tick = 0
        self.rng = np.random.default_rng(seed)
        self.detector = WearDetector()
        self.verdict: WearVerdict | None = None

    def states(
        self, seconds: float, swing_deg_s: float, hz: float, up: Vector, bump: bool
    ) -> Iterator[TrunkState]:
        count = round(seconds / TICK_S)
        noise = self.rng.normal(0.0, BENCH_DEG_S, (count, 3)) + np.array([3.0, -2.0, 1.0])
        for i in range(count):
            x, y, z = noise[i]
            y += math.sqrt(2.0) * swing_deg_s * math.sin(2.0 * math.pi * hz * self.tick * TICK_S)
            if bump and i - count // 2 in (0, 1):  # there and back: a table does not stay turned
                x += 20.0 if i == count // 2 else -20.0
            gyr = (math.radians(x), math.radians(y), math.radians(z))
            yield TrunkState(self.tick, SegmentState(up, 1.0, True, gyr, 0.0, up, 0.0, 10, 0, math.nan), None)
            self.tick += 1

    def lives(
        self,
        seconds: float,
        swing_deg_s: float = 0.0,
        hz: float = 0.25,
        up: Vector = (0.0, 0.0, 1.0),
        bump: bool = False,
    ) -> list[Wear]:
        told = []
        for state in self.states(seconds, swing_deg_s, hz, up, bump):
            self.verdict = self.detector.step(state)
            told.append(self.verdict.wear)
        return told

    def is_lost(self, seconds: float) -> list[Wear]:
        told = []
        for _ in range(round(seconds / TICK_S)):
            self.verdict = self.detector.step(TrunkState(self.tick, None, None))
            told.append(self.verdict.wear)
            self.tick += 1
        return told


@pytest.mark.parametrize(
    ("swing_deg_s", "wear"), [(0.0, Wear.NOT_WORN), (0.15, Wear.WORN), (20.0, Wear.WORN)]
)
def test_it_is_decided_once_and_within_30_s(swing_deg_s: float, wear: Wear) -> None:
    told = Story().lives(120.0, swing_deg_s)
    first = told.index(wear)
    assert first * TICK_S <= 30.0
    assert set(told[:first]) == {Wear.UNKNOWN}
    assert set(told[first:]) == {wear}


def test_breath_alone_is_enough_at_every_rate_of_breathing_at_rest() -> None:
    for per_minute in (8, 12, 16, 20, 25):
        assert Story().lives(40.0, 0.13, per_minute / 60.0)[-1] is Wear.WORN


def test_a_bump_against_the_table_puts_nothing_on() -> None:
    story = Story()
    told = [wear for _ in range(12) for wear in story.lives(25.0, bump=True)]
    assert Wear.WORN not in told


def test_what_lay_still_is_not_put_on_by_a_quarter_of_a_minute_of_touching() -> None:
    story = Story()
    assert story.lives(60.0)[-1] is Wear.NOT_WORN
    for _ in range(3):
        assert Wear.WORN not in story.lives(14.0, 0.5) + story.lives(40.0)


def test_a_wrong_bias_and_its_drift_are_no_motion() -> None:
    story = Story()
    told = []
    for k in range(600):
        for state in story.states(0.1, 0.0, 0.25, (0.0, 0.0, 1.0), bump=False):
            assert state.upper is not None
            gyr = (state.upper.gyr_rad_s[0] + math.radians(0.01) * k * TICK_S, *state.upper.gyr_rad_s[1:])
            upper = SegmentState((0.0, 0.0, 1.0), 1.0, True, gyr, 0.0, gyr, 0.0, 10, 0, math.nan)
            told.append(story.detector.step(TrunkState(state.tick, upper, None)).wear)
    assert told[-1] is Wear.NOT_WORN


def test_taken_off_and_put_on_the_table_is_noticed_within_30_s() -> None:
    story = Story()
    story.lives(60.0, 0.3)
    told = story.lives(60.0)
    assert told.index(Wear.NOT_WORN) * TICK_S <= 30.0
    assert story.lives(60.0, 0.3).index(Wear.WORN) * TICK_S <= 30.0


def test_hanging_upside_down_is_not_worn_however_it_moves() -> None:
    story = Story()
    assert story.lives(60.0, 5.0, up=turned(180.0))[-1] is Wear.NOT_WORN
    assert story.verdict is not None
    assert "upside down" in story.verdict.reason


def test_a_sensor_swung_about_in_the_hand_is_not_put_on() -> None:
    assert Story().lives(60.0, 30.0, 0.5, up=turned(0.0, 90.0))[-1] is Wear.NOT_WORN


def test_a_sensor_turned_end_over_end_is_not_put_on() -> None:
    story = Story()
    told = [story.lives(1.0, 60.0, 0.5, up=turned(45.0 * k))[-1] for k in range(60)]
    assert set(told) == {Wear.UNKNOWN, Wear.NOT_WORN}


def test_lying_down_and_exercising_on_the_floor_stay_worn() -> None:
    story = Story()
    story.lives(60.0, 1.0)
    assert set(story.lives(120.0, 0.2, up=turned(88.0))) == {Wear.WORN}
    assert set(story.lives(120.0, 15.0, 0.5, up=turned(88.0))) == {Wear.WORN}


def test_a_lost_sensor_keeps_its_verdict_and_starts_its_evidence_anew() -> None:
    story = Story()
    story.lives(60.0, 0.3)
    assert set(story.is_lost(300.0)) == {Wear.WORN}
    told = story.lives(60.0)
    assert told.index(Wear.NOT_WORN) * TICK_S > 20.0
    assert told[-1] is Wear.NOT_WORN


def verdicts(block: SensorBlock, rate_hz: float) -> list[tuple[float, WearVerdict]]:
    """What is thought at each tick of a recording, with no calibration at all."""
    detector = WearDetector()
    states = TrunkEstimator(CalibrationProfile(), rate_hz).feed(TrunkBlock.of(block))
    return [(state.t_s - states[0].t_s, detector.step(state)) for state in states]


def test_a_real_sensor_on_the_bench_is_never_worn(shared_data: Path) -> None:
    for name in bench_names(shared_data, still=True):
        told = verdicts(bench_block(shared_data, name), 100.0)
        assert {verdict.wear for t_s, verdict in told if t_s > 30.0} == {Wear.NOT_WORN}, name
        assert Wear.WORN not in {verdict.wear for _, verdict in told}, name


def test_a_real_sensor_moved_about_by_hand_is_not_put_on(shared_data: Path) -> None:
    for name in bench_names(shared_data, still=False):
        assert Wear.WORN not in {v.wear for _, v in verdicts(bench_block(shared_data, name), 100.0)}, name


def test_every_real_person_who_sits_still_wears_it_within_30_s(shared_data: Path) -> None:
    for person in sitting_people(shared_data):
        for name, (upper, _) in sitting_trials(person).items():
            told = {verdict.wear for _, verdict in verdicts(upper, SITTING_RATE_HZ)}
            assert Wear.NOT_WORN not in told, (person.name, name)
            assert Wear.WORN in told, (person.name, name)
