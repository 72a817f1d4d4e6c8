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
from dataclasses import replace

import numpy as np

from firmware_py.errors import CalibrationRejected
from firmware_py.posture.blocks import FloatArray, SensorBlock, TrunkBlock
from firmware_py.posture.guidance import (
    GuideCommand,
    GuideCue,
    GuideFinding,
    GuideMotion,
    GuidePhase,
    GuidePlan,
    GuideProgress,
    GuideResult,
    LeaveGuide,
    PressGuide,
    SkipStep,
    StartGuide,
)
from firmware_py.posture.profile import CalibrationProfile
from firmware_py.posture.rating import Grade, Rating

from .quality import rating_of, with_expected_error
from .steps import PLANS, Draft, Found, Samples, Step

ACCEPTED_S = 2.0
REJECTED_S = 4.0
MOTION_S = 0.3
"""The picture of a hold compares means over this: long enough for the noise, short enough to look alive."""
TRIES = 3
"""So many times in a row a step begins again by itself; then it waits for the wearer."""
SILENT_S = 10.0


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
        self._before = profile
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
        return self.progress.over

    @property
    def motion(self) -> GuideMotion | None:
        """How the wearer moves at this moment of a hold; None where that does not matter."""
        step = self._step
        if self.progress.phase is not GuidePhase.HOLD or (step.at_most_deg is step.at_least_deg is None):
            return None
        blocks = [block.upper for block in self._hold if len(block.upper)]
        if not blocks:
            return None
        t_s = np.concatenate([block.t_s for block in blocks])
        acc = np.concatenate([block.acc_m_s2 for block in blocks])
        began_s = self._ends_s - step.hold_s
        first = acc[(t_s >= began_s) & (t_s <= began_s + MOTION_S)]
        last = acc[t_s > t_s[-1] - MOTION_S]
        if not len(first):
            return None
        moved_deg = _angle_deg(np.nanmean(first, axis=0), np.nanmean(last, axis=0))
        if not math.isfinite(moved_deg):
            return None
        return GuideMotion(moved_deg, step.at_most_deg, step.at_least_deg)

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
            return [self._leave(command.t_s, "Left. Everything is as it was.", GuideFinding.LEFT_BY_WEARER)]
        if isinstance(command, SkipStep | PressGuide) and command.index not in (None, self.progress.index):
            return []
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
            words = "No samples for ten seconds; look at the sensor, then begin again."
            return [self._leave(now_s, words, GuideFinding.NO_SAMPLES)]
        told = []
        while not self.over and now_s >= self._ends_s:
            told.append(self._pass(self._ends_s))
            if self.progress.phase is GuidePhase.HOLD:
                self._hold.append(block)  # it may have begun within this block
        left = self._remaining(now_s)
        if not self.over and left != self.progress.remaining_s:
            cue = GuideCue.TICK if self.progress.phase is GuidePhase.COUNTDOWN else GuideCue.NONE
            self.progress = replace(self.progress, t_s=now_s, remaining_s=left, cue=cue)
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
            found = self._step.measure(draft, samples)
        except CalibrationRejected as why:
            self._draft.bows = draft.bows
            self._attempt += 1
            reason = Found(_sentence(str(why)), GuideFinding(why.finding), why.values)
            return self._enter(t_s, GuidePhase.REJECTED, reason, REJECTED_S, GuideCue.WRONG)
        finally:
            self._hold = []
        self._draft = draft
        return self._enter(t_s, GuidePhase.ACCEPTED, found, ACCEPTED_S, GuideCue.GOOD)

    def _go_on(self, t_s: float) -> GuideProgress:
        before = self._step
        self._at += 1
        self._attempt = 1
        if self._at == len(self._steps):
            return self._finish(t_s)
        if self._step is before:
            return self._count_down(t_s)
        return self._enter(t_s, GuidePhase.READY, self._step.text, math.inf, GuideCue.NONE)

    def _count_down(self, t_s: float) -> GuideProgress:
        return self._enter(t_s, GuidePhase.COUNTDOWN, self._step.text, self._step.countdown_s, GuideCue.TICK)

    def _finish(self, t_s: float) -> GuideProgress:
        self.result = with_expected_error(self._draft.profile)
        after = rating_of(self.result)
        kept = after.grade is not Grade.POOR
        found = Found("That was all. Thank you.", GuideFinding.ALL_DONE)
        if not kept:
            found = Found(
                "That is too poor to judge from, so nothing was changed; please begin again.",
                GuideFinding.TOO_POOR,
            )
        progress = self._enter(t_s, GuidePhase.FINISHED, found, math.inf, GuideCue.GOOD)
        self.progress = replace(
            progress, result=GuideResult(kept, self._rating_before(), after, self._turned_deg(self.result))
        )
        return self.progress

    def _rating_before(self) -> Rating | None:
        return rating_of(self._before) if self._before.made_at else None

    def _turned_deg(self, after: CalibrationProfile) -> float | None:
        was, now = self._before.upper, after.upper
        if was.mounting != now.mounting or not self._before.made_at:
            return None
        return _angle_deg(np.array(was.neutral.up), np.array(now.neutral.up))

    def _leave(self, t_s: float, text: str, why: GuideFinding) -> GuideProgress:
        return self._enter(t_s, GuidePhase.LEFT, Found(text, why), math.inf, GuideCue.NONE)

    def _enter(
        self, t_s: float, phase: GuidePhase, says: str | Found, for_s: float, cue: GuideCue
    ) -> GuideProgress:
        self._ends_s = t_s + for_s
        self.progress = self._show(t_s, phase, says, self._remaining(t_s), cue)
        return self.progress

    def _show(
        self, t_s: float, phase: GuidePhase, says: str | Found, left: int, cue: GuideCue
    ) -> GuideProgress:
        ended = phase in (GuidePhase.FINISHED, GuidePhase.LEFT)
        count = len(self._steps)
        found = says if isinstance(says, Found) else None
        return GuideProgress(
            t_s,
            self._plan,
            None if ended else self._step.step,
            phase,
            min(self._at + 1, count),
            count,
            self._attempt,
            says.text if isinstance(says, Found) else says,
            left,
            cue,
            self._step.optional and not ended,
            None if found is None else found.finding,
            {} if found is None else {name: round(value, 2) for name, value in found.values.items()},
        )


def _joined(blocks: list[TrunkBlock], sensors: int, start_s: float, stop_s: float) -> Samples:
    """The samples of a hold, for each sensor of the profile."""
    joined = []
    for index in range(sensors):
        pieces = [block.upper if index == 0 else block.lower for block in blocks]
        there = [piece for piece in pieces if piece is not None and len(piece)]
        if not there:
            which = "upper" if index == 0 else "lower"
            raise CalibrationRejected(
                f"the {which} sensor said nothing; look at its cable, then once more",
                GuideFinding.UPPER_SILENT if index == 0 else GuideFinding.LOWER_SILENT,
            )
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


def _angle_deg(a: FloatArray, b: FloatArray) -> float:
    """Angle between two (3,) vectors, degrees."""
    return math.degrees(math.atan2(float(np.linalg.norm(np.cross(a, b))), float(a @ b)))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!")) else ".")
