"""Live readings to whoever looks: one WebSocket a viewer, nothing kept, nobody waited for.

A reading is encoded once and offered to every viewer; a viewer who is slow gets the latest and
misses those between. Devices send readings only while somebody looks: the hub asks them to (a
lease that it renews) and lets go when the last viewer has left.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from secrets import token_urlsafe

import msgspec

from firmware_py.errors import MessageError
from firmware_py.posture.events import Reading
from firmware_py.posture.messages import (
    Channel,
    Outgoing,
    Reply,
    Request,
    Status,
    Watch,
    decode,
    encode_request,
    parse_topic,
    topic,
)
from firmware_py.posture.settings import ChangeSettings, SettingsInForce

from .ingest import Taken
from .standing import STANDING, Standing
from .viewer import Viewer
from .wanted import Wanted

log = logging.getLogger(__name__)

LEASE_S = 30.0
"""How long a device sends readings after it was asked."""

RENEW_S = 10.0
"""How often it is asked again, so that two lost requests change nothing."""

ANSWER_S = 5.0
"""How long a device may take to answer a request."""

STORED_BY_OTHERS_S = 1.5
"""So long after its minute came by a page reads its day again: by then a worker has stored it."""

_ASKS = f"/{Channel.COMMAND}"
_ONLY_HERE = tuple(f"/{channel}" for channel in (Channel.LIVE, Channel.REPLY, *STANDING))

_encode = msgspec.json.encode


class Hub:
    """Joins the broker's thread to the viewers of one event loop.

    Args:
        publish: sends a request to a device; called from a thread of its own.
        follow: told which devices to hear of, by a process that does not hear of all of them.
    """

    def __init__(
        self, publish: Callable[[Outgoing], bool], follow: Callable[[frozenset[str]], None] | None = None
    ) -> None:
        self._publish = publish
        self._follow = follow
        self._viewers: set[Viewer] = set()
        self.standing = Standing()
        """How things stand with the devices; its questions may be asked anywhere in the loop."""
        self._answers: dict[tuple[str, str], asyncio.Future[Reply]] = {}
        self._wanting: list[str] = []  # devices for which a request is being left at the broker
        self.wanted = Wanted(publish)
        """What waits for devices that are away."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leasing: asyncio.Task[None] | None = None
        self.broker_reached = False

    async def start(self) -> None:
        """Begin, in the loop that serves the pages."""
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """Let go of the devices."""
        self._viewers.clear()
        if self._leasing is not None:
            self._leasing.cancel()
        self._ask_all(0.0)
        self._loop = None

    # From other threads.

    def arrived(self, topic_text: str, payload: bytes) -> None:
        """A message came from the broker."""
        self._soon(self._arrived, topic_text, payload)

    def stored(self, taken: Taken) -> None:
        """A batch was committed."""
        if taken.stored:
            self._soon(self._tell_stored, {device for device, _ in taken.touched})

    def link(self, reached: bool) -> None:
        """The broker was reached or lost."""
        self._soon(self._set_link, reached)

    def _soon(self, function: Callable[..., None], *args: object) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(function, *args)

    # In the loop.

    def join(self, viewer: Viewer) -> None:
        """Begin to show; asks the devices for readings."""
        self._viewers.add(viewer)
        viewer.news.append(_encode({"type": "link", "reached": self.broker_reached}))
        for device, online in self.standing.online.items():
            if viewer.sees(device):
                viewer.news.append(self._status(device, online))
        viewer.news.extend(self.standing.told(viewer.sees))
        # A page made before that reads its day again; one made after it has no reason to.
        viewer.news.append(_encode({"type": "stored", "at": self.standing.stored_at_s(viewer.sees)}))
        viewer.waiting.set()
        self._follow_viewers()
        if self._leasing is None:
            self._leasing = asyncio.create_task(self._lease())
        else:
            self._ask_all(LEASE_S)

    def leave(self, viewer: Viewer) -> None:
        """The page was closed; with the last one the devices may be silent."""
        self._viewers.discard(viewer)
        self._follow_viewers()
        if not self._viewers and self._leasing is not None:
            self._leasing.cancel()
            self._leasing = None
            self._ask_all(0.0)

    @property
    def viewers(self) -> int:
        """How many pages are open."""
        return len(self._viewers)

    async def _lease(self) -> None:
        while True:
            self._follow_viewers()  # a wearer's devices may have become others
            self._ask_all(LEASE_S)
            await asyncio.sleep(RENEW_S)

    async def ask(self, device: str, request: Request) -> Reply | None:
        """Ask a device for something; its answer, or None where none came within `ANSWER_S`."""
        request_id = token_urlsafe(9)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._answers[device, request_id] = answer
        self._follow_viewers()  # the broker takes in that we listen before it gets what we say
        try:
            if not self._publish(encode_request(device, request_id, request)):
                return None
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError:
            return None
        finally:
            del self._answers[device, request_id]
            self._follow_viewers()

    def _follow_viewers(self) -> None:
        if self._follow is None:
            return
        followed = frozenset(name for viewer in self._viewers for name in viewer.names)
        followed |= {*self._wanting, *(device for device, _ in self._answers)}
        self.standing.unfollow(followed)
        self._follow(followed)

    async def want(self, device: str, request: ChangeSettings) -> bool:
        """Leave a lasting request for a device that is away; whether the broker keeps it."""
        self._wanting.append(device)
        self._follow_viewers()  # the broker shows it to whoever listens
        try:
            return await self.wanted.keep(device, request)
        finally:
            self._wanting.remove(device)
            self._follow_viewers()

    async def ask_if_online(self, device: str, request: Request) -> Reply | None:
        """As `ask`, and at once None where the device is not there."""
        return await self.ask(device, request) if self.standing.is_online(device) else None

    def forget(self, device: str) -> None:
        """Clear what the broker keeps of a device."""
        for channel in (Channel.STATUS, Channel.ANCHOR, *STANDING):
            self._publish(Outgoing(topic(device, channel), b"", durable=False, retain=True))
        self.wanted.withdraw(device)
        self.standing.forget(device)

    def _ask_all(self, for_s: float) -> None:
        for device, online in self.standing.online.items():
            if online:
                self._ask(device, for_s)

    def _ask(self, device: str, for_s: float) -> None:
        # publish() only queues in paho, it does not wait for the network.
        self._publish(encode_request(device, token_urlsafe(9), Watch(0.0, for_s)))

    def _set_link(self, reached: bool) -> None:
        self.broker_reached = reached
        self._tell(None, _encode({"type": "link", "reached": reached}))

    def _arrived(self, topic_text: str, payload: bytes) -> None:
        live = topic_text.endswith("/live")
        if live and not self._viewers:
            return
        if topic_text.endswith(_ASKS):
            self.wanted.heard(topic_text, payload)
            return
        if not payload:
            self._cleared(topic_text)
            return
        try:
            message = decode(topic_text, payload)
        except MessageError as error:
            if topic_text.endswith(_ONLY_HERE):  # the others are counted and logged by the ingest
                log.warning("rejected a message on %.120r: %s", topic_text, error)
            return
        device, body = message.device, message.body
        if isinstance(body, Reading):
            self.standing.read(device)
            packed = _encode(
                {"type": "reading", "device": device, "simulated": message.simulated, "data": body}
            )
            for viewer in self._viewers:
                if viewer.sees(device):
                    viewer.show(device, packed)
        elif isinstance(body, Status):
            self._set_online(device, body.state == "online")
        elif isinstance(body, Reply):
            answer = self._answers.get((device, body.id))
            if answer is not None and not answer.done():
                answer.set_result(body)
        elif message.channel in STANDING:
            head = {"type": message.channel.value, "device": device, "simulated": message.simulated}
            packed = _encode(head | {"data": body})
            if self.standing.keep(device, message.channel, body, packed):
                self._tell(device, packed)
                if isinstance(body, SettingsInForce):
                    self.wanted.settle(device, body)
        elif message.channel is Channel.MINUTE:
            self._minute_passed(device)
        elif message.channel is Channel.EVENT:
            head = {"type": "event", "device": device, "simulated": message.simulated}
            kind = msgspec.json.decode(payload, type=_Kind).kind
            self._tell(device, _encode(head | {"kind": kind, "data": body}))

    def _cleared(self, topic_text: str) -> None:
        with contextlib.suppress(MessageError):
            device, channel = parse_topic(topic_text)
            if self.standing.clear(device, channel):
                self._tell(device, _encode({"type": channel.value, "device": device, "data": None}))

    def _set_online(self, device: str, online: bool) -> None:
        if not self.standing.set_online(device, online):
            return
        self._tell(device, self._status(device, online))
        if online and self._viewers:
            self._ask(device, LEASE_S)

    def _status(self, device: str, online: bool) -> bytes:
        # An age, because the clocks of a phone and of this machine need not agree.
        ago_s = self.standing.read_ago_s(device)
        return _encode({"type": "status", "device": device, "online": online, "read_ago_s": ago_s})

    def _minute_passed(self, device: str) -> None:
        # Where others store, this is how a page learns that there is more to read of today.
        if self._follow is not None and self._loop is not None:
            self._loop.call_later(STORED_BY_OTHERS_S, self._tell_stored, {device})

    def _tell_stored(self, names: set[str]) -> None:
        now_s = time.time()
        self.standing.store(names, now_s)
        packed = _encode({"type": "stored", "at": now_s})
        for viewer in self._viewers:
            if any(viewer.sees(device) for device in names):
                viewer.tell(packed)

    def _tell(self, device: str | None, packed: bytes) -> None:
        for viewer in self._viewers:
            if device is None or viewer.sees(device):
                viewer.tell(packed)


class _Kind(msgspec.Struct):
    kind: str
