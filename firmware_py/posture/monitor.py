"""The stages in order: blocks of samples go in, events come out."""

from __future__ import annotations

from .blocks import TrunkBlock
from .estimate import TrunkEstimator
from .events import Command, Event
from .fit import NeutralOf
from .judge import Judge
from .profile import CalibrationProfile
from .rules import Rules
from .sessions import Unfinished


class Monitor:
    """The whole core for one run: estimate the trunk at the sensor's rate, judge it ten times a second.

    The events do not depend on how the samples were cut into blocks.

    Args:
        profile: the calibration.
        rate_hz: the sensors' nominal rate.
        rules: the numbers of the judgement.
        run: an id that is unique for the device; sessions are named after it.
        neutral_of: when the profile's neutral was taken; one of another wear is checked at the beginning.
    """

    def __init__(
        self,
        profile: CalibrationProfile,
        rate_hz: float,
        rules: Rules | None = None,
        run: str = "run",
        neutral_of: NeutralOf = NeutralOf.THIS_WEAR,
    ) -> None:
        self._estimator = TrunkEstimator(profile, rate_hz)
        self._judge = Judge(profile, rules or Rules(), run, neutral_of)

    @property
    def next_s(self) -> float:
        """The earliest time at which a command can still take effect.

        Stamp a live command with this, or record it so: a replay then obeys it at the same tick.
        """
        return self._judge.next_s

    def feed(self, block: TrunkBlock) -> list[Event]:
        """Take the next block; returns what happened, in order of time."""
        events: list[Event] = []
        for state in self._estimator.feed(block):
            events += self._judge.step(state)
        return events

    def tell(self, command: Command) -> list[Event]:
        """Take a command. It takes effect at the first tick at or after its time that is still to come."""
        return self._judge.tell(command)

    def unfinished(self) -> Unfinished | None:
        """The minute of the open session that is not full yet, as it would be if the session ended now."""
        return self._judge.unfinished()

    def finish(self) -> list[Event]:
        """The samples are over: close the slouch, the minute and the session that are open."""
        return self._judge.finish()
