"""How simulated people spend a sitting: one table."""

from __future__ import annotations

from dataclasses import dataclass

from .wearer_person import Style


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody spends a sitting, by their style. Times are means of exponential lengths.

    Attributes:
        upright_s: from one change of posture to the next, upright.
        slouch_s: a slouch, beyond five seconds.
        slouching: share of the changes that are slouches; the others are leaning.
        sliding: share of the slouches into which they slide over half a minute or two.
        lean_s: a lean.
        moves_per_hour: everyday movements.
        typing: share of upright time at the keyboard.
        sitting_s: from sitting down to getting up.
        fidget_every_s: small shifts.
    """

    upright_s: float
    slouch_s: float
    slouching: float
    sliding: float
    lean_s: float
    moves_per_hour: float
    typing: float
    sitting_s: float
    fidget_every_s: float


HABITS = {
    Style.STEADY: Habits(
        upright_s=300.0,
        slouch_s=180.0,
        slouching=0.6,
        sliding=0.4,
        lean_s=45.0,
        moves_per_hour=16.0,
        typing=0.7,
        sitting_s=1740.0,
        fidget_every_s=45.0,
    ),
    Style.RESTLESS: Habits(
        upright_s=150.0,
        slouch_s=50.0,
        slouching=0.5,
        sliding=0.1,
        lean_s=20.0,
        moves_per_hour=40.0,
        typing=0.5,
        sitting_s=540.0,
        fidget_every_s=18.0,
    ),
}
"""Of a working day, by the person's style. They get up one standard deviation less and more often than office
employees do (Ryan 2013, `docs/simulation.md`)."""

REMINDED = Habits(
    upright_s=200.0,
    slouch_s=40.0,
    slouching=0.6,
    sliding=0.15,
    lean_s=20.0,
    moves_per_hour=25.0,
    typing=0.6,
    sitting_s=870.0,
    fidget_every_s=25.0,
)
"""Of somebody who is reminded: many slouches, most of them short; they get up as often as the average
employee. The demonstration's weeks."""

LIVELY = Habits(
    upright_s=45.0,
    slouch_s=35.0,
    slouching=0.5,
    sliding=0.15,
    lean_s=12.0,
    moves_per_hour=80.0,
    typing=0.7,
    sitting_s=600.0,
    fidget_every_s=20.0,
)
"""Of the demonstration while somebody looks: something happens each minute."""
