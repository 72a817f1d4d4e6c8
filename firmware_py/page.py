"""Composition root of the page: configuration -> dashboard."""

from __future__ import annotations

import dataclasses
import getpass
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from .config import Config
from .secret import read_secret

if TYPE_CHECKING:
    from dashboard.settings import Settings


def settings_of(config: Config) -> Settings:
    """What the dashboard needs to know, of all that can be chosen."""
    from dashboard.retention import Retention
    from dashboard.settings import BrokerSettings, Settings

    mqtt = config.mqtt
    return Settings(
        data_folder=config.data_folder(),
        host=config.dashboard.host,
        port=config.dashboard.port,
        database=config.dashboard.database,
        people=config.dashboard.people,
        phone_networks=tuple(config.dashboard.phone_networks),
        tls_cert=_file(config.dashboard.tls_cert),
        tls_key=_file(config.dashboard.tls_key),
        proxies=tuple(config.dashboard.proxies),
        url=config.dashboard.url,
        allowed_hosts=tuple(config.dashboard.allowed_hosts),
        ingests=config.dashboard.ingest,
        retention=Retention(**msgspec.structs.asdict(config.retention)),
        exercises_file=config.exercises_file(),
        slouch_enter_deg=config.rules().slouch_enter_deg,
        broker=BrokerSettings(
            host=mqtt.host,
            port=mqtt.port,
            username=mqtt.username,
            password=read_secret(Path(mqtt.password_file)) if mqtt.password_file else "",
            ca_file=_file(mqtt.ca_file),
        ),
    )


def _file(name: str) -> Path | None:
    return Path(name).expanduser() if name else None


def serve(config: Config, port: int | None = None) -> int:
    """Serve the page until interrupted; `port` instead of the configuration's."""
    from dashboard.app import serve as serve_page

    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO)
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # it lists its parts at each start
    settings = settings_of(config)
    serve_page(settings if port is None else dataclasses.replace(settings, port=port), announce)
    return 0


def ingest(config: Config, group: str, worker: str) -> int:
    """Store a share of what the broker brings until interrupted."""
    from dashboard.share import Share
    from dashboard.worker import work

    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO)
    work(settings_of(config), Share(group, worker), lambda name: _say(f"Storing as {name}"))
    return 0


def migrate(config: Config) -> int:
    """Bring the database to this version's schema."""
    from dashboard.store import Store

    Store(settings_of(config).database_url).close()
    _say("The database is up to date.")
    return 0


def announce(address: str) -> None:
    """Tell where the page is; flushed, because whoever waits for it may read through a pipe."""
    _say(f"The page: {address}")
    if (way := tunnel(address)) is not None:
        _say(way)


def tunnel(address: str) -> str | None:
    """How the page opens at the computer that one sits at, where this terminal comes from there over SSH.

    Returns:
        One line; None where this terminal is the machine's own, or the page answers other machines by itself.
    """
    ends = os.environ.get("SSH_CONNECTION", "").split()  # client, its port, this machine, its port
    page = urlsplit(address)
    if len(ends) != 4 or page.hostname != "127.0.0.1":
        return None
    forward = f"ssh -N -L {page.port}:127.0.0.1:{page.port} {getpass.getuser()}@{ends[2]}"
    return f"From the computer you sit at: {forward}, then open the page there."


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
