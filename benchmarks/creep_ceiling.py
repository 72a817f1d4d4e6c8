"""What could be known of a creeping strap at best: a matched filter that is told everything but the noise.

    python -m benchmarks.creep_ceiling [--days 10] [--seed 0] [--without-walks]

The filter gets the stays, walks and arms that the watch gets (`benchmarks/creep.py`), and is told from the
wearer's truth which posture each belongs to, from the whole day each posture's middle and spread, and that
the creep began half an hour ago at 10° an hour. Its signal is exact; a false alarm is what the days without
a creep give by chance, either way. Nothing that has to find these things out can do better.
"""

from __future__ import annotations

import argparse
import os
from bisect import bisect
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from firmware_py.hardware.twin.wearer_days import day_of
from firmware_py.hardware.twin.wearer_person import Style, person
from firmware_py.posture.blocks import FloatArray
from firmware_py.posture.creep import BLOCK_TICKS
from firmware_py.posture.creep_evidence import BOWED_DEG
from firmware_py.posture.stays import Stay, StayFinder

from .creep import CREEP_DEG_PER_H, HOURS, MINUTE_TICKS, Seen, episodes, seen

SINCE_MIN = 30.0
LEAST = 4
"""Fewer of a posture in a day say nothing about its middle."""

CUT = 3.0
"""Outliers, a half-way stay of a slide, count as so many robust spreads."""

NEEDLESS_A_DAY = (3.0, 1.0, 0.5, 0.25, 0.0)


class Sample(NamedTuple):
    """A stay, all walks between two of them, or what a movement showed of the arm."""

    t_min: float
    posture: str
    flexion_deg: float


class Filtered(NamedTuple):
    """Each minute's outcome without a creep, and what a creep would add, both in standard errors."""

    style: Style
    t_min: FloatArray
    by_chance: FloatArray
    signal: FloatArray


def stays(rows: Iterator[Seen]) -> Iterator[tuple[Stay, bool]]:
    """What the watch makes of a day, and whether it is a walk; walks in one break are one."""
    finder, block = StayFinder(), 0
    still: list[tuple[float, float]] = []
    walks: list[tuple[float, float, float, float]] = []
    for row in rows:
        if row.arm is not None:
            continue
        ended: list[Stay | None] = []
        if row.walked_s:
            walks.append((row.tick / MINUTE_TICKS, row.flexion_deg, row.lateral_deg, row.walked_s))
            continue
        if row.tick // BLOCK_TICKS > block:
            if 2 * len(still) >= BLOCK_TICKS:
                middle = tuple(np.mean(still, axis=0).tolist())
                ended.append(finder.step(block * BLOCK_TICKS / MINUTE_TICKS, *middle))
            block, still = row.tick // BLOCK_TICKS, []
        if row.still:
            still.append((row.flexion_deg, row.lateral_deg))
        else:
            ended.append(finder.moved(row.flexion_deg, row.lateral_deg))
        for stay in ended:
            if stay is not None:
                yield stay, False
                if walks:
                    t_min, *at_deg = np.average(walks, axis=0, weights=[walk[3] for walk in walks])[:3]
                    yield Stay(float(t_min), (float(at_deg[0]), float(at_deg[1])), 0), True
                    walks.clear()


def one_day(style: Style, seed: int, *, walks: bool) -> Filtered:
    """The filter over a day."""
    labels = day_of(person(style, seed), seed, HOURS).truth().labels
    starts_s = [label.start_s for label in labels]
    samples = []
    rows = list(seen(style, seed, walks=walks, reminded=False))
    for row in rows:
        if row.arm is not None:
            kind = "bowing" if row.arm.turned_deg > BOWED_DEG else "bending"
            samples.append(Sample(row.tick / MINUTE_TICKS, kind, row.arm.flexion_deg))
    for stay, walked in stays(iter(rows)):
        label = labels[max(0, bisect(starts_s, 60.0 * stay.t_min) - 1)]
        side = label.posture.value + ("left" if stay.at_deg[1] < 0.0 else "right")
        bent = side if label.doing == "side_bent" else label.posture.value
        posture = "walking" if walked else "standing" if label.doing == "standing" else bent
        samples.append(Sample(stay.t_min, posture, stay.at_deg[0]))
    t_min = np.array([sample.t_min for sample in samples])
    off, spread = _standing_out(samples)
    now_min = np.arange(SINCE_MIN + 10.0, 60.0 * HOURS)
    crept = CREEP_DEG_PER_H / 60.0 * (t_min - (now_min[:, None] - SINCE_MIN))
    crept[(crept < 0.0) | (t_min > now_min[:, None])] = 0.0
    signal = np.sqrt(np.square(crept / spread).sum(axis=1))
    chance = (crept * off / spread**2).sum(axis=1) / np.maximum(signal, 1e-9)
    return Filtered(style, now_min, chance, signal)


def _standing_out(samples: list[Sample]) -> tuple[FloatArray, FloatArray]:
    """How far each is from the middle of its posture, and the posture's spread; infinite where unknown."""
    posture = np.array([sample.posture for sample in samples])
    flexion_deg = np.array([sample.flexion_deg for sample in samples])
    off, spread = np.zeros(len(samples)), np.full(len(samples), np.inf)
    for kind in np.unique(posture):
        mine = posture == kind
        if np.count_nonzero(mine) < LEAST:
            continue
        away = flexion_deg[mine] - np.median(flexion_deg[mine])
        most = CUT * max(0.3, 1.4826 * float(np.median(np.abs(away))))
        off[mine] = np.clip(away, -most, most)
        spread[mine] = np.sqrt(np.square(off[mine]).mean())
    return off, spread


def needless(day: Filtered, limit: float) -> int:
    """How often the wearer would have been told on a day without a creep."""
    return episodes(day.t_min[np.abs(day.by_chance) > limit].tolist())


def table(days: list[Filtered]) -> str:
    """Sagittal creeps that are found by half an hour, over what it costs."""
    signals = {style: np.concatenate([day.signal for day in days if day.style is style]) for style in Style}
    means = ", ".join(f"{style} {signal.mean():.1f}" for style, signal in signals.items())
    lines = [f"signal by {SINCE_MIN:.0f} min, standard errors: {means}", ""]
    lines += ["| needless a day | limit | " + " | ".join(Style) + " |", "|---" * 4 + "|"]
    for most in NEEDLESS_A_DAY:
        limits = np.arange(0.5, 8.0, 0.05)
        limit = next(x for x in limits if sum(needless(day, x) for day in days) <= most * len(days))
        found = [np.mean([NormalDist().cdf(s - limit) for s in signals[style]]) for style in Style]
        lines.append(f"| {most} | {limit:.2f} | " + " | ".join(f"{share:.0%}" for share in found) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="how soon a creep could be found at best")
    parser.add_argument("--days", type=int, default=10, help="days of each style (10)")
    parser.add_argument("--seed", type=int, nargs="+", default=[0], help="seeds of the first days (0)")
    parser.add_argument("--without-walks", action="store_true", help="as if nobody ever walked")
    args = parser.parse_args()
    jobs = [(style, seed + k) for style in Style for seed in args.seed for k in range(args.days)]
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        lived = partial(one_day, walks=not args.without_walks)
        print(table(list(pool.map(lived, *zip(*jobs, strict=True)))))


if __name__ == "__main__":
    main()
