"""Putting it on, in a real Chromium with the real product underneath: wearer, driver, core, broker, store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from calibration.profiles import Profiles
from dashboard.app import Server, build
from dashboard.settings import Settings

from .conftest import Broker, wait_until
from .wearing import Wearing

SENSOR = "mpu6050-0x68"
PATIENCE_MS = 30_000

LISTEN = """() => {
  window.said = [];
  const note = (changes) => changes.forEach(({ target }) => {
    const element = target.closest?.("[id]") ?? target.parentElement?.closest("[id]");
    if (element) said.push(`${element.id}: ${element.textContent.trim()}`);
  });
  const all = { subtree: true, childList: true, characterData: true };
  new MutationObserver(note).observe(document.getElementById("content"), all);
}"""
"""Keeps every text that the page showed or said, however briefly: a slow machine may look too late."""


@pytest.fixture
def server(tmp_path: Path, broker: Broker) -> Iterator[Server]:
    made = Server(build(Settings(tmp_path / "data", port=0, broker=broker.settings)))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def wearing(tmp_path: Path, broker: Broker, server: Server) -> Iterator[Wearing]:
    folder = tmp_path / "device"
    folder.mkdir()
    made = Wearing(broker.port, folder)
    made.arrives_at(server.address)
    yield made
    made.close()


def opened(browser: Browser, address: str, locale: str = "en-GB") -> Page:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, reduced_motion="reduce", locale=locale
    )
    page = context.new_page()
    page.goto(address)
    return page


def kept(wearing: Wearing) -> list[str]:
    return [path.name for path in Profiles(wearing.folder / "profiles").history(SENSOR)]


def test_a_neutral_is_taken_by_keyboard_with_a_wrong_move_and_a_reload_in_the_middle(
    browser: Browser, server: Server, wearing: Wearing
) -> None:
    page = opened(browser, f"{server.address}wear")
    expect(page.locator("#fit-part .verdict")).to_contain_text(
        "Calibrated for this wear", timeout=PATIENCE_MS
    )
    expect(page.locator("#wear-angle")).to_contain_text("°", timeout=PATIENCE_MS)
    assert len(kept(wearing)) == 1
    page.get_by_role("button", name="My upright").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sit upright")).to_be_focused()
    expect(page.locator("#guide-spoken")).to_contain_text("Press, then sit still")
    page.reload()
    expect(page.get_by_role("heading", name="Sit upright")).to_be_focused(timeout=PATIENCE_MS)
    assert Axe().run(page).violations_count == 0
    page.evaluate(LISTEN)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="That was all")).to_be_visible(timeout=2 * PATIENCE_MS)
    said = page.evaluate("said")
    assert "guide-spoken: Beginning in 3 seconds." in said
    assert "guide-spoken: Hold still" in said
    assert any("up to 3° will do" in text for text in said)
    rejected = [text for text in said if text.startswith("guide-alarm: You moved")]
    assert rejected
    assert "once more" in rejected[0]
    assert any("try 2" in text for text in said)
    assert any("Good. This is your upright from now on" in text for text in said)
    expect(page.locator("#guide-result")).to_contain_text("Before")
    expect(page.locator("#guide-result")).to_contain_text("moved by")
    assert len(kept(wearing)) == 2
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#guide")).to_be_hidden()
    page.context.close()


def test_leaving_in_the_middle_leaves_all_as_it_was_and_the_german_page_speaks_german(
    browser: Browser, server: Server, wearing: Wearing
) -> None:
    page = opened(browser, f"{server.address}wear", "de-DE")
    page.get_by_role("button", name="Der Gurt").click()
    expect(page.get_by_role("heading", name="Aufrecht stehen")).to_be_visible()
    page.get_by_role("button", name="Weiter").click()
    expect(page.locator("#guide-found")).to_have_text("Gut, das war still.", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Abbrechen").click()
    expect(page.get_by_role("heading", name="Abgebrochen")).to_be_visible()
    expect(page.locator("#guide-text")).to_have_text("Alles ist, wie es war.")
    assert len(kept(wearing)) == 1
    page.get_by_role("button", name="Fertig").click()
    expect(page.locator("#plans")).to_be_visible()
    page.context.close()


def test_a_new_strapping_counts_at_once_in_a_new_run_and_the_page_goes_on_showing_its_result(
    browser: Browser, server: Server, wearing: Wearing, broker: Broker
) -> None:
    page = opened(browser, f"{server.address}wear")
    page.get_by_role("button", name="The strap").click()
    for name in ("Stand upright", "Bow", "Sit upright"):
        expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="That was all")).to_be_visible(timeout=2 * PATIENCE_MS)
    expect(page.locator("#guide-result")).to_contain_text("angles right to about")
    expect(page.locator("#wear-link")).to_have_text("Connected")
    expect(page.locator("#fit-part .verdict")).to_contain_text(
        "Calibrated for this wear", timeout=PATIENCE_MS
    )
    expect(page.get_by_role("heading", name="That was all")).to_be_visible()
    broker.stop()
    expect(page.locator("#wear-link")).not_to_have_text("Connected", timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Done")).to_be_disabled()
    broker.start()
    expect(page.locator("#wear-link")).to_have_text("Connected", timeout=60_000)
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#guide")).to_be_hidden(timeout=PATIENCE_MS)
    page.context.close()


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("wear/back/start", {"plan": "all"}, 400),
        ("wear/back/press", {"index": "-1"}, 400),
        ("wear/back/explode", {}, 400),
        ("wear/unknown/leave", {}, 404),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    server: Server, broker: Broker, path: str, form: dict[str, str], status: int
) -> None:
    from .device import Device

    device = Device(broker.port)
    wait_until(lambda: "back" in httpx.get(f"{server.address}api/v1/devices").text, "the device's arrival")
    answer = httpx.post(server.address + path, data=form, headers={"Origin": server.address[:-1]})
    assert answer.status_code == status
    assert device.asked == []
    device.close()
