"""The diary as a person uses it, in a real browser: by finger, by keyboard, without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dashboard.app import Dashboard, Server, build
from dashboard.diary import entries
from dashboard.diary.symptoms import Entry, made
from dashboard.settings import Settings

from ...noon import NOON, today
from ..conftest import free_port, wait_until

TODAY = today()
"""Of the dashboard, and of the browser: both are told to be where it is noon."""


class Home:
    """A dashboard that can be switched off and on again under one address."""

    def __init__(self, folder: Path) -> None:
        self._settings = Settings(folder, port=free_port(), broker=None, timezone=NOON, language="en")
        self.address = f"http://127.0.0.1:{self._settings.port}/"
        self.on()

    def on(self) -> None:
        self._dashboard: Dashboard = build(self._settings)
        self._server = Server(self._dashboard)
        self._server.start()

    def off(self) -> None:
        self._server.stop()

    def diary(self) -> list[Entry]:
        with self._dashboard.store.reading(1) as connection:
            return entries.latest_entries(connection, 1, TODAY + timedelta(days=3), 100)

    def put(self, entry: Entry) -> None:
        entries.take_in(self._dashboard.store, 1, [entry])


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made_here = Home(tmp_path / "data")
    yield made_here
    made_here.off()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="en-GB", timezone_id=NOON, reduced_motion="reduce"
    )
    opened.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, home: Home) -> Page:
    opened = context.new_page()
    opened.goto(f"{home.address}diary")
    return opened


def written(**changed: object) -> Entry:
    fields = {
        "entry_id": "0f0e0d0c-0b0a-4908-8706-050403020100",
        "day": TODAY.isoformat(),
        "kind": "pain",
        "edited_utc_ms": 1000,
        "strength": 3,
    }
    return made(fields | changed)


def write(page: Page, kind: str, words: str = "") -> None:
    page.get_by_role("radio", name=kind).check()
    if words:
        page.locator("summary", has_text="your own words").click()
        page.get_by_label("In your own words").fill(words)
    page.get_by_role("button", name="Save").click()


def test_an_entry_takes_a_few_taps(page: Page, home: Home) -> None:
    page.get_by_role("radio", name="Tingling").check()
    page.get_by_role("option", name="between the shoulder blades").click()
    page.get_by_role("radio", name="Front").check()
    page.get_by_role("option", name="left palm").click()
    expect(page.locator(".chosen")).to_contain_text("between the shoulder blades, left palm")
    page.get_by_role("radio", name="4", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="arrived at the dashboard")).to_be_visible()
    entry = page.locator("#entries .entry")
    expect(entry).to_contain_text("Tingling")
    expect(entry).to_contain_text("4 of 10")
    (stored,) = home.diary()
    assert stored.places == ("between_shoulder_blades", "hand_front_left")
    assert (stored.kind, stored.strength, stored.day) == ("tingling", 4, TODAY)
    # The form is empty again for the next one.
    expect(page.locator(".chosen")).to_contain_text("no place yet")
    expect(page.locator("[name=kind]:checked")).to_have_count(0)


def test_an_entry_is_written_by_keyboard_alone(page: Page, home: Home) -> None:
    page.locator("[name=kind]").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # numbness
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("option", name="back of the head")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="back of the neck")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("option", name="top of the left shoulder")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    expect(page.get_by_role("option", name="top of the left shoulder")).to_have_attribute(
        "aria-selected", "false"
    )
    page.locator("[name=strength]").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#entries .entry")).to_contain_text("Numbness")
    (stored,) = home.diary()
    assert (stored.kind, stored.places, stored.strength) == ("numbness", ("neck_back",), 2)


def test_every_place_is_reached_by_arrow_keys(page: Page) -> None:
    for view in ("back", "front"):
        reached = page.evaluate(
            """(view) => {
              const map = document.querySelector(`svg[data-view=${view}]`);
              document.querySelector(".maps").dataset.shown = view;
              const all = [...map.querySelectorAll("[data-place]")];
              const seen = new Set([all[0]]);
              const queue = [all[0]];
              while (queue.length) {
                const from = queue.pop();
                for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) {
                  from.focus();
                  from.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
                  const to = document.activeElement;
                  if (!seen.has(to)) { seen.add(to); queue.push(to); }
                }
              }
              return [seen.size, all.length];
            }""",
            view,
        )
        assert reached[0] == reached[1]


def test_an_entry_of_last_week_is_added_changed_and_deleted(page: Page, home: Home) -> None:
    before = TODAY - timedelta(days=7)
    page.get_by_label("Day", exact=True).fill(before.isoformat())
    write(page, "Stiffness", "after the move")
    expect(page.locator("#entries .entry")).to_contain_text("after the move")
    page.get_by_role("link", name=re.compile("Change: Stiffness")).click()
    expect(page.locator("#form-title")).to_have_text("Change this entry")
    expect(page.get_by_label("Day", exact=True)).to_have_value(before.isoformat())
    page.get_by_label("In your own words").fill("after moving house")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#entries .entry")).to_contain_text("after moving house")
    assert [(one.day, one.words) for one in home.diary()] == [(before, "after moving house")]
    page.get_by_role("button", name=re.compile("Delete: Stiffness")).click()
    expect(page.locator("#entries")).to_contain_text("No entry yet.")
    assert home.diary() == []


def test_what_is_written_without_a_network_is_kept_said_and_arrives_later(
    page: Page, context: BrowserContext, home: Home
) -> None:
    # The worker that keeps the page's shell is there once it answers for this page.
    kept = "async () => Boolean(navigator.serviceWorker.controller && await caches.match('/diary/offline'))"
    wait_until(lambda: page.evaluate(kept), "the worker's keeping of the page")
    home.off()
    write(page, "Pain", "on the train")
    expect(page.locator("#kept")).to_contain_text("on the train")
    expect(page.locator("#kept")).to_contain_text("kept in this browser on this device")
    expect(page.get_by_role("status").filter(has_text="Saved in this browser")).to_be_visible()
    page.goto(f"{home.address}diary")
    expect(page.get_by_role("heading", level=1)).to_have_text("The diary, without its dashboard")
    expect(page.locator("#kept")).to_contain_text("on the train")
    write(page, "Weakness", "in the tunnel")
    expect(page.locator("#kept .entry")).to_have_count(2)
    page.locator("#kept").get_by_role("button", name="Change").first.click()
    page.get_by_label("In your own words").fill("on the train to Ulm")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#kept")).to_contain_text("on the train to Ulm")
    home.on()
    page.goto(f"{home.address}diary")
    expect(page.locator("#kept")).to_be_hidden()
    expect(page.locator("#entries .entry")).to_have_count(2)
    assert {(one.kind.value, one.words) for one in home.diary()} == {
        ("pain", "on the train to Ulm"),
        ("weakness", "in the tunnel"),
    }
    assert (
        page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('plumbline.diary.1')).length")
        == 0
    )


AS_KEPT_BEFORE = """() => {
  for (const key of Object.keys(localStorage).filter((key) => key.startsWith("plumbline.diary.1."))) {
    const { based_on, ...item } = JSON.parse(localStorage.getItem(key));
    localStorage.setItem(key, JSON.stringify({ ...item, based_on_utc_ms: parseInt(based_on, 10) }));
  }
}"""
"""Keeps what waits as an earlier version of the page did, which named what was changed by its time alone."""


def test_an_entry_changed_in_two_places_tells_which_holds(
    page: Page, context: BrowserContext, home: Home
) -> None:
    home.put(written(words="as it was"))
    page.reload()
    context.set_offline(True)
    page.get_by_role("link", name=re.compile("Change: Pain")).click()
    page.get_by_label("In your own words").fill("changed on the phone")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#kept")).to_contain_text("changed on the phone")
    page.evaluate(AS_KEPT_BEFORE)
    home.put(written(words="changed on the tablet", edited_utc_ms=2000))
    context.set_offline(False)
    notice = page.locator("#conflicts")
    expect(notice).to_contain_text(re.compile("The later edit holds: .*changed on the phone"))
    expect(notice).to_contain_text(re.compile("Not kept: .*changed on the tablet"))
    assert [one.words for one in home.diary()] == ["changed on the phone"]
    notice.get_by_role("button", name="Keep the other one instead").click()
    expect(page.locator("#entries .entry")).to_contain_text("changed on the tablet")
    expect(notice).to_be_hidden()
    assert [one.words for one in home.diary()] == ["changed on the tablet"]


def test_an_entry_that_the_dashboard_refuses_is_kept_and_said(page: Page, home: Home) -> None:
    page.evaluate(
        """() => localStorage.setItem("plumbline.diary.1.x", JSON.stringify({
          entry_id: "x", day: "2026-01-01", time: null, kind: "pain", strength: null, since: null,
          words: "odd", places: [], brought_on: [], relief: [], edited_utc_ms: 5, based_on_utc_ms: null }))"""
    )
    page.reload()
    expect(page.locator("#kept")).to_contain_text("The dashboard refused this entry")
    assert home.diary() == []


def test_another_persons_entries_wait_and_are_not_sent(page: Page, home: Home) -> None:
    page.evaluate("localStorage.setItem('plumbline.diary.2.x', '{}')")
    page.reload()
    expect(page.get_by_role("status").filter(has_text="another person's diary")).to_be_visible()
    write(page, "Pain")
    expect(page.locator("#entries .entry")).to_have_count(1)
    assert page.evaluate("localStorage.getItem('plumbline.diary.2.x')") == "{}"


def test_without_script_the_form_and_its_list_of_places_do(browser: Browser, home: Home) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{home.address}diary")
    page.get_by_role("radio", name="Pain").check()
    page.locator("summary", has_text="list of places").click()
    page.get_by_role("checkbox", name="left shoulder blade").check()
    page.get_by_role("radio", name="7", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.locator("#entries .entry")).to_contain_text("left shoulder blade")
    page.get_by_role("link", name=re.compile("Change: Pain")).click()
    page.get_by_label("Day", exact=True).fill((TODAY - timedelta(days=1)).isoformat())
    page.get_by_role("button", name="Save").click()
    assert [one.day for one in home.diary()] == [TODAY - timedelta(days=1)]
    page.get_by_role("button", name=re.compile("Delete: Pain")).click()
    expect(page.get_by_role("status")).to_have_text("Deleted.")
    context.close()


def test_help_is_one_tap_away_and_says_the_same_to_everyone(page: Page, home: Home) -> None:
    shown = []
    for strength in (None, 10):
        if strength:
            home.put(written(strength=strength, kind="numbness"))
        shown.append(httpx.get(f"{home.address}help").text)
        for path in ("diary", "timeline", "report", "exercises", "diary/offline"):
            page.goto(home.address + path)
            page.locator("main").get_by_role("link", name="When to get help").first.click()
            expect(page.get_by_role("heading", level=1)).to_have_text("When to get help")
    assert shown[0] == shown[1]
    for fact in (
        "numbness in both legs", "bladder or your bowel", "around the genitals", "Pain in the chest",
        "accident", "Fever", "losing weight", "worse at night", "ease with rest", "between the shoulders",
        "22 November 2026", "nhs.uk",
    ):  # fmt: skip
        assert fact in shown[0]


def test_the_timeline_shows_days_side_by_side_and_draws_no_conclusion(page: Page, home: Home) -> None:
    home.put(written(strength=6, places=["neck_back"]))
    page.goto(f"{home.address}timeline/week/{TODAY}")
    plot = page.get_by_role("slider", name="Symptoms beside posture")
    plot.focus()
    for _ in range(TODAY.weekday() + 1):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    for _ in range(TODAY.weekday()):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".readout")).to_contain_text("Pain 6 (back of the neck)")
    text = page.locator("main").inner_text()
    assert "no conclusion" in text
    assert not re.search(r"correlat|score \d|because|caused", text, re.IGNORECASE)


def test_the_api_takes_an_entry_once_and_says_what_is_wrong_with_another(home: Home) -> None:
    entry = written(words="by a program")
    address = f"{home.address}api/v1/diary/{entry.entry_id}"
    body = {"entry_id": entry.entry_id, "day": TODAY.isoformat(), "kind": "pain", "edited_utc_ms": 5}
    assert [httpx.put(address, json=body).json()["outcome"] for _ in range(2)] == ["stored", "known"]
    assert httpx.put(address, json=body | {"strength": 12}).status_code == 400
    assert "strength" in httpx.put(address, json=body | {"strength": 12}).json()["error"]
    assert httpx.put(address[:-1] + "9", json=body).status_code == 400
    assert httpx.put(f"{address}?of=2", json=body).status_code == 409
    assert httpx.put(address, content=b"x" * 30_000).status_code == 413
    seen = httpx.put(address, json=body).json()["holds"]["version"]
    assert (
        httpx.put(f"{address}?based_on={seen}", json=body | {"words": "seen"}).json()["outcome"] == "stored"
    )
    assert httpx.put(f"{address}?based_on={seen}", json=body | {"words": "not"}).json()["outcome"] != "stored"
    assert httpx.put(f"{address}?based_on=nothing", json=body).status_code == 400
    # A clock that is ahead is not believed: it would shut out every later edit.
    ahead = httpx.put(address, json=body | {"words": "ahead", "edited_utc_ms": 2**52}).json()["holds"]
    assert ahead["edited_utc_ms"] < 2**51
    listed = httpx.get(f"{home.address}api/v1/diary.json?from=2020-01-01&to={TODAY}").json()["records"]
    assert [(one["entry_id"], one["words"]) for one in listed] == [(entry.entry_id, "ahead")]
    assert httpx.delete(address).json() == {
        "outcome": "replaced", "holds": httpx.delete(address).json()["holds"], "other": ahead,
    }  # fmt: skip
    assert home.diary() == []


def test_words_that_a_spreadsheet_would_run_are_only_words_in_the_csv(home: Home) -> None:
    home.put(written(words="=1+1", places=["neck_back", "elsewhere"]))
    text = httpx.get(f"{home.address}api/v1/diary.csv?from=2020-01-01&to={TODAY}").text
    assert ",'=1+1," in text
    assert "neck_back; elsewhere" in text
