"""A break is suggested after half an hour in one posture, and cleared by moving."""

from __future__ import annotations

import pytest

from firmware_py.posture.events import BreakDue, Event, Mode, SetMode
from firmware_py.posture.rules import Rules

from .trunks import a_judge, held, judged

RULES = Rules(grace_s=0, break_after_s=1200)


def breaks(events: list[Event]) -> list[BreakDue]:
    return [event for event in events if isinstance(event, BreakDue)]


def test_it_is_due_after_so_long_in_one_posture_and_again_after_as_long() -> None:
    due = breaks(judged(a_judge(RULES), held(0, 2500, 3.0)))
    assert [(event.t_s, event.still_s) for event in due] == [(1200.0, 1200.0), (2400.0, 2400.0)]


def test_a_minute_of_movement_clears_it_even_with_pauses() -> None:
    walk = [held(1000 + 40 * turn, 1020 + 40 * turn, 3.0, moving=True) for turn in range(3)]
    stand = [held(1020 + 40 * turn, 1040 + 40 * turn, 3.0) for turn in range(3)]
    story = [stretch for pair in zip(walk, stand, strict=True) for stretch in pair]
    assert not breaks(judged(a_judge(RULES), held(0, 1000, 3.0), *story, held(1120, 2200, 3.0)))


def test_fidgeting_does_not_clear_it() -> None:
    stretches = []
    for turn in range(13):
        stretches += [
            held(100 * turn, 100 * turn + 95, 3.0),
            held(100 * turn + 95, 100 * turn + 100, 3.0, moving=True),
        ]
    (due,) = breaks(judged(a_judge(RULES), *stretches))
    assert due.t_s == pytest.approx(1200.0, abs=10.0)


def test_another_posture_begins_the_time_anew_and_a_passing_one_does_not() -> None:
    (due,) = breaks(judged(a_judge(RULES), held(0, 600, 0.0), held(600, 1900, -14.0)))
    assert due.t_s == pytest.approx(1800.0, abs=5.0)
    (due,) = breaks(judged(a_judge(RULES), held(0, 600, 0.0), held(600, 603, -14.0), held(603, 1300, 0.0)))
    assert due.t_s == 1200.0


def test_time_off_the_back_is_a_break() -> None:
    assert not breaks(
        judged(a_judge(RULES), held(0, 1000, 0.0), held(1000, 1070, None), held(1070, 2200, 0.0))
    )


def test_it_waits_while_the_wearer_wants_quiet() -> None:
    judge = a_judge(RULES)
    events = judge.tell(SetMode(0.0, Mode.MEETING, 1500.0)) + judged(judge, held(0, 1600, 0.0))
    (due,) = breaks(events)
    assert due.t_s == 1500.0
