"""What a stretch of time amounted to, in the numbers that pages show. Figures add, like tallies.

Nothing here is padded: a share without judged time is None and the page says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import msgspec

from firmware_py.posture.trunk import TICK_S

from .tables import FIGURES

LEAST_JUDGED_FOR_A_RATE_S = 600.0
"""Below ten judged minutes a rate per hour says more about chance than about the wearer."""


class Figures(msgspec.Struct, frozen=True):
    """Counts of ticks (0.1 s) and of happenings; see `Tally`, whose part they are.

    A struct, because a year has thousands of them: a frozen dataclass takes ten times as long to make.
    """

    ticks: int = 0
    judged: int = 0
    upright: int = 0
    slouched: int = 0
    leaning_forward: int = 0
    leaning_back: int = 0
    side_bent: int = 0
    slouches: int = 0
    alerts: int = 0
    corrections: int = 0
    correction_ticks: int = 0

    @classmethod
    def of(cls, row: Any) -> Figures:  # Any: a row of the minutes or of a sum over them
        """The figures among a row's columns; a sum over no rows is zero."""
        return row if isinstance(row, Figures) else cls(*_counts(row))

    def __add__(self, other: Figures) -> Figures:
        return total((self, other))

    @property
    def recorded_s(self) -> float:
        """Time recorded, judged or not."""
        return self.ticks * TICK_S

    @property
    def judged_s(self) -> float:
        """Time whose posture is known."""
        return self.judged * TICK_S

    @property
    def unknown(self) -> int:
        """Ticks recorded whose posture is unknown."""
        return self.ticks - self.judged

    @property
    def upright_share(self) -> float | None:
        """Upright part of the judged time, 0–1; None where nothing was judged."""
        return self.upright / self.judged if self.judged else None

    @property
    def slouched_share(self) -> float | None:
        """Slouched part of the judged time, 0–1; None where nothing was judged."""
        return self.slouched / self.judged if self.judged else None

    @property
    def slouches_per_hour(self) -> float | None:
        """Slouches in a judged hour; None below ten judged minutes."""
        if self.judged_s < LEAST_JUDGED_FOR_A_RATE_S:
            return None
        return self.slouches / (self.judged_s / 3600.0)

    @property
    def correction_mean_s(self) -> float | None:
        """Mean time from a reminder to the corrected posture; None without one."""
        return self.correction_ticks * TICK_S / self.corrections if self.corrections else None


class Summed(Figures, frozen=True):
    """The figures of a stretch, and when it began and ended, ms since 1970 UTC."""

    start_utc_ms: int = 0
    end_utc_ms: int = 0


_counts = attrgetter(*FIGURES)


def total(parts: Iterable[Figures]) -> Figures:
    """The figures of all parts together."""
    counts = [_counts(part) for part in parts]
    return Figures(*map(sum, zip(*counts, strict=True)))
