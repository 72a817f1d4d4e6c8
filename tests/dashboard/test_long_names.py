"""What people write may be one long word, in either direction: it stays put on the narrowest phone."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from dashboard.app import Dashboard, Server

from .seed import BERLIN, history
from .test_pages import LAST, TOO_WIDE, page, told

__all__ = ["page"]

TURNED = """(name) => [...document.querySelectorAll("main *")]
  .filter((e) => e.childElementCount === 0 && e.textContent.includes(name))
  .filter((e) => !["isolate", "isolate-override", "plaintext"].includes(getComputedStyle(e).unicodeBidi))
  .map((e) => e.tagName)"""
"""Elements that hold a name and let its direction turn what stands beside them."""


@pytest.mark.parametrize(
    "name", ["W" * 60, "\u202eעברית مرحبا 😀" + "ש" * 40], ids=["left to right", "right to left"]
)
def test_a_name_of_one_long_word_in_either_direction_stays_on_a_phone(
    page: Page, served: Server, opened: Dashboard, name: str
) -> None:
    for batch in history("desk", LAST, 1, BERLIN):
        opened.ingest.take(told(batch))
    page.set_viewport_size({"width": 320, "height": 800})
    origin = {"Origin": served.address.rstrip("/")}
    for path, form in (
        ("devices/desk/label", {"label": name}),
        ("who/tokens", {"label": name, "scope": "read", "days": "30"}),
        ("settings/phone/services", {"label": name, "url": "json://localhost/"}),
        ("notes", {"day": str(LAST), "text": name, "back": "week"}),
    ):
        assert httpx.post(served.address + path, data=form, headers=origin).status_code in (200, 303), path
    for path in ("devices", "who", "settings/phone", f"history/week/{LAST}"):
        page.goto(served.address + path)
        expect(page.locator("main")).to_contain_text(name[:32])
        assert page.evaluate(TOO_WIDE) == [], path
        assert page.evaluate(TURNED, name[:32]) == [], path
