"""When a sample was taken, learned from reads alone, for any oscillator a chip may have."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.hardware.sampleclock import SampleClock, Step, watch_step

GOLDEN = 0.6180339887498949


@settings(max_examples=30, deadline=None)
@given(error=st.floats(-0.04, 0.04), phase=st.floats(0.0, 0.01), seed=st.integers(0, 1000))
def test_any_oscillator_within_four_per_cent_is_followed_to_a_millisecond(
    error: float, phase: float, seed: int
) -> None:
    period_s = 0.01 / (1.0 + error)
    rng = np.random.default_rng(seed)
    clock = SampleClock(100.0)
    clock.anchor(0, phase, 2e-4)
    worst_s = 0.0
    for turn in range(1, 700):
        aimed = (phase + 0.1 * turn - clock.time_of(0)) / clock.period_s  # as the live source aims
        at_s = clock.time_of(0) + (np.ceil(aimed) + turn * GOLDEN % 1.0) * clock.period_s
        at_s += float(rng.uniform(0.0, 1e-3))  # and the scheduler is late
        newest = int((at_s - phase) / period_s)
        clock.saw(newest, at_s, at_s)
        if turn > 300:  # half a minute, with nothing known of the rate at first
            worst_s = max(worst_s, abs(clock.time_of(newest) - (phase + newest * period_s)))
    assert worst_s < 1e-3
    assert abs(clock.period_s / period_s - 1.0) < 1e-3


@given(ahead=st.floats(0.06, 10.0))
def test_an_absurd_read_teaches_nothing(ahead: float) -> None:
    clock = SampleClock(100.0)
    clock.anchor(0, 5.0, 1e-4)
    clock.saw(10, 5.105, 5.105)
    before = clock.time_of(20), clock.period_s, clock.sigma_s
    assert abs(clock.saw(11, 5.115 + ahead, 5.115 + ahead)) > 0.025
    assert (clock.time_of(20), clock.period_s, clock.sigma_s) == before


def test_what_is_known_of_the_rate_outlives_a_new_beginning() -> None:
    clock = SampleClock(100.0)
    clock.anchor(0, 0.0, 1e-5)
    for k in range(1, 100):
        clock.saw_step(10 * k, 0.101 * k - 1e-4, 0.101 * k + 1e-4)
    clock.anchor(5000, 70.0, 1e-4)
    assert abs(clock.time_of(5010) - 70.101) < 2e-4


def test_a_step_is_dated_by_the_polls_around_it() -> None:
    now_s = [0.0]

    def level() -> int:
        now_s[0] += 2e-4
        return int(now_s[0] / 0.01)

    step = watch_step(level, lambda: now_s[0], 0.01)
    assert step is not None
    assert step.level == 0
    assert step.after_s <= 0.01 <= step.before_s
    assert step.before_s - step.after_s < 5e-4


def test_a_wire_too_slow_for_single_steps_still_dates_the_newest_sample() -> None:
    now_s = [0.004]

    def level() -> int:
        now_s[0] += 0.015
        return int(now_s[0] / 0.01)

    step = watch_step(level, lambda: now_s[0], 0.01)
    assert step is not None
    assert step.after_s <= 0.01 * (step.level + 1) <= step.before_s


def test_an_interrupted_read_teaches_nothing_wrong() -> None:
    clock = SampleClock(100.0)
    clock.anchor(0, 5.0, 1e-4)
    clock.saw(10, 5.105, 5.175)
    assert abs(clock.time_of(10) - 5.1) < 2e-3


def test_a_clock_that_stands_still_holds_nobody() -> None:
    assert watch_step(lambda: 3, lambda: 1.0, 0.01) is None


def test_a_level_that_is_none_ends_the_watch() -> None:
    assert watch_step(lambda: -1, lambda: 1.0, 0.01) == Step(-1, 1.0, 1.0)
