"""Web processes have no memory of their own: each knows what happened at another one's door."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dashboard.people.accounts import Accounts
from dashboard.store import Store
from dashboard.visitor import Role

from .town import PASSWORD

PROGRAM = """
import sys
from pathlib import Path
from dashboard.app import serve
from dashboard.settings import Settings
serve(
    Settings(Path(sys.argv[1]), port=0, broker=None, database=sys.argv[2], people=True, language="en"),
    lambda address: print(address, flush=True),
)
"""


@pytest.fixture
def two_doors(database_url: str, tmp_path: Path) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Two processes on one database; the data folders have nothing in common."""
    store = Store(database_url)
    accounts = Accounts(store)
    accounts.add("anna", Role.WEARER)
    accounts.take_up(accounts.invitation("anna"), PASSWORD)
    store.close()
    with contextlib.ExitStack() as running:
        one, two = (running.enter_context(served(tmp_path / name, database_url)) for name in ("one", "two"))
        yield one, two


@contextlib.contextmanager
def served(folder: Path, database_url: str) -> Iterator[httpx.Client]:
    """A web process of its own, and a browser at its door."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), database_url], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip().rstrip("/")
        yield httpx.Client(base_url=address, headers={"Origin": address}, timeout=30)
    finally:
        process.terminate()
        process.wait(20)


def test_two_processes_share_sign_ins_attempts_and_codes(
    two_doors: tuple[httpx.Client, httpx.Client],
) -> None:
    one, two = two_doors
    right = {"name": "anna", "password": PASSWORD}
    assert one.post("/login", data=right).status_code == 303
    two.cookies.update(one.cookies)
    assert two.get("/devices").status_code == 200
    code = one.post("/who/pair").text.partition("/pair?code=")[2].partition('"')[0]
    phone = httpx.Client(base_url=two.base_url, headers=two.headers)
    assert phone.post("/pair", data={"code": code}).status_code == 303
    assert one.post("/pair", data={"code": code}).status_code == 403
    assert two.post("/logout").status_code == 303
    assert one.get("/devices").status_code == 401
    wrong = right | {"password": "guess"}
    answers = [door.post("/login", data=wrong).status_code for door in (one, two, one, two, one)]
    assert answers == [403] * 4 + [429], "the replayed code was the first of five"
    assert two.post("/login", data=right).status_code == 429
