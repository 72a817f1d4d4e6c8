"""A simulated person who exercises when a coach leads them: beside the story, and blended into it.

As `wearer_pupil.py` for the guide: the story of a wearer is written ahead, a coach asks now. The trainee
first sits on for a moment, so that the coach is seen waiting for the starting position.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from ...posture.blocks import FloatArray
from ...posture.exercise import Exercise
from ...posture.exercise_words import ExercisePhase, ExerciseProgress
from .wearer_curves import Steps, blended
from .wearer_exercises import Exerciser, Manner
from .wearer_person import Person
from .wearer_script import Script

REACTION_S = 0.15
"""Between hearing and moving; also what keeps the present, of which samples were taken, as it is."""

BLEND_S = 1.2
SITS_ON_S = 7.0
"""Longer than the coach waits before it says that it sees another position."""

AMPLITUDE_DEG = 2.2
"""How far a movement goes, in multiples of the least that is looked for."""


class Trainee:
    """One person, as long as a coach leads.

    Args:
        person: who it is.
        exercises: by key; without one nothing is done.
    """

    def __init__(self, person: Person, exercises: Mapping[str, Exercise]) -> None:
        self._exercises = dict(exercises)
        self._script = Script(person, seed=2)
        self._share = Steps()
        self._asked_s = 0.0
        self._doing: Exerciser | None = None

    def instead_of(self, story: FloatArray, t_s: FloatArray) -> FloatArray:
        """(channels, 3, n) coordinates at `t_s` (n,): the story's, the trainee's, or on the way between."""
        self._asked_s = max(self._asked_s, float(t_s[-1]))
        share = np.zeros((3, len(t_s)))
        self._share.add_to(t_s, share)
        if not share.any():
            return story
        return blended(story, self._script.channels.at(t_s), share)

    def hear(self, progress: ExerciseProgress) -> None:
        """React to where the exercise is."""
        script = self._script
        now_s = self._asked_s + REACTION_S
        if progress.phase is ExercisePhase.ENDED:
            self._come_back(now_s)
            return
        exercise = self._exercises.get(progress.exercise)
        if exercise is None:
            return
        if self._doing is None:
            script.now_s = max(script.now_s, now_s)
            self._share.add(script.now_s, BLEND_S, 1.0)
            script.wait(SITS_ON_S)
            least_deg = 3.0 if exercise.sees is None else exercise.sees.least_deg
            mean_deg = AMPLITUDE_DEG * least_deg
            self._doing = Exerciser(script, exercise, Manner((mean_deg, 0.15 * mean_deg), left_out=0.07))
            self._doing.take_position()
        script.now_s = max(script.now_s, now_s)
        self._doing.hear(dataclasses.replace(progress, t_s=now_s))

    def _come_back(self, now_s: float) -> None:
        if self._doing is None:
            return
        script = self._script
        script.now_s = max(script.now_s, now_s)
        self._doing.leave_position()
        self._doing = None
        self._share.add(script.now_s, BLEND_S, -1.0)
        script.forget(self._asked_s - 60.0)
