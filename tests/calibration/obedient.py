"""A simulated person who reads the guide and does what it says, or, where a test wants it, something else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from firmware_py.posture.blocks import SensorBlock, TrunkBlock
from firmware_py.posture.guidance import GuidePhase, GuideProgress, GuideStep

RATE_HZ = 50.0
SIDES = [(0, 0), (0, 90), (0, 180), (0, -90), (90, 0), (-90, 0)]
QUICKEST_DEG_S = 120.0

Angles = tuple[float, float]
"""Flexion and lateral of the upper back, degrees from standing."""

Doing = Callable[[float], Angles]
"""Angles by the seconds since the hold began."""


def still(flexion_deg: float, lateral_deg: float = 0.0) -> Doing:
    return lambda _t: (flexion_deg, lateral_deg)


def bowing(depth_deg: float, aside_deg: float = 0.0) -> Doing:
    def angles(t: float) -> Angles:
        share = np.sin(np.pi * min(1.0, max(0.0, (t - 0.5) / 5.0))) ** 2
        return depth_deg * share, aside_deg * share

    return angles


def fidgeting(size_deg: float) -> Doing:
    return lambda t: (size_deg * np.sin(2.0 * t), 0.0)


def turning_sides(t: float) -> Angles:
    return SIDES[min(5, int(t / 5.0))]


OBEYS: dict[GuideStep, Doing] = {
    GuideStep.REST: still(0.0),
    GuideStep.SIDES: turning_sides,
    GuideStep.STAND: still(0.0),
    GuideStep.BOW: bowing(60.0),
    GuideStep.SIT: still(5.0),
    GuideStep.SLOUCH: still(25.0, 1.0),
    GuideStep.LEAN_FORWARD: still(22.0),
    GuideStep.LEAN_BACK: still(-12.0),
    GuideStep.BEND_RIGHT: still(8.0, 15.0),
    GuideStep.BEND_LEFT: still(8.0, -15.0),
}


@dataclass
class Obedient:
    """Somebody with one or two sensors on, each strapped some way.

    Attributes:
        strapped: body axes to sensor axes, of each sensor.
        instead: what is done instead in a step at an attempt.
        gyr_bias_rad_s: of every sensor.
        acc_bias_m_s2: likewise.
        lower_share: how much of an angle the low back has.
    """

    strapped: list[Rotation]
    instead: dict[tuple[GuideStep, int], Doing] = field(default_factory=dict)
    gyr_bias_rad_s: tuple[float, float, float] = (0.03, -0.02, 0.01)
    acc_bias_m_s2: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lower_share: float = 0.5
    t_s: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self._turns = [np.eye(3) for _ in self.strapped]

    def goes_on(self, progress: GuideProgress, hold_began_s: float, seconds: float = 0.1) -> TrunkBlock:
        """The next so many seconds, while the guide shows this."""
        doing = still(0.0)
        if progress.step is not None and progress.phase in (GuidePhase.COUNTDOWN, GuidePhase.HOLD):
            doing = self.instead.get((progress.step, progress.attempt), OBEYS[progress.step])
        handled = progress.step in (GuideStep.REST, GuideStep.SIDES)
        n = round(seconds * RATE_HZ)
        times = self.t_s + (np.arange(n) + 1) / RATE_HZ
        forces = [np.empty((n, 3)) for _ in self.strapped]
        rates = [np.empty((n, 3)) for _ in self.strapped]
        for i, t in enumerate(times):
            since = t - hold_began_s if progress.phase is GuidePhase.HOLD else 0.0
            flexion, lateral = doing(since)
            for k in range(len(self.strapped)):
                share = 1.0 if k == 0 or handled else self.lower_share
                target = _held(share * flexion, share * lateral)
                step = _rotvec(self._turns[k].T @ target)
                size = float(np.linalg.norm(step))
                most = np.radians(QUICKEST_DEG_S) / RATE_HZ
                step = step * (min(0.15 * size, most) / size if size > 1e-9 else 0.0)
                self._turns[k] = self._turns[k] @ _matrix(step)
                forces[k][i] = 9.80665 * self._turns[k][2]
                rates[k][i] = step * RATE_HZ
        self.t_s = float(times[-1])
        blocks = []
        noise = 0.0005 if progress.step is GuideStep.REST else 0.004
        for to_sensor, force, rate in zip(self.strapped, forces, rates, strict=True):
            acc = to_sensor.apply(force) + self.acc_bias_m_s2 + self._rng.normal(0.0, 0.03, (n, 3))
            gyr = to_sensor.apply(rate) + self.gyr_bias_rad_s + self._rng.normal(0.0, noise, (n, 3))
            blocks.append(SensorBlock(times, acc, gyr, 30.0))
        lower = blocks[1] if len(blocks) > 1 else None
        return TrunkBlock(blocks[0], lower, self.t_s)


def _held(flexion_deg: float, lateral_deg: float) -> np.ndarray:
    """Body to world of a trunk held so: Rx(lateral) · Ry(flexion)."""
    (sf, sl), (cf, cl) = (fn(np.radians([flexion_deg, lateral_deg])) for fn in (np.sin, np.cos))
    return np.array([[cf, 0.0, sf], [sl * sf, cl, -sl * cf], [-cl * sf, sl, cl * cf]])


def _matrix(rotvec: np.ndarray) -> np.ndarray:
    size = float(np.linalg.norm(rotvec))
    if size < 1e-12:
        return np.eye(3)
    x, y, z = rotvec / size
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turn: np.ndarray = np.eye(3) + np.sin(size) * cross + (1.0 - np.cos(size)) * (cross @ cross)
    return turn


def _rotvec(matrix: np.ndarray) -> np.ndarray:
    vector = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    sine, cosine = float(np.linalg.norm(vector)) / 2.0, (float(np.trace(matrix)) - 1.0) / 2.0
    if sine < 1e-9:
        # Half a turn has many ways to go; a little of any gets it under way.
        return np.zeros(3) if cosine > 0.0 else np.array([0.1, 0.05, 0.0])
    return vector / (2.0 * sine) * math.atan2(sine, cosine)


def strappings(seed: int, sensors: int = 1) -> list[Rotation]:
    """Any way at all, for each sensor."""
    return list(Rotation.random(sensors, random_state=seed))


def said(told: list[GuideProgress], phase: GuidePhase) -> Iterator[str]:
    """The texts of a phase, each once where it goes on."""
    before = None
    for progress in told:
        if progress.phase is phase and (progress.phase, progress.text) != before:
            yield progress.text
        before = (progress.phase, progress.text)
