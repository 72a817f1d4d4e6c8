"""Composition root: settings -> store, ingest, broker link, live hub, pages; orderly start and stop."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from secrets import token_hex

import uvicorn
from anyio import to_thread
from sqlalchemy import select
from starlette.applications import Starlette

from firmware_py.errors import ConfigError, LinkError
from firmware_py.exercise_file import load as load_exercises
from firmware_py.posture.messages import Outgoing

from . import archive, transport
from .auth import Password
from .days import zone_named
from .door import Door
from .exercises.times import Timekeeper
from .ingest import Ingest, Taken
from .live import Hub
from .phone.courier import Courier
from .phone.jobs import carry_out
from .phone.page import PhonePage
from .phone.reach import networks_named
from .phone.services import Services
from .settings import Settings
from .site import Site
from .store import THREADS, Store
from .subscriber import Subscriber
from .tables import meta
from .upkeep import upkeep
from .web import Web

log = logging.getLogger(__name__)

STOP_S = 3
"""How long a stop waits for requests that are being answered."""


class Dashboard:
    """A dashboard, opened but not yet serving.

    Attributes:
        store: its database, migrated.
        ingest: takes messages directly, without a broker (a simulated history, an import).
        courier: tells the phones.
        app: the ASGI application; its lifespan starts and stops the broker link.

    Raises:
        ConfigError: a setting makes no sense.
        StoreError: the database cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        transport.check(settings)
        networks_named(settings.phone_networks)
        password = Password(settings.data_folder)
        if not _is_loopback(settings.host) and not password.is_set and not settings.people:
            raise ConfigError(
                f"dashboard.host {settings.host} is off loopback, where anyone in the network could read "
                "these pages; first set a password (plumbline password), or set "
                "dashboard.people = true and make accounts: plumbline people add NAME"
            )
        zone = zone_named(settings.timezone)
        self.settings = settings
        self.store = Store(settings.database_url)
        archive.sweep(settings.data_folder)
        self.ingest = Ingest(self.store, settings.newcomers)
        self._upkeep = upkeep(self.store, settings.retention)
        self.hub = Hub(self._publish, None if settings.ingests else self._follow)
        self._subscriber: Subscriber | None = None
        if settings.broker is not None:
            self._subscriber = Subscriber(
                settings.broker,
                f"plumbline-dashboard-{_store_id(self.store)}" if settings.ingests else _passing_id(),
                self.ingest if settings.ingests else None,
                on_message=self.hub.arrived,
                on_stored=self._stored,
                on_link=self.hub.link,
            )
        phones = Services(settings.data_folder)
        send = partial(carry_out, within=settings.phone_reach)
        self.courier = Courier(self.store, phones, zone, send=send)
        door = Door(self.store, password, people=settings.people)
        exercises = load_exercises(settings.exercises_file)
        site = Site(self.store, self.ingest, self.hub, settings, zone, door, exercises)
        self._timekeeper = Timekeeper(self.store, exercises, zone, self.hub.ask_if_online)
        site.on_erase.append(phones.forget)
        phone = PhonePage(site, phones, self.courier, send)
        self.app = Web(site, phone.routes()).app(self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        # One more than connections for pages: a login's hash must not hold up the pages.
        to_thread.current_default_thread_limiter().total_tokens = THREADS + 1
        await self.hub.start()
        if self.settings.ingests:
            self.courier.start()
            await self._timekeeper.start()
            self._upkeep.start()
        if self._subscriber is not None:
            self._subscriber.start()
        try:
            yield
        finally:
            if self.settings.ingests:
                await self._timekeeper.stop()
            await self.hub.stop()
            if self._subscriber is not None:
                self._subscriber.stop()
            if self.settings.ingests:
                self.courier.stop()
                self._upkeep.stop()
            self.store.close()

    def _stored(self, taken: Taken) -> None:
        self.hub.stored(taken)
        if taken.stored:
            self.courier.look()

    def _follow(self, devices: frozenset[str]) -> None:
        if self._subscriber is not None:
            self._subscriber.follow(devices)

    def _publish(self, outgoing: Outgoing) -> bool:
        return self._subscriber is not None and self._subscriber.publish(outgoing)


class Server:
    """Serves a dashboard: `run()` in the main thread, or `start()` and `stop()` around other work.

    The port is taken when the server is made, so that a taken port is told before anything starts.

    Raises:
        LinkError: the port is taken, or may not be used.
    """

    def __init__(self, dashboard: Dashboard) -> None:
        self._socket = _listen(dashboard.settings.host, dashboard.settings.port)
        host = dashboard.settings.host
        self.port: int = self._socket.getsockname()[1]
        self.address = (
            f"{transport.scheme(dashboard.settings)}://{f'[{host}]' if ':' in host else host}:{self.port}/"
        )
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                dashboard.app,
                log_config=None,
                access_log=False,
                server_header=False,
                ws_max_size=4096,
                timeout_graceful_shutdown=STOP_S,
                **transport.options(dashboard.settings),
            )
        )
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until SIGINT, SIGTERM or `ask_to_stop`, in the main thread; then return, without raising."""
        # uvicorn takes the signals while it serves, and raises them again behind itself. Before that, a
        # signal must not be lost; behind it, what runs around this call still wants to stop in order.
        before = {
            number: signal.signal(number, lambda *_: self.ask_to_stop())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            self._uvicorn.run([self._socket])
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)

    def ask_to_stop(self) -> None:
        """Let `run` return soon; from any thread."""
        self._uvicorn.should_exit = True

    def start(self) -> None:
        """Serve in a thread of its own; returns when pages are answered.

        Raises:
            LinkError: it ended before it served; the log says why.
        """
        self._thread = threading.Thread(
            target=self._uvicorn.run, args=([self._socket],), name="dashboard", daemon=True
        )
        self._thread.start()
        while not self._uvicorn.started:
            self._thread.join(0.02)
            if not self._thread.is_alive():
                raise LinkError("the dashboard did not start; its log says why")

    def stop(self) -> None:
        """Stop serving, store what has arrived, close the database."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join()


def build(settings: Settings) -> Dashboard:
    """A dashboard with everything wired."""
    return Dashboard(settings)


def serve(settings: Settings, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until interrupted; `on_ready` is told the address once the port is ours.

    Raises:
        LinkError: the port is taken.
        ConfigError: a setting makes no sense.
        StoreError: the database cannot be opened.
    """
    server = Server(build(settings))
    if on_ready is not None:
        on_ready(server.address)
    server.run()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named asyncio sends at once; otherwise each answer waits 40 ms for an acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)  # from here on a browser that is told the address may come, and waits
    except OSError as error:
        listening.close()
        raise LinkError(
            f"port {port} of {host} cannot be used ({error.strerror}); "
            "is a Plumbline running already? Choose another with --port"
        ) from error
    return listening


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _passing_id() -> str:
    """A name for as long as the process lives: the broker keeps nothing for it."""
    return f"plumbline-web-{token_hex(6)}"


def _store_id(store: Store) -> str:
    """A name that stays with the database: the broker keeps what waits for it under that name."""
    with store.engine.execution_options(writes=True).begin() as connection:
        store.insert_new(meta, [{"key": "store_id", "value": token_hex(6)}], connection)
        found: str = connection.execute(select(meta.c.value).where(meta.c.key == "store_id")).scalar_one()
    return found
