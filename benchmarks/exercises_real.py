"""The coach on real recordings of people who exercise not at all: what it must not tell as seen.

    python -m benchmarks.exercises_real            (recordings: PLUMBLINE_DATA, else ../shared/data)

Nobody published a recording of either exercise. What real people can show is the other half: 22 people who
sit still in six postures (IMU Sitting Postures Dataset, sensor at T4, 30 s a trial) are coached through one
repetition of ten seconds each. They breathe and sway as people do, and nobody moves; each repetition that
is told as seen is a false one. Their position must be told as upright, or as nothing where they lean far.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firmware_py.exercise_file import load
from firmware_py.posture.blocks import FloatArray, SensorBlock, TrunkBlock
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.exercise_coach import Coach
from firmware_py.posture.exercise_words import BeginExercise, ExerciseEnded, ExerciseProgress
from firmware_py.posture.position import Position
from firmware_py.posture.profile import CalibrationProfile, Mounting, Neutral, SensorProfile
from firmware_py.posture.trunk import TrunkState

DATA = Path(os.environ.get("PLUMBLINE_DATA", Path(__file__).parents[2] / "shared" / "data"))
RATE_HZ = 50.0
SETTLED_S = 5.0
LONG_ENOUGH_S = 28.0
UPRIGHT = "_class_2"


@dataclass(frozen=True, slots=True)
class Coached:
    """One trial: which, whether its repetition was told as seen, and the position that was told."""

    trial: str
    seen: bool
    position: Position | None


def sitting_still(folder: Path, people: int | None = None) -> Iterator[Coached]:
    """Every trial that is long enough, coached through one repetition; the first `people` of them if said."""
    exercise = load()["scapular_retraction"].exercise
    for path in sorted((folder / "sitting").glob("sub_*.npz"))[:people]:
        with np.load(path) as trials:
            first = next(name for name in sorted(trials.files) if name.endswith(UPRIGHT))
            profile = _neutral(trials[first].astype(float))
            for name in sorted(trials.files):
                rows = trials[name].astype(float)
                if len(rows) < LONG_ENOUGH_S * RATE_HZ:
                    continue
                states = [state for state in _states(rows, profile) if state.t_s >= SETTLED_S]
                coach = Coach(BeginExercise(SETTLED_S, exercise, 1, 1), states[0].tick)
                coach.resume()  # whatever the position
                told = [one for state in states for one in coach.step(state, shaken=False)]
                ended = [one for one in told if isinstance(one, ExerciseEnded)]
                if ended and ended[0].seen + ended[0].by_time:
                    shown = [one for one in told if isinstance(one, ExerciseProgress)]
                    yield Coached(f"{path.stem} {name}", ended[0].seen == 1, shown[-1].position)


def _neutral(rows: FloatArray) -> CalibrationProfile:
    up = np.array(Mounting().rotation) @ np.nanmean(rows[:, :3], axis=0)
    x, y, z = (up / np.linalg.norm(up)).tolist()
    return CalibrationProfile(upper=SensorProfile(neutral=Neutral((x, y, z))))


def _states(rows: FloatArray, profile: CalibrationProfile) -> list[TrunkState]:
    t_s = np.arange(len(rows)) / RATE_HZ
    block = SensorBlock(t_s, rows[:, :3] * 9.80665, np.radians(rows[:, 3:6]), 30.0)
    return list(TrunkEstimator(profile, RATE_HZ).feed(TrunkBlock.of(block)))


def main() -> None:
    told = list(sitting_still(DATA))
    false = [one.trial for one in told if one.seen]
    print(f"{len(told)} repetitions that nobody made: {len(false)} told as seen {false}")
    print("positions told:", dict(Counter(str(one.position) for one in told)))


if __name__ == "__main__":
    main()
