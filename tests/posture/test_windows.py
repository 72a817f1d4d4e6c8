"""A window of samples amounts to the turn and the push that its samples made one after another."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from firmware_py.posture._windows import FEW_RAD, Amount, Flaws, WindowSums
from firmware_py.posture.blocks import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]
DT = 0.01
NOTHING_BEFORE = np.zeros((2, 6))
seeds = st.integers(0, 2**32 - 1)


def rotation(vector: Array) -> Array:
    """(3, 3) matrix of a rotation vector."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector / angle if angle else vector
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    matrix: Array = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return matrix


def truth(rows: Array, dt: float = DT) -> tuple[Array, Array]:
    """(3, 3) rotation from the window's end to its beginning, and (3,) mean force seen at its end."""
    turned, push = np.eye(3), np.zeros(3)
    for row in rows:
        half = rotation(row[:3] * dt / 2)
        push += turned @ half @ row[3:]
        turned = turned @ half @ half
    return turned, turned.T @ push / len(rows)


def told(amount: Amount) -> tuple[Array, Array]:
    """The same from an amount, carried to the end of the window as the filter does."""
    rate, force = np.array(amount.rate_rad_s), np.array(amount.force_m_s2)
    half_turn = 0.5 * amount.length_s * rate
    return rotation(2 * half_turn), force + np.cross(force, half_turn)


