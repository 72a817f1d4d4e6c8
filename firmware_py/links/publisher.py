"""The listener that tells the broker; sampling never waits for it.

Three threads meet here. The sampling thread hands events to the *writer* (`writer.py`), which brings
them to the outbox on disk; live readings it sends itself, while somebody watches, at once or not at
all. The *link* connects, sends what waits in the outbox in order, and strikes off what the broker
acknowledges.
"""

from __future__ import annotations

import contextlib
import logging
import random
import socket
import threading
import time
from collections import deque
from typing import Final

from ..errors import LinkError
from ..posture.events import Event, Reading
from ..posture.messages import (
    Anchor,
    Asked,
    Channel,
    Encoder,
    Now,
    Reply,
    Status,
    Watch,
    topic,
)
from .anchor import RunClock
from .homeassistant import BIRTH_PAYLOAD, BIRTH_TOPIC, HomeAssistant
from .mqtt import NOBODY_LISTENS, WINDOW, Connection, MqttSettings
from .outbox import Outbox
from .requests import Doorkeeper, Watchers
from .writer import CHORES_EVERY_S, Writer

log = logging.getLogger(__name__)

UNHEARD_RETRY_S: Final = 30.0
"""Where nobody has subscribed, messages stay in the outbox and are offered again after this."""

BACK_OFF_S: Final = (0.5, 30.0)
"""First and longest wait between two attempts; doubled each time, with a quarter of jitter."""

GOODBYE_S: Final = 1.0
"""How long the broker may take to acknowledge the farewell."""

REFUSED: Final = 0x80
"""Reason codes from here on are refusals (MQTT 5, 2.4)."""

WAITING_REQUESTS: Final = 100
"""Requests that the monitor has not fetched yet; more are refused."""


