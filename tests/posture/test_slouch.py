"""The slouch table: when a bend is a slouch, when it deserves a reminder, when it is over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.posture.events import (
    AlertWithheld,
    Event,
    SlouchAlert,
    SlouchEnd,
    SlouchEnded,
    SlouchStarted,
    Withheld,
)
from firmware_py.posture.rules import Rules
from firmware_py.posture.slouch import TABLE, Action, Input, State

from .trunks import a_judge, held, judged


def of(events: list[Event], kind: type) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


@given(st.floats(10.0, 89.0))
def test_the_deeper_the_sooner_but_never_under_four_seconds(depth_deg: float) -> None:
    events = judged(a_judge(), held(0, 1, 0.0), held(1, 40, depth_deg))
    (alert, *_) = of(events, SlouchAlert)
    assert isinstance(alert, SlouchAlert)
    assert alert.t_s - 1.0 == pytest.approx(max(4.0, 300.0 / depth_deg), abs=0.15)
    assert alert.level == 1


def test_a_bend_shorter_than_a_held_posture_is_no_slouch() -> None:
    events = judged(a_judge(), held(0, 5, 0.0), held(5, 8.9, 60.0), held(8.9, 30, 0.0))
    assert not of(events, SlouchStarted)
    assert not of(events, SlouchEnded)


def test_a_slouch_is_dated_to_where_the_bend_began() -> None:
    events = judged(a_judge(), held(0, 5, 0.0), held(5, 20, 15.0), held(20, 30, 0.0))
    (started,) = of(events, SlouchStarted)
    (ended,) = of(events, SlouchEnded)
    assert isinstance(started, SlouchStarted)
    assert isinstance(ended, SlouchEnded)
    assert (started.since_s, started.t_s) == (5.0, 8.9)
    assert ended.started_s == 5.0
    assert ended.slouched_s == pytest.approx(15.0)
    assert ended.peak_deg == pytest.approx(15.0)
    assert ended.mean_deg == pytest.approx(15.0)
    assert ended.outcome is SlouchEnd.CORRECTED
    assert ended.corrected_after_s is None, "nobody was reminded"
    assert ended.t_s == pytest.approx(22.0, abs=0.11), "two seconds of good posture end it"


def test_between_the_thresholds_a_slouch_goes_on_and_none_begins() -> None:
    going_on = judged(a_judge(), held(0, 5, 0.0), held(5, 15, 12.0), held(15, 60, 8.0))
    assert len(of(going_on, SlouchStarted)) == 1
    assert not of(going_on, SlouchEnded)
    assert not of(judged(a_judge(), held(0, 60, 8.0)), SlouchStarted)


def test_a_wavering_slouch_is_one_episode() -> None:
    judge = a_judge()
    stretches = [held(0, 5, 0.0)]
    for turn in range(20):
        begin_s = 5.0 + 6.0 * turn
        stretches += [held(begin_s, begin_s + 4.5, 14.0), held(begin_s + 4.5, begin_s + 6.0, 2.0)]
    events = judged(judge, *stretches, held(125, 140, 0.0))
    assert len(of(events, SlouchStarted)) == 1
    (ended,) = of(events, SlouchEnded)
    assert isinstance(ended, SlouchEnded)
    assert ended.slouched_s == pytest.approx(90.0)


def test_the_load_leaks_while_the_back_is_straight() -> None:
    steady = judged(a_judge(), held(0, 1, 0.0), held(1, 60, 10.0))
    leaking = judged(a_judge(), held(0, 1, 0.0), held(1, 11, 10.0), held(11, 12, 0.0), held(12, 60, 10.0))
    (at_once, later) = (of(events, SlouchAlert)[0].t_s for events in (steady, leaking))
    # A second upright does not count, and takes three seconds at the threshold off the load.
    assert later - at_once == pytest.approx(4.0, abs=0.15)


def test_correcting_after_a_reminder_is_timed_from_the_reminder_to_the_good_posture() -> None:
    events = judged(a_judge(), held(0, 5, 0.0), held(5, 40, 20.0), held(40, 50, 0.0))
    (alert,) = of(events, SlouchAlert)
    (ended,) = of(events, SlouchEnded)
    assert isinstance(ended, SlouchEnded)
    assert ended.alerted_s == alert.t_s
    assert ended.corrected_after_s == pytest.approx(40.0 - alert.t_s, abs=0.11)


def test_it_escalates_once_after_the_interval_and_then_is_quiet() -> None:
    events = judged(a_judge(), held(0, 1, 0.0), held(1, 1500, 20.0))
    alerts = of(events, SlouchAlert)
    assert [alert.level for alert in alerts if isinstance(alert, SlouchAlert)] == [1, 2]
    assert alerts[1].t_s - alerts[0].t_s == pytest.approx(180.0)


def test_getting_up_ends_a_slouch_as_moved() -> None:
    events = judged(a_judge(), held(0, 5, 0.0), held(5, 30, 20.0), held(30, 45, 10.0, moving=True))
    (ended,) = of(events, SlouchEnded)
    assert isinstance(ended, SlouchEnded)
    assert ended.outcome is SlouchEnd.MOVED
    assert ended.corrected_after_s is None


def test_a_short_gap_freezes_a_slouch_and_a_long_one_ends_it() -> None:
    short = judged(a_judge(), held(0, 5, 0.0), held(5, 15, 12.0), held(15, 24, None), held(24, 40, 12.0))
    assert not of(short, SlouchEnded)
    (alert,) = of(short, SlouchAlert)
    assert alert.t_s == pytest.approx(5.0 + 25.0 + 9.0, abs=0.15), "lost time loads nothing"
    long = judged(a_judge(), held(0, 5, 0.0), held(5, 15, 12.0), held(15, 26, None), held(26, 30, 12.0))
    (ended,) = of(long, SlouchEnded)
    assert isinstance(ended, SlouchEnded)
    assert ended.outcome is SlouchEnd.UNKNOWN


def test_a_second_slouch_within_the_interval_waits_and_says_so_once() -> None:
    events = judged(
        a_judge(Rules(grace_s=0, interval_s=60)),
        held(0, 1, 0.0),
        held(1, 20, 20.0),
        held(20, 25, 0.0),
        held(25, 100, 20.0),
    )
    first, second = of(events, SlouchAlert)
    (withheld,) = of(events, AlertWithheld)
    assert isinstance(withheld, AlertWithheld)
    assert withheld.reason is Withheld.INTERVAL
    assert second.t_s - first.t_s == pytest.approx(60.0)


def test_the_table_leads_from_every_state_back_to_upright_and_knows_every_input() -> None:
    endings = {Input.CLEARED, Input.MOVED, Input.FORGOTTEN, Input.CLOSED}
    for state in set(State) - {State.UPRIGHT}:
        for ending in endings:
            assert TABLE[state, ending][0] is State.UPRIGHT
    assert {seen for _, seen in TABLE} == set(Input)
    assert {action for _, action in TABLE.values()} == set(Action)
    assert {state for state, _ in TABLE.values()} == set(State)
    told = {action for (state, _), (_, action) in TABLE.items() if state is State.BENDING}
    assert Action.END not in told, "a bend that was no slouch is not told as one that ended"
