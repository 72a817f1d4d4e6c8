"""What comes in over the network: requests, few at a time, each carried out once."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from ..errors import MessageError
from ..posture.messages import Asked, Reply, Watch, decode_request
from ..posture.settings import ChangeSettings

log = logging.getLogger(__name__)

BURST: Final = 20
"""Requests taken at once: a few pages that open together."""

PER_S: Final = 2.0
"""Requests a second beyond a burst; a person presses fewer buttons, a flood is turned away."""

REMEMBERED: Final = 64
"""Answers kept: a request that comes again (QoS 1 may repeat) is answered again and not done again."""

MAX_WATCH_S: Final = 120.0
"""Longest watch; who looks longer asks again, and who vanished is forgotten."""

MAX_WATCHERS: Final = 16

WAITING_REQUESTS: Final = 100
"""Requests that the monitor has not fetched yet; more are refused."""


class Doorkeeper:
    """Takes requests in, turns away what is malformed or too much, and remembers the answers.

    Args:
        answer: where refusals, and answers given before, go.
        clock_s: monotonic time.
    """

    def __init__(
        self, answer: Callable[[Reply], None], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._answer = answer
        self._clock_s = clock_s
        self._allowance = float(BURST)
        self._checked_s = clock_s()
        self._answers: OrderedDict[str, Reply | None] = OrderedDict()
        self.refused = 0
        """Requests turned away so far."""

    def take(self, payload: bytes, *, kept: bool = False) -> Asked | None:
        """The request of a message; None where it is refused or was carried out before.

        Of what the broker `kept` from before only a lasting change of settings counts: any other request was
        for the moment in which it was made.
        """
        now_s = self._clock_s()
        self._allowance = min(float(BURST), self._allowance + (now_s - self._checked_s) * PER_S)
        self._checked_s = now_s
        if self._allowance < 1.0:
            # No answer: it would help a flood to flood the other way too.
            self.refused += 1
            return None
        self._allowance -= 1.0
        try:
            asked = decode_request(payload)
        except MessageError as error:
            self.refused += 1
            log.warning("a request was refused: %s", error)
            return None
        if kept and not (isinstance(asked.request, ChangeSettings) and asked.request.lasting):
            return None
        if asked.id in self._answers:
            before = self._answers[asked.id]
            if before is not None:
                self._answer(before)
            return None
        self._answers[asked.id] = None
        while len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        return asked

    def answered(self, reply: Reply) -> None:
        """Remember what was answered."""
        if reply.id in self._answers:
            self._answers[reply.id] = reply


class Watchers:
    """Who is looking, and until when. Leases end by themselves: nobody has to say goodbye.

    Args:
        clock_s: monotonic time.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._until_s: dict[str, float] = {}
        self.last_s = 0.0
        """When, on the monotonic clock, the last lease ends."""

    def heed(self, watch: Watch) -> bool:
        """Begin, prolong or (`for_s` 0) end a watch; False where too many look already."""
        now_s = self._clock_s()
        self._until_s = {who: until for who, until in self._until_s.items() if until > now_s}
        if watch.for_s <= 0.0:
            self._until_s.pop(watch.who, None)
        elif watch.who in self._until_s or len(self._until_s) < MAX_WATCHERS:
            self._until_s[watch.who] = now_s + min(watch.for_s, MAX_WATCH_S)
        else:
            return False
        self.last_s = max(self._until_s.values(), default=0.0)
        return True
