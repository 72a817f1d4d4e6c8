"""The guided calibration: one procedure for the terminal, the button and the page.

A state machine without clock, screen or bus. Samples and commands go in, `GuideProgress` comes out,
and time is a field of the samples. Nothing in force changes before the end, so it can be left, or
its process killed, at any step without harm.

    state       what ends it
    READY       a press                        -> COUNTDOWN
    COUNTDOWN   its seconds are over           -> HOLD
    HOLD        its seconds are over: good     -> ACCEPTED
                                      not good -> REJECTED
    ACCEPTED    2 s                            -> READY of the next step, or COUNTDOWN where the wearer
                                                  need not be waited for (the next bow), or FINISHED
    REJECTED    4 s, or a press                -> COUNTDOWN of the same step; after the third time READY
    any         skip (where the step may be)   -> READY of the next step
    any         leave, or no samples for 10 s  -> LEFT
"""

from __future__ import annotations

import math

import numpy as np

from firmware_py.errors import CalibrationRejected
from firmware_py.posture.blocks import SensorBlock, TrunkBlock
from firmware_py.posture.guidance import (
    GuideCommand,
    GuideCue,
    GuidePhase,
    GuidePlan,
    GuideProgress,
    LeaveGuide,
    PressGuide,
    SkipStep,
    StartGuide,
)
from firmware_py.posture.profile import CalibrationProfile

from .quality import with_expected_error
from .steps import PLANS, Draft, Samples, Step

ACCEPTED_S = 2.0
REJECTED_S = 4.0
TRIES = 3
"""So many times in a row a step begins again by itself; then it waits for the wearer."""
SILENT_S = 10.0

ENDED = (GuidePhase.FINISHED, GuidePhase.LEFT)


