"""The trials of the IMU Sitting Postures Dataset, each passed through the real core as it would be live.

Recordings: Ali, Elsayed, Emad, Mohamed, Shehata, Rehan 2026, CC BY 4.0; format in the README beside the
data. A person's first upright trial gives the neutral.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.mounting import squared_on_the_back
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, FloatArray, SensorBlock, TrunkBlock
from firmware_py.posture.events import Posture, Reading, Unjudged
from firmware_py.posture.kinds import Kind
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile, Neutral, SensorProfile

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
    """A profile whose neutral is the mean direction of gravity over the rows (n, 12) of a trial.

    There are no bows in these recordings, so the mounting is what the calibration makes of a neutral alone.
    """
    shares = []
    for first in (0, 6):
        plain = SensorProfile()
        up = np.nanmean(rows[:, first : first + 3], axis=0) @ plain.to_body().T
        x, y, z = (up / np.linalg.norm(up)).tolist()
        shares.append(squared_on_the_back(SensorProfile(neutral=Neutral((x, y, z)))))
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
