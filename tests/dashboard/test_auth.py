"""Off loopback nobody reads a back without the password; guessing, forging and wandering off are refused."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from dashboard.app import Server, build
from dashboard.auth import Password
from dashboard.door import COOKIE
from dashboard.people.attempts import OF_ALL, WITHIN_S, Attempts, of_address
from dashboard.people.credentials import digest
from dashboard.settings import Settings
from dashboard.store import Store
from firmware_py.errors import ConfigError

SECRET = "between the shoulder blades"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Server]:
    """A dashboard on every address, with a password."""
    Password(tmp_path).set(SECRET)
    server = Server(build(Settings(tmp_path, host="0.0.0.0", port=0, broker=None, language="en")))
    server.start()
    yield server
    server.stop()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}/"


def enter(server: Server, password: str, **kwargs: Any) -> httpx.Response:
    origin = {"Origin": address(server)[:-1]}
    return httpx.post(f"{address(server)}login", data={"password": password}, headers=origin, **kwargs)


PRIVATE = (
    "",
    "part/today",
    "history/week/2026-06-19",
    "session/desk/r1-1",
    "devices",
    "data",
    "data/backup.db",
    "api/v1/days.csv",
    "api/v1/minutes.json",
    "api/v1/archive.jsonl",
    "api/v1/devices",
)


@pytest.mark.parametrize("path", PRIVATE)
def test_nothing_is_read_without_the_password(locked: Server, path: str) -> None:
    assert httpx.get(address(locked) + path).status_code == 401
    as_browser = httpx.get(address(locked) + path, headers={"Accept": "text/html"})
    assert (as_browser.status_code, as_browser.headers["location"].split("?")[0]) == (303, "/login")


@pytest.mark.parametrize("path", ["data/erase", "data/restore", "devices/desk/end", "logout"])
def test_nothing_is_done_without_the_password(locked: Server, path: str) -> None:
    answer = httpx.post(address(locked) + path, headers={"Origin": address(locked)[:-1]})
    assert answer.status_code == 401


def test_the_live_readings_need_it_too(locked: Server) -> None:
    url = address(locked).replace("http", "ws") + "live"
    with pytest.raises(InvalidStatus):
        connect(url, origin=Origin(address(locked)[:-1]))
    cookie = enter(locked, SECRET).cookies[COOKIE]
    headers = {"Cookie": f"{COOKIE}={cookie}"}
    with connect(url, origin=Origin(address(locked)[:-1]), additional_headers=headers) as socket:
        assert socket.recv(timeout=60)


def test_the_password_lets_in_and_leaving_locks_again(browser: Browser, locked: Server) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address(locked)}devices")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    page.get_by_label("Password").fill(SECRET)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{address(locked)}devices")
    expect(page.get_by_role("heading", name="Devices")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{address(locked)}devices")
    expect(page.get_by_label("Password")).to_be_visible()
    context.close()


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(locked: Server) -> None:
    header = enter(locked, SECRET).headers["set-cookie"].lower()
    assert "httponly" in header
    assert "samesite=lax" in header


@pytest.mark.parametrize(
    "forge", [lambda c: c[:-1] + "_", lambda c: "9" + c, lambda c: "", lambda c: "%C3%A9.é", lambda c: c * 50]
)
def test_a_forged_cookie_is_refused(locked: Server, forge: Callable[[str], str]) -> None:
    cookie = enter(locked, SECRET).cookies[COOKIE]
    assert httpx.get(address(locked), headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 200
    forged = {b"Cookie": f"{COOKIE}={forge(cookie)}".encode()}
    assert httpx.get(address(locked), headers=forged).status_code == 401


def test_what_the_database_keeps_of_a_sign_in_signs_nobody_in(locked: Server, tmp_path: Path) -> None:
    enter(locked, SECRET)
    with closing(sqlite3.connect(tmp_path / "plumbline.db")) as database:
        (kept,) = database.execute("SELECT token_hash FROM sign_ins").fetchone()
    assert httpx.get(address(locked), headers={"Cookie": f"{COOKIE}={kept}"}).status_code == 401


def test_an_old_sign_in_and_one_from_before_a_new_password_are_refused(
    locked: Server, tmp_path: Path
) -> None:
    old, kept = enter(locked, SECRET).cookies[COOKIE], enter(locked, SECRET).cookies[COOKIE]
    with closing(sqlite3.connect(tmp_path / "plumbline.db")) as database, database:
        database.execute("UPDATE sign_ins SET expires_utc_ms = 0 WHERE token_hash = ?", [digest(old)])
    assert httpx.get(address(locked), headers={"Cookie": f"{COOKIE}={old}"}).status_code == 401
    assert httpx.get(address(locked), headers={"Cookie": f"{COOKIE}={kept}"}).status_code == 200
    Password(tmp_path).set(SECRET + "!")  # as another process would, while this one serves
    assert httpx.get(address(locked), headers={"Cookie": f"{COOKIE}={kept}"}).status_code == 401
    assert enter(locked, SECRET).status_code == 403
    assert enter(locked, SECRET + "!").status_code == 303


def test_a_password_file_that_goes_away_opens_nothing(locked: Server, tmp_path: Path) -> None:
    (tmp_path / "dashboard-secret.json").unlink()
    assert httpx.get(address(locked)).status_code == 401


def test_the_sixth_wrong_password_has_to_wait(locked: Server) -> None:
    for _ in range(5):
        assert enter(locked, "guess").status_code == 403
    refused = enter(locked, SECRET)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= WITHIN_S + 1


def test_waiting_lets_one_try_again(store: Store) -> None:
    attempts = Attempts(store)
    for n in range(5):
        assert attempts.begin([of_address("10.0.0.9")], 1000 * n).wait_s == 0.0
    assert attempts.begin([of_address("10.0.0.9")], 10_000).wait_s == pytest.approx(WITHIN_S - 10.0)
    assert attempts.begin([of_address("10.0.0.8")], 10_000).wait_s == 0.0
    assert attempts.begin([of_address("10.0.0.9")], round(1000 * WITHIN_S) + 500).wait_s == 0.0


def test_a_right_password_costs_no_attempt(store: Store) -> None:
    attempts = Attempts(store)
    for n in range(20):
        attempt = attempts.begin([of_address("10.0.0.9")], n)
        assert attempt.wait_s == 0.0
        attempts.was_right(attempt)


def test_many_addresses_together_have_to_wait_too(store: Store) -> None:
    attempts = Attempts(store)
    for n in range(50):
        attempts.begin([of_address(f"10.0.0.{n}"), OF_ALL], 0)
    assert attempts.begin([of_address("10.0.1.1"), OF_ALL], 1000).wait_s > 0


def test_guesses_at_the_same_moment_are_all_counted(store: Store) -> None:
    attempts = Attempts(store)
    with ThreadPoolExecutor(6) as pool:
        tried = list(pool.map(lambda _: attempts.begin([of_address("10.0.0.9")]).wait_s, range(12)))
    assert sum(wait_s == 0.0 for wait_s in tried) == 5


@pytest.mark.parametrize(
    "wished", ["//evil.example/", "https://evil.example", "/\\evil.example", "javascript:1"]
)
def test_the_login_leads_nowhere_else(locked: Server, wished: str) -> None:
    answer = httpx.post(
        f"{address(locked)}login",
        params={"next": wished},
        data={"password": SECRET},
        headers={"Origin": address(locked)[:-1]},
    )
    assert answer.headers["location"] == "/"


def test_only_the_owner_reads_the_secret_and_the_password_is_not_in_it(tmp_path: Path) -> None:
    Password(tmp_path).set(SECRET)
    path = tmp_path / "dashboard-secret.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET not in path.read_text()
    assert "$argon2id$" in path.read_text()
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        Password(tmp_path)


def test_a_short_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="8 to 200"):
        Password(tmp_path).set("short")
    assert not Password(tmp_path).is_set
