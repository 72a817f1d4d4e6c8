"""A strap that creeps: how soon it is doubted and known, and how often a day without creep is.

    python -m benchmarks.creep [--days 10] [--seed 0 100 200]
        [--without-walks] [--without-arms | --blur-arms 3] [--reminded]

Whole simulated days are judged tick by tick by the watch in force (`posture/creep.py`). Every day is lived
once; then 10° an hour is added to its angles, each way, from one hour and from three hours on. The limits
were chosen on the seeds 0–9, 100–109 and 200–209 of both styles; every other seed is a check.

A simulated spine is a chain of two, and its arms (`posture/arms.py`) are more exact than those of a living
one: `--blur-arms` adds so many degrees of spread to each.

The watch looks at the upper sensor alone, so one sensor or two make no difference. On real people the lower
one hardly helps: between trials of upright, the upper angle's spread of 2.4° falls to 2.1° where the lower
one's is known (22 people, IMU Sitting Postures Dataset), and the difference of the two spreads by 3.0°.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_days import day_of
from firmware_py.hardware.twin.wearer_habits import REMINDED
from firmware_py.hardware.twin.wearer_person import Style, person
from firmware_py.posture.arms import Arm, ArmWatch
from firmware_py.posture.creep import DOUBT, OVER_LOG_ODDS, STALE, CreepWatch, Limit
from firmware_py.posture.creep_evidence import Odds
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.flexion import flexion_deg, lateral_deg
from firmware_py.posture.neutral_check import FitRules
from firmware_py.posture.trunk import TICKS_PER_S, Vector
from firmware_py.posture.walks import Walks

RATE_HZ = 25.0
HOURS = 8.0
CREEP_DEG_PER_H = 10.0
BEGINS_MIN = (60.0, 180.0)
FOLLOWED_MIN = 90.0
TOGETHER_MIN = 60.0
"""Asks within an hour are one: the wearer answers the first."""

OTHER_LIMITS = ((0.5, 2.0), (0.5, 2.5), (0.5, 3.0), (1.5, 3.0), (2.25, 3.5))
"""Of a doubt, sagittal: the logarithm of the odds, and by how many degrees it has come."""

WAYS = {"forward": (1.0, 0.0), "back": (-1.0, 0.0), "right": (0.0, 1.0), "left": (0.0, -1.0)}
MINUTE_TICKS = 60 * TICKS_PER_S


class Seen(NamedTuple):
    """A tick of sitting, still or not, or what was over at it: a walk, that lasted so long, or a movement."""

    tick: int
    flexion_deg: float
    lateral_deg: float
    still: bool
    walked_s: float = 0.0
    arm: Arm | None = None


class Weighed(NamedTuple):
    """What the watch thought at a minute, sagittal and sideways."""

    t_min: float
    odds: tuple[Odds, Odds]


class Day(NamedTuple):
    """A day without creep, and after each beginning and way of a creep."""

    style: Style
    without: list[Weighed]
    crept: dict[tuple[float, str], list[Weighed]]


def seen(style: Style, seed: int, *, walks: bool, reminded: bool) -> Iterator[Seen]:
    """What the watch gets to see of a day."""
    who = person(style, seed)
    wearer = Wearer(day_of(who, seed, HOURS, REMINDED if reminded else None))
    estimator, rules = TrunkEstimator(who.profile(sensors=1), RATE_HZ), FitRules()
    walking, arms = Walks(rules, (0.0, 0.0)), ArmWatch()
    for block in wearer.blocks(RATE_HZ, sensors=1):
        for state in estimator.feed(block):
            upper, tick = state.upper, state.tick
            if upper is None:
                continue
            if upper.acc_rms_m_s2 >= rules.stepping_m_s2:
                walking.take_step(tick, upper.up)
            elif walking.walking:
                up = walking.pause(tick)
                if up is not None and walks:
                    yield Seen(tick, flexion_deg(up), lateral_deg(up), False, walking.lasted_s)
            still = upper.gyr_rms_rad_s < rules.still_rad_s
            if not still:
                walking.move(tick, upper.up)
            if tick >= walking.seated_from:
                yield Seen(tick, flexion_deg(upper.up), lateral_deg(upper.up), still)
                arm = arms.step(upper)
                if arm is not None:
                    yield Seen(tick, 0.0, 0.0, False, arm=arm)
            else:
                arms.forget()


def _up(flexion: float, lateral: float) -> Vector:
    f, s = math.radians(flexion), math.radians(lateral)
    return -math.sin(f) * math.cos(s), math.sin(s), math.cos(f) * math.cos(s)


def weighed(rows: list[Seen], moved_deg: Callable[[float], tuple[float, float]]) -> Iterator[Weighed]:
    """The watch over a day whose angles are moved by so much at each minute."""
    watch, told = CreepWatch(), None
    for row in rows:
        t_min = row.tick / MINUTE_TICKS
        by = moved_deg(t_min)
        at = row.flexion_deg + by[0], row.lateral_deg + by[1]
        if row.arm is not None:
            watch.bent(row.tick, row.arm._replace(flexion_deg=row.arm.flexion_deg + by[0]))
        elif row.walked_s:
            watch.walked(row.tick, *at, row.walked_s)
        elif row.still:
            watch.step(row.tick, _up(*at))
        else:
            watch.moved(_up(*at))
        if watch.odds is not told:
            told = watch.odds
            yield Weighed(t_min, told)


def blurred(rows: Iterator[Seen], by_deg: float, seed: int) -> Iterator[Seen]:
    """The same with so much more spread of each arm, or without arms where that is not finite."""
    rng = np.random.default_rng(seed)
    for row in rows:
        if row.arm is None:
            yield row
        elif math.isfinite(by_deg):
            off_deg = by_deg * float(rng.standard_normal())
            yield row._replace(arm=row.arm._replace(flexion_deg=row.arm.flexion_deg + off_deg))


def one_day(style: Style, seed: int, *, walks: bool, reminded: bool, blur_deg: float) -> Day:
    """A day without creep, and the same with creeps each way."""
    rows = list(blurred(seen(style, seed, walks=walks, reminded=reminded), blur_deg, seed))
    crept = {}
    for begins_min in BEGINS_MIN:
        until = (begins_min + FOLLOWED_MIN) * MINUTE_TICKS
        some = [row for row in rows if row.tick <= until]
        for name, way in WAYS.items():
            followed = weighed(some, partial(_moved, begins_min, way))
            crept[begins_min, name] = [minute for minute in followed if minute.t_min >= begins_min]
    return Day(style, list(weighed(rows, lambda _: (0.0, 0.0))), crept)


def _moved(begins_min: float, way: tuple[float, float], t_min: float) -> tuple[float, float]:
    by_deg = CREEP_DEG_PER_H / 60.0 * max(0.0, t_min - begins_min)
    return way[0] * by_deg, way[1] * by_deg


def passed(minutes: list[Weighed], limits: tuple[Limit, Limit]) -> list[float]:
    """When either axis was beyond its limit."""
    return [m.t_min for m in minutes if any(map(Limit.passed, limits, m.odds))]


def episodes(times_min: list[float]) -> int:
    """How often the wearer would have been told."""
    count, last_min = 0, -math.inf
    for t_min in times_min:
        if t_min - last_min > TOGETHER_MIN:
            count, last_min = count + 1, t_min
    return count


def doubted(day: Day, limits: tuple[Limit, Limit] = DOUBT) -> list[tuple[float, float]]:
    """From when to when a doubt is shown on a day without a creep, minutes."""
    spells: list[tuple[float, float]] = []
    since_min = math.inf
    for minute in day.without:
        if any(map(Limit.passed, limits, minute.odds)):
            since_min = min(since_min, minute.t_min)
        elif since_min < minute.t_min and all(one.log_odds < OVER_LOG_ODDS for one in minute.odds):
            spells.append((since_min, minute.t_min))
            since_min = math.inf
    return spells if math.isinf(since_min) else [*spells, (since_min, 60.0 * HOURS)]


def trade_off(days: list[Day]) -> str:
    """What other sagittal limits of a doubt would find, and cost."""
    lines = ["\n| sagittal limit | doubted within 30 min | without need a day | shown |", "|---" * 4 + "|"]
    for log_odds, moved_deg in OTHER_LIMITS:
        limits = Limit(log_odds, moved_deg), DOUBT[1]
        found = [
            next(iter(passed(minutes, limits)), math.inf) <= begins_min + 30.0
            for day in days
            for (begins_min, way), minutes in day.crept.items()
            if WAYS[way][0]
        ]
        spells = [spell for day in days for spell in doubted(day, limits)]
        shown = sum(ends - begins for begins, ends in spells) / (60.0 * HOURS * len(days))
        name = f"odds e^{log_odds:g}, {moved_deg:g}°"
        lines.append(f"| {name} | {np.mean(found):.0%} | {len(spells) / len(days):.1f} | {shown:.1%} |")
    return "\n".join(lines)


def _shares(found_min: list[float]) -> str:
    found = np.array(found_min)
    median = np.median(found)
    told = f"{median:.0f} min" if math.isfinite(median) else "never"
    return f"{np.mean(found <= 30):.0%} | {told} | {np.mean(found <= 45):.0%} | {np.mean(found <= 60):.0%}"


def table(days: list[Day]) -> str:
    """How soon, by what is said, way and style; then what was said without need."""
    lines = [f"| creep of {CREEP_DEG_PER_H:.0f}° an hour | said | within 30 min | median | 45 min | 60 min |"]
    lines.append("|---" * 6 + "|")
    for said, limits in (("doubt", DOUBT), ("stale", STALE)):
        found: dict[str, list[float]] = {}
        for day in days:
            for (begins_min, way), minutes in day.crept.items():
                after_min = next(iter(passed(minutes, limits)), math.inf) - begins_min
                plane = "sagittal" if WAYS[way][0] else "sideways"
                for name in (way, f"{plane}, {day.style}", plane):
                    found.setdefault(name, []).append(after_min)
        lines += [f"| {name} | {said} | {_shares(found[name])} |" for name in sorted(found)]
    spells = [spell for day in days for spell in doubted(day)]
    shown_min = sum(ends - begins for begins, ends in spells)
    share = shown_min / (60.0 * HOURS * len(days))
    lines.append(f"\ndoubts without need: {len(spells)} on {len(days)} days, shown for {share:.1%} of them")
    told = [episodes(passed(day.without, STALE)) for day in days]
    lines.append(f"stale without need: {sum(told)}, on {np.count_nonzero(told)} of {len(days)} days")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="how soon a creep is found")
    parser.add_argument("--days", type=int, default=10, help="days of each style (10)")
    parser.add_argument("--seed", type=int, nargs="+", default=[0], help="seeds of the first days (0)")
    parser.add_argument("--without-walks", action="store_true", help="as if nobody ever walked")
    parser.add_argument("--reminded", action="store_true", help="habits of somebody who gets reminders")
    arms = parser.add_mutually_exclusive_group()
    arms.add_argument("--blur-arms", type=float, default=0.0, help="degrees of spread to add to each arm (0)")
    arms.add_argument("--without-arms", action="store_true", help="as if no movement showed an arm")
    args = parser.parse_args()
    jobs = [(style, seed + k) for style in Style for seed in args.seed for k in range(args.days)]
    blur_deg = math.inf if args.without_arms else args.blur_arms
    lived = partial(one_day, walks=not args.without_walks, reminded=args.reminded, blur_deg=blur_deg)
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        days = list(pool.map(lived, *zip(*jobs, strict=True)))
    print(table(days))
    print(trade_off(days))


if __name__ == "__main__":
    main()
