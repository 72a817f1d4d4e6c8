"""Sitting postures of real people, against a published result: `python benchmarks/sitting.py [FOLDER]`.

Recordings: IMU Sitting Postures Dataset, Ali, Elsayed, Emad, Mohamed, Shehata, Rehan 2026, CC BY 4.0;
format in the README beside the data. Each trial passes the real core (filter, angles, judgement) as it
would live; a person's first upright trial gives the neutral and is judged nowhere. The answer to a trial
is made from the medians of its readings.

1. *Thresholds, one sensor*: is a slouch trial 10° or more from neutral, is an upright one not?
2. *Six kinds*: the nearest of six (`firmware_py/posture/recognition.py`), its numbers fitted on the other
   people only (leave one person out); by the neutral alone, and with one example of each posture from
   the person, judged on the rest, each of the three repetitions being the example in turn.

`--shipped` judges with the numbers in the code instead: honest only on people they were not fitted on.
`--fit` prints those numbers.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from calibration.steps import OTHER_SIDE_DEG
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray, SensorBlock, TrunkBlock
from firmware_py.posture.events import Posture, Reading, Unjudged
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile, Neutral, PoseExample, SensorProfile
from firmware_py.posture.recognition import SITTING, Kind, Population, Prototypes, prototypes

RATE_HZ = 50.0
KIND_OF_CLASS = (
    Kind.LEANING_BACK,
    Kind.UPRIGHT,
    Kind.SLOUCHED,
    Kind.LEANING_FORWARD,
    Kind.SIDE_BENT_RIGHT,
    Kind.SIDE_BENT_LEFT,
)
"""The data set's classes 1 to 6."""

SIDE_OF = {Kind.SIDE_BENT_RIGHT: 1.0, Kind.SIDE_BENT_LEFT: -1.0}
"""Sign of the lateral angle that belongs to a side bend."""

WINDOW_TICKS = 50
"""Windows of 5 s, for comparison with results given by windows."""


@dataclass(frozen=True)
class Trial:
    """One posed posture, as the core saw it.

    Attributes:
        angles_deg: medians of upper flexion, upper side bend, lower flexion.
        windows_deg: (n, 3) the same for windows of 5 s.
        alone_deg: median flexion with the upper sensor alone.
        slouched: share of its judged readings that the live rule of one sensor calls slouched.
    """

    person: int
    kind: Kind
    neutral: bool
    angles_deg: FloatArray
    windows_deg: FloatArray
    alone_deg: float
    slouched: float


def profile_of(rows: FloatArray, *, two: bool) -> CalibrationProfile:
    """A profile whose neutral is the mean direction of gravity over the rows (n, 12) of a trial."""
    shares = []
    for first in (0, 6):
        plain = SensorProfile()
        up = np.nanmean(rows[:, first : first + 3], axis=0) @ plain.to_body().T
        x, y, z = (up / np.linalg.norm(up)).tolist()
        shares.append(SensorProfile(neutral=Neutral((x, y, z))))
    return CalibrationProfile(upper=shares[0], lower=shares[1] if two else None)


def readings_of(rows: FloatArray, profile: CalibrationProfile) -> list[Reading]:
    """What the core says of a trial, one reading a tick, the filter's first moments left out."""
    t_s = np.arange(len(rows)) / RATE_HZ
    sensors = [
        SensorBlock(t_s, rows[:, i : i + 3] * STANDARD_GRAVITY_M_S2, np.radians(rows[:, i + 3 : i + 6]))
        for i in (0, 6)
    ]
    monitor = Monitor(profile, RATE_HZ)
    block = TrunkBlock.of(sensors[0], sensors[1] if profile.lower else None)
    events = monitor.feed(block) + monitor.finish()
    away = (Unjudged.SETTLING, Unjudged.SENSOR_LOST)
    return [e for e in events if isinstance(e, Reading) and e.unjudged not in away]


def trials_of(path: Path) -> Iterator[Trial]:
    """Every trial of one person, through the core."""
    with np.load(path) as data:
        recorded = {name: data[name].astype(np.float64) for name in sorted(data)}
    person = int(path.stem.split("_")[1])
    first_upright = next(name for name in recorded if name.endswith("class_2"))
    one, two = (profile_of(recorded[first_upright], two=both) for both in (False, True))
    for name, rows in recorded.items():
        alone = readings_of(rows, one)
        both = np.array(
            [(r.upper_deg, r.lateral_deg, r.lower_deg) for r in readings_of(rows, two)], dtype=float
        )
        windows = np.split(both, range(WINDOW_TICKS, len(both), WINDOW_TICKS))
        judged = [r for r in alone if r.unjudged is None]
        yield Trial(
            person,
            KIND_OF_CLASS[int(name[-1]) - 1],
            name == first_upright,
            median_of(both),
            np.array([median_of(window) for window in windows]),
            float(np.median([r.flexion_deg for r in alone])),
            sum(r.posture is Posture.SLOUCHED for r in judged) / max(1, len(judged)),
        )


