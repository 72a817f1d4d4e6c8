"""All of `deploy/many` on this machine, without Docker: from an empty database to a page through a proxy."""

from __future__ import annotations

import contextlib
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from firmware_py.posture.messages import Outgoing

from .conftest import ROOT
from .dashboard.conftest import free_port, wait_until
from .dashboard.seed import BERLIN, history
from .dashboard.servers import PostgreSQL
from .test_deploy import MANY, certificate

pytestmark = pytest.mark.slow

PASSWORD = "leans on nobody"
SECRETS = {"ingest": "of the workers", "web": "of the pages", "back": "of the device"}
PLUMBLINE = [sys.executable, "-m", "firmware_py.cli"]


class Site:
    """Everything of the compose file, as processes of this machine."""

    def __init__(self, folder: Path, running: contextlib.ExitStack) -> None:
        self.folder = folder
        self._running = running
        self.broker_port, self._inner_port, self._http_port, self.https_port = (free_port() for _ in range(4))
        self._web_ports = (free_port(), free_port())
        self.server = PostgreSQL("fsync=off")
        running.callback(self.server.close)
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute("CREATE ROLE plumbline LOGIN SUPERUSER")  # as the image makes its first user
            connection.execute("CREATE DATABASE plumbline OWNER plumbline")
            connection.execute((MANY / "roles.sql").read_text())
        certificate(folder)
        (folder / "privkey.pem").chmod(0o600)
        for name, secret in SECRETS.items():
            (folder / f"{name}.password").write_text(secret)
            (folder / f"{name}.password").chmod(0o600)
            create = ["-c"] if name == "ingest" else []
            command = ["mosquitto_passwd", "-b", *create, str(folder / "passwords"), name, secret]
            subprocess.run(command, check=True, capture_output=True)

    def url(self, database: str, user: str = "plumbline") -> str:
        return f"postgresql://{user}@/{database}?host={self.server.folder}"

    def settings(self, name: str) -> Path:
        """The settings of workers or pages, with this machine's places in them."""
        text = (MANY / f"{name}.toml").read_text()
        for there, here in {
            f"/run/secrets/{name}.password": f"{self.folder}/{name}.password",
            "/var/lib/plumbline": f"{self.folder}/state",
            'host = "broker"': 'host = "127.0.0.1"',
            "port = 1883": f"port = {self._inner_port}",
            "postgresql://plumbline@postgres/plumbline": self.url("plumbline"),
            "postgresql://plumbline_pages@postgres/plumbline": self.url("plumbline", "plumbline_pages"),
            'host = "0.0.0.0"': 'host = "127.0.0.1"',
            "172.30.0.10": "127.0.0.1",
            "https://posture.example.org": f"https://localhost:{self.https_port}",
            "posture.example.org": "localhost",
        }.items():
            text = text.replace(there, here)
        path = self.folder / f"{name}.toml"
        path.write_text(text)
        return path

    def broker(self) -> None:
        text = (MANY / "mosquitto.conf").read_text()
        (self.folder / "data").mkdir()
        for there, here in {
            "/mosquitto/config/mosquitto.acl": f"{MANY}/mosquitto.acl",
            "/mosquitto/config/": f"{self.folder}/",
            "/mosquitto/tls/": f"{self.folder}/",
            "/mosquitto/data/": f"{self.folder}/data/",
            "listener 8883": f"listener {self.broker_port}",
            "listener 1883": f"listener {self._inner_port}",
        }.items():
            text = text.replace(there, here)
        (self.folder / "mosquitto.conf").write_text(f"user root\n{text}")
        path = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin") or "mosquitto"
        self.start([path, "-c", str(self.folder / "mosquitto.conf")])

    def proxy(self) -> None:
        text = (MANY / "nginx.conf").read_text().replace("/etc/plumbline/tls", str(self.folder))
        for name, port in zip(("web-1", "web-2"), self._web_ports, strict=True):
            text = text.replace(f"{name}:8765", f"127.0.0.1:{port}")
        text = text.replace("listen 80;", f"listen {self._http_port};")
        text = text.replace("listen 443 ", f"listen {self.https_port} ")
        head = f"daemon off;\npid {self.folder}/pid;\nerror_log {self.folder}/log;\n"
        (self.folder / "nginx.conf").write_text(head + text)
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx"
        self.start([nginx, "-c", str(self.folder / "nginx.conf"), "-e", str(self.folder / "log")])

    def workers(self) -> list[subprocess.Popen[str]]:
        config = str(self.settings("ingest"))
        made = [
            self.start([*PLUMBLINE, "ingest", "--group", "plumbline", "--id", name, "--config", config])
            for name in ("1", "2")
        ]
        for worker in made:
            assert worker.stdout is not None
            assert "Storing as" in worker.stdout.readline()
        return made

    def pages(self) -> None:
        config = str(self.settings("web"))
        for port in self._web_ports:
            self.start([*PLUMBLINE, "dashboard", "--port", str(port), "--config", config])

    def run(self, *arguments: str) -> str:
        """A command of the product, as the owner of the tables; what it says."""
        done = subprocess.run([*PLUMBLINE, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, command: list[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._running.callback(self.end, process)
        return process

    def end(self, process: subprocess.Popen[str]) -> None:
        process.terminate()
        process.wait(60)

    def send(self, messages: list[Outgoing]) -> None:
        """Send as the device, from outside: with TLS and its password."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set("back", SECRETS["back"])
        client.tls_set(ca_certs=str(self.folder / "fullchain.pem"))
        client.connect("localhost", self.broker_port)
        client.loop_start()
        sent = [client.publish(one.topic, one.payload, 1, one.retain) for one in messages]
        for one in sent:
            one.wait_for_publish(60)
        client.disconnect()
        client.loop_stop()

    def rows(self, database: str = "plumbline") -> int:
        with psycopg.connect(self.url(database)) as connection:
            found = connection.execute(
                "SELECT (SELECT count(*) FROM minutes) + (SELECT count(*) FROM events)"
            )
            return int(found.fetchone()[0])  # type: ignore[index] # a count is one row


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with contextlib.ExitStack() as running:
        yield Site(tmp_path, running)


def test_from_an_empty_database_to_a_page_through_the_proxy_and_through_an_upgrade(site: Site) -> None:
    yesterday = date.today() - timedelta(days=1)  # noqa: DTZ011 - whose today makes no difference
    first, second = history("back", yesterday, 2, BERLIN)
    ingest = str(site.settings("ingest"))
    site.broker()
    site.run("migrate", "--config", ingest)
    workers = site.workers()
    site.pages()
    site.proxy()

    site.send(first)
    wanted = sum(message.durable for message in first if not message.topic.endswith("/anchor"))
    wait_until(lambda: site.rows() == wanted, "the storing of a day", 60)

    told = site.run("people", "--config", ingest, "add", "anna")
    code = re.search(r"code=([\w-]+)", told)
    assert code is not None, told
    site.run("people", "--config", ingest, "give", "back", "anna")
    address = f"https://localhost:{site.https_port}"
    with httpx.Client(
        base_url=address,
        verify=ssl.create_default_context(cafile=site.folder / "fullchain.pem"),
        headers={"Origin": address},
        timeout=30,
    ) as browser:
        wait_until(lambda: browser.get("/login").status_code == 200, "a page through the proxy", 60)
        joined = browser.post("/join", data={"code": code[1], "password": PASSWORD})
        assert joined.status_code == 303, joined.text
        day = yesterday - timedelta(days=1)

        def minutes() -> int:
            asked = browser.get("/api/v1/minutes.csv", params={"from": str(day), "to": str(yesterday)})
            assert asked.status_code == 200, asked.text
            return len(asked.text.splitlines()) - 1

        of_first = sum(message.topic.endswith("/minute") for message in first)
        assert minutes() == of_first
        assert browser.get(f"/history/day/{day}").status_code == 200

        # A backup, and then a newer version: workers away, messages wait, the schema is brought up to date.
        saved = subprocess.run(
            [MANY / "backup", site.folder, site.url("plumbline")], check=True, capture_output=True, text=True
        ).stdout.strip()
        for worker in workers:
            site.end(worker)
        site.send(second)
        site.run("migrate", "--config", ingest)
        site.workers()
        wanted += sum(message.durable for message in second if not message.topic.endswith("/anchor"))
        wait_until(lambda: site.rows() == wanted, "the storing of what waited", 60)
        of_both = of_first + sum(message.topic.endswith("/minute") for message in second)
        wait_until(lambda: minutes() == of_both, "the second day's minutes on the page")

    with psycopg.connect(site.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored OWNER plumbline")
    subprocess.run(["pg_restore", f"--dbname={site.url('restored')}", saved], check=True)
    assert 0 < site.rows("restored") < wanted