class Guide:
    """One run through a plan.

    Args:
        profile: what is in force; what the plan does not measure is kept from it.
        plan: which steps.
        t_s: now, on the axis of the samples.

    Attributes:
        progress: what there is to show now.
        result: the new profile once FINISHED, else None.
    """

    def __init__(self, profile: CalibrationProfile, plan: GuidePlan, t_s: float = 0.0) -> None:
        self.result: CalibrationProfile | None = None
        self._draft = Draft(profile)
        self._plan = plan
        self._steps = PLANS[plan]
        self._at = 0
        self._attempt = 1
        self._ends_s = math.inf
        self._heard_s = t_s
        self._hold: list[TrunkBlock] = []
        self.progress = self._show(t_s, GuidePhase.READY, self._step.text, 0, GuideCue.NONE)

    @property
    def over(self) -> bool:
        """Whether it is finished or left."""
        return self.progress.phase in ENDED

    @property
    def _step(self) -> Step:
        return self._steps[min(self._at, len(self._steps) - 1)]

    def tell(self, command: GuideCommand) -> list[GuideProgress]:
        """Take a command; return what there is to show because of it."""
        if isinstance(command, StartGuide):
            raise ValueError("a guide goes through one plan; begin another one for another plan")
        if self.over:
            return []
        if isinstance(command, LeaveGuide):
            return [self._leave(command.t_s, "Left. Everything is as it was.")]
        if isinstance(command, SkipStep):
            if not self._step.optional or self.progress.phase is GuidePhase.ACCEPTED:
                return []
            return [self._go_on(command.t_s)]
        if isinstance(command, PressGuide) and self.progress.phase in (
            GuidePhase.READY,
            GuidePhase.REJECTED,
        ):
            return [self._count_down(command.t_s)]
        return []

    def feed(self, block: TrunkBlock) -> list[GuideProgress]:
        """Take samples, and with them time; return what there is to show, in order."""
        if self.over:
            return []
        if self.progress.phase is GuidePhase.HOLD:
            self._hold.append(block)
        now_s = block.until_s
        if len(block.upper):
            self._heard_s = max(self._heard_s, float(block.upper.t_s[-1]))
        if now_s - self._heard_s > SILENT_S:
            return [self._leave(now_s, "No samples for ten seconds; look at the sensor, then begin again.")]
        told = []
        while not self.over and now_s >= self._ends_s:
            told.append(self._pass(self._ends_s))
            if self.progress.phase is GuidePhase.HOLD:
                self._hold.append(block)  # it may have begun within this block
        left = self._remaining(now_s)
        if not self.over and left != self.progress.remaining_s:
            cue = GuideCue.TICK if self.progress.phase is GuidePhase.COUNTDOWN else GuideCue.NONE
            self.progress = self._show(now_s, self.progress.phase, self.progress.text, left, cue)
            told.append(self.progress)
        return told

    def _remaining(self, now_s: float) -> int:
        return 0 if self._ends_s == math.inf else max(0, math.ceil(self._ends_s - now_s - 1e-9))

    def _pass(self, t_s: float) -> GuideProgress:
        """A phase is over."""
        phase = self.progress.phase
        if phase is GuidePhase.COUNTDOWN:
            self._hold = []
            return self._enter(t_s, GuidePhase.HOLD, self._step.text, self._step.hold_s, GuideCue.GO)
        if phase is GuidePhase.HOLD:
            return self._measure(t_s)
        if phase is GuidePhase.REJECTED:
            if self._attempt <= TRIES:
                return self._count_down(t_s)
            self._attempt = 1
            return self._enter(t_s, GuidePhase.READY, self._step.text, math.inf, GuideCue.NONE)
        return self._go_on(t_s)

    def _measure(self, t_s: float) -> GuideProgress:
        draft = Draft(self._draft.profile, list(self._draft.up), [list(bows) for bows in self._draft.bows])
        try:
            samples = _joined(self._hold, len(draft.parts()), t_s - self._step.hold_s, t_s)
            text = self._step.measure(draft, samples)
        except CalibrationRejected as why:
            self._draft.bows = draft.bows
            self._attempt += 1
            return self._enter(t_s, GuidePhase.REJECTED, _sentence(str(why)), REJECTED_S, GuideCue.WRONG)
        finally:
            self._hold = []
        self._draft = draft
        return self._enter(t_s, GuidePhase.ACCEPTED, text, ACCEPTED_S, GuideCue.GOOD)

    def _go_on(self, t_s: float) -> GuideProgress:
        before = self._step
        self._at += 1
        self._attempt = 1
        if self._at == len(self._steps):
            self.result = with_expected_error(self._draft.profile)
            return self._enter(t_s, GuidePhase.FINISHED, "That was all. Thank you.", math.inf, GuideCue.GOOD)
        if self._step is before:
            return self._count_down(t_s)
        return self._enter(t_s, GuidePhase.READY, self._step.text, math.inf, GuideCue.NONE)

    def _count_down(self, t_s: float) -> GuideProgress:
        return self._enter(t_s, GuidePhase.COUNTDOWN, self._step.text, self._step.countdown_s, GuideCue.TICK)

    def _leave(self, t_s: float, text: str) -> GuideProgress:
        return self._enter(t_s, GuidePhase.LEFT, text, math.inf, GuideCue.NONE)

    def _enter(self, t_s: float, phase: GuidePhase, text: str, for_s: float, cue: GuideCue) -> GuideProgress:
        self._ends_s = t_s + for_s
        self.progress = self._show(t_s, phase, text, self._remaining(t_s), cue)
        return self.progress

    def _show(self, t_s: float, phase: GuidePhase, text: str, left: int, cue: GuideCue) -> GuideProgress:
        step = None if phase in ENDED else self._step.step
        count = len(self._steps)
        index = min(self._at + 1, count)
        return GuideProgress(t_s, self._plan, step, phase, index, count, self._attempt, text, left, cue)


def _joined(blocks: list[TrunkBlock], sensors: int, start_s: float, stop_s: float) -> Samples:
    """The samples of a hold, for each sensor of the profile."""
    joined = []
    for index in range(sensors):
        pieces = [block.upper if index == 0 else block.lower for block in blocks]
        there = [piece for piece in pieces if piece is not None and len(piece)]
        if not there:
            which = "upper" if index == 0 else "lower"
            raise CalibrationRejected(f"the {which} sensor said nothing; look at its cable, then once more")
        t_s = np.concatenate([piece.t_s for piece in there])
        inside = (t_s >= start_s) & (t_s <= stop_s)
        joined.append(
            SensorBlock(
                t_s[inside],
                np.concatenate([piece.acc_m_s2 for piece in there])[inside],
                np.concatenate([piece.gyr_rad_s for piece in there])[inside],
                there[-1].temp_c,
            )
        )
    return joined


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!")) else ".")
