"""`plumbline run` as it is composed, on a simulated chip: calibrated from afar, it begins another run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from firmware_py import app, live
from firmware_py.config import load
from firmware_py.hardware import clock as hardware_clock
from firmware_py.hardware.clock import Clock
from firmware_py.hardware.imu import Imu
from firmware_py.hardware.twin.chip import TYPICAL
from firmware_py.hardware.twin.wearer_demo import demo_motion
from firmware_py.links.broker import RunningBroker, start_broker
from firmware_py.posture.fit import NeutralOf
from firmware_py.posture.guidance import (
    GuidePhase,
    GuidePlan,
    GuideProgress,
    PressGuide,
    SkipStep,
    StartGuide,
)
from firmware_py.posture.messages import Message, Request, decode, encode_request
from firmware_py.posture.monitor import Monitor
from firmware_py.posture.profile import CalibrationProfile
from firmware_py.posture.rating import CalibrationInForce
from firmware_py.recording import Recording
from firmware_py.simulated import twins

from .dashboard.conftest import wait_until
from .dashboard.wearing import HurriedClock

SPEED = 5.0


class Listener:
    """Hears everything of the device `back`, and asks it."""

    def __init__(self, broker: RunningBroker) -> None:
        self.heard: list[Message] = []
        self._asked = 0
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._arrived
        self._client.connect(broker.host, broker.port)
        self._client.subscribe("plumbline/v1/back/#", 1)
        self._client.loop_start()

    def _arrived(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.payload and not message.topic.endswith("/command"):
            self.heard.append(decode(message.topic, bytes(message.payload)))

    def ask(self, request: Request) -> None:
        self._asked += 1
        out = encode_request("back", f"test-{self._asked}", request)
        self._client.publish(out.topic, out.payload, 1)

    def guide(self) -> GuideProgress | None:
        """Where the guide is, as far as it was heard."""
        told = [message.body for message in self.heard if isinstance(message.body, GuideProgress)]
        return told[-1] if told else None

    def ready_for(self, index: int) -> bool:
        """Whether the guide waits for the press that begins this step."""
        at = self.guide()
        return at is not None and (at.index, at.phase) == (index, GuidePhase.READY)

    def in_force(self) -> list[CalibrationInForce]:
        """What each run began with; a message may come twice."""
        first: dict[str, CalibrationInForce] = {}
        for message in list(self.heard):
            if isinstance(message.body, CalibrationInForce):
                first.setdefault(message.run, message.body)
        return list(first.values())

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[tuple[Listener, RunningBroker]]:
    broker = start_broker(tmp_path / "broker")
    made = Listener(broker)
    yield made, broker
    made.close()
    broker.stop()


def test_postures_of_ones_own_taken_over_the_network_count_in_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: tuple[Listener, RunningBroker]
) -> None:
    heard, broker = listener
    wearer = demo_motion(0)
    speedy = HurriedClock(SPEED)
    stop = threading.Event()

    def sensors(_config: object, clock: Clock, origin_s: float) -> list[Imu]:
        return twins(wearer, 1, clock, origin_s, starts_s=0.0)

    monkeypatch.setattr(hardware_clock, "SystemClock", lambda: speedy)
    monkeypatch.setattr("firmware_py.sensors.open_sensors", sensors)
    monkeypatch.setattr(app, "stop_on_signals", lambda for_s=None: stop.is_set)
    file = tmp_path / "plumbline.toml"
    file.write_text(
        f'[device]\nname = "back"\ndata = "{tmp_path / "data"}"\n'
        f'[mqtt]\nhost = "{broker.host}"\nport = {broker.port}\n[recording]\nraw = false\n'
    )
    config = load(file)
    running = threading.Thread(target=app.run, args=(config, None), daemon=True)
    running.start()
    try:
        wait_until(heard.in_force, "the first run")
        assert heard.in_force()[0].neutral_of is NeutralOf.NOBODY
        heard.ask(StartGuide(0.0, GuidePlan.POSES))
        wait_until(lambda: heard.guide() is not None, "the guide")
        heard.ask(PressGuide(0.0, 1))
        for index in (2, 3, 4, 5):
            wait_until(partial(heard.ready_for, index), f"step {index}", 40.0)
            heard.ask(SkipStep(0.0, index))
        wait_until(lambda: len(heard.in_force()) > 1, "another run", 40.0)
        assert heard.in_force()[1].neutral_of is NeutralOf.THIS_WEAR
        done = heard.guide()
        assert done is not None
        assert done.phase is GuidePhase.FINISHED
    finally:
        stop.set()
        running.join(30.0)
    assert not running.is_alive()


def test_a_run_and_its_recording_go_by_the_rate_that_the_sensor_was_measured_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: tuple[Listener, RunningBroker]
) -> None:
    heard, broker = listener
    rates_hz: list[float] = []

    class Noting(Monitor):
        def __init__(self, profile: CalibrationProfile, rate_hz: float, *rest: Any) -> None:
            rates_hz.append(rate_hz)
            super().__init__(profile, rate_hz, *rest)

    stop = threading.Event()
    monkeypatch.setattr(live, "Monitor", Noting)
    monkeypatch.setattr(
        "firmware_py.sensors.open_sensors",
        lambda _config, clock, origin_s: twins(demo_motion(0), 1, clock, origin_s),
    )
    monkeypatch.setattr(app, "stop_on_signals", lambda for_s=None: stop.is_set)
    file = tmp_path / "plumbline.toml"
    file.write_text(
        f'[device]\nname = "back"\ndata = "{tmp_path / "data"}"\n'
        f'[mqtt]\nhost = "{broker.host}"\nport = {broker.port}\n[recording]\nraw = true\n'
    )
    running = threading.Thread(target=app.run, args=(load(file), None), daemon=True)
    running.start()
    wait_until(heard.in_force, "the run")
    stop.set()
    running.join(30.0)
    (path,) = (tmp_path / "data" / "recordings").glob("*.plumb")
    assert [Recording.open(path).header.rate_hz] == rates_hz
    # The twin's oscillator is 1.2 % fast; two steps watched 0.3 s apart tell to about 0.1 %.
    assert rates_hz[0] == pytest.approx(100.0 * (1.0 + TYPICAL.clock_error), rel=0.004)
