"""Somebody who is coached, by hand-made trunk states: what they do is a function of what they are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_py.posture.exercise import Axis, Exercise, Visible
from firmware_py.posture.exercise_coach import Coach
from firmware_py.posture.exercise_words import (
    BeginExercise,
    ExerciseCue,
    ExerciseEnded,
    ExercisePhase,
    ExerciseProgress,
)
from firmware_py.posture.position import Position
from firmware_py.posture.trunk import TrunkState

from .trunks import segment

LIFT = Exercise("lift", Position.PRONE, 2.0, 5.0, 3.0, 3, 1, 3, Visible(Axis.FLEXION, -1, 4.0))
BLIND = Exercise("blind", Position.UPRIGHT, 2.0, 5.0, 3.0, 3, 1, 3, None)
ON_THE_ELBOWS_DEG = 52.0


@dataclass
class Follower:
    """Lifts by `by_deg` within two seconds of each GO and comes back on RELEASE, or after `holds_s`."""

    by_deg: float = 10.0
    holds_s: float | None = None
    rests_deg: float = ON_THE_ELBOWS_DEG
    _from: int = -1
    _back: int | None = None

    def hear(self, told: ExerciseProgress, tick: int) -> None:
        if told.cue is ExerciseCue.GO:
            self._from, self._back = tick, None
            if self.holds_s is not None:
                self._back = tick + 20 + round(10 * self.holds_s)
        elif told.cue is not ExerciseCue.NONE and self._back is None and told.phase is not ExercisePhase.HOLD:
            self._back = tick

    def angle_deg(self, tick: int) -> float:
        out = min(1.0, max(0.0, (tick - self._from) / 20.0)) if self._from >= 0 else 0.0
        back = 0.0 if self._back is None else min(1.0, max(0.0, (tick - self._back) / 15.0))
        return self.rests_deg - self.by_deg * max(0.0, out - back)


@dataclass
class Coached:
    """One set, tick by tick.

    Attributes:
        told: every progress so far.
        ended: how it ended; None while it lasts.
    """

    coach: Coach
    follower: Follower = field(default_factory=Follower)
    tick: int = 0
    told: list[ExerciseProgress] = field(default_factory=list)
    ended: ExerciseEnded | None = None

    def hear(self, told: list[ExerciseProgress | ExerciseEnded]) -> None:
        for one in told:
            if isinstance(one, ExerciseEnded):
                assert self.ended is None, "a set ends once"
                self.ended = one
            else:
                self.told.append(one)
                self.follower.hear(one, self.tick)

    def go_on(self, for_s: float, state: Callable[[int], TrunkState] | None = None) -> Coached:
        for _ in range(round(10 * for_s)):
            self.tick += 1
            made = TrunkState(self.tick, segment(self.follower.angle_deg(self.tick), tick=self.tick), None)
            self.hear(self.coach.step(made if state is None else state(self.tick), shaken=False))
        return self

    def to_end(self) -> ExerciseEnded:
        for _ in range(300):
            if self.ended is not None:
                return self.ended
            self.go_on(1.0)
        raise AssertionError(f"not over: {self.told[-1]}")

    @property
    def phase(self) -> ExercisePhase:
        return self.told[-1].phase

    def phases(self) -> list[ExercisePhase]:
        """The phases in order, each once in a row."""
        found: list[ExercisePhase] = []
        for one in self.told:
            if not found or found[-1] is not one.phase:
                found.append(one.phase)
        return found


def coached(exercise: Exercise = LIFT, follower: Follower | None = None, repetitions: int = 3) -> Coached:
    coach = Coach(BeginExercise(0.0, exercise, 1, repetitions), 0)
    made = Coached(coach, follower or Follower())
    made.hear(coach.begin())
    return made
