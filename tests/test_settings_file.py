"""The file of a wearer's settings: whole or not at all, and read as far as it makes sense."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firmware_py.posture.commands import Mode
from firmware_py.posture.rules import Rules

from .preferring import BERLIN, LUNCH, Device, document


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


def test_the_file_is_its_owners_alone_and_replaced_as_a_whole(device: Device) -> None:
    device.ask(rules={"load_s": 60.0})
    path = device.folder / "settings.json"
    assert path.stat().st_mode & 0o077 == 0
    assert document(device)["format"] == 1
    assert [entry.name for entry in device.folder.iterdir()] == ["settings.json"]


Spoil = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize(
    ("key", "spoil"),
    [
        ("load_s", lambda d: d["chosen"]["load_s"].update(value=9999)),
        ("load_s", lambda d: d["chosen"]["load_s"].update(value="long")),
        ("load_s", lambda d: d["chosen"]["load_s"].pop("value")),
        ("load_s", lambda d: d["chosen"].update(load_s=3)),
        ("quiet_hours", lambda d: d["chosen"]["quiet_hours"]["value"][0].update(begins="noon")),
        ("mode", lambda d: d["chosen"]["mode"].update(value="driving")),
        ("colour", lambda d: d["chosen"].update(colour={"value": "blue", "by": "page"})),
        ("timezone", lambda d: d["chosen"]["timezone"].update(value="Middle/Earth")),
        ("first_day", lambda d: d.update(first_day="yesterday")),
    ],
)
def test_a_key_that_makes_no_sense_costs_that_key_only(
    device: Device, key: str, spoil: Spoil, caplog: pytest.LogCaptureFixture
) -> None:
    device.ask(
        rules={"load_s": 60.0, "interval_s": 600.0},
        mode=Mode.TRACKING,
        quiet_hours=LUNCH,
        timezone="Europe/Paris",
    )
    spoilt = document(device)
    spoil(spoilt)
    (device.folder / "settings.json").write_text(json.dumps(spoilt))
    device.restart()
    settings = device.preferences.in_force
    assert settings.rules.interval_s == 600.0
    assert (settings.rules.load_s == 60.0) is (key != "load_s")
    assert (settings.mode is Mode.TRACKING) is (key != "mode")
    assert (settings.quiet_hours == LUNCH) is (key != "quiet_hours")
    assert settings.timezone == (BERLIN if key == "timezone" else "Europe/Paris")
    assert key in caplog.text


def test_thresholds_that_contradict_one_another_are_left_out_together(device: Device) -> None:
    device.ask(rules={"slouch_enter_deg": 20.0, "load_s": 60.0})
    spoilt = document(device)
    spoilt["chosen"]["slouch_exit_deg"]["value"] = 19.0
    (device.folder / "settings.json").write_text(json.dumps(spoilt))
    device.restart()
    assert device.preferences.in_force.rules == Rules(load_s=60.0)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"chosen": 3}', "\x00" * 40])
def test_a_file_that_cannot_be_read_is_set_aside(device: Device, text: str) -> None:
    (device.folder / "settings.json").write_text(text)
    device.restart()
    assert device.preferences.in_force.rules == Rules()
    assert (device.folder / "settings.unreadable").read_text() == text
    assert device.ask(rules={"load_s": 60.0}) == (True, "")


def test_a_newer_file_is_read_as_far_as_it_is_understood(device: Device) -> None:
    newer = {"format": 9, "chosen": {"load_s": {"value": 60, "by": "page", "why": "new"}}, "more": 1}
    (device.folder / "settings.json").write_text(json.dumps(newer))
    device.restart()
    assert device.preferences.in_force.rules.load_s == 60.0


def test_a_disk_that_takes_nothing_is_told_and_the_setting_holds_for_now(device: Device) -> None:
    device.restart()
    (device.folder / "settings.json").mkdir()  # nothing can take the place of a folder
    accepted, why = device.ask(rules={"load_s": 60.0})
    assert accepted
    assert "until the next start only" in why
    assert device.preferences.in_force.rules.load_s == 60.0
