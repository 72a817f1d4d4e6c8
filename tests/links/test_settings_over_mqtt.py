"""Settings asked for over the network: answered, in force at once, retained, and there after a restart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware_py.links.broker import RunningBroker
from firmware_py.links.mqtt import MqttSettings
from firmware_py.posture.events import RulesChanged
from firmware_py.posture.messages import Channel, Reply, encode_request
from firmware_py.posture.settings import ChangeSettings, SettingsInForce, Taken
from firmware_py.simulated import monitor

from .conftest import Reader, until


@contextmanager
def running(folder: Path, broker: RunningBroker) -> Iterator[None]:
    stop = threading.Event()
    mqtt = MqttSettings(host=broker.host, port=broker.port)
    run = threading.Thread(target=monitor, args=("back", folder, mqtt, 1, stop.is_set))
    run.start()
    try:
        yield
    finally:
        stop.set()
        run.join(timeout=30.0)
        assert not run.is_alive()


def in_force(reader: Reader) -> list[SettingsInForce]:
    told = [message.body for message in reader.of(Channel.SETTINGS)]
    return [body for body in told if isinstance(body, SettingsInForce)]


def replies(reader: Reader) -> dict[str, Reply]:
    bodies = [message.body for message in reader.of(Channel.REPLY)]
    return {body.id: body for body in bodies if isinstance(body, Reply)}


def test_a_change_is_answered_holds_at_once_and_is_there_after_a_restart(
    tmp_path: Path, mosquitto: RunningBroker, reader: Reader
) -> None:
    with running(tmp_path, mosquitto):
        assert until(lambda: in_force(reader))
        assert in_force(reader)[-1].rules["slouch_enter_deg"] == 10
        # What a run begins with is no change: only after the first tick is one told.
        assert until(lambda: reader.of(Channel.SESSION))
        reader.ask(ChangeSettings(0.0, rules={"slouch_enter_deg": 14.0}), "q1")
        reader.ask(ChangeSettings(0.0, rules={"slouch_enter_deg": 99.0}), "q2")
        assert until(lambda: len(replies(reader)) == 2)
        assert replies(reader)["q1"] == Reply("q1", accepted=True)
        assert not replies(reader)["q2"].accepted
        assert "slouch_enter_deg is 99" in replies(reader)["q2"].detail
        assert until(lambda: in_force(reader)[-1].rules["slouch_enter_deg"] == 14.0)
        assert in_force(reader)[-1].chosen["slouch_enter_deg"].by == "page"
        assert until(
            lambda: any(
                message.body.rules == {"slouch_enter_deg": 14.0, "slouch_exit_deg": 11.0}
                for message in reader.of(Channel.EVENT)
                if isinstance(message.body, RulesChanged)
            )
        )
    reader.heard.clear()
    with running(tmp_path, mosquitto):
        assert until(lambda: in_force(reader))
        assert in_force(reader)[-1].rules["slouch_exit_deg"] == 11.0


def test_a_lasting_change_waits_at_the_broker_for_a_device_that_is_away_and_is_carried_out_once(
    tmp_path: Path, mosquitto: RunningBroker, reader: Reader
) -> None:
    wanted = encode_request("back", "w1", ChangeSettings(0.0, rules={"load_s": 60.0}, lasting=True))
    reader.client.publish(wanted.topic, wanted.payload, qos=1, retain=wanted.retain).wait_for_publish(10)
    with running(tmp_path, mosquitto):
        assert until(lambda: in_force(reader) and in_force(reader)[-1].taken == Taken("w1"))
        assert in_force(reader)[-1].rules["load_s"] == 60.0
        reader.ask(ChangeSettings(0.0, rules={"load_s": 45.0}), "q1")
        assert until(lambda: in_force(reader)[-1].rules["load_s"] == 45.0)
    reader.heard.clear()
    with running(tmp_path, mosquitto):  # it stands there still, and counts no longer
        assert until(lambda: "w1" in replies(reader))
        assert in_force(reader)[-1].rules["load_s"] == 45.0
