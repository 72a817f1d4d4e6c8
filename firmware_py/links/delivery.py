"""The thread that connects, sends what waits in the outbox in order, and strikes off what is acknowledged.

While the broker is away it tries again, ever more seldom; each connection is a new one and begins with the
oldest message that was not acknowledged, so nothing has to be remembered about the one before.
"""

from __future__ import annotations

import contextlib
import logging
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ..errors import LinkError
from ..posture.messages import Channel, Encoder, Now, Outgoing, Reply, Status, parse_topic, topic
from .homeassistant import BIRTH_PAYLOAD, BIRTH_TOPIC, HomeAssistant
from .mqtt import NOBODY_LISTENS, Connection, MqttSettings
from .outbox import Kept, Outbox
from .requests import WAITING_REQUESTS

log = logging.getLogger(__name__)

UNHEARD_RETRY_S: Final = 30.0
"""Where nobody has subscribed, messages stay in the outbox and are offered again after this."""

BACK_OFF_S: Final = (0.25, 3.0)
"""First and longest wait between two attempts; doubled each time, with a quarter of jitter. The longest is
short, so that a broker that is back is found within 5 s; an attempt that fails costs a few packets."""

REFUSED_WAIT_S: Final = 30.0
"""The wait after a refusal, which only somebody at the broker can change."""

READ_AHEAD: Final = 200
"""Messages read from the outbox at once while there is a backlog."""

STEADY_S: Final = 10.0
"""A connection that lasted so long was a good one: the next attempt is made at once."""

GOODBYE_S: Final = 1.0
"""How long the broker may take to acknowledge the farewell."""

REFUSED: Final = 0x80
"""Reason codes from here on are refusals (MQTT 5, 2.4)."""


