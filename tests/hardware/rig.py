"""A simulated sensor on a simulated bus, a virtual clock, and the live source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from firmware_py.hardware.fifo import FifoImu
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.mpu6050 import Mpu6050
from firmware_py.hardware.source import live
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.chip import PERFECT, Flaws, TwinChip
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.hardware.twin.motion import Motion, Resting
from firmware_py.hardware.twin.mpu6050 import TwinMpu6050
from firmware_py.posture.blocks import FloatArray, Place, Remark, RemarkKind, TrunkBlock

STARTS_S = 1000.0


@dataclass
class Rig:
    """One driver over one twin; `play` runs the live source for a while and keeps what it yielded."""

    driver: type[FifoImu] = Mpu6050
    twin: type[TwinChip] = TwinMpu6050
    address: int = 0x68
    flaws: Flaws = PERFECT
    motion: Motion = field(default_factory=Resting)
    speed_hz: float = 400_000.0
    seed: int = 1
    blocks: list[TrunkBlock] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = VirtualClock(STARTS_S)
        self.bus = TwinBus(self.clock, self.speed_hz)
        self.chip = self.twin(self.motion, self.clock, self.flaws, seed=self.seed)
        self.true_s = self.chip.remember_times()
        self.bus.attach(self.address, self.chip)
        self.imu = self.driver(I2cBus(self.bus, "bus 1"), self.address, clock=self.clock, origin_s=STARTS_S)

    def opened(self) -> Rig:
        self.imu.open()
        return self

    @property
    def now_s(self) -> float:
        """Seconds since the run began."""
        return self.clock.monotonic() - STARTS_S

    def play(self, for_s: float, each_turn: Callable[[], None] = lambda: None) -> list[TrunkBlock]:
        """Read for so long; returns the new blocks."""
        ends_s = self.now_s + for_s
        fresh: list[TrunkBlock] = []
        for block in live([self.imu], self.clock, origin_s=STARTS_S):
            fresh.append(block)
            each_turn()
            if self.now_s >= ends_s:
                break
        self.blocks += fresh
        return fresh

    def time_error_s(self, blocks: list[TrunkBlock]) -> FloatArray:
        """How far the stamped times are from the true sampling moments."""
        told = times(blocks)
        true = np.array(self.true_s) - STARTS_S
        after = np.clip(np.searchsorted(true, told), 1, len(true) - 1)
        nearest = np.where(told - true[after - 1] < true[after] - told, true[after - 1], true[after])
        return told - nearest


def times(blocks: list[TrunkBlock]) -> FloatArray:
    return np.concatenate([block.upper.t_s for block in blocks])


def acc(blocks: list[TrunkBlock]) -> FloatArray:
    return np.vstack([block.upper.acc_m_s2 for block in blocks])


def remarks(blocks: list[TrunkBlock], *kinds: RemarkKind) -> list[Remark]:
    return [remark for block in blocks for remark in block.remarks if not kinds or remark.kind in kinds]


def assert_one_story(blocks: list[TrunkBlock]) -> None:
    """What every consumer relies on: time only goes forward, and a promise is never broken."""
    for block, following in pairwise(blocks):
        assert following.until_s >= block.until_s
        for sensor in (following.upper, following.lower):
            if sensor is not None and len(sensor):
                assert sensor.t_s[0] > block.until_s
    for place in (Place.UPPER, Place.LOWER):
        sides = [block.upper if place is Place.UPPER else block.lower for block in blocks]
        stamped = np.concatenate([side.t_s for side in sides if side is not None] or [np.empty(0)])
        assert (np.diff(stamped) > 0).all()
