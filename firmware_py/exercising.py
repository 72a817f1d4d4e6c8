"""Exercises in a live run: which there are, what was done today, and what page and button ask for.

The core coaches one set and knows neither files nor days. Here, at the edge, stands the dose: what was done
today is kept in a small file, and nothing is begun beyond an exercise's daily limit, whoever asks.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from .posture.events import Command, Event, Mode, ModeChanged, Reading
from .posture.exercise import Exercise
from .posture.exercise_words import (
    BeginExercise,
    ExerciseEnded,
    ExercisePhase,
    ExerciseProgress,
    ExerciseRequest,
    PauseExercise,
    RemindExercise,
    ResumeExercise,
    StartExercise,
    StopExercise,
)
from .posture.flexion import up_at
from .posture.position import Position, fits, position_of
from .whole_file import write_whole

log = logging.getLogger(__name__)

NAME: Final = "exercises.json"
DAYS_KEPT: Final = 8


class Dose(msgspec.Struct, frozen=True):
    """What was done of one exercise on one day."""

    repetitions: int = 0
    sets: int = 0


class _Kept(msgspec.Struct):
    format: int = 1
    days: dict[str, dict[str, Dose]] = {}


class DoseBook:
    """Doses of the last days, in a file that a power cut leaves whole.

    Args:
        path: the file; one that cannot be read is begun anew, and that is told.
        today: the wearer's date.
    """

    def __init__(self, path: Path, today: Callable[[], date]) -> None:
        self._path = path
        self._today = today
        self._kept = _Kept()
        try:
            self._kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            pass
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("%s cannot be read (%s); today's exercises are counted from now on", path, error)

    def done(self, key: str) -> Dose:
        """What was done of an exercise today."""
        return self._kept.days.get(self._today().isoformat(), {}).get(key, Dose())

    def add(self, key: str, repetitions: int) -> None:
        """A set is over in which so many repetitions were done; none is no set."""
        if repetitions <= 0:
            return
        before = self.done(key)
        today = self._today().isoformat()
        day = self._kept.days.setdefault(today, {})
        day[key] = Dose(before.repetitions + repetitions, before.sets + 1)
        for old in sorted(self._kept.days)[:-DAYS_KEPT]:
            del self._kept.days[old]
        try:
            write_whole(self._path, msgspec.json.encode(self._kept).decode())
        except OSError as error:
            log.warning("today's exercises are not kept beyond this run: %s", error)


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a request: a command for the core, or a refusal in one sentence."""

    command: Command | None = None
    refusal: str = ""


class Exercising:
    """A listener of the core, and where exercises are asked for.

    Args:
        exercises: by key, in the order in which they are offered.
        book: what was done.
        refused: called when the button asked for something that cannot be.

    Attributes:
        running: whether an exercise is under way.
    """

    def __init__(
        self, exercises: Mapping[str, Exercise], book: DoseBook, refused: Callable[[], None] = lambda: None
    ) -> None:
        self.running = False
        self._exercises = dict(exercises)
        self._book = book
        self._refused = refused
        self._paused = False
        self._driving = False
        self._position: Position | None = None
        self._wishes: queue.SimpleQueue[Command] = queue.SimpleQueue()

    def __call__(self, event: Event) -> None:
        """Follow what happens."""
        if type(event) is Reading:
            known = event.sensors > 0
            self._position = position_of(up_at(event.upper_deg, event.lateral_deg)) if known else None
        elif isinstance(event, ExerciseProgress):
            self.running = event.phase is not ExercisePhase.ENDED
            self._paused = event.phase in (ExercisePhase.PAUSED, ExercisePhase.POSITION)
        elif isinstance(event, ModeChanged):
            self._driving = event.mode is Mode.DRIVING
            if self._driving and self.running:  # nothing buzzes a driver
                self.stop()
        elif isinstance(event, ExerciseEnded):
            self._book.add(event.exercise, event.seen + event.by_time)

    def ask(self, request: ExerciseRequest) -> Answer:
        """What becomes of a request from the network."""
        if isinstance(request, StartExercise):
            return self._start(request.exercise, request.done)
        if isinstance(request, RemindExercise):
            answer = self._start(request.exercise, 0)
            return Answer(request) if not answer.refusal else answer
        return Answer(request) if self.running else Answer(refusal="no exercise is under way")

    # From the button's thread.

    def start_fitting(self) -> None:
        """Begin the first exercise that starts from the position which the wearer is in and has dose left."""
        for key, exercise in self._exercises.items():
            position = self._position
            if position is None or fits(exercise.position, position):
                answer = self._start(key, 0)
                if answer.command is not None:
                    self._wishes.put(answer.command)
                    return
        self._refused()

    def pause_or_resume(self) -> None:
        """Pause, or go on."""
        self._wishes.put(ResumeExercise(0.0) if self._paused else PauseExercise(0.0))

    def stop(self) -> None:
        """Stop at once."""
        self._wishes.put(StopExercise(0.0))

    def wishes(self) -> list[Command]:
        """What the button asked for since the last call."""
        found: list[Command] = []
        while not self._wishes.empty():
            found.append(self._wishes.get())
        return found

    def _start(self, key: str, done: int) -> Answer:
        exercise = self._exercises.get(key)
        if exercise is None:
            known = ", ".join(self._exercises)
            return Answer(refusal=f"this device knows no exercise {key[:40]!r}; it knows {known}")
        if self.running:
            return Answer(refusal="an exercise is under way")
        if self._driving:
            return Answer(refusal="not while driving")
        today = self._book.done(key)
        left = exercise.daily_limit - max(today.repetitions, done)
        if left <= 0:
            return Answer(
                refusal=f"{exercise.daily_limit} repetitions are the limit of a day, and they are done"
            )
        return Answer(BeginExercise(0.0, exercise, today.sets + 1, min(exercise.repetitions, left)))
