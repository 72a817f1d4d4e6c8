"""The phone's page in a real Chromium: an address is entered, tested, never shown again, and taken away."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from dashboard.app import Dashboard, Server
from dashboard.phone.services import FILE

from ..test_pages import TOO_WIDE
from .conftest import Service

PATH = "settings/phone"


def test_a_service_is_named_tested_and_taken_away_by_keyboard(
    served: Server, browser: Browser, service: Service
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    page = context.new_page()
    page.goto(served.address + PATH)
    expect(page.locator("main")).to_contain_text("No service yet")
    page.get_by_label("Address of the service").fill(service.url("well"))
    page.get_by_label("Your name for it").fill("My phone")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Added")
    assert service.url("well") not in page.content()
    for check in ("On the page", "again"):
        page.get_by_role("button", name="Send a test to My phone").press("Enter")
        expect(page.get_by_role("status"), check).to_contain_text("My phone took the test", timeout=30_000)
    assert service.taken == [("/well", "This is a test from Plumbline. Notices arrive here.")] * 2
    assert Axe().run(page).violations_count == 0
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(TOO_WIDE) == []
    page.get_by_role("button", name="Take My phone away").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Taken away")
    expect(page.locator("main")).to_contain_text("No service yet")
    context.close()


def test_the_rules_are_kept_and_what_makes_no_sense_changes_nothing(served: Server, browser: Browser) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(served.address + PATH)
    page.get_by_label("A long time in one posture").check()
    page.get_by_label("Reminders to sit up").uncheck()
    page.get_by_label("Quiet from").fill("22:30")
    page.get_by_label("At most so many a day").fill("3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    expect(page.get_by_label("A long time in one posture")).to_be_checked()
    expect(page.get_by_label("Reminders to sit up")).not_to_be_checked()
    expect(page.get_by_label("Quiet from")).to_have_value("22:30")
    context.close()
    wrong = {"quiet_from": "25:00", "quiet_to": "08:00", "most_a_day": "3"}
    answer = httpx.post(f"{served.address}{PATH}/rules", data=wrong)
    assert answer.headers["location"].endswith("told=wrong")
    assert 'value="22:30"' in httpx.get(served.address + PATH).text


@pytest.mark.parametrize(
    ("refuses", "told"), [(True, "refused the test (answer 500)"), (False, "could not be reached")]
)
def test_a_test_says_plainly_what_went_wrong(
    opened: Dashboard, served: Server, service: Service, refuses: bool, told: str
) -> None:
    url = service.url("refuse") if refuses else "json://127.0.0.1:1/"
    with httpx.Client(follow_redirects=True, timeout=60.0) as client:
        client.post(f"{served.address}{PATH}/services", data={"url": url, "label": ""})
        [line] = [line for line in client.get(served.address + PATH).text.splitlines() if '/test"' in line]
        test = line.split('action="/')[1].split('"')[0]
        answer = client.post(served.address + test).text
    assert told in answer
    folder: Path = opened.settings.data_folder
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600


def test_an_address_that_is_none_and_a_service_that_is_nobodys_are_refused(served: Server) -> None:
    with httpx.Client(follow_redirects=True, timeout=60.0) as client:
        for url, told in (
            ("what", "no address of a service"),
            ("syslog://", "this computer"),
            ("", "no address"),
        ):
            answer = client.post(f"{served.address}{PATH}/services", data={"url": url, "label": ""})
            assert told in answer.text
        for action in ("test", "remove"):
            assert client.post(f"{served.address}{PATH}/services/none/{action}").status_code == 404


def test_who_deletes_everything_is_told_nothing_any_more(
    opened: Dashboard, served: Server, service: Service
) -> None:
    with httpx.Client(follow_redirects=True, timeout=60.0) as client:
        client.post(f"{served.address}{PATH}/services", data={"url": service.url("well"), "label": ""})
        assert "/test" in client.get(served.address + PATH).text
        client.post(f"{served.address}data/erase", data={"sure": "yes"})
        assert "/test" not in client.get(served.address + PATH).text
    assert (opened.settings.data_folder / FILE).read_bytes() == b"[]"
