"""Sessions, minutes, lost sensors, commands and reasons not to judge, tick by tick."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from firmware_py.posture.blocks import Place, Remark, RemarkKind
from firmware_py.posture.commands import Command
from firmware_py.posture.events import (
    AlertWithheld,
    EndSession,
    Event,
    MinutePassed,
    Mode,
    ModeChanged,
    NeutralChanged,
    NoteBuzz,
    Posture,
    Reading,
    SensorBack,
    SensorLost,
    SensorRemarked,
    SessionEnded,
    SessionStarted,
    SetMode,
    SetNeutral,
    SetPlan,
    SlouchAlert,
    Snooze,
    Unjudged,
    Withheld,
    WornChanged,
)
from firmware_py.posture.flexion import up_at
from firmware_py.posture.rules import Rules
from firmware_py.posture.trunk import TrunkState

from .trunks import ONE, TWO, a_judge, at, both, held, judged


def readings(events: list[Event]) -> list[Reading]:
    return [event for event in events if isinstance(event, Reading)]


def told(events: list[Event], kind: type) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


def test_every_tick_is_one_reading_and_in_one_minute_aligned_to_the_run() -> None:
    judge = a_judge()
    events = judged(judge, held(100, 250, 3.0)) + judge.finish()
    assert [r.t_s for r in readings(events)] == [tick / 10 for tick in range(1000, 2500)]
    minutes = [event for event in events if isinstance(event, MinutePassed)]
    assert [(m.start_s, m.t_s, m.tally.ticks) for m in minutes] == [
        (100.0, 120.0, 200),
        (120.0, 180.0, 600),
        (180.0, 240.0, 600),
        (240.0, 250.0, 100),
    ]
    (ended,) = (event for event in events if isinstance(event, SessionEnded))
    assert (ended.summary.session, ended.summary.start_s, ended.summary.end_s) == ("run-1", 100.0, 250.0)


def test_a_session_begins_with_the_first_tick_that_has_a_sensor() -> None:
    events = judged(a_judge(), held(0, 3, None), held(3, 5, 0.0))
    (started,) = told(events, SessionStarted)
    assert started.t_s == 3.0
    assert readings(events)[0].t_s == 3.0


def test_ending_a_session_begins_the_next_with_the_next_tick() -> None:
    judge = a_judge()
    events = judged(judge, held(0, 10, 0.0))
    events += judge.tell(EndSession(judge.next_s))
    events += judged(judge, held(10, 20, 0.0)) + judge.finish()
    ended = [event.summary for event in events if isinstance(event, SessionEnded)]
    assert [(s.session, s.start_s, s.end_s) for s in ended] == [("run-1", 0.0, 10.0), ("run-2", 10.0, 20.0)]


def test_a_machine_that_slept_ends_the_session_before_and_begins_another() -> None:
    judge = a_judge()
    events = judged(judge, held(0, 10, 0.0), held(900, 910, 0.0)) + judge.finish()
    ended = [event.summary for event in events if isinstance(event, SessionEnded)]
    assert [(s.start_s, s.end_s) for s in ended] == [(0.0, 10.0), (900.0, 910.0)]


def test_a_sensor_left_on_a_table_is_not_judged_and_ends_the_session_in_time() -> None:
    still = [
        structs.replace(state, upper=structs.replace(state.upper, gyr_rad_s=(0.0, 0.0, 0.0)))
        for state in held(60, 1200, 12.0)
        if state.upper is not None
    ]
    judge = a_judge(Rules(grace_s=0, off_ends_session_s=300))
    events = judged(judge, held(0, 60, 0.0), still)
    worn, off = (event for event in events if isinstance(event, WornChanged))
    assert (worn.worn, off.worn) == (True, False)
    assert off.t_s < 60.0 + 30.0
    late = [r for r in readings(events) if r.t_s > off.t_s]
    assert late
    assert {(r.posture, r.unjudged) for r in late} == {(Posture.UNKNOWN, Unjudged.NOT_WORN)}
    (ended,) = (event for event in events if isinstance(event, SessionEnded))
    assert ended.t_s == pytest.approx(off.t_s + 300.0, abs=0.2)


def test_a_lost_sensor_is_told_after_half_a_second_with_the_drivers_reason_and_its_return_with_the_time() -> (
    None
):
    judge = a_judge()
    lost = list(held(5, 8, None))
    remark = Remark(5.2, Place.UPPER, RemarkKind.LOST, "nothing answered at 0x68")
    lost[3] = structs.replace(lost[3], remarks=(remark,))
    events = judged(judge, held(0, 5, 0.0), lost, held(8, 9, 0.0))
    (gone,) = (event for event in events if isinstance(event, SensorLost))
    (back,) = (event for event in events if isinstance(event, SensorBack))
    assert (gone.t_s, gone.reason) == (5.5, "nothing answered at 0x68")
    assert back.t_s == 8.0
    assert back.lost_s == pytest.approx(3.0)
    missing = [r for r in readings(events) if 5.0 <= r.t_s < 8.0]
    assert {r.unjudged for r in missing} == {Unjudged.SENSOR_LOST}
    assert all(math.isnan(r.flexion_deg) and r.sensors == 0 for r in missing)


def test_a_lost_packet_is_not_a_lost_sensor() -> None:
    events = judged(a_judge(), held(0, 5, 0.0), held(5, 5.4, None), held(5.4, 6, 0.0))
    assert not told(events, SensorLost)
    assert not told(events, SensorBack)


def test_other_remarks_are_passed_on() -> None:
    remark = Remark(0.3, Place.UPPER, RemarkKind.OVERFLOW, "the FIFO ran over")
    state = structs.replace(at(4, 0.0), remarks=(remark,))
    (event,) = told(judged(a_judge(), held(0, 0.4, 0.0), [state]), SensorRemarked)
    assert event == SensorRemarked(0.3, Place.UPPER, RemarkKind.OVERFLOW, "the FIFO ran over")


def test_two_sensors_bend_and_without_the_lower_one_it_falls_back_and_says_so() -> None:
    judge = a_judge(profile=TWO)
    with_lower = [both(tick, 25.0, 4.0) for tick in range(50)]
    without = [both(tick, 25.0, None) for tick in range(50, 100)]
    seen = readings(judged(judge, with_lower, without))
    assert seen[20].sensors == 2
    assert seen[20].lower_deg == pytest.approx(4.0)
    assert seen[20].flexion_deg == pytest.approx(21.0)
    assert seen[51].unjudged is Unjudged.SENSOR_LOST, "one lost packet must not make 21° into 25°"
    assert (seen[80].sensors, seen[80].lower_deg, seen[80].unjudged) == (1, None, None)
    assert seen[80].flexion_deg == pytest.approx(25.0)
    assert seen[80].posture is Posture.SLOUCHED


def test_what_the_filter_does_not_trust_is_not_judged() -> None:
    settling = readings(judged(a_judge(), held(0, 1, 20.0, trusted=False), held(1, 2, 20.0)))
    assert {r.unjudged for r in settling[:10]} == {Unjudged.SETTLING}
    assert {r.unjudged for r in settling[10:]} == {None}
    later = readings(judged(a_judge(), held(0, 1, 20.0), held(1, 2, 20.0, trusted=False)))
    assert {r.unjudged for r in later[10:]} == {Unjudged.UNTRUSTED}


def test_a_buzz_and_a_moment_after_are_not_judged() -> None:
    judge = a_judge()
    events = judged(judge, held(0, 5, 0.0))
    events += judge.tell(NoteBuzz(5.0, 0.45))
    events += judged(judge, held(5, 7, 0.0))
    assert [r.t_s for r in readings(events) if r.unjudged is Unjudged.BUZZ] == [
        5.0,
        5.1,
        5.2,
        5.3,
        5.4,
        5.5,
        5.6,
    ]


def test_lying_and_moving_are_not_judged() -> None:
    lying = readings(judged(a_judge(), held(0, 5, 0.0), held(5, 30, -85.0)))
    assert lying[-1].unjudged is Unjudged.LYING
    walking = readings(judged(a_judge(), held(0, 5, 0.0), held(5, 30, 15.0, moving=True)))
    assert walking[-1].unjudged is Unjudged.MOVING


@given(st.floats(0.0, 30.0))
def test_a_command_takes_effect_at_its_own_tick_whether_told_early_or_in_time(t_s: float) -> None:
    def story(*, early: bool) -> list[Event]:
        judge = a_judge()
        events: list[Event] = []
        commands: list[Command] = [SetMode(t_s, Mode.MEETING), EndSession(t_s)]
        if early:
            events += [event for command in commands for event in judge.tell(command)]
        for state in held(0, 31, 14.0):
            if not early and commands and judge.next_s >= t_s - 0.1:
                events += [event for command in commands for event in judge.tell(command)]
                commands = []
            events += judge.step(state)
        return events + judge.finish()

    assert story(early=True) == story(early=False)


def test_a_new_neutral_moves_the_angles_from_its_tick_on() -> None:
    judge = a_judge()
    events = judged(judge, held(0, 5, 12.0))
    events += judge.tell(SetNeutral(judge.next_s, up_at(12.0)))
    events += judged(judge, held(5, 6, 12.0))
    (changed,) = (event for event in events if isinstance(event, NeutralChanged))
    assert changed.off_deg == pytest.approx(12.0)
    assert readings(events)[49].flexion_deg == pytest.approx(12.0)
    assert readings(events)[50].flexion_deg == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (SetMode(0.0, Mode.TRACKING), Withheld.MODE),
        (SetMode(0.0, Mode.BASELINE), Withheld.MODE),
        (SetMode(0.0, Mode.MEETING, 100.0), Withheld.MODE),
        (SetMode(0.0, Mode.DRIVING), Withheld.MODE),
        (Snooze(0.0, 100.0), Withheld.SNOOZED),
        (SetPlan(0.0, 0.0), Withheld.PLAN),
    ],
)
def test_a_reminder_is_held_back_and_the_reason_told_once(
    command: SetMode | Snooze | SetPlan, reason: Withheld
) -> None:
    judge = a_judge()
    events = judge.tell(command) + judged(judge, held(0, 1, 0.0), held(1, 60, 20.0))
    assert not told(events, SlouchAlert)
    (withheld,) = (event for event in events if isinstance(event, AlertWithheld))
    assert withheld.reason is reason


def test_after_the_start_there_is_a_time_of_grace() -> None:
    events = judged(a_judge(Rules(grace_s=40)), held(0, 1, 0.0), held(1, 60, 20.0))
    (withheld,) = (event for event in events if isinstance(event, AlertWithheld))
    (alert,) = told(events, SlouchAlert)
    assert withheld.reason is Withheld.GRACE
    assert alert.t_s == pytest.approx(40.0)


def test_a_mode_for_a_while_and_a_snooze_end_by_themselves_with_grace() -> None:
    judge = a_judge(Rules(grace_s=10))
    events = judge.tell(SetMode(0.0, Mode.MEETING, 60.0))
    events += judged(judge, held(0, 1, 0.0), held(1, 90, 20.0))
    assert [e for e in events if isinstance(e, ModeChanged)] == [
        ModeChanged(0.0, Mode.MEETING, 60.0),
        ModeChanged(60.0, Mode.TRAINING, None),
    ]
    (alert,) = told(events, SlouchAlert)
    assert alert.t_s == pytest.approx(70.0)
    judge = a_judge(Rules(grace_s=10))
    events = judge.tell(Snooze(0.0, 50.0)) + judged(judge, held(0, 1, 0.0), held(1, 90, 20.0))
    (alert,) = told(events, SlouchAlert)
    assert alert.t_s == pytest.approx(60.0)


def test_no_more_reminders_in_an_hour_than_the_budget() -> None:
    judge = a_judge(Rules(grace_s=0, interval_s=30, budget_per_hour=3))
    events: list[Event] = []
    for turn in range(80):
        begin_s = 60.0 * turn
        events += judged(judge, held(begin_s, begin_s + 10, 0.0), held(begin_s + 10, begin_s + 60, 20.0))
    alerts_s = [event.t_s for event in events if isinstance(event, SlouchAlert)]
    assert len([t_s for t_s in alerts_s if t_s < 3600.0]) == 3
    assert alerts_s[3] - alerts_s[0] == pytest.approx(3600.0, abs=60.0)
    held_back = [e for e in events if isinstance(e, AlertWithheld) and e.reason is Withheld.BUDGET]
    assert held_back


def test_half_of_the_plan_is_every_second_reminder() -> None:
    judge = a_judge(Rules(grace_s=0, interval_s=60))
    events = judge.tell(SetPlan(0.0, 0.5))
    for turn in range(6):
        begin_s = 60.0 * turn
        events += judged(judge, held(begin_s, begin_s + 10, 0.0), held(begin_s + 10, begin_s + 60, 20.0))
    told_of = [type(event).__name__ for event in events if isinstance(event, SlouchAlert | AlertWithheld)]
    assert told_of == ["AlertWithheld", "SlouchAlert"] * 3


def test_the_profile_with_one_sensor_ignores_a_lower_one() -> None:
    state = TrunkState(0, both(0, 20.0, 5.0).upper, both(0, 20.0, 5.0).lower)
    (reading,) = readings(judged(a_judge(profile=ONE), [state]))
    assert (reading.sensors, reading.lower_deg) == (1, None)
