"""Quiet hours, the day's limit, what settles itself, what comes too late: pure, so held for any numbers."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.phone.rules import (
    CUSTOMS,
    DAY_MIN,
    FRESH_S,
    WINDOW_S,
    Occasion,
    PhoneRules,
    Verdict,
    counts,
    read,
    retry_s,
)

MINUTES = st.integers(0, DAY_MIN - 1)
NOON = time(12, 0)
LOUD = PhoneRules(quiet_from_min=0, quiet_to_min=0)


@given(MINUTES, MINUTES, MINUTES)
def test_quiet_hours_hold_from_their_beginning_to_their_end_across_midnight(
    start: int, end: int, minute: int
) -> None:
    rules = PhoneRules(quiet_from_min=start, quiet_to_min=end)
    since_start, length = (minute - start) % DAY_MIN, (end - start) % DAY_MIN
    assert rules.is_quiet(time(minute // 60, minute % 60)) is (since_start < length)


@given(st.sampled_from(Occasion), st.floats(0.0, 10_000.0), st.booleans(), st.integers(0, 100), st.booleans())
def test_whatever_happens_is_decided_before_it_is_forgotten(
    occasion: Occasion, age_s: float, answered: bool, told_today: int, only_ignored: bool
) -> None:
    rules = PhoneRules(only_ignored=only_ignored)
    verdict = rules.judge(occasion, age_s, answered=answered, local=NOON, told_today=told_today)
    if verdict is Verdict.SEND:
        assert told_today < rules.most_a_day
        assert age_s <= WINDOW_S
        assert age_s < CUSTOMS[occasion].expires_s
    if age_s > WINDOW_S:
        assert verdict is not Verdict.WAIT


def test_a_reminder_waits_a_minute_for_the_wearer_and_is_then_told() -> None:
    ages = (0.0, 59.0, 60.0, 60.0 + FRESH_S, 61.0 + FRESH_S)
    told = [LOUD.judge(Occasion.SLOUCH, age, answered=False, local=NOON, told_today=0) for age in ages]
    assert told == [Verdict.WAIT, Verdict.WAIT, Verdict.SEND, Verdict.SEND, Verdict.LATE]
    followed = LOUD.judge(Occasion.SLOUCH, 20.0, answered=True, local=NOON, told_today=0)
    assert followed is Verdict.ANSWERED


def test_who_wants_every_reminder_is_told_at_once() -> None:
    rules = PhoneRules(only_ignored=False, quiet_from_min=0, quiet_to_min=0)
    assert rules.judge(Occasion.SLOUCH, 0.0, answered=True, local=NOON, told_today=0) is Verdict.SEND


def test_quiet_hours_and_the_days_limit_hold_a_notice_back() -> None:
    def judged(local: time, told_today: int) -> Verdict:
        return PhoneRules().judge(
            Occasion.CALIBRATION, 1.0, answered=False, local=local, told_today=told_today
        )

    assert judged(NOON, 0) is Verdict.SEND
    assert judged(time(23, 0), 0) is Verdict.QUIET
    assert judged(time(7, 59), 0) is Verdict.QUIET
    assert judged(NOON, 8) is Verdict.ENOUGH


@pytest.mark.parametrize(
    ("occasion", "data", "told"),
    [
        (Occasion.SLOUCH, '{"t_s":1,"episode":2,"level":1}', True),
        (Occasion.SLOUCH, '{"t_s":1,"episode":2,"level":2}', False),
        (Occasion.CALIBRATION, '{"t_s":1,"stale":true}', True),
        (Occasion.CALIBRATION, '{"t_s":1,"stale":false}', False),
        (Occasion.STORAGE, '{"t_s":1,"level":"full"}', True),
        (Occasion.STORAGE, '{"t_s":1,"level":"ok"}', False),
        (Occasion.SESSION, '{"summary":{"tally":{"judged":6000}}}', True),
        (Occasion.SESSION, '{"summary":{"tally":{"judged":5999}}}', False),
        (Occasion.SENSOR, '{"t_s":1,"place":"upper","reason":"?","yet_unknown":[1]}', True),
    ],
)
def test_the_first_of_its_kind_is_told_and_its_end_is_not(occasion: Occasion, data: str, told: bool) -> None:
    assert counts(occasion, read(f'{{"schema":1,"data":{data}}}')) is told


@pytest.mark.parametrize("wrong", [{"quiet_from_min": -1}, {"quiet_to_min": 1440}, {"most_a_day": 0}])
def test_a_rule_out_of_its_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PhoneRules(**wrong)


def test_attempts_grow_rarer_up_to_ten_minutes() -> None:
    assert [retry_s(tries) for tries in range(1, 8)] == [5.0, 15.0, 45.0, 135.0, 405.0, 600.0, 600.0]
