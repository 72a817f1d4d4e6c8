"""The listener that tells the broker; sampling never waits for it.

Three threads meet here. The sampling thread hands events to the *writer* (`writer.py`), which brings
them to the outbox on disk; live readings it sends itself, while somebody watches, at once or not at
all. The *delivery* (`delivery.py`) connects, sends what waits in the outbox in order, and strikes off
what the broker acknowledges.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

from ..posture.events import Event, Reading
from ..posture.exercise_words import ExerciseProgress
from ..posture.messages import Anchor, Asked, Encoder, Outgoing, Reply, Told, Watch
from ..posture.sessions import Unfinished
from .anchor import RunClock
from .delivery import BACK_OFF_S, Delivery
from .homeassistant import HomeAssistant
from .mqtt import MqttSettings
from .outbox import Outbox
from .requests import WAITING_REQUESTS, Doorkeeper, Watchers
from .writer import CHORES_EVERY_S, Writer

log = logging.getLogger(__name__)


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
        self._home = home
        self._asked: deque[Asked] = deque()
        self._watchers = Watchers()
        self._doorkeeper = Doorkeeper(self._answer)
        self._delivery = Delivery(
            settings, encoder, outbox, self._requested, version=version, home=home, back_off_s=back_off_s
        )
        self._writer = Writer(encoder, outbox, clock, self._delivery.wake, chores_every_s=chores_every_s)

    def start(self) -> None:
        """Begin to write and to connect; returns at once, whether or not there is a broker."""
        if not self._settings.is_private:
            log.warning(
                "%s is reached in clear: whoever is on the network can read along; set mqtt.ca_file",
                self._settings.host,
            )
        self._writer.start()
        self._delivery.start()

    def __call__(self, event: Event) -> None:
        """Publish an event: a reading while somebody watches, everything else for certain."""
        if self._home is not None and (now := self._home(event)) is not None:
            self._delivery.now = now
            self._delivery.wake()
        if type(event) is Reading:
            connection = self._delivery.connection
            if connection is not None and self._watchers.last_s > time.monotonic():
                connection.try_live(self._encoder.live(event))
            return
        if isinstance(event, ExerciseProgress):
            self.show(self._encoder.exercise(event))
            return
        self._writer.put(event)

    def tell(self, told: Told) -> None:
        """Publish something of the device's own, for certain."""
        self._writer.put(told)

    def show(self, message: Outgoing) -> None:
        """Let a retained message stand at the broker; of a topic the latest counts."""
        self._delivery.show(message)

    def keep(self, unfinished: Callable[[], Unfinished | None]) -> None:
        """Have the minute that is not full yet kept through a power cut; call it as often as you like."""
        self._writer.keep(unfinished)

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
        self._answer(reply)

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._delivery.connection is not None

    @property
    def watched(self) -> bool:
        """Whether readings are being sent."""
        return self._watchers.last_s > time.monotonic()

    @property
    def unheard(self) -> bool:
        """Whether the broker said that nobody has subscribed, so that what waits is held back for now."""
        return self._delivery.unheard

    def waiting(self) -> int:
        """Durable messages that the broker has not acknowledged."""
        return self._outbox.waiting()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Write everything to disk, give the broker `timeout_s` to take it, and say goodbye."""
        self._writer.stop()
        if self._delivery.stop(timeout_s):
            self._outbox.close()

    def _requested(self, payload: bytes, kept: bool) -> None:
        asked = self._doorkeeper.take(payload, kept=kept)
        if asked is None:
            return
        if isinstance(asked.request, Watch):
            heeded = self._watchers.heed(asked.request)
            self._answer(Reply(asked.id, heeded, "" if heeded else "too many are watching already"))
        elif len(self._asked) < WAITING_REQUESTS:
            self._asked.append(asked)
        else:
            self._answer(Reply(asked.id, accepted=False, detail="too many requests are waiting"))

    def _answer(self, reply: Reply) -> None:
        self._doorkeeper.answered(reply)
        self._delivery.replies.append(reply)
        self._delivery.wake()
