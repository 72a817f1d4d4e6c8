"""Does the calibration still fit? Asked when the strap is put on, and all the while it is worn.

Four witnesses, each of which can only see part of it:

- **putting on**: the most upright five still seconds of the first minute, against the neutral. A person
  who is asked to sit upright again comes back within 5° in 88 % of trials and within 8° in 96 % (own
  measurement on the sitting recordings, `docs/calibration.md`);
- **a slip**: a quick turn of the sensor about itself (`slip.py`) that has not gone back after 45 s;
- **walking**: nobody walks bent by much, so where "up" points while walking is a natural upright;
- **creep**: the upright that is returned to, over a quarter of an hour, moves off (`creep.py`).

What cannot be seen: a turn about the vertical (gravity does not show it), and with one sensor a slip
in the very moment of a large movement, before the next walk.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from .correction import rotation_onto_up
from .creep import CreepWatch
from .profile import CalibrationProfile
from .slip import Turn, TurnWatch
from .trunk import TICK_S, SegmentState, TrunkState, Vector
from .wear import WearVerdict


class Fit(StrEnum):
    """Whether the profile's neutral is the wearer's."""

    UNKNOWN = "unknown"
    FITS = "fits"
    DOUBTFUL = "doubtful"
    """Usable, and five upright seconds would make it better: ask for them."""
    STALE = "stale"
    """Not usable: angles from it would mislead."""


@dataclass(frozen=True, slots=True)
class FitVerdict:
    """What is known of the fit.

    Attributes:
        fit: the verdict.
        off_deg: by how much the neutral seems to be off; 0 where unknown.
        reason: one sentence for the wearer; empty where unknown.
        suggested_up: a neutral that would fit, unit vector in the body frame of the mounting, as
            `SetNeutral` takes it; None where there is none to suggest.
    """

    fit: Fit
    off_deg: float
    reason: str
    suggested_up: Vector | None = None

    @property
    def stale(self) -> bool:
        """True where angles from this profile would mislead."""
        return self.fit is Fit.STALE


LEVEL_TICKS = 50
LEVEL_DEG = 4.0
"""Five still seconds within this are one posture: breathing, sway and a fidget, not a change."""

UNDECIDED = FitVerdict(Fit.UNKNOWN, 0.0, "")


@dataclass(frozen=True, slots=True)
class FitRules:
    """What the checks assume.

    Attributes:
        take_over_deg: within this the last wear's neutral is taken over without a word of doubt.
        stale_deg: beyond this it no longer fits: half of the 15° that must be noticed whatever the wearer
            does, and with the 8° that an honest upright may be off still on the right side.
        first_minute_s: time after putting on in which an upright moment is waited for.
        still_s: length of a still moment; as long as the guide asks for.
        still_rad_s: rate, root mean square of a tick, below which a person sits still: 6 °/s.
        settled_s: after this the level before a supposed slip, held again, means that there was none.
        lasting_s: after this a slip that was to be undone is undone (a hand at the strap).
        open_s: a supposed slip whose level is never sat in for so long (a lean went between) is dropped.
        slip_deg: least slip that counts.
        bout_s: least length of a walk that says something, about ten strides.
        stepping_m_s2: spread of the specific force of walking; sitting and typing stay below 0.3, walking
            has 1.5 to 2.6 (own measurement on FORTH-TRACE).
        walking_lean_deg: how far people lean into a walk, from how they stand (inference: 2–3° on the level,
            8° on stairs).
        walking_off_deg: how far the middle of the last walks may be from that lean: stairs, and a bag on one
            shoulder (inference).
        turned_deg: off by more than this while walking, the sensor itself is turned.
    """

    take_over_deg: float = 5.0
    stale_deg: float = 7.5
    first_minute_s: float = 60.0
    still_s: float = 5.0
    still_rad_s: float = math.radians(6.0)
    settled_s: float = 20.0
    lasting_s: float = 45.0
    open_s: float = 300.0
    slip_deg: float = 6.0
    bout_s: float = 10.0
    stepping_m_s2: float = 0.8
    walking_lean_deg: float = 3.0
    walking_off_deg: float = 10.0
    turned_deg: float = 45.0


def still_fits(up: Vector, rules: FitRules | None = None) -> FitVerdict:
    """What a moment of upright sitting says of the neutral.

    Args:
        up: unit vector "up" in the frame whose neutral is (0, 0, 1), the mean of some still seconds.
        rules: the limits.
    """
    rules = rules or FitRules()
    off = _tilt_deg(up)
    if off <= rules.take_over_deg:
        return FitVerdict(Fit.FITS, off, f"it sits as it did the last time, {off:.0f}° apart")
    if off <= rules.stale_deg:
        return FitVerdict(
            Fit.DOUBTFUL, off, f"it sits {off:.0f}° from the last time; sit upright for 5 s and press once"
        )
    return FitVerdict(
        Fit.STALE, off, f"it sits {off:.0f}° from the last time; sit upright for 5 s and press once"
    )


class NeutralOf(StrEnum):
    """When the profile's neutral was taken, as the run begins."""

    THIS_WEAR = "this_wear"
    """Just now, or from these very samples: it fits until the strap is taken off or moves."""
    ANOTHER_WEAR = "another_wear"
    """Yesterday, say: it is compared with how the wearer sits in the first minute."""
    NOBODY = "nobody"
    """Never: nothing can be judged until the wearer gives one."""