def median_of(angles_deg: FloatArray) -> FloatArray:
    """(3,) medians of the columns, from the rows that have all of them; NaN where none has."""
    whole = angles_deg[np.isfinite(angles_deg).all(axis=1)]
    return np.median(whole, axis=0) if len(whole) else np.full(3, np.nan)


WIDER = 1.5
"""Variance between people, against what the fitted people show: the next ones differ more than these.
Anything from the textbook's 1.2 (a t distribution of 22) to 2 does equally well on people held back."""

LEAST_WITHIN_DEG = 1.0
"""Added to the spread of repetitions: neither angle nor label is exact to less."""


def fit(trials: Sequence[Trial]) -> Population:
    """Means and spreads of the six kinds, by the method of moments (analysis of variance, one way).

    A bend that clearly goes to the other side than its label says is an example of neither and left out:
    three of 396 would else make half of what one person's side bends seem to scatter.
    """
    seen: dict[int, dict[Kind, FloatArray]] = {}
    for trial in trials:
        asked = SIDE_OF.get(trial.kind, 0.0)
        if trial.neutral or asked * trial.angles_deg[1] < -OTHER_SIDE_DEG:
            continue
        if np.isfinite(trial.angles_deg).all():
            rows = seen.setdefault(trial.person, {})
            rows[trial.kind] = np.vstack([rows.get(trial.kind, np.empty((0, 3))), trial.angles_deg])
    people = [rows for rows in seen.values() if len(rows) == len(Kind)]
    means = np.array([[rows[kind].mean(axis=0) for kind in Kind] for rows in people])
    squares = sum(((r[k] - r[k].mean(axis=0)) ** 2).sum(axis=0) for r in people for k in Kind)
    freedom = np.array([sum(len(rows[kind]) - 1 for rows in people) for kind in Kind])
    repeats = freedom / len(people) + 1.0
    within = squares / freedom.sum()
    shared = np.empty(3)
    between = np.empty((len(Kind), 3))
    for feature in range(3):
        covariance = np.cov(means[:, :, feature].T)
        shared[feature] = max(0.25, covariance[~np.eye(len(Kind), dtype=bool)].mean())
        between[:, feature] = np.diag(covariance) - within[feature] / repeats - shared[feature]
    between = np.maximum(between, 0.5)
    spreads = (WIDER * between, within + LEAST_WITHIN_DEG**2)

    def table(values: FloatArray) -> tuple[tuple[float, float, float], ...]:
        return tuple((float(a), float(b), float(c)) for a, b, c in np.round(values, 1))

    within_row, shared_row = table(np.sqrt([spreads[1], shared]))
    return Population(table(means.mean(axis=0)), table(np.sqrt(spreads[0])), within_row, shared_row)


def example_of(trial: Trial) -> PoseExample:
    """A trial as the calibration would keep it: for the side asked for, unless it clearly goes to the other.

    There the guide would ask once more; here there is no once more, and the angle decides.
    """
    upper, lateral, lower = trial.angles_deg.tolist()
    asked = SIDE_OF.get(trial.kind, 0.0)
    side = -asked if asked * lateral < -OTHER_SIDE_DEG else asked
    return PoseExample(trial.kind.posture, upper, lateral, lower, side=side)


@dataclass
class Score:
    """True and answered kinds of many trials, and whose each was."""

    true: list[Kind] = field(default_factory=list)
    answered: list[Kind] = field(default_factory=list)
    person: list[int] = field(default_factory=list)

    def add(self, person: int, true: Kind, answered: Kind) -> None:
        """Count one answer."""
        self.true.append(true)
        self.answered.append(answered)
        self.person.append(person)

    def right_interval(self, draws: int = 2000) -> tuple[float, float]:
        """95 % interval of `right` for as many people drawn anew (bootstrap over people, not trials)."""
        people = np.array(self.person)
        good = np.array(self.true) == np.array(self.answered)
        each = np.array([(good[people == p].sum(), (people == p).sum()) for p in np.unique(people)])
        drawn = each[np.random.default_rng(1).integers(0, len(each), (draws, len(each)))].sum(axis=1)
        low, high = np.percentile(drawn[:, 0] / drawn[:, 1], (2.5, 97.5))
        return float(low), float(high)

    def right(self, name: Callable[[Kind], object] = lambda kind: kind) -> float:
        """Share of right answers, kinds of one name counting as one."""
        return float(np.mean([name(t) == name(a) for t, a in zip(self.true, self.answered, strict=True)]))

    def f1(self, kind: Kind) -> float:
        """Harmonic mean of precision and recall of one kind."""
        both = sum(t == a == kind for t, a in zip(self.true, self.answered, strict=True))
        return 2 * both / (self.true.count(kind) + self.answered.count(kind))

    def called(self, true: Kind, answered: Kind) -> float:
        """Share of one kind that was called another."""
        pairs = list(zip(self.true, self.answered, strict=True))
        return pairs.count((true, answered)) / self.true.count(true)


