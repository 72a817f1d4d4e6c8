"""A look back: days of 23 and 25 hours, sums that are exact, words only where the figures carry them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dashboard.days import day_start, days, utc_ms
from dashboard.figures import Figures, total
from dashboard.history import Period, Span, look, weeks_of_month
from dashboard.tables import FIGURES

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = timedelta(minutes=15)


def quarter(at: datetime, judged_min: float = 15, slouched: float = 0.1) -> Any:
    ticks = round(judged_min * 600)
    counts = dict.fromkeys(FIGURES, 0) | {
        "ticks": 9000,
        "judged": ticks,
        "slouched": round(ticks * slouched),
        "upright": ticks - round(ticks * slouched),
    }
    return SimpleNamespace(start_utc_ms=utc_ms(at), **counts)


def hours_of(day: date, first: int, last: int, slouched: float = 0.1) -> list[Any]:
    begin = day_start(day, BERLIN).astimezone(UTC) + timedelta(hours=first)
    return [quarter(begin + n * QUARTER, slouched=slouched) for n in range(4 * (last - first))]


def test_a_day_has_23_24_or_25_hours() -> None:
    lengths = {day: days(day, 1, BERLIN) for day in (date(2026, 3, 29), date(2026, 6, 1), date(2026, 10, 25))}
    assert [(s.end_utc_ms - s.start_utc_ms) / 3_600_000 for s in lengths.values()] == [23, 24, 25]


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from(list(Span)), st.integers(0, 6))
def test_periods_hold_their_day_and_follow_one_another(day: date, span: Span, week_start: int) -> None:
    period = Period.around(span, day, week_start)
    assert period.first <= day < period.after
    assert period.next().first == period.after
    assert period.next().before() == period
    if span is Span.WEEK:
        assert (period.count, period.first.weekday()) == (7, week_start)


@given(st.lists(st.tuples(st.integers(0, 4 * 24 * 27), st.floats(0, 15), st.floats(0, 1)), max_size=40))
def test_the_parts_of_a_month_add_up_to_the_month(picked: list[tuple[int, float, float]]) -> None:
    begin = day_start(date(2026, 10, 1), BERLIN).astimezone(UTC)
    rows = [quarter(begin + n * QUARTER, minutes, share) for n, minutes, share in picked]
    seen = look(Period.around(Span.MONTH, date(2026, 10, 9)), rows, [], BERLIN)
    assert total(part.figures for part in seen.parts) == seen.figures == total(map(Figures.of, rows))
    assert total(hour.figures for hour in seen.hours) == seen.figures


def test_an_hour_that_is_worse_on_most_days_is_named() -> None:
    rows = []
    for n in range(5):
        day = date(2026, 6, 1) + timedelta(days=n)
        rows += hours_of(day, 9, 12, 0.05) + hours_of(day, 15, 16, 0.3)
    worst = look(Period.around(Span.WEEK, date(2026, 6, 1)), rows, [], BERLIN).worst
    assert worst is not None
    assert (worst.hour, worst.days) == (15, 5)


def test_one_bad_afternoon_is_no_habit() -> None:
    rows = hours_of(date(2026, 6, 1), 15, 16, 0.9)
    for n in range(5):
        day = date(2026, 6, 1) + timedelta(days=n)
        rows += hours_of(day, 9, 12, 0.05)
        rows += hours_of(day, 15, 16, 0.04) if n else []
    assert look(Period.around(Span.WEEK, date(2026, 6, 1)), rows, [], BERLIN).worst is None


def test_two_days_are_too_few_for_a_word() -> None:
    rows = []
    for n in range(2):
        day = date(2026, 6, 1) + timedelta(days=n)
        rows += hours_of(day, 9, 12, 0.05) + hours_of(day, 15, 16, 0.3)
    assert look(Period.around(Span.WEEK, date(2026, 6, 1)), rows, [], BERLIN).worst is None


def test_a_comparison_needs_judged_time_on_both_sides() -> None:
    week = Period.around(Span.WEEK, date(2026, 6, 1))
    much, little = hours_of(date(2026, 6, 1), 8, 12), hours_of(date(2026, 5, 28), 8, 10)
    assert look(week, much, much, BERLIN).comparable
    assert not look(week, much, little, BERLIN).comparable


def test_a_month_of_the_calendar_has_whole_weeks() -> None:
    rows = weeks_of_month(Period.around(Span.MONTH, date(2026, 11, 22)))
    assert [len(row) for row in rows] == [7] * 6
    assert rows[0][6] == date(2026, 11, 1)
    assert rows[-1][0] == date(2026, 11, 30)
