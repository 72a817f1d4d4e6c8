"""Processor time of one read of ten samples, driver and smbus2's messages in, chip and wire apart.

    python benchmarks/driver.py

A session of the twin is recorded answer by answer, then played back to the same driver from memory; what the
playing back costs is measured alone and taken off. Median of nine passes of process time.
"""

from __future__ import annotations

import copy
import ctypes
import statistics
import time
from typing import Any

import smbus2

from firmware_py.hardware.bmi160 import Bmi160
from firmware_py.hardware.clock import Clock
from firmware_py.hardware.fifo import FifoImu
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.icm20948 import Icm20948
from firmware_py.hardware.lsm6ds import Lsm6ds3trc, Lsm6dso
from firmware_py.hardware.mpu6050 import Mpu6050, Mpu6500
from firmware_py.hardware.twin.bmi160 import TwinBmi160
from firmware_py.hardware.twin.bus import READ, TwinBus
from firmware_py.hardware.twin.chip import TYPICAL, TwinChip
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.hardware.twin.icm20948 import TwinIcm20948
from firmware_py.hardware.twin.lsm6ds import TwinLsm6ds3trc, TwinLsm6dso
from firmware_py.hardware.twin.motion import Resting
from firmware_py.hardware.twin.mpu6050 import TwinMpu6050, TwinMpu6500

READS = 2000
PASSES = 9
PAIRS: tuple[tuple[type[FifoImu], type[TwinChip], int], ...] = (
    (Mpu6050, TwinMpu6050, 0x68),
    (Mpu6500, TwinMpu6500, 0x68),
    (Icm20948, TwinIcm20948, 0x69),
    (Lsm6ds3trc, TwinLsm6ds3trc, 0x6A),
    (Lsm6dso, TwinLsm6dso, 0x6A),
    (Bmi160, TwinBmi160, 0x69),
)


class Tape:
    """A bus and a clock that remember what they said, and say it again."""

    def __init__(self, bus: TwinBus, clock: Clock) -> None:
        self.bus = bus
        self.clock = clock
        self.answers: list[list[bytes | None]] = []
        self.times: list[float] = []
        self.playing = False
        self.at = self.tick = 0

    def i2c_rdwr(self, *messages: smbus2.i2c_msg) -> None:
        """Say what the twin says, or said."""
        if self.playing:
            for message, answer in zip(messages, self.answers[self.at], strict=True):
                if answer is not None:
                    ctypes.memmove(message.buf, answer, len(answer))
            self.at += 1
            return
        self.bus.i2c_rdwr(*messages)
        self.answers.append([bytes(m) if m.flags & READ else None for m in messages])

    def close(self) -> None:
        """Nothing is held."""

    def monotonic(self) -> float:
        """What the clock says, or said."""
        if self.playing:
            self.tick += 1
            return self.times[self.tick - 1]
        self.times.append(self.clock.monotonic())
        return self.times[-1]

    def sleep(self, for_s: float) -> None:
        """Let the twin's time pass."""
        self.clock.sleep(for_s)

    def rewind(self) -> None:
        """Play from the beginning."""
        self.at = self.tick = 0


def state_of(imu: FifoImu) -> dict[str, Any]:
    """What a driver remembers, its clock of samples and its buffer copied."""
    kept = dict(vars(imu))
    kept["_times"] = copy.copy(kept["_times"])
    return kept


def cost_us(driver: type[FifoImu], twin: type[TwinChip], address: int) -> float:
    clock = VirtualClock(100.0)
    bus = TwinBus(clock, 400e3)
    bus.attach(address, twin(Resting(), clock, TYPICAL))
    tape = Tape(bus, clock)
    imu = driver(I2cBus(tape, "bus 1"), address, clock=tape, origin_s=100.0)
    imu.open()
    for turn in range(50):  # past the watched steps of the first seconds
        clock.sleep(imu.moment(clock.monotonic() + 0.09, turn * 0.618 % 1.0) - clock.monotonic())
        imu.read()
    tape.answers.clear()
    tape.times.clear()
    start = state_of(imu)
    samples = 0
    for turn in range(READS):
        clock.sleep(imu.moment(clock.monotonic() + 0.09, turn * 0.618 % 1.0) - clock.monotonic())
        samples += len(imu.read())
    tape.playing = True
    passes = []
    for _ in range(PASSES):
        vars(imu).update(start)
        vars(imu)["_times"] = copy.copy(start["_times"])
        tape.rewind()
        began = time.process_time()
        for _ in range(READS):
            imu.read()
        whole_s = time.process_time() - began
        tape.rewind()
        began = time.process_time()
        select = smbus2.i2c_msg.write(address, [0])
        answer = smbus2.i2c_msg.read(address, 2000)
        for answers in tape.answers:
            tape.i2c_rdwr(*((answer if a is not None else select) for a in answers))
        for _ in tape.times:
            tape.monotonic()
        passes.append((whole_s - (time.process_time() - began)) / READS * 1e6)
    print(f"{imu.part:<12} {samples / READS:>16.1f} {statistics.median(passes):>20.1f} {min(passes):>12.1f}")
    return statistics.median(passes)


def main() -> None:
    print(f"{'chip':<12} {'samples a read':>16} {'µs a read, median':>20} {'least':>12}")
    for driver, twin, address in PAIRS:
        cost_us(driver, twin, address)


if __name__ == "__main__":
    main()
