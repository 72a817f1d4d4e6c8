"""Samples that no body can make are told from those that it can."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from firmware_py.hardware.spikes import SPIKE_COUNTS, any_jump, implausible_rows


def judged(rows: ArrayLike) -> list[bool]:
    """Which of the rows behind the first are implausible."""
    counts = np.asarray(rows, dtype=np.float32)
    bad, _ = implausible_rows(counts, counts[0])
    return [bool(row) for row in bad]


def flat(*values: float) -> list[list[float]]:
    return [[value, 0, 0, 0, 0, 0] for value in values]


def test_one_row_far_from_both_neighbours_is_implausible() -> None:
    assert judged(flat(0, 10, 4096, 20, 10)) == [False, True, False, False]


def test_a_step_that_stays_is_true() -> None:
    assert judged(flat(0, 0, 6000, 6100, 6050)) == [False] * 4


def test_the_newest_row_is_doubted_until_the_next_confirms_it() -> None:
    assert judged(flat(0, 0, 8000)) == [False, True]
    after_it = np.asarray(flat(8000, 8100, 8050), dtype=np.float32)
    bad, _ = implausible_rows(after_it, np.zeros(6, np.float32))
    assert bad.tolist() == [False, False]


@given(
    amplitude=st.floats(0, 8192),
    hertz=st.floats(0.1, 8.0),
    phase=st.floats(0, 6.28),
    noise=st.integers(0, 2**31),
)
def test_no_swing_of_a_body_is_called_implausible(
    amplitude: float, hertz: float, phase: float, noise: int
) -> None:
    t_s = np.arange(50) / 100.0
    rows = np.random.default_rng(noise).normal(0, 15, (50, 6))
    rows[:, 2] += amplitude * np.sin(2 * np.pi * hertz * t_s + phase)
    assert not any(judged(rows))


@given(
    row=st.integers(1, 18), column=st.integers(0, 5), bit=st.integers(12, 15), level=st.integers(-3000, 3000)
)
def test_every_flip_of_a_high_bit_is_found_wherever_it_strikes(
    row: int, column: int, bit: int, level: int
) -> None:
    rows = np.random.default_rng(row).normal(0, 30, (20, 6)).round()
    rows[:, column] += level
    value = int(rows[row, column]) & 0xFFFF
    flipped = value ^ 1 << bit
    rows[row, column] = flipped - 0x10000 if flipped >= 0x8000 else flipped
    bad = judged(rows)
    assert bad[row - 1]
    assert sum(bad) == 1


@given(st.lists(st.floats(-32768, 32767, width=32), min_size=6, max_size=60))
def test_the_first_look_never_misses_a_jump(values: list[float]) -> None:
    steps = np.asarray(values, dtype=np.float32)
    if np.abs(steps).max() > SPIKE_COUNTS:
        assert any_jump(steps)
