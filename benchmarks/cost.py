"""What the live monitor costs, stage by stage, beside a plain loop of `ahrs` Madgwick on the same samples.

    python benchmarks/cost.py [--seconds 120] [--rounds 5]

Everything is processor time (`time.process_time`: all threads of the process, user and system) of
the median round, divided by the samples of the upper sensor. In a round the same two minutes of a
simulated wearer pass, at 100 Hz in reads of about ten samples, through

- driver: smbus2, the MPU-6050 driver and the joining source;
- filter, estimate: `InclinationFilter` alone, and `TrunkEstimator`, which contains it;
- judge: ticks to events;
- publish: events to JSON and, over a real connection, to a local Mosquitto, readings ten a second;
- all in: the product's own loop (`firmware_py.app.drive`) over all of these at once;
- ahrs: `Madgwick.updateIMU`, sample by sample.

The twin is not part of the product. So it speaks once, beforehand; a round plays its answers back at
smbus2's own `ioctl`, and what that playing costs is measured by itself and subtracted. What the
kernel spends in a true `ioctl` is in neither: it waits for wires, not for the processor.
"""

from __future__ import annotations

import argparse
import ctypes
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import smbus2
import smbus2.smbus2
from ahrs.filters import Madgwick

from firmware_py.app import drive
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.imu import Imu, open_imu
from firmware_py.hardware.source import live
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.chip import TYPICAL
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.hardware.twin.devnode import mounted
from firmware_py.hardware.twin.mpu6050 import TwinMpu6050
from firmware_py.hardware.twin.wearer import Wearer
from firmware_py.hardware.twin.wearer_activities import sit_upright, slouch, type_keys, walk
from firmware_py.hardware.twin.wearer_person import person
from firmware_py.hardware.twin.wearer_script import Script
from firmware_py.posture.blocks import TrunkBlock
from firmware_py.posture.estimate import TrunkEstimator
from firmware_py.posture.inclination import InclinationFilter
from firmware_py.posture.judge import Judge
from firmware_py.posture.messages import Encoder
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile, Neutral, SensorModel, SensorProfile
from firmware_py.posture.rules import Rules

RATE_HZ = 100.0
GOAL = 5.0
below: Any = smbus2.smbus2  # its module global `ioctl` is what is exchanged

# A measured profile, not the built-in one: its corrections cost what everybody's cost.
PROFILE = CalibrationProfile(
    upper=SensorProfile(
        SensorModel(
            TYPICAL.acc_bias_m_s2,
            ((1.002, 0.001, -0.002), (0.0, 0.998, 0.001), (0.001, 0.0, 1.001)),
            TYPICAL.gyr_bias_rad_s,
            (1e-5, 1e-5, 0.0),
            30.0,
        ),
        neutral=Neutral((-0.2079117, 0.0, 0.9781476)),
    )
)


def wearer() -> Wearer:
    """Someone who sits, types, slouches and walks."""
    script = Script(person("steady", seed=3))
    while script.now_s < 3600.0:
        sit_upright(script)
        type_keys(script, 40.0)
        slouch(script, for_s=50.0)
        sit_upright(script)
        script.hold(20.0)
        walk(script, 10.0)
    return Wearer(script)


class Taped:
    """smbus2's `ioctl` with the answers of an earlier run: (bytes read or None, virtual seconds it took)."""

    def __init__(self, tape: list[tuple[bytes | None, float]], clock: VirtualClock) -> None:
        self._answers = iter(tape)
        self._clock = clock

    def __call__(self, descriptor: int, request: int, argument: Any = 0) -> int:
        """Stands in for `ioctl`."""
        if request == below.I2C_RDWR:
            answer, took_s = next(self._answers)
            if answer is not None:
                ctypes.memmove(argument.msgs[1].buf, answer, len(answer))
            self._clock.sleep(took_s)
        return 0


def record(clock: VirtualClock, play: Callable[[], None]) -> list[tuple[bytes | None, float]]:
    """What the bus answers while `play` runs above it."""
    tape: list[tuple[bytes | None, float]] = []
    spoken = below.ioctl

    def listening(descriptor: int, request: int, argument: Any = 0) -> int:
        began_s = clock.monotonic()
        done: int = spoken(descriptor, request, argument)
        if request == below.I2C_RDWR:
            last = argument.msgs[argument.nmsgs - 1]
            answer = ctypes.string_at(last.buf, last.len) if last.flags & below.I2C_M_RD else None
            tape.append((answer, clock.monotonic() - began_s))
        return done

    below.ioctl = listening
    try:
        play()
    finally:
        below.ioctl = spoken
    return tape


def opened(clock: VirtualClock) -> Imu:
    return open_imu(I2cBus(smbus2.SMBus(1), "bus 1"), 0x68, clock=clock, origin_s=0.0)


def reads(imu: Imu, clock: VirtualClock, turns: int) -> Iterator[TrunkBlock]:
    return islice(live([imu], clock, origin_s=0.0), turns)


