"""What a device's page says of it, from its newest events."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from dashboard.device_view import DeviceView, device_view
from dashboard.standing import Standing

from .seed import BERLIN

REASON = "the strap may be creeping"


def event(at_utc_ms: int, **data: object) -> SimpleNamespace:
    return SimpleNamespace(at_utc_ms=at_utc_ms, payload=json.dumps({"data": data}))


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
