"""A simulated wearer without end, for the demonstration: told on as it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

from ...posture.blocks import FloatArray, Place
from ...posture.events import Event, Posture
from ...posture.exercise import Exercise
from ...posture.exercise_words import ExerciseProgress
from ...posture.guidance import GuideProgress
from .wearer import SensorMotion
from .wearer_activities import sit_down, sit_upright, slouch, stand_up, take_posture, type_keys, walk
from .wearer_days import leave_desk, sitting
from .wearer_habits import LIVELY
from .wearer_moves import REACH
from .wearer_person import Style, person
from .wearer_pupil import Pupil
from .wearer_script import Script
from .wearer_trainee import Trainee
from .wearer_trunk import Chain

KEPT_S = 900.0
"""What is over for longer than this is forgotten; the two sensors may not drift further apart."""


class EndlessWearer:
    """A person whose script goes on as long as anybody asks.

    Args:
        script: where the story is written; nobody else may write into it.
        story: writes on, a stretch of story at each turn, without end.

    Attributes:
        person: who it is; `person.profile()` is their calibration.
        upper: what the sensor on the upper back feels, a `Motion`; `lower` likewise. Times may only
            go back by `KEPT_S`.
    """

    def __init__(self, script: Script, story: Callable[[Script], Iterator[None]]) -> None:
        self.person = script.person
        self._script = script
        self._story = story(script)
        self._telling = threading.Lock()
        self.upper = _ToldMotion(self, SensorMotion(script, Place.UPPER))
        self.lower = _ToldMotion(self, SensorMotion(script, Place.LOWER))

    def feel(self, motion: SensorMotion, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Tell the story up to the last of `t_s`, and what `motion` feels at each."""
        with self._telling:
            return motion.feel(Chain(self.curves(t_s), self.person.build))

    def curves(self, t_s: FloatArray) -> FloatArray:
        """(channels, 3, n) coordinates at ascending `t_s` (n,), n ≥ 1; the story is told so far."""
        if float(t_s[-1]) >= self._script.now_s:
            while float(t_s[-1]) >= self._script.now_s:
                next(self._story)
            self._script.forget(float(t_s[0]) - KEPT_S)
        return self._script.channels.at(t_s)


class _ToldMotion:
    def __init__(self, wearer: EndlessWearer, motion: SensorMotion) -> None:
        self._wearer = wearer
        self._motion = motion

    def at(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """As `SensorMotion.at`, telling the story on as far as needed."""
        return self._wearer.feel(self._motion, t_s)


class GuidedWearer(EndlessWearer):
    """The same, who leaves the story for a while when a guide or a coach asks something, and does that."""

    def __init__(
        self,
        script: Script,
        story: Callable[[Script], Iterator[None]],
        exercises: Mapping[str, Exercise] | None = None,
    ) -> None:
        super().__init__(script, story)
        self._pupil = Pupil(script.person)
        self._trainee = Trainee(script.person, exercises or {})

    def follow(self, progress: GuideProgress | None) -> None:
        """Hear where the guide is; from the thread that reads the sensors."""
        with self._telling:
            self._pupil.hear(progress)

    def train(self, event: Event) -> None:
        """Hear the coach of an exercise, among all that happens."""
        if isinstance(event, ExerciseProgress):
            with self._telling:
                self._trainee.hear(event)

    def curves(self, t_s: FloatArray) -> FloatArray:
        """The story's coordinates; while a guide or a coach leads, those of who follows it."""
        return self._trainee.instead_of(self._pupil.instead_of(super().curves(t_s), t_s), t_s)


def demo_motion(seed: int = 0, exercises: Mapping[str, Exercise] | None = None) -> GuidedWearer:
    """The wearer of the demonstration.

    Within the first two minutes they work upright, lean, slouch long enough for a reminder (after the
    first minute, in which none is given), straighten and take a short walk; then a lively working day
    goes on without end.
    """
    return GuidedWearer(Script(person(Style.RESTLESS, seed), seed), _story, exercises)


def _story(script: Script) -> Iterator[None]:
    type_keys(script, 18.0)
    script.hold(18.0, every_s=8.0)
    script.move(REACH)
    script.hold(4.0)
    yield
    take_posture(script, Posture.LEANING_FORWARD, 8.0)
    sit_upright(script, off_deg=0.0)
    script.hold(max(2.0, 54.0 - script.now_s))
    yield
    # Long enough that it is still held when the minute without reminders is over, which may begin only
    # when the monitor is sure that the strap is worn (24 s).
    slouch(script, 32.0, depth_deg=22.0, in_s=1.8)
    sit_upright(script, off_deg=0.5)
    script.hold(5.5)
    yield
    stand_up(script)
    script.hold(1.5)
    walk(script, 14.0)
    script.hold(1.0)
    sit_down(script)
    yield
    while True:
        until_s = script.now_s + 300.0 + script.rng.exponential(LIVELY.sitting_s - 300.0)
        while script.now_s < until_s - 5.0:
            sitting(script, LIVELY, min(until_s, script.now_s + 60.0))
            yield
        leave_desk(script, script.between((25.0, 60.0)))
        yield
