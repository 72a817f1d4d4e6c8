"""The neutral in force: a command may change it in the middle of a run, at a tick, whatever the blocks.

The trunk states come in the frame of the profile's neutral; after `SetNeutral` they are turned into the
frame of the new one before anything judges them.
"""

from __future__ import annotations

import math

from msgspec import structs

from .correction import rotation_onto_up
from .events import SetNeutral
from .profile import CalibrationProfile
from .trunk import SegmentState, TrunkState, Vector

Turn = tuple[Vector, Vector, Vector]
"""Rows of a rotation from the frame of the profile's neutral to that of the one in force."""


class NeutralInForce:
    """Follows `SetNeutral`, and turns trunk states into the frame of what it last said."""

    def __init__(self, profile: CalibrationProfile) -> None:
        self._first_upper = self._upper = profile.upper.neutral.up
        self._first_lower = profile.lower.neutral.up if profile.lower else None
        self._turn_upper: Turn | None = None
        self._turn_lower: Turn | None = None

    def change(self, command: SetNeutral) -> float:
        """Take the new neutral; returns how far the upper one moved, degrees."""
        dot = sum(a * b for a, b in zip(self._upper, command.upper_up, strict=True))
        self._upper = command.upper_up
        self._turn_upper = _turn(self._first_upper, command.upper_up)
        if command.lower_up is not None and self._first_lower is not None:
            self._turn_lower = _turn(self._first_lower, command.lower_up)
        return math.degrees(math.acos(min(1.0, max(-1.0, dot))))

    def applied(self, state: TrunkState) -> TrunkState:
        """The state in the frame of the neutral in force; itself where no command changed that."""
        if self._turn_upper is None:
            return state
        return structs.replace(
            state,
            upper=_turned_segment(state.upper, self._turn_upper),
            lower=_turned_segment(state.lower, self._turn_lower),
        )


def _turn(was_up: Vector, now_up: Vector) -> Turn:
    """From the frame in which `was_up` is upright to the one in which `now_up` is (both body frame)."""
    x, y, z = (rotation_onto_up(now_up) @ rotation_onto_up(was_up).T).tolist()
    return (tuple(x), tuple(y), tuple(z))


def _turned_segment(segment: SegmentState | None, turn: Turn | None) -> SegmentState | None:
    if segment is None or turn is None:
        return segment
    up, gyr, acc = (_turned(v, turn) for v in (segment.up, segment.gyr_rad_s, segment.acc_m_s2))
    return structs.replace(segment, up=up, gyr_rad_s=gyr, acc_m_s2=acc)


def _turned(vector: Vector, turn: Turn) -> Vector:
    x, y, z = vector
    a, b, c = turn
    return (
        a[0] * x + a[1] * y + a[2] * z,
        b[0] * x + b[1] * y + b[2] * z,
        c[0] * x + c[1] * y + c[2] * z,
    )
