"""Which way is up: Plumbline beside its peers on the shared BROAD trials, every method at its defaults.

    python benchmarks/inclination.py [--quick] [--picture docs/accuracy.svg]

One table: inclination error (RMSE of each trial's moving part; their mean and worst), process time a sample
for whole recordings and for a live stream, each as a median of several in the same run, and what a method
needs to be installed. Needs the extra `benchmarks` and the recordings (PLUMBLINE_DATA).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from firmware_py.posture.inclination import InclinationFilter, smooth_inclination  # noqa: E402 - after the path

FloatArray = NDArray[np.float64]

LIVE_RATE_HZ = 100.0
LIVE_BLOCK = 10
LIVE_ROWS = 2000


@dataclass(frozen=True)
class Trial:
    """One recording with its truth."""

    name: str
    rate_hz: float
    gyr: FloatArray
    acc: FloatArray
    up: FloatArray
    counts: NDArray[np.bool_]

    def errors_deg(self, up: FloatArray) -> FloatArray:
        """(n,) angle between an estimate and the truth."""
        cross = np.linalg.norm(np.cross(up, self.up), axis=1)
        errors: FloatArray = np.degrees(np.arctan2(cross, (up * self.up).sum(axis=1)))
        return errors

    def rmse_deg(self, up: FloatArray) -> float:
        """Over the rows that count."""
        return float(np.sqrt(np.mean(self.errors_deg(up)[self.counts] ** 2)))


@dataclass(frozen=True)
class Method:
    """A way to find "up".

    Attributes:
        name: as in the table.
        whole: rates, accelerations, rate in Hz -> (n, 3) up.
        live: takes rows at 100 Hz as a live monitor would, where the method can.
        needs: what is installed for it.
        wheel: whether that has a wheel for 64-bit Raspberry Pi OS (CPython 3.11, aarch64).
        loops: over samples in Python, so that a whole recording would take minutes to time.
    """

    name: str
    whole: Callable[[FloatArray, FloatArray, float], FloatArray]
    live: Callable[[FloatArray, FloatArray], None] | None
    needs: str
    wheel: str
    loops: bool = False


def up_of(quaternions_wxyz: FloatArray) -> FloatArray:
    """The third row of the rotation matrix: "up" in the sensor frame of sensor-to-earth quaternions."""
    w, x, y, z = quaternions_wxyz.T
    return np.stack((2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z), axis=1)


def load(folder: Path) -> list[Trial]:
    trials = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            up = up_of(file["opt_quat_wxyz"].astype(np.float64))
            trials.append(
                Trial(
                    path.stem,
                    float(file["rate_hz"]),
                    np.ascontiguousarray(file["gyr_rad_s"], dtype=np.float64),
                    np.ascontiguousarray(file["acc_m_s2"], dtype=np.float64),
                    up,
                    file["movement"].astype(bool) & np.isfinite(up[:, 0]),
                )
            )
    return trials


def in_blocks(gyr: FloatArray, acc: FloatArray) -> None:
    inclination = InclinationFilter(LIVE_RATE_HZ)
    for at in range(0, len(gyr), LIVE_BLOCK):
        inclination.process(gyr[at : at + LIVE_BLOCK], acc[at : at + LIVE_BLOCK])


def unit(vectors: FloatArray) -> FloatArray:
    lengths: FloatArray = np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
    return vectors / lengths[:, None]


def complementary(gyr: FloatArray, acc: FloatArray, rate_hz: float) -> FloatArray:
    """The two lines of most hobby projects: 98 % of the gyroscope's angle, 2 % of the accelerometer's."""
    dt = 1.0 / rate_hz
    roll_acc = np.arctan2(acc[:, 1], acc[:, 2]).tolist()
    pitch_acc = np.arctan2(-acc[:, 0], np.hypot(acc[:, 1], acc[:, 2])).tolist()
    roll, pitch = roll_acc[0], pitch_acc[0]
    angles = []
    for rate_x, rate_y, roll_now, pitch_now in zip(
        gyr[:, 0].tolist(), gyr[:, 1].tolist(), roll_acc, pitch_acc, strict=True
    ):
        roll = 0.98 * (roll + rate_x * dt) + 0.02 * roll_now
        pitch = 0.98 * (pitch + rate_y * dt) + 0.02 * pitch_now
        angles.append((roll, pitch))
    roll_all, pitch_all = np.array(angles).T
    return np.stack(
        (-np.sin(pitch_all), np.cos(pitch_all) * np.sin(roll_all), np.cos(pitch_all) * np.cos(roll_all)),
        axis=1,
    )


def peers() -> list[Method]:
    import imufusion
    from ahrs.filters import EKF, Madgwick, Mahony
    from vqf import VQF, BasicVQF, PyVQF, offlineVQF

    def with_imufusion(gyr: FloatArray, acc: FloatArray, rate_hz: float) -> FloatArray:
        ahrs = imufusion.Ahrs()
        ahrs.set_sample_period(1.0 / rate_hz)
        quaternions = np.empty((len(gyr), 4))
        gyr_deg_s, acc_g = np.degrees(gyr), acc / 9.80665
        for row in range(len(gyr)):
            ahrs.update_no_magnetometer(gyr_deg_s[row], acc_g[row])
            quaternions[row] = ahrs.get_quaternion()
        return up_of(quaternions)

    def with_ahrs(kind: type) -> Callable[[FloatArray, FloatArray, float], FloatArray]:
        return lambda gyr, acc, rate_hz: up_of(kind(gyr=gyr, acc=acc, frequency=rate_hz).Q)

    def pyvqf_live(gyr: FloatArray, acc: FloatArray) -> None:
        vqf = PyVQF(1.0 / LIVE_RATE_HZ)
        for row in range(len(gyr)):
            vqf.update(gyr[row], acc[row])

    def vqf_whole(gyr: FloatArray, acc: FloatArray, rate_hz: float) -> FloatArray:
        return up_of(VQF(1.0 / rate_hz).updateBatch(gyr, acc)["quat6D"])

    def basic_whole(gyr: FloatArray, acc: FloatArray, rate_hz: float) -> FloatArray:
        return up_of(BasicVQF(1.0 / rate_hz).updateBatch(gyr, acc)["quat6D"])

    def offline_whole(gyr: FloatArray, acc: FloatArray, rate_hz: float) -> FloatArray:
        return up_of(offlineVQF(gyr, acc, None, 1.0 / rate_hz)["quat6D"])

    return [
        Method("VQF", vqf_whole, pyvqf_live, "numpy, vqf (C++)", "no"),
        Method("offline VQF", offline_whole, None, "numpy, vqf (C++)", "no"),
        Method("basic VQF", basic_whole, None, "numpy, vqf (C++)", "no"),
        Method("imufusion", with_imufusion, None, "numpy, imufusion (C)", "yes", loops=True),
        Method("Madgwick (ahrs)", with_ahrs(Madgwick), None, "numpy, ahrs", "pure Python", loops=True),
        Method("Mahony (ahrs)", with_ahrs(Mahony), None, "numpy, ahrs", "pure Python", loops=True),
        Method("EKF (ahrs)", with_ahrs(EKF), None, "numpy, ahrs", "pure Python", loops=True),
    ]


def methods() -> list[Method]:
    return [
        Method(
            "Plumbline",
            lambda gyr, acc, rate_hz: InclinationFilter(rate_hz).process(gyr, acc),
            in_blocks,
            "numpy",
            "yes",
        ),
        Method("Plumbline, both ends", smooth_inclination, None, "numpy, scipy", "yes"),
        *peers(),
        Method("complementary filter", complementary, None, "nothing", "—", loops=True),
        Method("accelerometer alone", lambda gyr, acc, rate_hz: unit(acc), None, "nothing", "—"),
    ]


def median_us(call: Callable[[], object], samples: int, times: int) -> float:
    """Median process time of a call, in µs a sample."""
    call()
    took = []
    for _ in range(times):
        start = time.process_time()
        call()
        took.append(time.process_time() - start)
    return statistics.median(took) / samples * 1e6


def whole_us(method: Method, trial: Trial, times: int) -> float:
    """A whole recording; of those that loop in Python, its first seconds three times."""
    rows = slice(0, 5000 if method.loops else None)
    gyr, acc = trial.gyr[rows], trial.acc[rows]
    return median_us(
        lambda: method.whole(gyr, acc, trial.rate_hz), len(gyr), min(times, 3) if method.loops else times
    )


def live_us(method: Method, trial: Trial, times: int) -> float:
    """Blocks of ten, or single samples, as if the recording had been one of 100 Hz."""
    live = method.live
    if live is None:
        raise ValueError(f"{method.name} does not run live here")
    gyr, acc = trial.gyr[:LIVE_ROWS], trial.acc[:LIVE_ROWS]
    return median_us(lambda: live(gyr, acc), LIVE_ROWS, times)


def picture(path: Path, errors: dict[str, list[float]], trials: int) -> None:
    """Error of each trial, one line of dots a method, logarithmic."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "plumbline"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8.0, 4.2), layout="constrained")
    for row, (method, values) in enumerate(errors.items()):
        ours = method.startswith("Plumbline")
        colour = "#0b6e4f" if ours else "#8a8f98"
        axes.scatter(values, [row] * len(values), s=18, color=colour, alpha=0.6, linewidths=0)
        mean = statistics.fmean(values)
        axes.plot([mean, mean], [row - 0.32, row + 0.32], color=colour, linewidth=2.5)
        axes.annotate(f"{mean:.2f}°", (mean, row - 0.36), ha="center", va="bottom", fontsize=8, color=colour)
    axes.set_yticks(range(len(errors)), list(errors))
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xticks([0.2, 0.5, 1, 2, 5, 10, 20, 50], ["0.2", "0.5", "1", "2", "5", "10", "20", "50"])
    axes.minorticks_off()
    axes.set_xlabel(
        f"inclination error, RMSE in degrees: a dot for each of {trials} BROAD trials, a bar at the mean"
    )
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="three timings instead of nine")
    parser.add_argument("--picture", type=Path, help="where to write the picture (SVG)")
    arguments = parser.parse_args()
    folder = Path(os.environ.get("PLUMBLINE_DATA", ROOT.parent / "shared" / "data")) / "broad"
    trials = load(folder)
    if not trials:
        sys.exit(f"no recordings in {folder}; set PLUMBLINE_DATA to the folder that holds broad/")
    times = 3 if arguments.quick else 9
    timed = trials[4]
    errors: dict[str, list[float]] = {}
    speeds: dict[str, float] = {}
    print("| method | mean RMSE | worst trial | whole, µs/sample | live, µs/sample | needs | aarch64 wheel |")
    print("|---|---|---|---|---|---|---|")
    for method in methods():
        errors[method.name] = [t.rmse_deg(method.whole(t.gyr, t.acc, t.rate_hz)) for t in trials]
        speeds[method.name] = whole = whole_us(method, timed, times)
        live = "—"
        if method.live:
            speeds[f"{method.name} live"] = took = live_us(method, timed, times)
            live = f"{took:.1f}"
        values = errors[method.name]
        print(
            f"| {method.name} | {statistics.fmean(values):.3f}° | {max(values):.2f}° | {whole:.2f} | {live}"
            f" | {method.needs} | {method.wheel} |"
        )
    ours, smooth = errors["Plumbline"], errors["Plumbline, both ends"]
    vqf, offline = errors["VQF"], errors["offline VQF"]
    print()
    print(f"error, Plumbline / VQF: {statistics.fmean(ours) / statistics.fmean(vqf):.2f}", end="")
    print(f", worst trial {max(a / b for a, b in zip(ours, vqf, strict=True)):.2f}")
    print(f"error, both ends / offline VQF: {statistics.fmean(smooth) / statistics.fmean(offline):.2f}")
    print(f"time, Plumbline / VQF, whole recordings: {speeds['Plumbline'] / speeds['VQF']:.2f}")
    print(f"time, offline VQF / both ends: {speeds['offline VQF'] / speeds['Plumbline, both ends']:.1f}")
    print(f"time, PyVQF / Plumbline, live blocks of ten: {speeds['VQF live'] / speeds['Plumbline live']:.1f}")
    print("(live: Plumbline in blocks of ten; VQF's row there is vqf.PyVQF, a sample at a time)")
    if arguments.picture:
        picture(arguments.picture, errors, len(trials))


if __name__ == "__main__":
    main()
