"""Nobody uninvited: a real Mosquitto with TLS, passwords and an access list, tried by strangers."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from firmware_py.errors import LinkError
from firmware_py.links.broker import RunningBroker, find_mosquitto
from firmware_py.links.certificates import fingerprint, make_certificates
from firmware_py.links.mosquitto import CONFIG, Member, access_list, admit, members, prepare, send_away, start
from firmware_py.links.mqtt import MqttSettings
from firmware_py.links.outbox import Outbox
from firmware_py.links.publisher import Publisher
from firmware_py.posture.events import WornChanged
from firmware_py.posture.messages import Encoder

from .conftest import free_port, until
from .door import Client

pytestmark = pytest.mark.skipif(
    find_mosquitto() is None, reason="Mosquitto is not installed (apt install mosquitto)"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A broker with a device, another device, a reader of both and one of the first alone."""
    found = tmp_path / "broker"
    prepare(found, ["localhost", "127.0.0.1"], port=free_port())
    admit(found, Member("back", "device"))
    admit(found, Member("other", "device"))
    admit(found, Member("page", "reader"))
    admit(found, Member("doctor", "reader", devices=("back",), may_ask=False))
    return found


@pytest.fixture
def broker(folder: Path) -> Iterator[RunningBroker]:
    running = start(folder)
    yield running
    running.stop()


Enter = Callable[..., Client]


@pytest.fixture
def enter(broker: RunningBroker, folder: Path) -> Iterator[Enter]:
    made: list[Client] = []

    def make(name: str | None, password: str | None = None) -> Client:
        made.append(Client(broker, folder, name, password))
        return made[-1]

    yield make
    for client in made:
        client.stop()


@pytest.mark.parametrize(
    ("name", "password"), [(None, None), ("back", "wrong"), ("nobody", "x"), ("page", "back")]
)
def test_without_the_right_password_nobody_comes_in(
    enter: Enter, name: str | None, password: str | None
) -> None:
    assert not enter(name, password).let_in()


def test_a_device_writes_under_its_own_name_only(enter: Enter) -> None:
    device = enter("back")
    assert device.let_in()
    assert device.may_write("plumbline/v1/back/minute")
    assert device.may_write("homeassistant/device/plumbline_back/config")
    for forged in (
        "plumbline/v1/other/minute",
        "plumbline/v1/back/command",
        "plumbline/v1/other/command",
        "plumbline/v1/back/minute/x",
        "homeassistant/device/plumbline_other/config",
        "homeassistant/status",
        "somewhere",
    ):
        assert not device.may_write(forged), forged


def test_what_a_device_forges_for_another_reaches_nobody(enter: Enter) -> None:
    reader, device = enter("page"), enter("back")
    reader.client.subscribe([("plumbline/v1/+/minute", 1), ("plumbline/v1/+/event", 1)])
    assert until(lambda: reader.granted)
    device.may_write("plumbline/v1/other/minute")
    device.may_write("plumbline/v1/back/minute")
    assert until(lambda: reader.heard)
    assert reader.heard == ["plumbline/v1/back/minute"]


def test_a_reader_of_one_device_hears_that_one_and_may_ask_nothing(enter: Enter) -> None:
    doctor, back, other = enter("doctor"), enter("back"), enter("other")
    doctor.client.subscribe("plumbline/v1/#", qos=1)
    assert until(lambda: doctor.granted)
    other.may_write("plumbline/v1/other/event")
    back.may_write("plumbline/v1/back/event")
    assert until(lambda: doctor.heard)
    assert doctor.heard == ["plumbline/v1/back/event"]
    assert not doctor.may_write("plumbline/v1/back/command")
    assert not doctor.may_write("plumbline/v1/back/event")
    assert enter("page").may_write("plumbline/v1/back/command")


def test_one_device_does_not_hear_what_another_is_asked(enter: Enter) -> None:
    other, page, back = enter("other"), enter("page"), enter("back")
    for client in (other, back):
        client.client.subscribe("plumbline/v1/#", qos=1)
    assert until(lambda: other.granted and back.granted)
    page.may_write("plumbline/v1/back/command")
    assert until(lambda: back.heard)
    assert other.heard == []


