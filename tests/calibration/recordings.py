"""The real recordings as blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2, SensorBlock

SITTING_RATE_HZ = 50.0


def bench_names(folder: Path, *, still: bool) -> list[str]:
    """Names of the MPU-6050 recordings that lie still, or of those that were moved by hand."""
    names = sorted(path.stem for path in (folder / "mpu6050").glob("*.npz"))
    return [name for name in names if name.startswith("unmoved") == still]


def bench_block(folder: Path, name: str) -> SensorBlock:
    """One recording of the real MPU-6050, sensor frame."""
    with np.load(folder / "mpu6050" / f"{name}.npz") as kept:
        gyr, acc, temp = kept["gyr_t_s_xyz_deg_s"], kept["acc_t_s_xyz_g"], kept["temp_t_s_deg_c"]
    # One file ends in rows of zeros, and some time stamps come twice.
    t_s = gyr[:, 0].astype(float)
    good = (t_s > 0.0) & (np.diff(np.maximum.accumulate(t_s), prepend=0.0) > 0.0)
    return SensorBlock.checked(
        t_s[good],
        acc[good, 1:] * STANDARD_GRAVITY_M_S2,
        np.radians(gyr[good, 1:].astype(float)),
        float(temp[good, 1].mean()),
    )


def sitting_people(folder: Path) -> list[Path]:
    """The files of the people who sat."""
    return sorted((folder / "sitting").glob("sub_*.npz"))


def sitting_trials(person: Path) -> dict[str, tuple[SensorBlock, SensorBlock]]:
    """A person's trials in order: name -> (upper back, low back), sensor frame."""
    trials = {}
    with np.load(person) as kept:
        for name in sorted(kept.files):
            rows = kept[name].astype(float)
            t_s = np.arange(len(rows)) / SITTING_RATE_HZ
            upper, lower = (
                SensorBlock(
                    t_s, rows[:, c : c + 3] * STANDARD_GRAVITY_M_S2, np.radians(rows[:, c + 3 : c + 6])
                )
                for c in (0, 6)
            )
            trials[name] = (upper, lower)
    return trials
