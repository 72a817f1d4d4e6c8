"""Feedback on the body: events become patterns, a thread of its own plays them, and the core is told.

Playing never blocks the sampling loop. Before the first pulse the core learns by `NoteBuzz` from when
and for how long the motor shakes the sensor; it judges nothing meanwhile, nor shortly after.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Final

from ..posture import events as said
from ..posture.exercise_words import ExerciseCue, ExerciseDue, ExerciseProgress
from ..posture.neutral_check import Fit, FitCause
from ..posture.settings import BodyAlert
from .clock import Clock
from .motors import Motor
from .patterns import Pattern, duration_s

log = logging.getLogger(__name__)

ALERTS: Final[Mapping[str, BodyAlert]] = {
    "slouch": BodyAlert.SLOUCH,
    "slouch_again": BodyAlert.SLOUCH,
    "corrected": BodyAlert.CORRECTED,
    "break_due": BodyAlert.BREAK,
    "lost": BodyAlert.SENSOR_LOST,
    "snoozed": BodyAlert.ANSWER,
    "awake": BodyAlert.ANSWER,
    "loud": BodyAlert.ANSWER,
    "silent": BodyAlert.ANSWER,
}
"""Pattern that answers an event -> the kind of alert that it is."""

WAITING: Final = 2
"""Patterns that may wait behind the one that plays; a further one is dropped, for late feedback misleads."""

EXERCISE_CUES: Final[Mapping[ExerciseCue, str | None]] = {
    ExerciseCue.NONE: None,
    ExerciseCue.TICK: "step",
    ExerciseCue.GO: "exercise_go",
    ExerciseCue.HELD: "exercise_held",
    ExerciseCue.RELEASE: "exercise_release",
    ExerciseCue.DONE: "done",
    ExerciseCue.WRONG: "failed",
    ExerciseCue.PAUSE: "silent",
    ExerciseCue.STOP: "silent",
}
"""With eyes closed and the phone away these are all there is: one long, one short, two short, three."""


class Haptics:
    """A listener of the core that answers on the body.

    Args:
        motor: what shakes; this object drives it from now on and closes it.
        patterns: by name, see `patterns.patterns`.
        clock: of the run.
        origin_s: moment of `clock` that is t = 0 of the run.
        tell: takes a `NoteBuzz` for the core, from another thread.
        wanted: whether the wearer wants to feel this kind of alert; asked at each event.
    """

    def __init__(
        self,
        motor: Motor,
        patterns: Mapping[str, Pattern],
        clock: Clock,
        *,
        origin_s: float = 0.0,
        tell: Callable[[said.NoteBuzz], None] = lambda note: None,
        wanted: Callable[[BodyAlert], bool] = lambda kind: True,
    ) -> None:
        self._motor = motor
        self._patterns = patterns
        self._clock = clock
        self._origin_s = origin_s
        self._tell = tell
        self._wanted = wanted
        self._waiting: queue.Queue[str | None] = queue.Queue()
        self._faulty = False
        self._thread = threading.Thread(target=self._work, name="haptics", daemon=True)
        self._thread.start()

    def __call__(self, event: said.Event) -> None:
        """Answer an event, if it has an answer."""
        name = pattern_for(event)
        if name is None:
            return
        kind = ALERTS.get(name)
        if kind is None or self._wanted(kind):
            self.play(name)

    def play(self, name: str) -> None:
        """Let a pattern follow those that wait; returns at once.

        Raises:
            KeyError: for a name that no pattern has.
        """
        if name not in self._patterns:
            raise KeyError(f"no pattern is called {name!r}; there are {', '.join(self._patterns)}")
        if self._waiting.qsize() < WAITING:
            self._waiting.put(name)

    def close(self) -> None:
        """Finish what plays, drop what waits, and let the motor rest."""
        self._waiting.put(None)
        self._thread.join(timeout=10.0)
        self._motor.close()

    def _work(self) -> None:
        while (name := self._waiting.get()) is not None:
            pattern = self._patterns[name]
            self._tell(said.NoteBuzz(self._clock.monotonic() - self._origin_s, duration_s(pattern)))
            try:
                self._shake(pattern)
            except Exception as error:  # noqa: BLE001 - an OSError of the bus, or what a library of pins raises
                if not self._faulty:  # once, not at every buzz of a day
                    log.warning(
                        "%s does not answer (%s); reminders go on without it", self._motor.name, error
                    )
                self._faulty = True
            else:
                self._faulty = False

    def _shake(self, pattern: Pattern) -> None:
        try:
            for pulse in pattern:
                self._motor.drive(pulse.strength)
                self._clock.sleep(pulse.on_s)
                self._motor.drive(0.0)
                self._clock.sleep(pulse.off_s)
        except Exception:
            self._rest()
            raise

    def _rest(self) -> None:
        """A pulse whose end was lost must not shake on."""
        for _ in range(20):
            try:
                return self._motor.drive(0.0)
            except Exception:  # noqa: BLE001 - the first one is told; here all that counts is that it rests
                self._clock.sleep(0.1)
        return None


def pattern_for(event: said.Event) -> str | None:
    """The name of the pattern that answers an event; None for most."""
    match event:
        case said.SlouchAlert(level=1):
            return "slouch"
        case said.SlouchAlert():
            return "slouch_again"
        case said.SlouchEnded(outcome=said.SlouchEnd.CORRECTED, alerted_s=float()):
            return "corrected"
        case said.BreakDue():
            return "break_due"
        case said.SensorLost():
            return "lost"
        case said.FitChanged(fit=Fit.DOUBTFUL, cause=FitCause.CREEP):
            return None  # shown, not told: it may well pass
        case said.FitChanged(fit=Fit.DOUBTFUL | Fit.STALE):
            return "fit"
        case ExerciseProgress(cue=cue):
            return EXERCISE_CUES[cue]
        case ExerciseDue():
            return "exercise_due"
        case said.Snoozed(t_s=now_s, until_s=until_s):
            return "snoozed" if until_s > now_s else "awake"
        case said.ModeChanged(mode=mode, calendar=False):
            return "loud" if mode is said.Mode.TRAINING else "silent"
        case _:
            return None
