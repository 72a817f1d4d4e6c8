"""The filter where BROAD was not recorded: other rates, worse sensors, other settings, unseen trials.

    python -m benchmarks.inclination_versions

Four tables on the shared trials (PLUMBLINE_DATA): every trial brought to other rates or spoiled, beside
VQF on the same rows, with the share of errors within two sigma; the one row for each tenth of a second
that the live monitor takes; parts of the filter switched off; and each trial judged by the setting that was
best on the nine others.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from vqf import VQF, offlineVQF

from benchmarks.inclination import ROOT, Trial, load, up_of
from firmware_py.posture._motion_model import MotionModel
from firmware_py.posture._smoothing import smooth
from firmware_py.posture._windows import WindowSums
from firmware_py.posture.inclination import InclinationFilter
from firmware_py.posture.trunk import TICKS_PER_S, ticks_at

FloatArray = NDArray[np.float64]
Change = Callable[[Trial], Trial]

NEIGHBOUR = 1.5
"""A neighbouring setting has one of its numbers greater or less by this factor."""

NEIGHBOURING = (
    "gyr_delay_s",
    "scale_sigma",
    "gyr_walk_rad",
    "gyr_scale",
    "speed_per_shake",
    "shake_memory_s",
    "lasting_s",
    "rest_gyr_rad_s",
)


def averaged(trial: Trial, size: int) -> Trial:
    """Every `size` samples made one by their mean, dated by the last."""
    rows = len(trial.gyr) // size * size

    def means(values: FloatArray) -> FloatArray:
        found: FloatArray = values[:rows].reshape(-1, size, 3).mean(axis=1)
        return found

    last = slice(size - 1, rows, size)
    return Trial(
        trial.name,
        trial.rate_hz / size,
        means(trial.gyr),
        means(trial.acc),
        trial.up[last],
        trial.counts[last],
    )


def picked(trial: Trial, size: int) -> Trial:
    """Every `size`-th sample, without a low pass."""
    rows = slice(None, None, size)
    return Trial(
        trial.name,
        trial.rate_hz / size,
        np.ascontiguousarray(trial.gyr[rows]),
        np.ascontiguousarray(trial.acc[rows]),
        trial.up[rows],
        trial.counts[rows],
    )


def spoiled(
    trial: Trial, *, bias_deg_s: float = 0.0, scale: float = 0.0, noise: bool = False, acc_m_s2: float = 0.0
) -> Trial:
    """A worse sensor: bias, scale errors of `scale` to twice it, noise, an accelerometer that is off."""
    rng = np.random.default_rng(1)
    oblique = np.array([1.0, -1.0, 1.0]) / np.sqrt(3.0)
    gyr = trial.gyr * (1.0 + scale * np.array([1.0, -1.5, 2.0])) + np.radians(bias_deg_s) * oblique
    acc = trial.acc + acc_m_s2 * np.array([0.0, 1.0, -1.0]) / np.sqrt(2.0)
    if noise:
        # the MPU-6050's data sheet: 0.005 °/s/√Hz and 400 µg/√Hz
        gyr = gyr + np.radians(0.005) * np.sqrt(trial.rate_hz / 2.0) * rng.standard_normal(gyr.shape)
        acc = acc + 400e-6 * 9.80665 * np.sqrt(trial.rate_hz / 2.0) * rng.standard_normal(acc.shape)
    return replace(trial, gyr=gyr, acc=acc)


VERSIONS: dict[str, Change] = {
    "as recorded, 286 Hz": lambda trial: trial,
    "143 Hz, averaged": lambda trial: averaged(trial, 2),
    "95 Hz, averaged": lambda trial: averaged(trial, 3),
    "95 Hz, picked": lambda trial: picked(trial, 3),
    "48 Hz, averaged": lambda trial: averaged(trial, 6),
    "48 Hz, picked": lambda trial: picked(trial, 6),
    "26 Hz, averaged": lambda trial: averaged(trial, 11),
    "95 Hz, bias of 5 °/s added": lambda trial: spoiled(averaged(trial, 3), bias_deg_s=5.0),
    "95 Hz, scale wrong by 1 to 2 %": lambda trial: spoiled(averaged(trial, 3), scale=0.01),
    "95 Hz, bias 1 °/s, noise, scale 0.5 to 1 %, accelerometer off by 0.1 m/s²": lambda trial: spoiled(
        averaged(trial, 3), bias_deg_s=1.0, scale=0.005, noise=True, acc_m_s2=0.1
    ),
}


def versions(trials: list[Trial]) -> None:
    print("| rows | causal | VQF | both ends | offline VQF | within 2 σ |")
    print("|---|---|---|---|---|---|")
    for name, change in VERSIONS.items():
        rows = []
        for trial in map(change, trials):
            dt = 1.0 / trial.rate_hz
            output = InclinationFilter(trial.rate_hz).process_full(trial.gyr, trial.acc)
            within = trial.errors_deg(output.up) < 2.0 * np.degrees(output.sigma_rad)
            rows.append(
                (
                    trial.rmse_deg(output.up),
                    trial.rmse_deg(up_of(VQF(dt).updateBatch(trial.gyr, trial.acc)["quat6D"])),
                    trial.rmse_deg(smooth(trial.gyr, trial.acc, trial.rate_hz, MotionModel())),
                    trial.rmse_deg(up_of(offlineVQF(trial.gyr, trial.acc, None, dt)["quat6D"])),
                    100.0 * float(np.mean(within[trial.counts])),
                )
            )
        causal, vqf, both, offline, share = np.mean(rows, axis=0)
        print(f"| {name} | {causal:.2f} | {vqf:.2f} | {both:.2f} | {offline:.2f} | {share:.0f} % |")


def live(trials: list[Trial]) -> None:
    """Windows of a tenth of a second, as the live monitor asks, beside every sample; at windows' ends."""
    print(
        "\n| rows | one row for each tenth of a second | of plain means | every sample |\n|---|---|---|---|"
    )
    for name in (
        "as recorded, 286 Hz",
        "95 Hz, averaged",
        "95 Hz, picked",
        "48 Hz, averaged",
        "26 Hz, averaged",
    ):
        rows = []
        for trial in map(VERSIONS[name], trials):
            ticks = ticks_at(np.arange(1, len(trial.gyr) + 1) / trial.rate_hz)
            starts = np.flatnonzero(np.diff(ticks, prepend=0))
            ends = np.append(starts[1:], len(ticks)) - 1
            samples = np.hstack((trial.gyr, trial.acc))
            sums, summed, plain = (
                WindowSums(1.0 / trial.rate_hz),
                *(InclinationFilter(TICKS_PER_S) for _ in "12"),
            )
            amounts = list(sums.amounts(samples, starts, np.zeros((2, 6))))
            means = np.add.reduceat(samples, starts) / np.diff(starts, append=len(samples))[:, None]
            at_ends = replace(trial, up=trial.up[ends], counts=trial.counts[ends])
            rows.append(
                [
                    at_ends.rmse_deg(np.array(up))
                    for up in (
                        [summed.advance(amount)[0] for amount in amounts],
                        plain.process(means[:, :3].copy(), means[:, 3:].copy()),
                        InclinationFilter(trial.rate_hz).process(trial.gyr, trial.acc)[ends],
                    )
                ]
            )
        print(f"| {name} | {' | '.join(f'{error:.2f}' for error in np.mean(rows, axis=0))} |")


