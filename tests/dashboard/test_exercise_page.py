"""An exercise in a real Chromium: led by the sensor, all of the product underneath, and by the page alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from dashboard.app import Server, build
from dashboard.settings import Settings

from ..noon import NOON
from .conftest import Broker, wait_until
from .wearing import Wearing

PATIENCE_MS = 60_000

SHORT = """
[nod]
position = "upright"
move_s = 0.5
hold_s = 1
rest_s = 0
repetitions = 2
sets_a_day = 2
[nod.en]
name = "Short one"
start = "Sit."
steps = ["Nod."]
"""


@pytest.fixture
def server(tmp_path: Path, broker: Broker) -> Iterator[Server]:
    own = tmp_path / "own.toml"
    own.write_text(SHORT)
    settings = Settings(
        tmp_path / "data", port=0, broker=broker.settings, timezone=NOON, language="en", exercises_file=own
    )
    made = Server(build(settings))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A phone in one hand; a complaint of the browser's console fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=server.address)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield opened
    context.close()
    # What a test cuts off on purpose the browser complains of.
    assert not [one for one in complaints if "WebSocket" not in one and "ERR_FAILED" not in one]


LISTEN = """() => {
  window.said = [];
  const note = () => {
    for (const id of ["word", "line"]) window.said.push(document.getElementById(`coach-${id}`).textContent);
  };
  new MutationObserver(note).observe(document.getElementById("coach"), {
    subtree: true, childList: true, characterData: true,
  });
}"""
"""What the screen says passes; a slow machine must not miss it."""


def listen(page: Page) -> None:
    page.evaluate(LISTEN)


def was_said(page: Page, words: str) -> None:
    page.wait_for_function("words => window.said.some((one) => one.includes(words))", arg=words)


def reads(page: Page, element: str, words: str) -> None:
    expect(page.locator(f"#coach-{element}")).to_contain_text(words, timeout=PATIENCE_MS)


def test_the_sensor_leads_by_mouse_pauses_and_the_dose_stands_on_the_page(
    page: Page, server: Server, broker: Broker, tmp_path: Path
) -> None:
    folder = tmp_path / "device"
    folder.mkdir()
    wearing = Wearing(broker.port, folder, speed=6.0)
    try:
        wearing.arrives_at(server.address)
        page.goto("/exercises")
        page.get_by_role("link", name="Begin: Head lift").click()
        expect(page.get_by_label("The sensor “back”")).to_be_checked(timeout=PATIENCE_MS)
        listen(page)
        page.get_by_role("button", name="Start").click()
        # The wearer sits on for a while: the coach sees it, says so, and waits.
        for words in ("The sensor sees you upright.", "Move slowly", "Hold", "Slowly back", "Seen, held for"):
            was_said(page, words)
        page.get_by_role("button", name="Pause").click()
        reads(page, "word", "Paused")
        seen = int(page.locator("#coach-seen").inner_text())
        assert seen >= 1
        page.get_by_role("button", name="Go on").click()
        page.wait_for_function(
            "before => Number(document.getElementById('coach-seen').textContent) > before", arg=seen
        )
        page.get_by_role("button", name="Stop").click()
        reads(page, "word", "Stopped")
        reads(page, "line", "seen by the sensor")
        done = int(page.locator("#coach-line").inner_text().split(",")[0].removeprefix("Repetitions: "))
        assert done > seen
        stored = f"{done} of at most 10 today"
        wait_until(lambda: stored in httpx.get(f"{server.address}exercises").text, "the dose in the store")
        page.goto("/exercises")
        expect(page.locator("#head_lift .dose strong")).to_have_text(stored)
        expect(page.locator(".simulated").first).to_be_visible()
    finally:
        wearing.close()


def test_the_page_alone_leads_by_keyboard_and_counts_by_time(page: Page) -> None:
    page.goto("/exercises/nod")
    listen(page)
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    page.keyboard.press("Enter")
    reads(page, "word", "Paused")
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    page.keyboard.press("Enter")
    reads(page, "word", "Done")
    for words in ("Begin in", "Move slowly", "Hold", "Slowly back"):
        was_said(page, words)
    reads(page, "line", "Repetitions: 2, counted by time.")
    reads(page, "dose", "2 of at most 4 today")
    expect(page.get_by_role("button", name="Start")).to_be_focused()
    page.goto("/exercises")
    expect(page.locator("#nod .dose")).to_contain_text("0 seen by the sensor, 2 counted by time")


def test_escape_stops_at_once_and_what_makes_it_worse_shows_when_to_get_help(page: Page) -> None:
    page.goto("/exercises/head_lift")
    page.get_by_role("button", name="Start").click()
    page.keyboard.press("Escape")
    reads(page, "word", "Stopped")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="This makes it worse").click()
    reads(page, "news", "Stopped, and noted.")
    help_link = page.locator("#coach-news a")
    expect(help_link).to_be_focused()
    help_link.press("Enter")
    page.wait_for_url("**/help")
    page.goto("/exercises")
    expect(page.locator("#head_lift")).to_contain_text("You noted today that it makes something worse.")


def test_a_set_done_without_the_dashboard_is_kept_and_stored_later(page: Page) -> None:
    page.goto("/exercises/nod")
    page.route("**/done*", lambda route: route.abort())
    page.get_by_role("button", name="Start").click()
    reads(page, "news", "Kept in this browser")
    page.unroute("**/done*")
    page.goto("/exercises")
    expect(page.locator("#nod .dose strong")).to_have_text("2 of at most 4 today", timeout=PATIENCE_MS)
    expect(page.locator("#kept")).to_be_hidden()


def test_without_movement_key_poses_stand_side_by_side_and_axe_finds_nothing(
    browser: Browser, server: Server
) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": 320, "height": 640},
            reduced_motion="reduce",
            color_scheme=scheme,
            base_url=server.address,
        )
        page = context.new_page()
        for path in ("/exercises", "/exercises/scapular_retraction"):
            page.goto(path)
            expect(page.locator(".moves").first).to_be_hidden()
            expect(page.get_by_text("Hold here").first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        context.close()
