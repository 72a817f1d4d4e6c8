"""The words between the coach and whoever shows or asks for an exercise: motor, button, page, store.

What the coach says is an `ExerciseProgress`, complete in itself, so that a page that opens in the middle
shows the right thing; at the end, and for certain, an `ExerciseEnded`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .exercise import Exercise
from .position import Position


class ExercisePhase(StrEnum):
    """Where in an exercise the wearer is."""

    POSITION = "position"
    """Gets into the starting position; the coach waits until it sees it."""
    COUNTDOWN = "countdown"
    MOVE = "move"
    """Moves slowly out."""
    HOLD = "hold"
    RETURN = "return"
    """Moves slowly back."""
    REST = "rest"
    PAUSED = "paused"
    ENDED = "ended"


class ExerciseCue(StrEnum):
    """What motor and sound do at this moment."""

    NONE = "none"
    TICK = "tick"
    GO = "go"
    HELD = "held"
    """The hold begins to count."""
    RELEASE = "release"
    DONE = "done"
    WRONG = "wrong"
    PAUSE = "pause"
    STOP = "stop"


class ExerciseRemark(StrEnum):
    """What there is to say beside the phase."""

    NONE = "none"
    OTHER_POSITION = "other_position"
    """The sensor sees another position than the exercise starts from; `position` says which."""
    POSITION_UNSEEN = "position_unseen"
    """The sensor cannot tell the position; it goes on all the same."""
    SEEN = "seen"
    """The repetition before was seen, and held as long as asked."""
    SHORT = "short"
    """The repetition before was seen, and came back early; `held_s` says when."""
    BY_TIME = "by_time"
    """The repetition before was not seen; it was counted by time."""
    LEFT_POSITION = "left_position"
    """The wearer is no longer in the starting position."""


class ExerciseOutcome(StrEnum):
    """How an exercise ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    WORSE = "worse"
    """The wearer said that it makes something worse."""
    LEFT = "left"
    """Nobody was in position for long, or a pause lasted too long."""


@dataclass(frozen=True, slots=True)
class ExerciseProgress:
    """All that there is to show at a moment of an exercise.

    Attributes:
        t_s: seconds since the run began.
        exercise: its key.
        phase: where in it.
        set_number: which set of the day, from 1.
        repetition: which repetition is under way or comes next, from 1.
        repetitions: how many this set has.
        seen: repetitions that the sensor saw so far.
        by_time: repetitions that were counted by time so far.
        lasts_s: length of the phase; 0 where it waits for the wearer.
        remaining_s: until the phase ends; 0 where it waits.
        position: where the sensor sees the wearer; None where it cannot tell.
        extension_deg: how far the upper back has moved in the exercise's direction; None where unseen.
        held_s: in REST and ENDED how long the hold before lasted, in HOLD so far; None where unseen.
        steadiness_deg: how far the hold wandered, root mean square; None where unseen.
        remark: what else there is to say.
        cue: what to feel and hear now.
    """

    t_s: float
    exercise: str
    phase: ExercisePhase
    set_number: int
    repetition: int
    repetitions: int
    seen: int
    by_time: int
    lasts_s: float
    remaining_s: float
    position: Position | None
    extension_deg: float | None
    held_s: float | None
    steadiness_deg: float | None
    remark: ExerciseRemark
    cue: ExerciseCue


@dataclass(frozen=True, slots=True)
class ExerciseEnded:
    """A set is over.

    Attributes:
        exercise: its key.
        set_number: which set of the day, from 1.
        started_s: when it was begun.
        outcome: how it ended.
        repetitions: how many were meant.
        seen: repetitions that the sensor saw; `short` of them came back before the hold was over.
        by_time: repetitions in whose time the sensor saw nothing; they were counted by time.
        short: see `seen`.
        held_s: measured holds, summed over the repetitions that were seen.
        steadiness_deg: how far the holds wandered, median over the repetitions seen; None without one.
        position_seen: whether the sensor saw the starting position.
    """

    t_s: float
    exercise: str
    set_number: int
    started_s: float
    outcome: ExerciseOutcome
    repetitions: int
    seen: int
    by_time: int
    short: int
    held_s: float
    steadiness_deg: float | None
    position_seen: bool


@dataclass(frozen=True, slots=True)
class ExerciseDue:
    """A time that the wearer chose for an exercise has come, and reminders are welcome."""

    t_s: float
    exercise: str


ExerciseTold = ExerciseProgress | ExerciseEnded
"""What the coach says."""


@dataclass(frozen=True, slots=True)
class StartExercise:
    """Begin an exercise, by its key; not of the core: the device looks up dose and limit first.

    `done` is how many repetitions of it the asker knows to be done today; the device takes the larger
    of this and its own count.
    """

    t_s: float
    exercise: str
    done: int = 0


@dataclass(frozen=True, slots=True)
class BeginExercise:
    """Begin this exercise: set `set_number` of the day, with so many repetitions; nothing while one runs."""

    t_s: float
    exercise: Exercise
    set_number: int
    repetitions: int


@dataclass(frozen=True, slots=True)
class PauseExercise:
    """Pause at once; the repetition under way is begun again afterwards."""

    t_s: float


@dataclass(frozen=True, slots=True)
class ResumeExercise:
    """Go on after a pause, or begin though the position was not seen."""

    t_s: float


@dataclass(frozen=True, slots=True)
class StopExercise:
    """Stop at once; `worse` where the wearer says that it makes something worse."""

    t_s: float
    worse: bool = False


@dataclass(frozen=True, slots=True)
class RemindExercise:
    """A time that the wearer chose has come; told to them where reminders are welcome, else let go."""

    t_s: float
    exercise: str


ExerciseCommand = BeginExercise | PauseExercise | ResumeExercise | StopExercise | RemindExercise
"""What the core can be told about exercises."""

ExerciseRequest = StartExercise | PauseExercise | ResumeExercise | StopExercise | RemindExercise
"""What a device may be asked about exercises."""