def switched_off(trials: list[Trial]) -> None:
    tiny = 1e-9
    models = {
        "everything on": MotionModel(),
        "no lag made up for": MotionModel(gyr_delay_s=0.0),
        "no scale errors": MotionModel(scale_sigma=tiny),
        "no bias": MotionModel(scale_sigma=tiny, bias_sigma_rad_s=tiny),
    }
    print("\n| | causal | both ends |")
    print("|---|---|---|")
    for name, model in models.items():
        causal = np.mean(errors_deg(trials, model))
        both = np.mean([t.rmse_deg(smooth(t.gyr, t.acc, t.rate_hz, model)) for t in trials])
        print(f"| {name} | {causal:.3f} | {both:.3f} |")


def errors_deg(trials: Iterable[Trial], model: MotionModel) -> list[float]:
    """RMSE of the causal filter on each trial."""
    return [t.rmse_deg(InclinationFilter(t.rate_hz, model=model).process(t.gyr, t.acc)) for t in trials]


def left_out(trials: list[Trial]) -> None:
    default = MotionModel()
    names = ["default"]
    settings = [default]
    for field in NEIGHBOURING:
        for factor in (1.0 / NEIGHBOUR, NEIGHBOUR):
            names.append(f"{field} × {factor:.2f}")
            settings.append(replace(default, **{field: factor * getattr(default, field)}))
    errors = np.array([errors_deg(trials, setting) for setting in settings])
    print("\n| setting | mean RMSE |\n|---|---|")
    for name, row in zip(names, errors, strict=True):
        print(f"| {name} | {row.mean():.3f} |")
    judged, chosen = [], set()
    for trial in range(len(trials)):
        others = np.delete(errors, trial, axis=1).mean(axis=1)
        best = int(np.argmin(others))
        chosen.add(names[best])
        judged.append(errors[best, trial])
    print(
        f"\nbest on nine trials, judged on the tenth: {np.mean(judged):.3f}; default {errors[0].mean():.3f}"
    )
    print(f"chosen: {', '.join(sorted(chosen))}; worst neighbour {errors.mean(axis=1).max():.3f}")


def main() -> None:
    trials = load(Path(os.environ.get("PLUMBLINE_DATA", ROOT.parent / "shared" / "data")) / "broad")
    if not trials:
        sys.exit("no recordings; set PLUMBLINE_DATA to the folder that holds broad/")
    versions(trials)
    live(trials)
    switched_off(trials)
    left_out(trials)


if __name__ == "__main__":
    main()