class Publisher:
    """Publishes one run's events; call it with each of them.

    Args:
        settings: where the broker is.
        encoder: makes the messages, for one device and run.
        outbox: keeps the durable ones; closed by `stop`.
        version: of the software, told in the status.
        clock: tells when a run that happens now is on the wall clock; None for one that is played back.
        home: announces the device to Home Assistant and tells it how things stand; None for neither.
        back_off_s: first and longest wait between two attempts to connect.
        chores_every_s: how often clock and disk are looked at.
    """

    def __init__(
        self,
        settings: MqttSettings,
        encoder: Encoder,
        outbox: Outbox,
        *,
        version: str = "",
        clock: RunClock | None = None,
        home: HomeAssistant | None = None,
        back_off_s: tuple[float, float] = BACK_OFF_S,
        chores_every_s: float = CHORES_EVERY_S,
    ) -> None:
        self._settings = settings
        self._encoder = encoder
        self._outbox = outbox
        self._version = version
        self._back_off_s = back_off_s
        self._writer = Writer(encoder, outbox, clock, self._wake, chores_every_s=chores_every_s)
        self._home = home
        self._now: Now | None = None
        self._announce = False
        self._replies: deque[Reply] = deque(maxlen=WAITING_REQUESTS)
        self._asked: deque[Asked] = deque()
        self._command_topic = topic(encoder.device, Channel.COMMAND)
        self._watchers = Watchers()
        self._doorkeeper = Doorkeeper(self._replies.append)
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)
        self._connection: Connection | None = None
        self._in_flight: dict[int, int] = {}
        self._sent_to = 0
        self._hold_until_s = 0.0
        self._refusal = ""
        self._stop_at_s: float | None = None
        self._link = threading.Thread(target=self._run, name="mqtt", daemon=True)

    # ---- the sampling thread ----

    def start(self) -> None:
        """Begin to write and to connect; returns at once, whether or not there is a broker."""
        self._writer.start()
        self._link.start()

    def __call__(self, event: Event) -> None:
        """Publish an event: a reading while somebody watches, everything else for certain."""
        if self._home is not None and (now := self._home(event)) is not None:
            self._now = now
            self._wake()
        if type(event) is Reading:
            connection = self._connection
            if connection is not None and self._watchers.last_s > time.monotonic():
                connection.try_live(self._encoder.live(event))
            return
        self._writer.put(event)

    def anchor(self, anchor: Anchor) -> None:
        """Tell when this run was on the wall clock, where no `clock` finds out."""
        self._writer.put(anchor)

    def asked(self) -> list[Asked]:
        """Requests that came in since the last call, to be carried out and answered (`reply`)."""
        found = []
        while self._asked:
            found.append(self._asked.popleft())
        return found

    def reply(self, reply: Reply) -> None:
        """Answer a request."""
        self._replies.append(reply)
        self._wake()

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._connection is not None

    @property
    def watched(self) -> bool:
        """Whether readings are being sent."""
        return self._watchers.last_s > time.monotonic()

    def waiting(self) -> int:
        """Durable messages that the broker has not acknowledged."""
        return self._outbox.waiting()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Write everything to disk, give the broker `timeout_s` to take it, and say goodbye."""
        self._writer.stop()
        self._stop_at_s = time.monotonic() + timeout_s
        self._wake()
        self._link.join(timeout_s + 10.0)
        if not self._link.is_alive():
            self._outbox.close()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it has been woken often enough already
            self._wake_w.send(b"\0")

    # ---- the link ----

    def _run(self) -> None:
        wait_s, longest_s = self._back_off_s
        said = ""
        while not self._finished():
            began_s = time.monotonic()
            try:
                self._spell()
                return
            except LinkError as error:
                self._connection = None
                if str(error) != said:  # once, not every half minute of an evening without Wi-Fi
                    log.warning("%s; trying again, nothing is lost meanwhile", error)
                    said = str(error)
            if time.monotonic() - began_s > 10.0:
                wait_s = self._back_off_s[0]
            self._pause(longest_s if self._refusal else wait_s * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, no secret
            self._refusal = ""
            wait_s = min(2.0 * wait_s, longest_s)

    def _pause(self, for_s: float) -> None:
        until_s = time.monotonic() + for_s
        while time.monotonic() < until_s and not self._finished():
            if self._stop_at_s is not None:  # little time is left: try more often
                until_s = min(until_s, time.monotonic() + self._back_off_s[0])
            time.sleep(min(0.1, for_s))

    def _finished(self) -> bool:
        return self._stop_at_s is not None and (
            time.monotonic() > self._stop_at_s or self._outbox.waiting() == 0
        )

    def _spell(self) -> None:
        """One connection, from its beginning to its end or to `stop`."""
        connection = Connection(
            self._settings,
            f"plumbline-{self._encoder.device}",
            will=self._encoder.status(Status("offline", self._version)),
            live_topic=topic(self._encoder.device, Channel.LIVE),
            on_ack=self._acknowledged,
            on_message=self._requested,
        )
        self._in_flight.clear()
        self._sent_to = 0
        self._hold_until_s = 0.0
        connection.open(self._command_topic, *([BIRTH_TOPIC] if self._home is not None else []))
        self._announce = self._home is not None
        backlog = self._outbox.waiting()
        connection.publish(self._encoder.status(Status("online", self._version, backlog)))
        self._connection = connection
        log.info("connected to %s, %d messages waiting", self._settings, backlog)
        try:
            while not self._finished():
                self._send_waiting(connection)
                connection.pump(self._wake_r, self._settings.keepalive_s / 4)
                self._drain_wake()
                if self._refusal:
                    raise LinkError(self._refusal)
                if backlog > WINDOW and self._outbox.waiting() == 0:
                    backlog = 0
                    connection.publish(self._encoder.status(Status("online", self._version)))
            self._say_goodbye(connection)
        except LinkError:
            connection.drop()
            raise

    def _say_goodbye(self, connection: Connection) -> None:
        last = connection.publish(
            self._encoder.status(Status("offline", self._version, self._outbox.waiting()))
        )
        # Its acknowledgement is waited for: to close with something unread is a reset, upon which the
        # broker drops what it has not read and publishes the last will.
        self._in_flight[last] = -1
        deadline_s = time.monotonic() + GOODBYE_S
        while last in self._in_flight and time.monotonic() < deadline_s:
            connection.pump(None, 0.05)
        connection.close()

    def _send_waiting(self, connection: Connection) -> None:
        if self._announce and self._home is not None:
            self._announce = False
            connection.publish(self._home.announcement)
        if self._now is not None:
            now, self._now = self._now, None
            connection.publish(self._encoder.now(now))
        while self._replies:
            reply = self._replies.popleft()
            self._doorkeeper.answered(reply)
            connection.publish(self._encoder.reply(reply))
        room = WINDOW - len(self._in_flight)
        if room <= 0 or time.monotonic() < self._hold_until_s:
            return
        for place, message in self._outbox.after(self._sent_to, room):
            self._in_flight[connection.publish(message)] = place
            self._sent_to = place

    def _acknowledged(self, mid: int, code: int) -> None:
        place = self._in_flight.pop(mid, None)
        if code >= REFUSED:
            self._refusal = (
                f"the broker at {self._settings.host} refuses what {self._encoder.device} publishes "
                f"(reason {code:#04x}); does its ACL let {self._settings.username or 'anyone'} write to "
                f"plumbline/v1/{self._encoder.device}/#?"
            )
        elif place == -1:  # the farewell
            return
        elif place is not None and code == NOBODY_LISTENS:
            self._hold_until_s = time.monotonic() + UNHEARD_RETRY_S
            self._sent_to = min(self._sent_to, place - 1)
        elif place is not None:
            self._outbox.remove((place,))

    def _requested(self, heard_on: str, payload: bytes) -> None:
        if heard_on != self._command_topic:
            self._announce = self._announce or payload == BIRTH_PAYLOAD
            return
        self._hold_until_s = 0.0  # somebody is there
        asked = self._doorkeeper.take(payload)
        if asked is None:
            return
        if isinstance(asked.request, Watch):
            heeded = self._watchers.heed(asked.request)
            self._replies.append(Reply(asked.id, heeded, "" if heeded else "too many are watching already"))
        elif len(self._asked) < WAITING_REQUESTS:
            self._asked.append(asked)
        else:
            self._replies.append(Reply(asked.id, accepted=False, detail="too many requests are waiting"))

    def _drain_wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_r.recv(65536)
