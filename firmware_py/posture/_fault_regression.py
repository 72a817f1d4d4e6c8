"""The gyroscope's faults, a bias and a scale error per axis, out of what a filter's residuals leave over.

The faults enter the filter of `_gravity.py` linearly. How far gravity and velocity would be off by each of
the six passes through the same recursion as they do, so the residuals are a linear regression on the
faults, kept as an information matrix (Friedland, "Treatment of bias in recursive filtering", IEEE Trans.
Autom. Control 14, 1969). A bias about the vertical shows only once the sensor has turned over, or rests.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._motion_model import MotionModel

FloatArray = NDArray[np.float64]
Faults = tuple[float, float, float, float, float, float]
"""Bias about x, y, z in rad/s, then the share by which the rates about x, y, z read too high."""

BIAS = np.arange(3)
"""Where the biases stand among the faults."""


class FaultRegression:
    """Gathers the residuals of some ticks, then `solve`s for how much the faults are other than thought.

    Attributes:
        variance: what is unknown of the faults, as it shows in one component of gravity, (m/s²)².
    """

    def __init__(self, model: MotionModel, tick_s: float) -> None:
        self._model = model
        self._tick_s = tick_s
        self._prior = fault_prior(model)
        self._information = self._prior
        self.restart()

    def restart(self) -> None:
        """Forget the ticks that were not solved for yet, and nothing of what is known of the faults."""
        self.variance = 0.0
        self._forget_ticks()

    def add(self, sensitivities: list[complex], weight: float, residual: complex) -> None:
        """Take in one tick: its residual, that one's weight, and what a unit of each fault makes of it."""
        self._sensitivities.append(sensitivities)
        self._residuals.append((weight, residual))

    def add_rest(self, x: float, y: float, z: float) -> None:
        """Take in a tick at rest: the rates that were read beyond the bias as now known, rad/s."""
        self._rests.append((x, y, z))

    def solve(self, tilt_by_fault: list[complex]) -> list[float]:
        """Solve for the faults by the ticks since the last time, and let old knowledge fade.

        Args:
            tilt_by_fault: six horizontal components of gravity, m/s², for a unit of each fault.

        Returns:
            What is to be added to each of the six faults.
        """
        sensitivities = np.array(self._sensitivities)
        weights, residuals = np.array(self._residuals).T
        weighted = sensitivities.conj().T * weights.real
        information = self._information + (weighted @ sensitivities).real
        evidence = (weighted @ residuals).real
        if self._rests:
            information[BIAS, BIAS] += len(self._rests) / self._model.rest_rate_rad_s**2
            evidence[:3] += np.sum(self._rests, axis=0) / self._model.rest_rate_rad_s**2
        unknown = np.linalg.inv(information)
        change: list[float] = (unknown @ evidence).tolist()
        shown = np.array(tilt_by_fault)
        self.variance = 0.5 * float((shown.conj() @ unknown @ shown).real)
        keep = math.exp(-len(sensitivities) * self._tick_s / self._model.fault_memory_s)
        self._information = keep * information + (1.0 - keep) * self._prior
        self._forget_ticks()
        return change

    def _forget_ticks(self) -> None:
        self._sensitivities: list[list[complex]] = []
        self._residuals: list[tuple[float, complex]] = []
        self._rests: list[tuple[float, float, float]] = []


def fault_prior(model: MotionModel) -> FloatArray:
    """(6, 6) information about the faults of a gyroscope never seen."""
    return np.diag([model.bias_sigma_rad_s**-2.0] * 3 + [model.scale_sigma**-2.0] * 3)
