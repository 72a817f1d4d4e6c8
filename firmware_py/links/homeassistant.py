"""Plumbline as a device of Home Assistant, by MQTT discovery; pure, the publisher does the talking.

One retained announcement describes the device and all its entities (Home Assistant 2024.11 and later,
"device discovery payload", https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload). It
is told again when Home Assistant says that it has started. The entities read the channels that are there
anyway, and `now`, a slow one that is published for them alone.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

from ..posture.events import (
    Event,
    MinutePassed,
    Mode,
    ModeChanged,
    Posture,
    Reading,
    SessionEnded,
    SessionStarted,
    SlouchAlert,
    SlouchEnded,
    SlouchStarted,
    Snoozed,
    WornChanged,
)
from ..posture.messages import SCHEMA, Channel, Now, Outgoing, topic
from ..posture.tally import Tally
from ..posture.trunk import TICK_S

BIRTH_TOPIC: Final = "homeassistant/status"
"""Where Home Assistant says `online` when it has started (its default birth message)."""

BIRTH_PAYLOAD: Final = b"online"

EVERY_S: Final = 10.0
"""How often `now` is told where nothing changes."""

SNOOZE_S: Final = 900


class HomeAssistant:
    """Keeps what `now` tells; call it with each event, in order.

    Args:
        device: its name in the topics.
        version: of the software.
        simulated: said in the device's name.
    """

    def __init__(self, device: str, version: str, *, simulated: bool = False) -> None:
        self.announcement = discovery(device, version, simulated=simulated)
        self._posture = Posture.UNKNOWN
        self._slouching = False
        self._worn: bool | None = None
        self._mode = Mode.TRAINING
        self._snoozed_until_s = 0.0
        self._tally = Tally()
        self._slouches = 0
        self._reminders = 0
        self._flexion_sum_deg = 0.0
        self._judged = 0
        self._told_s = -math.inf

    def __call__(self, event: Event) -> Now | None:
        """What `now` becomes by an event; None while there is no news and it is not time yet."""
        if isinstance(event, Reading):
            if event.unjudged is None:
                self._flexion_sum_deg += event.flexion_deg
                self._judged += 1
            self._posture = event.posture
            return self._tell(event.t_s) if event.t_s - self._told_s >= EVERY_S else None
        if isinstance(event, SessionStarted):
            self._tally, self._slouches, self._reminders, self._slouching = Tally(), 0, 0, False
        elif isinstance(event, MinutePassed):
            self._tally += event.tally
            return None
        elif isinstance(event, SlouchStarted):
            self._slouching, self._slouches = True, self._slouches + 1
        elif isinstance(event, (SlouchEnded, SessionEnded)):
            self._slouching = False
        elif isinstance(event, SlouchAlert):
            self._reminders += 1
        elif isinstance(event, WornChanged):
            self._worn = event.worn
        elif isinstance(event, ModeChanged):
            self._mode = event.mode
        elif isinstance(event, Snoozed):
            self._snoozed_until_s = event.until_s
        else:
            return None
        return self._tell(event.t_s)

    def _tell(self, t_s: float) -> Now:
        tally = self._tally
        slouched = tally.posture.get(Posture.SLOUCHED.value, 0)
        now = Now(
            t_s=round(t_s, 1),
            flexion_deg=round(self._flexion_sum_deg / self._judged, 1) if self._judged else None,
            posture=self._posture,
            slouching=self._slouching,
            worn=self._worn,
            mode=self._mode,
            snoozed=t_s < self._snoozed_until_s,
            judged_min=round(tally.judged * TICK_S / 60.0, 1),
            upright_percent=round(100.0 - 100.0 * slouched / tally.judged, 1) if tally.judged else None,
            slouches=self._slouches,
            reminders=self._reminders,
        )
        self._flexion_sum_deg, self._judged, self._told_s = 0.0, 0, t_s
        return now


def discovery(device: str, version: str, *, simulated: bool = False) -> Outgoing:
    """The announcement: where Home Assistant finds what, and how it asks for things."""
    now, status = topic(device, Channel.NOW), topic(device, Channel.STATUS)
    command = topic(device, Channel.COMMAND)

    def of(field: str) -> str:
        return f"{{{{ value_json.data.{field} }}}}"

    def flag(field: str) -> str:
        value = f"value_json.data.{field}"
        return f"{{{{ 'None' if {value} is none else 'ON' if {value} else 'OFF' }}}}"

    def ask(kind: str, data: str) -> str:
        # The number makes the request one of its own: the same one again would not be carried out again.
        unique = "ha-{{ (now().timestamp() * 1000) | int }}"
        return f'{{"schema":{SCHEMA},"id":"{unique}","kind":"{kind}","data":{data}}}'

    entities: dict[str, dict[str, Any]] = {  # Any: JSON
        "flexion": {
            "platform": "sensor",
            "name": "Inclination from your neutral",
            "state_topic": now,
            "value_template": of("flexion_deg"),
            "unit_of_measurement": "°",
            "state_class": "measurement",
            "suggested_display_precision": 0,
            "icon": "mdi:angle-acute",
        },
        "posture": {
            "platform": "sensor",
            "name": "Posture",
            "state_topic": now,
            "value_template": of("posture"),
            "device_class": "enum",
            "options": [posture.value for posture in Posture],
            "icon": "mdi:seat-recline-normal",
        },
        "slouch": {
            "platform": "binary_sensor",
            "name": "Slouching",
            "state_topic": now,
            "value_template": flag("slouching"),
        },
        "worn": {
            "platform": "binary_sensor",
            "name": "Worn",
            "state_topic": now,
            "value_template": flag("worn"),
        },
        "snoozed": {
            "platform": "binary_sensor",
            "name": "Reminders resting",
            "state_topic": now,
            "value_template": flag("snoozed"),
        },
        "judged": {
            "platform": "sensor",
            "name": "Judged time of the session",
            "state_topic": now,
            "value_template": of("judged_min"),
            "device_class": "duration",
            "unit_of_measurement": "min",
            "state_class": "total_increasing",
        },
        "upright": {
            "platform": "sensor",
            "name": "Not slouched, of the judged time",
            "state_topic": now,
            "value_template": of("upright_percent"),
            "unit_of_measurement": "%",
            "state_class": "measurement",
            "icon": "mdi:human-handsup",
        },
        "slouches": {
            "platform": "sensor",
            "name": "Slouches of the session",
            "state_topic": now,
            "value_template": of("slouches"),
            "state_class": "total_increasing",
            "icon": "mdi:counter",
        },
        "reminders": {
            "platform": "sensor",
            "name": "Reminders of the session",
            "state_topic": now,
            "value_template": of("reminders"),
            "state_class": "total_increasing",
            "icon": "mdi:vibrate",
        },
        "mode": {
            "platform": "select",
            "name": "Mode",
            "state_topic": now,
            "value_template": of("mode"),
            "options": [mode.value for mode in Mode],
            "command_topic": command,
            "command_template": ask("set_mode", '{"mode":"{{ value }}","for_s":null}'),
            "icon": "mdi:tune",
        },
        "snooze": {
            "platform": "button",
            "name": "Let reminders rest for 15 minutes",
            "command_topic": command,
            "command_template": ask("snooze", f'{{"for_s":{SNOOZE_S}}}'),
            "icon": "mdi:sleep",
        },
        "resume": {
            "platform": "button",
            "name": "Take reminders up again",
            "command_topic": command,
            "command_template": ask("snooze", '{"for_s":0}'),
            "icon": "mdi:sleep-off",
        },
        "reminder": {
            "platform": "event",
            "name": "Reminder",
            "state_topic": topic(device, Channel.EVENT),
            "event_types": ["reminder"],
            "value_template": (
                "{% if value_json.kind == 'slouch_alert' %}"
                '{"event_type":"reminder","level":{{ value_json.data.level }},'
                '"flexion_deg":{{ value_json.data.flexion_deg | round(1) }}}{% endif %}'
            ),
            "icon": "mdi:bell",
        },
    }
    for key, entity in entities.items():
        entity["unique_id"] = f"plumbline_{device}_{key}"
    payload = {
        "device": {
            "identifiers": [f"plumbline_{device}"],
            "name": f"Plumbline {device}{' (simulated)' if simulated else ''}",
            "model": "Posture monitor",
            "manufacturer": "Plumbline",
            "sw_version": version,
        },
        "origin": {"name": "Plumbline", "sw_version": version},
        "availability_topic": status,
        "availability_template": of("state"),
        "qos": 1,
        "components": entities,
    }
    return Outgoing(
        f"homeassistant/device/plumbline_{device}/config",
        json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(),
        durable=False,
        retain=True,
    )
