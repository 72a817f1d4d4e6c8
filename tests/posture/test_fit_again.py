"""The fit, asked a second time: by coming home to the neutral, by walks, and backs that turn like straps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import sit_down, sit_upright, slouch, stand_up, walk
from firmware_py.hardware.twin.wearer_days import working_day
from firmware_py.hardware.twin.wearer_moves import BOW
from firmware_py.hardware.twin.wearer_person import person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.arms import Arm
from firmware_py.posture.correction import rotation_onto_up
from firmware_py.posture.creep import Creeps, CreepVerdict, CreepWatch
from firmware_py.posture.events import FitChanged, ProfileStale, Reading, Unjudged
from firmware_py.posture.fit import Fit, NeutralOf
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.neutral_check import FitCause
from firmware_py.posture.trunk import TICKS_PER_S, Vector

from .test_fit import RATE_HZ, told, walked


def verdicts(script: Script, neutral_of: NeutralOf = NeutralOf.ANOTHER_WEAR) -> list[tuple[Fit, FitCause]]:
    """What was said, in order; the same thing twice in a row once."""
    said: list[tuple[Fit, FitCause]] = []
    for _, verdict in told(script, neutral_of):
        if not said or said[-1] != (verdict.fit, verdict.cause):
            said.append((verdict.fit, verdict.cause))
    return said


def slouched_through_the_first_minute(seed: int, for_s: float = 75.0) -> Script:
    script = Script(person("steady", seed), seed)
    slouch(script, for_s, depth_deg=18.0, in_s=1.0)
    return script


@pytest.mark.parametrize("seed", range(3))
def test_who_starts_slouched_is_judged_again_after_half_a_minute_at_home(seed: int) -> None:
    script = slouched_through_the_first_minute(seed)
    sit_upright(script, off_deg=1.0)
    script.hold(125.0)
    assert verdicts(script) == [
        (Fit.UNKNOWN, FitCause.NOTHING),
        (Fit.STALE, FitCause.PUTTING_ON),
        (Fit.DOUBTFUL, FitCause.SAT_UPRIGHT),
    ]


def test_and_walks_take_the_rest_of_the_doubt_away() -> None:
    script = slouched_through_the_first_minute(1)
    sit_upright(script, off_deg=1.0)
    stand_up(script)
    for _ in range(3):
        walk(script, 25.0)
        script.hold(8.0)
    sit_down(script)
    script.hold(20.0)
    assert verdicts(script)[-1] == (Fit.FITS, FitCause.WALKS)


def test_a_strap_that_sits_otherwise_does_not_come_home() -> None:
    script = Script(person("steady", 2), 2)
    script.slip(12.0, in_s=0.1)
    for _ in range(4):
        script.hold(90.0)
        slouch(script, 30.0)
        sit_upright(script)
    assert verdicts(script)[-1] == (Fit.STALE, FitCause.PUTTING_ON)


def test_the_stale_wearer_is_told_what_to_do_and_the_judgement_goes_on_once_at_home() -> None:
    script = slouched_through_the_first_minute(4, 100.0)  # worn is decided after 24 s
    sit_upright(script, off_deg=1.0)
    script.hold(125.0)
    wearer = Wearer(script)
    monitor = Monitor(wearer.person.profile(1), RATE_HZ, neutral_of=NeutralOf.ANOTHER_WEAR)
    events = [event for block in wearer.blocks(RATE_HZ, 1) for event in monitor.feed(block)]
    changed = [event for event in events if isinstance(event, FitChanged)]
    assert [event.fit for event in changed] == [Fit.STALE, Fit.DOUBTFUL]
    assert "sit upright for 5 s and press once" in changed[0].reason
    assert [event.stale for event in events if isinstance(event, ProfileStale)] == [True, False]
    after = [e for e in events if isinstance(e, Reading) and e.t_s > changed[1].t_s + 1.0]
    assert after
    assert not [reading for reading in after if reading.unjudged is Unjudged.STALE]


def test_walks_that_agree_on_another_upright_offer_it_before_it_misleads() -> None:
    offered = [
        verdict
        for _, verdict in told(walked(8, slipped_deg=10.0, walks=5))
        if verdict.cause is FitCause.WALKS
    ]
    assert offered
    assert offered[0].fit in (Fit.DOUBTFUL, Fit.STALE)
    assert offered[0].suggested_up is not None
    neutral = person("steady", 8).profile(1).upper.neutral.up
    suggested = rotation_onto_up(neutral) @ np.array(offered[0].suggested_up)
    assert math.degrees(math.atan2(-suggested[0], suggested[2])) == pytest.approx(10.0, abs=3.0)


@pytest.mark.parametrize("seed", [8, 9])
def test_a_back_whose_pelvis_rolls_back_as_it_bends_is_no_strap_that_slips(seed: int) -> None:
    script = Script(person("steady", seed), 3)
    script.hold(30.0)
    for _ in range(8):
        slouch(script, 60.0, in_s=0.9)
        sit_upright(script, in_s=0.9)
        script.hold(60.0)
    assert not [v for _, v in told(script) if v.stale]


def test_straightening_by_half_about_the_sensor_itself_is_no_slip() -> None:
    assert not [v for _, v in told(working_day("steady", 9, 1.5)) if v.stale]


def test_the_movements_of_somebody_who_sits_are_weighed_for_a_creep_and_those_on_their_feet_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weighed: list[float] = []

    class Noting(CreepWatch):
        def bent(self, tick: int, arm: Arm) -> None:
            weighed.append(tick / TICKS_PER_S)
            super().bent(tick, arm)

    monkeypatch.setattr("firmware_py.posture.fit.CreepWatch", Noting)
    script = Script(person("steady", 4), 4)
    script.hold(60.0)

    def bow_for(times: int) -> None:
        for _ in range(times):
            script.move(BOW, there_s=0.3)
            script.hold(12.0, fidget_deg=0.0)

    bow_for(4)
    stand_up(script)
    up_s = script.now_s
    walk(script, 25.0)
    script.hold(8.0)
    bow_for(1)
    walk(script, 25.0)
    sit_down(script)
    down_s = script.now_s
    script.hold(20.0, fidget_deg=0.0)
    bow_for(4)
    told(script, NeutralOf.THIS_WEAR)
    while_sitting = [t_s for t_s in weighed if t_s < up_s + 5.0], [t_s for t_s in weighed if t_s > down_s]
    assert min(map(len, while_sitting)) >= 3
    assert sum(map(len, while_sitting)) == len(weighed)


def creeping(monkeypatch: pytest.MonkeyPatch, *moved_deg: float | None) -> None:
    """Every half minute the watch finds it likely that the strap has crept forward so far."""

    class Likely(CreepWatch):
        def step(self, tick: int, up: Vector) -> CreepVerdict | None:
            nth, past = divmod(tick, 30 * TICKS_PER_S)
            moved = None if past or not 0 < nth <= len(moved_deg) else moved_deg[nth - 1]
            return None if moved is None else CreepVerdict(Creeps.MAYBE, (moved, 0.0))

    monkeypatch.setattr("firmware_py.posture.fit.CreepWatch", Likely)


def test_a_creep_that_goes_on_is_told_again_by_the_degree(monkeypatch: pytest.MonkeyPatch) -> None:
    creeping(monkeypatch, 3.0, 3.6, 4.1, 4.0, 5.2)
    script = Script(person("steady", 4), 4)
    script.hold(170.0, fidget_deg=0.0)
    wearer = Wearer(script)
    monitor = Monitor(wearer.person.profile(sensors=1), RATE_HZ)
    events = [event for block in wearer.blocks(RATE_HZ, sensors=1) for event in monitor.feed(block)]
    assert [event.off_deg for event in events if isinstance(event, FitChanged)] == [3.0, 4.1, 5.2]


def test_a_likely_creep_says_nothing_where_another_doubt_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    creeping(monkeypatch, None, None, 2.0, 3.0, 9.0)
    script = Script(person("steady", 4), 4)
    script.slip(6.5, in_s=0.1)
    script.hold(170.0, fidget_deg=0.0)
    assert verdicts(script)[1:] == [(Fit.DOUBTFUL, FitCause.PUTTING_ON)]
