"""Does the calibration still fit? Asked when the strap is put on, and all the while it is worn.

Four witnesses, each of which can only see part of it:

- **putting on**: the most upright five still seconds of the first minute, against the neutral. A person
  who is asked to sit upright again comes back within 5° in 88 % of trials and within 8° in 96 % (own
  measurement on the sitting recordings, `docs/calibration.md`);
- **a slip**: a quick turn of the sensor about itself (`travel.py`) that has not gone back after 45 s
  (`slip.py`);
- **walking**: nobody walks bent by much, so where "up" points while walking is a natural upright;
- **creep**: all postures that are returned to move off little by little (`creep.py`): first a doubt, which
  is shown and calls nobody, then stale.

What cannot be seen: a turn about the vertical (gravity does not show it), and with one sensor a slip
in the very moment of a large movement, before the next walk.
"""

from __future__ import annotations

import math

from .arms import ArmWatch
from .correction import rotation_onto_up
from .creep import Creeps, CreepVerdict, CreepWatch
from .neutral_check import (
    NO_NEUTRAL,
    UNDECIDED,
    Fit,
    FitCause,
    FitRules,
    FitVerdict,
    NeutralOf,
    still_fits,
    tilt_deg,
)
from .profile import CalibrationProfile
from .putting_on import PuttingOn
from .slip import SlipWatch
from .travel import Turn, TurnWatch
from .trunk import TrunkState, Vector
from .walks import Walks
from .wear import Wear, WearVerdict

__all__ = ["Fit", "FitChecker", "FitRules", "FitVerdict", "NeutralOf", "still_fits"]


OF_PUTTING_ON = (FitCause.NOTHING, FitCause.PUTTING_ON, FitCause.SAT_UPRIGHT)
"""Verdicts that a later look at the same question may change."""

MENDED_BY_WALKS = (*OF_PUTTING_ON, FitCause.WALKS)
"""Doubts that walks take away: a slip or a creep has a witness of its own."""


