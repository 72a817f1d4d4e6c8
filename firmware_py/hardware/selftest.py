"""The factory self-test: a chip pushes its own proof masses, and the answer is held against the factory's.

Each family says how its own goes (`self_test` of its driver); this is what they share. A still board
on a table is needed; afterwards the sensor has to be opened again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .clock import Clock

READINGS = 20
EVERY_S = 0.01
SETTLES_S = 0.2
"""Longer than every data sheet asks for (20 to 100 ms)."""


class AxisResult(NamedTuple):
    """One axis: what came back and what may come back, in `unit`."""

    axis: str
    response: float
    low: float
    high: float
    unit: str

    @property
    def passed(self) -> bool:
        """Whether the response lies inside."""
        return self.low <= self.response <= self.high


def average(read: Callable[[], NDArray[np.int16]], clock: Clock) -> NDArray[np.float64]:
    """Mean of (6,) readings, acceleration then rate, in counts, after the output has settled."""
    clock.sleep(SETTLES_S)
    total = np.zeros(6)
    for _ in range(READINGS):
        clock.sleep(EVERY_S)
        total += read()
    return total / READINGS


AXES = ("acc x", "acc y", "acc z", "gyr x", "gyr y", "gyr z")


def shares_of_factory(response: NDArray[np.float64], codes: bytes) -> tuple[AxisResult, ...]:
    """Share of the factory's response, by the code that InvenSense's chips since the MPU-6500 carry.

    The factory's response is 2620 · 1.01^(code − 1) counts in the smallest range (AN-MPU-9250A-03).
    Empty where a code is 0: nothing was measured at the factory.
    """
    if 0 in codes:
        return ()
    return tuple(
        AxisResult(axis, float(seen) / (2620.0 * 1.01 ** (code - 1)), 0.5, 1.5 if row < 3 else math.inf, "×")
        for row, (axis, seen, code) in enumerate(zip(AXES, response, codes, strict=True))
    )
