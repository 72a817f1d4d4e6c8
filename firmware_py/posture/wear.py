"""Worn or not: a back is never quite still and never upside down for long.

Theory of operation. Breathing and balance turn the upper back a little, all the time; a table does
not. So the angular rate between 0.1 and 2 Hz (which leaves out the gyroscope's bias and most of a
buzzing motor) is squared and averaged over *spells* of 5 s, long enough for one breath at rest
(12 to 20 a minute). Of the last four spells the second quietest counts, and where it was not worn
before the quietest of five: somebody who touches the chair it hangs on fills two or three spells, a
heart and a pair of lungs fill all. Own measurement of the second quietest, °/s: an MPU-6050 on a bench
at most 0.039; the upper back of 22 people sitting still at least 0.099. The threshold is the geometric
middle of 0.05 and 0.10, found earlier by another measure on fewer of them.

Moving is not enough: a hand, a bag and a car move as well. What is worn must also hang as a back does:
not upside down, and not shaken as in a step or on a road while it lies. To *become* worn it must not
turn end over end either, nor be swung about lying; once worn, slow exercises on the floor stay worn.
Limits: a carried bag in which it happens to hang upright, and the back of a driving car's seat, look
worn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from .trunk import TICK_S, TrunkState


class Wear(StrEnum):
    """Whether the sensor is on a back."""

    UNKNOWN = "unknown"
    WORN = "worn"
    NOT_WORN = "not_worn"


@dataclass(frozen=True, slots=True)
class WearVerdict:
    """What `WearDetector` thinks at a tick; `reason` is one plain phrase."""

    wear: Wear
    reason: str

    @property
    def worn(self) -> bool:
        """True only where it is decided that the sensor is worn."""
        return self.wear is Wear.WORN


@dataclass(frozen=True, slots=True)
class WearRules:
    """What the detector assumes.

    Attributes:
        still_rad_s: angular rate, root mean square over 0.1–2 Hz and all axes, below which nobody wears
            it: 0.07 °/s, see the head of this file.
        upside_down_deg: angle from neutral that no back holds for 20 s: lying is 90, a bow to the toes 120.
        lying_deg: angle from neutral above which the wearer would be lying.
        shaken_m_s2: spread of the specific force within a tick of what lies on a car's seat or in a carried
            bag: 0.3 to 3 m/s²; who lies and rests stays below 0.1 (simulated).
        swung_rad_s: rate above which something that lies is being carried about: 5 °/s, ten times a
            sleeper's turning (inference).
        steady: length of the mean of "up" (a unit vector) below which it turns end over end; bowing to the
            floor and up again, over and over, keeps 0.6.
    """

    still_rad_s: float = math.radians(0.07)
    upside_down_deg: float = 120.0
    lying_deg: float = 65.0
    swung_rad_s: float = math.radians(5.0)
    shaken_m_s2: float = 0.3
    steady: float = 0.5


UNDECIDED = WearVerdict(Wear.UNKNOWN, "not decided yet")
ON_A_BACK = WearVerdict(Wear.WORN, "it moves as a back does")
STILL = WearVerdict(Wear.NOT_WORN, "nothing has moved it for 20 seconds")
UPSIDE_DOWN = WearVerdict(Wear.NOT_WORN, "it is upside down")
CARRIED = WearVerdict(Wear.NOT_WORN, "it is being carried or handled")

SPELL_TICKS = round(5.0 / TICK_S)
SPELLS = 4
SETTLE_TICKS = round(4.0 / TICK_S)
"""Ticks left out at first: the high pass settles in 1.6 s, a start-up's transient in a little more."""
GAP_TICKS = round(2.0 / TICK_S)
"""Missing ticks after which the motion before a gap no longer says anything about that after it."""

Spell = tuple[float, float, float, float, float]
"""Sums over its ticks: square of the filtered rate, spread of the specific force, "up"."""

NO_TICKS = 0, 0.0, 0.0, 0.0, 0.0, 0.0
"""A spell of which nothing has passed: ticks, then the sums."""

# One-pole filters at 10 Hz: a = 1 − exp(−2π·f/10).
_HIGH_PASS = 1.0 - math.exp(-2.0 * math.pi * 0.1 * TICK_S)
_LOW_PASS = 1.0 - math.exp(-2.0 * math.pi * 2.0 * TICK_S)


class WearDetector:
    """Decides, tick by tick, whether the upper sensor is worn; first after 24 s, then every 5 s.

    It keeps its verdict while samples are missing; what is lost is the sensor, not the shirt.
    """

    def __init__(self, rules: WearRules | None = None) -> None:
        self._rules = rules or WearRules()
        self._verdict = UNDECIDED
        self._gap = 0
        self._forget()

    def _forget(self) -> None:
        self._wait = SETTLE_TICKS
        self._filter: tuple[float, float, float, float, float, float] | None = None
        self._spell = NO_TICKS
        self._spells: list[Spell] = []

    def step(self, state: TrunkState) -> WearVerdict:
        """Take the next tick, in order, and say what is thought of it now."""
        upper = state.upper
        if upper is None:
            self._gap += 1
            if self._gap == GAP_TICKS:
                self._forget()
            return self._verdict
        self._gap = 0
        p, q, r = upper.gyr_rad_s
        mp, mq, mr, lp, lq, lr = self._filter or (p, q, r, 0.0, 0.0, 0.0)
        mp += _HIGH_PASS * (p - mp)
        mq += _HIGH_PASS * (q - mq)
        mr += _HIGH_PASS * (r - mr)
        lp += _LOW_PASS * (p - mp - lp)
        lq += _LOW_PASS * (q - mq - lq)
        lr += _LOW_PASS * (r - mr - lr)
        self._filter = mp, mq, mr, lp, lq, lr
        if self._wait:
            self._wait -= 1
            return self._verdict
        ticks, energy, shaking, sx, sy, sz = self._spell
        x, y, z = upper.up
        ticks += 1
        energy += lp * lp + lq * lq + lr * lr
        self._spell = ticks, energy, shaking + upper.acc_rms_m_s2, sx + x, sy + y, sz + z
        if ticks == SPELL_TICKS:
            # The last four, and one more for what is being put on.
            self._spells = [*self._spells[-SPELLS:], self._spell[1:]]
            self._spell = NO_TICKS
            if len(self._spells) >= SPELLS:
                self._verdict = self._decide()
        return self._verdict

    def _decide(self) -> WearVerdict:
        rules = self._rules
        # What lay still must move for one spell more, and in every one, to be put on.
        put_on = self._verdict.wear is Wear.NOT_WORN
        energies = sorted(spell[0] for spell in (self._spells if put_on else self._spells[-SPELLS:]))
        rate = math.sqrt(energies[0 if put_on else 1] / SPELL_TICKS)
        if rate < rules.still_rad_s:
            return STILL
        x, y, z = (sum(spell[axis] for spell in self._spells[-SPELLS:]) for axis in (2, 3, 4))
        length = math.sqrt(x * x + y * y + z * z)
        tilt_deg = math.degrees(math.atan2(math.hypot(x, y), z))
        steady = length > rules.steady * SPELLS * SPELL_TICKS
        if steady and tilt_deg > rules.upside_down_deg:
            return UPSIDE_DOWN
        lying = tilt_deg > rules.lying_deg
        shaking = sum(spell[1] for spell in self._spells[-SPELLS:]) / (SPELLS * SPELL_TICKS)
        if steady and lying and shaking > rules.shaken_m_s2:
            return CARRIED
        if self._verdict.worn:
            return ON_A_BACK
        return CARRIED if not steady or (lying and rate > rules.swung_rad_s) else ON_A_BACK
