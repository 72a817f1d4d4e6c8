"""A wearer's settings in a live run: kept, applied at once, told, and the same story in a replay."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from firmware_py.posture.commands import Mode, SetCalendar, SetMode, SetPlan, SetRules
from firmware_py.posture.events import WornChanged
from firmware_py.posture.rules import Rules
from firmware_py.posture.settings import (
    BodyAlert,
    Chosen,
    QuietHours,
    Taken,
    TrainingPlan,
    Weekday,
)
from firmware_py.preferences import LOOK_EVERY_S

from .preferring import BERLIN, LUNCH, Device


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


def test_a_run_begins_by_telling_the_core_its_numbers(device: Device) -> None:
    device.restart(rules=Rules(load_s=20))
    assert device.preferences.commands() == [SetRules(0.0, Rules(load_s=20))]
    assert device.wait(60.0) == []


def test_an_accepted_change_holds_at_once_and_after_a_restart(device: Device) -> None:
    device.wait(10.0)
    assert device.ask(rules={"slouch_enter_deg": 14.0}, mode=Mode.TRACKING) == (True, "")
    changed = Rules(slouch_enter_deg=14.0, slouch_exit_deg=11.0)
    assert device.preferences.commands() == [SetRules(0.0, changed), SetMode(0.0, Mode.TRACKING)]
    device.restart()
    assert device.preferences.in_force.rules == changed
    assert device.preferences.commands() == [SetRules(0.0, changed), SetMode(0.0, Mode.TRACKING)]


def test_the_choice_of_the_page_wins_over_the_configuration_key_by_key(device: Device) -> None:
    device.ask(rules={"load_s": 45.0})
    device.restart(rules=Rules(load_s=20, interval_s=300), mode=Mode.TRACKING)
    settings = device.preferences.in_force
    assert (settings.rules.load_s, settings.rules.interval_s, settings.mode) == (45.0, 300, Mode.TRACKING)
    assert device.told().chosen == {
        "load_s": Chosen("page", device.utc_s),
        "interval_s": Chosen("file"),
        "mode": Chosen("file"),
        "timezone": Chosen("file"),
        "baseline_day": Chosen("file"),
    }


def test_a_reset_goes_back_to_the_configuration(device: Device) -> None:
    device.restart(rules=Rules(slouch_enter_deg=12, slouch_exit_deg=8))
    device.ask(rules={"slouch_enter_deg": 20.0}, quiet_hours=LUNCH, buzz={BodyAlert.ANSWER: False})
    assert not device.preferences.buzzes(BodyAlert.ANSWER)
    device.restart(rules=Rules(slouch_enter_deg=12, slouch_exit_deg=8))
    assert device.ask(reset=("slouch_enter_deg", "quiet_hours", "buzz.answer")) == (True, "")
    settings = device.preferences.in_force
    assert settings.rules == Rules(slouch_enter_deg=12, slouch_exit_deg=8)
    assert settings.quiet_hours == ()
    assert device.preferences.buzzes(BodyAlert.ANSWER)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"rules": {"load_s": 2.0}}, "load_s is 2.0; it must lie between 4 and 600"),
        ({"rules": {"sigma_limit_deg": 3.0}}, "sigma_limit_deg is no setting of the wearer's"),
        ({"rules": {"baseline_day": 1.0}}, "baseline_day is no setting of the wearer's"),
        ({"rules": {"slouch_exit_deg": 9.0}}, "it must lie at least 3 below slouch_enter_deg, which is 10"),
        ({"mode": Mode.DRIVING}, "mode is driving; training or tracking can be chosen for good"),
        ({"timezone": "Middle/Earth"}, "timezone is 'Middle/Earth', which this device does not know"),
        ({"timezone": "../../etc/passwd"}, "timezone is '../../etc/passwd'"),
        ({"reset": ("colour",)}, "colour is no setting of the wearer's"),
        ({"rules": {"load_s": 60.0, "clear_s": 99.0}}, "clear_s is 99.0"),
    ],
)
def test_nonsense_is_refused_by_key_and_changes_nothing(
    device: Device, wishes: dict[str, Any], words: str
) -> None:
    device.wait(10.0)
    before = device.preferences.in_force
    accepted, why = device.ask(**wishes)
    assert not accepted
    assert words in why
    assert device.preferences.in_force == before
    assert device.preferences.commands() == []
    assert not (device.folder / "settings.json").exists()


def test_quiet_hours_come_and_go_by_themselves(device: Device) -> None:
    device.restart(quiet_hours=LUNCH)
    device.set_clock("2026-03-02T11:59:50")
    assert not any(isinstance(command, SetCalendar) for command in device.preferences.commands())
    (begun,) = device.wait(20.0)
    assert isinstance(begun, SetCalendar)
    assert begun.mode is Mode.MEETING
    assert begun.for_s == pytest.approx(5400.0, abs=LOOK_EVERY_S)
    assert device.told().calendar is Mode.MEETING
    (over,) = device.wait(5400.0)
    assert over == SetCalendar(0.0, None, None)
    assert device.told().calendar is None


def test_quiet_hours_that_end_in_the_hour_that_comes_twice_end_twice(
    device: Device,
) -> None:
    device.ask(quiet_hours=(QuietHours(tuple(Weekday), "22:00", "02:15"),))
    device.set_clock("2026-10-25T02:10")
    told = device.wait(2 * 3600.0)
    calendar = [command for command in told if isinstance(command, SetCalendar)]
    assert [command.mode for command in calendar] == [Mode.MEETING, None, Mode.MEETING, None]
    assert [command.for_s for command in calendar] == [
        pytest.approx(300.0, abs=2 * LOOK_EVERY_S),
        None,
        pytest.approx(900.0, abs=2 * LOOK_EVERY_S),
        None,
    ]


def test_a_clock_that_is_set_moves_the_end_of_a_quiet_time(device: Device) -> None:
    device.restart(quiet_hours=LUNCH)
    device.set_clock("2026-03-02T12:30")
    device.wait(10.0)
    device.set_clock("2026-03-02T13:20")
    (moved,) = device.wait(6.0)
    assert isinstance(moved, SetCalendar)
    assert moved.for_s == pytest.approx(600.0, abs=LOOK_EVERY_S + 1.0)
    assert device.wait(500.0) == []


def test_a_clock_that_is_not_set_says_nothing_of_hours_and_days(device: Device) -> None:
    device.restart(quiet_hours=LUNCH, plan=TrainingPlan(start=date(2026, 3, 2)), baseline_day=True)
    device.utc_s = None
    device.preferences.heard(WornChanged(1.0, True, ""))
    assert device.preferences.commands() == [SetRules(0.0, Rules())]
    told = device.told()
    assert (told.clock_known, told.today, told.calendar, told.first_day) == (False, None, None, None)
    device.set_clock("2026-03-03T12:30")
    assert device.wait(10.0)
    assert device.told().clock_known


def test_a_mode_chosen_for_good_leaves_the_calendar_in_force(device: Device) -> None:
    device.restart(quiet_hours=LUNCH, mode=Mode.TRACKING)
    device.set_clock("2026-03-02T12:30")
    device.wait(6.0)
    device.ask(mode=Mode.TRAINING)
    mode, calendar = device.preferences.commands()
    assert mode == SetMode(0.0, Mode.TRAINING)
    assert isinstance(calendar, SetCalendar)
    assert calendar.mode is Mode.MEETING


def test_a_mode_asked_for_by_name_holds_whatever_the_button_said_before(device: Device) -> None:
    device.wait(10.0)
    device.ask(mode=Mode.TRAINING)
    assert device.preferences.commands() == [SetMode(0.0, Mode.TRAINING)]


def test_the_first_day_of_wear_is_silent_and_remembered(device: Device) -> None:
    device.restart(baseline_day=True)
    assert not any(isinstance(command, SetCalendar) for command in device.wait(10.0))
    device.preferences.heard(WornChanged(30.0, True, "moving as a body moves"))
    (silent,) = device.wait(1.0)
    assert isinstance(silent, SetCalendar)
    assert silent.mode is Mode.BASELINE
    assert silent.for_s == pytest.approx(15 * 3600, abs=60)
    device.restart(baseline_day=True)
    assert any(isinstance(command, SetCalendar) for command in device.wait(1.0)), "the day is not over"
    device.set_clock("2026-03-03T09:00")
    device.restart(baseline_day=True)
    device.preferences.heard(WornChanged(30.0, True, "moving as a body moves"))
    assert not any(isinstance(command, SetCalendar) for command in device.wait(10.0))
    assert device.told().first_day == date(2026, 3, 2)


def test_the_plan_changes_the_share_with_the_day(device: Device) -> None:
    device.ask(plan=TrainingPlan(start=date(2026, 3, 1), full_days=1, fading_days=2, least_share=0.5))
    assert not any(isinstance(command, SetPlan) for command in device.wait(5.0)), "a full day gives all"
    device.set_clock("2026-03-03T09:00")
    assert device.wait(6.0) == [SetPlan(0.0, 0.75)]
    device.ask(plan=TrainingPlan())
    assert device.preferences.commands() == [SetPlan(0.0, 1.0)]


def test_what_is_in_force_is_told_when_it_changes_and_only_then(device: Device) -> None:
    assert device.told().t_s == 7.0
    device.wait(60.0)
    assert device.preferences.news(70.0) is None
    device.ask(rules={"load_s": 60.0}, by="page")
    told = device.told()
    assert told.rules["load_s"] == 60.0
    assert told.timezone == BERLIN
    assert told.chosen["load_s"].by == "page"


def test_a_lasting_request_is_carried_out_once_however_often_it_comes(device: Device) -> None:
    lasting = {"rules": {"load_s": 60.0}, "lasting": True}
    assert device.ask("w1", **lasting) == (True, "")
    assert device.ask("later", rules={"load_s": 45.0}) == (True, "")
    device.restart()
    assert device.ask("w1", **lasting) == (True, "")  # still at the broker: of an earlier mind
    assert device.preferences.in_force.rules.load_s == 45.0
    told = device.preferences.news(0.0)
    assert told is not None
    assert told.taken == Taken("w1")


def test_a_refused_lasting_request_says_why_until_something_else_is_chosen(device: Device) -> None:
    accepted, why = device.ask("w1", rules={"load_s": 1e9}, lasting=True)
    assert not accepted
    device.restart()
    assert device.ask("w1", rules={"load_s": 1e9}, lasting=True) == (False, why)
    told = device.preferences.news(0.0)
    assert told is not None
    assert told.taken == Taken("w1", why)
    device.ask(rules={"load_s": 45.0})
    told = device.preferences.news(0.0)
    assert told is not None
    assert told.taken == Taken("w1")
