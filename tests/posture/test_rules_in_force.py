"""Numbers, calendar and plan that change while the device is worn: at once, and nothing is forgotten."""

from __future__ import annotations

from typing import TypeVar

import pytest

from firmware_py.posture.commands import Mode, SetCalendar, SetMode, SetRules, Snooze
from firmware_py.posture.events import (
    AlertWithheld,
    BreakDue,
    Event,
    ModeChanged,
    PostureUnknown,
    RulesChanged,
    SlouchAlert,
    SlouchEnded,
    SlouchStarted,
    Unjudged,
    Withheld,
)
from firmware_py.posture.judge import Judge
from firmware_py.posture.rules import Rules

from .trunks import a_judge, held, judged

BEGUN = Rules(grace_s=0)
EventT = TypeVar("EventT", bound=Event)


def change(judge: Judge, **numbers: float) -> list[Event]:
    return judge.tell(SetRules(judge.next_s, BEGUN.but(numbers)))


def of(events: list[Event], kind: type[EventT]) -> list[EventT]:
    return [event for event in events if isinstance(event, kind)]


def test_a_change_is_told_by_name_and_value() -> None:
    judge = a_judge()
    judged(judge, held(0, 5, 0.0))
    (told,) = change(judge, slouch_enter_deg=14.0, load_s=20.0)
    assert told == RulesChanged(5.0, {"slouch_enter_deg": 14.0, "load_s": 20.0})
    assert change(judge, slouch_enter_deg=14.0, load_s=20.0) == []


def test_what_a_run_begins_with_is_no_change() -> None:
    assert change(a_judge(), load_s=20.0) == []


def test_a_threshold_that_is_raised_ends_a_slouch_below_it_and_one_lowered_begins_one() -> None:
    judge = a_judge()
    events = judged(judge, held(0, 10, 0.0), held(10, 20, 13.0))
    assert of(events, SlouchStarted)
    change(judge, slouch_enter_deg=20.0, slouch_exit_deg=17.0)
    events = judged(judge, held(20, 30, 13.0))
    assert [event.outcome for event in of(events, SlouchEnded)] == ["corrected"]
    change(judge, slouch_enter_deg=12.0, slouch_exit_deg=9.0)
    assert of(judged(judge, held(30, 40, 13.0)), SlouchStarted)


def test_a_load_that_has_gathered_counts_against_the_new_limit() -> None:
    judge = a_judge()
    assert not of(judged(judge, held(0, 10, 0.0), held(10, 30, 12.0)), SlouchAlert)
    change(judge, load_s=10.0)
    (alert,) = of(judged(judge, held(30, 31, 12.0)), SlouchAlert)
    assert alert.t_s == 30.0
    assert alert.load_deg_s == pytest.approx(20 * 12.0, abs=2.0)


def test_the_interval_since_the_last_reminder_is_the_new_one() -> None:
    judge = a_judge()
    events = judged(judge, held(0, 10, 0.0), held(10, 100, 20.0))
    (first,) = of(events, SlouchAlert)
    change(judge, interval_s=90.0)
    (second,) = of(judged(judge, held(100, 140, 20.0)), SlouchAlert)
    assert second.t_s == pytest.approx(first.t_s + 90.0)


def test_a_budget_of_nothing_is_nothing_from_now_on() -> None:
    judge = a_judge()
    judged(judge, held(0, 10, 0.0))
    change(judge, budget_per_hour=0)
    events = judged(judge, held(10, 60, 20.0))
    assert not of(events, SlouchAlert)
    assert [event.reason for event in of(events, AlertWithheld)] == [Withheld.BUDGET]


def test_the_time_of_grace_counts_from_the_same_beginning() -> None:
    judge = a_judge()
    judged(judge, held(0, 10, 0.0))
    change(judge, grace_s=120.0)
    (alert,) = of(judged(judge, held(10, 140, 20.0)), SlouchAlert)
    assert alert.t_s == 120.0


def test_a_break_is_due_by_the_new_time_since_the_last_change_of_posture() -> None:
    judge = a_judge()
    judged(judge, held(0, 1300, 0.0))
    change(judge, break_after_s=1200.0)
    (due,) = of(judged(judge, held(1300, 1301, 0.0)), BreakDue)
    assert (due.t_s, due.still_s) == (1300.0, 1300.0)


