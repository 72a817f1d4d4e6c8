"""The configuration: defaults that stand for themselves, and mistakes told by key."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from firmware_py.config import Config, load, parse
from firmware_py.errors import ConfigError
from firmware_py.posture.commands import Mode
from firmware_py.posture.rules import Rules
from firmware_py.posture.settings import QuietHours, TrainingPlan, Weekday

from .conftest import ROOT

QUIET = "[reminders]\nquiet_hours = [{ days = ['mon'], "
EXAMPLE = ROOT / "plumbline.example.toml"


def test_an_empty_file_is_all_defaults() -> None:
    assert parse("", "x.toml") == Config()
    assert Config().rules() == Rules()


def test_the_example_shows_the_defaults_and_nothing_else() -> None:
    assert load(EXAMPLE) == Config()


def test_what_the_example_comments_out_is_valid_too() -> None:
    text = re.sub(r"(?m)^# (\[.*|\w+ = .*)$", r"\1", EXAMPLE.read_text())
    config = parse(text, "example")
    assert config.sensors.lower is not None
    assert config.sensors.lower.address == 0x69
    assert config.button.pin == 17
    assert config.rules() == Rules()


def test_reminders_are_settings_by_key_where_they_differ_from_the_default() -> None:
    text = """
        [reminders]
        mode = "tracking"
        quiet_hours = [{ days = ["mon", "fri"], begins = "22:00", ends = "07:00" }]
        [reminders.plan]
        start = 2026-03-01
        [reminders.buzz]
        answer = false
    """
    assert parse(text, "x.toml").reminder_settings() == {
        "mode": Mode.TRACKING,
        "quiet_hours": (QuietHours((Weekday.MON, Weekday.FRI), "22:00", "07:00"),),
        "plan": TrainingPlan(start=date(2026, 3, 1)),
        "buzz.answer": False,
    }
    assert Config().reminder_settings() == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[device]\nnmae = 'x'", "[device] has no key 'nmae'; did you mean 'name'?"),
        ("[sensor]\nbus = 1", "the file has no key 'sensor'; did you mean 'sensors'?"),
        ("[sensors.upper]\nbsu = 2", "[sensors.upper] has no key 'bsu'; did you mean 'bus'?"),
        ("[sensors.lower]\nadress = 2", "[sensors.lower] has no key 'adress'; did you mean 'address'?"),
        ("[mqtt]\nport = '1883'", "mqtt.port = '1883': Expected `int`, got `str`"),
        ("[mqtt]\nport = 70000", "mqtt.port = 70000: Expected `int` <= 65535"),
        ("[sensors.upper]\naddress = 5", "sensors.upper.address = 5: Expected `int` >= 8"),
        ("[device]\nname = 'a/b'", "device.name = 'a/b': Expected `str` matching regex"),
        (
            "[motor]\nkind = 'drv'",
            "motor.kind = 'drv': 'none', 'drv2605l', 'gpio' can stand there",
        ),
        (
            "[judgement]\nslouch_entr_deg = 12",
            "[judgement] has no key 'slouch_entr_deg'; did you mean 'slouch_enter_deg'?",
        ),
        (
            "[judgement]\nslouch_enter_deg = 'x'",
            "[judgement] slouch_enter_deg = 'x': Expected `float`, got `str`",
        ),
        ("[judgement]\nslouch_enter_deg = 99", "slouch_enter_deg"),
        ("[reminders]\nmode = 'driving'", "reminders.mode = 'driving': 'training', 'tracking' can"),
        ("[reminders]\nbaselin_day = true", "has no key 'baselin_day'; did you mean 'baseline_day'?"),
        ("[reminders.plan]\nbegin = 2026-03-01", "[reminders.plan] has no key 'begin'"),
        ("[reminders.plan]\nfull_days = 900", "[reminders] full_days is 900; it must lie between 1 and 90"),
        (
            "[reminders]\nquiet_hours = [{ days = ['mon'], begins = '25:00', ends = '13:00' }]",
            "begins is '25:00'",
        ),
        (f"{QUIET}begins = 12, ends = '13:00' }}]", "reminders.quiet_hours[0].begins = 12: Expected `str`"),
        (f"{QUIET}begins = '12:00' }}]", "[reminders.quiet_hours[0]] lacks the key 'ends'"),
        (
            f"{QUIET}begins = '12:00', ends = '13:00', end = '13:00' }}]",
            "[reminders.quiet_hours[0]] has no key 'end'; did you mean 'ends'?",
        ),
        (
            f"{QUIET}begins = '12:00', ends = '13:00' }}, {{ days = ['mo'] }}]",
            "reminders.quiet_hours[1].days[0] = 'mo': 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun' can",
        ),
        (
            "[reminders.buzz]\nslouched = true",
            "[reminders.buzz] has no key 'slouched'; did you mean 'slouch'?",
        ),
        ("[motor.patterns]\nslouch = 1", "[motor.patterns[...]]: Expected `str`, got `int`"),
        ("[dashboard]\nproxies = ['::1', 2]", "dashboard.proxies[1] = 2: Expected `str`, got `int`"),
        ("device = 3", "device = 3: Expected `object`, got `int`"),
        ('[mqtt]\nhost = "a\\nb"', "mqtt.host = 'a\\nb': a line break or control character"),
        ('[dashboard]\nproxies = ["\\u0000"]', "dashboard.proxies[0] = '\\x00': a line break"),
        (f"[mqtt]\nport = '{'1' * 5000}'", f"mqtt.port = '{'1' * 59}…: Expected `int`"),
        ("[device\n", "is not valid TOML"),
    ],
)
def test_a_mistake_is_told_by_file_and_key(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "my.toml")
    assert str(caught.value).startswith("my.toml")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def every_key(section: type[msgspec.Struct] = Config, path: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(section):
        place = f"{path}.{field.name}".lstrip(".")
        yield place
        inner = [kind for kind in (field.type, *get_args(field.type)) if isinstance(kind, type)]
        for kind in inner:
            if issubclass(kind, msgspec.Struct):
                yield from every_key(kind, place)
    if section is Config:
        yield from (f"judgement.{field.name}" for field in dataclasses.fields(Rules))


@pytest.mark.parametrize(
    "value",
    [
        *("-1", "0", "1e400", "nan", "9" * 30, "true", "1979-05-27", "07:32:00"),
        *("''", "'x'", "'/'", '"\\u0000"', f"'{'a' * 5000}'"),
        *("[]", "['x']", "[[1]]", "{}", "{x = 1}", "[{}]", "[{x = 1}]"),
    ],
)
def test_whatever_stands_under_a_key_is_taken_or_refused_in_one_line_that_names_it(value: str) -> None:
    taken = 0
    for key in every_key():
        try:
            parse(f"{key} = {value}", "my.toml")
            taken += 1
        except ConfigError as error:
            told = str(error)
            assert told.startswith("my.toml: ")
            assert key.rpartition(".")[2] in told
            assert "\n" not in told
            assert len(told) < 800
    assert taken < len(list(every_key()))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the configuration .*nowhere\.toml"):
        load(tmp_path / "nowhere.toml")


def test_the_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    config = parse(f"[device]\ndata = '{tmp_path / 'a' / 'b'}'", "x.toml")
    folder = config.data_folder()
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0
