"""Tokens open what their scopes say, to one wearer, until they expire or are revoked."""

from __future__ import annotations

import re

import httpx
import pytest
from sqlalchemy import update
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dashboard.api import description
from dashboard.people.api_tokens import TokenScope
from dashboard.people_tables import api_tokens

from .town import Person, Town

ENTRY = {"entry_id": "01890a5d-ac96-774b-bcce-b302099a8057", "kind": "stiffness", "edited_utc_ms": 1}


@pytest.fixture
def anna(town: Town) -> Person:
    return town.wearer("anna")


def program(anna: Person, *scopes: TokenScope) -> httpx.Client:
    """A program of Anna's with a token of these scopes."""
    token = anna.town.tokens.make("kettle", scopes, 7, anna.wearer, anna.account_id)
    client = anna.town.browser()
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def test_a_token_is_made_on_the_page_shown_once_and_reads(anna: Person) -> None:
    made = anna.browser.post("/who/tokens", data={"label": "Kettle", "days": "30", "scope": ["read", "live"]})
    [token] = re.findall(r"<code>(plumbline_[\w-]+)</code>", made.text)
    assert "plumbline_" not in anna.get("/who").text
    assert "never used" in anna.get("/who").text
    reader = httpx.Client(base_url=anna.browser.base_url, headers={"Authorization": f"bearer {token}"})
    records = reader.get(f"/api/v1/minutes.json?from={anna.town.today()}").json()["records"]
    assert [record["device"] for record in records] == ["anna-back"] * 3
    assert "never used" not in anna.get("/who").text


@pytest.mark.parametrize(
    ("scope", "method", "path", "opens"),
    [
        (TokenScope.READ, "GET", "/api/v1/days.json", True),
        (TokenScope.READ, "GET", "/api/v1/archive.jsonl", True),
        (TokenScope.READ, "PUT", f"/api/v1/diary/{ENTRY['entry_id']}", False),
        (TokenScope.READ, "GET", "/devices", False),
        (TokenScope.READ, "GET", "/", False),
        (TokenScope.READ, "GET", "/who", False),
        (TokenScope.READ, "POST", "/data/erase", False),
        (TokenScope.READ, "GET", "/metrics", False),
        (TokenScope.WRITE, "PUT", f"/api/v1/diary/{ENTRY['entry_id']}", True),
        (TokenScope.WRITE, "GET", "/api/v1/days.json", False),
        (TokenScope.WRITE, "POST", "/devices/anna-back/label", False),
        (TokenScope.METRICS, "GET", "/metrics", True),
        (TokenScope.METRICS, "GET", "/api/v1/days.json", False),
    ],
)
def test_a_token_opens_its_scopes_and_no_page(
    anna: Person, scope: TokenScope, method: str, path: str, opens: bool
) -> None:
    away = {"X-Forwarded-For": "203.0.113.5"}  # not the machine itself, which may read the service's figures
    body = ENTRY | {"day": "2026-06-19"} if method == "PUT" else None
    answer = program(anna, scope).request(method, path, json=body, headers=away)
    assert answer.status_code == (200 if opens else 403), answer.text


def test_live_readings_need_their_scope(anna: Person) -> None:
    address = str(anna.browser.base_url).rstrip("/").replace("http", "ws")
    for scope, opens in ((TokenScope.LIVE, True), (TokenScope.READ, False)):
        bearer = {"Authorization": program(anna, scope).headers["Authorization"]}
        if opens:
            with connect(f"{address}/live", additional_headers=bearer) as socket:
                assert socket.recv(timeout=20)
        else:
            with pytest.raises(InvalidStatus):
                connect(f"{address}/live", additional_headers=bearer)


def test_a_revoked_and_an_expired_token_open_nothing(anna: Person) -> None:
    revoked, expired = program(anna, TokenScope.READ), program(anna, TokenScope.READ)
    assert [client.get("/api/v1/days.json").status_code for client in (revoked, expired)] == [200, 200]
    newest, older = anna.town.tokens.of(anna.wearer)
    assert anna.post(f"/who/tokens/{older.token_id}/revoke").status_code == 303
    with anna.town.dashboard.store.at_the_door(writes=True) as connection:
        itself = api_tokens.c.token_id == newest.token_id
        connection.execute(update(api_tokens).where(itself).values(expires_utc_ms=1))
    assert [client.get("/api/v1/days.json").status_code for client in (revoked, expired)] == [401, 401]


@pytest.mark.parametrize("forged", ["plumbline_x", ".", "é", "Basic abc", "a b c"])
def test_a_made_up_token_opens_nothing_even_beside_a_good_cookie(anna: Person, forged: str) -> None:
    headers = {b"Authorization": f"Bearer {forged}".encode()}
    answer = anna.browser.get("/api/v1/days.json", headers=headers)
    assert answer.status_code == 401


def test_nobody_revokes_anothers_token(anna: Person) -> None:
    reader = program(anna, TokenScope.READ)
    [token] = anna.town.tokens.of(anna.wearer)
    anna.town.person("ben").post(f"/who/tokens/{token.token_id}/revoke")
    assert reader.get("/api/v1/days.json").status_code == 200


def test_what_a_program_reads_stands_in_the_log(anna: Person) -> None:
    program(anna, TokenScope.READ).get("/api/v1/days.json")
    assert re.search(r"<strong>kettle</strong><span>Figures, by a program", anna.get("/who").text)


def test_the_services_figures_are_for_this_machine_or_by_a_token(anna: Person) -> None:
    assert "plumbline_rows" in anna.town.browser().get("/metrics").text
    through_a_proxy = {"X-Forwarded-For": "203.0.113.5"}
    assert anna.town.browser().get("/metrics", headers=through_a_proxy).status_code == 401
    assert anna.browser.get("/metrics", headers=through_a_proxy).status_code == 403
    token = anna.town.tokens.make("prometheus", [TokenScope.METRICS], 7, None)
    bearer = through_a_proxy | {"Authorization": f"Bearer {token}"}
    assert "plumbline_rows" in anna.town.browser().get("/metrics", headers=bearer).text


def test_the_description_says_how_a_program_signs_in() -> None:
    told = description()
    assert told["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert told["security"] == [{"token": []}, {"cookie": []}, {}]