@pytest.mark.parametrize("mode", [Mode.MEETING, Mode.BASELINE])
def test_the_calendar_silences_and_gives_back_by_itself(mode: Mode) -> None:
    judge = a_judge()
    judged(judge, held(0, 10, 0.0))
    assert judge.tell(SetCalendar(10.0, mode, 60.0)) == [ModeChanged(10.0, mode, 70.0, calendar=True)]
    events = judged(judge, held(10, 100, 20.0))
    assert of(events, ModeChanged) == [ModeChanged(70.0, Mode.TRAINING, None, calendar=True)]
    assert [event.reason for event in of(events, AlertWithheld)] == [Withheld.MODE]
    assert [event.t_s for event in of(events, SlouchAlert)] == [70.0]


def test_the_wearers_word_puts_the_calendar_aside_until_it_speaks_again() -> None:
    judge = a_judge()
    judged(judge, held(0, 10, 0.0))
    judge.tell(SetCalendar(10.0, Mode.MEETING, 600.0))
    assert judge.tell(SetMode(10.0, Mode.TRAINING)) == [ModeChanged(10.0, Mode.TRAINING, None)]
    assert of(judged(judge, held(10, 40, 20.0)), SlouchAlert)
    assert judge.tell(SetCalendar(40.0, Mode.MEETING, 60.0)) == [ModeChanged(40.0, Mode.MEETING, 100.0, True)]


def test_the_calendar_never_wakes_who_chose_silence() -> None:
    judge = a_judge()
    judged(judge, held(0, 10, 0.0))
    judge.tell(SetMode(10.0, Mode.DRIVING, 100.0))
    assert judge.tell(SetCalendar(10.0, Mode.MEETING, 20.0)) == []
    events = judged(judge, held(10, 60, 20.0))
    assert of(events, ModeChanged) == []
    assert of(events, SlouchAlert) == []


def test_a_drive_that_ends_in_quiet_hours_ends_in_quiet() -> None:
    judge = a_judge()
    judged(judge, held(0, 10, 0.0))
    judge.tell(SetMode(10.0, Mode.DRIVING, 20.0))
    judge.tell(SetCalendar(10.0, Mode.MEETING, 60.0))
    assert of(judged(judge, held(10, 80, 0.0)), ModeChanged) == [
        ModeChanged(30.0, Mode.MEETING, 70.0),
        ModeChanged(70.0, Mode.TRAINING, None, calendar=True),
    ]
    assert not of(judged(judge, held(80, 81, 0.0)), ModeChanged)


def test_a_snooze_goes_on_beside_the_calendar_and_ends_by_itself() -> None:
    judge = a_judge()
    judged(judge, held(0, 10, 0.0))
    judge.tell(Snooze(10.0, 90.0))
    judge.tell(SetCalendar(10.0, Mode.MEETING, 30.0))
    events = judged(judge, held(10, 120, 20.0))
    assert [event.t_s for event in of(events, SlouchAlert)] == [100.0]


def test_five_minutes_of_unknown_posture_are_told_once_and_with_the_reason() -> None:
    judge = a_judge()
    events = judged(judge, held(0, 10, 0.0), held(10, 700, 0.0, trusted=False))
    assert of(events, PostureUnknown) == [PostureUnknown(309.9, 10.0, Unjudged.UNTRUSTED)]
    events = judged(judge, held(700, 701, 0.0), held(701, 1100, 0.0, trusted=False))
    assert [event.since_s for event in of(events, PostureUnknown)] == [701.0]


def test_walking_is_no_unknown_time_and_does_not_end_one() -> None:
    judge = a_judge()
    assert not of(judged(judge, held(0, 400, 0.0, moving=True)), PostureUnknown)
    judge = a_judge()
    events = judged(judge, held(0, 10, 0.0), held(10, 200, 0.0, trusted=False))
    events += judged(judge, held(200, 260, 0.0, moving=True), held(260, 500, 0.0, trusted=False))
    (told,) = of(events, PostureUnknown)
    assert told.since_s == 10.0
    assert told.t_s == pytest.approx(370.0, abs=3.0)
