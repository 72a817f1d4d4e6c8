"""Sensor streams with known content, and ways to cut the same story into blocks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from firmware_py.posture.blocks import FloatArray, Remark, SensorBlock, TrunkBlock
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.trunk import SegmentState, TrunkState


def still(
    t_s: FloatArray, acc_m_s2: Sequence[float] = (9.80665, 0.0, 0.0), temp_c: float = 30.0
) -> SensorBlock:
    """A sensor at rest; by default a board flat on an upright back (its x axis up)."""
    n = len(t_s)
    return SensorBlock(t_s, np.tile(np.asarray(acc_m_s2), (n, 1)), np.zeros((n, 3)), temp_c)


def swaying(t_s: FloatArray, seed: int) -> SensorBlock:
    """A back that bows and sways, its rate and gravity consistent, with noise of a real chip's size.

    The board lies flat on the back (x up, z backwards), so a bow of angle f about the body's left
    axis shows gravity's reaction at (cos f, 0, sin f) and the rate f' on the sensor's y.
    """
    rng = np.random.default_rng(seed)
    f = 0.3 * np.sin(0.9 * t_s) + 0.1 * np.sin(5.0 * t_s + seed)
    rate = 0.27 * np.cos(0.9 * t_s) + 0.5 * np.cos(5.0 * t_s + seed)
    zero = np.zeros_like(f)
    acc = 9.80665 * np.stack([np.cos(f), zero, np.sin(f)], axis=1) + rng.normal(scale=0.05, size=(len(f), 3))
    gyr = np.stack([zero, rate, zero], axis=1) + rng.normal(scale=0.002, size=(len(f), 3))
    return SensorBlock(t_s, acc, gyr, 31.5)


def without(block: SensorBlock, begin_s: float, end_s: float) -> SensorBlock:
    """The block with the samples of (begin, end) lost."""
    kept = ~((block.t_s > begin_s) & (block.t_s < end_s))
    return SensorBlock(block.t_s[kept], block.acc_m_s2[kept], block.gyr_rad_s[kept], block.temp_c)


def spoiled(block: SensorBlock, rows: Iterable[int]) -> SensorBlock:
    """The block with rows marked implausible (NaN)."""
    acc, gyr = block.acc_m_s2.copy(), block.gyr_rad_s.copy()
    for row in rows:
        acc[row] = gyr[row] = math.nan
    return SensorBlock(block.t_s, acc, gyr, block.temp_c)


def cut_at(whole: TrunkBlock, times_s: Iterable[float], ahead_s: float = 0.0) -> Iterator[TrunkBlock]:
    """The same story in blocks whose promises are these times, ascending; the last ends the story.

    With `ahead_s` each block already holds samples so much younger than its promise.
    """
    begin = -math.inf
    for end in [*times_s, math.inf]:
        until = min(end, whole.until_s)
        yield TrunkBlock(
            _between(whole.upper, begin, end, ahead_s),
            None if whole.lower is None else _between(whole.lower, begin, end, ahead_s),
            until,
            tuple(r for r in whole.remarks if begin < r.t_s <= end),
        )
        begin = end


def _between(block: SensorBlock, begin_s: float, end_s: float, ahead_s: float) -> SensorBlock:
    start, stop = np.searchsorted(block.t_s, [begin_s + ahead_s, end_s + ahead_s], "right")
    return block.cut(int(start), int(stop))


def told(estimator: TrunkEstimator, blocks: Iterable[TrunkBlock]) -> list[TrunkState]:
    """All ticks of a story."""
    return [state for block in blocks for state in estimator.feed(block)]


def assert_same_ticks(one: list[TrunkState], other: list[TrunkState]) -> None:
    """Every tick the same: numbers to 1e-9, all else exactly."""
    assert [s.tick for s in one] == [s.tick for s in other]
    assert [s.remarks for s in one] == [s.remarks for s in other]
    np.testing.assert_allclose(_numbers(one), _numbers(other), rtol=0.0, atol=1e-9)


def _numbers(states: list[TrunkState]) -> FloatArray:
    """(n, 32): a row for a tick, all numbers of both segments; NaN where a segment is None."""
    return np.array([[*_row(state.upper), *_row(state.lower)] for state in states])


def _row(segment: SegmentState | None) -> list[float]:
    if segment is None:
        return [math.nan] * 16
    rest = (segment.sigma_deg, segment.trusted, segment.gyr_rms_rad_s, segment.acc_rms_m_s2)
    counts = (segment.samples, segment.bad, segment.temp_c)
    return [*segment.up, *segment.gyr_rad_s, *segment.acc_m_s2, *rest, *counts]


def remarks_in(states: list[TrunkState]) -> list[tuple[int, Remark]]:
    """(tick, remark) of every remark told."""
    return [(state.tick, remark) for state in states for remark in state.remarks]