def test_a_password_that_was_taken_back_opens_nothing(
    enter: Enter, folder: Path, broker: RunningBroker
) -> None:
    old = (folder / "credentials/other").read_text().strip()
    send_away(folder, "other")
    assert [member.name for member in members(folder)] == ["back", "page", "doctor"]
    assert until(lambda: not enter("other", old).let_in())
    admit(folder, Member("later", "device"))
    assert until(lambda: enter("later").let_in())


def test_a_broker_that_runs_as_a_service_learns_at_once_who_was_sent_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = find_mosquitto()
    assert program is not None
    [port] = re.findall(r"^listener (\d+)$", (folder / CONFIG).read_text(), re.M)
    service = subprocess.Popen([program, "-c", CONFIG], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        with socket.socket() as probe:
            assert until(lambda: probe.connect_ex(("127.0.0.1", int(port))) == 0)
        running = RunningBroker("localhost", int(port), "mosquitto", service.terminate)

        def let_in(name: str, password: str) -> bool:
            client = Client(running, folder, name, password)
            client.stop()
            return client.let_in()

        old = (folder / "credentials/other").read_text().strip()
        assert let_in("other", old)
        monkeypatch.chdir(folder.parent)
        send_away(Path(folder.name), "other")
        assert until(lambda: not let_in("other", old))
        with monkeypatch.context() as another_user:
            another_user.setattr("os.kill", refuse)
            with pytest.raises(LinkError, match=f"sudo kill -HUP {service.pid}"):
                admit(folder, Member("later", "device"))
    finally:
        service.terminate()
        service.wait(20)


def refuse(_process: int, _signal: int) -> None:
    raise PermissionError


def test_a_stranger_cannot_listen_in_on_the_wire(broker: RunningBroker) -> None:
    plain = paho.Client(CallbackAPIVersion.VERSION2)
    plain.connect(broker.host, broker.port)
    codes: list[object] = []
    plain.on_connect = lambda *_: codes.append(1)
    assert plain.loop(1.0) != paho.MQTT_ERR_SUCCESS or plain.loop(1.0) != paho.MQTT_ERR_SUCCESS
    assert codes == []


def test_a_broker_with_another_authority_is_not_trusted(broker: RunningBroker, tmp_path: Path) -> None:
    make_certificates(tmp_path / "elsewhere", ["localhost"])
    settings = MqttSettings(broker.host, broker.port, "back", "x", tmp_path / "elsewhere/ca.crt")
    publisher = Publisher(settings, Encoder("back", "r"), Outbox(tmp_path / "o.db"))
    publisher.start()
    assert not until(lambda: publisher.connected, 1.0)
    publisher.stop(0.1)


def test_a_host_that_the_certificate_does_not_name_is_not_trusted(
    broker: RunningBroker, folder: Path
) -> None:
    context = ssl.create_default_context(cafile=str(folder / "tls/ca.crt"))
    with (
        socket.create_connection((broker.host, broker.port)) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname="broker.example")


def test_the_publisher_delivers_over_tls(
    broker: RunningBroker, folder: Path, enter: Enter, tmp_path: Path
) -> None:
    reader = enter("page")
    reader.client.subscribe("plumbline/v1/+/event", qos=1)
    assert until(lambda: reader.granted)
    settings = MqttSettings(
        "localhost",
        broker.port,
        "back",
        (folder / "credentials/back").read_text().strip(),
        folder / "tls/ca.crt",
    )
    publisher = Publisher(settings, Encoder("back", "r"), Outbox(tmp_path / "o.db"))
    publisher.start()
    publisher(WornChanged(1.0, True, "moved"))
    assert until(lambda: publisher.waiting() == 0)
    assert until(lambda: reader.heard == ["plumbline/v1/back/event"])
    publisher.stop(0.5)


def test_a_device_that_may_not_write_keeps_its_messages_and_says_why(
    broker: RunningBroker, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = (folder / "credentials/page").read_text().strip()
    settings = MqttSettings("localhost", broker.port, "page", secret, folder / "tls/ca.crt")
    publisher = Publisher(settings, Encoder("back", "r"), Outbox(tmp_path / "o.db"), back_off_s=(0.05, 0.1))
    publisher.start()
    publisher(WornChanged(1.0, True, "moved"))
    assert until(
        lambda: "does its ACL let page write" in caplog.text or "refuses our subscription" in caplog.text
    )
    assert publisher.waiting() == 1
    publisher.stop(0.1)
    assert secret not in caplog.text


def test_a_renamed_device_delivers_under_its_new_name_what_the_old_one_left(
    broker: RunningBroker, folder: Path, enter: Enter, tmp_path: Path
) -> None:
    reader = enter("page")
    reader.client.subscribe("plumbline/v1/+/event", qos=1)
    assert until(lambda: reader.granted)
    nowhere = Publisher(MqttSettings("localhost", 1), Encoder("back", "r"), Outbox(tmp_path / "o.db"))
    nowhere.start()
    for tick in range(5):
        nowhere(WornChanged(float(tick), True, "moved"))
    nowhere.stop(0.1)
    secret = (folder / "credentials/other").read_text().strip()
    settings = MqttSettings("localhost", broker.port, "other", secret, folder / "tls/ca.crt")
    publisher = Publisher(settings, Encoder("other", "s"), Outbox(tmp_path / "o.db"))
    publisher.start()
    assert until(lambda: publisher.waiting() == 0)
    assert until(lambda: len(reader.heard) >= 5)
    assert set(reader.heard) == {"plumbline/v1/other/event"}
    publisher.stop(0.5)


def test_secrets_are_their_owners_alone_and_never_an_argument(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for private in (
        folder / "passwords",
        folder / "credentials/back",
        folder / "tls/ca.key",
        folder / "tls/server.key",
    ):
        assert private.stat().st_mode & 0o077 == 0, private
    arguments: list[str] = []
    run = subprocess.run

    def listen(command: list[str], **more: Any) -> object:
        arguments.extend(command)
        return run(command, **more)

    monkeypatch.setattr(subprocess, "run", listen)
    secret = admit(folder, Member("new", "device")).read_text().strip()
    assert arguments
    assert not any(secret in argument for argument in arguments)
    assert secret not in (folder / "passwords").read_text()


def test_preparing_again_keeps_members_and_certificates(folder: Path) -> None:
    before = fingerprint(folder / "tls/server.crt"), members(folder), (folder / "passwords").read_text()
    prepare(folder, ["localhost", "127.0.0.1"])
    assert (
        fingerprint(folder / "tls/server.crt"),
        members(folder),
        (folder / "passwords").read_text(),
    ) == before
    authority = fingerprint(folder / "tls/ca.crt")
    prepare(folder, ["localhost", "plumb.local"])
    assert fingerprint(folder / "tls/server.crt") != before[0]
    assert fingerprint(folder / "tls/ca.crt") == authority


def test_a_broker_of_an_earlier_version_grants_what_this_one_needs_once_it_is_started(folder: Path) -> None:
    access = folder / "access"
    wanted = access.read_text()
    access.write_text(wanted.replace("topic read plumbline/v1/+/command\n", ""))
    assert access.read_text() != wanted
    start(folder).stop()
    assert access.read_text() == wanted


def test_a_name_that_could_forge_a_rule_is_refused(folder: Path) -> None:
    for name in ("a\ntopic write #", "+", "#", "a/b", ""):
        with pytest.raises(LinkError, match="cannot stand in a topic"):
            admit(folder, Member(name, "device"))
        with pytest.raises(LinkError, match="cannot stand in a topic"):
            admit(folder, Member("r", "reader", devices=(name,)))
    with pytest.raises(LinkError, match="another role"):
        admit(folder, Member("back", "reader"))
    with pytest.raises(LinkError, match="nobody called"):
        send_away(folder, "stranger")
    with pytest.raises(LinkError, match="no name or address"):
        prepare(folder, ["a,IP:1.2.3.4"])


def test_the_access_list_grants_nothing_to_everybody() -> None:
    rules = access_list([Member("back", "device"), Member("ha", "home_assistant")]).splitlines()
    first = next(i for i, line in enumerate(rules) if line.startswith("topic"))
    assert any(line.startswith("user") for line in rules[:first])
    assert not any(line.startswith("pattern") or line == "topic #" for line in rules)


def test_a_folder_without_a_broker_says_so(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="prepare one first"):
        start(tmp_path)
    with pytest.raises(LinkError, match="prepare one first"):
        members(tmp_path)
