"""A wearer's samples on a tape of I²C answers, so that the twin's own time stays out of what is measured.

The twin speaks once, beneath smbus2's `ioctl`. Afterwards a tape gives the same answers at the same
virtual moments for about a microsecond each, and that microsecond can be measured by itself.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import smbus2
import smbus2.smbus2

from firmware_py.hardware.clock import Clock
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.imu import Imu, open_imu
from firmware_py.hardware.source import live
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.chip import TYPICAL
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.hardware.twin.devnode import mounted
from firmware_py.hardware.twin.motion import Motion
from firmware_py.hardware.twin.mpu6050 import TwinMpu6050
from firmware_py.posture.blocks import TrunkBlock

below: Any = smbus2.smbus2  # its module global `ioctl` is what is exchanged

Answers = list[tuple[bytes | None, float]]
"""Of each transaction: the bytes it read (None where it only wrote), and how long it took."""


class Tape:
    """One MPU-6050's answers to being opened and then read `turns` times.

    Attributes:
        blocks: what the driver made of them.
        samples: how many samples these hold.
    """

    def __init__(self, motion: Motion, turns: int) -> None:
        self.turns = turns
        self.blocks: list[TrunkBlock] = []
        clock = VirtualClock()
        self._bus = TwinBus(clock, 400e3)
        self._bus.attach(0x68, TwinMpu6050(motion, clock, TYPICAL))
        with mounted({1: self._bus}):
            imus: list[Imu] = []
            self._opening = _listen(clock, lambda: imus.append(_opened(clock)))
            self._reading = _listen(clock, lambda: self.blocks.extend(_reads(imus[0], clock, turns)))
        self.samples = sum(len(block.upper) for block in self.blocks)

    @contextmanager
    def playing(self) -> Iterator[Iterator[TrunkBlock]]:
        """An opened live source over the tape: smbus2, driver and joining, unmodified."""
        clock = VirtualClock()
        with mounted({1: self._bus}):
            below.ioctl = _Player(self._opening + self._reading, clock)
            yield _reads(_opened(clock), clock, self.turns)

    def bare(self) -> Callable[[], None]:
        """Work that plays the answers of all reads and does nothing else."""
        player = _Player(self._reading, VirtualClock())
        answer = smbus2.i2c_msg.read(0x68, 1024)
        argument = below.i2c_rdwr_ioctl_data.create(smbus2.i2c_msg.write(0x68, [0]), answer)

        def play() -> None:
            for _ in self._reading:
                player(0, below.I2C_RDWR, argument)

        return play


class _Player:
    """Stands in for smbus2's `ioctl`."""

    def __init__(self, answers: Answers, clock: VirtualClock) -> None:
        self._answers = iter(answers)
        self._clock = clock

    def __call__(self, descriptor: int, request: int, argument: Any = 0) -> int:
        """One system call."""
        if request == below.I2C_RDWR:
            answer, took_s = next(self._answers)
            if answer is not None:
                ctypes.memmove(argument.msgs[1].buf, answer, len(answer))
            self._clock.sleep(took_s)
        return 0


def _listen(clock: VirtualClock, play: Callable[[], None]) -> Answers:
    """What the bus answers while `play` runs above it."""
    answers: Answers = []
    spoken = below.ioctl

    def listening(descriptor: int, request: int, argument: Any = 0) -> int:
        began_s = clock.monotonic()
        done: int = spoken(descriptor, request, argument)
        if request == below.I2C_RDWR:
            last = argument.msgs[argument.nmsgs - 1]
            answer = ctypes.string_at(last.buf, last.len) if last.flags & below.I2C_M_RD else None
            answers.append((answer, clock.monotonic() - began_s))
        return done

    below.ioctl = listening
    try:
        play()
    finally:
        below.ioctl = spoken
    return answers


def _opened(clock: Clock) -> Imu:
    return open_imu(I2cBus(smbus2.SMBus(1), "bus 1"), 0x68, clock=clock, origin_s=0.0)


def _reads(imu: Imu, clock: Clock, turns: int) -> Iterator[TrunkBlock]:
    return islice(live([imu], clock, origin_s=0.0), turns)
