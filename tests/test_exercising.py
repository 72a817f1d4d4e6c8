"""Exercises in a live run: the day's dose, the limit, the button."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from firmware_py.exercise_file import load
from firmware_py.exercising import DoseBook, Exercising
from firmware_py.posture.events import Activity, Mode, ModeChanged, Posture, Reading, Unjudged
from firmware_py.posture.exercise_words import (
    BeginExercise,
    ExerciseCue,
    ExerciseEnded,
    ExerciseOutcome,
    ExercisePhase,
    ExerciseProgress,
    ExerciseRemark,
    PauseExercise,
    RemindExercise,
    ResumeExercise,
    StartExercise,
    StopExercise,
)

KNOWN = {key: described.exercise for key, described in load().items()}


class Day:
    """A calendar that a test turns."""

    def __init__(self) -> None:
        self.today = date(2026, 3, 1)

    def __call__(self) -> date:
        return self.today


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def exercising(tmp_path: Path, day: Day) -> Exercising:
    return Exercising(KNOWN, DoseBook(tmp_path / "exercises.json", day))


def ended(exercise: str, seen: int, by_time: int = 0) -> ExerciseEnded:
    return ExerciseEnded(
        90.0, exercise, 1, 10.0, ExerciseOutcome.FINISHED, 10, seen, by_time, 0, 5.0, 0.5, True
    )


def progress(phase: ExercisePhase) -> ExerciseProgress:
    remark, cue = ExerciseRemark.NONE, ExerciseCue.NONE
    return ExerciseProgress(
        9.0, "head_lift", phase, 1, 1, 10, 0, 0, 0.0, 0.0, None, None, None, None, remark, cue
    )


def reading(upper_deg: float, lateral_deg: float = 0.0) -> Reading:
    angles = (upper_deg, lateral_deg, upper_deg, None, 1.0)
    return Reading(1.0, *angles, Posture.UNKNOWN, Activity.LYING, Unjudged.LYING, 1)


def begun(exercising: Exercising, key: str, done: int = 0) -> BeginExercise:
    command = exercising.ask(StartExercise(0.0, key, done)).command
    assert isinstance(command, BeginExercise)
    return command


def test_a_set_is_begun_with_as_many_repetitions_as_the_day_still_holds(exercising: Exercising) -> None:
    assert begun(exercising, "head_lift").repetitions == 10
    exercising(ended("head_lift", 4, 3))
    again = begun(exercising, "head_lift")
    assert (again.repetitions, again.set_number) == (3, 2)
    assert begun(exercising, "scapular_retraction").repetitions == 5


def test_beyond_the_daily_limit_it_is_refused_in_words_until_tomorrow(
    exercising: Exercising, day: Day
) -> None:
    exercising(ended("head_lift", 9, 1))
    refused = exercising.ask(StartExercise(0.0, "head_lift"))
    assert refused.command is None
    assert refused.refusal == "10 repetitions are the limit of a day, and they are done"
    day.today = date(2026, 3, 2)
    assert begun(exercising, "head_lift").repetitions == 10


def test_what_the_page_coached_counts_as_well(exercising: Exercising) -> None:
    assert begun(exercising, "head_lift", done=8).repetitions == 2
    assert exercising.ask(StartExercise(0.0, "head_lift", done=10)).refusal


def test_the_dose_survives_a_restart_and_a_broken_file_begins_anew(tmp_path: Path, day: Day) -> None:
    path = tmp_path / "exercises.json"
    Exercising(KNOWN, DoseBook(path, day))(ended("head_lift", 10))
    assert Exercising(KNOWN, DoseBook(path, day)).ask(StartExercise(0.0, "head_lift")).refusal
    path.write_text("{")
    assert begun(Exercising(KNOWN, DoseBook(path, day)), "head_lift").repetitions == 10


def test_a_set_in_which_nothing_was_done_is_no_set(exercising: Exercising) -> None:
    exercising(ended("head_lift", 0))
    assert begun(exercising, "head_lift").set_number == 1


def test_what_cannot_be_is_refused_in_words(exercising: Exercising) -> None:
    assert "knows no exercise 'handstand'" in exercising.ask(StartExercise(0.0, "handstand")).refusal
    for request in (PauseExercise(0.0), ResumeExercise(0.0), StopExercise(0.0)):
        assert exercising.ask(request).refusal == "no exercise is under way"
    exercising(progress(ExercisePhase.HOLD))
    assert exercising.ask(StartExercise(0.0, "head_lift")).refusal == "an exercise is under way"
    assert exercising.ask(StopExercise(0.0, worse=True)).command == StopExercise(0.0, worse=True)


def test_nothing_buzzes_a_driver(exercising: Exercising) -> None:
    exercising(ModeChanged(1.0, Mode.DRIVING, None))
    assert exercising.ask(StartExercise(0.0, "head_lift")).refusal == "not while driving"
    exercising(ModeChanged(2.0, Mode.TRAINING, None))
    assert begun(exercising, "head_lift")
    exercising(progress(ExercisePhase.HOLD))
    exercising(ModeChanged(3.0, Mode.DRIVING, None))
    assert exercising.wishes() == [StopExercise(0.0)]


def test_nobody_is_reminded_of_a_dose_that_is_done(exercising: Exercising) -> None:
    asked = RemindExercise(0.0, "head_lift")
    assert exercising.ask(asked).command == asked
    exercising(ended("head_lift", 10))
    assert exercising.ask(asked).refusal


@pytest.mark.parametrize(
    ("seen", "key"), [(reading(52.0), "head_lift"), (reading(2.0), "scapular_retraction")]
)
def test_the_button_begins_the_exercise_of_the_position_that_the_wearer_is_in(
    exercising: Exercising, seen: Reading, key: str
) -> None:
    exercising(seen)
    exercising.start_fitting()
    (command,) = exercising.wishes()
    assert isinstance(command, BeginExercise)
    assert command.exercise.key == key
    assert exercising.wishes() == []


def test_the_button_is_refused_where_no_exercise_fits_or_all_are_done(tmp_path: Path, day: Day) -> None:
    refusals: list[int] = []
    exercising = Exercising(KNOWN, DoseBook(tmp_path / "e.json", day), lambda: refusals.append(1))
    exercising(reading(0.0, 85.0))
    exercising.start_fitting()
    exercising(reading(52.0))
    exercising(ended("head_lift", 10))
    exercising.start_fitting()
    assert (exercising.wishes(), len(refusals)) == ([], 2)


def test_a_short_press_pauses_and_goes_on(exercising: Exercising) -> None:
    exercising(progress(ExercisePhase.HOLD))
    exercising.pause_or_resume()
    exercising(progress(ExercisePhase.PAUSED))
    exercising.pause_or_resume()
    exercising.stop()
    assert exercising.wishes() == [PauseExercise(0.0), ResumeExercise(0.0), StopExercise(0.0)]
    exercising(progress(ExercisePhase.ENDED))
    assert not exercising.running