class Delivery:
    """One device's connection, again and again.

    Args:
        settings: where the broker is.
        encoder: makes status and replies, and names the device.
        outbox: what waits.
        requested: called, in this thread, with the payload of each request, and whether the broker had kept
            it from before.
        version: of the software, told in the status.
        home: announced to Home Assistant; None for nothing.
        back_off_s: first and longest wait between two attempts.
    """

    def __init__(
        self,
        settings: MqttSettings,
        encoder: Encoder,
        outbox: Outbox,
        requested: Callable[[bytes, bool], None],
        *,
        version: str,
        home: HomeAssistant | None,
        back_off_s: tuple[float, float],
    ) -> None:
        self._settings = settings
        self._encoder = encoder
        self._outbox = outbox
        self._requested = requested
        self._version = version
        self._home = home
        self._back_off_s = back_off_s
        self._command_topic = topic(encoder.device, Channel.COMMAND)
        self.connection: Connection | None = None
        """The one that stands; None while there is none."""
        self.replies: deque[Reply] = deque(maxlen=WAITING_REQUESTS)
        """Answers to send; `wake` sends them soon."""
        self.now: Now | None = None
        """How things stand, to be told to Home Assistant; a later one takes its place."""
        self._standing: dict[str, Outgoing] = {}
        self._unsaid: dict[str, Outgoing] = {}
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)
        self._in_flight: dict[int, Kept | None] = {}
        self._old_names_refused = False
        self._announce = False
        self._ahead: deque[Kept] = deque()
        self._sent_to = 0
        self._hold_until_s = 0.0
        self._refusal = ""
        self._stop_at_s: float | None = None
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Give the broker so long to take what waits, and say goodbye; False where the thread still hangs."""
        self._stop_at_s = time.monotonic() + timeout_s
        self.wake()
        self._thread.join(timeout_s + 10.0)
        return not self._thread.is_alive()

    @property
    def unheard(self) -> bool:
        """Whether messages are held back because nobody has subscribed to them."""
        return time.monotonic() < self._hold_until_s

    def show(self, message: Outgoing) -> None:
        """Let this stand at the broker (retained): of a topic the latest counts; from any thread.

        Every connection begins by saying it again, so that what an earlier run left there is gone.
        """
        self._standing[message.topic] = self._unsaid[message.topic] = message
        self.wake()

    def wake(self) -> None:
        """There is something to send; from any thread."""
        with contextlib.suppress(BlockingIOError):  # it has been woken often enough already
            self._wake_w.send(b"\0")

    def _run(self) -> None:
        wait_s, longest_s = self._back_off_s
        said = ""
        while not self._finished():
            began_s = time.monotonic()
            try:
                self._spell()
                return
            except LinkError as error:
                self.connection = None
                if str(error) != said:  # once, not every half minute of an evening without Wi-Fi
                    log.warning("%s; trying again, nothing is lost meanwhile", error)
                    said = str(error)
            except Exception:  # whatever it was, a run must not go on without its link
                self.connection = None
                log.exception("the link to the broker failed; trying again")
            if time.monotonic() - began_s > STEADY_S:
                wait_s = self._back_off_s[0]
            jitter = random.uniform(0.75, 1.25)  # noqa: S311 - no secret hangs on it
            self._pause(REFUSED_WAIT_S if self._refusal else wait_s * jitter)
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
            on_message=self._heard,
        )
        self._in_flight.clear()
        self._go_back(0)
        self._hold_until_s = 0.0
        try:
            connection.open(self._command_topic, *([BIRTH_TOPIC] if self._home is not None else []))
            self._announce = self._home is not None
            backlog = self._outbox.waiting()
            self._say(connection, self._encoder.status(Status("online", self._version, backlog)))
            for name, message in list(self._standing.items()):
                self._unsaid.setdefault(name, message)
            self.connection = connection
            log.info("connected to %s, %d messages waiting", self._settings, backlog)
            while not self._finished():
                self._send_waiting(connection)
                if connection.pump(self._wake_r, self._settings.keepalive_s / 4):
                    self._outbox.hear()
                self._drain_wake()
                if self._refusal:
                    raise LinkError(self._refusal)
                if backlog > connection.window and self._outbox.waiting() == 0:
                    backlog = 0
                    self._say(connection, self._encoder.status(Status("online", self._version)))
            self._say_goodbye(connection)
        except BaseException:
            connection.drop()
            self._outbox.doubt()
            raise

    def _say_goodbye(self, connection: Connection) -> None:
        while self._unsaid:
            self._say(connection, self._unsaid.popitem()[1])
        offline = self._encoder.status(Status("offline", self._version, self._outbox.waiting()))
        last = self._say(connection, offline)
        # Its acknowledgement is waited for: to close with something unread is a reset, upon which the
        # broker drops what it has not read and publishes the last will.
        deadline_s = time.monotonic() + GOODBYE_S
        while last in self._in_flight and time.monotonic() < deadline_s:
            connection.pump(None, 0.05)
        connection.close()

    def _say(self, connection: Connection, message: Outgoing, kept: Kept | None = None) -> int:
        number = connection.publish(message)
        self._in_flight[number] = kept
        return number

    def _send_waiting(self, connection: Connection) -> None:
        while len(self._in_flight) < connection.window:
            message = self._next_word()
            kept = None
            if message is None:
                kept = self._next_kept()
                if kept is None:
                    return
                message = kept.message
                if self._old_names_refused:
                    channel = parse_topic(message.topic)[1]
                    message = replace(message, topic=topic(self._encoder.device, channel))
            self._say(connection, message, kept)

    def _next_word(self) -> Outgoing | None:
        """What is said of the moment, and worth nothing later; it goes before all that is kept."""
        if self._announce and self._home is not None:
            self._announce = False
            return self._home.announcement
        if self.now is not None:
            now, self.now = self.now, None
            return self._encoder.now(now)
        if self._unsaid:
            return self._unsaid.popitem()[1]
        return self._encoder.reply(self.replies.popleft()) if self.replies else None

    def _next_kept(self) -> Kept | None:
        """The next message of the outbox that is to be sent now."""
        if time.monotonic() < self._hold_until_s:
            return None
        if not self._ahead:
            self._ahead.extend(self._outbox.after(self._sent_to, READ_AHEAD))
        if not self._ahead:
            return None
        kept = self._ahead.popleft()
        self._sent_to = kept.id
        return kept

    def _go_back(self, place: int) -> None:
        """What stands behind this place in the outbox is to be sent, or sent again."""
        self._sent_to = place
        self._ahead.clear()

    def _acknowledged(self, mid: int, code: int) -> None:
        kept = self._in_flight.pop(mid, None)
        if code >= REFUSED:
            self._refused(kept, code)
        elif kept is None:  # a status, a reply
            return
        elif code == NOBODY_LISTENS:
            self._hold_until_s = time.monotonic() + UNHEARD_RETRY_S
            self._go_back(min(self._sent_to, kept.id - 1))
        else:
            self._outbox.remove((kept.id,))

    def _refused(self, kept: Kept | None, code: int) -> None:
        ours = self._encoder.device
        if kept is not None and parse_topic(kept.message.topic)[0] != ours:
            # The device was renamed, and its new credential does not cover the old name: what was left
            # goes out under the new one. Runs and sessions keep their ids, so nothing is mixed up.
            self._old_names_refused = True
            self._go_back(min(self._sent_to, kept.id - 1))
            return
        self._refusal = (
            f"the broker at {self._settings.host} refuses what {ours} publishes (reason {code:#04x}); "
            f"does its ACL let {self._settings.username or 'anyone'} write to plumbline/v1/{ours}/#?"
        )

    def _heard(self, heard_on: str, payload: bytes, kept: bool) -> None:
        if heard_on != self._command_topic:
            self._announce = self._announce or (payload == BIRTH_PAYLOAD and not kept)
            return
        if not kept:
            self._hold_until_s = 0.0  # somebody is there
        if payload:  # an empty one clears what was kept, and asks for nothing
            self._requested(payload, kept)

    def _drain_wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_r.recv(65536)
