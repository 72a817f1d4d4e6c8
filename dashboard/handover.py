"""A device is given to a wearer, and handed on: what it measured before stays with who wore it then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from firmware_py.errors import ConfigError

from .people.credentials import now_utc_ms
from .people_tables import accounts
from .schema import metadata
from .store import Store
from .tables import UNCLAIMED, devices, wearers

AnyRow = Row[Any]


def give(store: Store, name: str, wearer_id: int) -> bool:
    """Give a device to a wearer, from now on; an unclaimed one with all that it has measured so far.

    Args:
        store: the database, as its owner.
        name: the device's, as in its topics.
        wearer_id: whose it becomes; `UNCLAIMED` takes it back.

    Returns:
        Whether what it measured so far came with it.

    Raises:
        ConfigError: no such device is in use, or the wearer has it already.
    """
    with store.engine.execution_options(writes=True).begin() as connection:
        device = connection.execute(
            select(devices).where(devices.c.name == name, devices.c.released_utc_ms.is_(None))
        ).first()
        if device is None:
            raise ConfigError(
                f"no device {name!r} has sent anything yet; `plumbline people devices` tells which did"
            )
        if device.wearer_id == wearer_id:
            raise ConfigError(f"{name} is there already")
        if device.wearer_id == UNCLAIMED:
            _claim(connection, device.device_id, wearer_id)
            return True
        _hand_on(connection, device, wearer_id)
    return False


def all_devices(store: Store) -> Sequence[Any]:  # rows of four columns
    """Every device in use, with the name of the account that has it, or None."""
    with store.at_the_door() as connection:
        return connection.execute(
            select(
                devices.c.name, devices.c.simulated, devices.c.seen_utc_ms, accounts.c.name.label("account")
            )
            .join(accounts, accounts.c.wearer_id == devices.c.wearer_id, isouter=True)
            .where(devices.c.released_utc_ms.is_(None))
            .order_by(devices.c.name)
        ).all()


def _claim(connection: Connection, device_id: int, wearer_id: int) -> None:
    for table in metadata.sorted_tables:
        if {"device_id", "wearer_id"} <= set(table.c.keys()):
            of_device = table.c.device_id == device_id
            connection.execute(update(table).where(of_device).values(wearer_id=wearer_id))


def _hand_on(connection: Connection, device: AnyRow, wearer_id: int) -> None:
    itself = devices.c.device_id == device.device_id
    connection.execute(update(devices).where(itself).values(released_utc_ms=now_utc_ms()))
    if connection.scalar(select(wearers.c.wearer_id).where(wearers.c.wearer_id == wearer_id)) is None:
        connection.execute(insert(wearers).values(wearer_id=wearer_id, name=""))
    row = {
        "name": device.name,
        "label": device.name,  # what the former wearer called it is the former wearer's
        "wearer_id": wearer_id,
        "simulated": device.simulated,
        "status": device.status,
    }
    connection.execute(insert(devices).values(row))
