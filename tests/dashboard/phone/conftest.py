"""A service on this machine, over real HTTP, and a wearer whose device tells things."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
import pytest

from dashboard.batch import FIRST_WEARER
from dashboard.days import utc_ms
from dashboard.ingest import Ingest, Taken
from dashboard.phone.rules import PhoneRules
from dashboard.phone.tables import phone_rules
from dashboard.store import Store
from firmware_py.posture.events import Event, SessionStarted, SlouchAlert, SlouchStarted
from firmware_py.posture.messages import Anchor, Encoder, Outgoing, Status

LONG_S = 60.0
"""For an attempt that is meant to succeed: a process with Apprise begins slowly on a slow machine."""

NOON = datetime(2026, 6, 19, 12, 0, tzinfo=UTC)


class Service:
    """Takes JSON over HTTP, as Apprise sends it; `/hang` hangs, `/refuse` answers 500 while `refuses`."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.asked: list[str] = []
        self.refuses = True
        self.let_go = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["content-length"])))["message"]
                path = self.path.partition("?")[0]
                outer.asked.append(path)
                if path == "/hang":
                    outer.let_go.wait(2 * LONG_S)
                refused = path == "/refuse" and outer.refuses
                if not refused:
                    outer.taken.append((path, message))
                self.send_response(500 if refused else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        """Its address in Apprise's words; it may take as long to answer as it likes."""
        return f"json://127.0.0.1:{self._server.server_port}/{path}?rto={2 * LONG_S:g}"

    def stop(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.stop()


@dataclass
class Wearer:
    """Somebody with a device, on a clock that a test sets; the run began at `NOON`."""

    store: Store
    now: datetime = NOON
    encoder: Encoder = field(default_factory=lambda: Encoder("back", "r1"))

    def __post_init__(self) -> None:
        self.ingest = Ingest(self.store)
        self._take(self.encoder.anchor(Anchor(0.0, NOON.timestamp(), trusted=True)))
        self.is_in_touch("online")
        self.tell(SessionStarted(0.5, "r1-1", 1))

    def wants(self, rules: PhoneRules) -> None:
        row = {
            "wearer_id": FIRST_WEARER,
            "rules": msgspec.json.encode(rules).decode(),
            "language": "en",
            "since_utc_ms": utc_ms(NOON),
        }
        with self.store.writing(FIRST_WEARER) as connection:
            connection.execute(self.store.upsert(phone_rules, row, row))

    def is_in_touch(self, state: Literal["online", "offline"]) -> None:
        self._take(self.encoder.status(Status(state)))

    def tell(self, *events: Event) -> Callable[[], Taken]:
        """The device tells; what is returned tells the same messages again."""
        messages = [self.encoder.encode(event) for event in events]
        self._take(*messages)
        return lambda: self._take(*messages)

    def slouch(self, t_s: float, episode: int) -> Callable[[], Taken]:
        return self.tell(SlouchStarted(t_s - 30.0, episode, 14.0), SlouchAlert(t_s, episode, 1, 14.0, 300.0))

    def at(self, t_s: float) -> datetime:
        """Let it be this moment of the run."""
        self.now = NOON + timedelta(seconds=t_s)
        return self.now

    def _take(self, *messages: Outgoing) -> Taken:
        return self.ingest.take([(one.topic, one.payload) for one in messages])


@pytest.fixture
def wearer(store: Store) -> Wearer:
    """On SQLite and on PostgreSQL."""
    return Wearer(store)
