"""A worker's share of what the broker brings, from the socket to the writer and back.

One thread has the connection to itself: it reads whatever is there, hands the messages on, and sends
what the writer wants acknowledged. The broker keeps the session under the worker's name, so what
arrives while the worker is away, and what it had not acknowledged, comes when it is back.
"""

from __future__ import annotations

import contextlib
import logging
import random
import re
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from firmware_py.errors import ConfigError, LinkError
from firmware_py.posture.messages import Outgoing, topic_filter

from . import mqtt5
from .ingest import KEPT, Ingest, Taken
from .settings import BrokerSettings
from .writer import Arrived, Writer

log = logging.getLogger(__name__)

KEEP_ALIVE_S = 60
RECONNECT_S = (1.0, 3.0)
"""Between attempts to reach the broker again: drawn from here, so that workers do not come all at once."""

PATIENCE_S = 10.0
"""For a connection to be made, and for the last acknowledgements to be sent."""

SESSION_EXPIRY_S = 60 * 86_400
"""How long the broker keeps what waits for a worker that is away."""

RECEIVE_MAXIMUM = 65_535
"""Messages under way to one worker, as many as MQTT has numbers for: among these devices take turns,
which they do not in the broker. At half a kilobyte each they are 30 MB here."""

_AT_ONCE = 262_144
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_KEPT_ENDS = tuple(f"/{channel.value}" for channel in KEPT)


@dataclass(frozen=True, slots=True)
class Share:
    """A worker's part of a shared subscription.

    Attributes:
        group: name of the workers that share the messages.
        worker: which of them, the same at every start: what waits for it waits under this name.
    """

    group: str
    worker: str

    def __post_init__(self) -> None:
        for name in (self.group, self.worker):
            if not _NAME.fullmatch(name):
                raise ConfigError(
                    f"{name!r} cannot name a group or a worker: 1 to 40 letters, digits, - or _ can"
                )

    @property
    def client_id(self) -> str:
        """As the broker knows it."""
        return f"plumbline-ingest-{self.group}-{self.worker}"


