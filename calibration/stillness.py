"""Finding stillness in samples, and the gyroscope's bias in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firmware_py.errors import CalibrationRejected
from firmware_py.posture.blocks import FloatArray, SensorBlock
from firmware_py.posture.guidance import GuideFinding
from firmware_py.posture.trunk import Vector

WINDOW_S = 0.5
"""Length of the pieces that are still or not: shorter than a pause between two movements."""

TABLE_RAD_S = math.radians(0.5)
"""Spread of the rate, root mean square over all axes, that a sensor on a table stays below: ten times
the noise of an MPU-6050 with a 44 Hz filter (0.05 °/s a root hertz axis, PS rev. 3.4), a third of the
tremor of a hand."""

HAND_RAD_S = math.radians(6.0)
"""The same for a sensor held still by hand or sitting on a person (inference: tremor and sway, 1–4 °/s)."""


MOVED_M_S2 = 0.5
"""Change of the specific force from one piece to the next, 3° or 50 mg, above which something moved."""


@dataclass(frozen=True, slots=True)
class Span:
    """Rows `start:stop` of a block, `seconds` long."""

    start: int
    stop: int
    seconds: float


@dataclass(frozen=True, slots=True)
class GyroscopeBias:
    """What the gyroscope says while nothing turns.

    Attributes:
        bias_rad_s: mean rate, sensor frame.
        sigma_rad_s: one-sigma uncertainty of the mean, largest axis, from how the means of single
            seconds scatter (so slow wander counts, not only white noise).
        still_s: stillness that it rests on.
        temp_c: chip temperature, NaN where unknown.
    """

    bias_rad_s: Vector
    sigma_rad_s: float
    still_s: float
    temp_c: float


def pieces(block: SensorBlock, seconds: float = WINDOW_S) -> list[Span]:
    """Cut a block into pieces of `seconds`; the rest at the end and pieces with a gap are left out."""
    if len(block) < 2:
        return []
    # Time stamps may come in bunches, so the median step says nothing; a gap only makes pieces longer.
    step_s = _lasted(block) / (len(block) - 1)
    rows = max(2, round(seconds / step_s))
    spans = []
    for start in range(0, len(block) - rows + 1, rows):
        lasted_s = _lasted(block.cut(start, start + rows)) + step_s
        if lasted_s < 1.5 * rows * step_s:
            spans.append(Span(start, start + rows, lasted_s))
    return spans


def means(block: SensorBlock, spans: Sequence[Span]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(acceleration (k, 3), rate (k, 3), spread of the rate (k,)) of each piece.

    A piece of which less than half the rows are good is NaN.
    """
    acc = np.full((len(spans), 3), np.nan)
    gyr = np.full((len(spans), 3), np.nan)
    spread = np.full(len(spans), np.nan)
    for i, span in enumerate(spans):
        a, g = block.acc_m_s2[span.start : span.stop], block.gyr_rad_s[span.start : span.stop]
        good = np.isfinite(a).all(axis=1) & np.isfinite(g).all(axis=1)
        if 2 * good.sum() >= max(4, span.stop - span.start):
            acc[i], gyr[i] = a[good].mean(axis=0), g[good].mean(axis=0)
            spread[i] = math.sqrt(float(g[good].var(axis=0).sum()))
    return acc, gyr, spread


def find_still(block: SensorBlock, limit_rad_s: float = TABLE_RAD_S, at_least_s: float = 1.0) -> list[Span]:
    """The stretches without motion, in order.

    A piece is still where its rate scatters less than `limit_rad_s`, and neighbours belong together
    where their mean rates agree to the same limit and gravity has not moved: turning evenly is no
    stillness.
    """
    spans = pieces(block)
    acc, gyr, spread = means(block, spans)
    found: list[Span] = []
    run: list[int] = []

    def close() -> None:
        if run:
            first, last = spans[run[0]], spans[run[-1]]
            seconds = sum(spans[i].seconds for i in run)
            if seconds >= at_least_s:
                found.append(Span(first.start, last.stop, seconds))
            run.clear()

    for i, span in enumerate(spans):
        if not spread[i] < limit_rad_s:
            close()
            continue
        if run and (
            spans[run[-1]].stop != span.start
            or np.linalg.norm(gyr[i] - gyr[run[-1]]) > limit_rad_s
            or np.linalg.norm(acc[i] - acc[run[-1]]) > MOVED_M_S2
        ):
            close()
        run.append(i)
    close()
    return found


def gyroscope_bias(block: SensorBlock, at_least_s: float = 3.0) -> GyroscopeBias:
    """The gyroscope's bias from the stillness found in a block.

    Stretches that disagree with the longest one are not used: they were turned evenly.

    Raises:
        CalibrationRejected: where there is less than `at_least_s` of stillness.
    """
    spans = find_still(block)
    if not spans:
        raise CalibrationRejected(
            f"the sensor was never at rest for a second in {_lasted(block):.0f} s; "
            "lay it on a table, once more",
            GuideFinding.NEVER_AT_REST,
        )
    longest = max(spans, key=lambda span: span.seconds)
    reference = np.nanmean(block.gyr_rad_s[longest.start : longest.stop], axis=0)
    seconds: list[FloatArray] = []
    still_s = 0.0
    for span in spans:
        part = block.cut(span.start, span.stop)
        _, gyr, _ = means(part, pieces(part, 1.0))
        agrees = np.linalg.norm(gyr - reference, axis=1) < TABLE_RAD_S
        seconds.extend(gyr[agrees])
        still_s += float(agrees.sum())
    if still_s < at_least_s:
        raise CalibrationRejected(
            f"the sensor was at rest for {still_s:.0f} s only, {at_least_s:.0f} s are needed; "
            "leave it alone, once more",
            GuideFinding.RESTED_TOO_BRIEFLY,
            rested_s=still_s,
        )
    rates = np.array(seconds)
    x, y, z = rates.mean(axis=0).tolist()
    sigma = float(rates.std(axis=0, ddof=1).max()) / math.sqrt(len(rates)) if len(rates) > 1 else math.nan
    return GyroscopeBias((x, y, z), sigma, still_s, block.temp_c)


def _lasted(block: SensorBlock) -> float:
    return float(block.t_s[-1] - block.t_s[0]) if len(block) else 0.0
