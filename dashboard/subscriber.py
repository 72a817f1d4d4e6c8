"""Listens to the broker: to all, or to the devices that are being looked at.

A dashboard at home hears all there is; a web process beside ingest workers (`share`) hears only of the
devices whose pages are open. What is to be kept is
acknowledged after the commit that stored it (`writer`). The broker keeps that client's session (a
stable client id), so what arrives while it is away waits there. Readings and answers are for the
moment: they are neither kept nor waited for.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from firmware_py.posture.messages import Channel, Outgoing, topic_filter

from .ingest import KEPT, Ingest, Taken
from .settings import BrokerSettings
from .standing import STANDING
from .writer import Arrived, Writer

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
RECONNECT_S = (1, 3)
"""Between attempts to reach the broker again: from, to."""

LIVE = (Channel.LIVE, Channel.REPLY, Channel.COMMAND, *STANDING)
"""The channels that only a page wants; of requests, those that wait for a device that is away."""

FOLLOWED = (*LIVE, Channel.STATUS, Channel.EVENT, Channel.MINUTE)
"""What a web process hears of a device that is being looked at."""

_KEPT_ENDS = tuple(f"/{channel.value}" for channel in KEPT)


class Subscriber:
    """One client of the broker.

    Args:
        settings: where the broker is.
        client_id: the same at every start where anything is kept.
        ingest: takes the messages that are kept; None keeps nothing.
        on_message: told (topic, payload) of every message at once, from paho's thread.
        on_stored: told what a batch came to, after its commit, from the writer's thread.
        on_link: told whether the broker is reached, from paho's thread.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        ingest: Ingest | None,
        on_message: Callable[[str, bytes], None],
        on_stored: Callable[[Taken], None],
        on_link: Callable[[bool], None],
    ) -> None:
        self._settings = settings
        self._on_message = on_message
        self._on_link = on_link
        self._followed: frozenset[str] = frozenset()
        self._stopping = threading.Event()
        self._connection = 0
        self._writer = None if ingest is None else Writer(ingest, self._acknowledge, on_stored)
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=ingest is None,
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        if settings.username:
            client.username_pw_set(settings.username, settings.password)
        if settings.ca_file is not None:
            client.tls_set(ca_certs=str(settings.ca_file))
        client.reconnect_delay_set(*RECONNECT_S)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._arrived
        self._client = client

    def start(self) -> None:
        """Begin; an absent broker is tried again until it is there."""
        if self._writer is not None:
            self._writer.start()
        host, port = self._settings.host, self._settings.port
        self._client.connect_async(host, port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Store what has arrived, acknowledge it, and let go of the broker."""
        self._stopping.set()
        if self._writer is not None:
            self._writer.stop()
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, outgoing: Outgoing) -> bool:
        """Hand a message to the broker; False where it is not reached (nothing is kept for later)."""
        if not self._client.is_connected():
            return False
        sent = self._client.publish(outgoing.topic, outgoing.payload, qos=1, retain=outgoing.retain)
        return sent.rc == mqtt.MQTT_ERR_SUCCESS

    def follow(self, devices: frozenset[str]) -> None:
        """Hear of these devices and of no others; for a client that keeps nothing."""
        before, self._followed = self._followed, devices
        if self._client.is_connected():
            if new := devices - before:
                self._client.subscribe(_of_devices(new))
            if gone := before - devices:
                self._client.unsubscribe([name for name, _ in _of_devices(gone)])

    def _connected(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _props: object
    ) -> None:
        if reason.is_failure:
            log.error("the broker at %s refuses this client: %s", self._where, reason)
            return
        self._connection += 1
        log.info("connected to the broker at %s", self._where)
        if self._writer is not None:
            filters = [(topic_filter(channel), 1) for channel in KEPT]
            client.subscribe([*filters, *((topic_filter(channel), 0) for channel in LIVE)])
        elif self._followed:
            client.subscribe(_of_devices(self._followed))
        self._on_link(True)

    def _disconnected(
        self, _client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _props: object
    ) -> None:
        if not self._stopping.is_set():
            log.warning("lost the broker at %s (%s); trying again", self._where, reason)
        self._on_link(False)

    def _arrived(self, client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(not text)"
        payload = bytes(message.payload)
        if self._writer is not None and topic.endswith(_KEPT_ENDS):
            self._writer.put(Arrived(topic, payload, message.mid, message.qos, self._connection))
        else:
            client.ack(message.mid, message.qos)
        self._on_message(topic, payload)

    def _acknowledge(self, batch: Sequence[Arrived]) -> None:
        for arrived in batch:
            # A number of an earlier connection may mean another message by now.
            if arrived.connection == self._connection:
                self._client.ack(arrived.mid, arrived.qos)

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"


def _of_devices(devices: frozenset[str]) -> list[tuple[str, int]]:
    return [(topic_filter(channel, device), 0) for device in sorted(devices) for channel in FOLLOWED]
