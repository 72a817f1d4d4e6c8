"""Movement whose "up" is known by construction, as a perfect sensor would report it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

FloatArray = NDArray[np.float64]

GRAVITY_M_S2 = 9.80665


@dataclass(frozen=True)
class Motion:
    """Rows of a sensor and the truth: (n, 3) each."""

    rate_hz: float
    gyr: FloatArray
    acc: FloatArray
    up: FloatArray

    def __len__(self) -> int:
        return len(self.gyr)

    def cut(self, start_s: float, stop_s: float) -> Motion:
        a, b = round(start_s * self.rate_hz), round(stop_s * self.rate_hz)
        return replace(self, gyr=self.gyr[a:b], acc=self.acc[a:b], up=self.up[a:b])

    def with_noise(self, seed: int = 1, bias_deg_s: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Motion:
        """As an ordinary chip reads it: 0.05 °/s and 0.03 m/s² of noise at 100 Hz, and a bias."""
        rng = np.random.default_rng(seed)
        share = np.sqrt(self.rate_hz / 100.0)
        gyr = self.gyr + np.radians(bias_deg_s) + np.radians(0.05) * share * rng.normal(size=self.gyr.shape)
        return replace(self, gyr=gyr, acc=self.acc + 0.03 * share * rng.normal(size=self.acc.shape))


def movement(
    rate_hz: float, duration_s: float, rate_deg_s: float = 60.0, sway_m: float = 0.05, seed: int = 0
) -> Motion:
    """Turning, `rate_deg_s` RMS in all, and swaying: four waves of `sway_m` RMS an axis, 0.2 to 1.5 Hz."""
    rng = np.random.default_rng(seed)
    n = round(rate_hz * duration_s)
    dt = 1.0 / rate_hz
    t = np.arange(n) * dt
    frequencies = rng.uniform(0.2, 1.5, size=(6, 4))
    phases = rng.uniform(0.0, 2.0 * np.pi, size=(6, 4))
    waves = np.sqrt(0.5) * np.sin(2.0 * np.pi * frequencies[:, :, None] * t + phases[:, :, None])
    gyr = np.radians(rate_deg_s) / np.sqrt(3.0) * waves[:3].sum(axis=1).T
    accelerations = -((2.0 * np.pi * frequencies[3:, :, None]) ** 2) * waves[3:] * sway_m
    world = accelerations.sum(axis=1).T + np.array([0.0, 0.0, GRAVITY_M_S2])
    return _sensed(rate_hz, gyr, world, Rotation.random(random_state=seed))


def stillness(rate_hz: float, duration_s: float, up: tuple[float, float, float] = (0.1, -0.3, 1.0)) -> Motion:
    """Lying still."""
    n = round(rate_hz * duration_s)
    direction = np.broadcast_to(np.array(up) / np.linalg.norm(up), (n, 3))
    return Motion(rate_hz, np.zeros((n, 3)), GRAVITY_M_S2 * direction, direction)


def followed_by(first: Motion, gyr: FloatArray, world_acc: FloatArray) -> Motion:
    """`first`, then these rates with these accelerations (gravity included) seen by a level observer."""
    start = _rotation_to(first.up[-1])
    then = _sensed(first.rate_hz, gyr, world_acc, start)
    return Motion(
        first.rate_hz,
        np.concatenate((first.gyr, then.gyr)),
        np.concatenate((first.acc, then.acc)),
        np.concatenate((first.up, then.up)),
    )


def error_deg(up: FloatArray, truth: FloatArray) -> FloatArray:
    """(n,) angle between two directions."""
    cross = np.linalg.norm(np.cross(up, truth), axis=1)
    off: FloatArray = np.degrees(np.arctan2(cross, (up * truth).sum(axis=1)))
    return off


def _sensed(rate_hz: float, gyr: FloatArray, world: FloatArray, start: Rotation) -> Motion:
    steps = Rotation.from_rotvec(gyr / rate_hz).as_quat()
    w0 = start.as_quat()
    attitude = np.empty((len(gyr), 4))
    x, y, z, w = (float(v) for v in w0)
    for row, (dx, dy, dz, dw) in enumerate(steps.tolist()):
        x, y, z, w = (
            w * dx + x * dw + y * dz - z * dy,
            w * dy - x * dz + y * dw + z * dx,
            w * dz + x * dy - y * dx + z * dw,
            w * dw - x * dx - y * dy - z * dz,
        )
        attitude[row] = x, y, z, w
    to_sensor = Rotation.from_quat(attitude).inv()
    return Motion(rate_hz, gyr, to_sensor.apply(world), to_sensor.apply([0.0, 0.0, 1.0]))


def _rotation_to(up: FloatArray) -> Rotation:
    """An attitude (sensor to world) in which the sensor sees this "up"."""
    found, _ = Rotation.align_vectors([[0.0, 0.0, 1.0]], [up])
    return found
