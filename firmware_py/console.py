"""A listener for people who started the monitor in a terminal: a line for what matters, none for the rest."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TextIO

from .posture.events import (
    BreakDue,
    Event,
    FitChanged,
    ProfileStale,
    SensorBack,
    SensorLost,
    SessionEnded,
    SessionStarted,
    SlouchAlert,
    SlouchEnded,
    SlouchStarted,
    WornChanged,
)
from .posture.neutral_check import Fit
from .posture.trunk import TICK_S


class Console:
    """Prints events as lines with the time of day."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    def __call__(self, event: Event) -> None:
        """Print one event, if it is one for people."""
        words = _in_words(event)
        if words:
            self._out.write(f"{datetime.now().astimezone():%H:%M:%S}  {words}\n")
            self._out.flush()


def _in_words(event: Event) -> str:
    match event:
        case SessionStarted():
            return f"session {event.session} begins"
        case SessionEnded():
            tally = event.summary.tally
            minutes = tally.judged * TICK_S / 60
            return (
                f"session ends: {minutes:.0f} min judged, {tally.slouches} slouches, {tally.alerts} reminders"
            )
        case SlouchStarted():
            return f"slouching, {event.flexion_deg:.0f}° from your neutral"
        case SlouchAlert():
            return f"reminder: {event.flexion_deg:.0f}° from your neutral"
        case SlouchEnded():
            return (
                f"slouch over after {event.t_s - event.started_s:.0f} s ({event.outcome.replace('_', ' ')})"
            )
        case BreakDue():
            return f"a break might be welcome: {event.still_s / 60:.0f} min without a change of posture"
        case SensorLost():
            return f"{event.place} sensor lost: {event.reason}"
        case SensorBack():
            return f"{event.place} sensor back after {event.lost_s:.1f} s"
        case WornChanged():
            return "put on" if event.worn else "taken off"
        case FitChanged(fit=Fit.DOUBTFUL | Fit.STALE):
            return event.reason
        case ProfileStale(stale=False):
            return "the calibration fits again"
        case _:
            return ""
