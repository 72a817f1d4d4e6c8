"""Out of reach, in a real Chromium: the page says so, keeps nobody's figures, and comes back by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.app import Dashboard, Server, build
from dashboard.offline import FILES, INSTEAD, PATH
from dashboard.settings import Settings
from dashboard.site import STATIC

from .conftest import wait_until

KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    for (const kept of await (await caches.open(name)).keys()) found.push(new URL(kept.url).pathname);
  }
  return found;
}"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "data", port=0, broker=None, language="en")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    yield context.new_page()
    context.close()


def test_without_the_dashboard_a_page_says_so_and_comes_back_with_it(page: Page, settings: Settings) -> None:
    first = Server(build(settings))
    first.start()
    fixed = Settings(settings.data_folder, port=first.port, broker=None, language="en")
    page.goto(first.address)
    wait_until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"), "the worker's start")

    def kept() -> set[str]:
        return set(page.evaluate(KEPT))

    wait_until(lambda: {PATH, *dict(INSTEAD).values()} <= kept(), "the keeping of the pages")
    page.goto(f"{first.address}history")
    for path in kept():
        assert path.startswith("/static/") or path in (PATH, *dict(INSTEAD).values()), f"{path} is kept"
    first.stop()
    page.goto(f"{first.address}history")
    expect(page.get_by_role("heading", name="Out of reach")).to_be_visible()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.top')).display") == "flex"
    )  # its style is there
    page.goto(f"{first.address}diary")
    expect(page.locator("form").first).to_be_visible()  # what can be written without a dashboard
    page.goto(f"{first.address}history")
    again = Server(build(fixed))
    again.start()
    expect(page.get_by_role("heading", name="Out of reach")).to_have_count(0, timeout=20_000)
    expect(page.locator(".spans")).to_be_visible()
    again.stop()


@pytest.mark.parametrize("path", [PATH, *dict(INSTEAD).values()])
def test_every_file_that_such_a_page_needs_is_kept(served: Server, path: str) -> None:
    text = httpx.get(served.address.rstrip("/") + path).text
    needed = set(re.findall(r'(?:src|href)="/static/[0-9a-f]+/([a-z_]+\.(?:js|css))"', text))
    for script in [name for name in needed if name.endswith(".js")]:
        needed |= set(re.findall(r'from "\./([a-z_]+\.js)"', (STATIC / script).read_text()))
    assert needed - {"install.js"} <= set(FILES)


def test_the_worker_is_anew_for_each_version_and_each_language(opened: Dashboard, served: Server) -> None:
    answer = httpx.get(f"{served.address}sw.js")
    assert answer.headers["cache-control"] == "no-cache"
    setup = json.loads(answer.text.splitlines()[0].removeprefix("const setup = ").removesuffix(";"))
    assert setup["version"].endswith("-en-1")
    assert all(httpx.get(served.address.rstrip("/") + path).status_code == 200 for path in setup["files"])


def test_what_is_kept_shows_nothing_of_anybody(served: Server) -> None:
    text = httpx.get(served.address.rstrip("/") + PATH).text
    assert not re.search(r"\d+\s%|\d+\sh|<table", text)
