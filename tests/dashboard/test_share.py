"""A worker's connection to a real Mosquitto: with TLS and a password, taken over, resumed, in turn."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import func, select
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dashboard.ingest import Ingest, Taken
from dashboard.settings import BrokerSettings
from dashboard.share import Share, ShareReader
from dashboard.store import Store
from dashboard.tables import minutes
from dashboard.writer import Arrived, Writer
from firmware_py.posture.events import MinutePassed
from firmware_py.posture.messages import Encoder, Outgoing
from firmware_py.posture.tally import Tally

from .conftest import Broker, wait_until


class Reading:
    """A reader with its link told."""

    def __init__(self, settings: BrokerSettings, store: Store, name: str = "1") -> None:
        self.linked = threading.Event()
        self.reader = ShareReader(
            settings, Share("clinic", name), Ingest(store), on_stored=lambda _: None, on_link=self._link
        )
        self.reader.start()

    def _link(self, reached: bool) -> None:
        (self.linked.set if reached else self.linked.clear)()


@pytest.fixture
def store(postgresql: Callable[[], str]) -> Iterator[Store]:
    made = Store(postgresql())
    yield made
    made.close()


def told(count: int) -> list[Outgoing]:
    encoder = Encoder("back", "r1")
    return [encoder.encode(MinutePassed(60.0 * n + 60.0, 60.0 * n, Tally(600, 600))) for n in range(count)]


def send(settings: BrokerSettings, messages: list[Outgoing]) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    if settings.username:
        client.username_pw_set(settings.username, settings.password)
    if settings.ca_file is not None:
        client.tls_set(ca_certs=str(settings.ca_file))
    client.connect(settings.host, settings.port)
    client.loop_start()
    for message in messages:
        client.publish(message.topic, message.payload, qos=1).wait_for_publish(20)
    client.disconnect()
    client.loop_stop()


def stored(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(minutes)) or 0


def test_it_reads_over_tls_with_a_password(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    key, certificate, passwords = folder / "key.pem", folder / "cert.pem", folder / "passwords"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    key.chmod(0o644)
    subprocess.run(
        ["mosquitto_passwd", "-b", "-c", str(passwords), "ingest", "secret"], check=True, capture_output=True
    )
    passwords.chmod(0o644)
    broker = Broker(
        folder,
        f"certfile {certificate}",
        f"keyfile {key}",
        f"password_file {passwords}",
        "allow_anonymous false",
    )
    broker.start()
    settings = BrokerSettings("localhost", broker.port, "ingest", "secret", certificate)
    reading = Reading(settings, store)
    assert reading.linked.wait(20)
    send(settings, told(300))
    wait_until(lambda: stored(store) == 300, "the storing")
    reading.reader.stop()
    broker.stop()


def test_a_worker_of_the_same_name_takes_over_and_nothing_is_lost(broker: Broker, store: Store) -> None:
    first = Reading(broker.settings, store)
    assert first.linked.wait(20)
    messages = told(60)
    send(broker.settings, messages[:30])
    second = Reading(broker.settings, store)
    assert second.linked.wait(20)
    first.reader.stop()
    send(broker.settings, messages[30:])
    wait_until(lambda: stored(store) == 60, "the storing by the other")
    second.reader.stop()


def test_what_a_worker_that_stopped_had_not_taken_waits_for_it(broker: Broker, store: Store) -> None:
    first = Reading(broker.settings, store)
    assert first.linked.wait(20)
    first.reader.stop()
    send(broker.settings, told(40))
    again = Reading(broker.settings, store)
    wait_until(lambda: stored(store) == 40, "the storing of what waited")
    again.reader.stop()


def test_a_request_goes_out_at_once_and_is_kept_for_nobody(broker: Broker, store: Store) -> None:
    heard: list[str] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _c, _d, message: heard.append(message.payload.decode())
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    client.subscribe("plumbline/v1/back/command", 1)
    assert subscribed.wait(20)
    reading = Reading(broker.settings, store)
    assert reading.linked.wait(20)
    reading.reader.publish(Outgoing("plumbline/v1/back/command", b"now", durable=False))
    wait_until(lambda: heard == ["now"], "the request")
    reading.reader.stop()
    client.disconnect()
    client.loop_stop()


def test_acknowledged_is_in_the_order_of_arrival_whatever_is_stored_first(store: Store) -> None:
    acknowledged: list[int] = []
    writer = Writer(
        Ingest(store), lambda batch: acknowledged.extend(one.mid for one in batch), lambda _: None
    )
    long, short = told(6), Encoder("neck", "r1").encode(MinutePassed(60.0, 0.0, Tally(600, 600)))
    order = [*long, short]  # the short one's turn comes second, its acknowledgement last
    writer.put(*(Arrived(one.topic, one.payload, mid, 1, 1) for mid, one in enumerate(order, 1)))
    writer.start()
    wait_until(lambda: len(acknowledged) == 7, "every acknowledgement")
    writer.stop()
    assert acknowledged == list(range(1, 8))


def test_a_broker_that_is_away_for_long_blocks_nobody_who_hands_something_over(store: Store) -> None:
    reader = ShareReader(
        BrokerSettings("127.0.0.1", 1), Share("clinic", "1"), Ingest(store), on_stored=lambda _: None,
        on_link=lambda _: None,
    )  # fmt: skip

    def hand_over() -> None:
        for _ in range(5000):
            reader.publish(Outgoing("t", b"", durable=False))

    handing = threading.Thread(target=hand_over, daemon=True)
    handing.start()
    handing.join(20)
    assert not handing.is_alive(), "nobody looks up while there is no connection"
    reader.stop()


def test_whatever_keeps_the_store_from_taking_messages_they_are_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.writer.RETRY_S", 0.01)
    ingest = Ingest(store)
    keep, tries = ingest.keep, iter([PoolTimeout("no connection is free"), ZeroDivisionError(), None])

    def fails_at_first(messages: Sequence[tuple[str, bytes]]) -> Taken:
        if fault := next(tries, None):
            raise fault
        return keep(messages)

    monkeypatch.setattr(ingest, "keep", fails_at_first)
    acknowledged: list[Arrived] = []
    writer = Writer(ingest, acknowledged.extend, lambda _: None)
    [message] = told(1)
    writer.put(Arrived(message.topic, message.payload, 1, 1, 1))
    writer.start()
    wait_until(lambda: len(acknowledged) == 1, "the storing")
    writer.stop()
    assert stored(store) == 1
