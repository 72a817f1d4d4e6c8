"""What the dashboard is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from firmware_py.posture.rules import Rules

from .retention import KEEP_EVERYTHING, Retention
from .store import sqlite_url
from .tables import FIRST_WEARER, UNCLAIMED


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Where the messages come from.

    Attributes:
        host: name or address of the broker.
        port: its port.
        username: as the broker knows this dashboard; empty without.
        password: of that user; never printed.
        ca_file: certificate of the authority that signed the broker's; None without TLS.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one dashboard.

    Attributes:
        data_folder: where the database and the secrets are.
        host: address to listen on; loopback by default.
        port: to listen on; 0 lets the system choose.
        database: URL of the database; empty for a SQLite file in the data folder.
        broker: where the messages come from; None for a dashboard that only shows what is stored.
        timezone: IANA name; empty for the machine's own.
        language: `en`, `de`, or empty for the browser's wish.
        slouch_enter_deg: the threshold that the figure and the traces draw; the device judges by its own.
        exercises_file: the wearer's own exercises (`docs/exercises.md`); None for those that come along.
        allowed_hosts: further names under which browsers may open it.
        people: whether it is for several people, each with an account.
        phone_networks: where there are accounts, networks inside which notices may go to phones.
        tls_cert: certificate chain to speak TLS with (PEM); None without.
        tls_key: its private key, which only its owner reads.
        proxies: addresses of proxies whose word on where a request comes from is taken.
        url: address under which it is reached, for links and codes; empty for the one it listens on.
        ingests: whether this process stores what the broker brings; False beside `plumbline ingest`.
        retention: how long each kind of data is kept.
        demonstration: whether it shows `plumbline demo`, which reads no configuration.
    """

    data_folder: Path
    host: str = "127.0.0.1"
    port: int = 8765
    database: str = ""
    broker: BrokerSettings | None = BrokerSettings()
    timezone: str = ""
    language: str = ""
    allowed_hosts: tuple[str, ...] = ()
    exercises_file: Path | None = None
    slouch_enter_deg: float = Rules().slouch_enter_deg
    people: bool = False
    phone_networks: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    proxies: tuple[str, ...] = ()
    url: str = ""
    ingests: bool = True
    retention: Retention = KEEP_EVERYTHING
    demonstration: bool = False

    @property
    def newcomers(self) -> int:
        """The wearer to whom a device is given that nobody knows."""
        return UNCLAIMED if self.people else FIRST_WEARER

    @property
    def phone_reach(self) -> tuple[str, ...] | None:
        """Networks inside which notices may go, besides the world outside; None for anywhere.

        Whoever is alone on a dashboard is at home in its network; an account of many need not be.
        """
        return self.phone_networks if self.people else None

    @property
    def database_url(self) -> str:
        """URL of the database, the default filled in."""
        return self.database or sqlite_url(self.data_folder / "plumbline.db")
