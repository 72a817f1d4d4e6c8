"""One connection to an MQTT broker; the only file that imports paho.

MQTT 5 by default, for what 3.1.1 cannot say: a broker that refuses a message (its ACL) says so in
the acknowledgement instead of dropping it in silence, and it tells when nobody has subscribed. The
embedded broker speaks 3.1.1 only.

The client is driven through paho's interface for external loops by one thread. Live readings leave
from the sampling thread itself (`try_live`), under a lock that is waited for a millisecond at most: a
thread switch and paho's bookkeeping would cost several times what the reading did.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from ..errors import LinkError
from ..posture.messages import Outgoing

NOBODY_LISTENS: Final = 0x10
"""PUBACK reason "no matching subscribers" (MQTT 5, 3.4.2.1)."""

WINDOW: Final = 100
"""Messages in flight at once where the broker allows it, so that none waits for the one before."""

NARROW_WINDOW: Final = 20
"""Where it does not say what it allows (MQTT 3.1.1): what Mosquitto would, unless told otherwise."""

_CONNECT_TIMEOUT_S = 5.0
_UNANSWERED_S = 5.0
"""A connection whose other end has confirmed nothing for so long is given up (RFC 5482). TCP alone would try
for a quarter of an hour, ever more seldom, and notice a link that is back as seldom."""

_PUBLISH_QOS_0 = 0x30

_LIVE_WAIT_S = 0.001
"""Longest wait of the sampling thread for the driving thread; a reading that finds no way out is lost."""


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """Where the broker is and who we are to it.

    Attributes:
        host: name or address.
        port: 1883 in the clear, 8883 with TLS, by custom.
        username: None for a broker that asks for none.
        password: read from a file of the owner's; never shown by `repr`.
        ca_file: the authority that signed the broker's certificate; None for a connection in the
            clear, which is for loopback only.
        keepalive_s: the broker notices a silent device after one and a half times this.
        protocol: "5", or "3.1.1" for a broker that knows no better.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    keepalive_s: int = 20
    protocol: Literal["5", "3.1.1"] = "5"

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read along: TLS, or no network at all."""
        return self.ca_file is not None or self.host in ("localhost", "::1") or self.host.startswith("127.")

    def __repr__(self) -> str:
        """Everything but the password."""
        return f"MqttSettings({self.username or 'anonymous'}@{self.host}:{self.port}, MQTT {self.protocol})"


class Connection:
    """One spell of being connected; after a `LinkError` it is finished and another is made.

    Args:
        settings: where and who.
        client_id: unique at the broker; a second client of the same name throws the first one out.
        will: what the broker publishes when we vanish.
        live_topic: where `try_live` sends to.
        on_ack: called with the message id and the reason code of each acknowledgement.
        on_message: called with topic and payload of each message, and whether the broker had kept it
            (retained) from before.
    """

    def __init__(
        self,
        settings: MqttSettings,
        client_id: str,
        *,
        will: Outgoing,
        live_topic: str,
        on_ack: Callable[[int, int], None],
        on_message: Callable[[str, bytes, bool], None],
    ) -> None:
        self._settings = settings
        self._v5 = settings.protocol == "5"
        self._lock = threading.Lock()
        self._live_head = publish_head(live_topic, v5=self._v5)
        self._rest = b""
        self._ready = False
        self._lost = ""
        self.window = NARROW_WINDOW
        """Messages that may be in flight at once; more, and the broker may hang up."""
        self._on_ack = on_ack
        self._on_message = on_message
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            # With MQTT 5 a clean start is asked for in connect(), and paho refuses it here.
            clean_session=None if self._v5 else True,
            protocol=MQTTProtocolVersion.MQTTv5 if self._v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(0)  # the delivery keeps within `window`; paho cannot learn it late
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._acknowledged
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        if settings.ca_file is not None:
            try:
                client.tls_set_context(ssl.create_default_context(cafile=str(settings.ca_file)))
            except (OSError, ssl.SSLError) as error:
                raise LinkError(f"the certificate {settings.ca_file} cannot be read: {error}") from error

    def open(self, *subscriptions: str) -> None:
        """Connect, and subscribe; blocks for some seconds at most.

        Raises:
            LinkError: naming the broker and what it or the network said.
        """
        where = f"{self._settings.host}:{self._settings.port}"
        try:
            self._client.connect(
                self._settings.host, self._settings.port, keepalive=self._settings.keepalive_s
            )
        except (OSError, ValueError) as error:
            raise LinkError(f"no broker at {where}: {error}") from error
        sock = self._client.socket()
        if isinstance(sock, socket.socket) and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * _UNANSWERED_S))
        deadline = time.monotonic() + _CONNECT_TIMEOUT_S
        while not self._client.is_connected():
            if time.monotonic() > deadline:
                raise LinkError(f"the broker at {where} accepted the connection and then said nothing")
            self.pump(None, 0.1)
        for subscription in subscriptions:
            with self._lock:
                self._client.subscribe(subscription, qos=1)
        self._ready = True

    def publish(self, message: Outgoing) -> int:
        """Hand a message to the broker at QoS 1; the number by which it will be acknowledged."""
        with self._lock:
            return self._client.publish(message.topic, message.payload, 1, message.retain).mid

    def try_live(self, payload: bytes) -> bool:
        """Send at QoS 0 from any thread, at once or not at all; False where it was not sent.

        Writes the PUBLISH packet (MQTT 5 and 3.1.1, section 3.3) itself, 3 µs where paho takes 16.
        """
        if not self._ready or not self._lock.acquire(timeout=_LIVE_WAIT_S):
            return False
        try:
            sock = self._client.socket()
            if sock is None or self._rest or self._client.want_write():
                return False
            packet = publish_packet(self._live_head, payload)
            try:
                sent = sock.send(packet)
            except ssl.SSLWantWriteError:
                sent = 0  # TLS has taken the record half: the same bytes must follow
            except OSError:
                return False  # full, or broken, which the driving thread will find out
            self._rest = packet[sent:]
            return True
        finally:
            self._lock.release()

    def pump(self, wake: socket.socket | None, timeout_s: float) -> bool:
        """Wait for the network or for `wake`, at most `timeout_s`, and do what there is to do.

        Returns:
            Whether the broker said anything, so that it was alive just now.

        Raises:
            LinkError: the connection is lost, with the reason where the broker gave one.
        """
        sock = self._client.socket()
        if sock is None:
            raise self._loss("closed")
        reads = [sock] if wake is None else [sock, wake]
        writes = [sock] if self._rest or self._client.want_write() else []
        pending = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        try:
            readable, writable, _ = select.select(reads, writes, [], 0.0 if pending else timeout_s)
        except (OSError, ValueError) as error:
            raise self._loss(str(error)) from error
        with self._lock:
            if not self._flushed(sock):
                return False
            heard = sock in readable or pending
            if heard:
                self._check(self._client.loop_read())
            if writable or self._client.want_write():
                self._check(self._client.loop_write())
            self._check(self._client.loop_misc())
        if self._lost:
            raise self._loss(self._lost)
        return heard

    def close(self) -> None:
        """Say goodbye; the broker then keeps the last will to itself."""
        self._ready = False
        with self._lock:
            self._client.disconnect()
            if self._client.want_write():
                self._client.loop_write()

    def drop(self) -> None:
        """Hang up without a word, as a broken link would."""
        self._ready = False
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _flushed(self, sock: Any) -> bool:  # Any: paho's socket is plain, TLS or its own wrapper
        if self._rest:
            try:
                self._rest = self._rest[sock.send(self._rest) :]
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
            except OSError as error:
                raise self._loss(str(error)) from error
        return not self._rest

    def _check(self, code: MQTTErrorCode) -> None:
        if code not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_AGAIN):
            raise self._loss(self._lost or paho.error_string(code))

    def _loss(self, reason: str) -> LinkError:
        self._ready = False
        return LinkError(f"lost the broker at {self._settings.host}:{self._settings.port}: {reason}")

    def _connected(
        self, _client: object, _data: object, _flags: object, code: ReasonCode, properties: object
    ) -> None:
        if self._v5:
            self.window = min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW))  # MQTT 5, 3.2.2.3.3
        if code.is_failure:
            hint = "; set mqtt.protocol = '3.1.1'" if "protocol" in str(code).lower() else ""
            self._lost = f"it refuses us: {code}{hint}"

    def _disconnected(
        self, _client: object, _data: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self._ready = False
        self._lost = self._lost or str(code)

    def _acknowledged(
        self, _client: object, _data: object, mid: int, code: ReasonCode, _properties: object
    ) -> None:
        self._on_ack(mid, code.value)

    def _subscribed(
        self, _client: object, _data: object, _mid: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        if any(code.is_failure for code in codes):
            self._lost = f"it refuses our subscription: {codes[0]}; see its ACL"

    def _received(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self._on_message(message.topic, bytes(message.payload), message.retain)


def publish_head(topic: str, *, v5: bool) -> bytes:
    """The variable header of a PUBLISH at QoS 0: the topic and, in MQTT 5, no properties."""
    name = topic.encode()
    return len(name).to_bytes(2, "big") + name + (b"\0" if v5 else b"")


def publish_packet(head: bytes, payload: bytes) -> bytes:
    """A PUBLISH packet at QoS 0: its type, the length of the rest as a varint, the rest."""
    length = len(head) + len(payload)
    sizes = bytearray()
    while length > 127:
        sizes.append(length & 127 | 128)
        length >>= 7
    sizes.append(length)
    return b"%c%b%b%b" % (_PUBLISH_QOS_0, bytes(sizes), head, payload)
