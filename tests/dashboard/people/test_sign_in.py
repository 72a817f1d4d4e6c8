"""Accounts: an invitation taken up once, names and passwords, and what ends a sign-in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from dashboard.people.accounts import Accounts, sign_in_name
from dashboard.people.attempts import Attempts, of_address, of_name
from dashboard.people.sign_ins import SignIns
from dashboard.store import Store
from dashboard.tables import FIRST_WEARER
from dashboard.visitor import Role
from firmware_py.errors import ConfigError

from .town import PASSWORD, Person, Town


def with_password(town: Town, name: str) -> None:
    code = town.accounts.invitation(name)
    assert town.accounts.take_up(code, PASSWORD) is not None


def sign_in(browser: httpx.Client, name: str, password: str) -> httpx.Response:
    return browser.post("/login", data={"name": name, "password": password})


def test_an_invitation_lets_one_choose_a_password_once(town: Town) -> None:
    town.person("anna")
    code, browser = town.accounts.invitation("Anna"), town.browser()
    assert "Choose a password for your account anna" in browser.get(f"/join?code={code}").text
    assert browser.post("/join", data={"code": code, "password": "short"}).status_code == 400
    entered = browser.post("/join", data={"code": code, "password": PASSWORD})
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert browser.get("/").status_code == 200
    again = town.browser().post("/join", data={"code": code, "password": "another one"})
    assert again.status_code == 403
    assert sign_in(town.browser(), "anna", PASSWORD).status_code == 303


def test_a_newer_invitation_makes_the_older_one_worthless(town: Town) -> None:
    town.person("anna")
    older = town.accounts.invitation("anna")
    town.accounts.invitation("anna")
    assert town.browser().post("/join", data={"code": older, "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("anna", "leans on nobody!"),
        ("anna", ""),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ],
)
def test_a_wrong_name_or_password_is_refused_in_the_same_words(town: Town, name: str, password: str) -> None:
    town.person("anna")
    with_password(town, "anna")
    refused = sign_in(town.browser(), name, password)
    assert refused.status_code == 403
    assert "This name and password do not fit together." in refused.text
    assert "set-cookie" not in refused.headers


def test_names_are_compared_without_regard_to_case_and_form() -> None:
    assert sign_in_name("  ＡNNA.Example ") == "anna.example"
    for typed in ("a", "anna example", "anna/../ben", "x" * 61):
        with pytest.raises(ConfigError, match="cannot be a name"):
            sign_in_name(typed)


def test_guessing_at_one_name_from_many_addresses_ends_in_a_wait(store: Store) -> None:
    attempts = Attempts(store)
    waits = [attempts.begin([of_address(f"10.0.0.{n}"), of_name("anna")]).wait_s for n in range(25)]
    assert [wait_s > 0 for wait_s in waits] == [False] * 20 + [True] * 5
    assert attempts.begin([of_address("10.0.1.1"), of_name("ben")]).wait_s == 0


def test_a_closed_account_is_out_at_once_with_its_tokens(town: Town) -> None:
    anna = town.wearer("anna")
    with_password(town, "anna")
    browser = town.browser(anna.account_id)
    assert browser.get("/").status_code == 200
    token = town.tokens.make("own", [], 7, anna.wearer, anna.account_id)
    assert town.tokens.find(token) is not None
    town.accounts.close("anna")
    assert browser.get("/").status_code == 401
    assert town.tokens.find(token) is None
    assert sign_in(town.browser(), "anna", PASSWORD).status_code == 403


def test_changing_the_password_signs_every_other_browser_out(town: Town) -> None:
    anna = town.person("anna")
    with_password(town, "anna")
    here, elsewhere = town.browser(anna.account_id), town.browser(anna.account_id)
    wrong = here.post("/who/password", data={"present": "guess", "password": "a new one"})
    assert "password_wrong" in wrong.headers["location"]
    assert elsewhere.get("/").status_code == 200
    changed = here.post("/who/password", data={"present": PASSWORD, "password": "a new one"})
    assert "password_changed" in changed.headers["location"]
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 401


def test_a_lost_phone_is_signed_out_from_the_page(town: Town) -> None:
    anna = town.person("anna")
    phone = town.browser(anna.account_id)
    assert anna.get("/who").text.count("Firefox, Linux") >= 2
    [ends] = {
        line.split('action="')[1].split('"')[0]
        for line in anna.get("/who").text.splitlines()
        if "/who/sign-ins/" in line
    }
    assert anna.browser.post(ends).status_code == 303
    assert phone.get("/").status_code == 401
    assert anna.get("/").status_code == 200


def test_a_browser_left_open_is_no_place_to_guess_the_present_password(town: Town) -> None:
    anna, ben = town.person("anna"), town.person("ben")
    for person in (anna, ben):
        with_password(town, person.name)

    def change(who: Person, present: str) -> str:
        # A sign-in of its own each time: whoever knows the password is signed in anew.
        browser = town.browser(who.account_id)
        answer = browser.post("/who/password", data={"present": present, "password": PASSWORD})
        return answer.headers["location"]

    assert "password_changed" in change(anna, PASSWORD)
    assert all("password_wrong" in change(anna, f"guess {n}") for n in range(5))
    assert "password_wait" in change(anna, PASSWORD), "even the right one has to wait"
    assert "password_changed" in change(ben, PASSWORD), "others do not"


def test_nobody_signs_out_somebody_else(town: Town) -> None:
    anna, ben = town.person("anna"), town.person("ben")
    [sign_in_of_anna] = SignIns(town.dashboard.store).of(anna.account_id, None)
    ben.post(f"/who/sign-ins/{sign_in_of_anna.token_hash}/end")
    assert anna.get("/").status_code == 200


def test_the_first_account_may_take_over_what_the_dashboard_recorded_before(store: Store) -> None:
    accounts = Accounts(store)
    accounts.add("ben", Role.WEARER)
    accounts.add("anna", Role.WEARER, home=True)
    assert accounts.wearer_named("anna") == FIRST_WEARER
    assert accounts.wearer_named("ben") != FIRST_WEARER
    with pytest.raises(ConfigError, match="taken over"):
        accounts.add("carol", Role.WEARER, home=True)
    with pytest.raises(ConfigError, match="already"):
        accounts.add(" ANNA", Role.CARER)


def test_no_secret_stands_in_the_database(town: Town, tmp_path: Path) -> None:
    anna = town.wearer("anna")
    with_password(town, "anna")
    invitation = town.accounts.invitation("anna")
    token = town.tokens.make("own", [], 7, anna.wearer, anna.account_id)
    cookies = [cookie.value or "" for cookie in anna.browser.cookies.jar]
    with closing(sqlite3.connect(tmp_path / "data" / "plumbline.db")) as database:
        dumped = "\n".join(database.iterdump())
    assert "argon2id" in dumped
    for secret in (PASSWORD, invitation, token, *cookies):
        assert len(secret) > 8
        assert secret not in dumped


def test_without_a_role_of_ones_own_data_the_first_page_is_the_roles(town: Town) -> None:
    for name, role, path in (("carol", Role.CARER, "/wearers"), ("otto", Role.OWNER, "/programme")):
        person = town.person(name, role)
        assert person.get("/").headers["location"] == path
        assert person.get(path).status_code == 200
        assert person.get("/history/week/2026-06-19").status_code == 403
