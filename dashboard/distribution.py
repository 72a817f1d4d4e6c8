"""Percentiles of the flexion counts in a tally."""

from __future__ import annotations

from collections.abc import Mapping


def percentile_deg(flexion: Mapping[int, int], share: float) -> float | None:
    """The angle below which `share` (0–1) of the judged ticks lie; None without any.

    Args:
        flexion: ticks by whole degree (floor), as in `Tally.flexion`; within a degree they are
            taken as evenly spread.
        share: 0.5 for the median.
    """
    wanted = share * sum(flexion.values())
    if not flexion or wanted < 0 or not any(flexion.values()):
        return None
    below = 0
    for degree in sorted(flexion):
        count = flexion[degree]
        if count and below + count >= wanted:
            return degree + (wanted - below) / count
        below += count
    return None


def share_above(flexion: Mapping[int, int], angle_deg: int) -> float | None:
    """Share (0–1) of the judged ticks at `angle_deg` or more; None without any."""
    judged = sum(flexion.values())
    if not judged:
        return None
    return sum(count for degree, count in flexion.items() if degree >= angle_deg) / judged
