"""The announcement is what Home Assistant documents, and its templates fit the messages.

The tables below are its documentation (home-assistant.io/integrations/mqtt, sensor.mqtt, binary_sensor.mqtt,
select.mqtt, button.mqtt, event.mqtt) as far as we use it: for each platform what must be there and what may.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import jinja2
import pytest

from firmware_py.links.broker import RunningBroker
from firmware_py.links.homeassistant import EVERY_S, HomeAssistant, discovery
from firmware_py.links.mqtt import MqttSettings
from firmware_py.links.outbox import Outbox
from firmware_py.links.publisher import Publisher
from firmware_py.posture import events as ev
from firmware_py.posture.messages import Channel, Encoder, Now, Status, decode_request, topic
from firmware_py.posture.tally import Tally

from .conftest import Reader, until

ROOT_KEYS = {"device", "origin", "components", "availability_topic", "availability_template", "qos"}
DEVICE_KEYS = {
    "configuration_url", "connections", "hw_version", "identifiers", "manufacturer", "model", "model_id",
    "name", "serial_number", "suggested_area", "sw_version", "via_device",
}  # fmt: skip
ORIGIN_KEYS = {"name", "sw_version", "support_url"}
COMMON = {
    "name",
    "unique_id",
    "icon",
    "platform",
    "entity_category",
    "qos",
    "object_id",
    "enabled_by_default",
}
PLATFORMS: dict[str, tuple[set[str], set[str]]] = {
    "sensor": (
        {"state_topic"},
        {"value_template", "unit_of_measurement", "state_class", "device_class", "options",
         "suggested_display_precision", "expire_after", "force_update"},
    ),
    "binary_sensor": ({"state_topic"}, {"value_template", "device_class", "payload_on", "payload_off"}),
    "select": ({"command_topic", "options"}, {"state_topic", "value_template", "command_template", "retain"}),
    "button": ({"command_topic"}, {"command_template", "payload_press", "device_class", "retain"}),
    "event": ({"state_topic", "event_types"}, {"value_template", "device_class"}),
}  # fmt: skip
STATE_CLASSES = {"measurement", "total", "total_increasing"}

ANNOUNCED = discovery("back", "1.2")
PAYLOAD: dict[str, Any] = json.loads(ANNOUNCED.payload)
ENTITIES: dict[str, dict[str, Any]] = PAYLOAD["components"]

TALLY = Tally(600, 500, {"upright": 400, "slouched": 100})
ENCODER = Encoder("back", "run")
READING = ev.Reading(0.1, 3.0, 0.0, 3.0, None, 1.0, ev.Posture.UPRIGHT, ev.Activity.STILL, None, 1)


def rendered(template: str, payload: bytes | None = None, **values: object) -> str:
    """As Home Assistant renders it: Jinja with `value_json` and `now()`."""
    environment = jinja2.Environment(autoescape=False)
    return environment.from_string(template).render(
        value_json=json.loads(payload) if payload else None, now=lambda: datetime.now(UTC), **values
    )


def state_of(key: str, now: Now) -> str:
    return rendered(ENTITIES[key]["value_template"], ENCODER.now(now).payload)


def a_now(**changes: Any) -> Now:
    known: dict[str, Any] = {
        "t_s": 60.0, "flexion_deg": 3.2, "posture": ev.Posture.SLOUCHED, "slouching": True, "worn": True,
        "mode": ev.Mode.MEETING, "snoozed": False, "judged_min": 8.3, "upright_percent": 80.0,
        "slouches": 2, "reminders": 1,
    }  # fmt: skip
    return Now(**known | changes)


def test_the_announcement_has_the_documented_form() -> None:
    assert ANNOUNCED.topic == "homeassistant/device/plumbline_back/config"
    assert ANNOUNCED.retain
    assert set(PAYLOAD) == ROOT_KEYS
    assert set(PAYLOAD["device"]) <= DEVICE_KEYS
    assert PAYLOAD["device"]["identifiers"] == ["plumbline_back"]
    assert set(PAYLOAD["origin"]) <= ORIGIN_KEYS
    assert PAYLOAD["origin"]["name"]


@pytest.mark.parametrize("key", ENTITIES)
def test_an_entity_has_what_its_platform_needs_and_nothing_it_does_not_know(key: str) -> None:
    entity = ENTITIES[key]
    needed, known = PLATFORMS[entity["platform"]]
    assert needed <= set(entity)
    assert set(entity) <= needed | known | COMMON
    assert entity["unique_id"] == f"plumbline_back_{key}"
    assert entity.get("state_class") in {None, *STATE_CLASSES}
    if entity.get("device_class") == "enum":
        assert entity["options"]
        assert "state_class" not in entity
        assert "unit_of_measurement" not in entity
    for name in ("state_topic", "command_topic"):
        assert entity.get(name, "plumbline/v1/back/x").startswith("plumbline/v1/back/")


def test_no_two_entities_share_an_id_or_a_name() -> None:
    for field in ("unique_id", "name"):
        values = [entity[field] for entity in ENTITIES.values()]
        assert len(values) == len(set(values))


def test_the_templates_read_what_is_published() -> None:
    now = a_now()
    assert state_of("flexion", now) == "3.2"
    assert state_of("posture", now) == "slouched"
    assert state_of("slouch", now) == "ON"
    assert state_of("worn", a_now(worn=False)) == "OFF"
    assert state_of("worn", a_now(worn=None)) == "None"
    assert state_of("flexion", a_now(flexion_deg=None)) == "None"
    assert state_of("upright", now) == "80.0"
    assert float(state_of("judged", now)) == 8.3
    assert state_of("mode", now) in ENTITIES["mode"]["options"]


@pytest.mark.parametrize("posture", ev.Posture)
def test_every_posture_is_an_option(posture: ev.Posture) -> None:
    assert state_of("posture", a_now(posture=posture)) in ENTITIES["posture"]["options"]


def test_availability_follows_the_status() -> None:
    assert PAYLOAD["availability_topic"] == topic("back", Channel.STATUS)
    states: tuple[Literal["online", "offline"], ...] = ("online", "offline")
    for state in states:
        payload = ENCODER.status(Status(state)).payload
        assert rendered(PAYLOAD["availability_template"], payload) == state


def test_a_reminder_is_an_event_and_nothing_else_is() -> None:
    template = ENTITIES["reminder"]["value_template"]
    alert = ENCODER.encode(ev.SlouchAlert(41.0, 1, 2, 14.26, 300.0))
    told = json.loads(rendered(template, alert.payload))
    assert told == {"event_type": "reminder", "level": 2, "flexion_deg": 14.3}
    assert told["event_type"] in ENTITIES["reminder"]["event_types"]
    assert rendered(template, ENCODER.encode(ev.WornChanged(1.0, True, "moved")).payload) == ""


@pytest.mark.parametrize("mode", ev.Mode)
def test_the_mode_that_is_chosen_is_asked_for(mode: ev.Mode) -> None:
    asked = decode_request(rendered(ENTITIES["mode"]["command_template"], value=mode.value).encode())
    assert asked.request == ev.SetMode(0.0, mode, None)


def test_the_buttons_ask_for_a_rest_and_its_end_each_time_anew() -> None:
    assert decode_request(rendered(ENTITIES["snooze"]["command_template"]).encode()).request == ev.Snooze(
        0.0, 900.0
    )
    assert decode_request(rendered(ENTITIES["resume"]["command_template"]).encode()).request == ev.Snooze(
        0.0, 0.0
    )
    ids = []
    for _ in range(2):
        ids.append(decode_request(rendered(ENTITIES["snooze"]["command_template"]).encode()).id)
        time.sleep(0.002)
    assert ids[0] != ids[1]


def test_now_is_told_at_a_change_and_every_ten_seconds() -> None:
    home = HomeAssistant("back", "1")
    told = [home(ev.Reading(t / 10, 4.0, 0.0, 4.0, None, 1.0, ev.Posture.UPRIGHT, ev.Activity.STILL, None, 1))
            for t in range(300)]  # fmt: skip
    assert [now.t_s for now in told if now] == [0.0, EVERY_S, 2 * EVERY_S]
    change = home(ev.SlouchStarted(30.0, 1, 12.0))
    assert change is not None
    assert change.slouching
    assert change.flexion_deg == 4.0
    assert home(ev.BreakDue(30.5, 1800.0)) is None


def test_now_tells_the_session_and_not_the_one_before() -> None:
    home = HomeAssistant("back", "1")
    for event in (
        ev.SessionStarted(0.0, "r-1", 1),
        ev.SlouchStarted(5.0, 1, 12.0),
        ev.SlouchAlert(35.0, 1, 1, 14.0, 300.0),
        ev.MinutePassed(60.0, 0.0, TALLY),
    ):
        home(event)
    now = home(ev.SlouchEnded(61.0, 1, 5.0, 56.0, 15.0, 13.0, 35.0, None, ev.SlouchEnd.MOVED))
    assert now == a_now(
        t_s=61.0, flexion_deg=None, posture=ev.Posture.UNKNOWN, slouching=False, worn=None,
        mode=ev.Mode.TRAINING, judged_min=0.8, slouches=1,
    )  # fmt: skip
    fresh = home(ev.SessionStarted(100.0, "r-2", 1))
    assert fresh is not None
    assert (fresh.slouches, fresh.reminders, fresh.judged_min, fresh.upright_percent) == (0, 0, 0.0, None)


def test_a_simulated_wearer_is_called_so() -> None:
    assert json.loads(discovery("back", "1", simulated=True).payload)["device"]["name"].endswith(
        "(simulated)"
    )


def test_the_device_announces_itself_again_when_home_assistant_restarts(
    mosquitto: RunningBroker, tmp_path: Path
) -> None:
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    heard: list[str] = []
    house = paho.Client(CallbackAPIVersion.VERSION2)
    house.on_message = lambda _c, _d, message: heard.append(message.topic)
    house.connect(mosquitto.host, mosquitto.port)
    house.subscribe([("homeassistant/device/+/config", 1), ("plumbline/v1/+/now", 0)])
    house.loop_start()
    publisher = Publisher(
        MqttSettings(mosquitto.host, mosquitto.port),
        ENCODER,
        Outbox(tmp_path / "o.db"),
        home=HomeAssistant("back", "1"),
    )
    publisher.start()
    assert until(lambda: heard.count(ANNOUNCED.topic) == 1)
    house.publish("homeassistant/status", b"online", qos=1)
    assert until(lambda: heard.count(ANNOUNCED.topic) == 2)
    publisher(READING)
    assert until(lambda: "plumbline/v1/back/now" in heard)
    publisher.stop(0.5)
    house.disconnect()
    house.loop_stop()


def test_without_home_assistant_nothing_is_announced(
    mosquitto: RunningBroker, reader: Reader, publishers: Callable[..., Publisher]
) -> None:
    publisher = publishers(mosquitto)
    assert until(lambda: publisher.connected)
    publisher(READING)
    publisher(ev.WornChanged(1.0, True, "moved"))
    assert until(lambda: reader.of(Channel.EVENT))
    assert reader.of(Channel.NOW) == []
