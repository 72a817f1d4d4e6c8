"""Two sensors at once: alike or different, one bus or two, one of them lost; and an hour of random faults."""

import tracemalloc
from collections.abc import Iterator
from typing import TypedDict, Unpack

import numpy as np
import pytest

from firmware_py.hardware.fifo import FifoImu
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.source import live
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.chip import TYPICAL, Flaws, TwinChip
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.hardware.twin.motion import Resting
from firmware_py.posture.blocks import FloatArray, Place, RemarkKind, SensorBlock, TrunkBlock

from .rig import assert_one_story, remarks
from .test_contract import PAIRS, rig

STARTS_S = 500.0


class Wiring(TypedDict, total=False):
    """How the lower sensor is wired, where it is not beside the upper one at its usual address."""

    buses: int
    lower_address: int


class TwoSensors:
    """An upper and a lower sensor on one bus or two."""

    def __init__(self, upper: str = "MPU-6050", lower: str = "BMI160", **wiring: Unpack[Wiring]) -> None:
        self.clock = VirtualClock(STARTS_S)
        twins = [TwinBus(self.clock, 400e3) for _ in range(wiring.get("buses", 1))]
        self.buses = {Place.UPPER: twins[0], Place.LOWER: twins[-1]}
        self.chips: dict[Place, TwinChip] = {}
        self.imus: dict[Place, FifoImu] = {}
        self.true_s: dict[Place, list[float]] = {}
        self.addresses: dict[Place, int] = {}
        for place, part, flaws in (
            (Place.UPPER, upper, TYPICAL),
            (
                Place.LOWER,
                lower,
                Flaws(clock_error=-0.007, acc_noise_m_s2_rthz=0.003, gyr_noise_rad_s_rthz=1e-4),
            ),
        ):
            driver, twin, address = PAIRS[part]
            if place is Place.LOWER:
                address = wiring.get("lower_address", address)
            chip = twin(Resting(), self.clock, flaws, seed=len(place))
            self.buses[place].attach(address, chip)
            self.true_s[place] = chip.remember_times()
            self.chips[place], self.addresses[place] = chip, address
            self.imus[place] = driver(
                I2cBus(self.buses[place], "bus 1"), address, clock=self.clock, place=place, origin_s=STARTS_S
            )
        for imu in self.imus.values():
            imu.open()

    @property
    def now_s(self) -> float:
        return self.clock.monotonic() - STARTS_S

    def turns(self, for_s: float) -> Iterator[TrunkBlock]:
        ends_s = self.now_s + for_s
        for block in live(list(self.imus.values()), self.clock, origin_s=STARTS_S):
            yield block
            if self.now_s >= ends_s:
                return


def side(block: TrunkBlock, place: Place) -> SensorBlock:
    found = block.upper if place is Place.UPPER else block.lower
    assert found is not None  # both are wired
    return found


def worst_error_s(told_s: FloatArray, true_s: list[float]) -> float:
    """How far told times are from the nearest true one; both ascending."""
    true = np.asarray(true_s) - STARTS_S
    after = np.clip(np.searchsorted(true, told_s), 1, len(true) - 1)
    return float(np.minimum(np.abs(told_s - true[after - 1]), np.abs(told_s - true[after])).max())


@pytest.mark.parametrize(
    ("upper", "lower", "wiring"),
    [
        ("MPU-6050", "MPU-6050", {"lower_address": 0x69}),
        ("MPU-6050", "MPU-6050", {"buses": 2}),
        ("MPU-6500", "LSM6DSO", {}),
        ("ICM-20948", "LSM6DS3TR-C", {"buses": 2}),
    ],
)
def test_two_sensors_tell_one_story_on_one_time_axis(upper: str, lower: str, wiring: Wiring) -> None:
    pair = TwoSensors(upper, lower, **wiring)
    blocks = list(pair.turns(20.0))
    assert_one_story(blocks)
    assert remarks(blocks) == []
    for place in Place:
        told = np.concatenate([side(b, place).t_s for b in blocks])
        assert worst_error_s(told, pair.true_s[place]) < 1e-3


def test_one_sensor_goes_on_while_the_other_is_lost() -> None:
    pair = TwoSensors(lower="MPU-6050", lower_address=0x69)
    before = list(pair.turns(2.0))
    pair.buses[Place.LOWER].detach(0x69)
    during = list(pair.turns(10.0))
    pair.buses[Place.LOWER].attach(0x69, pair.chips[Place.LOWER])
    after = list(pair.turns(3.0))
    assert sum(len(b.upper) for b in during) > 990
    assert [(r.place, r.kind) for r in remarks(during)] == [(Place.LOWER, RemarkKind.LOST)]
    assert during[-1].until_s > pair.now_s - 3.5
    assert (Place.LOWER, RemarkKind.BACK) in [(r.place, r.kind) for r in remarks(after)]
    assert_one_story(before + during + after)


