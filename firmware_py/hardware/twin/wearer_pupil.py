"""A simulated person who does what a guide says: beside the story, and blended into it.

The story of a wearer is written ahead; a guide asks now. So the pupil has a script of their own in which
every reaction is written as it is asked for, and for as long as a guide is under way their coordinates take
the place of the story's, smoothly: a share goes from 0 to 1 along minimum jerk, and with it, by the product
rule, both derivatives.

So that a rejection is seen as well, the pupil fidgets when asked to sit upright for the first time.
"""

from __future__ import annotations

import numpy as np

from ...posture.blocks import FloatArray
from ...posture.events import Posture
from ...posture.guidance import GuidePhase, GuideProgress, GuideStep
from .wearer_channels import Channel
from .wearer_curves import Steps, blended
from .wearer_person import Person, Pose
from .wearer_script import Script

REACTION_S = 0.15
"""Between hearing and moving; also what keeps the present, of which samples were taken, as it is."""

BLEND_S = 1.2
OFF_DEG = 2.0
"""How far the pupil sits from the neutral: upright again is not the same upright."""

ON_THE_TABLE = Pose(-90.0, 0.0, -90.0, 0.0)
SIDES = (
    Pose(0, 0, 0, 0),
    Pose(90, 0, 90, 0),
    Pose(180, 0, 180, 0),
    Pose(270, 0, 270, 0),
    Pose(360, 80, 360, 80),
    Pose(360, -80, 360, -80),
)
"""Each of a board's sides down, roughly, one turn after the other."""

SIDE_S = 4.5
BOW_DEG = 60.0
BOW_S = 2.2

_POSES = {
    GuideStep.SLOUCH: (Posture.SLOUCHED, 1.0),
    GuideStep.LEAN_FORWARD: (Posture.LEANING_FORWARD, 1.0),
    GuideStep.LEAN_BACK: (Posture.LEANING_BACK, 1.0),
    GuideStep.BEND_RIGHT: (Posture.SIDE_BENT, 1.0),
    GuideStep.BEND_LEFT: (Posture.SIDE_BENT, -1.0),
}


class Pupil:
    """One person, as long as guides ask.

    Args:
        person: who it is.
        fidgets: whether the first upright sitting of a guide is a restless one.
    """

    def __init__(self, person: Person, *, fidgets: bool = True) -> None:
        self._person = person
        self._fidgets = fidgets
        self._script = Script(person, seed=1)
        self._share = Steps()
        self._here = False
        self._asked_s = 0.0
        self._heard: tuple[int, GuidePhase, int] | None = None
        self._standing = False
        self._off_the_body = False

    def instead_of(self, story: FloatArray, t_s: FloatArray) -> FloatArray:
        """(channels, 3, n) coordinates at `t_s`: the story's, the pupil's, or on the way between.

        Args:
            story: (channels, 3, n) of the story.
            t_s: (n,) ascending; nothing that was asked for once is changed afterwards.
        """
        self._asked_s = max(self._asked_s, float(t_s[-1]))
        share = np.zeros((3, len(t_s)))
        self._share.add_to(t_s, share)
        if not share.any():
            return story
        return blended(story, self._script.channels.at(t_s), share)

    def hear(self, progress: GuideProgress | None) -> None:
        """React to where the guide is; a progress that repeats is nothing new."""
        if progress is None or progress.over:
            self._come_back()
            self._heard = None
            return
        now = (progress.index, progress.phase, progress.attempt)
        if now == self._heard or progress.step is None:
            return
        self._heard = now
        self._script.now_s = max(self._script.now_s, self._asked_s + REACTION_S)
        if not self._here:
            self._here = True
            self._share.add(self._script.now_s, BLEND_S, 1.0)
            self._pose(Pose(OFF_DEG), BLEND_S)
        if progress.phase is GuidePhase.READY:
            self._get_ready(progress.step)
        elif progress.phase is GuidePhase.COUNTDOWN and progress.step in _POSES:
            posture, side = _POSES[progress.step]
            own = self._person.poses[posture]
            self._pose(
                Pose(own.upper_deg, side * own.lateral_deg, own.lower_deg, side * own.lower_lateral_deg), 1.5
            )
        elif progress.phase is GuidePhase.HOLD:
            self._hold(progress.step, progress.attempt)

    def _get_ready(self, step: GuideStep) -> None:
        if step in (GuideStep.REST, GuideStep.SIDES):
            self._take_off()
            return
        if self._off_the_body:
            self._off_the_body = False
            self._script.aim(Channel.LIVELINESS, 1.0, 1.5)
        stands = step in (GuideStep.STAND, GuideStep.BOW)
        if stands is not self._standing:
            rise_m = self._person.seat_to_stand_m
            self._script.aim_by(Channel.RISE, rise_m if stands else -rise_m, 1.5)
            self._standing = stands
        self._pose(self._person.standing if stands else Pose(OFF_DEG), 1.5)

    def _take_off(self) -> None:
        self._off_the_body = True
        self._script.aim(Channel.LIVELINESS, 0.0, 1.0)
        self._pose(ON_THE_TABLE, 1.5)

    def _hold(self, step: GuideStep, attempt: int) -> None:
        script = self._script
        if step is GuideStep.BOW:
            script.wait(0.4)
            upright = self._person.standing
            self._pose(Pose(BOW_DEG, upright.lateral_deg, 0.5 * BOW_DEG, 0.0), BOW_S)
            script.wait(BOW_S)
            self._pose(upright, BOW_S)
            script.wait(BOW_S)
        elif step is GuideStep.SIDES:
            for side in SIDES:
                self._pose(side, 1.2)
                script.wait(SIDE_S)
        elif step is GuideStep.SIT and attempt == 1 and self._fidgets:
            script.wait(0.8)
            self._pose(Pose(OFF_DEG + 7.0), 1.0)
            script.wait(1.5)
            self._pose(Pose(OFF_DEG), 1.0)

    def _come_back(self) -> None:
        if not self._here:
            return
        self._here = False
        self._script.now_s = max(self._script.now_s, self._asked_s + REACTION_S)
        if self._off_the_body:
            self._off_the_body = False
            self._script.aim(Channel.LIVELINESS, 1.0, 1.5)
        if self._standing:
            self._standing = False
            self._script.aim_by(Channel.RISE, -self._person.seat_to_stand_m, 1.5)
        self._pose(Pose(), 1.5)
        self._script.wait(1.5)
        self._share.add(self._script.now_s, BLEND_S, -1.0)
        self._script.forget(self._asked_s - 60.0)

    def _pose(self, pose: Pose, in_s: float) -> None:
        """Bring the trunk there within `in_s`, without the wobble of everyday movements."""
        self._script.pose(pose, in_s)
