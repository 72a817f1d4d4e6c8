"""Events to messages: the same events give the same bytes and numbers."""

from __future__ import annotations

import msgspec

from . import events as ev
from .envelope import (
    CHANNELS,
    KINDS,
    OUTSIDE,
    REQUEST_KINDS,
    SCHEMA,
    THE_DEVICES_OWN,
    ReadingOnWire,
    check_run,
    check_session,
)
from .events import Reading
from .exercise_words import ExerciseProgress
from .guidance import GuideProgress
from .settings import ChangeSettings, SettingsInForce
from .topics import Channel, topic
from .wire import Anchor, Body, MachineState, Now, Outgoing, Reply, Request, Status, Told

_encode = msgspec.json.Encoder().encode


class Encoder:
    """Turns one run's events into messages; the same events give the same bytes and numbers.

    Args:
        device: the device's name, 1 to 40 of letters, digits, `-` and `_`.
        run: id of the run, unique for the device, 1 to 64 of letters, digits and `-_.:`.
        simulated: whether the wearer is a simulated one; said in every message.
    """

    def __init__(self, device: str, run: str, *, simulated: bool = False) -> None:
        check_run(run)
        self.device = device
        self.run = run
        self.simulated = simulated
        self._topics = {channel: topic(device, channel) for channel in Channel}
        self._seqs: dict[str, int] = {}
        self._enter(f"{run}-{OUTSIDE}")

    def encode(self, event: Told) -> Outgoing:
        """The message of an event; numbers it where it is durable."""
        if type(event) is Reading:
            return Outgoing(self._topics[Channel.LIVE], self.live(event), durable=False)
        if isinstance(event, ExerciseProgress):
            return self.exercise(event)
        if isinstance(event, ev.SessionStarted):
            check_session(event.session, self.run)
            self._enter(event.session)
        # The device's own words stand outside, so that a session's numbers follow from its samples alone.
        session = f"{self.run}-{OUTSIDE}" if isinstance(event, THE_DEVICES_OWN) else self.session
        seq = self._seqs.get(session, 0)
        self._seqs[session] = seq + 1
        ended = isinstance(event, ev.SessionEnded)
        payload = self._wrap(event, session=session, seq=seq, count=seq + 1 if ended else None)
        if ended:
            self._seqs.pop(session, None)
            self._enter(f"{self.run}-{OUTSIDE}")
        return Outgoing(self._topics[CHANNELS[type(event)]], payload, durable=True, session=session)

    def resume(self, session: str, seq: int) -> None:
        """Go on with a session of which `seq` messages were sent: to end one that was broken off."""
        self._enter(session)
        self._seqs[session] = seq

    def live(self, r: Reading) -> bytes:
        """The payload of a reading; its angles to a hundredth of a degree, finer than any sensor here."""
        # The one hot path, ten times a second: all but the reading itself was encoded before.
        lower = r.lower_deg
        data = ReadingOnWire(
            round(r.t_s, 3),
            round(r.flexion_deg, 2),
            round(r.lateral_deg, 2),
            round(r.upper_deg, 2),
            None if lower is None else round(lower, 2),
            round(r.sigma_deg, 2),
            r.posture,
            r.activity,
            r.unjudged,
            r.sensors,
        )
        return self._live_head + _encode(data) + b"}"

    def status(self, status: Status) -> Outgoing:
        """The retained status; with `state="offline"` the last will."""
        return Outgoing(self._topics[Channel.STATUS], self._wrap(status), durable=False, retain=True)

    def now(self, now: Now) -> Outgoing:
        """How things stand; retained, and may be lost."""
        return Outgoing(self._topics[Channel.NOW], self._wrap(now), durable=False, retain=True)

    def settings(self, settings: SettingsInForce) -> Outgoing:
        """What the device goes by; retained, and the latest says it all."""
        return Outgoing(self._topics[Channel.SETTINGS], self._wrap(settings), durable=False, retain=True)

    def machine(self, state: MachineState) -> Outgoing:
        """How the machine fares; retained, and the latest says it all."""
        return Outgoing(self._topics[Channel.MACHINE], self._wrap(state), durable=False, retain=True)

    def guide(self, progress: GuideProgress | None) -> Outgoing:
        """Where the guided calibration is, retained; None clears it."""
        payload = b"" if progress is None else self._wrap(progress)
        return Outgoing(self._topics[Channel.GUIDE], payload, durable=False, retain=True)

    def exercise(self, progress: ExerciseProgress | None) -> Outgoing:
        """Where an exercise is, retained; None clears it."""
        payload = b"" if progress is None else self._wrap(progress)
        return Outgoing(self._topics[Channel.EXERCISE], payload, durable=False, retain=True)

    def anchor(self, anchor: Anchor) -> Outgoing:
        """The wall-clock time of this run; kept until acknowledged, and retained."""
        return Outgoing(self._topics[Channel.ANCHOR], self._wrap(anchor), durable=True, retain=True)

    def reply(self, reply: Reply) -> Outgoing:
        """The answer to a request."""
        return Outgoing(self._topics[Channel.REPLY], self._wrap(reply), durable=False)

    def _enter(self, session: str) -> None:
        self.session = session
        head = {"schema": SCHEMA, "run": self.run, "session": session, "simulated": self.simulated}
        self._live_head = _encode(head | {"kind": KINDS[Reading]})[:-1] + b',"data":'

    def _wrap(
        self, body: Body, session: str | None = None, seq: int | None = None, count: int | None = None
    ) -> bytes:
        envelope: dict[str, object] = {"schema": SCHEMA, "run": self.run}
        if session is not None:
            envelope |= {"session": session, "seq": seq}
        if count is not None:
            envelope["count"] = count
        envelope |= {"simulated": self.simulated, "kind": KINDS[type(body)], "data": body}
        return _encode(envelope)


def encode_request(device: str, request_id: str, request: Request) -> Outgoing:
    """The message that asks a device for something; its `t_s` is left out, the device dates it.

    A lasting change of settings is retained: of these the latest counts.
    """
    data: dict[str, object] = msgspec.to_builtins(request)
    del data["t_s"]
    ask = {"schema": SCHEMA, "id": request_id, "kind": REQUEST_KINDS[type(request)], "data": data}
    lasting = isinstance(request, ChangeSettings) and request.lasting
    return Outgoing(topic(device, Channel.COMMAND), _encode(ask), durable=False, retain=lasting)
