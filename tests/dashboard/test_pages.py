"""The pages in a real Chromium: axe, keyboard, widths, print, both languages, both colour schemes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from dashboard.app import Server, build
from dashboard.diary.entries import take_in
from dashboard.diary.symptoms import made
from dashboard.ingest import FIRST_WEARER
from dashboard.settings import Settings
from firmware_py.hardware.twin.wearer_diary import simulated_diary
from firmware_py.posture.messages import Outgoing

from .seed import BERLIN, history

LAST = date(2026, 6, 19)  # a Friday


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with two weeks in it, made once for this file."""
    folder = tmp_path_factory.mktemp("weeks")
    dashboard = build(Settings(folder, port=0, broker=None, timezone="Europe/Berlin"))
    for batch in history("desk", LAST, 9, BERLIN):
        dashboard.ingest.take(told(batch))
    noted = simulated_diary(20, until=LAST, zone=BERLIN)
    take_in(dashboard.store, FIRST_WEARER, [made(entry) for entry in noted])
    server = Server(dashboard)
    server.start()
    yield server
    server.stop()


def told(messages: list[Outgoing]) -> list[tuple[str, bytes]]:
    return [(message.topic, message.payload) for message in messages]


def session_path(server: Server) -> str:
    listed = httpx.get(f"{server.address}api/v1/sessions.json?from={LAST}&to={LAST}").json()["records"]
    return f"session/{listed[0]['device']}/{listed[0]['session']}"


TEMPLATES = (
    "",
    "about",
    "devices",
    "wear",
    "data",
    f"history/day/{LAST}",
    f"history/month/{LAST}",
    "diary",
    f"timeline/month/{LAST}",
    f"report?to={LAST}",
    "help",
    "settings",
    "settings/phone",
    "exercises",
    "exercises/head_lift",
    "who",
    "offline",
    "nowhere",
)
"""One address of each kind of page."""

PATHS = (*TEMPLATES, f"history/week/{LAST}", f"history/year/{LAST}", "history/week/2020-01-01")

TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll"))
    .map((e) => `${e.tagName}.${e.getAttribute("class")}`)"""


CELLS = """table => [...table.rows].map((row) =>
  [...row.cells].map((cell) => cell.textContent.trim().replace(/\\s+/g, " ")))"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(
    browser: Browser, weeks: Server, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    for path in (*TEMPLATES, session_path(weeks)):
        page.goto(weeks.address + path)
        for summary in page.locator("summary").all():
            summary.click()
        options = {} if scheme == "light" else {"runOnly": ["color-contrast"]}  # what a scheme can change
        results = Axe().run(page, options=options)
        assert results.violations_count == 0, f"/{path}: {results.generate_report()}"
    context.close()


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 2560])
def test_nothing_is_wider_than_the_window(page: Page, weeks: Server, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in (*PATHS, session_path(weeks)):
        page.goto(weeks.address + path)
        wide = page.evaluate(TOO_WIDE)
        assert not wide, f"/{path} at {width} px: {wide}"


def test_nothing_is_wider_than_a_phone_with_letters_twice_as_large(page: Page, weeks: Server) -> None:
    for path in (
        "",
        "devices",
        "settings",
        f"history/day/{LAST}",
        f"timeline/month/{LAST}",
        session_path(weeks),
    ):
        page.goto(weeks.address + path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        wide = page.evaluate(TOO_WIDE)
        assert not wide, f"/{path}: {wide}"


OUTLINE = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const short = (e) => e.outerHTML.slice(0, 80);
  const label = (e) => e.getAttribute("aria-label") ?? e.getAttribute("alt") ??
    document.getElementById(e.getAttribute("aria-labelledby"))?.textContent;
  return {
    levels: all("h1, h2, h3, h4").filter((e) => e.checkVisibility()).map((e) => Number(e.tagName[1])),
    unnamed: all("nav, [role=slider], [role=region], [role=img], img").filter((e) => !label(e)).map(short),
    unread: all("[role=slider]").filter((e) => !e.getAttribute("aria-valuetext")).map(short),
    unheaded: all("table").filter((table) => !table.querySelector("th")).map(short),
    landmarks: ["header", "main", "footer"].filter((name) => all(`body > ${name}`).length !== 1),
  };
}"""


def test_every_page_is_an_outline_to_who_does_not_see_it(page: Page, weeks: Server) -> None:
    for path in (*TEMPLATES, session_path(weeks)):
        page.goto(weeks.address + path)
        found = page.evaluate(OUTLINE)
        levels: list[int] = found.pop("levels")
        assert levels.count(1) == 1, f"/{path} has {levels.count(1)} first headings"
        steps = pairwise(levels[levels.index(1) :])
        assert all(after <= before + 1 for before, after in steps), f"/{path}: {levels}"
        assert not any(found.values()), f"/{path}: {found}"


WEEK = (
    'navigation "How far to look"',
    'heading "15 – 21 June 2026',
    "of the judged time upright",
    "term: Judged",
    "term: Slouches an hour",
    'heading "Judged time, and how much of it upright" [level=2]',
    'slider "Judged time, and how much of it upright"',
    'heading "Time of day" [level=2]',
    'slider "Time of day"',
    'table "This week beside the week before."',
    'rowheader "Upright share"',
    'heading "Notes" [level=2]',
    'textbox "What changed"',
    'button "Add a note"',
)


def test_a_week_is_read_in_a_sensible_order_without_eyes(page: Page, weeks: Server) -> None:
    page.goto(f"{weeks.address}history/week/{LAST}")
    tree = page.locator("main").aria_snapshot()
    at = 0
    for told in WEEK:
        at = tree.find(told, at)
        assert at >= 0, f"{told!r} does not follow in:\n{tree}"


def test_a_demonstration_sends_nobody_to_a_configuration_that_it_does_not_read(tmp_path: Path) -> None:
    shown = build(Settings(tmp_path, port=0, broker=None, language="en", demonstration=True))
    server = Server(shown)
    server.start()
    page = httpx.get(f"{server.address}who").text
    server.stop()
    shown.store.close()
    assert "A demonstration stays like that" in page
    assert "plumbline.toml" not in page


def test_history_is_walked_by_keyboard_alone(page: Page, weeks: Server) -> None:
    page.goto(f"{weeks.address}history/week/{LAST}")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "slider":
            break
    expect(page.locator(".hours .plot")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".hours .readout")).to_contain_text("Tue 16 Jun")
    expect(page.locator(".hours .plot")).to_have_attribute("aria-valuenow", "1")
    said = page.locator(".hours .plot").get_attribute("aria-valuetext")
    assert said is not None
    assert "Upright share" in said


def test_what_no_tab_holds_is_behind_more_by_thumb_and_by_keyboard(page: Page, weeks: Server) -> None:
    page.goto(weeks.address)
    more = page.get_by_role("button", name="More")
    hidden = page.get_by_role("link", name="Your data")
    expect(hidden).to_be_hidden()
    more.click()
    expect(hidden).to_be_visible()
    page.keyboard.press("Escape")
    expect(hidden).to_be_hidden()
    more.focus()
    page.keyboard.press("Enter")
    expect(hidden).to_be_visible()
    for _ in range(page.locator("#more a").count()):
        page.keyboard.press("Tab")
        if hidden.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{weeks.address}data")
    expect(page.locator("nav button.here")).to_be_visible()
    tabs = page.locator(".top nav > :is(a, button)")
    assert tabs.count() <= 5
    for tab in tabs.all():
        box = tab.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44


def test_a_finger_on_the_band_tells_the_time(page: Page, weeks: Server) -> None:
    page.goto(f"{weeks.address}history/day/{LAST}")
    box = page.locator(".band .plot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    expect(page.locator(".band .readout")).to_contain_text(re.compile(r"\d\d:\d\d.*Upright \d+\s%"))


def test_last_tuesday_is_two_taps_away(page: Page, weeks: Server) -> None:
    page.goto(f"{weeks.address}history/month/{LAST}")
    page.get_by_role("link", name=re.compile("Tuesday 16 June: .* upright of .* judged")).click()
    expect(page).to_have_url(f"{weeks.address}history/day/2026-06-16")
    page.locator(".sessions a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tuesday 16 June")


def test_every_chart_has_the_same_numbers_as_a_table(page: Page, weeks: Server) -> None:
    for path in (f"history/day/{LAST}", f"history/week/{LAST}", session_path(weeks)):
        page.goto(weeks.address + path)
        charts = page.locator("[data-chart]")
        assert charts.count() > 0
        for chart in charts.all():
            assert chart.locator("tbody tr[data-left]").count() > 0
            assert chart.locator("thead th").count() > 1


def test_what_a_table_shows_is_had_as_a_file_with_the_same_cells(page: Page, weeks: Server) -> None:
    for path in (f"history/day/{LAST}", f"history/week/{LAST}", session_path(weeks)):
        page.goto(weeks.address + path)
        for summary in page.locator("main details > summary").all():
            summary.click()
        links = page.locator("a[data-csv]")
        expect(links.first).to_be_visible()
        for link in links.all():
            with page.expect_download() as started:
                link.click()
            lines = list(csv.reader(started.value.path().read_text("utf-8-sig").splitlines()))
            table = link.locator("xpath=ancestor::*[self::figure or self::section][1]").locator("table").first
            cells = table.evaluate(CELLS)
            assert lines == cells
    # Every chart has the one or the other.
    for chart in page.locator("[data-chart]").all():
        assert chart.locator(".csv a").count() > 0


def test_simulated_days_say_so(page: Page, weeks: Server) -> None:
    for path in ("", f"history/day/{LAST}", f"history/year/{LAST}", "devices", session_path(weeks)):
        page.goto(weeks.address + path)
        expect(page.locator(".simulated").first).to_be_visible()


def test_a_german_browser_reads_german(browser: Browser, weeks: Server) -> None:
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    page.goto(f"{weeks.address}history/week/{LAST}")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("link", name="Woche")).to_be_visible()
    expect(page.locator(".counts")).to_contain_text("Eingesunken je Stunde")
    context.close()


@pytest.mark.parametrize("span", ["day", "week", "year"])
def test_the_longer_words_of_german_leave_every_number_in_sight_on_a_phone(
    browser: Browser, weeks: Server, span: str
) -> None:
    context = browser.new_context(locale="de-DE", viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(f"{weeks.address}history/{span}/{LAST}")
    pairs = page.locator("table.pairs")
    assert pairs.count() > 0
    for table in pairs.all():
        assert table.evaluate("table => table.parentElement.scrollWidth <= table.parentElement.clientWidth")
    context.close()


def test_without_script_everything_but_the_live_figure_is_there(browser: Browser, weeks: Server) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(weeks.address)
    expect(page.locator("#today-title")).to_be_visible()
    page.goto(f"{weeks.address}history/day/{LAST}")
    expect(page.locator(".band")).to_be_visible()
    expect(page.locator(".sessions a").first).to_be_visible()
    context.close()


def test_a_day_prints_on_paper_with_its_numbers(page: Page, weeks: Server, tmp_path: Path) -> None:
    page.goto(f"{weeks.address}history/day/{LAST}")
    page.emulate_media(media="print")
    expect(page.locator(".top nav")).to_be_hidden()
    expect(page.locator(".counts")).to_be_visible()
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")


@pytest.mark.parametrize(
    "path",
    [
        "history/day/2026-13-01",
        "history/decade/2026-01-01",
        "history/year/9999-12-31",
        "history/year/1969-01-01",
        "timeline/week/0001-01-01",
        "session/a/b",
    ],
)
def test_an_address_that_makes_no_sense_is_not_found(weeks: Server, path: str) -> None:
    answer = httpx.get(weeks.address + path)
    assert answer.status_code == 404
    assert "There is no such page." in answer.text
