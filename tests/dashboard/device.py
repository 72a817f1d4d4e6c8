"""A device as the broker sees it: publishes what it is told to, and hears what it is asked."""

from __future__ import annotations

import threading
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from firmware_py.posture.events import Activity, Event, Posture, Reading, Unjudged
from firmware_py.posture.messages import (
    Anchor,
    Asked,
    Channel,
    Encoder,
    Outgoing,
    Reply,
    Status,
    decode_request,
    topic_filter,
)


def reading(
    t_s: float,
    flexion_deg: float,
    posture: Posture = Posture.UPRIGHT,
    unjudged: Unjudged | None = None,
    lower_deg: float | None = None,
) -> Reading:
    return Reading(
        t_s=t_s,
        flexion_deg=flexion_deg,
        lateral_deg=0.5,
        upper_deg=flexion_deg + (lower_deg or 0.0),
        lower_deg=lower_deg,
        sigma_deg=0.6,
        posture=posture,
        activity=Activity.STILL,
        unjudged=unjudged,
        sensors=1 if lower_deg is None else 2,
    )


class Device:
    """Connected from construction to `close()`; `asked` collects requests, each is accepted."""

    def __init__(self, port: int, name: str = "back", run: str = "r1", simulated: bool = False) -> None:
        self.encoder = Encoder(name, run, simulated=simulated)
        self.asked: list[Asked] = []
        self._showing: dict[str, Any] | None = None
        self._streaming = threading.Thread(target=self._stream, daemon=True)
        self._gone = threading.Event()
        connected = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"device-{name}")
        will = self.encoder.status(Status("offline"))
        self._client.will_set(will.topic, will.payload, retain=True)
        self._client.on_message = self._heard
        self._client.on_subscribe = lambda *_: connected.set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(topic_filter(Channel.COMMAND, name), 1)
        self._client.loop_start()
        if not connected.wait(10):
            raise TimeoutError("the broker did not answer the device")
        self.send(self.encoder.status(Status("online", "0.1.0")))
        self._streaming.start()

    def show(self, flexion_deg: float, **kwargs: Any) -> None:
        """From now on, ten readings a second say this."""
        self._showing = {"flexion_deg": flexion_deg, **kwargs}

    def show_nothing(self) -> None:
        """Readings stop."""
        self._showing = None

    def _stream(self) -> None:
        tick = 0
        while not self._gone.wait(0.1):
            tick += 1
            if self._showing is not None:
                self.tell(reading(tick / 10, **self._showing))

    def anchor(self, utc_s: float, t_s: float = 0.0) -> None:
        self.send(self.encoder.anchor(Anchor(t_s, utc_s, trusted=True)))

    def tell(self, event: Event) -> None:
        self.send(self.encoder.encode(event))

    def send(self, message: Outgoing) -> None:
        sent = self._client.publish(
            message.topic, message.payload, 1 if message.durable else 0, message.retain
        )
        if message.durable:
            sent.wait_for_publish(10)

    def close(self) -> None:
        """Go away as a device without power does: the will is published."""
        self._gone.set()
        self._streaming.join()
        self._client.on_message = None
        sock = self._client.socket()
        self._client.loop_stop()
        if sock is not None:
            sock.close()

    def _heard(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        asked = decode_request(message.payload)
        self.asked.append(asked)
        self.send(self.encoder.reply(Reply(asked.id, accepted=True)))
