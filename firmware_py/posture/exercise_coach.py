"""The coach: one set of an exercise, from getting into position to the last repetition.

A state machine over trunk states and commands, without clock, motor or page; time is a field of the states.
It works by its cues alone, eyes closed and phone away, and it works without seeing anything: then it counts
by time and says so. What it saw and what it counted are told apart everywhere, so nothing is praised that
was not measured.

    phase       what ends it
    POSITION    the starting position, held for 2 s                -> COUNTDOWN
                no sensor that could tell it, for 5 s              -> COUNTDOWN
                "go on" by the wearer                              -> COUNTDOWN, position not asked again
                120 s                                              -> ENDED (left)
    COUNTDOWN   its seconds are over                               -> MOVE
    MOVE        the movement is seen and has come to rest          -> HOLD
                its seconds are over, and nothing was seen         -> HOLD (by time)
    HOLD        its seconds are over                               -> RETURN
                the movement came back early                       -> REST, the repetition told as short
    RETURN      its seconds are over: the repetition is counted    -> REST, after the last ENDED (finished)
    REST        its seconds are over                               -> MOVE
    these five, another position for 5 s                           -> POSITION, same repetition
    any         pause                                              -> PAUSED, then COUNTDOWN, same repetition
    any         stop, "this makes it worse"                        -> ENDED, at once
    PAUSED      600 s                                              -> ENDED (left)

A hold that is counted by time starts anew where the movement is seen after all, so a slow wearer holds as
long as anybody. Another position ends nothing by itself: who lies down again goes on.
"""

from __future__ import annotations

import math
from statistics import median

from .exercise import Axis
from .exercise_watch import Repetition, RepetitionWatch
from .exercise_words import (
    BeginExercise,
    ExerciseCue,
    ExerciseEnded,
    ExerciseOutcome,
    ExercisePhase,
    ExerciseProgress,
    ExerciseRemark,
    ExerciseTold,
)
from .flexion import flexion_deg, lateral_deg, spine_flexion_deg
from .position import Position, Standing, fits, position_of
from .rules import ticks
from .trunk import TICKS_PER_S, SegmentState, TrunkState

IN_POSITION_TICKS = ticks(2.0)
UNSEEN_TICKS = ticks(5.0)
OUT_OF_POSITION_TICKS = ticks(5.0)
POSITION_LIMIT_TICKS = ticks(120.0)
PAUSE_LIMIT_TICKS = ticks(600.0)
COUNTDOWN_TICKS = ticks(3.0)
WRONG_EVERY_TICKS = ticks(10.0)
"""How often a wearer who waits in another position feels that it is another one."""

SHORT_SHARE = 0.8
"""A hold shorter than this share of what was asked is told as short: a measured hold errs by about half a
second."""

GAP_TICKS = ticks(5.0)
"""Missing ticks (a machine that slept) after which nobody is there to be coached."""

_WAITING = (ExercisePhase.POSITION, ExercisePhase.PAUSED, ExercisePhase.ENDED)


