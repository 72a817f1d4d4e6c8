"""The guided calibration in a live run: fed with every block, begun and told by button or network.

A finished guide's profile is kept at once. A new neutral is also in force at once, by `SetNeutral`; a new
mounting or sensor model turns the frame that everything is judged in, and is in force from the next start.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from .loop import Keep
from .posture.blocks import TrunkBlock
from .posture.events import Command, SetNeutral
from .posture.guidance import (
    GuideCommand,
    GuideCue,
    GuidePlan,
    GuideProgress,
    PressGuide,
    StartGuide,
)
from .posture.profile import CalibrationProfile


class Guided:
    """Stands where a recorder stands, before the core, and passes on to one.

    Args:
        profile: in force.
        folder: of the profiles.
        cue: takes what the motor should do.
        keep: the recorder behind, if there is one.
    """

    def __init__(
        self,
        profile: CalibrationProfile,
        folder: Path,
        cue: Callable[[GuideCue], None] = lambda cue: None,
        keep: Keep | None = None,
    ) -> None:
        from calibration.host import GuideHost
        from calibration.profiles import Profiles

        self._profiles = Profiles(folder)
        self._host = GuideHost(profile, self._keep_profile)
        self._cue = cue
        self._behind = keep
        self._wishes: list[Command] = []
        self._told: list[GuideProgress] = []
        self._asked: list[GuideCommand] = []

    @property
    def busy(self) -> bool:
        """Whether a guide is under way."""
        return self._host.busy

    def ask(self, command: GuideCommand) -> None:
        """Tell the guide something, from any thread; it listens at the next block."""
        self._asked.append(command)

    def neutral_press(self) -> None:
        """A long press of the button: begin to take a neutral, or go on where the guide waits for a press."""
        if not self.busy:
            self.ask(StartGuide(0.0, GuidePlan.NEUTRAL))
        self.ask(PressGuide(0.0))

    def block(self, block: TrunkBlock) -> None:
        """Let the guide see a block before the core does."""
        if self._behind is not None:
            self._behind.block(block)
        told: list[GuideProgress] = []
        while self._asked:
            told += self._host.tell(dataclasses.replace(self._asked.pop(0), t_s=block.until_s))
        told += self._host.feed(block)
        self._told += told
        for progress in told:
            if progress.cue is not GuideCue.NONE:
                self._cue(progress.cue)

    def command(self, command: Command) -> None:
        """Pass a command on to the recorder."""
        if self._behind is not None:
            self._behind.command(command)

    def wishes(self) -> list[Command]:
        """The neutral that a finished guide brought, once."""
        wishes, self._wishes = self._wishes, []
        return wishes

    def told(self) -> list[GuideProgress]:
        """What there is to show, since the last call."""
        told, self._told = self._told, []
        return told

    def _keep_profile(self, profile: CalibrationProfile) -> CalibrationProfile:
        kept = self._profiles.save(profile)
        lower = kept.lower.neutral.up if kept.lower is not None else None
        self._wishes.append(SetNeutral(0.0, kept.upper.neutral.up, lower))
        return kept
