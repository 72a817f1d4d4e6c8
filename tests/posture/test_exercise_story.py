"""An exercise within the judgement: nothing is judged, nobody reminded, sums stay sums, a replay is exact."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from firmware_py.exercise_file import load
from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import slouch
from firmware_py.hardware.twin.wearer_exercises import Exerciser, Manner
from firmware_py.hardware.twin.wearer_person import person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.inputs import NeutralTaker, open_input
from firmware_py.offline import judge
from firmware_py.posture.blocks import TrunkBlock, rechunk
from firmware_py.posture.events import (
    AlertWithheld,
    BreakDue,
    Command,
    Event,
    MinutePassed,
    Mode,
    ProfileStale,
    Reading,
    SessionEnded,
    SetMode,
    SlouchAlert,
    SlouchStarted,
    Snooze,
    Unjudged,
)
from firmware_py.posture.exercise_words import (
    BeginExercise,
    ExerciseDue,
    ExerciseEnded,
    ExerciseOutcome,
    ExercisePhase,
    ExerciseProgress,
    PauseExercise,
    RemindExercise,
    ResumeExercise,
    StopExercise,
)
from firmware_py.posture.judge import Judge
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import to_json
from firmware_py.posture.rules import Rules
from firmware_py.posture.tally import Tally
from firmware_py.recording import Header, Recorder

from .exercising import LIFT
from .trunks import a_judge, at, held, judged

EXERCISES = {key: described.exercise for key, described in load().items()}
RATE_HZ = 50.0


@cache
def lived(key: str) -> tuple[tuple[TrunkBlock, ...], BeginExercise, tuple[Event, ...]]:
    """The samples of somebody who was coached, what began it, and what happened then."""
    script = Script(person("steady", 5), 5)
    exercise = EXERCISES[key]
    least_deg = exercise.sees.least_deg if exercise.sees else 0.0
    doing = Exerciser(script, exercise, Manner((2.5 * least_deg, 0.3 * least_deg)))
    events = doing.coached(rate_hz=RATE_HZ, repetitions=2)
    wearer = Wearer(script)
    begun = next(event for event in events if isinstance(event, ExerciseProgress)).t_s
    ends_s = next(event for event in events if isinstance(event, ExerciseEnded)).t_s + 2.0
    blocks = tuple(wearer.blocks(RATE_HZ, 1, end_s=ends_s))
    return blocks, BeginExercise(begun, exercise, 1, 2), tuple(events)


def told(blocks: list[TrunkBlock], *commands: Command) -> list[Event]:
    monitor = Monitor(person("steady", 5).profile(1), RATE_HZ, run="story")
    events = [event for command in commands for event in monitor.tell(command)]
    events += [event for block in blocks for event in monitor.feed(block)]
    return events + monitor.finish()


@pytest.mark.parametrize("key", EXERCISES)
def test_an_exercise_is_done_and_seen_from_sitting_to_its_end(key: str) -> None:
    ended = next(event for event in lived(key)[2] if isinstance(event, ExerciseEnded))
    assert (ended.outcome, ended.seen, ended.by_time) == (ExerciseOutcome.FINISHED, 2, 0)
    assert ended.position_seen


def test_nothing_is_judged_while_it_lasts_and_all_of_it_is_counted_once() -> None:
    events = lived("head_lift")[2]
    span = [event.t_s for event in events if isinstance(event, ExerciseProgress)]
    readings = [event for event in events if isinstance(event, Reading)]
    inside = [reading for reading in readings if span[0] < reading.t_s < span[-1]]
    assert {reading.unjudged for reading in inside} == {Unjudged.EXERCISE}
    minutes = [event.tally for event in events if isinstance(event, MinutePassed)]
    total = next(event for event in events if isinstance(event, SessionEnded)).summary.tally
    assert sum(minutes, Tally()) == total
    assert total.unjudged["exercise"] == len(inside) + 1
    assert total.judged + sum(total.unjudged.values()) == total.ticks


@pytest.mark.parametrize("size", [1, 10, 37])
def test_the_size_of_a_block_never_changes_what_the_coach_says(size: int) -> None:
    blocks, begin, _ = lived("head_lift")
    whole = told(list(blocks), begin)
    cut = told(list(rechunk(blocks, size)), begin)
    of_coach = (ExerciseProgress, ExerciseEnded)
    ours = [event for event in whole if isinstance(event, of_coach)]
    assert len(ours) > 50
    assert _close([event for event in cut if isinstance(event, of_coach)], ours)


def _close(one: Sequence[Event], other: Sequence[Event]) -> bool:
    pairs = zip(one, other, strict=True)
    values = ((dataclasses.astuple(a), dataclasses.astuple(b)) for a, b in pairs)
    return all(
        x == pytest.approx(y, abs=0.011) if isinstance(x, float) else x == y
        for left, right in values
        for x, y in zip(left, right, strict=True)
    )


def test_a_recording_replays_the_same_exercise_whatever_the_file_has_become(tmp_path: Path) -> None:
    blocks, begin, _ = lived("scapular_retraction")
    odd = dataclasses.replace(begin.exercise, key="my_own", hold_s=7.0, daily_limit=9)
    mine = dataclasses.replace(begin, exercise=odd)
    commands: list[Command] = [
        mine,
        PauseExercise(begin.t_s + 12.0),
        ResumeExercise(begin.t_s + 15.0),
        StopExercise(begin.t_s + 40.0, worse=True),
        RemindExercise(begin.t_s + 41.0, "my_own"),
    ]
    path = tmp_path / "a.plumb"
    profile = to_json(person("steady", 5).profile(1))
    header = Header(run="story", device="d", rate_hz=RATE_HZ, sensors=1, profile=profile, utc_s=1.7e9)
    recorder = Recorder(path, header)
    for command in commands:
        recorder.command(command)
    for block in blocks:
        recorder.block(block)
    recorder.close()
    replayed = list(judge(open_input(path, None, None, _no_neutral()), Rules()))
    assert replayed == told(list(blocks), *commands)
    ended = next(event for event in replayed if isinstance(event, ExerciseEnded))
    assert (ended.exercise, ended.outcome) == ("my_own", ExerciseOutcome.WORSE)


def _no_neutral() -> NeutralTaker:
    def take(*_: object) -> NoReturn:
        raise AssertionError("the recording has a profile")

    return take


def test_a_slouching_wearer_is_not_reminded_during_an_exercise_nor_just_after() -> None:
    script = Script(person("steady", 8), 2)
    script.hold(100.0)
    slouch(script, 200.0, depth_deg=24.0)
    blocks = list(Wearer(script).blocks(RATE_HZ, 1))
    still = dataclasses.replace(EXERCISES["scapular_retraction"], sees=None)
    events = told(blocks, BeginExercise(105.0, still, 1, 5))
    span = [event.t_s for event in events if isinstance(event, ExerciseProgress)]
    alerts = [event.t_s for event in events if isinstance(event, SlouchAlert | BreakDue)]
    assert span[-1] - span[0] > 60.0
    assert not [t_s for t_s in alerts if span[0] <= t_s < span[-1] + Rules().grace_s - 0.2]
    assert [t_s for t_s in alerts if t_s > span[-1]], "reminded again afterwards"
    without = told(blocks)
    assert [e for e in without if isinstance(e, SlouchAlert) and span[0] <= e.t_s < span[-1]]


def test_an_exercise_on_the_floor_is_no_slip_of_the_strap() -> None:
    for key in EXERCISES:
        assert not [event for event in lived(key)[2] if isinstance(event, ProfileStale)]


def test_it_is_ended_with_the_run_inside_its_session() -> None:
    blocks, begin, _ = lived("head_lift")
    events = told(
        list(itertools.takewhile(lambda block: block.until_s < begin.t_s + 30.0, rechunk(blocks, 50))), begin
    )
    kinds = [type(event) for event in events[-4:]]
    assert kinds == [ExerciseProgress, ExerciseEnded, MinutePassed, SessionEnded]
    ended = events[-3]
    assert isinstance(ended, ExerciseEnded)
    assert ended.outcome is ExerciseOutcome.STOPPED


def a_worn_judge() -> Judge:
    judge = a_judge(Rules(grace_s=5.0))
    judged(judge, held(0.0, 40.0, 1.0))
    return judge


def due(judge: Judge, start_s: float, for_s: float) -> list[float]:
    events = judged(judge, held(start_s, start_s + for_s, 1.0))
    return [event.t_s for event in events if isinstance(event, ExerciseDue)]


def test_a_chosen_time_is_told_once() -> None:
    judge = a_worn_judge()
    judge.tell(RemindExercise(40.0, "head_lift"))
    assert due(judge, 40.0, 30.0) == [40.0]


QUIET = [*(SetMode(40.0, mode) for mode in (Mode.DRIVING, Mode.MEETING, Mode.TRACKING)), Snooze(40.0, 3600.0)]


@pytest.mark.parametrize("quiet", QUIET)
def test_nobody_is_reminded_who_drives_meets_or_asked_for_rest(quiet: Command) -> None:
    judge = a_worn_judge()
    judge.tell(quiet)
    judge.tell(RemindExercise(40.0, "head_lift"))
    assert due(judge, 40.0, 700.0) == []


def test_a_reminder_waits_a_while_until_it_is_welcome() -> None:
    judge = a_worn_judge()
    judge.tell(SetMode(40.0, Mode.MEETING, 300.0))
    judge.tell(RemindExercise(40.0, "head_lift"))
    assert due(judge, 40.0, 500.0) == [345.0]


def test_nobody_is_reminded_of_what_they_are_doing() -> None:
    judge = a_worn_judge()
    judge.tell(RemindExercise(40.0, "lift"))
    judge.tell(BeginExercise(40.0, LIFT, 1, 1))
    assert due(judge, 40.0, 20.0) == []


def test_an_exercise_that_is_asked_for_twice_is_begun_once() -> None:
    judge = a_worn_judge()
    first = judge.tell(BeginExercise(40.0, LIFT, 1, 3))
    assert [type(event) for event in first] == [ExerciseProgress]
    judged(judge, held(40.0, 42.0, 1.0))
    assert judge.tell(BeginExercise(42.0, LIFT, 2, 3)) == []
    stopped = judge.tell(StopExercise(42.0))
    assert [type(event) for event in stopped] == [ExerciseProgress, ExerciseEnded]
    assert judge.tell(StopExercise(42.0)) == []


def test_a_slouch_that_was_going_on_is_neither_alerted_nor_withheld_meanwhile() -> None:
    judge = a_judge(Rules(grace_s=0))
    judged(judge, held(0.0, 30.0, 1.0), held(30.0, 36.0, 20.0))
    judge.tell(BeginExercise(36.0, dataclasses.replace(LIFT, position=LIFT.position), 1, 3))
    events = judged(judge, (at(tick, 25.0) for tick in range(360, 700)))
    assert not [event for event in events if isinstance(event, SlouchAlert | AlertWithheld | SlouchStarted)]
    assert [event for event in events if isinstance(event, ExerciseProgress)][
        -1
    ].phase is ExercisePhase.POSITION
