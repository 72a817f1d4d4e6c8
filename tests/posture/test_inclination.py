"""The filter's promises: the size of a block, the input, the imports, the memory, and the real recordings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from firmware_py.errors import SampleError
from firmware_py.posture.inclination import InclinationFilter, InclinationOutput, smooth_inclination

from .inclination_motion import Motion, error_deg, movement, stillness

FloatArray = NDArray[np.float64]

VQF_MEAN_RMSE_DEG = 0.711
"""VQF 2.1.1 at its defaults on the same trials; benchmarks/inclination.py prints it."""
OFFLINE_VQF_MEAN_RMSE_DEG = 0.521
LIVE_RATE_HZ = 100.0


def spoiled_movement() -> Motion:
    """Movement with everything that sends the filter down another path: missing, clipped, fast."""
    motion = movement(LIVE_RATE_HZ, 60.0, rate_deg_s=150.0).with_noise(bias_deg_s=(2.0, 1.0, -1.0))
    motion.gyr[700:720] = np.nan
    motion.acc[1500] = np.nan
    motion.gyr[2600:2900] = np.clip(motion.gyr[2600:2900], -2.0, 2.0)
    return motion


SPOILED = spoiled_movement()
WHOLE = InclinationFilter(LIVE_RATE_HZ).process_full(SPOILED.gyr, SPOILED.acc)


def in_blocks(motion: Motion, borders: list[int]) -> InclinationOutput:
    inclination = InclinationFilter(motion.rate_hz)
    parts = [inclination.process_full(motion.gyr[a:b], motion.acc[a:b]) for a, b in pairwise(borders)]
    return InclinationOutput(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def assert_the_same(one: InclinationOutput, other: InclinationOutput) -> None:
    assert np.abs(one.up - other.up).max() < 1e-9
    assert np.abs(one.sigma_rad - other.sigma_rad).max() < 1e-9
    assert (one.trusted == other.trusted).all()


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, len(SPOILED)), max_size=40))
def test_the_size_of_a_block_changes_nothing(cuts: list[int]) -> None:
    assert_the_same(in_blocks(SPOILED, [0, *sorted(cuts), len(SPOILED)]), WHOLE)


@pytest.mark.parametrize("size", [1, 10, 37, 1000])
def test_blocks_of_one_size_change_nothing(size: int) -> None:
    assert_the_same(in_blocks(SPOILED, [*range(0, len(SPOILED), size), len(SPOILED)]), WHOLE)


@pytest.mark.parametrize(
    "answer",
    [lambda g, a: InclinationFilter(100.0).process(g, a), lambda g, a: smooth_inclination(g, a, 100.0)],
)
def test_the_callers_arrays_stay_as_they_are(answer: Callable[[FloatArray, FloatArray], FloatArray]) -> None:
    motion = movement(100.0, 20.0)
    for order in ("C", "F"):
        gyr, acc = np.array(motion.gyr, order=order), np.array(motion.acc, order=order)
        answer(gyr, acc)
        assert (gyr == motion.gyr).all()
        assert (acc == motion.acc).all()


def test_a_turn_of_the_sensor_turns_the_answer_alike() -> None:
    motion = movement(100.0, 30.0).with_noise()
    turned = [1, 2, 0]
    plain = InclinationFilter(100.0).process(motion.gyr, motion.acc)
    other = InclinationFilter(100.0).process(motion.gyr[:, turned], motion.acc[:, turned])
    assert np.abs(plain[:, turned] - other).max() < 1e-9


def test_forgetting_makes_a_filter_new() -> None:
    inclination = InclinationFilter(LIVE_RATE_HZ)
    inclination.process(SPOILED.gyr, SPOILED.acc)
    inclination.reset()
    assert not inclination.trusted
    assert_the_same(inclination.process_full(SPOILED.gyr, SPOILED.acc), WHOLE)


@pytest.mark.parametrize("shape", [(5, 2), (5,), (4, 3)])
def test_rows_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SampleError, match=r"must be \(n, 3\)"):
        InclinationFilter(100.0).process(np.zeros((5, 3)), np.zeros(shape))
    with pytest.raises(SampleError, match=r"must be \(n, 3\)"):
        smooth_inclination(np.zeros((5, 3)), np.zeros(shape), 100.0)


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, 9.0, 5000.0, float("nan")])
def test_an_impossible_rate_is_refused(rate_hz: float) -> None:
    with pytest.raises(ValueError, match="10 to 2000 Hz"):
        InclinationFilter(rate_hz)


def test_rest_and_uncertainty_are_told() -> None:
    fresh = InclinationFilter(100.0)
    assert not fresh.trusted
    assert fresh.sigma_rad == pytest.approx(np.pi / 2.0)
    lying = stillness(100.0, 10.0).with_noise()
    inclination = InclinationFilter(100.0)
    output = inclination.process_full(lying.gyr, lying.acc)
    assert (inclination.resting, inclination.trusted) == (True, True)
    assert np.degrees(inclination.sigma_rad) < 0.5
    assert (np.diff(output.sigma_rad[::100]) <= 1e-6).all()
    moving = movement(100.0, 3.0)
    inclination.process(moving.gyr, moving.acc)
    assert not inclination.resting


def test_the_causal_filter_never_imports_scipy() -> None:
    script = (
        "import sys, numpy as np\n"
        "from firmware_py.posture.inclination import InclinationFilter\n"
        "f = InclinationFilter(100.0)\n"
        "f.process(np.zeros((10, 3)), np.ones((10, 3))); f.process(np.zeros((5000, 3)), np.ones((5000, 3)))\n"
        "sys.exit('scipy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    "call", ["InclinationFilter(100.0).process(gyr, acc)", "smooth_inclination(gyr, acc, 100.0)"]
)
def test_a_whole_night_takes_at_most_six_times_its_own_memory(call: str) -> None:
    script = (
        "import numpy as np\n"
        "from firmware_py.posture.inclination import InclinationFilter, smooth_inclination\n"
        "def peak(hours):\n"
        "    gyr = np.full((round(hours * 360000), 3), 0.001)\n"
        "    acc = np.full(gyr.shape, 5.66)\n"
        f"    up = {call}\n"
        "    status = dict(line.split(':') for line in open('/proc/self/status'))\n"
        "    return int(status['VmHWM'].split()[0]) * 1024, gyr.nbytes + acc.nbytes\n"
        "start, _ = peak(0.1)\n"
        "end, taken = peak(8)\n"
        "print((end - start) / taken)"
    )
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    # the arrays themselves count among the six
    assert 1.0 < float(told.stdout) < 6.0


class Trial:
    """One recording of the shared BROAD trials."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self.rate_hz = float(file["rate_hz"])
            self.gyr = file["gyr_rad_s"].astype(np.float64)
            self.acc = file["acc_m_s2"].astype(np.float64)
            w, x, y, z = file["opt_quat_wxyz"].astype(np.float64).T
            self.counts = file["movement"].astype(bool) & np.isfinite(w)
        self.up = np.stack((2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z), axis=1)

    def errors_deg(self, up: FloatArray) -> FloatArray:
        return error_deg(up[self.counts], self.up[self.counts])


