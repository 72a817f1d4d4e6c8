"""Weeks of history of a simulated wearer, made by the same core that judges live, in batch."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from multiprocessing.synchronize import Event

import numpy as np

from ...posture import events as told
from ...posture.exercise import Exercise
from ...posture.exercise_words import BeginExercise, ExerciseProgress
from ...posture.monitor import Monitor
from .wearer import Wearer
from .wearer_days import day_of
from .wearer_exercises import Exerciser, Manner
from .wearer_habits import REMINDED, Habits
from .wearer_person import Style, person
from .wearer_script import Script

RATE_HZ = 25.0
"""Samples a second: four harmonics of the gait, and a quarter of the work of a live sensor."""

SATURDAY = 5

EXERCISED = 0.7
"""Share of the half days that end with an exercise."""

EXERCISE_STEP_S = 0.5
"""How often the wearer listens to the coach: a quarter of the work of a quick listener."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Half a working day: what a worker process needs to know to make it."""

    start_utc: datetime
    hours: float
    habits: Habits
    seed: int
    wearer_seed: int
    sensors: int
    exercise: Exercise | None


def simulated_history(
    days: int = 14,
    *,
    seed: int = 0,
    sensors: int = 1,
    until: date | None = None,
    zone: tzinfo,
    workers: int | None = None,
    half_day_hours: tuple[float, float] = (1.2, 1.9),
    exercises: Sequence[Exercise] = (),
    stopped: Callable[[], bool] = lambda: False,
) -> Generator[tuple[datetime, list[told.Event]], None, None]:
    """The runs of the last days, the newest first, each with the UTC of its t_s = 0 and its events.

    A working day has two runs, before and after lunch; on Saturdays and
    Sundays the sensor rests. Readings are left out: history is kept by minutes and episodes. The wearer
    is the one of `demo_motion(seed)`.

    Args:
        days: calendar days that end with `until`, or with the Friday before where that is at a weekend:
            the newest day is always one on which the sensor was worn.
        seed: which person, and which days.
        sensors: 1 or 2.
        until: the last day; yesterday in `zone` if not said.
        zone: of the wearer's clock, by its name: today's offset need not be last month's.
        half_day_hours: shortest and longest run.
        workers: processes to spread the work over, one for each processor if not said; with 1 all is
            done in this one. Closing the iterator early stops them within a moment.
        exercises: of these a half day often ends with a set of one.
        stopped: asked while the next run is waited for; True ends the iterator.
    """
    if until is None:
        until = datetime.now(zone).date() - timedelta(days=1)
    stretches = _stretches(days, seed, sensors, until, zone, half_day_hours, exercises)
    workers = min(workers or os.cpu_count() or 1, len(stretches))
    # Spawned, since the caller may have threads running, which a fork would cut off in mid-step.
    context = multiprocessing.get_context("spawn")
    stopping = None
    if workers > 1:
        with contextlib.suppress(OSError):  # a bare container without /dev/shm: all is done in this process
            stopping = context.Event()
    if stopping is None:
        yield from _one_by_one(stretches, stopped)
        return
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(stopping,))
    made = 0
    try:
        for future in [pool.submit(_lived, stretch) for stretch in stretches]:
            while not future.done():
                if stopped():
                    return
                wait((future,), timeout=0.2)
            lived = future.result()
            made += 1
            yield lived
    except BrokenProcessPool:
        # Ctrl-C on the terminal, met by a worker that had not begun to ignore it, or one killed for its
        # memory: what is still wanted is made here.
        yield from _one_by_one(stretches[made:], stopped)
    finally:
        # What is cut short by this is given to nobody: the one who asked has closed this generator.
        stopping.set()
        pool.shutdown(cancel_futures=True)


def _one_by_one(
    stretches: Sequence[_Stretch], stopped: Callable[[], bool]
) -> Iterator[tuple[datetime, list[told.Event]]]:
    for stretch in stretches:
        if stopped():
            return
        yield _lived(stretch)


_stopping: Event | None = None
"""In a worker process: set when what it makes is no longer wanted."""


def _begin(stopping: Event) -> None:
    """Ctrl-C on the terminal reaches every process; only the one who asked decides what follows."""
    global _stopping
    _stopping = stopping
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stretches(
    days: int,
    seed: int,
    sensors: int,
    until: date,
    zone: tzinfo,
    half_day_hours: tuple[float, float],
    exercises: Sequence[Exercise],
) -> list[_Stretch]:
    found = []
    until -= timedelta(days=max(0, until.weekday() - (SATURDAY - 1)))
    for ago in range(days):
        day = until - timedelta(days=ago)
        if day.weekday() >= SATURDAY:
            continue
        rng = np.random.default_rng([seed, day.toordinal()])
        # Some days are worse than others; there is no trend, since nothing was learnt.
        often = math.exp(rng.normal(0.0, 0.35))
        habits = dataclasses.replace(
            REMINDED,
            upright_s=REMINDED.upright_s / often,
            slouch_s=REMINDED.slouch_s * math.exp(rng.normal(0.0, 0.2)),
        )
        for half, hour in ((1, 13.4), (0, 9.0)):
            start = datetime.combine(day, time(), zone) + timedelta(
                hours=hour + float(rng.uniform(-0.3, 0.3))
            )
            hours = float(rng.uniform(*half_day_hours))
            # Another generator: what is exercised changes nothing about how the days were sat.
            also = np.random.default_rng([seed, day.toordinal(), half])
            exercise = exercises[half % len(exercises)] if exercises and also.random() < EXERCISED else None
            number = 2 * day.toordinal() + half
            found.append(_Stretch(start.astimezone(UTC), hours, habits, number, seed, sensors, exercise))
    return found


def _lived(stretch: _Stretch) -> tuple[datetime, list[told.Event]]:
    who = person(Style.RESTLESS, stretch.wearer_seed)
    script = day_of(who, stretch.seed, stretch.hours, stretch.habits, lunch=False)
    wearer = Wearer(script)
    monitor = Monitor(who.profile(stretch.sensors), RATE_HZ, run=f"history-{stretch.start_utc:%Y%m%dT%H%M}")
    events: list[told.Event] = []
    for block in wearer.blocks(RATE_HZ, stretch.sensors):
        if _stopping is not None and _stopping.is_set():
            break
        events += _lasting(monitor.feed(block))
    else:
        if stretch.exercise is not None:
            events += _exercised(script, monitor, stretch.exercise, stretch.sensors)
    events += monitor.finish()
    return stretch.start_utc, events


def _exercised(script: Script, monitor: Monitor, exercise: Exercise, sensors: int) -> list[told.Event]:
    """A set at the end of a half day, now smaller than can be seen, now with a repetition left out."""
    least_deg = 3.0 if exercise.sees is None else exercise.sees.least_deg
    size = script.between((0.9, 3.0))
    manner = Manner((size * least_deg, 0.2 * least_deg), left_out=0.1, hold_share=(1.0, 0.0))
    doing = Exerciser(script, exercise, manner)
    start_s = script.now_s
    doing.take_position()
    repetitions = int(script.rng.integers(max(1, exercise.repetitions // 2), exercise.repetitions + 1))
    events = _lasting(monitor.tell(BeginExercise(script.now_s, exercise, 1, repetitions)))
    for heard in doing.follow(monitor, sensors, RATE_HZ, start_s, step_s=EXERCISE_STEP_S):
        events += _lasting(heard)
    return events


def _lasting(events: Sequence[told.Event]) -> list[told.Event]:
    """What history keeps: neither readings nor what the coach said at each moment."""
    return [event for event in events if not isinstance(event, told.Reading | ExerciseProgress)]
