"""`advance`, which takes a window of samples at once, says what single samples would have said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.posture._strapdown import Strapdown
from firmware_py.posture._windows import Amount, Flaws, WindowSums
from firmware_py.posture.inclination import InclinationFilter

from .stories import swaying

RATE_HZ = 100.0
STORY = swaying(np.arange(3000) / RATE_HZ, 4)
ROWS = np.hstack((STORY.gyr_rad_s, STORY.acc_m_s2))
NOTHING_BEFORE = np.zeros((2, 6))


def a_row(rate: tuple[float, ...], force: tuple[float, ...], flaws: Flaws | None = None) -> Amount:
    x, y, z = rate
    a, b, c = force
    return Amount(1, 0, (0.0,) * 8, 0.1, (x, y, z), (a, b, c), 0.0, 0.0, flaws)


@given(
    by_window=st.lists(st.booleans(), min_size=1, max_size=5),
    gap_s=st.sampled_from([0.0, 0.05, 2.0]),
)
def test_a_window_of_one_sample_is_answered_as_that_sample(by_window: list[bool], gap_s: float) -> None:
    plain, mixed = InclinationFilter(10.0), InclinationFilter(10.0)
    for k, row in enumerate(ROWS[50:250:2]):
        if k == 40:
            plain.gap(gap_s)
            mixed.gap(gap_s)
        rate, force = row[:3], row[3:]
        expected = plain.process_full(rate[None], force[None])
        if by_window[k % len(by_window)]:
            up, sigma_rad, trusted = mixed.advance(a_row(tuple(rate.tolist()), tuple(force.tolist())))
        else:
            out = mixed.process_full(rate[None], force[None])
            up, sigma_rad, trusted = out.up[-1], out.sigma_rad[-1], out.trusted[-1]
        np.testing.assert_allclose(up, expected.up[-1], atol=1e-10)
        assert math.isclose(sigma_rad, expected.sigma_rad[-1], rel_tol=1e-9)
        assert trusted == expected.trusted[-1]


@pytest.mark.parametrize("per_window", [9, 10, 11])
def test_windows_are_answered_as_their_samples_a_few_hundredths_of_a_degree_apart(per_window: int) -> None:
    every, sums, windows = InclinationFilter(RATE_HZ), WindowSums(1.0 / RATE_HZ), InclinationFilter(10.0)
    apart_deg = []
    for at in range(400, len(ROWS) - per_window, per_window):
        rows = ROWS[at : at + per_window]
        expected = every.process_full(rows[:, :3], rows[:, 3:])
        up, sigma_rad, trusted = windows.advance(sums.amount(rows, NOTHING_BEFORE))
        if at > 1400:
            apart_deg.append(math.degrees(math.acos(min(1.0, float(expected.up[-1] @ up)))))
            assert sigma_rad == pytest.approx(expected.sigma_rad[-1], rel=0.3)
            assert trusted
    assert max(apart_deg) < 0.1


def test_a_window_half_clipped_or_half_missing_is_not_trusted() -> None:
    for flaws in (Flaws(0.0, 0.5, 0.0), Flaws(0.0, 0.0, 0.5), Flaws(0.6, 0.0, 0.0)):
        inclination = InclinationFilter(10.0)
        for _ in range(100):
            _, _, trusted = inclination.advance(a_row((0.0, 0.0, 0.0), (0.0, 0.0, 9.81)))
        assert trusted
        _, _, trusted = inclination.advance(a_row((0.0, 0.0, 0.0), (0.0, 0.0, 9.81), flaws))
        assert not trusted


@pytest.mark.parametrize(("gyr_spread", "acc_spread"), [(1.0, 0.0), (0.0, 1.0)])
def test_a_window_whose_samples_shake_about_a_still_mean_is_no_rest(
    gyr_spread: float, acc_spread: float
) -> None:
    still, moved = InclinationFilter(10.0), InclinationFilter(10.0)
    for _ in range(60):
        row = a_row((0.0, 0.0, 0.0), (0.0, 0.0, 9.81))
        still.advance(row)
        moved.advance(row._replace(gyr_spread=gyr_spread, acc_spread=acc_spread))
    assert still.resting
    assert not moved.resting


def test_a_window_weighs_by_its_length() -> None:
    strapdown = Strapdown(0.1, 2, 0.0, None)
    for length_s, up_m_s2 in ((0.05, 8.0), (0.15, 12.0)):
        row = a_row((0.0, 0.0, 0.0), (0.0, 0.0, up_m_s2))._replace(length_s=length_s)
        strapdown.row(row, (0.0,) * 6, 0j)
    sums = strapdown.close_tick()
    assert sums[16] == pytest.approx(11.0)  # mean force along z
    assert sums[1] == pytest.approx(0.2 * 11.0)  # and what it adds up to over the tick
