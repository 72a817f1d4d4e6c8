"""Every route there is, asked for by those whose data it is not about. A new route is walked by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import httpx
import pytest
from sqlalchemy import select
from starlette.routing import Mount, Route, WebSocketRoute

from dashboard.doorkeeper import OPEN, is_beneath
from dashboard.people import programme
from dashboard.people.api_tokens import TokenScope
from dashboard.people.sign_ins import SignIns
from dashboard.people_tables import attempts, looks
from dashboard.schema import metadata
from dashboard.tables import notes
from dashboard.visitor import Role

from .town import PASSWORD, Person, Town

ENTRY = {
    "entry_id": "01890a5d-ac96-774b-bcce-b302099a8057",
    "kind": "stiffness",
    "edited_utc_ms": 1,
    "words": "planted",
}


class Asked(NamedTuple):
    """One request that a route answers."""

    method: str
    path: str


class Hometown(NamedTuple):
    town: Town
    anna: Person
    ben: Person
    carer: Person
    owner: Person
    samples: dict[str, str]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def hometown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hometown]:
    database = "" if request.param == "sqlite" else request.getfixturevalue("postgresql")()
    town = Town(tmp_path_factory.mktemp("town"), database)
    anna, ben = town.wearer("anna"), town.wearer("ben")
    carer = town.person("carol", Role.CARER)
    owner = town.person("otto", Role.OWNER)
    town.let_in(anna, town.person("karl", Role.CARER))
    store = town.dashboard.store
    town.tokens.make("kettle-of-anna", [TokenScope.READ], 30, anna.wearer, anna.account_id)
    [token] = town.tokens.of(anna.wearer)
    number = programme.make(store, "study-of-otto", owner.account_id)
    with store.at_the_door(writes=True) as connection:
        programme.join(connection, anna.wearer, number)
    with store.reading(anna.wearer) as connection:
        note = connection.scalar(select(notes.c.note_id).where(notes.c.wearer_id == anna.wearer))
    [sign_in] = SignIns(store).of(anna.account_id, None)
    entry = ENTRY | {"day": town.today(), "words": "diary-of-anna"}
    assert anna.browser.put(f"/api/v1/diary/{ENTRY['entry_id']}", json=entry).status_code == 200
    samples = {
        "device": anna.device,
        "session": "run-of-anna-1",
        "span": "day",
        "day": town.today(),
        "note_id": str(note),
        "action": "label",
        "table": "minutes",
        "format": "json",
        "permit_id": "1",
        "token_id": str(token.token_id),
        "sign_in": sign_in.token_hash,
        "wearer_id": str(anna.wearer),
        "programme_id": str(number),
        "entry_id": ENTRY["entry_id"],
        "service": "1",
        "account": "anna",
        "exercise": "chin_tuck",
        "part": "rules",
        "alert": "slouch",
        "path": "style.css",
    }
    yield Hometown(town, anna, ben, carer, owner, samples)
    town.close()


def routes(home: Hometown) -> list[Asked]:
    found = []
    for route in home.town.dashboard.app.routes:
        if isinstance(route, Mount | WebSocketRoute):
            continue
        assert isinstance(route, Route)
        path = re.sub(r"{(\w+)(:\w+)?}", partial(_sample, home, route.path), route.path)
        found += [Asked(method, path) for method in sorted(route.methods or ()) if method != "HEAD"]
    assert len(found) > 40
    return found


def _sample(home: Hometown, path: str, found: re.Match[str]) -> str:
    name = found[1]
    if name not in home.samples:
        pytest.fail(f"{path}: say in `samples` what {name!r} of Anna's is, so that others can ask for it")
    return home.samples[name]


FORM = {
    "sure": "yes",
    "label": "taken over",
    "minutes": "10",
    "mode": "meeting",
    "text": "planted",
    "period_s": "604800",
    "days": "7",
    "scope": "read",
    "password": "taken over now",
    "present": PASSWORD,
}


def ask(client: httpx.Client, asked: Asked, home: Hometown) -> httpx.Response:
    """The request, with everything in its query and its form that names what is Anna's."""
    named = {"device": home.anna.device, "session": "run-of-anna-1", "wearer": str(home.anna.wearer)}
    named |= {"from": "2020-01-01", "to": home.town.today(), "wearer_id": str(home.anna.wearer)}
    if asked.method == "GET":
        return client.get(asked.path, params=named)
    if asked.method == "PUT":
        return client.put(asked.path, json=ENTRY | {"day": home.town.today()})
    if asked.method == "DELETE":
        return client.delete(asked.path)
    return client.request(asked.method, asked.path, data=FORM | {"day": home.town.today()})


