"""A sensor that stands elsewhere from one sample to the next, with no turn seen between.

Spliced recordings, lost stretches nobody told of, a sensor knocked while its gyroscope clipped: nobody
accelerates in one direction for long, so an accelerometer that keeps pointing elsewhere is right, and soon.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2
from firmware_py.posture.inclination import InclinationFilter

RATE_HZ = 50.0


def off_deg(up: NDArray[np.float64], acc: NDArray[np.float64]) -> float:
    """Median angle between the answers and the direction of mean acceleration of a posed, static trial."""
    true = np.nanmedian(acc, axis=0)
    true /= np.linalg.norm(true)
    return float(np.median(np.degrees(np.arccos(np.clip(up @ true, -1.0, 1.0)))))


@pytest.mark.parametrize("step", [1, 10, 100000])
def test_posed_trials_spliced_together_are_each_found_within_ten_seconds(
    shared_data: Path, step: int
) -> None:
    worst: dict[str, float] = {}
    for path in sorted((shared_data / "sitting").glob("sub_*.npz"))[:: 1 if step > 1000 else 11]:
        with np.load(path) as file:
            trials = {key: file[key].astype(float) for key in sorted(file.keys())}
        rows = np.concatenate(list(trials.values()))
        ends = np.cumsum([len(trial) for trial in trials.values()])
        for place, first in (("upper", 0), ("lower", 6)):
            acc = rows[:, first : first + 3] * STANDARD_GRAVITY_M_S2
            gyr = np.radians(rows[:, first + 3 : first + 6])
            inclination = InclinationFilter(RATE_HZ)
            up = np.concatenate(
                [inclination.process(gyr[i : i + step], acc[i : i + step]) for i in range(0, len(acc), step)]
            )
            for key, end, trial in zip(trials, ends, trials.values(), strict=True):
                settled = slice(end - len(trial) + int(10 * RATE_HZ), end)
                worst[f"{path.stem} {place} {key}"] = off_deg(up[settled], acc[settled])
    bad = {name: round(off, 1) for name, off in worst.items() if off > 3.0}
    assert not bad, f"{len(bad)} of {len(worst)} trials are off by more than 3°: {bad}"
