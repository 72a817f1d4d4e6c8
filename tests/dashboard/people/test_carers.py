"""A carer sees, changes nothing, leaves a trace, and is out the moment the wearer says so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import update
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.sync.connection import Connection
from websockets.typing import Origin

from dashboard.door import COOKIE
from dashboard.people.codes import Purpose
from dashboard.people_tables import permits
from dashboard.visitor import Role
from firmware_py.posture.messages import Encoder

from ..device import reading
from .town import Person, Town


class Visit:
    """Anna, who lets Carol in, and Carol, who has opened Anna's data."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.anna = town.wearer("anna")
        self.carol = town.person("carol", Role.CARER)
        town.let_in(self.anna, self.carol)
        assert self.carol.post(f"/wearers/{self.anna.wearer}/open").status_code == 303

    def shut_out(self) -> None:
        [action] = re.findall(r'action="(/who/carers/\d+/end)"', self.anna.get("/who").text)
        assert self.anna.browser.post(action).status_code == 303

    def live(self, person: Person, query: str = "") -> ClientConnection:
        address = self.town.server.address.rstrip("/")
        cookie = f"{COOKIE}={person.browser.cookies[COOKIE]}"
        return connect(
            f"{address.replace('http', 'ws')}/live{query}",
            origin=Origin(address),
            additional_headers={"Cookie": cookie},
        )

    def reads(self, device: str) -> None:
        """A reading of a device comes by, as from the broker."""
        message = Encoder(device, "r9").encode(reading(1.0, 5.0))
        self.town.dashboard.hub.arrived(message.topic, message.payload)


@pytest.fixture
def visit(town: Town) -> Visit:
    return Visit(town)


def test_a_carer_reads_what_the_wearer_reads_and_is_told_whose_it_is(visit: Visit) -> None:
    shown = visit.carol.get("/").text
    assert "You are looking at the record of Anna Example" in shown
    assert "chair-of-anna" in visit.carol.get(f"/history/day/{visit.town.today()}").text
    assert "strap-of-anna" in visit.carol.get("/devices").text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/devices/anna-back/label", {"label": "mine"}),
        ("/devices/anna-back/end", {}),
        ("/notes", {"day": "2026-06-19", "text": "carol was here"}),
        ("/data/erase", {"sure": "yes"}),
        ("/data/restore", {}),
        ("/diary", {"day": "2026-06-19", "kind": "pain"}),
    ],
)
def test_a_carer_changes_nothing(visit: Visit, path: str, form: dict[str, str]) -> None:
    before = visit.anna.get("/api/v1/archive.jsonl").text, visit.anna.get("/devices").text
    refused = visit.carol.post(path, **form)
    assert refused.status_code == 403
    assert (visit.anna.get("/api/v1/archive.jsonl").text, visit.anna.get("/devices").text) == before


def test_the_wearer_reads_who_looked_at_what(visit: Visit) -> None:
    assert "Nobody has looked yet." in visit.anna.get("/who").text
    visit.carol.get("/")
    visit.carol.get("/devices")
    visit.carol.get("/devices")
    visit.carol.get("/api/v1/minutes.csv")
    visit.carol.get("/about")
    visit.anna.get("/devices")
    rows = re.findall(
        r"<strong>([\w ]+)</strong><span>(.+?)</span></div><span class=.hint.>[^·<]+(.*?)</span></li>",
        visit.anna.get("/who").text,
    )
    assert sorted(rows) == [
        ("Carol Example", "Devices", "· 2 times in that hour"),
        ("Carol Example", "Figures, by a program or as a file", ""),
        ("Carol Example", "Now and today", ""),
    ]


def test_who_is_shut_out_is_out_at_the_next_request(visit: Visit) -> None:
    assert visit.carol.get("/devices").status_code == 200
    visit.shut_out()
    assert visit.carol.get("/devices").status_code == 403
    assert visit.carol.get("/").headers["location"] == "/wearers"
    assert visit.carol.post(f"/wearers/{visit.anna.wearer}/open").status_code == 404


def test_a_permit_ends_by_itself(visit: Visit) -> None:
    with visit.town.dashboard.store.at_the_door(writes=True) as connection:
        connection.execute(update(permits).values(until_utc_ms=1))
    assert visit.carol.get("/devices").status_code == 403
    assert "Nobody lets you look" in visit.carol.get("/wearers").text


def test_live_readings_are_the_wearers_own_and_end_when_the_carer_is_shut_out(visit: Visit) -> None:
    ben = visit.town.wearer("ben")
    with visit.live(visit.carol) as carol, visit.live(visit.anna) as anna, visit.live(ben) as of_ben:
        visit.reads("ben-back")
        visit.reads("anna-back")
        assert _devices(carol, 1) == ["anna-back"]
        assert _devices(anna, 1) == ["anna-back"]
        assert _devices(of_ben, 1) == ["ben-back"]
        visit.shut_out()
        with pytest.raises(ConnectionClosed) as closed:
            _hear_out(carol)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4403
        visit.reads("anna-back")
        assert _devices(anna, 1) == ["anna-back"]


def test_a_sign_in_that_is_ended_closes_its_live_page(visit: Visit) -> None:
    with visit.live(visit.anna) as anna:
        anna.recv(timeout=20)
        visit.town.accounts.close("anna")
        with pytest.raises(ConnectionClosed):
            _hear_out(anna)


