"""A code opens something once, for minutes; looking at it uses nothing up; guessing has to wait."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import insert, update

from dashboard.app import Server, build
from dashboard.auth import Password
from dashboard.links import base_url, qr_svg
from dashboard.people import codes
from dashboard.people.codes import Purpose
from dashboard.people_tables import codes as codes_table
from dashboard.settings import Settings
from dashboard.store import Store

from .town import PASSWORD, Town


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Server]:
    """A dashboard at home with its one password."""
    Password(tmp_path).set(PASSWORD)
    server = Server(build(Settings(tmp_path, port=0, broker=None, language="en")))
    server.start()
    yield server
    server.stop()


def browser_at(server: Server) -> httpx.Client:
    address = server.address.rstrip("/")
    return httpx.Client(base_url=address, headers={"Origin": address}, timeout=20)


def pairing_link(client: httpx.Client) -> str:
    [link] = set(re.findall(r'href="(http[^"]+/pair\?code=[\w-]+)"', client.post("/who/pair").text))
    return str(link)


def test_a_phone_is_paired_once_and_a_replayed_code_is_refused(browser: Browser, home: Server) -> None:
    desk = browser_at(home)
    assert desk.post("/login", data={"password": PASSWORD}).status_code == 303
    link = pairing_link(desk)
    context = browser.new_context(viewport={"width": 390, "height": 844})
    phone = context.new_page()
    phone.goto(link)
    phone.get_by_role("button", name="Sign in here").click()
    phone.goto(f"{home.address}devices")
    expect(phone.get_by_role("heading", name="Devices")).to_be_visible()
    context.close()
    code = link.partition("code=")[2]
    replayed = browser_at(home).post("/pair", data={"code": code})
    assert replayed.status_code == 403
    assert "set-cookie" not in replayed.headers


def test_a_messenger_that_looks_at_the_link_uses_nothing_up(home: Server) -> None:
    desk = browser_at(home)
    desk.post("/login", data={"password": PASSWORD})
    link = pairing_link(desk)
    for _ in range(3):
        assert httpx.get(link).status_code == 200
    assert httpx.head(link).status_code == 200
    assert browser_at(home).post("/pair", data={"code": link.partition("code=")[2]}).status_code == 303


def test_a_pairing_code_is_worth_nothing_after_a_new_password(home: Server, tmp_path: Path) -> None:
    desk = browser_at(home)
    desk.post("/login", data={"password": PASSWORD})
    code = pairing_link(desk).partition("code=")[2]
    Password(tmp_path).set("another one")
    assert browser_at(home).post("/pair", data={"code": code}).status_code == 403


def test_guessing_codes_has_to_wait_and_shares_the_count_with_passwords(home: Server) -> None:
    guesser = browser_at(home)
    answers = [guesser.post("/pair", data={"code": f"guess-{n}"}).status_code for n in range(6)]
    assert answers == [403] * 5 + [429]
    assert guesser.post("/login", data={"password": PASSWORD}).status_code == 429


def test_an_expired_code_opens_nothing(town: Town) -> None:
    anna = town.person("anna")
    code = anna.code(Purpose.PAIR, account_id=anna.account_id)
    with town.dashboard.store.at_the_door(writes=True) as connection:
        connection.execute(update(codes_table).values(expires_utc_ms=1))
    assert "opens nothing" in town.browser().get(f"/pair?code={code}").text
    assert town.browser().post("/pair", data={"code": code}).status_code == 403


@pytest.mark.parametrize("path", ["/join", "/let-in", "/take-part"])
def test_a_code_opens_only_what_it_was_made_for(town: Town, path: str) -> None:
    anna = town.person("anna")
    code = anna.code(Purpose.PAIR, account_id=anna.account_id)
    form = {"code": code, "password": "taken over now"}
    assert anna.browser.post(path, data=form).status_code == 403
    assert town.browser().post("/pair", data={"code": code}).status_code == 303


def test_of_two_at_the_same_moment_one_is_refused(store: Store) -> None:
    with store.at_the_door(writes=True) as connection:
        code = codes.make(connection, Purpose.PAIR)

    def redeem(_: int) -> bool:
        with store.at_the_door(writes=True) as connection:
            return codes.redeem(connection, code, Purpose.PAIR) is not None

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(redeem, range(4))) == 1


def test_a_code_of_another_time_is_tidied_away(store: Store) -> None:
    old = {"code_hash": "x", "purpose": "pair", "made_utc_ms": 0, "expires_utc_ms": 1}
    with store.at_the_door(writes=True) as connection:
        connection.execute(insert(codes_table).values(old))
        codes.make(connection, Purpose.PAIR)
        assert len(connection.execute(codes_table.select()).all()) == 1


def test_without_a_password_there_is_nothing_to_pair(served: Server) -> None:
    assert browser_at(served).post("/who/pair").status_code == 404
    assert "opens nothing" in httpx.get(f"{served.address}pair?code=abc").text


def test_a_qr_code_is_a_path_without_style_or_script() -> None:
    drawn = str(qr_svg("http://192.168.1.20:8765/pair?code=abc"))
    assert drawn.startswith("<svg")
    assert not re.search(r"style|script|on\w+=|href|192", drawn)


@pytest.mark.parametrize(
    ("settings", "link"),
    [
        ({"url": "https://plumbline.example/"}, "https://plumbline.example"),
        ({"host": "192.168.1.20"}, "http://192.168.1.20:8765"),
        ({"host": "fd00::7"}, "http://[fd00::7]:8765"),
        ({"host": "raspberrypi.local", "tls_cert": Path("c")}, "https://raspberrypi.local:8765"),
        ({}, "http://127.0.0.1:8765"),
    ],
)
def test_a_link_names_the_address_that_others_reach(settings: dict[str, Any], link: str) -> None:
    assert base_url(Settings(Path(), **settings)) == link
