"""Exercises within the judgement: at most one runs, nothing is judged meanwhile; and a chosen time is told.

A reminder to an exercise goes through the same gate as every other: nothing while driving, in a meeting,
silent or snoozed. Where the gate is closed it waits `WAITS_S` and is let go then; it is no alarm.
"""

from __future__ import annotations

from typing import assert_never

from .exercise_coach import Coach
from .exercise_words import (
    BeginExercise,
    ExerciseCommand,
    ExerciseDue,
    ExerciseOutcome,
    ExerciseTold,
    PauseExercise,
    RemindExercise,
    ResumeExercise,
    StopExercise,
)
from .gate import AlertGate
from .position import Standing
from .rules import ticks
from .trunk import TICKS_PER_S, TrunkState

WAITS_S = 600.0
"""How long a reminder waits until it is welcome (own choice: later, it would come out of the blue)."""


class ExerciseStage:
    """The exercise of one run that is under way, and the reminder that waits.

    Args:
        standing: the wearer's calibrated standing.
        gate: whether reminders are welcome.
    """

    def __init__(self, standing: Standing, gate: AlertGate) -> None:
        self._standing = standing
        self._gate = gate
        self._coach: Coach | None = None
        self._due: tuple[str, int] | None = None

    @property
    def busy(self) -> bool:
        """Whether an exercise is under way."""
        return self._coach is not None

    def obey(self, tick: int, command: ExerciseCommand) -> list[ExerciseTold]:
        """Take a command; what makes no sense now changes nothing."""
        if isinstance(command, RemindExercise):
            self._due = (command.exercise, tick + ticks(WAITS_S))
            return []
        coach = self._coach
        if isinstance(command, BeginExercise):
            if coach is not None:
                return []
            self._due = None
            self._coach = coach = Coach(command, tick, self._standing)
            return coach.begin()
        if coach is None:
            return []
        if isinstance(command, PauseExercise):
            return coach.pause()
        if isinstance(command, ResumeExercise):
            return coach.resume()
        if isinstance(command, StopExercise):
            outcome = ExerciseOutcome.WORSE if command.worse else ExerciseOutcome.STOPPED
            return self._after(coach, tick, coach.stop(outcome))
        assert_never(command)

    def step(self, state: TrunkState, worn: bool, shaken: bool) -> list[ExerciseTold | ExerciseDue]:
        """Take the next tick, in the frame of the neutral in force."""
        if self._coach is not None:
            return [*self._after(self._coach, state.tick, self._coach.step(state, shaken))]
        if self._due is None:
            return []
        exercise, until = self._due
        if state.tick >= until:
            self._due = None
        elif worn and self._gate.welcome(state.tick):
            self._due = None
            return [ExerciseDue(state.tick / TICKS_PER_S, exercise)]
        return []

    def close(self) -> list[ExerciseTold]:
        """The run is over."""
        coach, self._coach = self._coach, None
        return [] if coach is None else coach.stop(ExerciseOutcome.STOPPED)

    def _after(self, coach: Coach, tick: int, told: list[ExerciseTold]) -> list[ExerciseTold]:
        if coach.over:
            self._coach = None
            self._gate.resume(tick)  # time to settle down before anything is said about posture
        return told
