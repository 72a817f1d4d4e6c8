"""Whether a neutral is still the wearer's: the verdicts, their limits, the check of one upright moment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from .trunk import Vector


class Fit(StrEnum):
    """Whether the profile's neutral is the wearer's."""

    UNKNOWN = "unknown"
    FITS = "fits"
    DOUBTFUL = "doubtful"
    """Usable, and five upright seconds would make it better: ask for them."""
    STALE = "stale"
    """Not usable: angles from it would mislead."""


class FitCause(StrEnum):
    """Which witness a verdict rests on."""

    NOTHING = "nothing"
    """Nothing was seen yet."""
    NO_NEUTRAL = "no_neutral"
    PUTTING_ON = "putting_on"
    """How upright the wearer sat in the first minute."""
    SAT_UPRIGHT = "sat_upright"
    """The wearer came back to the neutral later."""
    SLIP = "slip"
    CREEP = "creep"
    WALKS = "walks"
    TURNED = "turned"
    """The wearer walks upright and the sensor does not."""


@dataclass(frozen=True, slots=True)
class FitVerdict:
    """What is known of the fit.

    Attributes:
        fit: the verdict.
        off_deg: by how much the neutral seems to be off; 0 where unknown.
        reason: one sentence for the wearer; empty where unknown.
        suggested_up: a neutral that would fit, unit vector in the body frame of the mounting, as
            `SetNeutral` takes it; None where there is none to suggest.
        cause: the witness.
    """

    fit: Fit
    off_deg: float
    reason: str
    suggested_up: Vector | None = None
    cause: FitCause = FitCause.NOTHING

    @property
    def stale(self) -> bool:
        """True where angles from this profile would mislead."""
        return self.fit is Fit.STALE


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
        home_s: who sits within `take_over_deg` for so long of a minute is at home in the neutral.
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
        walks_agree_deg: walks within so much of their middle agree; one walk differs from the next by 1–2°
            (simulated).
        turned_deg: off by more than this while walking, the sensor itself is turned.
    """

    take_over_deg: float = 5.0
    stale_deg: float = 7.5
    first_minute_s: float = 60.0
    still_s: float = 5.0
    home_s: float = 30.0
    still_rad_s: float = math.radians(6.0)
    settled_s: float = 20.0
    lasting_s: float = 45.0
    open_s: float = 300.0
    slip_deg: float = 6.0
    bout_s: float = 10.0
    stepping_m_s2: float = 0.8
    walking_lean_deg: float = 3.0
    walking_off_deg: float = 10.0
    walks_agree_deg: float = 3.0
    turned_deg: float = 45.0


def still_fits(up: Vector, rules: FitRules | None = None) -> FitVerdict:
    """What a moment of upright sitting says of the neutral.

    Args:
        up: unit vector "up" in the frame whose neutral is (0, 0, 1), the mean of some still seconds.
        rules: the limits.
    """
    rules = rules or FitRules()
    off = tilt_deg(up)
    if off <= rules.take_over_deg:
        reason = f"it sits as it did the last time, {off:.0f}° apart"
        return FitVerdict(Fit.FITS, off, reason, cause=FitCause.PUTTING_ON)
    fit = Fit.DOUBTFUL if off <= rules.stale_deg else Fit.STALE
    reason = f"it sits {off:.0f}° from the last time; sit upright for 5 s and press once"
    return FitVerdict(fit, off, reason, cause=FitCause.PUTTING_ON)


class NeutralOf(StrEnum):
    """When the profile's neutral was taken, as the run begins."""

    THIS_WEAR = "this_wear"
    """Just now, or from these very samples: it fits until the strap is taken off or moves."""
    ANOTHER_WEAR = "another_wear"
    """Yesterday, say: it is compared with how the wearer sits in the first minute."""
    NOBODY = "nobody"
    """Never: nothing can be judged until the wearer gives one."""


NO_NEUTRAL = "no upright of yours is known yet; sit upright for 5 s and press once"


def tilt_deg(up: Vector) -> float:
    """Angle of "up" from the neutral, degrees, 0 to 180."""
    x, y, z = up
    return math.degrees(math.atan2(math.hypot(x, y), z))