class FitChecker:
    """Follows the ticks of a run and says whether the profile in force still fits.

    Args:
        profile: what is checked; trunk states come in the frame of its neutral.
        rules: the limits.
        neutral_of: when the profile's neutral was taken.
    """

    def __init__(
        self,
        profile: CalibrationProfile,
        rules: FitRules | None = None,
        neutral_of: NeutralOf = NeutralOf.THIS_WEAR,
    ) -> None:
        self._rules = rules or FitRules()
        self._still_rad_s = self._rules.still_rad_s
        self._stepping_m_s2 = self._rules.stepping_m_s2
        self._neutral_of = neutral_of
        self._turns = TurnWatch()
        self._arms = ArmWatch()
        self._verdict = UNDECIDED
        self._worn = False
        self._profile = profile.upper.neutral
        self._standing = (0.0, 0.0)
        if self._profile.standing_up is not None:
            x, y, z = (rotation_onto_up(self._profile.up) @ self._profile.standing_up).tolist()
            self._standing = _angles_deg((x, y, z))
        self.set_neutral(self._profile.up)
        self._neutral_of = neutral_of
        if neutral_of is NeutralOf.NOBODY:
            self._verdict = FitVerdict(Fit.STALE, 0.0, NO_NEUTRAL, cause=FitCause.NO_NEUTRAL)

    def set_neutral(self, upper_up: Vector) -> None:
        """The wearer gave a new neutral (`SetNeutral`): it fits, and what was doubted before is over.

        States go on to come in the frame of the profile's neutral. How the wearer stands is kept as a
        change from how they sit, since both have moved together.

        Args:
            upper_up: unit vector "up" of the upper sensor, body frame of the mounting.
        """
        self._onto_up = rotation_onto_up(upper_up)
        a, b, c = (self._onto_up @ rotation_onto_up(self._profile.up).T).tolist()
        self._turn = None if upper_up == self._profile.up else (tuple(a), tuple(b), tuple(c))
        self._neutral_of = NeutralOf.THIS_WEAR
        self._verdict = UNDECIDED
        self._begin_wear()

    def _begin_wear(self) -> None:
        compared = self._neutral_of is NeutralOf.ANOTHER_WEAR
        self._putting_on = PuttingOn(self._rules) if compared else None
        self._slips = SlipWatch(self._rules)
        self._creep = CreepWatch()
        self._walks = Walks(self._rules, self._standing)
        self._turns.forget()
        self._arms.forget()

    def step(self, state: TrunkState, wear: WearVerdict) -> FitVerdict:
        """Take the next tick and what is thought of the wear at it."""
        if self._neutral_of is NeutralOf.NOBODY:
            return self._verdict
        if wear.wear is not Wear.WORN:
            if self._worn:
                self._neutral_of = NeutralOf.ANOTHER_WEAR
            self._worn = False
            return self._verdict
        if not self._worn:
            self._worn = True
            self._verdict = UNDECIDED
            self._begin_wear()
        upper = state.upper
        if upper is None or not upper.trusted:
            self._turns.forget()
            self._arms.forget()
            return self._verdict
        up = upper.up if self._turn is None else self._turned(upper.up)
        quiet = upper.gyr_rms_rad_s < self._still_rad_s
        if self._putting_on is not None:
            self._compare(self._putting_on, up, quiet)
        turn = self._turns.step(upper)
        if turn is not None:
            self._take_turn(turn)
        if self._slips.open:
            slip = self._slips.step(_angles_deg(up), quiet)
            if slip is not None:
                self._take_slip(slip)
        tick, walks = state.tick, self._walks
        if upper.acc_rms_m_s2 >= self._stepping_m_s2:
            walks.take_step(tick, up)
        elif walks.walking:
            walked_up = walks.pause(tick)
            if walked_up is not None:
                self._take_walk(tick, walked_up)
        if not quiet:
            walks.move(tick, up)
        if tick >= walks.seated_from and self._verdict.fit is not Fit.STALE:
            arm = self._arms.step(upper)
            if arm is not None:
                self._creep.bent(tick, arm)
            if quiet:
                crept = self._creep.step(tick, up)
                if crept is not None:
                    self._take_creep(crept)
            else:
                self._creep.moved(up)
        else:
            self._arms.forget()
        return self._verdict

    def _compare(self, putting_on: PuttingOn, up: Vector, quiet: bool) -> None:
        found = putting_on.step(up, quiet)
        if found is not None and self._verdict.cause in OF_PUTTING_ON:
            self._verdict = found
        if putting_on.over:
            self._putting_on = None

    def _take_creep(self, crept: CreepVerdict) -> None:
        known, off = self._verdict, math.hypot(*crept.moved_deg)
        doubted = known.fit is Fit.DOUBTFUL and known.cause is FitCause.CREEP
        grown = off >= known.off_deg + 1.0
        moved = f"your upright has moved by {off:.0f}° little by little; the strap may be creeping"
        if crept.creeps is Creeps.YES:
            self._say(Fit.STALE, FitCause.CREEP, off, moved, crept.moved_deg)
        elif crept.creeps is Creeps.MAYBE and (known.fit is not Fit.DOUBTFUL or (doubted and grown)):
            self._say(Fit.DOUBTFUL, FitCause.CREEP, off, f"{moved}: 5 upright seconds would make sure")
        elif crept.creeps is Creeps.NO and doubted:
            self._say(Fit.FITS, FitCause.CREEP, off, "your upright is where it was; the strap has not crept")

    def _say(
        self, fit: Fit, cause: FitCause, off_deg: float, reason: str, moved: tuple[float, float] | None = None
    ) -> None:
        suggested = None if moved is None else self._moved(moved)
        self._verdict = FitVerdict(fit, off_deg, reason, suggested, cause)

    def _turned(self, up: Vector) -> Vector:
        """From the frame of the profile's neutral into that of the neutral in force."""
        if self._turn is None:
            return up
        (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = self._turn
        x, y, z = up
        return xx * x + xy * y + xz * z, yx * x + yy * y + yz * z, zx * x + zy * y + zz * z

    def _moved(self, by_deg: tuple[float, float]) -> Vector:
        """The neutral in force, turned by so much (flexion, lateral), body frame of the mounting."""
        f, s = (math.radians(angle) for angle in by_deg)
        up = (-math.sin(f) * math.cos(s), math.sin(s), math.cos(f) * math.cos(s))
        x, y, z = (self._onto_up.T @ up).tolist()
        return x, y, z

    def _take_turn(self, turn: Turn) -> None:
        before, after = (_angles_deg(self._turned(up)) for up in (turn.before, turn.after))
        self._slips.turned(turn, before, after)

    def _take_slip(self, slip: tuple[float, float]) -> None:
        size = math.hypot(*slip)
        self._say(Fit.STALE, FitCause.SLIP, size, f"the strap seems to have slipped by {size:.0f}°", slip)

    def _take_walk(self, tick: int, walked_up: Vector) -> None:
        flexion, lateral = _angles_deg(walked_up)
        self._creep.walked(tick, flexion, lateral, self._walks.lasted_s)
        if tilt_deg(walked_up) > self._rules.turned_deg:
            reason = "the sensor is turned: you walk upright and it does not"
            self._say(Fit.STALE, FitCause.TURNED, tilt_deg(walked_up), reason)
            return
        off = self._walks.off(flexion, lateral)
        if off is None:
            return
        size, known = math.hypot(*off), self._verdict
        in_walks = f"in your last {self._walks.count} walks, upright was {size:.0f}° from the calibrated one"
        if size > self._rules.walking_off_deg:
            self._say(Fit.STALE, FitCause.WALKS, size, in_walks, off)
        elif size > self._rules.stale_deg:
            if self._walks.agree and known.fit is not Fit.STALE:
                self._say(Fit.DOUBTFUL, FitCause.WALKS, size, in_walks, off)
        elif (
            size <= self._rules.take_over_deg and known.cause in MENDED_BY_WALKS and known.fit is not Fit.FITS
        ):
            self._say(Fit.FITS, FitCause.WALKS, size, "your last walks agree with the calibration")


def _angles_deg(up: Vector) -> tuple[float, float]:
    """(flexion, lateral) of "up", degrees (`docs/frames.md`)."""
    x, y, z = up
    return math.degrees(math.atan2(-x, z)), math.degrees(math.asin(max(-1.0, min(1.0, y))))
