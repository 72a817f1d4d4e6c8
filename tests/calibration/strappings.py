"""People who stand and bow, with a sensor strapped on any way: what the mounting is tried on.

A bow here is sloppy as people's are: its axis is 2–6° off the body's own, in any direction (towards one
foot, or with one shoulder hanging) and each bow otherwise, and it drifts while the bow lasts; the speed
is uneven, the trunk sways and trembles, the hip travels, and the chip has a bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from firmware_py.posture.blocks import SensorBlock

RATE_HZ = 50.0
ARM_M = np.array([-0.12, 0.0, 0.45])
"""From the hip to a sensor at T4, body frame."""


@dataclass
class Sloppy:
    """One person's standing and bows; `to_sensor` is the truth that is looked for."""

    to_sensor: Rotation
    standing: SensorBlock
    bows: list[SensorBlock]


def sloppy(seed: int, bows: int = 3, off_plane_deg: tuple[float, float] = (2.0, 6.0)) -> Sloppy:
    """Draw a strapping and a person."""
    rng = np.random.default_rng(seed)
    to_sensor = Rotation.random(random_state=rng.integers(2**31))
    bias = np.radians(rng.normal(0.0, 0.05, 3))  # what is left after the gyroscope was calibrated
    blocks = [_block(rng, to_sensor, bias, 0.0, (0.0, 0.0), 5.0)]
    for _ in range(bows):
        size, way = rng.uniform(*off_plane_deg), rng.uniform(0.0, 2.0 * np.pi)
        off = (size * np.cos(way), size * np.sin(way))
        blocks.append(_block(rng, to_sensor, bias, rng.uniform(40.0, 80.0), off, rng.uniform(3.0, 5.0)))
    return Sloppy(to_sensor, blocks[0], blocks[1:])


def _block(
    rng: np.random.Generator,
    to_sensor: Rotation,
    bias: np.ndarray,
    depth_deg: float,
    off_deg: tuple[float, float],
    lasts_s: float,
) -> SensorBlock:
    n = round(lasts_s * RATE_HZ)
    t = np.arange(n) / RATE_HZ
    # Uneven speed: down and up again along a clock that hurries and lingers.
    clock = t / lasts_s + 0.06 * np.sin(2 * np.pi * t / lasts_s + rng.uniform(0, 2 * np.pi))
    clock = np.clip((clock - clock[0]) / (clock[-1] - clock[0]), 0.0, 1.0)
    depth = np.radians(depth_deg) * np.sin(np.pi * clock) ** 2
    drift = 1.0 + 0.3 * np.sin(2 * np.pi * clock)
    aside, tilted = (np.tan(np.radians(off)) * drift for off in off_deg)
    axis = np.stack([-aside, np.ones(n), tilted], axis=1)
    axis /= np.linalg.norm(axis, axis=1)[:, None]
    # Sway, and the physiological tremor of 4–8 Hz.
    tremor = (
        np.radians(
            [
                [
                    a * np.sin(2 * np.pi * rng.uniform(*hz) * t + rng.uniform(0, 6.3))
                    for a, hz in ((0.3, (0.2, 0.6)), (0.02, (4.0, 8.0)))
                ]
                for _ in range(3)
            ]
        )
        .sum(axis=1)
        .T
    )
    turn = Rotation.from_rotvec(axis * depth[:, None] + tremor)  # body to world
    # The hip goes back as the trunk goes down.
    place = turn.apply(ARM_M) + np.outer(np.sin(depth), [-0.12, 0.0, 0.0])
    force = np.gradient(np.gradient(place, t, axis=0), t, axis=0) + np.array([0.0, 0.0, 9.80665])
    rate = (turn[:-1].inv() * turn[1:]).as_rotvec() * RATE_HZ
    rate = np.vstack([rate, rate[-1]])
    acc = to_sensor.apply(turn.inv().apply(force)) + rng.normal(0.0, 0.03, (n, 3))
    gyr = to_sensor.apply(rate) + bias + rng.normal(0.0, 0.001, (n, 3))
    return SensorBlock(t, acc, gyr)


def off_deg(found: tuple[tuple[float, float, float], ...], truth: Rotation) -> float:
    """Angle between a mounting that was found and the true one, degrees."""
    return float(np.degrees((Rotation.from_matrix(np.array(found)) * truth).magnitude()))
