"""Simulated weeks: on working days, ending when they should, the same by any number of processes."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, date, datetime, timedelta, timezone
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess

import pytest

from firmware_py.exercise_file import load
from firmware_py.hardware.twin.history import simulated_history
from firmware_py.posture.events import (
    Event,
    MinutePassed,
    Reading,
    SessionEnded,
    SessionStarted,
    SlouchAlert,
    SlouchEnded,
)
from firmware_py.posture.exercise_words import ExerciseEnded, ExerciseOutcome, ExerciseProgress
from firmware_py.posture.tally import Tally

MONDAY = date(2026, 3, 2)
SHORT = (0.4, 0.6)
"""Hours of half a day: enough for a few slouches, quick enough for a test."""

ZONE = timezone(timedelta(hours=2))

Runs = list[tuple[datetime, list[Event]]]


@pytest.fixture(scope="module")
def over_a_weekend() -> Runs:
    return list(simulated_history(3, until=MONDAY, zone=ZONE, workers=1, half_day_hours=SHORT))


def test_the_sensor_rests_at_the_weekend(over_a_weekend: Runs) -> None:
    days = [start.astimezone(ZONE).date() for start, _ in over_a_weekend]
    assert days == [MONDAY, MONDAY]


def test_the_newest_run_comes_first_and_none_overlap_within_the_wearers_day(over_a_weekend: Runs) -> None:
    after = None
    for start, events in over_a_weekend:
        assert start.tzinfo is UTC
        end = start + timedelta(seconds=events[-1].t_s)
        assert after is None or end < after
        after = start
        assert 8 <= start.astimezone(ZONE).hour <= end.astimezone(ZONE).hour <= 17


def test_history_holds_minutes_slouches_and_sessions_but_no_readings(over_a_weekend: Runs) -> None:
    for _, events in over_a_weekend:
        kinds = {type(event) for event in events}
        assert {SessionStarted, SessionEnded, MinutePassed, SlouchEnded, SlouchAlert} <= kinds
        assert Reading not in kinds
        assert [event.t_s for event in events] == sorted(event.t_s for event in events)


def test_a_sessions_summary_is_the_sum_of_its_minutes(over_a_weekend: Runs) -> None:
    for _, events in over_a_weekend:
        total = sum((event.tally for event in events if isinstance(event, MinutePassed)), Tally())
        (ended,) = [event for event in events if isinstance(event, SessionEnded)]
        assert ended.summary.tally == total
        assert total.judged > 0.7 * total.ticks


def test_sessions_have_names_of_their_own(over_a_weekend: Runs) -> None:
    names = [e.session for _, events in over_a_weekend for e in events if isinstance(e, SessionStarted)]
    assert len(set(names)) == len(names)


def test_spreading_the_work_over_processes_changes_nothing(over_a_weekend: Runs) -> None:
    assert (
        list(simulated_history(1, until=MONDAY, zone=ZONE, workers=2, half_day_hours=SHORT)) == over_a_weekend
    )


def test_workers_that_are_killed_cost_nothing(over_a_weekend: Runs) -> None:
    killed: list[BaseProcess] = []

    def stopped() -> bool:
        for worker in multiprocessing.active_children() if not killed else []:
            worker.kill()
            killed.append(worker)
        return False

    runs = simulated_history(1, until=MONDAY, zone=ZONE, workers=2, half_day_hours=SHORT, stopped=stopped)
    assert list(runs) == over_a_weekend
    assert killed


def test_a_machine_without_shared_memory_makes_the_same_in_one_process(
    over_a_weekend: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_semaphores(_context: object) -> object:
        raise PermissionError(13, "Permission denied")  # /dev/shm of a bare container

    monkeypatch.setattr(BaseContext, "Event", no_semaphores)
    runs = simulated_history(1, until=MONDAY, zone=ZONE, workers=2, half_day_hours=SHORT)
    assert list(runs) == over_a_weekend


def test_history_ends_yesterday_unless_told_otherwise() -> None:
    yesterday = datetime.now(ZONE).date() - timedelta(days=1)
    start, _ = next(iter(simulated_history(3, zone=ZONE, workers=1, half_day_hours=SHORT)))
    # On a Sunday or a Monday the last working day was the Friday before.
    friday = yesterday - timedelta(days=max(0, yesterday.weekday() - 4))
    assert start.astimezone(ZONE).date() == friday


@pytest.mark.parametrize("ago", [0, 1, 2])
def test_one_day_of_history_is_a_day_of_wear_whatever_the_weekday(ago: int) -> None:
    friday = MONDAY - timedelta(days=3)
    runs = simulated_history(
        1, until=friday + timedelta(days=ago), zone=ZONE, workers=1, half_day_hours=(0.02, 0.03)
    )
    assert [start.astimezone(ZONE).date() for start, _ in runs] == [friday, friday]


def test_closing_early_stops_the_workers_at_once() -> None:
    runs = simulated_history(14, until=MONDAY, zone=ZONE, workers=2, half_day_hours=SHORT)
    next(runs)
    runs.close()
    assert multiprocessing.active_children() == []


def test_a_half_day_often_ends_with_a_set_which_changes_nothing_about_how_it_was_sat(
    over_a_weekend: Runs,
) -> None:
    exercises = [described.exercise for described in load().values()]
    lived = list(
        simulated_history(3, until=MONDAY, zone=ZONE, workers=1, half_day_hours=SHORT, exercises=exercises)
    )
    sets = [event for _, events in lived for event in events if isinstance(event, ExerciseEnded)]
    assert 1 <= len(sets) <= len(lived)
    assert all(one.outcome is ExerciseOutcome.FINISHED and one.position_seen for one in sets)
    assert not [event for _, events in lived for event in events if isinstance(event, ExerciseProgress)]
    for (_, with_one), (_, without) in zip(lived, over_a_weekend, strict=True):
        slouches = [event for event in without if isinstance(event, SlouchEnded)]
        assert [event for event in with_one if isinstance(event, SlouchEnded)][: len(slouches)] == slouches
