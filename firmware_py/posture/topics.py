"""Where messages go: `plumbline/v1/<device>/<channel>`, and what may stand in such a name."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from ..errors import MessageError

_ROOT = "plumbline/v1"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Channel(StrEnum):
    """The last level of a topic."""

    LIVE = "live"
    MINUTE = "minute"
    EVENT = "event"
    SESSION = "session"
    GUIDE = "guide"
    EXERCISE = "exercise"
    NOW = "now"
    STATUS = "status"
    ANCHOR = "anchor"
    SETTINGS = "settings"
    MACHINE = "machine"
    COMMAND = "command"
    REPLY = "reply"


DURABLE: Final = frozenset({Channel.MINUTE, Channel.EVENT, Channel.SESSION})
"""Channels whose messages are numbered and kept until acknowledged."""


def topic(device: str, channel: Channel) -> str:
    """The topic of a device's channel.

    Raises:
        MessageError: where the device's name is not 1 to 40 of letters, digits, `-` and `_`.
    """
    if not _NAME.fullmatch(device):
        raise MessageError(
            f"device name {device[:60]!r} cannot stand in a topic; use 1 to 40 letters, digits, - or _"
        )
    return f"{_ROOT}/{device}/{channel.value}"


def topic_filter(channel: Channel, device: str = "+") -> str:
    """The subscription that takes in `channel` of one device, or of all."""
    return f"{_ROOT}/+/{channel.value}" if device == "+" else topic(device, channel)


def parse_topic(text: str) -> tuple[str, Channel]:
    """Device and channel of a topic.

    Raises:
        MessageError: where the topic is none of ours.
    """
    parts = text.split("/")
    if len(parts) != 4 or "/".join(parts[:2]) != _ROOT or not _NAME.fullmatch(parts[2]):
        raise MessageError(f"topic {text[:120]!r} is none of ours: {_ROOT}/<device>/<channel> is")
    try:
        return parts[2], Channel(parts[3])
    except ValueError:
        raise MessageError(f"topic {text[:120]!r} ends in no channel that this version knows") from None