@pytest.fixture(scope="module")
def trials(shared_data: Path) -> list[Trial]:
    return [Trial(path) for path in sorted((shared_data / "broad").glob("*.npz"))]


def rmse_deg(errors: FloatArray) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def test_on_real_movement_it_is_better_than_vqf(trials: list[Trial]) -> None:
    means = [rmse_deg(t.errors_deg(InclinationFilter(t.rate_hz).process(t.gyr, t.acc))) for t in trials]
    assert np.mean(means) < 0.95 * VQF_MEAN_RMSE_DEG


def test_looking_from_both_ends_it_is_better_than_offline_vqf(trials: list[Trial]) -> None:
    means = [rmse_deg(t.errors_deg(smooth_inclination(t.gyr, t.acc, t.rate_hz))) for t in trials]
    assert np.mean(means) < 0.95 * OFFLINE_VQF_MEAN_RMSE_DEG


def test_on_real_movement_nine_errors_in_ten_lie_within_two_sigma(trials: list[Trial]) -> None:
    shares = []
    for trial in trials:
        output = InclinationFilter(trial.rate_hz).process_full(trial.gyr, trial.acc)
        shares.append(np.mean(trial.errors_deg(output.up) < 2.0 * np.degrees(output.sigma_rad[trial.counts])))
    assert 0.90 < np.mean(shares) < 0.98
