"""Sitting postures of real people, against a published result: `python -m benchmarks.sitting [FOLDER]`.

Recordings: IMU Sitting Postures Dataset, Ali, Elsayed, Emad, Mohamed, Shehata, Rehan 2026, CC BY 4.0;
format in the README beside the data. Each trial passes the real core (filter, angles, judgement) as it
would live; a person's first upright trial gives the neutral and is judged nowhere. The answer to a trial
is made from the medians of its readings.

1. *Thresholds, one sensor*: is a slouch trial 10° or more from neutral, is an upright one not?
2. *Six kinds*: the nearest of six (`firmware_py/posture/kinds.py`), its numbers fitted on the other
   people only (leave one person out); by the neutral alone, and with one example of each posture from
   the person, judged on the rest, each of the three repetitions being the example in turn.
3. *Live, one sensor*: which trials the rule that runs calls slouched, with such examples and without.

`--shipped` judges with the numbers in the code instead: honest only on people they were not fitted on.
`--fit` prints those numbers.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.sitting_fit import fit
from benchmarks.sitting_trials import SIDE_OF, Trial, trials_of
from calibration.steps import OTHER_SIDE_DEG
from firmware_py.posture.kinds import Kind, Population, Prototypes, prototypes
from firmware_py.posture.profile import PoseExample
from firmware_py.posture.recognition import SITTING, Recogniser
from firmware_py.posture.rules import Rules
from firmware_py.posture.states import Posture


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
            examples = examples_of(mine, turn) if own else []
            kinds: Prototypes = prototypes(population, [example_of(t) for t in examples], sensors=sensors)
            for trial in mine:
                if any(trial is example for example in examples):
                    continue
                by_trial.add(person, trial.kind, kinds.nearest(trial.angles_deg[:width].tolist()))
                for window in trial.windows_deg[np.isfinite(trial.windows_deg).all(axis=1)]:
                    by_window.add(person, trial.kind, kinds.nearest(window[:width].tolist()))
    return by_trial, by_window


def called_slouched(
    trials: Sequence[Trial], population_without: Callable[[int], Population], *, own: bool
) -> dict[Posture, float]:
    """Share of the trials of each posture that the live rule of one sensor calls slouched."""
    called: dict[Posture, list[bool]] = {}
    for person in sorted({t.person for t in trials}):
        mine = [t for t in trials if t.person == person and not t.neutral and np.isfinite(t.angles_deg).all()]
        for turn in range(3):
            examples = examples_of(mine, turn) if own else []
            shown = [example_of(t) for t in examples]
            for trial in mine:
                if any(trial is example for example in examples):
                    continue
                rule = Recogniser(Rules(), shown, two=False, people=population_without(person))
                upper, lateral, _ = trial.angles_deg.tolist()
                seen = rule.step(upper, lateral, upper, None)
                called.setdefault(trial.kind.posture, []).append(seen is Posture.SLOUCHED)
    return {posture: float(np.mean(answers)) for posture, answers in called.items()}


def examples_of(mine: Sequence[Trial], turn: int) -> list[Trial]:
    """The trials of one repetition, of every kind but upright: the neutral is its example."""
    examples: list[Trial] = []
    for kind in Kind:
        of_kind = [t for t in mine if t.kind is kind]
        if kind is not Kind.UPRIGHT and turn < len(of_kind):
            examples.append(of_kind[turn])
    return examples


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
    print("\n3. Live, one sensor; % of trials called slouched")
    for own in (False, True):
        shares = called_slouched(trials, without, own=own)
        told = ", ".join(f"{posture.value} {100 * share:.1f}" for posture, share in shares.items())
        print(f"   {'one example of each' if own else 'neutral only':24s}{told}")


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