def test_a_page_opened_for_one_person_does_not_go_on_with_the_next(visit: Visit) -> None:
    ben = visit.town.wearer("ben")
    visit.town.let_in(ben, visit.carol)
    assert visit.carol.get(f"/part/today?of={visit.anna.wearer}").status_code == 200
    visit.carol.post(f"/wearers/{ben.wearer}/open")
    assert visit.carol.get(f"/part/today?of={visit.anna.wearer}").status_code == 409
    with pytest.raises(InvalidStatus):
        visit.live(visit.carol, f"?of={visit.anna.wearer}")


def test_a_wearer_who_cares_for_another_keeps_an_own_record(town: Town) -> None:
    anna, ben = town.wearer("anna"), town.wearer("ben")
    town.let_in(anna, ben)
    ben.post(f"/wearers/{anna.wearer}/open")
    assert "strap-of-anna" in ben.get("/devices").text
    assert "Let in now" in ben.get("/who").text
    ben.post("/wearers/close")
    assert "strap-of-ben" in ben.get("/devices").text
    assert "strap-of-anna" not in ben.get("/devices").text


def test_who_has_no_device_yet_is_told_who_gives_one_and_a_carer_is_told_whose_it_will_be(town: Town) -> None:
    newcomer, carol = town.person("newcomer", Role.WEARER), town.person("carol", Role.CARER)
    town.let_in(newcomer, carol)
    carol.post(f"/wearers/{newcomer.wearer}/open")
    for path in ("/", "/devices", "/wear"):
        own, looked = newcomer.get(path).text, carol.get(path).text
        assert "Whoever runs this dashboard gives you your device" in own, path
        assert "This person has no device yet" in looked, path
        for page in (own, looked):  # what helps at home helps nobody here
            assert "plumbline demo" not in page, path
            assert "nothing has to be registered" not in page, path


def test_nobody_is_let_in_by_a_link_twice_or_to_oneself(town: Town) -> None:
    anna, carol = town.wearer("anna"), town.person("carol", Role.CARER)
    made = anna.post("/who/carers", period_s=str(86_400)).text
    [code] = set(re.findall(r"/let-in\?code=([\w-]+)", made))
    assert anna.post("/let-in", code=code).status_code == 403
    another = anna.code(Purpose.CARE, wearer_id=anna.wearer, permit_s=86_400)
    assert carol.post("/let-in", code=another).status_code == 303
    assert carol.post("/let-in", code=another).status_code == 403
    assert "Anna Example" in carol.get("/wearers").text
    assert town.browser().post("/let-in", data={"code": code}).status_code == 403


def _hear_out(socket: Connection) -> None:
    while True:
        socket.recv(timeout=20)


def _devices(socket: Connection, count: int) -> list[str]:
    """The devices of the next readings that come."""
    found: list[str] = []
    while len(found) < count:
        told: dict[str, Any] = json.loads(socket.recv(timeout=20))
        if told["type"] == "reading":
            found.append(told["device"])
    return found


def browsing(browser: Browser, town: Town, person: Person) -> BrowserContext:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    value = person.browser.cookies[COOKIE]
    context.add_cookies([{"name": COOKIE, "value": value, "url": town.server.address}])
    return context


def accessible(page: Page) -> None:
    """Nothing for axe to find, in either scheme, and nothing wider than the smallest phone."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.emulate_media(color_scheme="dark")
    found = Axe().run(page, options={"runOnly": ["color-contrast"]})
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="light")


@pytest.fixture
def pages(browser: Browser, town: Town) -> Iterator[tuple[Page, Page]]:
    """Anna's browser, and Carol's."""
    anna = browsing(browser, town, town.wearer("anna"))
    carol = browsing(browser, town, town.person("carol", Role.CARER))
    yield anna.new_page(), carol.new_page()
    anna.close()
    carol.close()


def test_a_wearer_lets_a_carer_in_reads_the_log_and_shuts_the_carer_out(
    town: Town, pages: tuple[Page, Page]
) -> None:
    anna, carol = pages
    anna.goto(f"{town.server.address}who")
    anna.get_by_label("Let somebody in").select_option("for one week")
    anna.get_by_role("button", name="Make a link").click()
    expect(anna.locator("svg.qr")).to_be_visible()
    accessible(anna)
    link = anna.locator(".code a").get_attribute("href")
    assert link is not None
    carol.goto(link)
    expect(carol.get_by_text("Anna Example lets you see")).to_be_visible()
    accessible(carol)
    carol.get_by_role("button", name="Accept as Carol Example").click()
    carol.get_by_role("button", name="Look at the record of Anna Example").click()
    expect(carol.get_by_role("complementary")).to_contain_text(
        "You are looking at the record of Anna Example"
    )
    accessible(carol)
    anna.goto(f"{town.server.address}who")
    expect(anna.locator(".looks li").first).to_contain_text("Carol Example")
    anna.get_by_role("button", name="Shut out Carol Example").click()
    expect(anna.get_by_role("status")).to_contain_text("Shut out.")
    carol.goto(f"{town.server.address}devices")
    expect(carol.get_by_text("strap-of-anna")).to_have_count(0)
    carol.goto(link)
    expect(carol.get_by_text("This link opens nothing (any more)")).to_be_visible()


def test_a_link_that_a_wearer_made_opens_nothing_once_the_wearers_account_is_closed(visit: Visit) -> None:
    dora = visit.town.person("dora", Role.CARER)
    code = visit.anna.code(Purpose.CARE, wearer_id=visit.anna.wearer, permit_s=86_400)
    assert "Anna Example" in dora.get(f"/let-in?code={code}").text
    visit.town.accounts.close("anna")
    assert dora.post("/let-in", code=code).status_code == 403
    assert dora.post(f"/wearers/{visit.anna.wearer}/open").status_code == 404
    assert visit.carol.post(f"/wearers/{visit.anna.wearer}/open").status_code == 404
