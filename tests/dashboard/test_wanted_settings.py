"""Changes that wait for a device come to the same as if it had been there, and nothing else is claimed."""

from __future__ import annotations

import asyncio
import dataclasses
import queue
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dashboard.settings_form import Part
from dashboard.wanted import Wanted
from dashboard.wanted_settings import overlaid, parts_of, together
from firmware_py.posture.commands import Mode
from firmware_py.posture.messages import Outgoing, encode_request
from firmware_py.posture.rules import Rules
from firmware_py.posture.settings import (
    BodyAlert,
    ChangeSettings,
    QuietHours,
    SettingsInForce,
    Taken,
    Weekday,
)
from firmware_py.preferences import Preferences

from .device import settings_in_force

LUNCH = QuietHours((Weekday.MON,), "12:00", "13:00")

CHANGES = st.builds(
    ChangeSettings,
    st.just(0.0),
    rules=st.dictionaries(
        st.sampled_from(["slouch_enter_deg", "slouch_exit_deg", "load_s"]),
        st.integers(6, 20).map(float),
        max_size=2,
    ),
    mode=st.sampled_from([None, Mode.TRAINING, Mode.TRACKING]),
    quiet_hours=st.sampled_from([None, (), (LUNCH,)]),
    buzz=st.dictionaries(st.sampled_from(list(BodyAlert)), st.booleans(), max_size=2),
    reset=st.sampled_from(
        [(), ("load_s",), ("slouch_enter_deg", "slouch_exit_deg"), ("mode", "buzz.slouch")]
    ),
)


class OnTheBody:
    """A device's own settings, without the rest of it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._preferences = Preferences(folder, Rules(), {}, lambda: None)

    def take(self, request: ChangeSettings) -> bool:
        answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._preferences.change(request, lambda accepted, _why: answers.put(accepted), "w")
        return answers.get(timeout=20.0)

    def goes_by(self) -> SettingsInForce:
        self._preferences._news = True
        told = self._preferences.news(0.0)
        assert told is not None
        return dataclasses.replace(told, chosen={}, taken=None)

    def close(self) -> None:
        self._preferences.close()


@settings(max_examples=30, deadline=None)
@given(before=CHANGES, first=CHANGES, then=CHANGES)
def test_two_changes_that_waited_together_come_to_what_one_after_the_other_would(
    before: ChangeSettings, first: ChangeSettings, then: ChangeSettings
) -> None:
    with TemporaryDirectory() as folder:
        there, away = OnTheBody(Path(folder) / "there"), OnTheBody(Path(folder) / "away")
        try:
            assume(there.take(before) and away.take(before))
            now = away.goes_by()
            assume(there.take(first) and there.take(then))
            asked = together(now, together(now, None, first), then)
            if asked is not None:
                assert asked.lasting
                assert away.take(asked)
                shown = dataclasses.replace(overlaid(now, asked), chosen={})
                assert shown == away.goes_by()
            assert away.goes_by() == there.goes_by()
        finally:
            there.close()
            away.close()


def test_what_is_put_back_to_what_holds_anyway_waits_no_longer() -> None:
    now = settings_in_force()
    waits = together(now, None, ChangeSettings(0.0, rules={"load_s": 60.0}, mode=Mode.TRACKING))
    assert waits is not None
    assert parts_of(waits) == [Part.REMINDERS, Part.MODE]
    assert together(now, waits, ChangeSettings(0.0, rules={"load_s": 30.0}, mode=Mode.TRAINING)) is None


def test_what_the_broker_does_not_show_is_not_claimed_and_the_earlier_wish_is_put_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("dashboard.wanted.ECHO_S", 0.05)
    first = encode_request("back", "w1", ChangeSettings(0.0, mode=Mode.TRACKING, lasting=True))
    said: list[Outgoing] = []

    def publish(message: Outgoing) -> bool:
        said.append(message)
        return True

    async def asked() -> bool:
        wanted = Wanted(publish)
        wanted.heard(first.topic, first.payload)
        return await wanted.keep("back", ChangeSettings(0.0, rules={"load_s": 60.0}, lasting=True))

    with ThreadPoolExecutor(1) as thread:  # in this one a browser's loop may be running
        assert not thread.submit(lambda: asyncio.run(asked())).result()
    assert said[-1] == first
    assert "plumbline broker prepare" in caplog.text


def test_a_request_for_the_moment_and_nonsense_are_nothing_that_waits() -> None:
    wanted = Wanted(lambda _message: True)
    for payload in (
        b"nonsense",
        encode_request("back", "q", ChangeSettings(0.0, mode=Mode.TRACKING)).payload,
    ):
        wanted.heard("plumbline/v1/back/command", payload)
        assert wanted.of("back", None) is None


def test_what_a_device_has_dealt_with_is_cleared() -> None:
    said: list[Outgoing] = []

    def publish(message: Outgoing) -> bool:
        said.append(message)
        return True

    wanted = Wanted(publish)
    sent = encode_request("back", "w1", ChangeSettings(0.0, mode=Mode.TRACKING, lasting=True))
    wanted.heard(sent.topic, sent.payload)
    wanted.settle("back", settings_in_force())
    assert said == []
    wanted.settle("back", dataclasses.replace(settings_in_force(), taken=Taken("w1")))
    assert [(message.payload, message.retain) for message in said] == [(b"", True)]
    assert wanted.of("back", settings_in_force()) is None
