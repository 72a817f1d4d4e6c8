"""A strap that creeps: how soon it could be found, and what that would cost in false alarms.

    python -m benchmarks.creep [--days 10]

Whole simulated days are judged tick by tick. One pass over a day without creep tells for every limit at
once whether it would have raised an alarm; a pass with 10° an hour added from some moment on tells when
each limit is reached. The limits in force stand in `posture/creep.py`.
"""

from __future__ import annotations

import argparse
import math
import os
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_days import working_day
from firmware_py.hardware.twin.wearer_person import Style
from firmware_py.posture.creep import LIMIT_FLEXION_DEG, LIMIT_LATERAL_DEG, CreepWatch
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.flexion import flexion_deg, lateral_deg
from firmware_py.posture.neutral_check import FitRules
from firmware_py.posture.walks import Walks

RATE_HZ = 25.0
CREEP_DEG_PER_H = 10.0
BEGINS_S = (3600.0, 10800.0)
LIMITS_DEG = (1.5, 2.0, 2.5, 3.0, 3.3, 4.0, 5.0, 5.5, 6.0, 6.5, 7.0)
SAGITTAL, SIDEWAYS = 0, 1


class Day(NamedTuple):
    """What one day shows.

    Attributes:
        farthest_deg: (2,) how far the centre went without creep, flexion and lateral.
        found_min: (2, creeps, limits) minutes from the beginning of a creep until each limit.
    """

    farthest_deg: np.ndarray
    found_min: np.ndarray


def still_ticks(style: Style, seed: int) -> np.ndarray:
    """(n, 3) time, flexion and lateral angle of the still ticks of a day of 8 h, as the watch gets them."""
    wearer = Wearer(working_day(style, seed, 8.0))
    estimator = TrunkEstimator(wearer.person.profile(sensors=1), RATE_HZ)
    rules = FitRules()
    walks = Walks(rules, (0.0, 0.0))
    rows = []
    for block in wearer.blocks(RATE_HZ, sensors=1):
        for state in estimator.feed(block):
            upper = state.upper
            if upper is None:
                continue
            walks.step(upper.acc_rms_m_s2, upper.up)
            if walks.seated and upper.gyr_rms_rad_s < rules.still_rad_s:
                rows.append((state.t_s, flexion_deg(upper.up), lateral_deg(upper.up)))
    return np.array(rows)


def centres(ticks: np.ndarray) -> np.ndarray:
    """(m, 3) time, and where the watch's centre was, at each of its moves."""
    watch = CreepWatch()
    found = [(0.0, 0.0, 0.0)]
    for t_s, flexion, lateral in ticks.tolist():
        watch.step(flexion, lateral)
        if watch.centre != found[-1][1:]:
            found.append((t_s, *watch.centre))
    return np.array(found)


def one_day(style: Style, seed: int) -> Day:
    """A day without creep, and the same with creeps each way."""
    ticks = still_ticks(style, seed)
    farthest = np.abs(centres(ticks)[:, 1:]).max(axis=0)
    found = np.full((2, 2 * len(BEGINS_S), len(LIMITS_DEG)), math.inf)
    for axis in (SAGITTAL, SIDEWAYS):
        for k, (begins_s, sign) in enumerate((b, s) for b in BEGINS_S for s in (1.0, -1.0)):
            crept = ticks.copy()
            crept[:, 1 + axis] += sign * CREEP_DEG_PER_H / 3600.0 * np.clip(ticks[:, 0] - begins_s, 0.0, None)
            path = centres(crept)
            path = path[path[:, 0] >= begins_s]
            for n, limit in enumerate(LIMITS_DEG):
                beyond = np.flatnonzero(np.abs(path[:, 1 + axis]) > limit)
                if len(beyond):
                    found[axis, k, n] = (path[beyond[0], 0] - begins_s) / 60.0
    return Day(farthest, found)


def main() -> None:
    """Print a table for each direction."""
    parser = argparse.ArgumentParser(description="how soon a creep is found, over its limit")
    parser.add_argument("--days", type=int, default=10, help="days of each style (10)")
    jobs = [(style, seed) for style in Style for seed in range(parser.parse_args().days)]
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        days = list(pool.map(one_day, *zip(*jobs, strict=True)))
    in_force = (LIMIT_FLEXION_DEG, LIMIT_LATERAL_DEG)
    for axis, name in ((SAGITTAL, "sagittal"), (SIDEWAYS, "sideways")):
        farthest = np.array([day.farthest_deg[axis] for day in days])
        found = np.concatenate([day.found_min[axis] for day in days])
        print(
            f"\n{name}: {CREEP_DEG_PER_H:.0f}° an hour, {len(found)} creeps; limit in force {in_force[axis]}°"
        )
        print(
            "| limit | days with a false alarm | within 30 min | median | within 60 min |\n"
            "|---|---|---|---|---|"
        )
        for n, limit in enumerate(LIMITS_DEG):
            false, at = int((farthest > limit).sum()), found[:, n]
            print(
                f"| {limit:.1f}° | {false} of {len(days)} | {np.mean(at <= 30):.0%} "
                f"| {np.median(at):.0f} min | {np.mean(at <= 60):.0%} |"
            )


if __name__ == "__main__":
    main()
