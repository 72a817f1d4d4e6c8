"""What is known of the six kinds of posture, fitted on trials: means, spreads and what goes together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.sitting_trials import SIDE_OF, Trial
from calibration.steps import OTHER_SIDE_DEG
from firmware_py.posture.blocks import FloatArray
from firmware_py.posture.kinds import Kind, Population, Table

WIDER = 1.5
"""Variance between people, against what the fitted people show: the next ones differ more than these.
Anything from the textbook's 1.2 (a t distribution of 22) to 2 does equally well on people held back."""

LEAST_WITHIN_DEG = 1.0
"""Added to the spread of repetitions: neither angle nor label is exact to less."""

LEAST_BETWEEN_DEG = 0.7
"""No kind is done so much alike by all people that twenty-two of them could show less."""

LEAST_UPRIGHT_BETWEEN_DEG = 0.5
"""Upright is what all is counted from; what is left is that few uprights are a rough mean."""

OF_THE_KIND_ITSELF = 0.5
"""Share of each kind's own scatter in its spread of repetitions; the rest is that of all kinds: a few
repetitions of a few people tell a spread only roughly."""

BELIEVED = 0.7
"""Share of the correlation between two kinds that is taken for granted: 22 people show one to about ±0.2."""


def fit(trials: Sequence[Trial]) -> Population:
    """What is known of the six kinds, by the method of moments (analysis of variance).

    Angles are counted from the mean of a person's upright trials, which errs less than the first one alone;
    how far that one errs is `Population.neutral`. A bend that clearly goes to the other side than its label
    says is an example of neither and left out: three of 396 would else make half of what one person's side
    bends seem to scatter.
    """
    seen: dict[int, dict[Kind, list[FloatArray]]] = {}
    for trial in trials:
        other_side = SIDE_OF.get(trial.kind, 0.0) * trial.angles_deg[1] < -OTHER_SIDE_DEG
        if np.isfinite(trial.angles_deg).all() and not other_side:
            seen.setdefault(trial.person, {}).setdefault(trial.kind, []).append(trial.angles_deg)
    people = [
        {kind: np.array(rows[kind]) - np.mean(rows[Kind.UPRIGHT], axis=0) for kind in Kind}
        for rows in seen.values()
        if len(rows) == len(Kind)
    ]
    means = np.array([[rows[kind].mean(axis=0) for kind in Kind] for rows in people])
    repeats = np.array([np.mean([len(rows[kind]) for rows in people]) for kind in Kind])
    freedom = len(people) * (repeats - 1.0)
    squares = np.array([sum(((r[k] - r[k].mean(axis=0)) ** 2).sum(axis=0) for r in people) for k in Kind])
    each = squares / freedom[:, None]
    within = OF_THE_KIND_ITSELF * each + (1.0 - OF_THE_KIND_ITSELF) * squares.sum(axis=0) / freedom.sum()
    neutral = each[Kind.UPRIGHT]
    between = np.empty((len(Kind), 3))
    alike = []
    for feature in range(3):
        # What people's means share because each was counted from a rough mean of uprights is no likeness.
        covariance = np.cov(means[:, :, feature].T) - neutral[feature] / repeats[Kind.UPRIGHT]
        covariance[np.diag_indices(len(Kind))] -= within[:, feature] / repeats
        covariance[Kind.UPRIGHT, :] = covariance[:, Kind.UPRIGHT] = 0.0
        between[:, feature] = np.maximum(np.diag(covariance), LEAST_BETWEEN_DEG**2)
        between[Kind.UPRIGHT, feature] = LEAST_UPRIGHT_BETWEEN_DEG**2
        sd = np.sqrt(between[:, feature])
        correlation = BELIEVED * np.clip(covariance / np.outer(sd, sd), -1.0, 1.0)
        alike.append(tuple(tuple(np.round(correlation[row, :row], 2).tolist()) for row in range(len(Kind))))
    within_deg = np.sqrt(within + LEAST_WITHIN_DEG**2)
    upper, lateral, lower = np.round(np.sqrt(neutral), 1).tolist()
    return Population(
        table(means.mean(axis=0)),
        table(np.sqrt(WIDER * between)),
        table(within_deg),
        (upper, lateral, lower),
        (alike[0], alike[1], alike[2]),
    )


def table(values: FloatArray) -> Table:
    """(6, 3) numbers as a table, to the first decimal."""
    return tuple((float(a), float(b), float(c)) for a, b, c in np.round(values, 1) + 0.0)
