"""Two samples become one of twice the length, and the turn that they made together is kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from firmware_py.posture._halving import group_size, halved, halved_rows

Vector = NDArray[np.float64]
DT = 0.01
triples = st.tuples(*[st.floats(-8.0, 8.0)] * 3).map(np.array)


def turned_by(vector: Vector) -> NDArray[np.float64]:
    """Rotation matrix of a rotation vector."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector / angle if angle else vector
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


@pytest.mark.parametrize(
    ("rate_hz", "size"),
    [(10.0, 1), (50.0, 1), (89.0, 1), (90.0, 2), (100.0, 2), (104.0, 2), (200.0, 4), (1000.0, 16)],
)
def test_the_rate_is_halved_while_enough_of_it_is_left(rate_hz: float, size: int) -> None:
    assert group_size(rate_hz) == size


@given(
    st.lists(st.tuples(triples, triples), min_size=1, max_size=6),
    st.sampled_from([1, 2, 4]),
)
def test_rows_and_arrays_become_the_same(samples: list[tuple[Vector, Vector]], size: int) -> None:
    gyr, acc = (np.repeat(np.array(part), size, axis=0) for part in zip(*samples, strict=True))
    gyr, acc = gyr + np.arange(len(gyr))[:, None] * 0.1, acc - np.arange(len(acc))[:, None] * 0.2
    by_rows = halved_rows(gyr.tolist(), acc.tolist(), size, DT)
    by_array = halved(gyr, acc, size, DT)
    assert len(by_rows[0]) == len(by_array[0]) == len(samples)
    np.testing.assert_allclose(by_rows[0], by_array[0], atol=1e-12)
    np.testing.assert_allclose(by_rows[1], by_array[1], atol=1e-12)


@given(rate=triples, force=triples)
def test_a_steady_turn_keeps_its_rate(rate: Vector, force: Vector) -> None:
    gyr, _ = halved(np.array([rate, rate]), np.array([force, force]), 2, DT)
    np.testing.assert_allclose(gyr[0], rate, atol=1e-12)


@given(first=triples, slope=triples)
def test_a_turn_about_a_turning_axis_ends_where_it_truly_ends(first: Vector, slope: Vector) -> None:
    # A rate that changes linearly over two samples, each the mean over its own 10 ms.
    change = 5.0 * slope
    fine = 400
    truth = np.eye(3)
    for step in range(fine):
        t = (step + 0.5) * 2 * DT / fine
        truth = truth @ turned_by((first + change * t) * 2 * DT / fine)
    samples = np.array([first + change * 0.5 * DT, first + change * 1.5 * DT])
    gyr, _ = halved(samples, np.zeros((2, 3)), 2, DT)
    error = np.abs(turned_by(gyr[0] * 2 * DT) - truth).max()
    plain = np.abs(turned_by(samples.mean(axis=0) * 2 * DT) - truth).max()
    assert error < 1e-6 + 0.1 * plain


def test_a_missing_sample_spoils_its_group_and_no_other() -> None:
    gyr = np.ones((6, 3))
    gyr[2] = np.nan
    rates, forces = halved_rows(gyr.tolist(), np.ones((6, 3)).tolist(), 2, DT)
    assert np.isnan(rates).all(axis=1).tolist() == [False, True, False]
    assert np.isnan(forces).all(axis=1).tolist() == [False, True, False]
