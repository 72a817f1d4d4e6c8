"""Settings in a real Chromium: a change reaches the device over a real broker, and its answer comes back."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from dashboard.app import Server, build
from dashboard.settings import Settings
from firmware_py.posture.messages import Reply, TryBuzz, Watch
from firmware_py.posture.plan import DayKind
from firmware_py.posture.settings import (
    BodyAlert,
    ChangeSettings,
    Chosen,
    PlanToday,
    QuietHours,
    TrainingPlan,
    Weekday,
)

from .conftest import Broker, wait_until
from .device import Device, settings_in_force


@pytest.fixture
def server(tmp_path: Path, broker: Broker) -> Iterator[Server]:
    made = Server(
        build(Settings(tmp_path / "data", port=0, broker=broker.settings, timezone="Europe/Berlin"))
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture
def device(broker: Broker) -> Iterator[Device]:
    made = Device(broker.port, simulated=True)
    made.go_by(settings_in_force())
    yield made
    made.close()


@pytest.fixture
def page(browser: Browser, server: Server, device: Device) -> Iterator[Page]:
    """The settings of a device that has come; a complaint of the browser's console fails the test."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="en-GB", reduced_motion="reduce"
    )
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))

    def told() -> bool:
        opened.goto(f"{server.address}settings")
        return opened.locator("#thresholds").count() == 1

    wait_until(told, "the settings' arrival")
    yield opened
    context.close()
    assert not complaints


def asked(device: Device) -> list[object]:
    return [ask.request for ask in device.asked if not isinstance(ask.request, Watch)]


def test_a_threshold_is_moved_by_keys_and_reaches_the_device_and_the_figure(
    page: Page, server: Server, device: Device
) -> None:
    mark = page.get_by_role("slider", name="A slouch begins at")
    field = page.get_by_role("spinbutton", name="A slouch begins at")
    mark.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("PageUp")
    expect(field).to_have_value("15.5")
    expect(mark).to_have_attribute("aria-valuetext", "15.5°")
    expect(page.get_by_role("spinbutton", name="It ends below")).to_have_value("12.5")
    page.locator("#thresholds").get_by_role("button", name="Save").click()
    expect(page.get_by_text("The device accepted it")).to_be_visible()
    expect(page.locator("#in-force")).to_have_text("In force on the device: from 15.5°, until below 12.5°.")
    assert asked(device) == [ChangeSettings(0.0, rules={"slouch_enter_deg": 15.5, "slouch_exit_deg": 12.5})]
    page.goto(server.address)
    expect(page.locator("#figure")).to_have_attribute("data-enter", "15.5")
    device.go_by(settings_in_force(slouch_enter_deg=20.0))  # changed elsewhere while the page is open
    expect(page.locator("#figure")).to_have_attribute("data-enter", "20")


def test_a_threshold_is_dragged_against_the_live_angle(page: Page, device: Device) -> None:
    device.show(9.0)
    mark, field = page.locator(".mark-enter"), page.get_by_role("spinbutton", name="A slouch begins at")
    expect(mark).to_be_visible()
    page.locator("#live-trace").scroll_into_view_if_needed()
    box, plot = mark.locator("span").bounding_box(), page.locator("#live-trace canvas").bounding_box()
    assert box is not None
    assert plot is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2 - plot["height"] / 6)  # a sixth of 60 degrees
    page.mouse.up()
    expect(field).to_have_value("20")
    page.locator(".mark-exit").focus()
    page.keyboard.press("End")  # never closer to the beginning than the device allows
    expect(page.get_by_role("spinbutton", name="It ends below")).to_have_value("17")
    assert asked(device) == []  # nothing is sent before it is saved


def test_what_a_device_refuses_is_said_and_what_it_does_not_answer_waits_for_it(
    page: Page, server: Server, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = device.encoder.reply
    refusal = "load_s is 45; not today"
    monkeypatch.setattr(
        device.encoder, "reply", lambda reply: encode(Reply(reply.id, accepted=False, detail=refusal))
    )
    monkeypatch.setattr(device, "go_by", lambda _in_force: None)
    load = page.get_by_role("spinbutton", name="Time to a reminder")
    load.fill("45")
    page.locator("#reminders").get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text=refusal)).to_be_visible()
    expect(load).to_have_value("30")
    monkeypatch.setattr("dashboard.live.ANSWER_S", 0.3)
    device._client.on_message = None
    page.get_by_role("radio", name=re.compile("^Tracking")).check()
    page.locator("#mode").get_by_role("button", name="Save").click()
    expect(
        page.locator("#mode").get_by_text("Kept: it takes effect when the device is back.")
    ).to_be_visible()
    expect(page.locator("#waits")).to_contain_text("Reminding or only measuring")