class Bench:
    """The tape of one wearer, and what runs over it."""

    def __init__(self, seconds: float) -> None:
        self.turns = round(seconds * 10)
        clock = VirtualClock()
        self.bus = TwinBus(clock, 400e3)
        self.bus.attach(0x68, TwinMpu6050(wearer().upper, clock, TYPICAL))
        imus: list[Imu] = []
        self.blocks: list[TrunkBlock] = []
        with mounted({1: self.bus}):
            self.opening = record(clock, lambda: imus.append(opened(clock)))
            self.reading = record(clock, lambda: self.blocks.extend(reads(imus[0], clock, self.turns)))
        self.samples = sum(len(block.upper) for block in self.blocks)

    def replaying(self, use: Callable[[Iterator[TrunkBlock]], object]) -> float:
        """Processor seconds of `use`, given a live source over the tape (opening it is not counted)."""
        clock = VirtualClock()
        with mounted({1: self.bus}):
            below.ioctl = Taped(self.opening + self.reading, clock)
            imu = opened(clock)
            return spent(lambda: use(reads(imu, clock, self.turns)))

    def tape_alone(self) -> float:
        """Processor seconds of playing the answers, without anything above them."""
        taped = Taped(self.reading, VirtualClock())
        answer = smbus2.i2c_msg.read(0x68, 1024)
        argument = below.i2c_rdwr_ioctl_data.create(smbus2.i2c_msg.write(0x68, [0]), answer)

        def play() -> None:
            for _ in self.reading:
                taped(0, below.I2C_RDWR, argument)

        return spent(play)

    def estimating(self) -> float:
        """Blocks to ticks, the filter included."""
        estimator = TrunkEstimator(PROFILE, RATE_HZ)
        return spent(lambda: [estimator.feed(block) for block in self.blocks])

    def filtering(self) -> float:
        """The filter alone, on samples corrected beforehand."""
        correct = PROFILE.upper.correction()
        bodies = [correct(block.upper) for block in self.blocks if len(block.upper)]
        inclination = InclinationFilter(RATE_HZ)
        return spent(lambda: [inclination.process_full(b.gyr_rad_s, b.acc_m_s2) for b in bodies])

    def judging(self) -> float:
        """Ticks to events."""
        estimator = TrunkEstimator(PROFILE, RATE_HZ)
        states = [state for block in self.blocks for state in estimator.feed(block)]
        judge = Judge(PROFILE, Rules(), "cost")
        return spent(lambda: [judge.step(state) for state in states])

    def publishing(self) -> float:
        """Events to messages."""
        monitor = Monitor(PROFILE, RATE_HZ, run="cost")
        events = [event for block in self.blocks for event in monitor.feed(block)]
        encoder = Encoder("bench", "cost")
        return spent(lambda: [encoder.encode(event) for event in events])

    def all_in(self) -> float:
        """The product's own loop, from smbus2 to the message."""
        encoder = Encoder("bench", "cost")
        monitor = Monitor(PROFILE, RATE_HZ, run="cost")
        return self.replaying(lambda source: drive(source, monitor, [encoder.encode]))

    def peer(self) -> float:
        """The plain loop that everybody writes first."""
        madgwick = Madgwick(frequency=RATE_HZ)
        gyr = np.vstack([block.upper.gyr_rad_s for block in self.blocks])
        acc = np.vstack([block.upper.acc_m_s2 for block in self.blocks])

        def loop() -> None:
            q = np.array([1.0, 0.0, 0.0, 0.0])
            for row in range(len(gyr)):
                q = madgwick.updateIMU(q, gyr[row], acc[row])

        return spent(loop)


def spent(work: Callable[[], object]) -> float:
    """Processor seconds of all threads, garbage collection included as it falls."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=120.0, help="of the wearer's time in a round")
    parser.add_argument("--rounds", type=int, default=5, help="the median of so many counts")
    chosen = parser.parse_args()
    bench = Bench(chosen.seconds)
    stages: dict[str, Callable[[], float]] = {
        "tape": bench.tape_alone,
        "driver": lambda: bench.replaying(lambda source: deque(source, maxlen=0)),
        "filter": bench.filtering,
        "estimate": bench.estimating,
        "judge": bench.judging,
        "publish": bench.publishing,
        "all in": bench.all_in,
        "ahrs": bench.peer,
    }
    rounds = [{name: stage() for name, stage in stages.items()} for _ in range(chosen.rounds)]
    us = {name: 1e6 * statistics.median(r[name] for r in rounds) / bench.samples for name in stages}
    us["driver"] -= us["tape"]
    us["all in"] -= us["tape"]
    ratio = statistics.median(r["ahrs"] / (r["all in"] - r["tape"]) for r in rounds)
    print(f"{bench.samples} samples in {bench.turns} reads, {chosen.rounds} rounds, medians")
    print(f"{'stage':14} {'us/sample':>9} {'us/read':>9}")
    for name in ("driver", "estimate", "filter", "judge", "publish", "all in", "ahrs"):
        label = "  of it filter" if name == "filter" else name
        print(f"{label:14} {us[name]:9.2f} {us[name] * bench.samples / bench.turns:9.1f}")
    print(f"all in costs 1/{ratio:.1f} of the plain ahrs Madgwick loop (goal: at most 1/{GOAL:.0f})")


if __name__ == "__main__":
    main()