MARKS = ("of-anna", "anna-back", "Anna Example", "anna")


def marks_in(answer: httpx.Response, asked: Asked) -> list[str]:
    # What was asked for may be said again: that tells nothing which the asker did not know.
    said = f"{answer.text} {answer.headers}".replace(asked.path, "")
    return [mark for mark in MARKS if mark in said]


def annas_rows(home: Hometown) -> dict[str, Any]:
    """Every row that is Anna's or about her, but for who looked, and counters of attempts."""
    anna, found = home.anna, {}
    with home.town.dashboard.store.engine.connect() as connection:
        for table in metadata.sorted_tables:
            if table in (attempts, looks) or not {"wearer_id", "account_id"} & set(table.c.keys()):
                continue
            wanted = [
                table.c[name] == value
                for name, value in (("wearer_id", anna.wearer), ("account_id", anna.account_id))
                if name in table.c
            ]
            for one in wanted:
                found[f"{table.name} {one.left.name}"] = connection.execute(select(table).where(one)).all()
    return found


def visitors(home: Hometown) -> dict[str, httpx.Client]:
    token = home.town.tokens.make(
        "ben's", [TokenScope.READ, TokenScope.WRITE, TokenScope.LIVE], 7, home.ben.wearer, home.ben.account_id
    )
    by_token = home.town.browser()
    by_token.headers["Authorization"] = f"Bearer {token}"
    return {
        "another wearer": home.ben.browser,
        "a carer who was not let in": home.carer.browser,
        "a programme's owner": home.owner.browser,
        "another wearer's program": by_token,
    }


def test_anna_herself_sees_what_the_others_must_not(hometown: Hometown) -> None:
    seen = set()
    for asked in routes(hometown):
        if asked.method == "GET":
            seen.update(marks_in(ask(hometown.anna.browser, asked, hometown), asked))
    assert seen == set(MARKS), "the walk would notice none of these marks"


def test_no_route_shows_or_changes_what_is_anothers(hometown: Hometown) -> None:
    before = annas_rows(hometown)
    for who, client in visitors(hometown).items():
        cookies = dict(client.cookies)
        for asked in routes(hometown):
            answer = ask(client, asked, hometown)
            assert answer.status_code < 500, f"{who} at {asked}: {answer.text}"
            assert not marks_in(answer, asked), f"{who} at {asked} reads {marks_in(answer, asked)}"
            client.cookies.clear()
            client.cookies.update(cookies)
            if asked.path in ("/logout", "/who/password", "/data/erase"):
                client = _again(hometown, who, client)
                cookies = dict(client.cookies)
        assert annas_rows(hometown) == before, f"{who} changed something of Anna's"


def _again(home: Hometown, who: str, client: httpx.Client) -> httpx.Client:
    person = {"another wearer": home.ben, "a carer who was not let in": home.carer}.get(who, home.owner)
    return client if who == "another wearer's program" else home.town.browser(person.account_id)


def test_nobody_gets_past_the_door_without_a_sign_in(hometown: Hometown) -> None:
    nobody = hometown.town.browser()
    for asked in routes(hometown):
        if is_beneath(asked.path, OPEN) or asked.path == "/metrics":
            continue
        answer = ask(nobody, asked, hometown)
        assert answer.status_code == 401, f"{asked}: {answer.status_code}"
        assert not marks_in(answer, asked)


def test_what_is_open_to_anybody_is_about_nobody(hometown: Hometown) -> None:
    nobody = hometown.town.browser()
    for asked in routes(hometown):
        if is_beneath(asked.path, OPEN):
            assert not marks_in(ask(nobody, asked, hometown), asked), asked
