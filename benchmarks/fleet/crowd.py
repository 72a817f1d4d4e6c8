"""A thousand simulated devices that send live, for as little processor time as a thousand sockets can take.

What the devices do is done on other machines in truth: here every microsecond of it is taken from what is
measured. So each message is encoded once, a device adds its topic and a packet number, and the broker's
acknowledgements are read when the device has its next turn. Each device is a connection of its own, has at
most `WINDOW` messages under way, and every message is a packet and a system call of its own.
"""

from __future__ import annotations

import os
import selectors
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized

from dashboard.mqtt5 import encoded_length

from .device import ACCEPTED, WINDOW, Template, days

DEVICES = 1000
STORY_DAYS = 8

TICK_S = 0.005
"""Between two looks at the clock: what is due is sent then, device by device."""

OPENING = 3
"""Messages with which a run begins: its status, its anchor, the start of a session."""

_ACKNOWLEDGEMENT = 4
"""Bytes of all that the broker says to a device."""


@dataclass(slots=True)
class _Sender:
    """One device: its socket, its part of every packet, and what is under way."""

    connection: socket.socket
    topics: dict[str, bytes]
    goes_on_at: int
    number: int = 0
    under_way: int = 0
    at: int = 0
    unread: int = 0  # bytes of an acknowledgement that came in two


def send_live(port: int, per_s: float, for_s: float, acknowledged: Synchronized[int] | None = None) -> None:
    """Send `per_s` messages a second together, each device in turn, for a time.

    Args:
        port: of the broker on this machine.
        per_s: messages a second of all devices.
        for_s: how long, seconds.
        acknowledged: is kept at how many messages the broker has taken.
    """
    story = [_encoded(message) for day in days(STORY_DAYS) for message in day]
    # Each goes on at a place of its own in the first day: they do not all begin their next runs at once.
    first = len(days(1)[0])
    senders = [
        _connected(port, f"busy-{number:04d}", OPENING + number * (first - OPENING) // DEVICES)
        for number in range(DEVICES)
    ]
    began_s = time.monotonic()
    taken = sent = 0
    turn = _turns(senders)
    while (passed_s := time.monotonic() - began_s) < for_s:
        while sent < passed_s * per_s:
            sender = next(turn)
            taken += _hear(sender)
            if sender.under_way < WINDOW:
                _tell(sender, story[sender.at % len(story)])
            sent += 1  # one that may not send misses its turn, and the rate that is reached shows it
        if acknowledged is not None:
            acknowledged.value = taken
        time.sleep(TICK_S)


def _encoded(message: Template) -> tuple[str, bytes, bytes]:
    """Its channel, the fixed header up to the topic, and the payload. All topics are equally long."""
    length = len(_topic("busy-0000", message.channel))
    head = b"\x33" if message.retain else b"\x32"  # QoS 1
    head += encoded_length(4 + length + len(message.payload)) + struct.pack("!H", length)
    return message.channel, head, message.payload


def _topic(name: str, channel: str) -> bytes:
    return f"plumbline/v1/{name}/{channel}".encode()


def _connected(port: int, name: str, goes_on_at: int) -> _Sender:
    connection = socket.create_connection(("127.0.0.1", port), 30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client_id = f"fleet-{name}".encode()
    # MQTT 3.1.1, a clean session, ten minutes of keep-alive.
    body = b"\x00\x04MQTT\x04\x02" + struct.pack("!HH", 600, len(client_id)) + client_id
    connection.sendall(b"\x10" + encoded_length(len(body)) + body)
    answer = connection.recv(_ACKNOWLEDGEMENT, socket.MSG_WAITALL)
    if answer[:1] != bytes([ACCEPTED]) or answer[3] != 0:
        raise ConnectionError(f"the broker refuses {name}: {answer!r}")
    connection.setblocking(False)
    channels = ("minute", "event", "session", "anchor", "status")
    return _Sender(connection, {channel: _topic(name, channel) for channel in channels}, goes_on_at)


def _turns(senders: Sequence[_Sender]) -> Iterator[_Sender]:
    while True:
        yield from senders


def _hear(sender: _Sender) -> int:
    """Read what acknowledgements there are; how many."""
    if not sender.under_way:
        return 0
    try:
        came = len(sender.connection.recv(WINDOW * _ACKNOWLEDGEMENT)) + sender.unread
    except BlockingIOError:
        return 0
    count, sender.unread = divmod(came, _ACKNOWLEDGEMENT)
    sender.under_way -= count
    return count


def _tell(sender: _Sender, message: tuple[str, bytes, bytes]) -> None:
    channel, head, payload = message
    sender.number = sender.number % 65_535 + 1
    packet = b"".join((head, sender.topics[channel], sender.number.to_bytes(2, "big"), payload))
    sent = sender.connection.send(packet)
    if sent < len(packet):  # the socket is full, and the broker far behind
        with selectors.DefaultSelector() as selector:
            selector.register(sender.connection, selectors.EVENT_WRITE)
            while sent < len(packet):
                selector.select()
                sent += sender.connection.send(packet[sent:])
    sender.at = sender.goes_on_at if sender.at + 1 == OPENING else sender.at + 1
    sender.under_way += 1


def crowd(port: int, per_s: float, acknowledged: Synchronized[int], nice: int) -> None:
    """`send_live` in a process of its own, until it is told to end."""
    os.setsid()
    os.nice(nice)
    send_live(port, per_s, 3600.0, acknowledged)
