"""A strap that slips by 10°: how soon it is found, what a hand may put right, how often nothing slipped.

    python -m benchmarks.slip [--people 8] [--stories 21 22 23 24] [--parts 200] [--days 20] [--backs 100]

Every person of both styles sits through each story four times: after five minutes the strap slips forward,
back, right or left, in the midst of a posture or as a movement ends, and they go on as before. Then the strap
slips at some moment of sitting of an ordinary hour and a half, whatever follows: leans, slouches, getting up.
Then hands put it right after so many seconds. At last nothing slips: for whole days, and in the backs of many
people for a lively hour each, of which the turns are told that came nearest to a slip's.
"""

from __future__ import annotations

import argparse
import math
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import chain

import numpy as np

from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_days import day_of, sitting, working_day
from firmware_py.hardware.twin.wearer_habits import HABITS, LIVELY
from firmware_py.hardware.twin.wearer_person import Style, person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.events import Activity
from firmware_py.posture.fit import FitChecker
from firmware_py.posture.neutral_check import FitCause
from firmware_py.posture.travel import TurnWatch
from firmware_py.posture.wear import WearDetector
from tests.posture.hands import hand_at_the_strap

RATE_HZ = 25.0
SLIP_DEG = 10.0
WAYS_DEG = (0.0, 90.0, 180.0, 270.0)
WITHIN_S = 120.0
PART_OF_A_DAY_H = 1.5
PUT_RIGHT_AFTER_S = (5.0, 15.0, 30.0, 40.0, 60.0)


def told(script: Script) -> list[tuple[float, FitCause]]:
    """Each time at which the calibration was called stale, and why."""
    wearer = Wearer(script)
    profile = wearer.person.profile(sensors=1)
    estimator, detector, checker = TrunkEstimator(profile, RATE_HZ), WearDetector(), FitChecker(profile)
    said, stale = [], False
    for block in wearer.blocks(RATE_HZ, sensors=1):
        for state in estimator.feed(block):
            verdict = checker.step(state, detector.step(state))
            if verdict.stale and not stale:
                said.append((state.t_s, verdict.cause))
            stale = verdict.stale
    return said


def _found_s(script: Script, slipped_s: float) -> float:
    """How long after the slip it was told; infinite where never, or of something before."""
    said = told(script)
    return said[0][0] - slipped_s if said and said[0][0] > slipped_s else math.inf


def _way(way_deg: float) -> tuple[float, float]:
    way = math.radians(way_deg)
    return SLIP_DEG * math.cos(way), SLIP_DEG * math.sin(way)


def _sat_through(style: Style, seed: int, story: int) -> tuple[Script, float]:
    script = Script(person(style, seed), story)
    script.hold(60.0)
    sitting(script, HABITS[style], 240.0)
    return script, script.now_s


def in_a_story(style: Style, seed: int, story: int, way_deg: float) -> float:
    """A slip after some minutes of sitting, which goes on for seven more."""
    script, slipped_s = _sat_through(style, seed, story)
    script.slip(*_way(way_deg))
    sitting(script, HABITS[style], slipped_s + 420.0)
    return _found_s(script, slipped_s)


def in_a_day(style: Style, seed: int, day: int) -> float:
    """A slip at some moment of sitting, drawn evenly, whatever comes of it."""
    rng = np.random.default_rng([seed, day])
    script = day_of(person(style, seed), day, PART_OF_A_DAY_H, lunch=False)
    last_s = PART_OF_A_DAY_H * 3600.0 - 200.0
    sat = [
        label
        for label in script.truth().labels
        if label.activity is Activity.STILL and label.start_s > 300.0 and label.end_s < last_s
    ]
    lengths_s = np.array([label.end_s - label.start_s for label in sat])
    label = sat[int(rng.choice(len(sat), p=lengths_s / lengths_s.sum()))]
    slipped_s = float(rng.uniform(label.start_s, label.end_s))
    flexion_deg, lateral_deg = _way(float(rng.choice(WAYS_DEG)))
    script.slip(flexion_deg, lateral_deg, at_s=slipped_s)
    return _found_s(script, slipped_s)


