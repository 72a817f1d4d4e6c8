"""The broker: whether it lets us in, and whether one that was prepared here grants what we need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, LinkError
from .finding import Finding, Verdict

if TYPE_CHECKING:
    from ..config import Config


def lets_in(config: Config) -> Finding:
    """Connect to the broker that the configuration names, and leave again."""
    from ..app import mqtt_settings
    from ..links.mqtt import Connection
    from ..posture.wire import Outgoing

    where = f"{config.mqtt.host}:{config.mqtt.port}"
    will = Outgoing(f"plumbline/v1/{config.device.name}/doctor", b"", durable=False)
    try:
        connection = Connection(
            mqtt_settings(config),
            f"{config.device.name}-doctor",
            will=will,
            live_topic=will.topic,
            on_ack=lambda message, reason: None,
            on_message=lambda topic, payload, kept: None,
        )
        connection.open()
        connection.close()
    except ConfigError as error:
        return Finding("broker", Verdict.BAD, str(error))
    except LinkError as error:
        return Finding(
            "broker",
            Verdict.BAD,
            str(error),
            "is Mosquitto there and running (apt install mosquitto), are host, port and password right?",
        )
    return Finding("broker", Verdict.GOOD, f"{where} lets {config.mqtt.username or 'us'} in")


def prepared(folder: Path) -> Iterator[Finding]:
    """Of a broker that `plumbline broker` prepared on this machine: what is wrong with it, if anything.

    Mosquitto says nothing of what its access list does not grant: a message that is not allowed is
    acknowledged and dropped. So what an earlier version did not know of would fail without a word.
    """
    from ..links.mosquitto import grants_what_it_should

    try:
        good = grants_what_it_should(folder)
    except (LinkError, OSError):
        return
    if not good:
        yield Finding(
            "access list",
            Verdict.BAD,
            f"the one in {folder} is an earlier version's: settings that are changed while a device is away "
            "would not be kept for it",
            "plumbline broker prepare, with the names and ports of before; everybody stays admitted",
        )
