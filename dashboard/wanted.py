"""What devices that are away are to go by once they are back.

The broker keeps it, one lasting request for each device (retained, `docs/messages.md`), and every process
hears it from there: nothing is kept here that could differ from what the device will find. The device carries
it out once and says so; then it is cleared.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe

from firmware_py.errors import MessageError
from firmware_py.posture.messages import (
    Asked,
    Channel,
    Outgoing,
    decode_request,
    encode_request,
    parse_topic,
    topic,
)
from firmware_py.posture.settings import ChangeSettings, SettingsInForce

log = logging.getLogger(__name__)

ECHO_S = 5.0
"""How long the broker may take to show what it was told to keep; only then it counts as kept."""

MAX_DEVICES = 1000
"""Devices remembered; forged names end here."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lasting request as it stands at the broker."""

    id: str
    request: ChangeSettings


class Wanted:
    """The lasting requests that stand at the broker; lives in one event loop.

    Args:
        publish: hands a message to the broker; False where it is not reached.
    """

    def __init__(self, publish: Callable[[Outgoing], bool]) -> None:
        self._publish = publish
        self._standing: dict[str, Waiting] = {}
        self._heard = asyncio.Event()

    def heard(self, topic_text: str, payload: bytes) -> None:
        """A request to a device came by, anybody's; an empty one takes back what stood there."""
        with contextlib.suppress(MessageError):  # the device says what is wrong with it
            device, _ = parse_topic(topic_text)
            if not payload:
                self._standing.pop(device, None)
            else:
                self._stand(device, decode_request(payload))
            self._heard.set()

    def _stand(self, device: str, asked: Asked) -> None:
        if not isinstance(asked.request, ChangeSettings) or not asked.request.lasting:
            return
        if device in self._standing or len(self._standing) < MAX_DEVICES:
            self._standing[device] = Waiting(asked.id, asked.request)

    def of(self, device: str, in_force: SettingsInForce | None) -> Waiting | None:
        """What waits for a device; None for nothing, or where it has dealt with it."""
        asked = self._standing.get(device)
        taken = in_force.taken if in_force is not None else None
        return None if asked is None or (taken is not None and taken.id == asked.id) else asked

    async def keep(self, device: str, request: ChangeSettings) -> bool:
        """Let a lasting request stand at the broker in place of an earlier one.

        Returns:
            Whether it stands there: the broker showed it. Otherwise the earlier one is put back.
        """
        before = self._standing.get(device)
        request_id = f"wanted-{token_urlsafe(9)}"
        try:
            if not self._publish(encode_request(device, request_id, request)):
                return False
            async with asyncio.timeout(ECHO_S):
                while (asked := self._standing.get(device)) is None or asked.id != request_id:
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            log.warning(
                "the broker does not show what it was to keep for %s; where an earlier version prepared it, "
                "plumbline broker prepare renews what it grants",
                device,
            )
            self._publish(_cleared(device) if before is None else _again(device, before))
            return False
        return True

    def settle(self, device: str, in_force: SettingsInForce) -> None:
        """A device told what it goes by: what it has dealt with need not stand there any longer."""
        asked = self._standing.get(device)
        if asked is not None and self.of(device, in_force) is None:
            self.withdraw(device)

    def withdraw(self, device: str) -> None:
        """Take back what stands there."""
        self._standing.pop(device, None)
        self._publish(_cleared(device))


def _cleared(device: str) -> Outgoing:
    return Outgoing(topic(device, Channel.COMMAND), b"", durable=False, retain=True)


def _again(device: str, asked: Waiting) -> Outgoing:
    return encode_request(device, asked.id, asked.request)
