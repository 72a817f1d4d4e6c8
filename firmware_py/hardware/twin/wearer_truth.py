"""What a simulated wearer truly does, and when: the answers that a judgement is held against."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ...posture.events import Activity, Posture


@dataclass(frozen=True, slots=True)
class Label:
    """A stretch of time and what the wearer does in it.

    Attributes:
        start_s: from here …
        end_s: … up to here, where the next label begins.
        doing: in one word, such as `typing`, `reach`, `walking`, `on_the_table`.
        posture: UNKNOWN where no posture is held.
        activity: STILL, MOVING or LYING; UNKNOWN while not worn.
        worn: whether the sensors are on the person.
    """

    start_s: float
    end_s: float
    doing: str
    posture: Posture
    activity: Activity
    worn: bool


@dataclass(frozen=True, slots=True)
class TrueSlouch:
    """A slouch the wearer meant to take.

    Attributes:
        start_s: the spine begins to bend.
        end_s: it begins to straighten, or the wearer moves off.
        depth_deg: the flexion that is taken, from neutral, as the upper sensor sees it.
    """

    start_s: float
    end_s: float
    depth_deg: float


class Truth:
    """The labels of a script, in order and without gaps."""

    def __init__(self, labels: Sequence[Label], slouches: Sequence[TrueSlouch]) -> None:
        self.labels = tuple(labels)
        self.slouches = tuple(slouches)
        self._starts_s = [label.start_s for label in self.labels]

    def at(self, t_s: float) -> Label:
        """What the wearer does at `t_s`; the first or last label outside of the script."""
        return self.labels[max(0, bisect_right(self._starts_s, t_s) - 1)]

    def during(self, start_s: float, end_s: float) -> tuple[Label, ...]:
        """All labels that touch the stretch."""
        return tuple(label for label in self.labels if label.start_s < end_s and label.end_s > start_s)
