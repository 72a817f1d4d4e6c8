"""Messages through a real Mosquitto: acknowledged after the commit, kept while the dashboard is away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from dashboard.app import Dashboard, Server, build
from dashboard.ingest import Ingest
from dashboard.settings import Settings
from dashboard.tables import minutes
from firmware_py.posture.events import MinutePassed, SessionStarted
from firmware_py.posture.tally import Tally

from .conftest import Broker, wait_until
from .device import Device


def minute(number: int) -> MinutePassed:
    return MinutePassed(60.0 * (number + 1), 60.0 * number, Tally(ticks=600, judged=600))


def stored(dashboard: Dashboard) -> int:
    with dashboard.store.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(minutes)) or 0


@pytest.fixture
def settings(tmp_path: Path, broker: Broker) -> Settings:
    return Settings(tmp_path / "data", port=0, broker=broker.settings)


@pytest.fixture
def device(broker: Broker) -> Iterator[Device]:
    made = Device(broker.port)
    made.anchor(time.time())
    made.tell(SessionStarted(0.0, "r1-1", 1))
    yield made
    made.close()


def test_minutes_reach_the_store(settings: Settings, device: Device) -> None:
    server = Server(dashboard := build(settings))
    server.start()
    wait_until(lambda: dashboard.hub.broker_reached, "the link to the broker")
    for number in range(30):
        device.tell(minute(number))
    wait_until(lambda: stored(dashboard) == 30, "the storing of 30 minutes")
    server.stop()


def test_what_is_sent_while_the_dashboard_is_away_is_there_when_it_is_back(
    settings: Settings, device: Device
) -> None:
    first = Server(dashboard := build(settings))
    first.start()
    wait_until(lambda: dashboard.hub.broker_reached, "the link to the broker")
    device.tell(minute(0))
    wait_until(lambda: stored(dashboard) == 1, "the first minute")
    first.stop()
    for number in range(1, 60):
        device.tell(minute(number))
    second = Server(dashboard := build(settings))
    second.start()
    wait_until(lambda: stored(dashboard) == 60, "the storing of the minutes that waited")
    second.stop()


def test_a_message_whose_commit_failed_comes_again(
    settings: Settings, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Ingest.keep
    failures = iter([True, True, True])

    def failing(self: Ingest, arrived: list[tuple[str, bytes]]) -> object:
        if next(failures, False):
            raise OperationalError("COMMIT", {}, OSError("disk full"))
        return keep(self, arrived)

    monkeypatch.setattr("dashboard.ingest.Ingest.keep", failing)
    monkeypatch.setattr("dashboard.writer.RETRY_S", 0.05)
    server = Server(dashboard := build(settings))
    server.start()
    wait_until(lambda: dashboard.hub.broker_reached, "the link to the broker")
    device.tell(minute(0))
    wait_until(lambda: stored(dashboard) == 1, "the storing after three failures")
    server.stop()


def test_a_dashboard_started_before_its_broker_finds_it_later(settings: Settings, broker: Broker) -> None:
    broker.stop()
    server = Server(dashboard := build(settings))
    server.start()
    broker.start()
    wait_until(lambda: dashboard.hub.broker_reached, "the link to the broker")
    made = Device(broker.port)
    made.tell(minute(0))
    wait_until(lambda: stored(dashboard) == 1, "the storing")
    made.close()
    server.stop()


def test_a_broker_that_restarts_loses_nothing(settings: Settings, broker: Broker) -> None:
    server = Server(dashboard := build(settings))
    server.start()
    wait_until(lambda: dashboard.hub.broker_reached, "the link to the broker")
    for round_ in range(3):
        made = Device(broker.port)
        made.encoder = type(made.encoder)("back", f"r{round_}")
        for number in range(5):
            made.tell(minute(number))
        made.close()
        broker.stop()
        broker.start()
    wait_until(lambda: stored(dashboard) == 15, "the storing of all rounds")
    server.stop()
