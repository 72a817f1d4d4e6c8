"""`advance`, for live blocks as plain lists, says what `process_full` says of the last row."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.posture.inclination import InclinationFilter

from .stories import spoiled, swaying

RATE_HZ = 100.0
STORY = spoiled(swaying(np.arange(800) / RATE_HZ, 4), [0, 1, 130, *range(300, 340)])
GYR, ACC = STORY.gyr_rad_s, STORY.acc_m_s2


@given(
    sizes=st.lists(st.integers(1, 90), min_size=1, max_size=30),
    by_rows=st.lists(st.booleans(), min_size=1, max_size=5),
    gap_s=st.sampled_from([0.0, 0.05, 2.0]),
)
def test_the_last_row_is_answered_as_in_an_array_also_where_the_two_are_mixed(
    sizes: list[int], by_rows: list[bool], gap_s: float
) -> None:
    plain, mixed = InclinationFilter(RATE_HZ), InclinationFilter(RATE_HZ)
    at = 0
    for turn, size in enumerate(sizes):
        stop = min(at + size, len(GYR))
        if stop == at:
            break
        if turn == 3:
            plain.gap(gap_s)
            mixed.gap(gap_s)
        expected = plain.process_full(GYR[at:stop], ACC[at:stop])
        if by_rows[turn % len(by_rows)]:
            up, sigma_rad, trusted = mixed.advance(GYR[at:stop].tolist(), ACC[at:stop].tolist())
        else:
            out = mixed.process_full(GYR[at:stop], ACC[at:stop])
            up, sigma_rad, trusted = out.up[-1], out.sigma_rad[-1], out.trusted[-1]
        np.testing.assert_allclose(up, expected.up[-1], atol=1e-10)
        assert math.isclose(sigma_rad, expected.sigma_rad[-1], rel_tol=1e-9)
        assert trusted == expected.trusted[-1]
        at = stop
