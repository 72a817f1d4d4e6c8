"""How well the coach sees repetitions and holds: precision and recall, on people who exercise in many ways.

    python -m benchmarks.exercises [--people N] [--sensors 1 2]

Every set is coached from end to end: a simulated person (build, strap, breathing, sway and noise of their
own, none of it tuned to) hears the cues and does the exercise well, small, shaky, too short, not at all or
the wrong way round. Truth is what they were written to do.

- A repetition is *claimed* where the coach says that it was seen. Precision: claimed ones that were made.
  Recall: made ones of at least the least amplitude that were claimed.
- A hold is *complete* where it lasted at least 80 % of what was asked. Precision and recall of "complete",
  over the repetitions that were seen and made; and the error of the measured hold: median, 90th percentile.

On real people, `python -m benchmarks.exercises_real`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from firmware_py.exercise_file import load
from firmware_py.hardware.twin.wearer_exercises import Exerciser, Made, Manner
from firmware_py.hardware.twin.wearer_person import Style, person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.exercise import Exercise
from firmware_py.posture.exercise_coach import SHORT_SHARE
from firmware_py.posture.exercise_words import (
    ExerciseCue,
    ExerciseEnded,
    ExercisePhase,
    ExerciseProgress,
    ExerciseRemark,
)

SEEN = (ExerciseRemark.SEEN, ExerciseRemark.SHORT)


def manners(least_deg: float) -> dict[str, Manner]:
    """Ways to do an exercise whose movement is looked for from `least_deg` on."""
    usual = (2.5 * least_deg, 0.4 * least_deg)
    return {
        "as asked": Manner(usual),
        "small": Manner((1.4 * least_deg, 0.15 * least_deg)),
        "too small to see": Manner((0.5 * least_deg, 0.1 * least_deg)),
        "slow": Manner(usual, reaction_s=(0.5, 2.0), out_s=(3.0, 4.5), back_s=(2.5, 4.0)),
        "quick": Manner(usual, out_s=(0.7, 1.2), back_s=(0.7, 1.2)),
        "shaky": Manner(usual, shaking_deg=0.25 * least_deg),
        "sinking": Manner(usual, sinking_deg=0.6 * least_deg),
        "too short": Manner(usual, hold_share=(0.4, 0.15)),
        "left out": Manner(usual, left_out=0.5),
        "wrong way": Manner(usual, wrong_way=True),
        "not at all": Manner((0.0, 0.0), left_out=1.0),
    }


@dataclass
class Score:
    """Counts over repetitions."""

    made: int = 0
    found: int = 0
    claimed: int = 0
    right: int = 0
    by_time: int = 0
    complete_true: int = 0
    complete_said: int = 0
    complete_right: int = 0
    off_s: list[float] = field(default_factory=list)

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    def count(self, made: Made, told: ExerciseProgress, exercise: Exercise, least_deg: float) -> None:
        """Take one repetition: what was made, and what was told of it."""
        seen = told.remark in SEEN
        truly = made.moved and made.amplitude_deg >= least_deg
        self.made += truly
        self.found += truly and seen
        self.claimed += seen
        self.right += seen and made.moved
        self.by_time += not seen
        if seen and truly and told.held_s is not None:
            complete = made.held_s >= SHORT_SHARE * exercise.hold_s
            said = told.remark is ExerciseRemark.SEEN
            self.complete_true += complete
            self.complete_said += said
            self.complete_right += complete and said
            self.off_s.append(told.held_s - made.held_s)

    @property
    def precision(self) -> float:
        """Of the claimed repetitions, those that were made."""
        return self.right / self.claimed if self.claimed else float("nan")

    @property
    def recall(self) -> float:
        """Of the repetitions made large enough, those that were claimed."""
        return self.found / self.made if self.made else float("nan")

    def row(self) -> str:
        """Its figures, as cells of a table."""
        holds = [
            self.complete_right / n if n else float("nan") for n in (self.complete_said, self.complete_true)
        ]
        off = np.abs(self.off_s) if self.off_s else np.array([np.nan])
        bias = np.median(self.off_s) if self.off_s else float("nan")
        cells = [
            f"{self.made}",
            f"{self.claimed}",
            f"{self.by_time}",
            _percent(self.precision),
            _percent(self.recall),
            *map(_percent, holds),
            f"{bias:+.2f}" if self.off_s else "",
            f"{np.percentile(off, 90):.2f}" if self.off_s else "",
        ]
        return " | ".join(cells)


def _percent(share: float) -> str:
    return "" if share != share else f"{100 * share:.1f} %"


def score_set(
    exercise: Exercise, manner: Manner, seed: int, sensors: int, repetitions: int | None = None
) -> Score:
    """One person's set, of as many repetitions as the exercise has if not said."""
    assert exercise.sees is not None
    style = (Style.STEADY, Style.RESTLESS)[seed % 2]
    doing = Exerciser(Script(person(style, seed), seed), exercise, manner)
    events = doing.coached(sensors, repetitions=repetitions)
    told = [event for event in events if isinstance(event, ExerciseProgress)]
    score = Score()
    results = [one for before, one in pairwise(told) if one.seen + one.by_time > before.seen + before.by_time]
    for made, one in zip(doing.made, results, strict=True):
        score.count(made, one, exercise, exercise.sees.least_deg)
    ended = next(event for event in events if isinstance(event, ExerciseEnded))
    assert (ended.seen, ended.by_time) == (score.claimed, score.by_time)
    goes = sum(one.cue is ExerciseCue.GO for one in told)
    assert goes == len(doing.made), (goes, len(doing.made))
    assert told[-1].phase is ExercisePhase.ENDED
    return score


def table(people: int, sensors: int, first_seed: int = 100) -> dict[tuple[str, str], Score]:
    """The score of each exercise done in each way."""
    found: dict[tuple[str, str], Score] = {}
    for key, described in load().items():
        exercise = described.exercise
        if exercise.sees is None:
            continue
        for name, manner in manners(exercise.sees.least_deg).items():
            scores = (
                score_set(exercise, manner, seed, sensors) for seed in range(first_seed, first_seed + people)
            )
            found[key, name] = sum(scores, Score())
    return found


def overall(scores: Iterable[Score]) -> Score:
    """All of them together."""
    return sum(scores, Score())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--sensors", type=int, nargs="+", default=[1, 2], choices=(1, 2))
    chosen = parser.parse_args(arguments)
    print(
        "| exercise | sensors | how | made | seen | by time | precision | recall | "
        "hold complete: precision | recall | hold off, median s | 90 % within s |"
    )
    print("|" + "---|" * 12)
    for sensors in chosen.sensors:
        found = table(chosen.people, sensors)
        for key in dict.fromkeys(key for key, _ in found):
            mine = {name: score for (one, name), score in found.items() if one == key}
            for name, score in mine.items():
                print(f"| {key} | {sensors} | {name} | {score.row()} |")
            print(f"| {key} | {sensors} | **all** | {overall(mine.values()).row()} |")


if __name__ == "__main__":
    main()
