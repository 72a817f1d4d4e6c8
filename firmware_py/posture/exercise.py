"""What an exercise is: a starting position, a dose, and what a sensor on the upper back can see of it.

Exercises are data (`firmware_py/exercises.toml`, format: `docs/exercises.md`); nothing in the coach knows any
of them. An `Exercise` travels whole in the command that begins it, so a recording replays the same story
whatever the file has become since.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from ..errors import ConfigError
from .position import Position

_KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")

_RANGES: dict[str, tuple[float, float]] = {
    "move_s": (0.5, 15.0),
    "hold_s": (1.0, 120.0),
    "rest_s": (0.0, 300.0),
    "repetitions": (1, 50),
    "sets_a_day": (1, 20),
    "daily_limit": (1, 500),
}


class Axis(StrEnum):
    """Along which angle of the upper back a movement is looked for; signs as in `docs/frames.md`."""

    FLEXION = "flexion"
    LATERAL = "lateral"


@dataclass(frozen=True, slots=True)
class Visible:
    """What the movement does to the upper back.

    Attributes:
        axis: which angle changes.
        sign: -1 where it falls (extension, to the left), +1 where it grows (flexion, to the right).
        least_deg: a change smaller than this is not taken for the movement, 1.5 to 60.

    Raises:
        ConfigError: where a number makes no sense.
    """

    axis: Axis
    sign: int
    least_deg: float

    def __post_init__(self) -> None:
        if self.sign not in (-1, 1):
            raise ConfigError(f"sign is {self.sign}; -1 (the angle falls) or 1 (it grows) is needed")
        if not 1.5 <= self.least_deg <= 60.0:
            raise ConfigError(
                f"least_deg is {self.least_deg}; it must lie between 1.5 (breathing and sway are as large) "
                "and 60"
            )


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise; angles in degrees, times in seconds.

    Attributes:
        key: its name in files, messages and the store: small letters, digits and _, at most 32.
        position: where it starts from, never `UNCLEAR`.
        move_s: how long the slow movement takes, each way; 0.5 to 15.
        hold_s: how long the end of the movement is held; 1 to 120.
        rest_s: pause before the next repetition; 0 to 300.
        repetitions: in a set; 1 to 50.
        sets_a_day: how many sets are meant for a day; 1 to 20.
        daily_limit: repetitions that nobody goes beyond on one day; at most those of all sets.
        sees: what a sensor on the upper back can see of it; None for nothing.

    Raises:
        ConfigError: naming the field and what it may be.
    """

    key: str
    position: Position
    move_s: float
    hold_s: float
    rest_s: float
    repetitions: int
    sets_a_day: int
    daily_limit: int
    sees: Visible | None = None

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ConfigError(
                f"the key {self.key!r} must be 1 to 32 of a-z, 0-9 and _, beginning with a letter"
            )
        if self.position is Position.UNCLEAR:
            raise ConfigError("position is 'unclear'; an exercise starts from a position that can be told")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not math.isfinite(value) or not low <= value <= high:
                raise ConfigError(f"{name} is {value}; it must lie between {low:g} and {high:g}")
        whole = self.repetitions * self.sets_a_day
        if self.daily_limit > whole:
            raise ConfigError(
                f"daily_limit is {self.daily_limit}, and {self.sets_a_day} sets of {self.repetitions} "
                f"make {whole}; the limit can be no more"
            )