class ShareReader:
    """Stores a share of the messages until it is stopped; an absent broker is tried again.

    Args:
        settings: where the broker is.
        share: which part.
        ingest: takes the messages.
        on_stored: told what a batch came to, after its commit, from the writer's thread.
        on_link: told whether the broker is reached, from this reader's thread.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        share: Share,
        ingest: Ingest,
        on_stored: Callable[[Taken], None],
        on_link: Callable[[bool], None],
    ) -> None:
        self._settings = settings
        self._share = share
        self._on_link = on_link
        self._writer = Writer(ingest, self._acknowledge, on_stored)
        self._stopping = threading.Event()
        self._all_stored = threading.Event()
        self._sending = threading.Lock()
        self._out = bytearray()
        self._connection = 0
        self._linked = False
        self._wakes, self._waker = socket.socketpair()
        self._wakes.setblocking(False)
        self._waker.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="share", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._writer.start()
        self._thread.start()

    def stop(self) -> None:
        """Store what has arrived, acknowledge it, and let go of the broker."""
        self._stopping.set()
        self._writer.stop()
        self._all_stored.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join()
        self._wakes.close()
        self._waker.close()

    def publish(self, outgoing: Outgoing) -> None:
        """Hand a request to the broker, from any thread; it is lost where the broker is not reached."""
        with self._sending:
            if self._linked:
                self._out += mqtt5.publish(outgoing.topic, outgoing.payload)
        self._wake()

    def _acknowledge(self, stored: Sequence[Arrived]) -> None:
        # A number of an earlier connection may mean another message by now.
        with self._sending:
            self._out += mqtt5.acknowledge([a.mid for a in stored if a.connection == self._connection])
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full of earlier ones: whoever looks up looks for all
            self._waker.send(b"\0")

    def _run(self) -> None:
        where = f"{self._settings.host}:{self._settings.port}"
        while not self._stopping.is_set():
            try:
                with self._connected() as connection:
                    log.info("connected to the broker at %s", where)
                    self._converse(connection)
            except (OSError, LinkError, mqtt5.ProtocolError) as error:
                log.warning("lost the broker at %s (%s); trying again", where, error)
            self._linked = False
            self._on_link(False)
            self._stopping.wait(random.uniform(*RECONNECT_S))  # noqa: S311 - spreads, hides nothing

    def _connected(self) -> socket.socket:
        settings = self._settings
        made = socket.create_connection((settings.host, settings.port), PATIENCE_S)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if settings.ca_file is None:
            return made
        try:
            trust = ssl.create_default_context(cafile=str(settings.ca_file))
            return trust.wrap_socket(made, server_hostname=settings.host)
        except BaseException:
            made.close()
            raise

    def _converse(self, connection: socket.socket) -> None:
        settings = self._settings
        with self._sending:
            self._connection += 1
            self._out = bytearray(
                mqtt5.connect(
                    self._share.client_id,
                    keep_alive_s=KEEP_ALIVE_S,
                    session_expiry_s=SESSION_EXPIRY_S,
                    receive_maximum=RECEIVE_MAXIMUM,
                    username=settings.username,
                    password=settings.password,
                )
            )
        connection.setblocking(False)
        inbound = mqtt5.Inbound()
        keep_alive_s = float(KEEP_ALIVE_S)
        heard_s = sent_s = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self._wakes, selectors.EVENT_READ)
            selector.register(connection, selectors.EVENT_READ)
            while not self._all_stored.is_set() or self._out:
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
                selector.modify(connection, wanted)
                ready = {key.fileobj for key, _ in selector.select(keep_alive_s / 4)}
                if self._wakes in ready:
                    self._wakes.recv(4096)
                if connection in ready and (data := _received(connection)):
                    heard_s = time.monotonic()
                    published, answers = inbound.feed(data)
                    if not self._stopping.is_set():  # what is not taken any more comes again
                        self._hand_on(published)
                    for answer in answers:
                        keep_alive_s = self._answered(answer, keep_alive_s)
                now_s = time.monotonic()
                if now_s - heard_s > 1.5 * keep_alive_s:
                    raise LinkError(f"it has said nothing for {now_s - heard_s:.0f} s")
                if now_s - sent_s > keep_alive_s / 2 and not self._out:
                    self._send(mqtt5.PINGREQ)
                if self._out and self._flush(connection):
                    sent_s = now_s
        connection.settimeout(PATIENCE_S)
        connection.sendall(mqtt5.GOODBYE)

    def _hand_on(self, published: Sequence[mqtt5.Published]) -> None:
        number = self._connection
        arrived = [
            Arrived(topic, payload, mid, int(mid > 0), number)
            for topic, payload, mid in published
            if topic.endswith(_KEPT_ENDS)
        ]
        if arrived:
            self._writer.put(*arrived)

    def _answered(self, answer: mqtt5.Answer, keep_alive_s: float) -> float:
        failed = [reason for reason in answer.reasons if reason >= mqtt5.REFUSED]
        if answer.kind == mqtt5.DISCONNECT:
            raise LinkError(f"it ended the connection, reason 0x{answer.reasons[0]:02x}")
        if answer.kind == mqtt5.CONNACK:
            if failed:
                raise LinkError(f"it refuses {self._share.client_id}, reason 0x{failed[0]:02x}")
            filters = mqtt5.filters_of(self._share.group, map(topic_filter, KEPT))
            self._send(mqtt5.subscribe(1, filters))
            return float(answer.keep_alive_s or keep_alive_s)
        if answer.kind == mqtt5.SUBACK:
            if failed:
                raise LinkError(f"it refuses the shared subscriptions, reason 0x{failed[0]:02x}")
            self._linked = True
            self._on_link(True)
        return keep_alive_s

    def _send(self, packet: bytes) -> None:
        with self._sending:
            self._out += packet

    def _flush(self, connection: socket.socket) -> bool:
        """Send what the socket takes; whether it took anything."""
        with self._sending:
            try:
                sent = connection.send(self._out)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
            del self._out[:sent]
        return sent > 0


def _received(connection: socket.socket) -> bytes:
    """All that is there by now, up to some hundred kilobytes.

    Raises:
        LinkError: the broker closed the connection.
    """
    chunks: list[bytes] = []
    size = 0
    while size < _AT_ONCE:
        try:
            chunk = connection.recv(_AT_ONCE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            break
        if not chunk:
            raise LinkError("it closed the connection")
        chunks.append(chunk)
        size += len(chunk)
        if not isinstance(connection, ssl.SSLSocket):
            break  # select would tell of more; what TLS has decrypted already it would not
    return b"".join(chunks)
