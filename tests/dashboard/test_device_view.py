"""What a device's page says of it, from its newest events."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from dashboard.app import Dashboard, Server
from dashboard.device_view import DeviceView, device_view
from dashboard.standing import Standing
from firmware_py.posture.commands import Mode
from firmware_py.posture.fit import NeutralOf
from firmware_py.posture.messages import Anchor, Encoder
from firmware_py.posture.rating import CalibrationInForce
from firmware_py.posture.settings import SettingsInForce

from .device import settings_in_force
from .seed import BERLIN

REASON = "the strap may be creeping"


def event(at_utc_ms: int, run: str = "r1", **data: object) -> SimpleNamespace:
    return SimpleNamespace(at_utc_ms=at_utc_ms, run=run, payload=json.dumps({"data": data}))


def seen(**latest: Any) -> DeviceView:
    row = SimpleNamespace(name="desk", label="Desk", simulated=False, seen_utc_ms=None, status=None)
    return device_view(row, latest, Standing(), BERLIN)


def test_a_doubt_of_an_earlier_wear_is_over_once_a_run_told_its_calibration() -> None:
    doubt = event(1000, stale=True, reason=REASON)
    told = event(2000, made_at="2026-11-22T08:00:00+00:00")
    assert seen(profile_stale=doubt, calibration_in_force=told).stale_reason == ""


def test_a_doubt_within_the_run_stands() -> None:
    told = event(1000, made_at="2026-11-22T08:00:00+00:00")
    for at_utc_ms in (1000, 2000):
        doubt = event(at_utc_ms, stale=True, reason=REASON)
        assert seen(profile_stale=doubt, calibration_in_force=told).stale_reason == REASON
    assert seen(profile_stale=event(1000, stale=True, reason=REASON)).stale_reason == REASON


class Told(Standing):
    """Devices that said what they go by."""

    def settings_of(self, device: str) -> SettingsInForce:
        return settings_in_force()


def test_a_mode_that_was_never_changed_is_told_by_the_settings_and_without_a_time() -> None:
    row = SimpleNamespace(name="desk", label="Desk", simulated=False, seen_utc_ms=None, status=None)
    view = device_view(row, {}, Told(), BERLIN)
    assert (view.mode, view.mode_utc_ms) == (Mode.TRAINING, None)
    latest = {"mode_changed": event(3000, mode="meeting"), "session_started": event(2000)}
    changed = device_view(row, latest, Told(), BERLIN)
    assert (changed.mode, changed.mode_utc_ms) == ("meeting", 3000)
    begun_anew = device_view(row, latest | {"session_started": event(9000, run="r2")}, Told(), BERLIN)
    assert (begun_anew.mode, begun_anew.mode_utc_ms) == (Mode.TRAINING, None)


@pytest.mark.parametrize(("days", "said"), [(0, "made today"), (1, "1 day ago"), (9, "9 days ago")])
def test_the_age_of_a_calibration_is_told_as_people_tell_it(
    opened: Dashboard, served: Server, days: int, said: str
) -> None:
    now = datetime.now(BERLIN)  # whose days may have 23 hours
    encoder = Encoder("back", "r1")
    made_at = (now - timedelta(days=days)).isoformat()
    opened.ingest.take(
        (message.topic, message.payload)
        for message in (
            encoder.anchor(Anchor(0.0, now.timestamp() - 60.0, trusted=True)),
            encoder.encode(CalibrationInForce(1.0, made_at, NeutralOf.THIS_WEAR, None)),
        )
    )
    text = httpx.get(f"{served.address}devices").text
    assert said in text
    assert "0 days ago" not in text
