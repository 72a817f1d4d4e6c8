"""Simulated devices: real messages over real connections, thousands of them in one event loop.

Each is a client of its own with a window of messages under way, as a device's outbox is. Only what a
device needs of MQTT 3.1.1 is here (CONNECT, PUBLISH at QoS 1, PUBACK): with a library's thread or
objects for each of thousands of sockets, the load would be measured and not what bears it.
"""

from __future__ import annotations

import asyncio
import random
import struct
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from dashboard.mqtt5 import encoded_length
from firmware_py.posture.messages import Outgoing, decode
from tests.dashboard.seed import BERLIN, history

WINDOW = 20
"""Messages under way without an acknowledgement."""

ACCEPTED = 0x20


class Template(NamedTuple):
    """A message without its device: the payload names none, so every device may send it."""

    channel: str
    payload: bytes
    retain: bool
    run: str
    session: str
    seq: int | None


def today() -> date:
    """The wearers' day, as the web process has it."""
    return datetime.now(BERLIN).date()


def days(count: int, last: date | None = None) -> list[list[Template]]:
    """So many days of one wearer's messages, each a run of its own; anchors are retained."""
    until = last or today() - timedelta(days=1)
    return [[_template(message) for message in batch] for batch in history("x", until, count, BERLIN)]


def _template(message: Outgoing) -> Template:
    read = decode(message.topic, message.payload)
    channel = message.topic.rpartition("/")[2]
    return Template(channel, message.payload, message.retain, read.run, read.session, read.seq)


@dataclass(eq=False)
class Device(asyncio.Protocol):
    """One device.

    Attributes:
        sent_at_s: when each durable message was handed to the socket first, by (session, seq).
        acknowledged: messages that the broker took.
    """

    name: str
    port: int
    sent_at_s: dict[tuple[str, int], float] = field(default_factory=dict)
    acknowledged: int = 0
    _waiting: deque[Template] = field(default_factory=deque)
    _under_way: dict[int, Template] = field(default_factory=dict)
    _transport: asyncio.Transport | None = None
    _connected: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _mid: int = 0
    _buffer: bytearray = field(default_factory=bytearray)

    async def connect(self) -> None:
        """Connect, as often as it takes; what was under way is sent again."""
        loop = asyncio.get_running_loop()
        while not self._connected.is_set():
            try:
                await loop.create_connection(lambda: self, "127.0.0.1", self.port)
                async with asyncio.timeout(30):
                    await self._connected.wait()
            except (OSError, TimeoutError):
                await asyncio.sleep(random.uniform(0.1, 1.0))

    def disconnect(self) -> None:
        """Be gone, without a word."""
        self._connected.clear()
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def tell(self, messages: Sequence[Template]) -> None:
        """Have messages sent, now or when connected again."""
        self._waiting.extend(messages)
        self._idle.clear()
        self._send()

    async def delivered(self) -> None:
        """Wait until the broker has taken everything."""
        if self._waiting or self._under_way:
            await self._idle.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open: say who we are."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer.clear()
        again, self._under_way = self._under_way, {}
        self._waiting.extendleft(reversed(again.values()))
        client_id = f"fleet-{self.name}".encode()
        body = (
            b"\x00\x04MQTT\x04\x00" + struct.pack("!H", 600) + struct.pack("!H", len(client_id)) + client_id
        )
        flagged = bytearray(body)
        flagged[7] = 0x02  # a clean session: nothing is waiting for a device
        transport.write(b"\x10" + encoded_length(len(flagged)) + flagged)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self._connected.clear()

    def data_received(self, data: bytes) -> None:
        """Acknowledgements: all of the broker's packets to a device are four bytes long."""
        self._buffer += data
        while len(self._buffer) >= 4:
            kind, _, first, second = self._buffer[:4]
            del self._buffer[:4]
            if kind == ACCEPTED:
                self._connected.set()
                continue
            self._under_way.pop(first << 8 | second, None)
            self.acknowledged += 1
        self._send()
        if not self._waiting and not self._under_way:
            self._idle.set()

    def _send(self) -> None:
        if self._transport is None or not self._connected.is_set():
            return
        packets = bytearray()
        now_s = time.time()
        while self._waiting and len(self._under_way) < WINDOW:
            message = self._waiting.popleft()
            self._mid = self._mid % 65_535 + 1
            self._under_way[self._mid] = message
            if message.seq is not None:
                self.sent_at_s.setdefault((message.session, message.seq), now_s)
            topic = f"plumbline/v1/{self.name}/{message.channel}".encode()
            packets += b"\x33" if message.retain else b"\x32"
            packets += encoded_length(4 + len(topic) + len(message.payload))
            packets += struct.pack("!H", len(topic)) + topic + struct.pack("!H", self._mid)
            packets += message.payload
        if packets:
            self._transport.write(bytes(packets))


async def connect_all(devices: Sequence[Device], at_once: int = 200) -> None:
    """Connect many, so many at a time: a listening socket's queue is short."""
    for cut in range(0, len(devices), at_once):
        await asyncio.gather(*(device.connect() for device in devices[cut : cut + at_once]))
