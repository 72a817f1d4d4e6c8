"""Which messages of an archive a wearer may take in, where there are several wearers."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from firmware_py.errors import MessageError
from firmware_py.posture.topics import parse_topic

from .store import Store
from .tables import devices, runs


class _Head(msgspec.Struct):
    run: str = ""


class OwnMessages:
    """Knows a wearer's devices, and the runs of these that were another wearer's.

    Args:
        store: the database, as its owner.
        wearer_id: who takes in.
    """

    def __init__(self, store: Store, wearer_id: int) -> None:
        with store.engine.connect() as connection:
            in_use = (devices.c.wearer_id == wearer_id) & devices.c.released_utc_ms.is_(None)
            self._names = set(connection.scalars(select(devices.c.name).where(in_use)))
            others = connection.execute(
                select(devices.c.name, runs.c.run)
                .join(runs, runs.c.device_id == devices.c.device_id)
                .where(devices.c.name.in_(self._names), runs.c.wearer_id != wearer_id)
            )
            self._of_others = {(name, run) for name, run in others}

    def hold(self, topic: str, payload: bytes) -> bool:
        """Whether a message is of a device that the wearer has, and of no run that was another's."""
        try:
            device, _ = parse_topic(topic)
            run = msgspec.json.decode(payload, type=_Head).run
        except (MessageError, msgspec.MsgspecError, UnicodeDecodeError):
            return False
        return device in self._names and (device, run) not in self._of_others
