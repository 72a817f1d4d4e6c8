"""A real broker, a reader of it, and a publisher, each stopped after the test."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from firmware_py.links.broker import RunningBroker, find_mosquitto, start_broker
from firmware_py.links.mqtt import MqttSettings
from firmware_py.links.outbox import Outbox
from firmware_py.links.publisher import Publisher
from firmware_py.posture.messages import Channel, Encoder, Message, Request, decode, encode_request

B = TypeVar("B")


def until(true: Callable[[], object], seconds: float = 60.0) -> bool:
    """Whether a condition came true; how long it took is no part of any test."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Reader:
    """A dashboard's ear: keeps its session at the broker, and everything it heard, in order."""

    broker: RunningBroker
    name: str = "reader"
    heard: list[Message] = field(default_factory=list)
    connected: bool = False

    def __post_init__(self) -> None:
        self.client = client = paho.Client(
            CallbackAPIVersion.VERSION2, self.name, clean_session=False, protocol=MQTTProtocolVersion.MQTTv311
        )
        client.reconnect_delay_set(0.1, 0.5)  # type: ignore[arg-type]  # takes fractions though it says int
        client.on_message = self._hear
        client.on_connect = lambda c, *_: c.subscribe([(f"plumbline/v1/+/{ch}", 1) for ch in self.channels()])
        client.on_subscribe = lambda *_: setattr(self, "connected", True)
        client.on_disconnect = lambda *_: setattr(self, "connected", False)
        client.connect(self.broker.host, self.broker.port)
        client.loop_start()
        assert until(lambda: self.connected), "the reader could not subscribe"

    def _hear(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        if message.payload:  # an empty one takes back what was retained
            self.heard.append(decode(message.topic, bytes(message.payload)))

    @staticmethod
    def channels() -> list[str]:
        return [channel.value for channel in Channel if channel is not Channel.COMMAND]

    def ask(self, request: Request, request_id: str, device: str = "back") -> None:
        out = encode_request(device, request_id, request)
        self.client.publish(out.topic, out.payload, qos=1)

    def of(self, *channels: Channel) -> list[Message]:
        return [message for message in self.heard if message.channel in channels]

    def bodies(self, kind: type[B]) -> list[B]:
        return [message.body for message in self.heard if isinstance(message.body, kind)]

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[RunningBroker]:
    """A private Mosquitto, as one-machine use starts it."""
    if find_mosquitto() is None:
        pytest.skip("Mosquitto is not installed (apt install mosquitto)")
    broker = start_broker(tmp_path / "machine")
    yield broker
    broker.stop()


@pytest.fixture
def reader(mosquitto: RunningBroker) -> Iterator[Reader]:
    """A reader of it."""
    found = Reader(mosquitto)
    yield found
    found.stop()


@pytest.fixture
def publishers(tmp_path: Path) -> Iterator[Callable[..., Publisher]]:
    """Makes started publishers of the device "back", all with the one outbox."""
    made: list[Publisher] = []

    def make(broker: RunningBroker, run: str = "run", **more: Any) -> Publisher:
        settings = MqttSettings(broker.host, broker.port, protocol=broker.protocol, **more)
        publisher = Publisher(
            settings,
            Encoder("back", run),
            Outbox(tmp_path / "outbox.db"),
            version="test",
            back_off_s=(0.05, 0.2),
        )
        publisher.start()
        made.append(publisher)
        return publisher

    yield make
    for publisher in made:
        publisher.stop(0.5)
