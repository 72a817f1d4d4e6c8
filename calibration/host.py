"""The guide in a running monitor: begun, fed and ended by whoever asks, at most one at a time."""

from __future__ import annotations

from collections.abc import Callable

from firmware_py.posture.blocks import TrunkBlock
from firmware_py.posture.guidance import (
    GuideCommand,
    GuideCue,
    GuideMotion,
    GuideProgress,
    LeaveGuide,
    StartGuide,
)
from firmware_py.posture.profile import CalibrationProfile

from .guide import Guide


class GuideHost:
    """Holds the guide that is under way, if any.

    Args:
        profile: the profile in force.
        keep: takes the new profile of a finished guide (saves it, puts it in force) and returns it as it is
            in force from then on.

    Attributes:
        profile: the profile in force.
    """

    def __init__(
        self, profile: CalibrationProfile, keep: Callable[[CalibrationProfile], CalibrationProfile]
    ) -> None:
        self.profile = profile
        self._keep = keep
        self._guide: Guide | None = None

    @property
    def progress(self) -> GuideProgress | None:
        """What there is to show now; None where no guide was begun."""
        return None if self._guide is None else self._guide.progress

    @property
    def busy(self) -> bool:
        """Whether a guide is under way; reminders should rest meanwhile."""
        return self._guide is not None and not self._guide.over

    @property
    def motion(self) -> GuideMotion | None:
        """How the wearer moves at this moment of a hold."""
        return None if self._guide is None else self._guide.motion

    def tell(self, command: GuideCommand) -> list[GuideProgress]:
        """Take a command; `StartGuide` begins anew, whatever was under way."""
        if isinstance(command, StartGuide):
            self._guide = Guide(self.profile, command.plan, command.t_s)
            return [self._guide.progress]
        if self._guide is None:
            return []
        if isinstance(command, LeaveGuide) and self._guide.over:
            self._guide = None  # it was seen, and need not be shown any more
            return []
        return self._settle(self._guide, self._guide.tell(command))

    def feed(self, block: TrunkBlock) -> list[GuideProgress]:
        """Take samples; costs nothing while no guide is under way."""
        if self._guide is None or self._guide.over:
            return []
        return self._settle(self._guide, self._guide.feed(block))

    def _settle(self, guide: Guide, told: list[GuideProgress]) -> list[GuideProgress]:
        result = told[-1].result if told else None
        if guide.result is not None and result is not None and result.kept:
            self.profile = self._keep(guide.result)
        return told


def cues(told: list[GuideProgress]) -> list[GuideCue]:
    """What the motor should do, in order."""
    return [progress.cue for progress in told if progress.cue is not GuideCue.NONE]
