"""Wherever the clock stood and jumped, history ends up where it belongs."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.links.anchor import (
    BUILT_UTC_S,
    STEP_S,
    Moment,
    PastRun,
    RunClock,
    clock_is_set,
    later_anchor,
    now,
    taken_on_trust,
)
from firmware_py.posture.messages import Anchor

DAY_S = 86_400.0
TRUE_UTC_S = 1_800_000_000.0
"""When the run of these tests began, in truth."""


@dataclasses.dataclass
class Machine:
    """A machine whose wall clock can be set; the truth goes on regardless."""

    running_s: float = 0.0
    off_s: float = 0.0
    trusted: bool = True
    booted_s: float = 30.0

    def moment(self) -> Moment:
        utc_s = TRUE_UTC_S + self.running_s + self.off_s
        return Moment(utc_s, self.booted_s + self.running_s, self.trusted)

    def clock(self) -> RunClock:
        return RunClock(lambda: self.running_s, self.moment)


def test_a_clock_that_is_right_is_told_once() -> None:
    machine = Machine()
    clock = machine.clock()
    assert clock.look() == Anchor(0.0, TRUE_UTC_S, trusted=True)
    for _ in range(100):
        machine.running_s += 10.0
        machine.off_s += 0.001  # slewed
        assert clock.look() is None


def test_a_boot_in_1970_is_corrected_when_the_clock_is_set() -> None:
    machine = Machine(off_s=-TRUE_UTC_S + 20.0, trusted=False)
    clock = machine.clock()
    first = clock.look()
    assert first is not None
    assert not first.trusted
    machine.running_s, machine.off_s, machine.trusted = 300.0, 0.0, True
    assert clock.look() == Anchor(300.0, TRUE_UTC_S, trusted=True)


@pytest.mark.parametrize("step_s", [DAY_S, -DAY_S, 3600.0, -3600.0, 1.0, -1.0])
def test_a_step_is_told_and_so_is_the_step_back(step_s: float) -> None:
    machine = Machine()
    clock = machine.clock()
    clock.look()
    machine.running_s, machine.off_s = 60.0, step_s
    wrong = clock.look()
    assert wrong == Anchor(60.0, TRUE_UTC_S + step_s, trusted=True)
    machine.running_s, machine.off_s = 90.0, 0.0
    assert clock.look() == Anchor(90.0, TRUE_UTC_S, trusted=True)


def test_a_clock_that_loses_its_mind_does_not_undo_what_was_known() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.look()
    machine.running_s, machine.off_s, machine.trusted = 60.0, -TRUE_UTC_S, False
    assert clock.look() is None


@given(st.lists(st.tuples(st.floats(1.0, 1000.0), st.floats(-1e9, 1e9), st.booleans()), max_size=20))
def test_the_last_anchor_is_right_once_the_clock_is(steps: list[tuple[float, float, bool]]) -> None:
    machine = Machine()
    clock = machine.clock()
    told = [clock.look()]
    for wait_s, off_s, trusted in [*steps, (10.0, 0.0, True)]:
        machine.running_s += wait_s
        machine.off_s, machine.trusted = off_s, trusted
        told.append(clock.look())
    anchors = [anchor for anchor in told if anchor is not None]
    assert anchors[-1].trusted
    assert abs(anchors[-1].utc_s - TRUE_UTC_S) <= STEP_S
    assert [anchor.t_s for anchor in anchors] == sorted({anchor.t_s for anchor in anchors})


def test_an_earlier_run_of_the_same_boot_is_dated_exactly() -> None:
    past = PastRun("boot", origin_boot_s=40.0, last_s=500.0, utc_s=60.0)
    moment = Moment(TRUE_UTC_S + 2000.0, 40.0 + 2000.0, trusted=True)
    assert later_anchor(past, moment, "boot") == Anchor(2000.0, TRUE_UTC_S, trusted=True)


def test_a_run_before_a_power_cut_is_put_before_this_boot_and_not_trusted() -> None:
    past = PastRun("before", origin_boot_s=40.0, last_s=500.0, utc_s=60.0)
    moment = Moment(TRUE_UTC_S, 100.0, trusted=True)
    anchor = later_anchor(past, moment, "now")
    assert anchor == Anchor(501.0, TRUE_UTC_S - 100.0 - 500.0, trusted=False)


def test_a_plausible_date_of_an_earlier_boot_stands() -> None:
    past = PastRun("before", origin_boot_s=40.0, last_s=500.0, utc_s=BUILT_UTC_S + DAY_S)
    assert later_anchor(past, Moment(TRUE_UTC_S, 100.0, trusted=True), "now") is None


def test_a_clock_that_is_not_set_dates_nothing() -> None:
    past = PastRun("boot", 40.0, 500.0, 60.0)
    assert later_anchor(past, Moment(60.0, 100.0, trusted=False), "boot") is None


def test_the_machines_own_clock_can_be_read() -> None:
    first, second = now(), taken_on_trust()
    assert first.trusted == clock_is_set()
    assert second.trusted
    assert second.boot_s >= first.boot_s > 0.0
