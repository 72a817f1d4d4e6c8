"""The guided calibration at a terminal: Enter goes on, s skips, q leaves."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable, Iterable
from typing import TextIO

from firmware_py.posture.blocks import TrunkBlock
from firmware_py.posture.guidance import (
    GuideCommand,
    GuideCue,
    GuidePhase,
    GuidePlan,
    GuideProgress,
    LeaveGuide,
    PressGuide,
    SkipStep,
)
from firmware_py.posture.profile import CalibrationProfile
from firmware_py.posture.rating import Grade

from .guide import Guide
from .profiles import Profiles
from .quality import judge_quality

Keys = Callable[[], str | None]
"""What was typed since it was last asked, without waiting: a line, "" for Enter alone, None for nothing."""


def run(
    source: Iterable[TrunkBlock],
    profiles: Profiles,
    profile: CalibrationProfile,
    plan: GuidePlan = GuidePlan.FULL,
    *,
    keys: Keys | None = None,
    out: TextIO | None = None,
    cue: Callable[[GuideCue], None] | None = None,
) -> int:
    """Go through a plan with a person at the terminal.

    Args:
        source: live samples; their time is the guide's clock.
        profiles: where the new profile is kept.
        profile: the profile in force; its `sensor_id`s name the sensors.
        plan: what to go through.
        keys: where typing comes from; standard input if not said.
        out: where words go; standard output if not said.
        cue: takes what the motor should do.

    Returns:
        0 where a new profile was kept, 1 where it was left or was too poor to keep.
    """
    keys = keys or typed
    out = out or sys.stdout
    guide: Guide | None = None
    shown: tuple[GuidePhase, str] | None = None
    for block in source:
        told: list[GuideProgress] = []
        if guide is None:
            guide = Guide(profile, plan, block.until_s)
            told.append(guide.progress)
        line = keys()
        if line is not None:
            command = _command(line, block.until_s)
            if isinstance(command, SkipStep) and not guide.progress.optional:
                out.write("      This step cannot be left out.\n")
            told += guide.tell(command)
        told += guide.feed(block)
        for progress in told:
            shown = _say(out, progress, shown)
            if cue is not None and progress.cue is not GuideCue.NONE:
                cue(progress.cue)
        if guide.over:
            break
    if guide is None or guide.result is None:
        out.write("Nothing was changed.\n")
        return 1
    return _keep(out, profiles, guide.result)


def typed() -> str | None:
    """What was typed on standard input, without waiting for it; its end counts as leaving."""
    ready, _, _ = select.select([sys.stdin], [], [], 0.0)
    if not ready:
        return None
    line = sys.stdin.readline()
    return line.strip() if line else "q"


def _command(line: str, t_s: float) -> GuideCommand:
    match line.strip().lower():
        case "q" | "quit":
            return LeaveGuide(t_s)
        case "s" | "skip":
            return SkipStep(t_s)
        case _:
            return PressGuide(t_s)


def _say(
    out: TextIO, progress: GuideProgress, shown: tuple[GuidePhase, str] | None
) -> tuple[GuidePhase, str]:
    """Write what is new; a countdown and the seconds held stay on one line."""
    now = (progress.phase, progress.text)
    head = f"[{progress.index}/{progress.count}]"
    match progress.phase:
        case GuidePhase.READY:
            skip = "s: skip   " if progress.optional else ""
            out.write(f"\n{head} {progress.text}\n      Enter: go on   {skip}q: leave\n")
        case GuidePhase.COUNTDOWN:
            if now != shown:
                # Who has just pressed has just read it.
                read = shown == (GuidePhase.READY, progress.text)
                out.write(" " if read else f"\n{head} {progress.text}\n ")
            out.write(f" {progress.remaining_s}" if progress.remaining_s else "")
        case GuidePhase.HOLD:
            if now != shown:
                out.write("  now …")
            out.write(f" {progress.remaining_s}" if progress.remaining_s else "")
        case GuidePhase.ACCEPTED | GuidePhase.REJECTED:
            if now != shown:
                out.write(f"\n  {progress.text}\n")
        case GuidePhase.FINISHED | GuidePhase.LEFT:
            out.write(f"\n{progress.text}\n")
    out.flush()
    return now


def _keep(out: TextIO, profiles: Profiles, profile: CalibrationProfile) -> int:
    parts = (
        [("upper", profile.upper)]
        if profile.lower is None
        else [
            ("upper", profile.upper),
            ("lower", profile.lower),
        ]
    )
    judged = [(place, judge_quality(part.quality)) for place, part in parts]
    for place, judgement in judged:
        out.write(f"{place} sensor: {judgement.words}\n")
    if any(judgement.grade is Grade.POOR for _, judgement in judged):
        out.write("That is too poor to judge from, so nothing was changed; please begin again.\n")
        return 1
    profiles.save(profile)
    out.write(f"Kept in {profiles.path(profile.upper.sensor_id)}.\n")
    return 0