def wavering(seed: int, n: int, most_rad: float) -> Array:
    """(n, 6) rows: rates and forces that change, turning by `most_rad` at most (rms times length)."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0.0, 1.0, n)[:, None]
    rows = sum(rng.normal(size=6) * np.cos(k * t * math.pi + rng.uniform(0, 6)) for k in range(4))
    rows = np.asarray(rows, dtype=np.float64)
    rate = math.sqrt(float(np.square(rows[:, :3]).sum()) / n)
    rows[:, :3] *= rng.uniform(0.0, most_rad) / (rate * n * DT)
    rows[:, 3:] = rows[:, 3:] * 3.0 + [0.0, 0.0, STANDARD_GRAVITY_M_S2]
    return rows


@given(seed=seeds, n=st.integers(1, 20))
def test_a_slow_turn_about_a_turning_axis_ends_where_it_truly_ends(seed: int, n: int) -> None:
    rows = wavering(seed, n, FEW_RAD)
    turned, push = told(WindowSums(DT).amount(rows, NOTHING_BEFORE))
    expected, expected_push = truth(rows)
    assert np.abs(turned - expected).max() < FEW_RAD**3 / 6
    assert np.abs(push - expected_push).max() < 30.0 * FEW_RAD**2


@given(seed=seeds, n=st.integers(2, 20), most_rad=st.floats(0.1, 3.0))
def test_so_does_a_fast_one(seed: int, n: int, most_rad: float) -> None:
    rows = wavering(seed, n, most_rad)
    turned, push = told(WindowSums(DT).amount(rows, NOTHING_BEFORE))
    expected, expected_push = truth(rows)
    assert np.abs(turned - expected).max() < FEW_RAD**3 / 6
    # a sample's own turn is taken to first order in both
    assert np.abs(push - expected_push).max() < 30.0 * (FEW_RAD**2 + (most_rad / n) ** 2)


@given(seed=seeds, n=st.integers(2, 20))
def test_it_is_right_to_the_second_order_where_plain_means_are_not(seed: int, n: int) -> None:
    rows = wavering(seed, n, FEW_RAD)
    half = rows * [0.5, 0.5, 0.5, 1, 1, 1]
    errors = []
    for size in (rows, half):
        turned, _ = told(WindowSums(DT).amount(size, NOTHING_BEFORE))
        errors.append(np.abs(turned - truth(size)[0]).max())
    assert errors[1] <= errors[0] / 6.0 + 1e-12  # half the rate, an eighth of the error


@given(seed=seeds, counts=st.lists(st.integers(1, 13), min_size=1, max_size=6), fast=st.booleans())
def test_many_windows_at_once_are_the_same_windows(seed: int, counts: list[int], fast: bool) -> None:
    rows = wavering(seed, sum(counts), 3.0 if fast else 0.2)
    rng = np.random.default_rng(seed)
    rows[rng.random(len(rows)) < 0.1, 4] = np.nan
    starts = np.cumsum([0, *counts[:-1]])
    at_once = list(WindowSums(DT).amounts(rows, starts, NOTHING_BEFORE))
    one_by_one = WindowSums(DT)
    for start, count, amount in zip(starts, counts, at_once, strict=True):
        shown = np.vstack((NOTHING_BEFORE, rows[:start]))[-2:]
        other = one_by_one.amount(rows[start : start + count], shown)
        assert (amount.good, amount.bad, amount.flaws) == (other.good, other.bad, other.flaws)
        for a, b in (
            (amount.rate_rad_s, other.rate_rad_s),
            (amount.force_m_s2, other.force_m_s2),
            (amount.sums, other.sums),
            ((amount.gyr_spread, amount.acc_spread), (other.gyr_spread, other.acc_spread)),
        ):
            np.testing.assert_allclose(a, b, atol=1e-9)


def test_a_steady_turn_keeps_its_rate_and_says_how_little_it_varied() -> None:
    rows = np.tile([0.3, -0.2, 0.1, 1.0, 2.0, 9.0], (10, 1))
    amount = WindowSums(DT).amount(rows, NOTHING_BEFORE)
    np.testing.assert_allclose(amount.rate_rad_s, rows[0, :3], atol=1e-12)
    assert amount.length_s == pytest.approx(0.1)
    assert (amount.gyr_spread, amount.acc_spread) == pytest.approx((0.0, 0.0), abs=1e-12)


def test_the_sums_are_those_of_the_samples_that_are_numbers() -> None:
    rows = wavering(1, 10, 0.02)
    rows[3] = np.nan
    rows[7, 5] = np.inf
    with np.errstate(invalid="ignore"):
        amount = WindowSums(DT).amount(rows, NOTHING_BEFORE)
    good = np.delete(rows, [3, 7], axis=0)
    assert (amount.good, amount.bad) == (8, 2)
    off = np.linalg.norm(good[:, 3:], axis=1) - STANDARD_GRAVITY_M_S2
    np.testing.assert_allclose(
        amount.sums, [*good.sum(axis=0), np.square(good[:, :3]).sum(), np.square(off).sum()], atol=1e-9
    )
    assert amount.flaws == Flaws(0.2, 0.0, 0.0)
    assert amount.length_s == pytest.approx(0.1)


def test_a_file_that_crowds_a_window_is_followed_row_by_row() -> None:
    rows = wavering(3, 5000, 0.04)
    sums = WindowSums(0.1 / 5000)
    (at_once,) = WindowSums(0.1 / 5000).amounts(rows, np.array([0]), NOTHING_BEFORE)
    amount = sums.amount(rows, NOTHING_BEFORE)
    turned, push = told(amount)
    expected, expected_push = truth(rows, 0.1 / 5000)
    assert np.abs(turned - expected).max() < 1e-9
    assert np.abs(push - expected_push).max() < 1e-2
    np.testing.assert_allclose(at_once.rate_rad_s, amount.rate_rad_s, atol=1e-9)


def test_a_window_without_a_number_repeats_the_one_before() -> None:
    sums = WindowSums(DT)
    before = sums.amount(wavering(2, 10, 0.02), NOTHING_BEFORE)
    amount = sums.amount(np.full((10, 6), np.nan), NOTHING_BEFORE)
    assert amount.rate_rad_s == before.rate_rad_s
    assert amount.force_m_s2 == before.force_m_s2
    assert (amount.good, amount.bad, amount.flaws) == (0, 10, Flaws(1.0, 0.0, 0.0))


def test_an_axis_that_holds_its_largest_value_is_at_its_limit_across_windows() -> None:
    sums = WindowSums(DT)
    rows = np.tile([0.0, 0.0, 0.0, 0.0, 0.0, 2 * STANDARD_GRAVITY_M_S2], (4, 1))
    rows += np.arange(4)[:, None] * [1e-3, 0, 0, 1e-3, 0, 0]
    first = sums.amount(rows[:2], NOTHING_BEFORE)
    assert first.flaws is None  # two alike are chance
    assert sums.amount(rows[2:], rows[:2]).flaws == Flaws(0.0, 0.0, 1.0)
