"""Several workers, one store: whoever dies and whatever comes in which order, each message is there once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from dashboard.ingest import Ingest
from dashboard.settings import Settings
from dashboard.share import Share
from dashboard.store import Store
from dashboard.tables import days, episodes, events, hours, minutes, quarters, sessions
from dashboard.worker import Worker
from firmware_py.errors import ConfigError
from firmware_py.posture.events import MinutePassed
from firmware_py.posture.messages import Encoder, Outgoing, decode
from firmware_py.posture.tally import Tally

from .conftest import Broker, wait_until
from .seed import BERLIN, Sitter, day_messages
from .servers import PostgreSQL
from .test_ingest import rows, told

PROBE = "probe"
NO_SUBSCRIBERS = 0x10
"""PUBACK reason (MQTT 5, 3.4.2.1)."""
HISTORY = (minutes, events, sessions, episodes, quarters, hours, days)

WORK = """
import sys
from pathlib import Path
from dashboard.settings import BrokerSettings, Settings
from dashboard.share import Share
from dashboard.worker import work
settings = Settings(Path(sys.argv[1]), database=sys.argv[2], broker=BrokerSettings(port=int(sys.argv[3])))
work(settings, Share("clinic", sys.argv[4]), on_ready=lambda name: print(name, flush=True))
"""


class Workers:
    """Two workers, each started again when it is gone."""

    def __init__(self, folder: Path, url: str, port: int) -> None:
        self._arguments = [sys.executable, "-c", WORK, str(folder), url, str(port)]
        self._processes = {name: self._start(name) for name in ("1", "2")}

    def _start(self, name: str) -> subprocess.Popen[str]:
        return subprocess.Popen([*self._arguments, name], stdout=subprocess.DEVNULL, text=True)

    def kill(self, name: str) -> None:
        """One dies without a word, and is started again."""
        self._processes[name].kill()
        self._processes[name].wait()
        self.revive()

    def revive(self) -> None:
        """Start whoever ended by itself, as systemd would: a worker does not wait for a database to begin."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                self._processes[name] = self._start(name)

    def stop(self) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            process.wait(30)


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    """A PostgreSQL that syncs each commit to disk, to be killed."""
    try:
        made = PostgreSQL()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    yield made
    made.close()


class Sender:
    """Devices' messages over one connection, by a device's rule: what nobody was subscribed to is sent again.

    A Mosquitto 2.0 that restarts forgets shared subscriptions until the workers are back, and says so.
    """

    def __init__(self, port: int) -> None:
        self._under_way: dict[int, Outgoing] = {}
        self._said: deque[tuple[int, bool]] = deque()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="sender", protocol=mqtt.MQTTv5, reconnect_on_failure=True
        )
        self._client.on_publish = lambda _c, _d, mid, reason, _p: self._said.append(
            (mid, reason.value != NO_SUBSCRIBERS)
        )
        self._client.reconnect_delay_set(1, 1)
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho says no types of it
        kept.SessionExpiryInterval = 600
        self._client.connect("127.0.0.1", port, clean_start=False, properties=kept)
        self._client.loop_start()

    def send(self, message: Outgoing) -> None:
        sent = self._client.publish(message.topic, message.payload, 1, message.retain)
        self._under_way[sent.mid] = message

    def wait(self, meanwhile: Callable[[], None]) -> None:
        wait_until(lambda: self._is_taken(meanwhile), "every acknowledgement", 60)

    def _is_taken(self, meanwhile: Callable[[], None]) -> bool:
        meanwhile()
        while self._said:  # by paho's thread
            mid, taken = self._said.popleft()
            message = self._under_way.pop(mid)
            if not taken:
                self.send(message)
        return not self._under_way

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def a_fleet(devices: int, seed: int) -> list[Outgoing]:
    """A morning of some devices, interleaved; each device's own messages in their order."""
    stories = [
        day_messages(f"d{n}", date(2026, 3, 20), BERLIN, Sitter(seed + n))[:60] for n in range(devices)
    ]
    return [message for at_once in zip(*stories, strict=False) for message in at_once]


def wanted_rows(messages: list[Outgoing]) -> set[tuple[str, str, int]]:
    decoded = [decode(message.topic, message.payload) for message in messages]
    return {(m.device, m.session, m.seq) for m in decoded if m.seq is not None}


def stored_rows(url: str) -> list[tuple[str, str, int]]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        found = connection.execute(
            "SELECT d.name, m.session, m.seq FROM (SELECT device_id, session, seq FROM minutes"
            " UNION ALL SELECT device_id, session, seq FROM events) m JOIN devices d USING (device_id)"
        )
        return [(str(name), str(session), int(seq)) for name, session, seq in found.fetchall()]


def counted(url: str) -> int:
    try:
        return len(stored_rows(url))
    except psycopg.Error:
        return -1


