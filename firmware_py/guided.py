"""The guided calibration in a live run: fed with every block, begun and told by button or network.

A finished guide's profile is kept at once. A new neutral is also in force at once, by `SetNeutral`. A new
mounting, sensor model or posture of one's own changes what everything before is judged from: `renewed` then
says that this run should end and another begin (`live.py` ends it, the composition root begins the other).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from .loop import Keep
from .posture.blocks import TrunkBlock
from .posture.events import Command, Event, FitChanged, SetNeutral
from .posture.fit import NeutralOf
from .posture.guidance import (
    AcceptNeutral,
    GuideCommand,
    GuideCue,
    GuidePhase,
    GuidePlan,
    GuideProgress,
    PressGuide,
    SkipStep,
    StartGuide,
)
from .posture.profile import CalibrationProfile
from .posture.rating import CalibrationInForce
from .posture.trunk import Vector

MOTION_EVERY_S = 0.25
"""How often the picture of a hold is shown: often enough to follow, seldom enough for a broker."""


class Guided:
    """Stands where a recorder stands, before the core, and passes on to one; a listener as well (`hear`).

    Args:
        profile: in force.
        folder: of the profiles.
        cue: takes what the motor should do.
        keep: the recorder behind, if there is one.
        neutral_of: when the profile's neutral was taken.
        shown: what a guide of the run before this one ended with, to be shown on.

    Attributes:
        renewed: whether what was calibrated is in force in another run only.
        shown: what there is to show; None where no guide was begun, or it was seen.
        in_force: what angles are counted from.
        watchers: called, between two blocks, whenever there is something else to show.
    """

    def __init__(
        self,
        profile: CalibrationProfile,
        folder: Path,
        cue: Callable[[GuideCue], None] = lambda cue: None,
        keep: Keep | None = None,
        neutral_of: NeutralOf = NeutralOf.THIS_WEAR,
        shown: GuideProgress | None = None,
    ) -> None:
        from calibration.host import GuideHost
        from calibration.profiles import Profiles

        self.renewed = False
        self.shown = None if shown is None else dataclasses.replace(shown, t_s=0.0, cue=GuideCue.NONE)
        self.watchers: list[Callable[[GuideProgress | None], None]] = []
        self.tell: Callable[[CalibrationInForce], None] = lambda told: None
        self._profiles = Profiles(folder)
        self._host = GuideHost(profile, self._keep_profile)
        self._cue = cue
        self._behind = keep
        self._wishes: list[Command] = []
        self._asked: list[GuideCommand] = []
        self._offered: Vector | None = None
        self._now_s = self._motion_due_s = 0.0
        self.in_force = _in_force(profile, 0.0, neutral_of)

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

    def request(self, command: GuideCommand | AcceptNeutral) -> str:
        """Carry out what somebody asks for, between two blocks; returns why not, empty where it was done."""
        if isinstance(command, AcceptNeutral):
            return self._accept()
        if isinstance(command, PressGuide | SkipStep):
            at = self.shown
            if at is None or not self.busy:
                return "no guide is under way"
            if command.index not in (None, at.index):
                return f"the guide is at step {at.index} by now"
            if isinstance(command, SkipStep) and not at.optional:
                return "this step cannot be left out"
            if isinstance(command, PressGuide) and at.phase not in (GuidePhase.READY, GuidePhase.REJECTED):
                return "the guide is not waiting"
        self._tell(command)
        return ""

    def block(self, block: TrunkBlock) -> None:
        """Let the guide see a block before the core does."""
        if self._behind is not None:
            self._behind.block(block)
        self._now_s = block.until_s
        while self._asked:
            self._tell(self._asked.pop(0))
        told = self._host.feed(block)
        for progress in told:
            held = progress.phase is GuidePhase.HOLD
            self._show(dataclasses.replace(progress, motion=self._host.motion) if held else progress)
        last = self._host.progress
        if last is not None and not told and self._now_s >= self._motion_due_s:
            motion = self._host.motion
            if motion is not None:
                self._motion_due_s = self._now_s + MOTION_EVERY_S
                self._show(dataclasses.replace(last, t_s=self._now_s, cue=GuideCue.NONE, motion=motion))

    def command(self, command: Command) -> None:
        """Pass a command on to the recorder."""
        if self._behind is not None:
            self._behind.command(command)

    def hear(self, event: Event) -> None:
        """Remember the neutral that the core offers."""
        if isinstance(event, FitChanged):
            self._offered = event.suggested_up

    def wishes(self) -> list[Command]:
        """The neutral that a finished guide brought, or that was accepted, once."""
        wishes, self._wishes = self._wishes, []
        return wishes

    def close(self) -> None:
        """The run ends: what a guide that is under way shows is true no longer."""
        if self.busy:
            self.shown = None
            for watch in self.watchers:
                watch(None)

    def _tell(self, command: GuideCommand) -> None:
        told = self._host.tell(dataclasses.replace(command, t_s=self._now_s))
        for progress in told:
            self._show(progress)
        if self._host.progress is None and self.shown is not None:
            self.shown = None
            for watch in self.watchers:
                watch(None)

    def _show(self, progress: GuideProgress) -> None:
        self.shown = progress
        if progress.cue is not GuideCue.NONE:
            self._cue(progress.cue)
        for watch in self.watchers:
            watch(progress)

    def _accept(self) -> str:
        if self._offered is None:
            return "no neutral is offered; begin the guide instead"
        if self.busy:
            return "a guide is under way; end it first"
        from calibration.neutral import with_neutral_moved

        profile = self._host.profile
        upper = with_neutral_moved(profile.upper, self._offered)
        self._host.profile = self._keep_profile(dataclasses.replace(profile, upper=upper))
        self._offered = None
        return ""

    def _keep_profile(self, profile: CalibrationProfile) -> CalibrationProfile:
        before = self._host.profile
        kept = self._profiles.save(profile)
        self.renewed = self.renewed or _without_neutral(kept) != _without_neutral(before)
        if not self.renewed:
            lower = kept.lower.neutral.up if kept.lower is not None else None
            self._wishes.append(SetNeutral(0.0, kept.upper.neutral.up, lower))
            self.in_force = _in_force(kept, self._now_s, NeutralOf.THIS_WEAR)
            self.tell(self.in_force)
        return kept


def _in_force(profile: CalibrationProfile, t_s: float, neutral_of: NeutralOf) -> CalibrationInForce:
    from calibration.quality import rating_of

    rating = None if neutral_of is NeutralOf.NOBODY else rating_of(profile)
    return CalibrationInForce(t_s, profile.made_at, neutral_of, rating)


def _without_neutral(profile: CalibrationProfile) -> tuple[object, ...]:
    """What a change of cannot take effect in mid-run."""
    parts = [profile.upper] if profile.lower is None else [profile.upper, profile.lower]
    return (profile.own_poses, *((part.sensor, part.mounting) for part in parts))
