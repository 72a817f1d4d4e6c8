"""How things stand with the devices, by what came from the broker: for whoever opens a page later.

Of a device it is known whether it is there, when its last reading came by, the last message of each
channel that stands until it is cleared, and when something of it was stored last. Names that nobody gave
are forged easily: no more than `MAX_DEVICES` are remembered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from firmware_py.posture.messages import Body, Channel, MachineState
from firmware_py.posture.settings import SettingsInForce

STANDING = (Channel.EXERCISE, Channel.GUIDE, Channel.SETTINGS, Channel.MACHINE)
"""Channels whose last message is shown to whoever comes later, under their name, until it is cleared."""

MAX_DEVICES = 1000
"""Devices remembered; forged names end here."""


class Standing:
    """What is known of the devices."""

    def __init__(self) -> None:
        self.online: dict[str, bool] = {}
        """Device -> whether it said that it is there."""
        self._read_at_s: dict[str, float] = {}  # of the last reading that came by, on the monotonic clock
        self._told: dict[tuple[str, Channel], bytes] = {}  # as pages are told it
        self._bodies: dict[tuple[str, Channel], Body] = {}  # of those
        self._stored_at_s: dict[str, float] = {}  # when something of a device was stored last, POSIX time

    def is_online(self, device: str) -> bool:
        """Whether the device said that it is there."""
        return self.online.get(device, False)

    def set_online(self, device: str, online: bool) -> bool:
        """Take in what a device said of itself; whether there was room for it."""
        if device not in self.online and len(self.online) >= MAX_DEVICES:
            return False
        self.online[device] = online
        return True

    def unfollow(self, followed: Iterable[str]) -> None:
        """Forget who is there of all but these devices: nobody would tell when they go."""
        for device in self.online.keys() - set(followed):
            del self.online[device]

    def read(self, device: str) -> None:
        """A reading of a device came by."""
        if device in self.online:  # forged names take no room
            self._read_at_s[device] = time.monotonic()

    def read_ago_s(self, device: str) -> float | None:
        """How long ago the last reading of a device came by; None where none did."""
        at_s = self._read_at_s.get(device)
        return None if at_s is None else round(time.monotonic() - at_s, 1)

    def keep(self, device: str, channel: Channel, body: Body, told: bytes) -> bool:
        """Keep the last message of a channel, and how pages are told it; whether there was room for it."""
        if (device, channel) not in self._told and len(self._told) >= MAX_DEVICES * len(STANDING):
            return False
        self._told[device, channel] = told
        self._bodies[device, channel] = body
        return True

    def clear(self, device: str, channel: Channel) -> bool:
        """The message of a channel stands no longer; whether one did."""
        self._bodies.pop((device, channel), None)
        return self._told.pop((device, channel), None) is not None

    def forget(self, device: str) -> None:
        """Know nothing of a device any more, but when something of it was stored."""
        for channel in STANDING:
            self.clear(device, channel)
        self.online.pop(device, None)
        self._read_at_s.pop(device, None)

    def told(self, sees: Callable[[str], bool]) -> list[bytes]:
        """What stands for a viewer who sees these devices."""
        return [told for (device, _), told in self._told.items() if sees(device)]

    def settings_of(self, device: str) -> SettingsInForce | None:
        """What a device said it goes by; None where it has not said."""
        body = self._bodies.get((device, Channel.SETTINGS))
        return body if isinstance(body, SettingsInForce) else None

    def machine_of(self, device: str) -> MachineState | None:
        """How a device's machine fares; None where it has not said, or is away."""
        body = self._bodies.get((device, Channel.MACHINE))
        return body if isinstance(body, MachineState) and self.is_online(device) else None

    def store(self, names: Iterable[str], at_s: float) -> None:
        """Something of these devices was stored, POSIX time."""
        for name in names:
            if name in self._stored_at_s or len(self._stored_at_s) < MAX_DEVICES:
                self._stored_at_s[name] = at_s

    def stored_at_s(self, sees: Callable[[str], bool]) -> float:
        """When something that a viewer sees was stored last, POSIX time; 0 where nothing was."""
        return max((at_s for device, at_s in self._stored_at_s.items() if sees(device)), default=0.0)
