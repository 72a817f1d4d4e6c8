"""What a calibration is worth, and whether it notices that it no longer fits: one command, one table.

    python -m benchmarks.calibration [PART ...] [--quick] [--curve docs/neutral-check.svg]

Parts: accelerometer, wear, neutral, mounting, slip, cost; all of them if none is named.

Real recordings are read from ../shared/data (PLUMBLINE_DATA overrides); docs/calibration.md names
their sources.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from pathlib import Path

import numpy as np

from calibration.accelerometer import fit_moved
from calibration.mounting import measure_mounting
from calibration.neutral import settled_neutral, with_neutral
from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_days import working_day
from firmware_py.hardware.twin.wearer_person import Style
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, SensorBlock, TrunkBlock
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.fit import FitChecker, FitRules, still_fits
from firmware_py.posture.profile import CalibrationProfile, SensorProfile, rotation_onto_up
from firmware_py.posture.wear import Wear, WearDetector
from tests.calibration.recordings import (
    SITTING_RATE_HZ,
    bench_block,
    bench_names,
    sitting_people,
    sitting_trials,
)
from tests.calibration.strappings import off_deg, sloppy

from . import slip

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("accelerometer", "wear", "neutral", "mounting", "slip", "cost")
RATE_HZ = 25.0
TILT_DEG = 15.0


def accelerometer(data: Path) -> None:
    fitted = fit_moved([bench_block(data, name) for name in bench_names(data, still=False)])
    print("\nAccelerometer: a real MPU-6050, fitted on the recordings in which it was moved by hand")
    for name in bench_names(data, still=True):
        rest = bench_block(data, name).acc_m_s2
        before, after = (
            (np.linalg.norm(acc, axis=1).mean() / STANDARD_GRAVITY_M_S2 - 1.0) * 1000.0
            for acc in (rest, fitted.correct(rest))
        )
        print(f"  {name:30s} |a| − 1 g: before {before:+6.1f} mg, after {after:+5.1f} mg")


def mounting(strappings: int) -> None:
    print(f"\nMounting: {strappings} random strappings, sloppy bows (axis 2–6° off), angle to the truth")
    for bows in (2, 3):
        errors = []
        for seed in range(strappings):
            who = sloppy(seed, bows)
            found = measure_mounting(who.standing, who.bows)
            errors.append(off_deg(found.mounting.rotation, who.to_sensor))
        p50, p99 = np.percentile(errors, [50, 99])
        print(f"  {bows} bows: median {p50:.1f}°, 99 % {p99:.1f}°, worst {max(errors):.1f}°")


def _wears(block: SensorBlock, rate_hz: float) -> tuple[set[Wear], float]:
    detector, first_s = WearDetector(), math.inf
    told: set[Wear] = set()
    states = TrunkEstimator(CalibrationProfile(), rate_hz).feed(TrunkBlock.of(block))
    for state in states:
        verdict = detector.step(state)
        if verdict.wear is not Wear.UNKNOWN:
            first_s = min(first_s, state.t_s - states[0].t_s)
            told.add(verdict.wear)
    return told, first_s


def wear(data: Path) -> None:
    print("\nWorn or not, one default threshold")
    bench = [_wears(bench_block(data, name), 100.0) for name in bench_names(data, still=True)]
    hand = [_wears(bench_block(data, name), 100.0) for name in bench_names(data, still=False)]
    worn = [
        _wears(upper, SITTING_RATE_HZ)
        for who in sitting_people(data)
        for upper, _ in sitting_trials(who).values()
    ]
    for name, told, right in (
        ("on the bench, still", bench, {Wear.NOT_WORN}),
        ("sitting people", worn, {Wear.WORN}),
    ):
        ok = sum(wears == right for wears, _ in told)
        print(f"  {name:22s} {ok} of {len(told)} right, latest decision {max(s for _, s in told):.0f} s")
    print(
        f"  {'moved by hand':22s} {sum(Wear.WORN in wears for wears, _ in hand)} of {len(hand)} "
        "taken for worn"
    )


def _uprights(data: Path) -> np.ndarray:
    """(n, 3) "up" of each later upright trial, in the frame of the same person's first one."""
    ups = []
    for who in sitting_people(data):
        trials = [blocks for name, blocks in sitting_trials(who).items() if name.endswith("class_2")]
        part = with_neutral(trials[0][0], SensorProfile())
        for upper, _ in trials[1:]:
            ups.append(rotation_onto_up(part.neutral.up) @ settled_neutral(upper, part).up)
    return np.array(ups)


def _tilted(ups: np.ndarray) -> np.ndarray:
    """Every "up" tilted by 15° about 72 level axes: a tilt about the vertical is none that gravity shows."""
    tilted = []
    for turn in np.radians(np.arange(0.0, 360.0, 5.0)):
        axis, angle = np.array([math.cos(turn), math.sin(turn), 0.0]), math.radians(TILT_DEG)
        tilted.append(
            ups * math.cos(angle)
            + np.cross(axis, ups) * math.sin(angle)
            + np.outer(ups @ axis, axis) * (1.0 - math.cos(angle))
        )
    return np.concatenate(tilted)


