"""What a sensor's rate is measured to when it is opened, on a machine that has other things to do as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.hardware.fifo import FifoImu
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.chip import Flaws
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.hardware.twin.motion import Resting

from .test_contract import PAIRS

STARTS_S = 1000.0

LONGEST_TRANSFER_S = 0.04
"""Whatever is waited for longer than this is slept for."""


class BusyClock(VirtualClock):
    """Jumps whenever another process is given the processor: before a poll, after it, or within its transfer.

    Args:
        taken: (time that the process has run by then, for how long others run then), in order; a process
            that sleeps does not run.
    """

    def __init__(self, taken: Iterable[tuple[float, float]]) -> None:
        super().__init__(STARTS_S)
        self._taken = iter(taken)
        self._next = next(self._taken, None)
        self.ran_s = 0.0

    def monotonic(self) -> float:
        self.sleep(2e-6)  # asking takes its time
        return super().monotonic()

    def sleep(self, for_s: float) -> None:
        super().sleep(for_s)
        if for_s < LONGEST_TRANSFER_S:
            self.ran_s += for_s
        while self._next is not None and self._next[0] <= self.ran_s:
            super().sleep(self._next[1])
            self._next = next(self._taken, None)


def crowd(runs_s: float, seed: int) -> Iterator[tuple[float, float]]:
    """Others take the processor for 2 to 20 ms, each time after about `runs_s`."""
    rng = np.random.default_rng(seed)
    ran_s = 0.0
    while True:
        ran_s += rng.exponential(runs_s)
        yield ran_s, rng.uniform(0.002, 0.02)


@dataclass(frozen=True)
class Opening:
    """How far off the rate of a sensor was found, relative to it, and how long that took."""

    error: float
    took_s: float


def opened(
    taken: Iterable[tuple[float, float]],
    part: str = "MPU-6050",
    clock_error: float = 0.012,
    speed_hz: float = 400e3,
) -> Opening:
    driver, twin, address = PAIRS[part]
    clock = BusyClock(taken)
    bus = TwinBus(clock, speed_hz)
    bus.attach(address, twin(Resting(), clock, Flaws(clock_error=clock_error)))
    imu: FifoImu = driver(I2cBus(bus, "bus 1"), address, clock=clock, origin_s=STARTS_S)
    imu.open()
    true_hz = imu.rate_hz * (1.0 + clock_error)
    return Opening(imu.measured_rate_hz / true_hz - 1.0, clock.monotonic() - STARTS_S)


@settings(max_examples=100)
@given(
    runs_s=st.floats(0.005, 0.1),
    seed=st.integers(0, 10_000),
    part=st.sampled_from(sorted(PAIRS)),
    clock_error=st.floats(-0.03, 0.03),
    speed_hz=st.sampled_from([100e3, 400e3]),
)
def test_whatever_polls_are_pre_empted_the_rate_is_found_to_three_per_mille(
    runs_s: float, seed: int, part: str, clock_error: float, speed_hz: float
) -> None:
    """Down to a third of the processor, where nearly every step is blurred."""
    found = opened(crowd(runs_s, seed), part, clock_error, speed_hz)
    assert abs(found.error) < 0.003
    assert found.took_s < 2.5


@pytest.mark.parametrize("part", PAIRS)
@pytest.mark.parametrize(("speed_hz", "most_s"), [(400e3, 0.55), (100e3, 0.85)])
def test_on_a_machine_with_nothing_else_to_do_two_steps_are_enough_or_three_on_a_slow_wire(
    part: str, speed_hz: float, most_s: float
) -> None:
    found = opened((), part, speed_hz=speed_hz)
    assert abs(found.error) < 0.002
    assert found.took_s < most_s


def test_a_chip_that_takes_no_samples_is_not_waited_for() -> None:
    assert opened((), clock_error=-0.999).took_s < 1.0


def test_a_single_pre_emption_costs_a_few_milliseconds_wherever_it_falls() -> None:
    quiet = opened(())
    for ran_s in np.linspace(0.0, 0.03, 300):
        found = opened([(ran_s, 0.008)])
        assert abs(found.error) < 0.001, ran_s
        assert found.took_s < quiet.took_s + 0.03
