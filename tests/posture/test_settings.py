"""What a wearer may choose: by key, within its range, and the same on both sides of the wire."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from firmware_py.errors import ConfigError, MessageError
from firmware_py.posture.commands import Mode
from firmware_py.posture.messages import Encoder, decode, decode_request, encode_request
from firmware_py.posture.plan import DayKind
from firmware_py.posture.rules import WEARER_RULES, Rules
from firmware_py.posture.settings import (
    KEYS,
    BodyAlert,
    ChangeSettings,
    Chosen,
    PlanToday,
    QuietHours,
    Settings,
    SettingsInForce,
    TrainingPlan,
    Weekday,
    with_exit,
)

LUNCH = QuietHours((Weekday.MON, Weekday.FRI), "12:00", "13:30")
PLAN = TrainingPlan(start=date(2026, 3, 1), full_days=7)


def test_what_was_chosen_is_taken_by_key_and_the_rest_is_default() -> None:
    settings = Settings.of(
        {"load_s": 45.0, "mode": Mode.TRACKING, "quiet_hours": (LUNCH,), "buzz.answer": False}
    )
    assert settings.rules == Rules(load_s=45.0)
    assert settings.mode is Mode.TRACKING
    assert settings.quiet_hours == (LUNCH,)
    assert settings.buzz == {kind: kind is not BodyAlert.ANSWER for kind in BodyAlert}
    assert settings.plan == TrainingPlan()
    assert settings.baseline_day


def test_numbers_that_no_key_changes_come_from_the_configuration() -> None:
    configured = Rules(sigma_limit_deg=8.0, load_s=20.0)
    assert Settings.of({"load_s": 45.0}, configured).rules == Rules(sigma_limit_deg=8.0, load_s=45.0)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("slouch_enter_deg", 99.0, "slouch_enter_deg is 99.0; it must lie between 5 and 30"),
        ("budget_per_hour", 2.5, "budget_per_hour is 2.5; a whole number is needed"),
        ("sigma_limit_deg", 8.0, "sigma_limit_deg is no setting of the wearer's"),
        ("colour", "blue", "colour is no setting of the wearer's"),
        ("buzz.loudly", True, "buzz.loudly is no setting of the wearer's"),
        ("mode", Mode.DRIVING, "mode is driving; training or tracking can be chosen for good"),
    ],
)
def test_nonsense_is_refused_by_key(key: str, value: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.of({key: value})
    assert words in str(caught.value)


def test_every_key_is_taken() -> None:
    defaults = Settings()
    plain = {
        "mode": defaults.mode,
        "baseline_day": True,
        "quiet_hours": (),
        "plan": defaults.plan,
        "timezone": "",
    }
    for key in KEYS:
        value = getattr(defaults.rules, key) if key in WEARER_RULES else plain.get(key, True)
        assert Settings.of({key: value}) == defaults


@pytest.mark.parametrize(
    ("days", "begins", "ends"),
    [
        ((), "12:00", "13:00"),
        ((Weekday.MON, Weekday.MON), "12:00", "13:00"),
        ((Weekday.MON,), "24:00", "13:00"),
        ((Weekday.MON,), "12:00", "noon"),
        ((Weekday.MON,), "12:00", "12:00"),
    ],
)
def test_quiet_hours_that_make_no_sense_are_refused(
    days: tuple[Weekday, ...], begins: str, ends: str
) -> None:
    with pytest.raises(ConfigError, match="quiet_hours"):
        QuietHours(days, begins, ends)


def test_the_exit_moves_along_with_the_threshold_unless_it_is_named() -> None:
    rules = Rules()
    assert with_exit(rules, {"slouch_enter_deg": 8.0})["slouch_exit_deg"] == 5.0
    assert with_exit(rules, {"slouch_enter_deg": 20.0})["slouch_exit_deg"] == 17.0
    named = {"slouch_enter_deg": 20.0, "slouch_exit_deg": 8.0}
    assert with_exit(rules, named) == named
    wide = Rules(slouch_enter_deg=20, slouch_exit_deg=10)
    assert with_exit(wide, {"slouch_enter_deg": 6.0}) == {"slouch_enter_deg": 6.0, "slouch_exit_deg": 2.0}
    assert with_exit(rules, {"load_s": 8.0}) == {"load_s": 8.0}


def test_a_request_names_its_keys() -> None:
    asked = ChangeSettings(0.0, rules={"load_s": 20.0}, plan=PLAN, buzz={BodyAlert.BREAK: False})
    assert asked.by_key() == {"load_s": 20.0, "plan": PLAN, "buzz.break": False}


def test_a_request_for_everything_survives_the_wire() -> None:
    asked = ChangeSettings(
        0.0,
        rules={"slouch_enter_deg": 12.0, "budget_per_hour": 4},
        mode=Mode.TRACKING,
        baseline_day=False,
        quiet_hours=(LUNCH,),
        plan=PLAN,
        timezone="Europe/Berlin",
        buzz={BodyAlert.SLOUCH: False},
        reset=("load_s",),
        by="page",
    )
    assert decode_request(encode_request("back", "q", asked).payload).request == asked


def test_a_request_that_names_somebody_at_length_is_refused() -> None:
    asked = ChangeSettings(0.0, by="x" * 41)
    with pytest.raises(MessageError, match="by has 41 characters"):
        decode_request(encode_request("back", "q", asked).payload)


def test_a_request_for_hours_that_make_no_sense_is_refused_at_the_door() -> None:
    payload = encode_request("back", "q", ChangeSettings(0.0, quiet_hours=(LUNCH,))).payload
    with pytest.raises(MessageError, match="quiet_hours"):
        decode_request(payload.replace(b"12:00", b"25:00"))


def test_what_is_in_force_survives_the_wire_and_is_retained() -> None:
    settings = Settings.of({"quiet_hours": (LUNCH,), "plan": PLAN})
    told = SettingsInForce(
        t_s=3.0,
        rules=settings.rules.changed(Rules(load_s=31)),
        mode=settings.mode,
        baseline_day=settings.baseline_day,
        quiet_hours=settings.quiet_hours,
        plan=settings.plan,
        timezone="Europe/Berlin",
        buzz=dict(settings.buzz),
        chosen={"plan": Chosen("file"), "quiet_hours": Chosen("page", 1772355150.0)},
        clock_known=True,
        first_day=date(2026, 3, 1),
        today=PlanToday(3, DayKind.FULL, 1.0),
        calendar=Mode.MEETING,
        calendar_until_utc_s=1772366400.0,
    )
    sent = Encoder("back", "run").settings(told)
    assert sent.retain
    assert decode(sent.topic, sent.payload).body == told
