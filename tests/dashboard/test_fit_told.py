"""What the first page says of a calibration that may no longer fit, from a device by way of a real broker."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dashboard.app import Server, build
from dashboard.settings import Settings
from firmware_py.posture.events import FitChanged
from firmware_py.posture.fit import Fit, NeutralOf
from firmware_py.posture.neutral_check import FitCause
from firmware_py.posture.rating import CalibrationInForce

from .conftest import Broker, wait_until
from .device import Device


@pytest.fixture
def server(tmp_path: Path, broker: Broker) -> Iterator[Server]:
    made = Server(build(Settings(tmp_path / "data", port=0, broker=broker.settings, language="en")))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def device(broker: Broker) -> Iterator[Device]:
    made = Device(broker.port, simulated=True)
    yield made
    made.close()


def test_a_creep_is_first_mentioned_in_passing_and_then_told(server: Server, device: Device) -> None:
    def said() -> str:
        return httpx.get(f"{server.address}part/today").text

    device.anchor(time.time())
    in_force = CalibrationInForce(0.0, "2026-02-27T08:15:00+00:00", NeutralOf.THIS_WEAR, None)
    device.send(device.encoder.encode(in_force))
    device.tell(FitChanged(60.0, Fit.DOUBTFUL, FitCause.CREEP, 3.0, "your upright has moved"))
    in_passing = '<p class="hint">Your upright has moved by 3° little by little; perhaps'
    wait_until(lambda: in_passing in said(), "the doubt")
    assert 'class="notice"' not in said()
    device.tell(FitChanged(90.0, Fit.STALE, FitCause.CREEP, 5.0, "your upright has moved"))
    wait_until(lambda: re.search(r'<p class="notice">[^<]* by 5°', said()), "the certainty")
    assert "perhaps" not in said()
