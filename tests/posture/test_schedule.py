"""What the calendar says at a local time: quiet hours by weekday, a silent first day, the day of the plan."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.posture.commands import Mode
from firmware_py.posture.plan import DayKind
from firmware_py.posture.schedule import quiet_until, scheduled
from firmware_py.posture.settings import PlanToday, QuietHours, Settings, TrainingPlan, Weekday

BERLIN = ZoneInfo("Europe/Berlin")
YEAR = (
    datetime.fromisoformat("2026-01-01"),
    datetime.fromisoformat("2026-12-31"),
)  # drawn naive
LUNCH = QuietHours((Weekday.MON, Weekday.TUE), "12:00", "13:30")
NIGHT = QuietHours((Weekday.FRI,), "22:00", "07:00")
MONDAY = date(2026, 3, 2)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("local", "until"),
    [
        ("2026-03-02T11:59:59", None),
        ("2026-03-02T12:00", "2026-03-02T13:30"),
        ("2026-03-02T13:29:59", "2026-03-02T13:30"),
        ("2026-03-02T13:30", None),
        ("2026-03-04T12:30", None),  # a Wednesday
        ("2026-03-06T23:00", "2026-03-07T07:00"),
        ("2026-03-07T06:59", "2026-03-07T07:00"),  # a Saturday, in the night that began on Friday
        ("2026-03-07T22:30", None),
    ],
)
def test_quiet_holds_on_its_weekdays_from_beginning_to_end(local: str, until: str | None) -> None:
    assert quiet_until((LUNCH, NIGHT), at(local)) == (None if until is None else at(until))


def test_stretches_that_touch_or_overlap_are_one() -> None:
    after = QuietHours((Weekday.MON,), "13:30", "15:00")
    over = QuietHours((Weekday.MON,), "14:45", "16:00")
    assert quiet_until((over, LUNCH, after), at("2026-03-02T12:10")) == at("2026-03-02T16:00")


def test_quiet_round_the_clock_comes_to_an_end_all_the_same() -> None:
    always = (
        QuietHours(tuple(Weekday), "00:00", "12:00"),
        QuietHours(tuple(Weekday), "12:00", "00:00"),
    )
    end = quiet_until(always, at("2026-03-02T09:00"))
    assert end is not None
    assert end >= at("2026-03-09T00:00")


def test_a_night_in_which_the_clocks_change_ends_by_the_clock_on_the_wall() -> None:
    night = QuietHours((Weekday.SAT,), "22:00", "07:00")
    begin = at("2026-03-28T22:00")
    end = quiet_until((night,), begin)
    assert end == at("2026-03-29T07:00")
    assert end is not None
    assert end.timestamp() - begin.timestamp() == 8 * 3600


@pytest.mark.parametrize("hours", [("22:00", "02:30"), ("02:15", "02:30")])
@pytest.mark.parametrize("fold", [0, 1])
def test_in_the_hour_that_comes_twice_quiet_ends_the_next_time_that_the_clock_says_so(
    hours: tuple[str, str], fold: int
) -> None:
    now = at("2026-10-25T02:20").replace(fold=fold)
    end = quiet_until((QuietHours(tuple(Weekday), *hours),), now)
    assert end is not None
    assert end.timestamp() - now.timestamp() == 600
    assert quiet_until((QuietHours(tuple(Weekday), *hours),), end) is None


def test_a_night_in_which_the_clocks_go_back_is_quiet_for_an_hour_longer() -> None:
    night = QuietHours(tuple(Weekday), "22:00", "06:30")
    begin = at("2026-10-24T22:00")
    end = quiet_until((night,), begin)
    assert end is not None
    assert end.timestamp() - begin.timestamp() == 9.5 * 3600
    for fold in (0, 1):
        assert quiet_until((night,), at("2026-10-25T02:30").replace(fold=fold)) == end


def test_the_first_day_is_silent_until_midnight_where_that_is_wanted() -> None:
    now = at("2026-03-02T12:30")
    settings = Settings(quiet_hours=(LUNCH,))
    first = scheduled(settings, now, MONDAY)
    assert (first.mode, first.until) == (Mode.BASELINE, at("2026-03-03T00:00"))
    unwanted = scheduled(Settings(quiet_hours=(LUNCH,), baseline_day=False), now, MONDAY)
    assert (unwanted.mode, unwanted.until) == (Mode.MEETING, at("2026-03-02T13:30"))
    assert scheduled(Settings(), at("2026-03-03T09:00"), MONDAY).mode is None
    assert scheduled(Settings(), now, None).mode is None


@pytest.mark.parametrize(
    ("day", "mode", "today"),
    [
        (1, None, None),
        (2, Mode.BASELINE, PlanToday(0, DayKind.BASELINE, 0.0)),
        (3, None, PlanToday(1, DayKind.FULL, 1.0)),
        (9, None, PlanToday(7, DayKind.PROBE, 0.0)),
    ],
)
def test_the_plan_counts_from_its_first_day(day: int, mode: Mode | None, today: PlanToday | None) -> None:
    found = scheduled(Settings(plan=TrainingPlan(start=MONDAY)), at(f"2026-03-0{day}T10:00"), None)
    assert (found.mode, found.today) == (mode, today)
    assert found.share == (1.0 if today is None else today.share)


def test_without_a_first_day_there_is_no_plan() -> None:
    found = scheduled(Settings(), at("2026-03-02T10:00"), None)
    assert found.today is None
    assert found.share == 1.0


TIMES = st.times().map(lambda time: f"{time:%H:%M}")
STRETCHES = st.tuples(st.sets(st.sampled_from(Weekday), min_size=1), TIMES, TIMES).filter(
    lambda drawn: drawn[1] != drawn[2]
)


@given(
    st.lists(STRETCHES, max_size=4),
    st.datetimes(*YEAR, timezones=st.just(BERLIN)),
)
def test_the_end_of_a_quiet_time_lies_ahead_and_is_an_end(
    drawn: list[tuple[set[Weekday], str, str]], local: datetime
) -> None:
    hours = [QuietHours(tuple(days), begins, ends) for days, begins, ends in drawn]
    end = quiet_until(hours, local)
    if end is not None:
        assert end > local
        assert quiet_until(hours, end) is None or (end - local).days >= 7
