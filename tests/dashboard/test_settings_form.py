"""The forms of the settings page, and what a device is asked for by them."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.preferences import CHOICES, Preferences, chosen
from dashboard.settings_form import (
    RULES,
    NumberField,
    Part,
    change,
    keys_of,
    number_fields,
    plan_bars,
)
from firmware_py.errors import ConfigError
from firmware_py.posture.commands import Mode
from firmware_py.posture.plan import DayKind
from firmware_py.posture.rules import WEARER_RULES, Rules
from firmware_py.posture.settings import (
    KEYS,
    BodyAlert,
    ChangeSettings,
    Chosen,
    QuietHours,
    TrainingPlan,
    Weekday,
)

from .device import changed, settings_in_force

NOW = settings_in_force()


def filled(fields: list[NumberField]) -> dict[str, list[str]]:
    return {field.key: [f"{field.value:g}"] for field in fields}


def test_every_setting_that_a_wearer_may_choose_has_its_place_on_the_page() -> None:
    assert {key for part in RULES for key in RULES[part]} == set(WEARER_RULES)
    assert {key for part in Part for key in keys_of(part)} | {"timezone"} == set(KEYS)


@pytest.mark.parametrize("part", RULES)
def test_a_form_that_is_sent_as_it_was_shown_asks_for_nothing(part: Part) -> None:
    assert change(part, filled(number_fields(part, NOW)), NOW) is None


@given(st.data())
def test_each_number_comes_to_the_device_as_it_was_entered(data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(list(RULES)))
    field = data.draw(st.sampled_from(number_fields(part, NOW)))
    steps = data.draw(st.integers(0, round((field.high - field.low) / field.step)))
    entered = field.low + steps * field.step
    form = filled(number_fields(part, NOW)) | {field.key: [f"{entered:g}"]}
    asked = change(part, form, NOW)
    if asked is None:
        assert entered == pytest.approx(field.value)
        return
    assert list(asked.rules) == [field.key]
    try:
        after = changed(NOW, asked)
    except ConfigError:
        assert field.key.startswith("slouch_e")  # the two thresholds hold one another; the device says so
        return
    shown = {one.key: one.value for one in number_fields(part, after)}
    assert shown[field.key] == pytest.approx(entered)


def test_minutes_are_entered_where_seconds_would_be_long() -> None:
    asked = change(Part.REMINDERS, {"interval_s": ["4.5"]}, NOW)
    assert asked == ChangeSettings(0.0, rules={"interval_s": 270.0})


def test_what_was_chosen_goes_back_and_what_was_not_is_left_alone() -> None:
    now = dataclasses.replace(NOW, chosen={"load_s": Chosen("page", 0.0), "mode": Chosen("page", 0.0)})
    assert change(Part.REMINDERS, {"reset": ["yes"]}, now) == ChangeSettings(0.0, reset=("load_s",))
    assert change(Part.QUIET, {"reset": ["yes"]}, now) is None


def test_quiet_hours_are_added_to_those_there_are_and_one_is_taken_away() -> None:
    form = {"days": ["mon", "fri"], "begins": ["12:00"], "ends": ["13:00"]}
    asked = change(Part.QUIET, form, NOW, "Europe/Vienna")
    lunch = QuietHours((Weekday.MON, Weekday.FRI), "12:00", "13:00")
    assert asked == ChangeSettings(0.0, quiet_hours=(lunch,), timezone="Europe/Vienna")
    night = QuietHours((Weekday.SUN,), "22:00", "07:00")
    now = dataclasses.replace(NOW, quiet_hours=(lunch, night))
    assert change(Part.QUIET, {"remove": ["0"]}, now) == ChangeSettings(0.0, quiet_hours=(night,))
    assert change(Part.QUIET, {"remove": ["1"]}, dataclasses.replace(now, quiet_hours=(night,))) is None


def test_a_plan_has_a_first_day_only_while_it_is_followed() -> None:
    form = {
        "start": ["2026-03-02"],
        "full_days": ["7"],
        "fading_days": ["28"],
        "least_percent": ["20"],
        "probe_every_days": ["7"],
    }
    followed = change(Part.PLAN, form | {"on": ["yes"]}, NOW)
    assert followed == ChangeSettings(
        0.0, plan=TrainingPlan(start=date(2026, 3, 2), full_days=7), timezone=None
    )
    left = change(Part.PLAN, form, NOW)
    assert left is not None
    assert left.plan == TrainingPlan(full_days=7)


def test_only_what_was_switched_is_asked_for() -> None:
    form = {str(alert): ["yes"] for alert in BodyAlert if alert is not BodyAlert.BREAK}
    assert change(Part.BUZZ, form, NOW) == ChangeSettings(0.0, buzz={BodyAlert.BREAK: False})
    assert change(Part.MODE, {"mode": ["tracking"]}, NOW) == ChangeSettings(
        0.0, mode=Mode.TRACKING, baseline_day=False
    )


@pytest.mark.parametrize(
    ("part", "form"),
    [
        (Part.THRESHOLDS, {"slouch_enter_deg": ["deep"]}),
        (Part.MODE, {"mode": ["party"]}),
        (Part.QUIET, {"days": ["mon"], "begins": ["noon"], "ends": ["13:00"]}),
        (Part.QUIET, {"days": ["someday"], "begins": ["12:00"], "ends": ["13:00"]}),
        (Part.QUIET, {"begins": ["12:00"], "ends": ["13:00"]}),
        (
            Part.PLAN,
            {"full_days": ["0"], "fading_days": ["1"], "least_percent": ["5"], "probe_every_days": ["7"]},
        ),
    ],
)
def test_what_makes_no_sense_is_refused_before_it_is_sent(part: Part, form: dict[str, list[str]]) -> None:
    with pytest.raises((ValueError, KeyError)):
        change(part, form, NOW)


def test_the_plan_is_drawn_day_by_day_until_it_has_faded() -> None:
    bars = plan_bars(TrainingPlan(full_days=3, fading_days=4, probe_every_days=5), beyond_days=2)
    kinds = [bar.of_plan.kind for bar in bars]
    assert kinds[0] is DayKind.BASELINE
    assert kinds[5] is DayKind.PROBE
    assert kinds[-1] is DayKind.OCCASIONAL
    assert bars[-1].right == pytest.approx(1000.0, abs=1.0)


def test_a_number_shows_its_range_in_the_unit_that_it_is_entered_in() -> None:
    interval = next(field for field in number_fields(Part.REMINDERS, NOW) if field.key == "interval_s")
    assert (interval.value, interval.low, interval.high) == (Rules().interval_s / 60, 0.5, 30.0)


def test_preferences_are_only_ever_what_can_be_chosen() -> None:
    assert chosen({"language": "de", "clock_h": "12", "week_start": "6", "angle_digits": "1"}) == Preferences(
        "de", 12, 6, 1
    )
    assert chosen({"language": "xx", "clock_h": "13", "week_start": "x"}) == Preferences()
    assert dataclasses.asdict(Preferences()) == {name: values[0] for name, values in CHOICES.items()}
