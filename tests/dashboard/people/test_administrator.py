"""An administrator makes accounts, sees nobody's record, and leaves a trace where a wearer reads it."""

from __future__ import annotations

import re

import pytest

from dashboard.visitor import Role

from .town import PASSWORD, Person, Town


@pytest.fixture
def ada(town: Town) -> Person:
    return town.person("ada", Role.ADMINISTRATOR)


def test_an_account_is_made_with_the_link_to_its_password(ada: Person) -> None:
    made = ada.post("/people/accounts", name="anna", label="Anna Example", role="wearer").text
    [code] = set(re.findall(r"/join\?code=([\w-]+)", made))
    anna = ada.town.browser()
    assert anna.post("/join", data={"code": code, "password": PASSWORD}).status_code == 303
    assert anna.get("/devices").status_code == 200
    assert "is taken" in ada.post("/people/accounts", name="ANNA", role="carer").text
    assert ada.post("/people/accounts", name="ben", role="king").status_code == 400


def test_a_new_link_for_an_account_in_use_is_told_to_its_wearer(ada: Person) -> None:
    anna = ada.town.wearer("anna")
    ada.town.accounts.take_up(ada.town.accounts.invitation("anna"), PASSWORD)
    anna.browser = ada.town.browser(anna.account_id)
    assert "A new link" not in anna.get("/who").text
    assert "/join?code=" in ada.post("/people/accounts/anna/invite").text
    row = re.search(
        r"<strong>([\w ]+)</strong><span>A new link to choose your password", anna.get("/who").text
    )
    assert row is not None
    assert row[1] == "Ada Example"


def test_a_closed_account_is_closed_and_ones_own_is_not(ada: Person) -> None:
    anna = ada.town.wearer("anna")
    assert ada.post("/people/accounts/anna/close").status_code == 303
    assert anna.get("/").status_code == 401
    assert ada.post("/people/accounts/ada/close").status_code == 400
    assert ada.get("/people").status_code == 200


def test_devices_are_named_with_who_has_them_and_nothing_of_what_they_measured(ada: Person) -> None:
    ada.town.wearer("anna")
    shown = ada.get("/people").text
    assert "anna-back" in shown
    assert not re.search("strap-of|run-of|chair-of", shown)
    for path in ("/devices", "/api/v1/days.json", "/part/today", "/diary"):
        assert ada.get(path).status_code == 403


@pytest.mark.parametrize("role", [Role.WEARER, Role.CARER, Role.OWNER])
def test_nobody_else_administers(town: Town, role: Role) -> None:
    person = town.person("eve", role)
    assert person.get("/people").status_code == 404
    assert person.post("/people/accounts", name="mallory", role="administrator").status_code == 404
    assert person.post("/people/accounts/eve/invite").status_code == 404
    assert [account.name for account in town.accounts.all()] == ["eve"]