def test_whoever_dies_each_acknowledged_message_is_there_exactly_once(
    tmp_path: Path, server: PostgreSQL
) -> None:
    _live_through(tmp_path, server, devices=3, seed=1, faults=["worker 1", "database", "worker 2", "broker"])


@pytest.mark.slow
def test_a_quarter_of_an_hour_of_faults_loses_and_doubles_nothing(tmp_path: Path, server: PostgreSQL) -> None:
    rng = random.Random(7)
    faults = rng.choices(["worker 1", "worker 2", "database", "broker"], k=60)
    _live_through(tmp_path, server, devices=40, seed=2, faults=faults)


def _live_through(tmp_path: Path, server: PostgreSQL, devices: int, seed: int, faults: list[str]) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder, "max_queued_messages 0", "max_inflight_messages 0")
    broker.start()
    url = server.database()
    Store(url).close()
    workers = Workers(tmp_path, url, broker.port)
    sender = Sender(broker.port)
    messages = a_fleet(devices, seed)
    try:
        wait_for_a_worker(sender, url)
        for number, fault in enumerate(faults):
            for message in messages[number :: len(faults)]:
                sender.send(message)
            if fault == "database":
                server.stop("immediate")
                server.start()
            elif fault == "broker":
                # What it acknowledged and had not written yet it would lose: devices send that again.
                sender.wait(workers.revive)
                broker.stop()
                broker.start()
            else:
                workers.kill(fault[-1])
        sender.wait(workers.revive)
        wanted = wanted_rows(messages)

        def is_stored() -> bool:
            workers.revive()
            return set(stored_rows(url)) >= wanted

        wait_until(is_stored, "the storing of all", 120)
        workers.stop()
        found = stored_rows(url)
        assert len(found) == len(set(found))
        assert {row for row in found if row[0] != PROBE} == wanted
    finally:
        workers.stop()
        sender.close()
        broker.stop()
    assert sums_agree(url)


def wait_for_a_worker(sender: Sender, url: str) -> None:
    """Wait until a worker is subscribed: what is sent before is for nobody, what is sent then waits."""
    encoder = Encoder(PROBE, "r1")

    def is_heard() -> bool:
        sender.send(encoder.encode(MinutePassed(1.0, 0.0, Tally())))
        return counted(url) > 0

    wait_until(is_heard, "a worker's first row", 60)


def sums_agree(url: str) -> bool:
    """Whether the sums are those of the minutes, by another way than ours."""
    store = Store(url)
    Ingest(store).settle(wait=True)
    with store.engine.connect() as connection:
        each = [
            connection.exec_driver_sql(
                f"SELECT device_id, sum(ticks), sum(upright), sum(slouches) FROM {table}"
                " WHERE start_utc_ms IS NOT NULL GROUP BY device_id ORDER BY device_id"
            ).all()
            for table in ("minutes", "quarters", "hours", "days", "sessions")
        ]
    store.close()
    return each[0] != [] and all(one == each[0] for one in each)


def test_workers_that_share_a_session_message_by_message_give_the_rows_of_one(
    postgresql: Callable[[], str],
) -> None:
    story = told(*day_messages("back", date(2026, 3, 20), BERLIN, Sitter(5))[:120])
    alone = Store(postgresql())
    Ingest(alone).take(story)
    wanted = [rows(alone, table) for table in HISTORY]
    alone.close()
    for seed in range(3):
        rng = random.Random(seed)
        url = postgresql()
        stores = [Store(url) for _ in range(3)]
        shuffled = story + rng.choices(story, k=20)
        rng.shuffle(shuffled)
        cuts = [shuffled[n : n + 7] for n in range(0, len(shuffled), 7)]
        ingests = [Ingest(store) for store in stores]

        def work(
            number: int, ingests: list[Ingest] = ingests, cuts: list[list[tuple[str, bytes]]] = cuts
        ) -> None:
            for cut in cuts[number::3]:
                ingests[number].keep(cut)
                ingests[number].settle()

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(work, range(3)))
        ingests[0].settle(wait=True)
        found = [rows(stores[0], table) for table in HISTORY]
        assert found == wanted, f"order {seed}"
        for store in stores:
            store.close()


def test_a_worker_says_what_is_wrong_with_a_phones_network_before_it_opens_anything(tmp_path: Path) -> None:
    unreached = "postgresql://nobody@127.0.0.1:1/none"
    settings = Settings(
        tmp_path, database=unreached, people=True, phone_networks=("10.1.2.0/24", "10.1.2/33")
    )
    with pytest.raises(ConfigError, match=r"phone_networks: '10\.1\.2/33' is no network, such as"):
        Worker(settings, Share("clinic", "1"))


@pytest.mark.parametrize("name", ["", "a/b", "+", "x" * 41])
def test_a_worker_is_named_as_a_topic_can_be(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name"):
        Share("clinic", name)
