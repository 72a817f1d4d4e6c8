"""Which posture a moment is, from the angles alone."""

from __future__ import annotations

from .events import Posture
from .rules import Rules


class Recogniser:
    """Angles -> posture, with a memory of the slouch it is in (the hysteresis)."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._slouched = False

    def step(
        self, flexion_deg: float, lateral_deg: float, upper_deg: float, lower_deg: float | None
    ) -> Posture:
        """The posture of one judged tick; angles in degrees as in `Reading`."""
        posture = self._classify(flexion_deg, lateral_deg, upper_deg, lower_deg)
        self._slouched = posture is Posture.SLOUCHED
        return posture

    def _classify(
        self, flexion_deg: float, lateral_deg: float, upper_deg: float, lower_deg: float | None
    ) -> Posture:
        rules = self._rules
        if abs(lateral_deg) >= rules.side_bend_deg:
            return Posture.SIDE_BENT
        if upper_deg <= -rules.lean_back_deg:
            return Posture.LEANING_BACK
        if flexion_deg >= (rules.slouch_exit_deg if self._slouched else rules.slouch_enter_deg):
            return Posture.SLOUCHED
        if lower_deg is not None and lower_deg >= rules.lean_forward_deg:
            return Posture.LEANING_FORWARD
        return Posture.UPRIGHT
