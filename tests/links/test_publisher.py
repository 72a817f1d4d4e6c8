"""From event to broker, against a real Mosquitto and the embedded broker."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_py.links.broker import RunningBroker, find_mosquitto, run_mosquitto, start_broker
from firmware_py.links.mqtt import MqttSettings, publish_head, publish_packet
from firmware_py.links.outbox import Outbox
from firmware_py.links.publisher import Publisher
from firmware_py.posture.events import (
    Activity,
    EndSession,
    MinutePassed,
    Posture,
    Reading,
    Snooze,
    WornChanged,
)
from firmware_py.posture.messages import Anchor, Asked, Channel, Encoder, Reply, Status, Watch
from firmware_py.posture.tally import Tally

from .conftest import Reader, free_port, until

Make = Callable[..., Publisher]


def minute(number: int) -> MinutePassed:
    return MinutePassed(60.0 * (number + 1), 60.0 * number, Tally(600, 600, {"upright": 600}))


def reading(tick: int) -> Reading:
    return Reading(tick / 10, 3.0, 0.0, 3.0, None, 1.0, Posture.UPRIGHT, Activity.STILL, None, 1)


def starts_of(reader: Reader) -> list[float]:
    return [body.start_s for body in reader.bodies(MinutePassed)]


def asked_of(publisher: Publisher) -> list[Asked]:
    """The requests that come next, waited for."""
    got: list[Asked] = []

    def some_came() -> bool:
        got.extend(publisher.asked())
        return bool(got)

    assert until(some_came)
    return got


@pytest.fixture(params=["mosquitto", "amqtt"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningBroker]:
    broker = start_broker(tmp_path / "either", prefer=request.param)
    if broker.kind != request.param:
        broker.stop()
        pytest.skip("Mosquitto is not installed (apt install mosquitto)")
    yield broker
    broker.stop()


def test_durable_messages_arrive_once_and_in_order(either: RunningBroker, publishers: Make) -> None:
    reader = Reader(either)
    publisher = publishers(either)
    for n in range(100):
        publisher(minute(n))
    assert until(lambda: publisher.waiting() == 0)
    assert until(lambda: len(reader.of(Channel.MINUTE)) >= 100)
    assert starts_of(reader) == [60.0 * n for n in range(100)]
    reader.stop()


def test_readings_flow_only_while_somebody_watches(either: RunningBroker, publishers: Make) -> None:
    reader = Reader(either)
    publisher = publishers(either)
    assert until(lambda: publisher.connected)
    publisher(reading(1))
    reader.ask(Watch(0.0, 60.0, "page"), "w1")
    assert until(lambda: publisher.watched)

    def heard_one_more() -> bool:
        publisher(reading(2))  # best effort: one that meets the link at work is lost, as it may be
        return bool(reader.of(Channel.LIVE))

    assert until(heard_one_more)
    reader.ask(Watch(0.0, 0.0, "page"), "w2")
    assert until(lambda: not publisher.watched)
    publisher(reading(3))
    # The embedded broker may bring one twice.
    answers = {Reply("w1", True), Reply("w2", True)}
    assert until(lambda: {message.body for message in reader.of(Channel.REPLY)} == answers)
    assert {body.t_s for body in reader.bodies(Reading)} == {0.2}
    reader.stop()


def test_a_request_reaches_the_monitor_and_its_answer_comes_back(
    mosquitto: RunningBroker, reader: Reader, publishers: Make
) -> None:
    publisher = publishers(mosquitto)
    assert until(lambda: publisher.connected)
    reader.ask(Snooze(0.0, 900.0), "s1")
    got = asked_of(publisher)
    assert got[0].at(5.0) == Snooze(5.0, 900.0)
    publisher.reply(Reply("s1", True))
    assert until(lambda: reader.of(Channel.REPLY))
    assert reader.of(Channel.REPLY)[0].body == Reply("s1", True)


def test_a_retained_request_is_ignored(mosquitto: RunningBroker, reader: Reader, publishers: Make) -> None:
    reader.client.publish(
        "plumbline/v1/back/command",
        b'{"schema":1,"id":"old","kind":"end_session","data":{}}',
        qos=1,
        retain=True,
    ).wait_for_publish(5.0)
    publisher = publishers(mosquitto)
    assert until(lambda: publisher.connected)
    reader.ask(EndSession(0.0), "new")
    got = asked_of(publisher)
    assert [asked.id for asked in got] == ["new"]


def test_what_happens_before_there_is_a_broker_arrives_when_there_is_one(
    tmp_path: Path, publishers: Make
) -> None:
    first = start_broker(tmp_path / "machine")
    first.stop()
    publisher = publishers(first)
    for n in range(30):
        publisher(minute(n))
    assert until(lambda: publisher.waiting() == 30)
    broker = start_broker(tmp_path / "machine", first.port)
    reader = Reader(broker)
    assert until(lambda: publisher.connected)
    reader.ask(Watch(0.0, 1.0), "here")  # nobody had subscribed: somebody has now
    assert until(lambda: len(reader.of(Channel.MINUTE)) == 30)
    assert starts_of(reader) == [60.0 * n for n in range(30)]
    reader.stop()
    publisher.stop()
    broker.stop()


def test_what_nobody_subscribed_to_is_kept(mosquitto: RunningBroker, publishers: Make) -> None:
    publisher = publishers(mosquitto)
    publisher(minute(0))
    # Offered, taken by nobody, and now held back: a reader who came before that would be given it at once.
    assert until(lambda: publisher.unheard)
    reader = Reader(mosquitto)
    assert publisher.waiting() == 1
    assert starts_of(reader) == []
    reader.ask(Watch(0.0, 1.0), "here")
    assert until(lambda: starts_of(reader) == [0.0])
    assert until(lambda: publisher.waiting() == 0)
    reader.stop()


def test_the_next_run_sends_what_the_last_one_could_not(
    mosquitto: RunningBroker, reader: Reader, tmp_path: Path, publishers: Make
) -> None:
    nowhere = Publisher(
        MqttSettings(mosquitto.host, 1), Encoder("back", "run"), Outbox(tmp_path / "outbox.db")
    )
    nowhere.start()
    nowhere.anchor(Anchor(0.0, 1.7e9, True))
    nowhere(WornChanged(1.0, True, "moved"))
    nowhere.stop(0.1)
    publisher = publishers(mosquitto, run="next")
    assert until(lambda: publisher.waiting() == 0)
    assert until(lambda: len(reader.of(Channel.ANCHOR, Channel.EVENT)) == 2)
    assert [message.run for message in reader.of(Channel.ANCHOR, Channel.EVENT)] == ["run", "run"]


def test_the_status_is_online_then_offline_when_stopped(
    mosquitto: RunningBroker, reader: Reader, publishers: Make
) -> None:
    publisher = publishers(mosquitto)
    assert until(lambda: publisher.connected)
    publisher.stop()
    assert until(lambda: len(reader.of(Channel.STATUS)) == 2)
    assert [body.state for body in reader.bodies(Status)] == ["online", "offline"]


def test_a_device_that_vanishes_is_told_offline_by_its_last_will(
    mosquitto: RunningBroker, reader: Reader, publishers: Make
) -> None:
    publisher = publishers(mosquitto)
    assert until(lambda: publisher.connected)
    connection = publisher._delivery.connection
    assert connection is not None
    connection.drop()
    assert until(lambda: Status("offline", "test") in [m.body for m in reader.of(Channel.STATUS)])
    assert until(lambda: publisher.connected)


def test_a_broker_that_is_not_there_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    publisher = Publisher(MqttSettings("127.0.0.1", 1), Encoder("b", "r"), Outbox(tmp_path / "o.db"))
    publisher.start()
    assert until(lambda: "no broker at 127.0.0.1:1" in caplog.text)
    publisher.stop(0.1)
    assert caplog.text.count("no broker at") == 1


def test_a_port_that_accepts_and_says_nothing_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        publisher = Publisher(
            MqttSettings("127.0.0.1", deaf.getsockname()[1]), Encoder("b", "r"), Outbox(tmp_path / "o.db")
        )
        publisher.start()
        publisher(minute(0))
        publisher.stop(0.1)
    assert Outbox(tmp_path / "o.db").waiting() == 1


def test_no_more_is_in_flight_than_the_broker_allows(tmp_path: Path, publishers: Make) -> None:
    program = find_mosquitto()
    assert program is not None
    config = tmp_path / "narrow.conf"
    port = free_port()
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 3\n")
    narrow = run_mosquitto(program, config, "127.0.0.1", port)
    reader = Reader(narrow)
    publisher = publishers(narrow)
    most = [0]
    in_flight = publisher._delivery._in_flight
    say = publisher._delivery._say

    def say_and_count(*told: Any, **more: Any) -> int:
        number = say(*told, **more)
        most.append(len(in_flight))
        return number

    publisher._delivery._say = say_and_count  # type: ignore[method-assign]  # looked over its shoulder
    for n in range(60):
        publisher(minute(n))
    assert until(lambda: len(reader.of(Channel.MINUTE)) == 60)
    assert starts_of(reader) == [60.0 * n for n in range(60)]
    assert max(most) == 3
    reader.stop()
    publisher.stop()
    narrow.stop()


@pytest.mark.parametrize("size", [1, 100, 127, 128, 16_383, 16_384, 30_000])
def test_a_packet_written_by_hand_is_what_paho_would_write(size: int) -> None:
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

    for version in (MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311):
        client = paho.Client(CallbackAPIVersion.VERSION2, "x", protocol=version)
        ours, theirs = socket.socketpair()
        ours.settimeout(5.0)
        client._sock = theirs
        client.publish("plumbline/v1/back/live", b"x" * size)
        packet = publish_packet(
            publish_head("plumbline/v1/back/live", v5=version == MQTTProtocolVersion.MQTTv5), b"x" * size
        )
        got = b""
        while len(got) < len(packet):
            got += ours.recv(65_536)
        assert got == packet
        client._sock = None
        ours.close()
        theirs.close()


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(MqttSettings("h", 8883, "back", "secret"))


@pytest.mark.parametrize(
    ("settings", "private"),
    [
        (MqttSettings(), True),
        (MqttSettings("localhost"), True),
        (MqttSettings("192.168.1.5"), False),
        (MqttSettings("192.168.1.5", 8883, ca_file=Path("ca.crt")), True),
    ],
)
def test_a_network_without_tls_is_warned_about(
    settings: MqttSettings, private: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = Publisher(settings, Encoder("b", "r"), Outbox(tmp_path / "o.db"))
    publisher._delivery._thread.run = lambda: None  # type: ignore[method-assign]  # what is warned about is not tried
    publisher.start()
    assert ("in clear" in caplog.text) is not private
    publisher.stop(0.0)