def test_a_stuck_second_bus_costs_the_first_sensor_nothing() -> None:
    pair = TwoSensors("MPU-6050", "MPU-6050", buses=2)
    list(pair.turns(2.0))
    pair.buses[Place.LOWER].stick(20.0)
    during = list(pair.turns(15.0))
    told = np.concatenate([b.upper.t_s for b in during])
    assert np.diff(told).max() < 0.011
    assert {r.place for r in remarks(during)} == {Place.LOWER}


def random_fault(rng: np.random.Generator, pair: TwoSensors, place: Place) -> float:
    """Something that a body does to a sensor; returns how long it lasts."""
    bus, address, chip = pair.buses[place], pair.addresses[place], pair.chips[place]
    kind = rng.integers(6)
    if kind == 0:
        lasts_s = float(10 ** rng.uniform(-3, 1.5))
        bus.silence(address, lasts_s)
    elif kind == 1:
        lasts_s = float(rng.uniform(0.1, 3.0))
        bus.stick(lasts_s)
    elif kind == 2:
        lasts_s = 0.5
        chip.brown_out()
    elif kind == 3:
        lasts_s = 2.0
        pair.clock.sleep(lasts_s)
    elif kind == 4:
        lasts_s = 0.2
        chip.flip_bit(int(rng.integers(0, 100)), int(rng.integers(0, 8)))
    else:
        lasts_s = 5.0
        bus.silence(address, lasts_s)
        chip.brown_out()
    return lasts_s


def survive(hours: float, seed: int, upper: str, lower: str) -> tuple[float, list[int]]:
    """Random faults for so long; returns the worst error of any time told, and memory used over time."""
    rng = np.random.default_rng(seed)
    pair = TwoSensors(upper, lower, buses=2)
    worst_s = 0.0
    last = None
    marks = []
    while pair.now_s < hours * 3600.0:
        for place in Place:
            if rng.random() < 0.5:
                random_fault(rng, pair, place)
        for block in pair.turns(float(rng.uniform(5.0, 30.0))):
            if last is not None:
                assert_one_story([last, block])
            for place in Place:
                told = side(block, place).t_s
                if len(told):
                    worst_s = max(worst_s, worst_error_s(told, pair.true_s[place][-5000:]))
            last = block
        for true in pair.true_s.values():
            del true[:-5000]
        marks.append(tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0)
    return worst_s, marks


@pytest.mark.parametrize(("upper", "lower"), [("MPU-6050", "LSM6DSO"), ("ICM-20948", "BMI160")])
def test_five_minutes_of_random_faults_leave_time_right_to_a_millisecond(upper: str, lower: str) -> None:
    worst_s, _ = survive(1 / 12, seed=3, upper=upper, lower=lower)
    assert worst_s < 1e-3


@pytest.mark.slow
def test_an_hour_of_random_faults_raises_nothing_and_keeps_time_and_memory() -> None:
    tracemalloc.start()
    try:
        worst_s, marks = survive(1.0, seed=11, upper="MPU-6050", lower="MPU-6500")
    finally:
        tracemalloc.stop()
    assert worst_s < 1e-3
    quarter = len(marks) // 4
    assert np.mean(marks[-quarter:]) < np.mean(marks[quarter : 2 * quarter]) + 50_000


def test_a_chip_that_warms_up_is_followed() -> None:
    bench = rig("MPU-6050", flaws=TYPICAL).opened()
    for tenth in range(300):  # 0.1 % in five minutes, as after being strapped on
        bench.chip.drift(0.012 + 0.001 * tenth / 300)
        blocks = bench.play(1.0)
        assert np.abs(bench.time_error_s(blocks)).max() < 1e-3
    assert abs(bench.imu.measured_rate_hz / 101.3 - 1) < 3e-4


@pytest.mark.slow
def test_twelve_hours_stay_within_a_millisecond_of_the_true_moments() -> None:
    bench = rig("MPU-6050", flaws=TYPICAL).opened()
    for minute in range(12 * 60):
        bench.chip.drift(0.012 + 0.002 * float(np.sin(minute / 100)))
        worst_s = np.abs(bench.time_error_s(bench.play(60.0))).max()
        assert worst_s < 1e-3
        bench.blocks.clear()
        del bench.true_s[:-1000]


@pytest.mark.parametrize(("speed_hz", "within_s"), [(3_000.0, 3e-3), (10_000.0, 1e-3), (50_000.0, 1e-4)])
def test_a_wire_that_is_far_too_slow_is_read_all_the_same_and_does_not_drift(
    speed_hz: float, within_s: float
) -> None:
    """At 3 kHz one question takes 20 ms, longer than a sample."""
    bench = rig("LSM6DS3TR-C", flaws=TYPICAL, speed_hz=speed_hz).opened()
    blocks = bench.play(120.0)
    assert_one_story(blocks)
    assert sum(len(block.upper) for block in blocks) > 2000
    settled = [block for block in blocks if len(block.upper) and block.upper.t_s[0] > 20.0]
    assert abs(float(np.mean(bench.time_error_s(settled)))) < within_s
