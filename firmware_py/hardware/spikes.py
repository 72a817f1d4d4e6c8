"""Samples that no body can make: one row far from both its neighbours.

A bit flipped on the wire changes one value of one sample. Behind the chips' low pass of about
20 Hz (of first or second order) true motion cannot leave a level and be back within two samples
of 10 ms, so a row is implausible when it lies far from the middle of its neighbours. The newest
row has no next one yet: it is implausible when it jumps away from the last good row, unless the row
before it had jumped to the same place (then it is a true step).
Flips of the lower bits pass; they are smaller than an ordinary movement.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPIKE_COUNTS = 2250.0
"""Distance from the middle of the neighbours, in counts of 1/32768 of the range. At ±4 g and
±500 °/s that is 0.27 g and 34 °/s: above 1 g at 10 Hz (0.19 g) or 200 °/s at 5 Hz (10 °/s),
below a flip of bit 12 (4096 counts)."""

JUMP_COUNTS = 3500.0
"""Distance of the newest row from the last good one."""


def any_jump(steps: NDArray[np.float32]) -> bool:
    """Cheap first look at the flat differences of neighbouring rows: False where none is large.

    The sum of all squares is never smaller than the largest one, and a dot product is the cheapest
    reduction that there is.
    """
    return bool(steps.dot(steps) > SPIKE_COUNTS * SPIKE_COUNTS)


def implausible_rows(
    counts: NDArray[np.float32], last_good: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which rows are spikes.

    Args:
        counts: (n + 1, 6) rows as read; row 0 is the newest of the read before, good or not.
        last_good: (6,) the newest good row of the reads before.

    Returns:
        (n,) True where row i + 1 is implausible, and the newest good row afterwards.
    """
    n = len(counts) - 1
    bad = np.zeros(n, dtype=bool)
    for row in range(1, n + 1):
        here = counts[row]
        if row < n:
            middle = 0.5 * (last_good + counts[row + 1])
            off = np.abs(here - middle).max() > SPIKE_COUNTS
            if off and np.abs(here - last_good).max() <= 1.25 * np.abs(counts[row + 1] - last_good).max():
                off = False  # a step or a slope: the next row has gone as far
        else:
            off = np.abs(here - last_good).max() > JUMP_COUNTS
            if off and np.abs(here - counts[row - 1]).max() <= JUMP_COUNTS:
                off = False
        bad[row - 1] = off
        if not off:
            last_good = here
    return bad, last_good.copy()