def put_right(style: Style, seed: int, after_s: float, way_deg: float) -> bool:
    """Whether a slip is told which a hand put right after so long."""
    script, _ = _sat_through(style, seed, 25)
    flexion_deg, lateral_deg = _way(way_deg)
    script.slip(flexion_deg, lateral_deg)
    script.hold(after_s)
    hand_at_the_strap(script, (-flexion_deg, -lateral_deg), 0.5 + 0.5 * (seed % 4))
    sitting(script, HABITS[style], script.now_s + 240.0)
    return bool(told(script))


def without(style: Style, seed: int) -> list[FitCause]:
    """The alarms of a day on which nothing slipped."""
    return [cause for _, cause in told(working_day(style, seed, 8.0))]


def nearest_m(style: Style, seed: int) -> list[float]:
    """How far each turn of this person's back took the sensor at most, where it may look like a slip's."""
    wearer = Wearer(day_of(person(style, seed), 7, 1.0, LIVELY, lunch=False))
    estimator, watch = TrunkEstimator(wearer.person.profile(sensors=1), RATE_HZ), TurnWatch()
    far_m = []
    for block in wearer.blocks(RATE_HZ, sensors=1):
        for state in estimator.feed(block):
            turn = None if state.upper is None else watch.step(state.upper)
            if turn is not None and turn.about_itself:
                far_m.append(turn.at_most_m)
    return far_m


def _shares(found_s: np.ndarray) -> str:
    within = int(np.sum(found_s <= WITHIN_S))
    return f"{within} of {len(found_s)} within 2 min, median {np.median(found_s):.0f} s"


def report(people: int, stories: list[int], parts: int, days: int, backs: int) -> None:
    """Print the figures.

    Args:
        people: of each style.
        stories: seeds of the stories.
        parts: parts of days with a slip in them, of both styles together.
        days: without one, likewise.
        backs: people whose turns are looked at, likewise.
    """
    who = [(style, seed) for style in Style for seed in range(people)]
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        print(f"\nSlip of {SLIP_DEG:.0f}° in simulated sitting, forward, back, right and left")
        for story in stories:
            cases = [(*one, story, way) for one in who for way in WAYS_DEG]
            found_s = np.array(list(pool.map(in_a_story, *zip(*cases, strict=True))))
            print(f"  story {story}: {_shares(found_s)}, slowest {found_s.max():.0f} s", flush=True)
        some = [(style, k % 20, 40 + k // 20) for style in Style for k in range(parts // 2)]
        found_s = np.array(list(pool.map(in_a_day, *zip(*some, strict=True))))
        print(f"  at any moment of sitting of an ordinary hour and a half: {_shares(found_s)}", flush=True)
        for after_s in PUT_RIGHT_AFTER_S:
            hands = [(*one, after_s, way) for one in who for way in WAYS_DEG]
            count = sum(pool.map(put_right, *zip(*hands, strict=True)))
            print(f"  put right after {after_s:.0f} s, told still: {count} of {len(hands)}", flush=True)
        whole = [(style, seed) for style in Style for seed in range(days // 2)]
        moved = [(style, seed) for style in Style for seed in range(backs // 2)]
        far_m = sorted(chain.from_iterable(pool.map(nearest_m, *zip(*moved, strict=True))))
        causes = Counter(cause for said in pool.map(without, *zip(*whole, strict=True)) for cause in said)
    print(f"  alarms on {len(whole)} days of 8 h without a slip: {dict(causes) or 'none'}")
    nearest = ", ".join(f"{100.0 * m:.1f}" for m in far_m[:3]) or "none"
    print(f"  the nearest turns of {len(moved)} backs, twice their uncertainty included, cm: {nearest}")


def main() -> None:
    """Print them as the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=8, help="of each style (8)")
    parser.add_argument("--stories", type=int, nargs="+", default=[21, 22, 23, 24], help="their seeds")
    parser.add_argument("--parts", type=int, default=200, help="of days, of both styles together (200)")
    parser.add_argument("--days", type=int, default=20, help="without a slip, of both styles together (20)")
    parser.add_argument("--backs", type=int, default=100, help="of both styles together (100)")
    args = parser.parse_args()
    report(args.people, args.stories, args.parts, args.days, args.backs)


if __name__ == "__main__":
    main()