def neutral_check(data: Path, curve: Path | None) -> None:
    ups = _uprights(data)
    tilted = _tilted(ups)
    stale = [still_fits(tuple(up)).stale for up in tilted]
    fits = [not still_fits(tuple(up)).stale for up in ups]
    print(f"\nNeutral check: {len(ups)} later upright trials of {len(sitting_people(data))} people")
    print(f"  still fits: {np.mean(fits):.1%}; tilted by 15°, no longer fits: {np.mean(stale):.1%}")
    off = np.degrees(np.arccos(np.clip(ups[:, 2], -1, 1)))
    off_tilted = np.degrees(np.arccos(np.clip(tilted[:, 2], -1, 1)))
    limits = np.arange(3.0, 15.01, 0.25)
    kept = [float((off <= limit).mean()) for limit in limits]
    found = [float((off_tilted > limit).mean()) for limit in limits]
    for limit in (5.0, 6.0, 7.0, 7.5, 8.0, 9.0, 10.0):
        k = int(np.argmin(abs(limits - limit)))
        print(f"    limit {limit:4.1f}°: still fits {kept[k]:6.1%}, tilt found {found[k]:6.1%}")
    if curve is not None:
        curve.write_text(_drawn(limits, kept, found), encoding="utf-8")


def _drawn(limits: np.ndarray, kept: list[float], found: list[float]) -> str:
    """Both shares over the limit, as SVG that follows the reader's colours."""

    def x(limit: float) -> float:
        return 60.0 + (limit - 3.0) / 12.0 * 520.0

    def y(share: float) -> float:
        return 20.0 + (1.0 - share) / 0.4 * 260.0

    def line(shares: list[float]) -> str:
        points = (f"{x(a):.1f},{y(max(0.6, s)):.1f}" for a, s in zip(limits.tolist(), shares, strict=True))
        return " ".join(points)

    grid = "".join(
        f'<path d="M60 {y(s):.0f}H580" class="g"/>'
        f'<text x="52" y="{y(s) + 4:.0f}" text-anchor="end">{s:.0%}</text>'
        for s in (0.6, 0.7, 0.8, 0.9, 1.0)
    )
    ticks = "".join(f'<text x="{x(a):.0f}" y="300" text-anchor="middle">{a}°</text>' for a in range(3, 16, 2))
    at = x(FitRules().stale_deg)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 340" role="img"
 aria-label="Later upright trials that still fit, and tilts by 15° that are found, over the limit">
<style>svg{{color-scheme:light dark;font:13px sans-serif;background:Canvas}}text{{fill:CanvasText}}
.g{{stroke:GrayText;stroke-width:.5;fill:none}}polyline{{fill:none;stroke:CanvasText;stroke-width:2}}
.d{{stroke-dasharray:6 4}}</style>
{grid}{ticks}<text x="320" y="325" text-anchor="middle">limit on the angle from the last neutral</text>
<path d="M{at:.1f} 20V280" class="g"/>
<text x="{at + 4:.1f}" y="275">{FitRules().stale_deg}°, the default</text>
<polyline points="{line(kept)}"/><polyline class="d" points="{line(found)}"/>
<path d="M400 190h30" stroke="CanvasText" stroke-width="2"/><text x="436" y="194">upright, still fits</text>
<path d="M400 212h30" stroke="CanvasText" stroke-width="2" stroke-dasharray="6 4"/>
<text x="436" y="216">tilted by 15°, found</text>
</svg>
"""


def cost() -> None:
    script = working_day(Style.RESTLESS, 1, 1.0)
    wearer = Wearer(script)
    profile = wearer.person.profile(sensors=1)
    estimator = TrunkEstimator(profile, RATE_HZ)
    states = [s for block in wearer.blocks(RATE_HZ, sensors=1) for s in estimator.feed(block)]
    took_us: dict[str, list[float]] = {"worn or not": [], "fit": []}
    for _ in range(3):
        detector, checker = WearDetector(), FitChecker(profile)
        start = time.process_time()
        verdicts = [detector.step(state) for state in states]
        middle = time.process_time()
        for state, verdict in zip(states, verdicts, strict=True):
            checker.step(state, verdict)
        took_us["worn or not"].append((middle - start) / len(states) * 1e6)
        took_us["fit"].append((time.process_time() - middle) / len(states) * 1e6)
    told = ", ".join(f"{name} {np.median(values):.1f} µs" for name, values in took_us.items())
    print(f"\nCost of a tick (ten a second): {told}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer strappings, people and days")
    parser.add_argument("--curve", type=Path, help="where to draw the trade-off of the neutral check")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (all)")
    args = parser.parse_args()
    unknown = set(args.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    parts = args.parts or PARTS
    data = Path(os.environ.get("PLUMBLINE_DATA", ROOT.parent / "shared" / "data"))
    recorded = (data / "README.md").is_file()
    if not recorded:
        print(f"the real recordings are not at {data}; what rests on them is left out")
    if "accelerometer" in parts and recorded:
        accelerometer(data)
    if "wear" in parts and recorded:
        wear(data)
    if "neutral" in parts and recorded:
        neutral_check(data, args.curve)
    if "mounting" in parts:
        mounting(300 if args.quick else 10_000)
    if "slip" in parts:
        slip.report(1, [21], 2, 2, 2) if args.quick else slip.report(8, [21, 22, 23, 24], 200, 20, 100)
    if "cost" in parts:
        cost()
    return 0


if __name__ == "__main__":
    sys.exit(main())
