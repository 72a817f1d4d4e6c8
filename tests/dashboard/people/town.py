"""A dashboard for many, served, with a few people in it; each has unmistakable marks in what is theirs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import insert, select, update

from dashboard.app import Dashboard, Server, build
from dashboard.door import COOKIE
from dashboard.handover import give
from dashboard.people import codes, permits
from dashboard.people.accounts import Accounts
from dashboard.people.api_tokens import ApiTokens
from dashboard.people.codes import Purpose
from dashboard.people.sign_ins import SignIns
from dashboard.people_tables import accounts
from dashboard.settings import Settings
from dashboard.tables import devices, notes
from dashboard.visitor import Role
from firmware_py.posture.events import MinutePassed, SessionEnded, SessionStarted, SessionSummary, WornChanged
from firmware_py.posture.messages import Anchor, Encoder, Outgoing, Status
from firmware_py.posture.tally import Tally

from ...noon import NOON, today

PASSWORD = "leans on nobody"
TALLY = Tally(ticks=600, judged=500, posture={"upright": 400, "slouched": 100}, flexion={3: 400, 14: 100})


def messages(device: str, run: str, begun_s: float, minutes: int = 3) -> list[tuple[str, bytes]]:
    encoder = Encoder(device, run)
    out: list[Outgoing] = [
        encoder.status(Status("online", f"version-of-{device}")),
        encoder.anchor(Anchor(0.0, begun_s, trusted=True)),
        encoder.encode(SessionStarted(0.0, f"{run}-1", 1)),
        encoder.encode(WornChanged(1.0, True, "moved like a body")),
    ]
    out += [encoder.encode(MinutePassed(60.0 * n + 60, 60.0 * n, TALLY)) for n in range(minutes)]
    end_s = 60.0 * minutes
    out.append(encoder.encode(SessionEnded(end_s, SessionSummary(f"{run}-1", 0.0, end_s, 1, TALLY))))
    return [(message.topic, message.payload) for message in out]


class Person:
    """Somebody with an account and a browser."""

    def __init__(self, town: Town, name: str, role: Role) -> None:
        self.town = town
        self.name = name
        self.account_id = town.accounts.add(name, role, f"{name.title()} Example")
        with town.dashboard.store.at_the_door() as connection:
            found = connection.execute(select(accounts).where(accounts.c.account_id == self.account_id)).one()
        self.wearer_id: int | None = found.wearer_id
        self.browser = town.browser(self.account_id)

    @property
    def device(self) -> str:
        return f"{self.name}-back"

    @property
    def wearer(self) -> int:
        assert self.wearer_id is not None
        return self.wearer_id

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.browser.get(path, **kwargs)

    def post(self, path: str, **form: Any) -> httpx.Response:
        return self.browser.post(path, data=form)

    def code(self, purpose: Purpose, **opens: Any) -> str:
        with self.town.dashboard.store.at_the_door(writes=True) as connection:
            return codes.make(connection, purpose, **opens)


class Town:
    """The dashboard and its people."""

    def __init__(self, folder: Path, database: str = "") -> None:
        settings = Settings(
            folder,
            port=0,
            broker=None,
            database=database,
            people=True,
            language="en",
            timezone=NOON,
        )
        self.dashboard: Dashboard = build(settings)
        self.accounts = Accounts(self.dashboard.store)
        self.tokens = ApiTokens(self.dashboard.store)
        self.server = Server(self.dashboard)
        self.server.start()

    def browser(self, account_id: int | None = None) -> httpx.Client:
        """A browser, signed in as an account."""
        address = self.server.address.rstrip("/")
        cookies = {}
        if account_id is not None:
            cookies[COOKIE] = SignIns(self.dashboard.store).open("Firefox, Linux", account_id)
        return httpx.Client(base_url=address, headers={"Origin": address}, cookies=cookies, timeout=20)

    def person(self, name: str, role: Role = Role.WEARER) -> Person:
        return Person(self, name, role)

    def wearer(self, name: str) -> Person:
        """A wearer with a device, a session of this morning, a note and a name for the device."""
        person = self.person(name)
        now_s = time.time()
        self.dashboard.ingest.take(messages(person.device, f"run-of-{name}", now_s - 600))
        give(self.dashboard.store, person.device, person.wearer)
        with self.dashboard.store.writing(person.wearer) as connection:
            day = self.today()
            connection.execute(
                insert(notes).values(wearer_id=person.wearer, day=day, text=f"chair-of-{name}")
            )
            of_wearer = devices.c.wearer_id == person.wearer
            connection.execute(update(devices).where(of_wearer).values(label=f"strap-of-{name}"))
        return person

    def today(self) -> str:
        return today().isoformat()

    def let_in(self, wearer: Person, carer: Person, period_s: int = permits.PERIODS_S[0]) -> None:
        with self.dashboard.store.at_the_door(writes=True) as connection:
            permits.let_in(connection, wearer.wearer, carer.account_id, period_s)

    def close(self) -> None:
        self.server.stop()


def eventually(true: Callable[[], object], within_s: float = 60.0) -> bool:
    """Whether something becomes true."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False