def test_what_is_changed_while_the_device_is_away_takes_effect_when_it_is_back(
    page: Page, broker: Broker, device: Device
) -> None:
    device.close()
    notice = page.get_by_text("The device is out of reach.")
    wait_until(lambda: page.reload() and notice.count(), "the loss of the device")
    expect(page.get_by_role("button", name="Try it: Corrected")).to_be_disabled()
    for seconds in ("60", "45"):
        page.get_by_role("spinbutton", name="Time to a reminder").fill(seconds)
        page.locator("#reminders").get_by_role("button", name="Save").click()
        expect(page.locator("#reminders").get_by_text("Kept: it takes effect")).to_be_visible()
    page.get_by_role("checkbox", name="Corrected").uncheck()
    page.locator("#buzz").get_by_role("button", name="Save").click()
    waits = page.locator("#waits")
    expect(waits).to_have_text(re.compile("When a reminder comes, What buzzes on the body"))
    expect(page.get_by_role("spinbutton", name="Time to a reminder")).to_have_value("45")
    assert Axe().run(page).violations_count == 0
    back = Device(broker.port, simulated=True, goes_by=settings_in_force())
    expect(page.get_by_text("The device is back and goes by it.")).to_be_visible()
    assert asked(back) == [
        ChangeSettings(0.0, rules={"load_s": 45.0}, buzz={BodyAlert.CORRECTED: False}, lasting=True)
    ]
    back.close()
    wait_until(lambda: page.reload() and notice.count(), "the loss of the device")
    expect(page.get_by_role("spinbutton", name="Time to a reminder")).to_have_value("45")
    again = Device(broker.port, simulated=True)
    assert asked(again) == []  # nothing stands there any more
    again.close()


def test_what_waits_for_a_device_outlives_the_dashboard_and_can_be_discarded(
    page: Page, server: Server, broker: Broker, device: Device, tmp_path: Path
) -> None:
    device.close()
    wait_until(lambda: page.reload() and page.get_by_text("out of reach").count(), "the loss of the device")
    page.get_by_role("radio", name=re.compile("^Tracking")).check()
    page.locator("#mode").get_by_role("button", name="Save").click()
    expect(page.locator("#waits")).to_be_visible()
    server.stop()
    later = Server(build(Settings(tmp_path / "data", port=0, broker=broker.settings)))
    later.start()
    address = f"{later.address}settings"
    wait_until(lambda: page.goto(address) and page.locator("#waits").count(), "what the broker kept")
    expect(page.get_by_role("radio", name=re.compile("^Tracking"))).to_be_checked()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Discarded: the device goes on as it does.")).to_be_visible()
    expect(page.get_by_role("radio", name=re.compile("^Training"))).to_be_checked()
    later.stop()


def test_quiet_hours_a_plan_and_what_buzzes_come_to_the_device(page: Page, device: Device) -> None:
    page.get_by_label("From", exact=True).fill("12:15")
    page.locator("#quiet").get_by_role("button", name="Add").click()
    workdays = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)
    expect(page.get_by_text("Mon, Tue, Wed, Thu, Fri: 12:15 to 13:00")).to_be_visible()
    page.get_by_role("checkbox", name="Follow a plan").check()
    page.get_by_role("textbox", name="First day").fill("2026-03-02")
    page.locator("#plan").get_by_role("button", name="Save").click()
    expect(page.locator("#plan").get_by_text("The device accepted it")).to_be_visible()
    page.get_by_role("checkbox", name="Corrected").uncheck()
    page.locator("#buzz").get_by_role("button", name="Save").click()
    expect(page.get_by_role("checkbox", name="Corrected")).not_to_be_checked()
    page.get_by_role("button", name="Try it: Time for a change").click()
    expect(page.get_by_text("The device buzzes.")).to_be_visible()
    page.get_by_role("button", name="Remove: Mon").click()
    expect(page.get_by_text("None.", exact=True)).to_be_visible()
    assert asked(device) == [
        ChangeSettings(0.0, quiet_hours=(QuietHours(workdays, "12:15", "13:00"),)),
        ChangeSettings(0.0, plan=TrainingPlan(start=date(2026, 3, 2))),
        ChangeSettings(0.0, buzz={BodyAlert.CORRECTED: False}),
        TryBuzz(0.0, BodyAlert.BREAK),
        ChangeSettings(0.0, quiet_hours=()),
    ]


def test_the_pages_speak_as_chosen(page: Page, server: Server) -> None:
    page.get_by_label("Language").select_option("de")
    page.get_by_label("Clock").select_option("12")
    page.get_by_label("Weeks begin on").select_option("6")
    page.locator("#view").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Einstellungen")
    page.goto(f"{server.address}history/month/2026-06-19")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator(".spans h1")).to_have_text("Juni 2026")


def test_the_settings_page_in_full_is_free_of_axe_findings(page: Page, device: Device) -> None:
    device.go_by(
        dataclasses.replace(
            settings_in_force(slouch_enter_deg=12.5),
            quiet_hours=(QuietHours((Weekday.SAT, Weekday.SUN), "22:00", "07:00"),),
            plan=TrainingPlan(start=date(2026, 3, 2)),
            today=PlanToday(16, DayKind.FADING, 0.9),
            chosen={"slouch_enter_deg": Chosen("page", 0.0), "load_s": Chosen("file")},
        )
    )
    wait_until(lambda: page.reload() and page.get_by_text("Today is day 16").count(), "the new settings")
    for summary in page.locator("main summary").all():
        summary.click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
