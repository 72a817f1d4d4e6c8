"""Somebody at the door of a broker with TLS: whether they are let in, and what they may do there."""

from __future__ import annotations

import ssl
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from firmware_py.links.broker import RunningBroker

from .conftest import until


class Client:
    """Somebody at the door."""

    def __init__(
        self, broker: RunningBroker, folder: Path, name: str | None, password: str | None = None
    ) -> None:
        self.codes: list[ReasonCode] = []
        self.granted: list[ReasonCode] = []
        self.acknowledged: list[ReasonCode] = []
        self.heard: list[str] = []
        self.client = client = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False
        )
        if name is not None:
            secret = password or (folder / "credentials" / name).read_text().strip()
            client.username_pw_set(name, secret)
        client.tls_set_context(ssl.create_default_context(cafile=str(folder / "tls/ca.crt")))
        client.on_connect = lambda _c, _d, _f, code, _p: self.codes.append(code)
        client.on_subscribe = lambda _c, _d, _m, codes, _p: self.granted.extend(codes)
        client.on_publish = lambda _c, _d, _m, code, _p: self.acknowledged.append(code)
        client.on_message = lambda _c, _d, message: self.heard.append(message.topic)
        client.connect(broker.host, broker.port)
        client.loop_start()
        assert until(lambda: self.codes)

    def let_in(self) -> bool:
        return not self.codes[0].is_failure

    def may_write(self, topic: str) -> bool:
        before = len(self.acknowledged)
        self.client.publish(topic, b"x", qos=1)
        assert until(lambda: len(self.acknowledged) > before)
        return not self.acknowledged[-1].is_failure

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