NO_NEUTRAL = "no upright of yours is known yet; sit upright for 5 s and press once"


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
        self._neutral_of = neutral_of
        self._still_ticks = round(self._rules.still_s / TICK_S)
        self._first_ticks = round(self._rules.first_minute_s / TICK_S)
        self._settled_ticks = round(self._rules.settled_s / TICK_S)
        self._lasting_ticks = round(self._rules.lasting_s / TICK_S)
        self._open_ticks = round(self._rules.open_s / TICK_S)
        self._bout_ticks = round(self._rules.bout_s / TICK_S)
        self._turns = TurnWatch()
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
            self._verdict = FitVerdict(Fit.STALE, 0.0, NO_NEUTRAL)

    def set_neutral(self, upper_up: Vector) -> None:
        """The wearer gave a new neutral (`SetNeutral`): it fits, and what was doubted before is over.

        States go on to come in the frame of the profile's neutral. How the wearer stands is kept as a
        change from how they sit, since both have moved together.

        Args:
            upper_up: unit vector "up" of the upper sensor, body frame of the mounting.
        """
        self._onto_up = rotation_onto_up(upper_up)
        a, b, c = (self._onto_up @ rotation_onto_up(self._profile.up).T).tolist()
        self._turn = (tuple(a), tuple(b), tuple(c))
        self._neutral_of = NeutralOf.THIS_WEAR
        self._verdict = UNDECIDED
        self._begin_wear()

    def _begin_wear(self) -> None:
        self._first_left = self._first_ticks if self._neutral_of is NeutralOf.ANOTHER_WEAR else 0
        self._best: FitVerdict | None = None
        self._still_sum = (0.0, 0.0, 0.0)
        self._still = 0
        self._forget_slip()
        self._creep = CreepWatch()
        self._walk_sum = (0.0, 0.0, 0.0)
        self._walked = 0
        self._walks: deque[tuple[float, float]] = deque(maxlen=3)
        self._pause = 0
        self._turns.forget()

    def _forget_slip(self) -> None:
        self._slip = (0.0, 0.0)
        self._slip_age = -1
        self._levels: deque[tuple[float, float]] = deque(maxlen=LEVEL_TICKS)
        self._level_before = (0.0, 0.0)

    def step(self, state: TrunkState, wear: WearVerdict) -> FitVerdict:
        """Take the next tick and what is thought of the wear at it."""
        if self._neutral_of is NeutralOf.NOBODY:
            return self._verdict
        if not wear.worn:
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
            return self._verdict
        up = self._turned(upper.up)
        flexion, lateral = _angles_deg(up)
        quiet = upper.gyr_rms_rad_s < self._rules.still_rad_s
        if self._first_left:
            self._watch_first_minute(up, quiet)
        self._watch_slip(upper, flexion, lateral, quiet)
        self._watch_walk(upper.acc_rms_m_s2, up)
        if quiet and self._verdict.fit is not Fit.STALE:
            crept = self._creep.step(flexion, lateral)
            if crept is not None:
                off = math.hypot(*crept)
                self._say(
                    Fit.STALE,
                    off,
                    f"your upright has moved by {off:.0f}° little by little; the strap may be creeping",
                    (crept[0], crept[1]),
                )
        return self._verdict

    def _say(self, fit: Fit, off_deg: float, reason: str, moved: tuple[float, float] | None = None) -> None:
        suggested = None if moved is None else self._moved(moved)
        self._verdict = FitVerdict(fit, off_deg, reason, suggested)

    def _turned(self, up: Vector) -> Vector:
        """From the frame of the profile's neutral into that of the neutral in force."""
        (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = self._turn
        x, y, z = up
        return xx * x + xy * y + xz * z, yx * x + yy * y + yz * z, zx * x + zy * y + zz * z

    def _moved(self, by_deg: tuple[float, float]) -> Vector:
        """The neutral in force, turned by so much (flexion, lateral), body frame of the mounting."""
        f, s = (math.radians(angle) for angle in by_deg)
        up = (-math.sin(f) * math.cos(s), math.sin(s), math.cos(f) * math.cos(s))
        x, y, z = (self._onto_up.T @ up).tolist()
        return x, y, z

    def _watch_first_minute(self, up: Vector, quiet: bool) -> None:
        self._first_left -= 1
        if not quiet:
            self._still = 0
            self._still_sum = (0.0, 0.0, 0.0)
        else:
            self._still += 1
            self._still_sum = _plus(self._still_sum, up)
            if self._still == self._still_ticks:
                found = still_fits(_unit(self._still_sum), self._rules)
                if self._best is None or found.off_deg < self._best.off_deg:
                    self._best = found
                self._still = 0
                self._still_sum = (0.0, 0.0, 0.0)
        if self._best is not None and (self._best.fit is Fit.FITS or self._first_left == 0):
            self._first_left = 0
            self._verdict = self._best

    def _watch_slip(self, upper: SegmentState, flexion: float, lateral: float, quiet: bool) -> None:
        turn = self._turns.step(upper)
        if turn is not None and turn.about_itself:
            self._note_slip(turn)
        if quiet:
            self._levels.append((flexion, lateral))
        if self._slip_age < 0:
            return
        self._slip_age += 1
        if self._slip_age < self._settled_ticks:
            return
        if self._slip_age > self._open_ticks:
            self._forget_slip()
            return
        if not _is_one_level(self._levels):
            return
        slip, size = self._slip, math.hypot(*self._slip)
        moved = _minus(_middle(self._levels), self._level_before)
        if size < self._rules.slip_deg or math.hypot(*moved) < 0.4 * size:
            self._forget_slip()  # it has gone back: a hand at the strap, a laugh
        elif self._slip_age >= self._lasting_ticks and math.hypot(*_minus(moved, slip)) < 0.4 * size:
            self._forget_slip()
            self._say(Fit.STALE, size, f"the strap seems to have slipped by {size:.0f}°", slip)

    def _note_slip(self, turn: Turn) -> None:
        before = _angles_deg(self._turned(turn.before))
        if self._slip_age < 0:
            self._level_before = before
        change = _minus(_angles_deg(self._turned(turn.after)), before)
        self._slip = _plus2(self._slip, change)
        self._slip_age = 0
        self._levels.clear()

    def _watch_walk(self, acc_rms_m_s2: float, up: Vector) -> None:
        if acc_rms_m_s2 >= self._rules.stepping_m_s2:
            self._walked += 1
            self._pause = 0
            self._walk_sum = _plus(self._walk_sum, up)
            return
        self._pause += 1
        if self._pause < 10:
            return
        if self._walked >= self._bout_ticks:
            self._judge_walk(_unit(self._walk_sum))
        self._walked = 0
        self._walk_sum = (0.0, 0.0, 0.0)

    def _judge_walk(self, up: Vector) -> None:
        if _tilt_deg(up) > self._rules.turned_deg:
            self._say(Fit.STALE, _tilt_deg(up), "the sensor is turned: you walk upright and it does not")
            return
        flexion, lateral = _minus(_angles_deg(up), self._standing)
        self._walks.append((flexion - self._rules.walking_lean_deg, lateral))
        if len(self._walks) < 2:
            return
        off = _middle(self._walks)
        size = math.hypot(*off)
        if size > self._rules.walking_off_deg:
            reason = f"in your last {len(self._walks)} walks, upright was {size:.0f}° from the calibrated one"
            self._say(Fit.STALE, size, reason, off)


def _angles_deg(up: Vector) -> tuple[float, float]:
    """(flexion, lateral) of "up", degrees (`docs/frames.md`)."""
    x, y, z = up
    return math.degrees(math.atan2(-x, z)), math.degrees(math.asin(max(-1.0, min(1.0, y))))


def _tilt_deg(up: Vector) -> float:
    x, y, z = up
    return math.degrees(math.atan2(math.hypot(x, y), z))


def _unit(v: Vector) -> Vector:
    length = math.sqrt(sum(c * c for c in v)) or 1.0
    return v[0] / length, v[1] / length, v[2] / length


def _plus(a: Vector, b: Vector) -> Vector:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def _plus2(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return a[0] + b[0], a[1] + b[1]


def _minus(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return a[0] - b[0], a[1] - b[1]


def _is_one_level(levels: deque[tuple[float, float]]) -> bool:
    """Whether the last still moments are of one posture, held."""
    if len(levels) < LEVEL_TICKS:
        return False
    return all(max(angles) - min(angles) < LEVEL_DEG for angles in zip(*levels, strict=True))


def _middle(levels: deque[tuple[float, float]]) -> tuple[float, float]:
    if not levels:
        return 0.0, 0.0
    return median(level[0] for level in levels), median(level[1] for level in levels)
