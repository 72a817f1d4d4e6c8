"""A simulated wearer who exercises: hears the coach's cues and follows them, well, badly or not at all.

The story cannot be written beforehand, for the coach waits for what it sees. So the wearer lives step by
step: a little time passes, the coach says something, and what the wearer does about it is written behind
that moment.

    doing = Exerciser(Script(person("steady", 7)), exercise, SLOPPY)
    events = doing.coached(sensors=1)        # every event of the monitor, from sitting to the end of the set
    doing.made                               # what was truly done, one `Made` for each repetition
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...posture.events import Activity, Event, Posture
from ...posture.exercise import Exercise
from ...posture.exercise_words import (
    BeginExercise,
    ExerciseCue,
    ExerciseEnded,
    ExerciseProgress,
)
from ...posture.monitor import Monitor
from ...posture.position import Position
from .wearer import ChipError, Wearer
from .wearer_activities import Lying, lie_down, sit_down, sit_up, sit_upright, stand_up
from .wearer_channels import Channel
from .wearer_moves import Range
from .wearer_script import Script

LONGEST_S = 600.0
"""A set that is not over by then never will be."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody does an exercise.

    Attributes:
        amplitude_deg: mean and spread of how far the upper back moves, in the exercise's direction.
        reaction_s: shortest and longest time from a cue to the movement.
        out_s: shortest and longest movement out; `back_s` likewise.
        hold_share: mean and spread of how much of the asked hold is held; 1 waits for the cue.
        shaking_deg: tremble while holding, one sigma, at about 3 Hz.
        left_out: share of the repetitions that are not done at all.
        wrong_way: moves in the other direction.
        sinking_deg: how far the hold sinks while it lasts.
    """

    amplitude_deg: Range
    reaction_s: Range = (0.3, 0.9)
    out_s: Range = (1.8, 3.0)
    back_s: Range = (1.8, 3.0)
    hold_share: Range = (1.0, 0.0)
    shaking_deg: float = 0.0
    left_out: float = 0.0
    wrong_way: bool = False
    sinking_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Made:
    """What was truly done about one cue to go.

    Attributes:
        go_s: when the cue came.
        moved: whether the wearer moved at all, in the exercise's direction.
        amplitude_deg: how far.
        held_s: from the end of the movement out to the beginning of the way back.
    """

    go_s: float
    moved: bool
    amplitude_deg: float
    held_s: float


class Exerciser:
    """Somebody who is coached through one set.

    Args:
        script: their story so far; it goes on from there.
        exercise: what is done.
        manner: how.

    Attributes:
        made: what was truly done so far.
    """

    def __init__(self, script: Script, exercise: Exercise, manner: Manner) -> None:
        self._script = script
        self._exercise = exercise
        self._manner = manner
        self._sign = -1.0 if exercise.sees is None else float(exercise.sees.sign)
        self._out_deg = 0.0
        self._go_s = 0.0
        self._up_s = 0.0
        self._back_at_s: float | None = None
        self.made: list[Made] = []

    def take_position(self, position: Position | None = None) -> None:
        """Get from sitting into the exercise's starting position, or into another one."""
        script, wanted = self._script, position or self._exercise.position
        lying = _LYING.get(wanted)
        if lying is not None:
            lie_down(script, lying, 1.0)
        elif wanted is Position.STANDING:
            stand_up(script)
            script.wait(1.0)
        else:
            sit_upright(script)
            script.wait(1.0)

    def leave_position(self) -> None:
        """Sit again."""
        if self._exercise.position in _LYING:
            sit_up(self._script)
        elif self._exercise.position is Position.STANDING:
            sit_down(self._script)
        else:
            sit_upright(self._script)

    def hear(self, told: ExerciseProgress) -> None:
        """Take a cue; what it leads to is written from now on."""
        if told.cue is ExerciseCue.GO:
            self._go(told.t_s)
        elif told.cue in _COME_BACK and self._back_at_s is None and self._out_deg:
            self._come_back(told.t_s + self._script.between(self._manner.reaction_s))

    def _go(self, now_s: float) -> None:
        script, manner = self._script, self._manner
        self._go_s, self._back_at_s, self._out_deg = now_s, None, 0.0
        if script.rng.random() < manner.left_out:
            self.made.append(Made(now_s, False, 0.0, 0.0))
            return
        amplitude = max(0.0, script.about(*manner.amplitude_deg))
        way = self._sign * amplitude * (-1.0 if manner.wrong_way else 1.0)
        start_s, out_s = now_s + script.between(manner.reaction_s), script.between(manner.out_s)
        self._out_deg = way
        self._up_s = start_s + out_s
        script.aim_by(Channel.UPPER_FLEXION, way, out_s, start_s)
        asked_s = self._exercise.hold_s
        if manner.shaking_deg:
            script.now_s, now = self._up_s, script.now_s
            script.shake({Channel.UPPER_FLEXION: manner.shaking_deg}, asked_s + 1.0, 0.08, 3.0)
            script.now_s = now
        if manner.sinking_deg:
            script.aim_by(Channel.UPPER_FLEXION, -self._sign * manner.sinking_deg, asked_s, self._up_s)
            self._out_deg -= self._sign * manner.sinking_deg
        share = script.about(*manner.hold_share)
        if share < 0.999:
            self._come_back(self._up_s + max(0.2, share * asked_s))

    def _come_back(self, at_s: float) -> None:
        manner, script = self._manner, self._script
        self._back_at_s = at_s = max(at_s, self._up_s + 0.1)
        script.aim_by(Channel.UPPER_FLEXION, -self._out_deg, script.between(manner.back_s), at_s)
        moved = not manner.wrong_way
        self.made.append(Made(self._go_s, moved, abs(self._out_deg), at_s - self._up_s))

    def coached(
        self,
        sensors: int = 1,
        rate_hz: float = 50.0,
        chip: ChipError | None = None,
        repetitions: int | None = None,
        position: Position | None = None,
        worn_s: float = 30.0,
        step_s: float = 0.2,
    ) -> list[Event]:
        """Sit, get into position, ask for the exercise and follow it to its end.

        Args:
            sensors: 1 or 2.
            rate_hz: samples a second.
            chip: noise and bias of the sensors.
            repetitions: of the set; those of the exercise if not said.
            position: where the wearer gets instead of the exercise's own starting position.
            worn_s: sitting before it.
            step_s: how much time passes between two moments at which the wearer listens.
        """
        script = self._script
        script.holding("exercising", Posture.UNKNOWN, Activity.MOVING)
        monitor = Monitor(script.person.profile(sensors), rate_hz, run="exercise")
        script.hold(worn_s)
        self.take_position(position)
        begin = BeginExercise(script.now_s, self._exercise, 1, repetitions or self._exercise.repetitions)
        events = monitor.tell(begin)
        for told in self.follow(monitor, sensors, rate_hz, 0.0, chip, step_s):
            events += told
        return events + monitor.finish()

    def follow(
        self,
        monitor: Monitor,
        sensors: int,
        rate_hz: float,
        start_s: float,
        chip: ChipError | None = None,
        step_s: float = 0.2,
    ) -> Iterator[list[Event]]:
        """What a monitor says of the wearer from `start_s` to the end of the set, who follows it.

        Args:
            monitor: has been told to begin, or will be before anything is over.
            sensors: 1 or 2.
            rate_hz: samples a second.
            start_s: the first sample that the monitor has not had yet.
            chip: noise and bias of the sensors.
            step_s: how much time passes between two moments at which the wearer listens.
        """
        script = self._script
        ends_s = script.now_s + LONGEST_S
        piece = max(1, round(step_s * rate_hz))
        for block in Wearer(script).blocks(rate_hz, sensors, start_s, ends_s, chip or ChipError(), piece):
            script.now_s = max(script.now_s, block.until_s)
            told = monitor.feed(block)
            for event in told:
                if isinstance(event, ExerciseProgress):
                    self.hear(event)
            yield told
            if any(isinstance(event, ExerciseEnded) for event in told):
                return


_COME_BACK = (ExerciseCue.RELEASE, ExerciseCue.DONE, ExerciseCue.STOP, ExerciseCue.PAUSE)

_LYING = {
    Position.PRONE: Lying.ON_THE_ELBOWS,
    Position.SUPINE: Lying.SUPINE,
    Position.ON_THE_RIGHT: Lying.ON_THE_RIGHT,
    Position.ON_THE_LEFT: Lying.ON_THE_LEFT,
}