class Coach:
    """Goes through one set.

    Args:
        begin: the exercise, and how many repetitions.
        tick: now.
        standing: the wearer's calibrated standing, for what gravity alone does not tell.
    """

    def __init__(self, begin: BeginExercise, tick: int, standing: Standing | None = None) -> None:
        self._exercise = begin.exercise
        self._set_number = begin.set_number
        self._planned = begin.repetitions
        self._standing = standing or Standing()
        self._began = self._tick = tick
        self._watch = (
            None
            if begin.exercise.sees is None
            else RepetitionWatch(begin.exercise.sees, begin.exercise.move_s)
        )
        self._phase = ExercisePhase.POSITION
        self._lasts = 0
        self._since = tick
        self._repetition = 1
        self._done: list[Repetition] = []
        self._position: Position | None = None
        self._position_seen = False
        self._position_asked = True
        self._in_position = self._out_of_position = self._unseen = 0
        self._hold_seen = False
        self._remark = ExerciseRemark.NONE

    @property
    def over(self) -> bool:
        """Whether the set has ended."""
        return self._phase is ExercisePhase.ENDED

    def begin(self) -> list[ExerciseTold]:
        """The first words."""
        return [self._show(ExerciseCue.NONE)]

    def step(self, state: TrunkState, shaken: bool) -> list[ExerciseTold]:
        """Take the next tick; `shaken` where the motor shakes the sensor."""
        if self.over:
            return []
        gap, self._tick = state.tick - self._tick, state.tick
        if gap > GAP_TICKS:
            return self._end(ExerciseOutcome.LEFT)
        self._look(state)
        angle_deg = self._angle_deg(state)
        if self._watch is not None:
            if self._phase in (ExercisePhase.MOVE, ExercisePhase.HOLD, ExercisePhase.RETURN):
                self._watch.step(self._tick, angle_deg, shaken)
            else:
                self._watch.rest(angle_deg, shaken)
        told = self._advance()
        return told or self._tick_on()

    def pause(self) -> list[ExerciseTold]:
        """Pause at once."""
        if self._phase in _WAITING:
            return []
        return [self._enter(ExercisePhase.PAUSED, 0, ExerciseCue.PAUSE)]

    def resume(self) -> list[ExerciseTold]:
        """Go on after a pause, or without having been seen in position."""
        if self._phase is ExercisePhase.POSITION:
            self._position_asked = False
        elif self._phase is not ExercisePhase.PAUSED:
            return []
        return [self._enter(ExercisePhase.COUNTDOWN, COUNTDOWN_TICKS, ExerciseCue.TICK)]

    def stop(self, outcome: ExerciseOutcome) -> list[ExerciseTold]:
        """End at once."""
        return [] if self.over else self._end(outcome)

    # Looking

    def _look(self, state: TrunkState) -> None:
        upper, lower = _trusted(state.upper), _trusted(state.lower)
        if upper is None:
            self._position = None
            self._in_position = self._out_of_position = 0
            self._unseen += 1
            return
        self._unseen = 0
        self._position = position_of(upper.up, None if lower is None else lower.up, self._standing)
        if fits(self._exercise.position, self._position):
            self._in_position += 1
            self._out_of_position = 0
        else:
            self._in_position = 0
            # On the way out of a lying position and back the inclination passes through what says nothing.
            self._out_of_position += self._position is not Position.UNCLEAR

    def _angle_deg(self, state: TrunkState) -> float | None:
        sees, upper, lower = self._exercise.sees, _trusted(state.upper), _trusted(state.lower)
        if sees is None or upper is None:
            return None
        if sees.axis is Axis.LATERAL:
            return lateral_deg(upper.up)
        if state.lower is None:
            return flexion_deg(upper.up)
        # Against the low back: who sways or leans as a whole has not moved the upper back.
        return None if lower is None else spine_flexion_deg(flexion_deg(upper.up), flexion_deg(lower.up))

    # Going on

    def _advance(self) -> list[ExerciseTold]:
        phase = self._phase
        if phase is ExercisePhase.POSITION:
            return self._wait_for_position()
        if phase is ExercisePhase.PAUSED:
            return self._end(ExerciseOutcome.LEFT) if self._passed >= PAUSE_LIMIT_TICKS else []
        if self._position_asked and self._out_of_position >= OUT_OF_POSITION_TICKS:
            self._remark = ExerciseRemark.LEFT_POSITION
            return [self._enter(ExercisePhase.POSITION, 0, ExerciseCue.WRONG)]
        if phase is ExercisePhase.MOVE and self._watch is not None and self._watch.held:
            return [self._hold()]
        if phase is ExercisePhase.HOLD and self._watch is not None:
            if self._watch.came_back:
                return self._count()
            if self._watch.held and not self._hold_seen:
                return [self._hold()]
        if self._passed < self._lasts:
            return []
        if phase in (ExercisePhase.COUNTDOWN, ExercisePhase.REST):
            return [self._move()]
        if phase is ExercisePhase.MOVE:
            return [self._hold()]
        if phase is ExercisePhase.HOLD:
            self._remark = ExerciseRemark.NONE
            return [self._enter(ExercisePhase.RETURN, ticks(self._exercise.move_s), ExerciseCue.RELEASE)]
        return self._count()

    def _wait_for_position(self) -> list[ExerciseTold]:
        if self._in_position >= IN_POSITION_TICKS:
            self._position_seen = True
            self._remark = ExerciseRemark.NONE
        elif self._unseen >= UNSEEN_TICKS:
            self._remark = ExerciseRemark.POSITION_UNSEEN
        elif self._passed >= POSITION_LIMIT_TICKS:
            return self._end(ExerciseOutcome.LEFT)
        else:
            self._remark = ExerciseRemark.NONE
            if self._out_of_position >= OUT_OF_POSITION_TICKS:
                self._remark = ExerciseRemark.OTHER_POSITION
            return []
        return [self._enter(ExercisePhase.COUNTDOWN, COUNTDOWN_TICKS, ExerciseCue.TICK)]

    def _move(self) -> ExerciseProgress:
        if self._watch is not None:
            self._watch.begin()
        self._hold_seen = False
        self._remark = ExerciseRemark.NONE
        return self._enter(ExercisePhase.MOVE, ticks(self._exercise.move_s), ExerciseCue.GO)

    def _hold(self) -> ExerciseProgress:
        again = self._phase is ExercisePhase.HOLD
        self._hold_seen = self._watch is not None and self._watch.held
        return self._enter(
            ExercisePhase.HOLD, ticks(self._exercise.hold_s), ExerciseCue.NONE if again else ExerciseCue.HELD
        )

    def _count(self) -> list[ExerciseTold]:
        """The repetition is over, one way or the other."""
        done = Repetition(seen=False) if self._watch is None else self._watch.result()
        self._done.append(done)
        if not done.seen:
            self._remark = ExerciseRemark.BY_TIME
        else:
            self._remark = ExerciseRemark.SHORT if self._is_short(done) else ExerciseRemark.SEEN
        if self._repetition >= self._planned:
            return self._end(ExerciseOutcome.FINISHED)
        self._repetition += 1
        rest = ticks(self._exercise.rest_s)
        if rest == 0:
            return [self._move()]
        # Who came back early felt nothing yet; and who did not, whatever the sensor says, must not hold on.
        early = self._phase is ExercisePhase.HOLD
        return [self._enter(ExercisePhase.REST, rest, ExerciseCue.RELEASE if early else ExerciseCue.NONE)]

    def _is_short(self, done: Repetition) -> bool:
        return done.seen and done.held_s < SHORT_SHARE * self._exercise.hold_s

    # Telling

    @property
    def _passed(self) -> int:
        return self._tick - self._since

    def _enter(self, phase: ExercisePhase, lasts: int, cue: ExerciseCue) -> ExerciseProgress:
        self._phase, self._lasts, self._since = phase, lasts, self._tick
        self._out_of_position = 0
        if phase is ExercisePhase.POSITION:
            self._in_position = 0
        return self._show(cue)

    def _tick_on(self) -> list[ExerciseTold]:
        """Between two changes: the countdown's seconds, and what a page shows moving."""
        wrong = self._phase is ExercisePhase.POSITION and self._remark is ExerciseRemark.OTHER_POSITION
        if wrong and self._passed % WRONG_EVERY_TICKS == 0:
            return [self._show(ExerciseCue.WRONG)]
        every = (
            TICKS_PER_S if self._phase not in (ExercisePhase.MOVE, ExercisePhase.HOLD) else TICKS_PER_S // 2
        )
        if self._passed % every or self._phase is ExercisePhase.PAUSED:
            return []
        counting = self._phase is ExercisePhase.COUNTDOWN
        return [self._show(ExerciseCue.TICK if counting else ExerciseCue.NONE)]

    def _show(self, cue: ExerciseCue) -> ExerciseProgress:
        watch = self._watch
        moving = self._phase in (ExercisePhase.MOVE, ExercisePhase.HOLD, ExercisePhase.RETURN)
        held_s = steadiness = None
        if self._phase is ExercisePhase.HOLD and watch is not None and self._hold_seen:
            held_s, steadiness = watch.held_s, watch.steadiness_deg
        elif self._phase in (ExercisePhase.REST, ExercisePhase.ENDED) and self._done and self._done[-1].seen:
            held_s, steadiness = self._done[-1].held_s, self._done[-1].steadiness_deg
        return ExerciseProgress(
            t_s=self._tick / TICKS_PER_S,
            exercise=self._exercise.key,
            phase=self._phase,
            set_number=self._set_number,
            repetition=self._repetition,
            repetitions=self._planned,
            seen=self._seen,
            by_time=len(self._done) - self._seen,
            lasts_s=self._lasts / TICKS_PER_S,
            remaining_s=max(0, self._lasts - self._passed) / TICKS_PER_S,
            position=self._position,
            extension_deg=_rounded(watch.extension_deg) if watch is not None and moving else None,
            held_s=held_s,
            steadiness_deg=_rounded(steadiness),
            remark=self._remark,
            cue=cue,
        )

    @property
    def _seen(self) -> int:
        return sum(done.seen for done in self._done)

    def _end(self, outcome: ExerciseOutcome) -> list[ExerciseTold]:
        cue = ExerciseCue.DONE if outcome is ExerciseOutcome.FINISHED else ExerciseCue.STOP
        progress = self._enter(ExercisePhase.ENDED, 0, cue)
        seen = [done for done in self._done if done.seen]
        steady = [done.steadiness_deg for done in seen if done.steadiness_deg is not None]
        ended = ExerciseEnded(
            t_s=self._tick / TICKS_PER_S,
            exercise=self._exercise.key,
            set_number=self._set_number,
            started_s=self._began / TICKS_PER_S,
            outcome=outcome,
            repetitions=self._planned,
            seen=len(seen),
            by_time=len(self._done) - len(seen),
            short=sum(map(self._is_short, seen)),
            held_s=round(math.fsum(done.held_s for done in seen), 1),
            steadiness_deg=_rounded(median(steady)) if steady else None,
            position_seen=self._position_seen,
        )
        return [progress, ended]


def _trusted(segment: SegmentState | None) -> SegmentState | None:
    return segment if segment is not None and segment.trusted else None


def _rounded(angle_deg: float | None) -> float | None:
    return None if angle_deg is None else round(angle_deg, 2)
