"""Everyday movements of somebody who sits: out from the posture held, a moment there, and back.

One table. The sizes are guesses at how people move, generously spread, since what matters is that
none of them may be taken for a slouch.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .wearer_channels import Channel

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Move:
    """A movement away and back.

    Attributes:
        doing: its name in the truth.
        by: channel -> mean and spread (one sigma) of how far, in the units of `Channel`.
        out_s: shortest and longest time out; `there_s` and `back_s` likewise.
        held: what comes of it is a posture that is sat in, still; else the wearer moves all the while.
        one_sided: the sides (lateral, twist) are swapped half of the time.
        leaves: it leaves the posture by so much that what is returned to is that posture anew.
        shaking: cycles a second and swing of each channel while there; None without.
    """

    doing: str
    by: dict[Channel, Range]
    out_s: Range
    there_s: Range
    back_s: Range
    held: bool = False
    one_sided: bool = True
    leaves: bool = False
    shaking_hz: float = 0.0
    shaking: dict[Channel, float] = field(default_factory=dict)


_C = Channel

REACH = Move(
    "reach",
    {
        _C.UPPER_FLEXION: (18, 5),
        _C.LOWER_FLEXION: (8, 3),
        _C.UPPER_LATERAL: (6, 3),
        _C.UPPER_TWIST: (15, 5),
    },
    (0.6, 1.0),
    (0.3, 1.8),
    (0.7, 1.2),
    leaves=True,
)
BOW = Move(
    "bow_for_a_pen",
    {
        _C.UPPER_FLEXION: (72, 10),
        _C.LOWER_FLEXION: (34, 8),
        _C.UPPER_LATERAL: (12, 5),
        _C.UPPER_TWIST: (10, 5),
    },
    (0.9, 1.5),
    (0.5, 2.5),
    (1.0, 1.6),
    leaves=True,
)
ARMS_RAISED = Move(
    "arms_raised",
    {_C.UPPER_FLEXION: (-9, 3), _C.LOWER_FLEXION: (-2, 1), _C.UPPER_LATERAL: (1, 2)},
    (0.8, 1.4),
    (2.0, 12.0),
    (0.9, 1.4),
)
TURN_ROUND = Move(
    "turn_round",
    {
        _C.UPPER_TWIST: (35, 8),
        _C.UPPER_LATERAL: (4, 2),
        _C.UPPER_FLEXION: (-2, 2),
        _C.LOWER_LATERAL: (1, 1),
    },
    (0.7, 1.1),
    (0.8, 6.0),
    (0.8, 1.2),
)
CROSSED_LEGS = Move(
    "crossed_legs",
    {
        _C.LOWER_LATERAL: (4, 1.5),
        _C.LOWER_FLEXION: (-3, 1.5),
        _C.UPPER_LATERAL: (-2, 1),
        _C.UPPER_FLEXION: (1, 1.5),
    },
    (0.9, 1.5),
    (40.0, 240.0),
    (0.9, 1.5),
    held=True,
)
DRINK = Move(
    "drink",
    {_C.UPPER_FLEXION: (-5, 2), _C.LOWER_FLEXION: (-1, 1), _C.UPPER_TWIST: (4, 3)},
    (0.9, 1.4),
    (1.5, 4.0),
    (0.9, 1.4),
)
COUGH = Move(
    "cough",
    {_C.UPPER_FLEXION: (7, 2), _C.LOWER_FLEXION: (2, 1), _C.RISE: (-0.005, 0.002)},
    (0.18, 0.28),
    (0.05, 0.2),
    (0.4, 0.7),
    one_sided=False,
)
LAUGH = Move(
    "laugh",
    {_C.UPPER_FLEXION: (5, 3), _C.LOWER_FLEXION: (2, 1.5), _C.UPPER_LATERAL: (1, 2)},
    (0.5, 0.9),
    (2.0, 5.0),
    (0.6, 1.0),
    shaking_hz=4.6,
    shaking={_C.UPPER_FLEXION: 0.8, _C.UPPER_LATERAL: 0.2, _C.FORE: 0.001, _C.RISE: 0.0012},
)

HEAD_LIFT = Move(
    "head_lift",
    {_C.UPPER_FLEXION: (-11, 2)},
    (2.0, 3.0),
    (5.0, 5.5),
    (2.0, 3.0),
    one_sided=False,
)
"""Lying on the front, propped on the elbows: the head slowly up, held 5 s, slowly down."""

SCAPULAR_RETRACTION = Move(
    "scapular_retraction",
    {_C.UPPER_FLEXION: (-4, 1), _C.LOWER_FLEXION: (-0.5, 0.4), _C.FORE: (0.008, 0.002)},
    (1.5, 2.5),
    (10.0, 10.5),
    (1.5, 2.5),
    one_sided=False,
)
"""Standing: the shoulder blades slowly together, held 10 s, slowly apart."""

WHILE_SITTING = (REACH, BOW, ARMS_RAISED, TURN_ROUND, CROSSED_LEGS, DRINK, COUGH, LAUGH)
"""What people do at a desk beside working."""
