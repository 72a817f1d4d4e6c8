"""The clockwork of chosen times where workers store: each of them looks, and one of them reminds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from secrets import token_urlsafe

from firmware_py.exercise_file import Described
from firmware_py.posture.exercise_words import RemindExercise
from firmware_py.posture.messages import Outgoing, encode_request

from ..recurring import Recurring
from ..store import Store
from .times import LOOK_EVERY_S, Due, take_due


class ExerciseClock:
    """Looks at the chosen times now and then, in a thread of its own.

    A device that is away hears nothing: the request is for now, so no broker keeps it.

    Args:
        store: where the times are.
        known: the exercises by key.
        zone: the wearers' clock.
        publish: hands a request to the broker, and keeps nothing for later.
        now: the present.
    """

    def __init__(
        self,
        store: Store,
        known: Mapping[str, Described],
        zone: tzinfo,
        publish: Callable[[Outgoing], None],
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._store = store
        self._known = known
        self._zone = zone
        self._publish = publish
        self._now = now or (lambda: datetime.now(zone))
        self._looking = Recurring(self.look, LOOK_EVERY_S, "exercise-clock")

    def start(self) -> None:
        """Begin to look."""
        self._looking.start()

    def stop(self) -> None:
        """Stop looking; what is under way ends first."""
        self._looking.stop()

    def look(self) -> list[Due]:
        """Remind of what is due now and was left to this process; returns it."""
        due = take_due(self._store, self._known, self._now(), self._zone)
        for one in due:
            for device in one.devices:
                request = RemindExercise(0.0, one.exercise)
                self._publish(encode_request(device, token_urlsafe(9), request))
        return due
