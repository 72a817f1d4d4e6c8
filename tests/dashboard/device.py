"""A device as the broker sees it: publishes what it is told to, and hears what it is asked."""

from __future__ import annotations

import dataclasses
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
from firmware_py.posture.rules import Rules
from firmware_py.posture.settings import (
    ChangeSettings,
    Chosen,
    Settings,
    SettingsInForce,
    Taken,
    with_exit,
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


def settings_in_force(**rules: float) -> SettingsInForce:
    """What a device goes by that nobody has changed, but for these numbers."""
    usual = Settings()
    return SettingsInForce(
        t_s=0.0,
        rules=dataclasses.asdict(usual.rules.but(rules)),
        mode=usual.mode,
        baseline_day=usual.baseline_day,
        quiet_hours=(),
        plan=usual.plan,
        timezone="Europe/Berlin",
        buzz=dict(usual.buzz),
        chosen={},
        clock_known=True,
    )


class Device:
    """Connected from construction to `close()`; `asked` collects requests, each is accepted."""

    def __init__(
        self,
        port: int,
        name: str = "back",
        run: str = "r1",
        simulated: bool = False,
        goes_by: SettingsInForce | None = None,
    ) -> None:
        self.encoder = Encoder(name, run, simulated=simulated)
        self.asked: list[Asked] = []
        self._showing: dict[str, Any] | None = None
        self._goes_by = goes_by
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
        if not connected.wait(60):
            raise TimeoutError("the broker did not answer the device")
        self.send(self.encoder.status(Status("online", "0.1.0")))
        self._streaming.start()

    def show(self, flexion_deg: float, **kwargs: Any) -> None:
        """From now on, ten readings a second say this."""
        self._showing = {"flexion_deg": flexion_deg, **kwargs}

    def go_by(self, in_force: SettingsInForce) -> None:
        """Say what is in force, and from now on change it when asked to."""
        self._goes_by = in_force
        self.send(self.encoder.settings(in_force))

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
        if not message.payload:  # what stood there is cleared
            return
        asked = decode_request(bytes(message.payload))
        self.asked.append(asked)
        self.send(self.encoder.reply(Reply(asked.id, accepted=True)))
        if isinstance(asked.request, ChangeSettings) and self._goes_by is not None:
            after = changed(self._goes_by, asked.request)
            taken = Taken(asked.id) if asked.request.lasting else after.taken
            self.go_by(dataclasses.replace(after, taken=taken))


def changed(now: SettingsInForce, asked: ChangeSettings) -> SettingsInForce:
    """What is in force after a change; a key that is put back goes to its default."""
    rules = Rules(**dict[str, Any](now.rules))
    back = {key: getattr(Rules(), key) for key in asked.reset if key in now.rules}
    wanted = {
        key: value for key, value in asked.by_key().items() if "." not in key and key not in asked.rules
    }
    chosen = {key: one for key, one in now.chosen.items() if key not in asked.reset}
    return dataclasses.replace(
        now,
        rules=dataclasses.asdict(rules.but(with_exit(rules, asked.rules) | back)),
        buzz=now.buzz | asked.buzz,
        chosen=chosen | {key: Chosen(asked.by, 0.0) for key in asked.by_key()},
        **wanted,
    )
