"""People who exercise well, badly or not at all: what the coach sees of it, and what it did not see."""

from __future__ import annotations

import pytest

from benchmarks.exercises import Score, manners, overall, score_set
from firmware_py.exercise_file import load
from firmware_py.hardware.twin.wearer_exercises import Exerciser, Manner
from firmware_py.hardware.twin.wearer_person import person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.exercise_words import (
    ExerciseCue,
    ExerciseEnded,
    ExerciseOutcome,
    ExerciseProgress,
    ExerciseRemark,
)
from firmware_py.posture.position import Position

REPETITIONS = 3
EXERCISES = {key: described.exercise for key, described in load().items()}


def scored(key: str, how: str, sensors: int = 1) -> Score:
    exercise = EXERCISES[key]
    assert exercise.sees is not None
    manner = manners(exercise.sees.least_deg)[how]
    return overall(score_set(exercise, manner, seed, sensors, REPETITIONS) for seed in (1, 4))


@pytest.mark.parametrize("key", EXERCISES)
@pytest.mark.parametrize("how", ["as asked", "shaky", "slow"])
def test_a_set_that_is_done_is_seen(key: str, how: str) -> None:
    score = scored(key, how)
    assert score.precision == 1.0
    assert score.recall >= 0.95
    assert score.complete_right >= 0.9 * score.complete_true


@pytest.mark.parametrize("key", EXERCISES)
def test_holds_that_are_too_short_are_told_as_short(key: str) -> None:
    score = scored(key, "too short")
    assert score.recall == 1.0
    assert score.complete_said <= score.complete_true + 1


@pytest.mark.parametrize("key", EXERCISES)
@pytest.mark.parametrize("how", ["not at all", "wrong way"])
def test_what_is_not_done_is_counted_by_time(key: str, how: str) -> None:
    score = scored(key, how)
    assert score.claimed == 0
    assert score.by_time == 2 * REPETITIONS


def test_a_second_sensor_sees_as_much() -> None:
    score = scored("scapular_retraction", "as asked", sensors=2)
    assert score.precision == score.recall == 1.0


@pytest.mark.parametrize(
    ("key", "position"),
    [
        ("head_lift", Position.SUPINE),
        ("head_lift", Position.ON_THE_LEFT),
        ("head_lift", Position.SITTING),
        ("scapular_retraction", Position.PRONE),
        ("scapular_retraction", Position.ON_THE_RIGHT),
    ],
)
def test_who_takes_another_position_is_waited_for_and_told(key: str, position: Position) -> None:
    doing = Exerciser(Script(person("steady", 2), 2), EXERCISES[key], Manner((10.0, 1.0)))
    events = doing.coached(position=position, rate_hz=25.0, worn_s=5.0, step_s=1.0)
    told = [event for event in events if isinstance(event, ExerciseProgress)]
    ended = next(event for event in events if isinstance(event, ExerciseEnded))
    assert (ended.outcome, ended.seen, ended.by_time) == (ExerciseOutcome.LEFT, 0, 0)
    assert ExerciseCue.GO not in {one.cue for one in told}
    seen_as = Position.UPRIGHT if position is Position.SITTING else position
    wrong = [one for one in told if one.remark is ExerciseRemark.OTHER_POSITION]
    assert {one.position for one in wrong} == {seen_as}