def four_names(kind: Kind) -> str:
    """Upright, bent forward, back or side: what one sensor can know."""
    bent = kind in (Kind.SLOUCHED, Kind.LEANING_FORWARD)
    return "forward" if bent else kind.posture.value


def judge(
    trials: Sequence[Trial], population_without: Callable[[int], Population], *, sensors: int, own: bool
) -> tuple[Score, Score]:
    """Answers to every trial that is neither neutral nor example: by trials, and by windows."""
    by_trial, by_window = Score(), Score()
    width = sensors + 1
    for person in sorted({t.person for t in trials}):
        population = population_without(person)
        mine = [t for t in trials if t.person == person and not t.neutral and np.isfinite(t.angles_deg).all()]
        for turn in range(3 if own else 1):
            examples: list[Trial] = []
            if own:
                for kind in Kind:
                    of_kind = [t for t in mine if t.kind is kind]
                    if kind is not Kind.UPRIGHT and turn < len(of_kind):  # the neutral is its example
                        examples.append(of_kind[turn])
            kinds: Prototypes = prototypes(population, [example_of(t) for t in examples], sensors=sensors)
            for trial in mine:
                if any(trial is example for example in examples):
                    continue
                by_trial.add(person, trial.kind, kinds.nearest(trial.angles_deg[:width].tolist()))
                for window in trial.windows_deg[np.isfinite(trial.windows_deg).all(axis=1)]:
                    by_window.add(person, trial.kind, kinds.nearest(window[:width].tolist()))
    return by_trial, by_window


def report(trials: Sequence[Trial], *, shipped: bool) -> None:
    """Print both tables."""
    tested = [t for t in trials if not t.neutral]
    slouched = [t for t in tested if t.kind is Kind.SLOUCHED]
    upright = [t for t in tested if t.kind is Kind.UPRIGHT]
    print(f"{len({t.person for t in trials})} people, {len(tested)} trials besides the neutral ones\n")
    print("1. One sensor, threshold 10°")
    for name, of, wanted in (
        ("slouch recognised", slouched, "≥ 98"),
        ("upright called slouch", upright, "≤ 2"),
    ):
        by_angle = 100 * np.mean([t.alone_deg >= 10.0 for t in of])
        by_rule = 100 * np.mean([t.slouched > 0.5 for t in of])
        print(f"   {name:24s}{by_angle:6.1f} % of trials by median angle (wanted {wanted})", end="")
        print(f"{by_rule:8.1f} % by the live rule")
    source = "the shipped numbers" if shipped else "numbers fitted on the other people"
    print(f"\n2. Six kinds, {source}; % of trials (in brackets: of 5 s windows)")
    print(
        f"   {'':31s}{'right':>13s}{'95 % interval':>15s}{'F1 slouch':>11s}{'F1 forward':>12s}"
        f"{'four kinds':>12s}{'upright→slouch':>16s}"
    )
    fitted: dict[int, Population] = {}

    def without(person: int) -> Population:
        if shipped:
            return SITTING
        if person not in fitted:
            fitted[person] = fit([t for t in trials if t.person != person])
        return fitted[person]

    for sensors in (2, 1):
        for own in (False, True):
            score, windows = judge(trials, without, sensors=sensors, own=own)
            low, high = score.right_interval()
            name = (
                f"{sensors} sensor{'s' * (sensors - 1)}, {'one example of each' if own else 'neutral only'}"
            )
            print(
                f"   {name:32s}{100 * score.right():6.1f} ({100 * windows.right():4.1f})"
                f"{100 * low:10.1f}–{100 * high:.1f}"
                f"{score.f1(Kind.SLOUCHED):11.2f}{score.f1(Kind.LEANING_FORWARD):12.2f}"
                f"{100 * score.right(four_names):12.1f}"
                f"{100 * score.called(Kind.UPRIGHT, Kind.SLOUCHED):16.1f}"
            )
    print("   published, 4 sensors, CNN         (86.5)       0.70        0.70")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 2 where there are no recordings."""
    parser = argparse.ArgumentParser(description="Sitting postures of real people.")
    root = Path(os.environ.get("PLUMBLINE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    parser.add_argument("folder", nargs="?", type=Path, default=root / "sitting", help="folder of sub_NN.npz")
    parser.add_argument("--shipped", action="store_true", help="judge with the numbers in the code")
    parser.add_argument("--fit", action="store_true", help="print the numbers fitted on all people")
    asked = parser.parse_args(arguments)
    paths = sorted(asked.folder.glob("sub_*.npz"))
    if not paths:
        print(
            f"no sub_*.npz in {asked.folder}; set PLUMBLINE_DATA to the folder of recordings", file=sys.stderr
        )
        return 2
    trials = [trial for path in paths for trial in trials_of(path)]
    if asked.fit:
        print(fit(trials))
    report(trials, shipped=asked.shipped)
    return 0


if __name__ == "__main__":
    sys.exit(main())
