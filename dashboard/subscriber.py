"""Listens to the broker. A durable message is acknowledged after the commit that stored it.

The broker keeps this client's session (a stable client id, no clean session), so what arrives
while the dashboard is away waits there. Two threads: paho's, which only sorts, and the writer,
which takes what has gathered, stores it in one transaction and then acknowledges it. A message
that was not acknowledged comes again, and changes nothing if it was stored after all.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from sqlalchemy.exc import DBAPIError

from firmware_py.posture.messages import Channel, Outgoing, topic_filter

from .ingest import KEPT, Ingest, Taken
from .live import STANDING
from .settings import BrokerSettings

log = logging.getLogger(__name__)

MAX_BATCH = 500
KEEPALIVE_S = 30
RETRY_S = 1.0

_KEPT_ENDS = tuple(f"/{channel.value}" for channel in KEPT)


class _Arrived(NamedTuple):
    topic: str
    payload: bytes
    mid: int
    qos: int
    connection: int


class Subscriber:
    """One client of the broker.

    Args:
        settings: where the broker is.
        client_id: the same at every start of this store.
        ingest: takes the messages that are kept.
        on_message: told (topic, payload) of every message at once, from paho's thread.
        on_stored: told what a batch came to, after its commit, from the writer's thread.
        on_link: told whether the broker is reached, from paho's thread.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        ingest: Ingest,
        on_message: Callable[[str, bytes], None],
        on_stored: Callable[[Taken], None],
        on_link: Callable[[bool], None],
    ) -> None:
        self._settings = settings
        self._ingest = ingest
        self._on_message = on_message
        self._on_stored = on_stored
        self._on_link = on_link
        self._queue: queue.SimpleQueue[_Arrived | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._connection = 0
        self._writer = threading.Thread(target=self._write, name="dashboard-writer", daemon=True)
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False, manual_ack=True
        )
        if settings.username:
            client.username_pw_set(settings.username, settings.password)
        if settings.ca_file is not None:
            client.tls_set(ca_certs=str(settings.ca_file))
        client.reconnect_delay_set(1, 15)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._arrived
        self._client = client

    def start(self) -> None:
        """Begin; an absent broker is tried again until it is there."""
        self._writer.start()
        self._client.connect_async(self._settings.host, self._settings.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Store what has arrived, acknowledge it, and let go of the broker."""
        self._stopping.set()
        self._queue.put(None)
        if self._writer.ident is not None:
            self._writer.join()
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, outgoing: Outgoing) -> bool:
        """Hand a message to the broker; False where it is not reached (nothing is kept for later)."""
        if not self._client.is_connected():
            return False
        sent = self._client.publish(outgoing.topic, outgoing.payload, qos=1, retain=outgoing.retain)
        return sent.rc == mqtt.MQTT_ERR_SUCCESS

    def _connected(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _props: object
    ) -> None:
        if reason.is_failure:
            log.error("the broker at %s refuses this dashboard: %s", self._where, reason)
            return
        self._connection += 1
        log.info("connected to the broker at %s", self._where)
        filters = [(topic_filter(channel), 1) for channel in KEPT]
        filters += [(topic_filter(channel), 0) for channel in (Channel.LIVE, Channel.REPLY, *STANDING)]
        client.subscribe(filters)
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
        if topic.endswith(_KEPT_ENDS):
            self._queue.put(_Arrived(topic, payload, message.mid, message.qos, self._connection))
        else:
            client.ack(message.mid, message.qos)
        self._on_message(topic, payload)

    def _write(self) -> None:
        while True:
            batch = self._next_batch()
            if batch and not self._store(batch):
                return
            if self._stopping.is_set() and self._queue.empty():
                return

    def _next_batch(self) -> list[_Arrived]:
        batch: list[_Arrived] = []
        while len(batch) < MAX_BATCH:
            try:
                arrived = self._queue.get(block=not batch)
            except queue.Empty:
                break
            if arrived is None:
                break
            batch.append(arrived)
        return batch

    def _store(self, batch: list[_Arrived]) -> bool:
        """Store a batch, however long the database takes to come back; False when told to stop meanwhile."""
        while True:
            try:
                taken = self._ingest.take([(arrived.topic, arrived.payload) for arrived in batch])
                break
            except DBAPIError as error:
                log.error("the database cannot take %d messages, trying again: %s", len(batch), error.orig)
                if self._stopping.wait(RETRY_S):
                    return False  # never acknowledged, so the broker brings them again
        for arrived in batch:
            # A number of an earlier connection may mean another message by now.
            if arrived.connection == self._connection:
                self._client.ack(arrived.mid, arrived.qos)
        self._on_stored(taken)
        return True

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"
