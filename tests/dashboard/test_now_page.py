"""The first page in a real Chromium, with a real broker between it and a device."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from dashboard.app import Server, build
from dashboard.settings import Settings
from firmware_py.posture.events import (
    MinutePassed,
    Posture,
    SessionStarted,
    SlouchAlert,
    SlouchEnd,
    SlouchEnded,
    Unjudged,
)
from firmware_py.posture.messages import Watch
from firmware_py.posture.tally import Tally

from ..noon import NOON
from .conftest import Broker, wait_until
from .device import Device


@pytest.fixture
def server(tmp_path: Path, broker: Broker) -> Iterator[Server]:
    made = Server(
        build(Settings(tmp_path / "data", port=0, broker=broker.settings, timezone=NOON, language="en"))
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The first page, opened; a complaint of the browser's console fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "WebSocket" not in message.text
            else None
        ),
    )
    opened.goto(server.address)
    yield opened
    context.close()
    assert not complaints


@pytest.fixture
def device(broker: Broker) -> Iterator[Device]:
    made = Device(broker.port, simulated=True)
    yield made
    made.close()


def test_the_first_visit_teaches_how_to_start_and_a_device_then_appears_by_itself(
    page: Page, broker: Broker
) -> None:
    expect(page.get_by_role("heading", name="No device yet")).to_be_visible()
    expect(page.get_by_text("plumbline demo")).to_be_visible()
    device = Device(broker.port)
    device.anchor(time.time() - 60)
    device.tell(SessionStarted(0.0, "r1-1", 1))
    expect(page.locator("#today-title")).to_be_visible()
    expect(page.get_by_role("heading", name="No device yet")).to_have_count(0)
    # It is worn: there is nothing to put on.
    expect(page.get_by_role("heading", name="Your day begins")).to_be_visible()
    device.close()


def test_the_figure_the_word_and_the_title_follow_the_wearer(page: Page, device: Device) -> None:
    device.show(2.0)
    expect(page.locator("#live-word")).to_have_text("Upright")
    expect(page.locator("#live-angle")).to_have_text("2° forward of your neutral")
    expect(page.locator("#figure")).to_have_attribute("data-posture", "upright")
    upright = page.locator("#head").get_attribute("transform")
    device.show(21.0, posture=Posture.SLOUCHED)
    expect(page.locator("#live-word")).to_have_text("Slouched")
    expect(page.locator("#figure")).to_have_attribute("data-posture", "slouched")
    expect(page).to_have_title("Slouched · Plumbline")
    assert page.locator("#head").get_attribute("transform") != upright
    expect(page.locator("#live-caption")).to_have_text("One sensor: leaning counts too.")


def test_two_sensors_are_said_and_drawn(page: Page, device: Device) -> None:
    device.show(15.0, posture=Posture.SLOUCHED, lower_deg=4.0)
    expect(page.locator("#live-caption")).to_have_text("Two sensors: the bend of the spine itself.")
    expect(page.locator("#sensor-lower")).to_have_attribute("visibility", "visible")


def test_what_is_not_judged_is_unknown_and_says_why(page: Page, device: Device) -> None:
    device.show(5.0, posture=Posture.UNKNOWN, unjudged=Unjudged.MOVING)
    expect(page.locator("#live-word")).to_have_text("Moving")
    expect(page.locator("#figure")).to_have_attribute("data-posture", "unknown")
    expect(page.locator("#live-caption")).to_contain_text("never counted as upright")
    expect(page.locator("#live-angle")).to_have_text("5° forward of your neutral")


def test_a_sensor_that_nobody_wears_has_no_angle_and_one_that_is_away_is_asked_after(
    page: Page, device: Device
) -> None:
    device.show(5.0, posture=Posture.UNKNOWN, unjudged=Unjudged.NOT_WORN)
    expect(page.locator("#live-word")).to_have_text("Not worn")
    expect(page.locator("#live-caption")).to_contain_text("once you wear it")
    expect(page.locator("#live-angle")).to_have_text(re.compile(r"^\s*$"))
    device.close()
    expect(page.locator("#live-caption")).to_contain_text("Is it switched on")


def test_simulated_readings_are_marked(page: Page, device: Device) -> None:
    device.show(5.0)
    expect(page.locator("#live-simulated")).to_be_visible()


def test_a_reminder_and_its_correction_are_seen_and_said(page: Page, device: Device) -> None:
    device.tell(SessionStarted(0.0, "r1-1", 1))
    device.show(19.0, posture=Posture.SLOUCHED)
    expect(page.locator("#live-word")).to_contain_text("Slouched")
    device.tell(SlouchAlert(9.0, 1, 1, 19.0, 300.0))
    expect(page.locator("#figure")).to_have_attribute("data-news", "reminded")
    expect(page.locator("#live-news")).to_have_text("Reminder given")
    expect(page.locator("#live-spoken")).to_have_text("Reminder given")
    device.show(2.0)
    device.tell(SlouchEnded(15.0, 1, 1.0, 13.0, 21.0, 18.0, 9.0, 6.0, SlouchEnd.CORRECTED))
    expect(page.locator("#live-news")).to_have_text("Corrected after 6 s")
    expect(page.locator("#live-word")).to_have_text("Upright")
    expect(page.locator("#live-news")).to_be_hidden(timeout=30_000)


def test_a_page_whose_server_restarts_comes_back_by_itself(
    browser: Browser, tmp_path: Path, broker: Broker
) -> None:
    settings = Settings(tmp_path / "data", port=0, broker=broker.settings, timezone=NOON, language="en")
    first = Server(build(settings))
    first.start()
    device = Device(broker.port)
    device.show(2.0)
    context = browser.new_context()
    page = context.new_page()
    page.goto(first.address)
    expect(page.locator("#live-link")).to_have_text("Live")
    first.stop()
    expect(page.locator("#live-link")).to_contain_text("Connection lost", timeout=30_000)
    expect(page.locator("#live-link")).to_contain_text("last seen")
    expect(page.locator("#live-word")).to_have_text("Unknown")
    again = Server(build(dataclasses.replace(settings, port=first.port)))
    again.start()
    expect(page.locator("#live-link")).to_have_text("Live", timeout=20_000)
    expect(page.locator("#live-word")).to_have_text("Upright")
    context.close()
    device.close()
    again.stop()


def test_a_broker_that_is_away_is_said_and_its_return_needs_no_hand(
    page: Page, device: Device, broker: Broker
) -> None:
    device.show(2.0)
    expect(page.locator("#live-link")).to_have_text("Live")
    broker.stop()
    expect(page.locator("#live-link")).to_contain_text("lost the message broker", timeout=30_000)
    broker.start()
    expect(page.locator("#live-link")).to_have_text("Live", timeout=30_000)


def test_the_page_reads_well_without_eyes(page: Page, device: Device) -> None:
    device.show(2.0)
    expect(page.locator("#live-word")).to_have_text("Upright")
    expect(page.locator("body")).to_match_aria_snapshot("""
        - banner:
          - link "Plumbline"
          - navigation "Pages":
            - link "Now"
            - link "History"
            - button "More"
          - link "What this is and is not"
        - main:
          - heading "Now and today" [level=1]
          - region "Upright":
            - img "Side view of a person whose back follows the sensor"
            - heading "Upright" [level=2]
            - status: Upright
          - region /Today/:
            - heading /Today/ [level=2]
        """)


def test_a_stored_minute_fills_the_band_of_the_open_page(page: Page, device: Device) -> None:
    device.anchor(time.time() - 61)
    device.tell(SessionStarted(0.0, "r1-1", 1))
    tally = Tally(ticks=600, judged=600, posture={"upright": 450, "slouched": 150}, slouches=1)
    device.tell(MinutePassed(60.0, 0.0, tally))
    expect(page.locator(".sentence")).to_contain_text("75 % of the judged time upright.", timeout=30_000)
    expect(page.locator(".band")).to_be_visible()


def test_the_device_is_asked_for_readings_only_while_someone_looks(
    page: Page, device: Device, server: Server
) -> None:
    def asked() -> list[float]:
        return [ask.request.for_s for ask in device.asked if isinstance(ask.request, Watch)]

    # The page of a first visit opens itself anew for its first device; to leave meanwhile is another story.
    expect(page.locator("#live:not([data-first])")).to_be_visible(timeout=20_000)
    wait_until(lambda: asked() and asked()[-1] > 0, "the request for readings")
    page.goto(server.address + "about")
    wait_until(lambda: asked()[-1] == 0, "the letting go")


def test_a_device_that_goes_away_is_said_to_be_offline_and_when_it_was_last_seen(
    page: Page, device: Device
) -> None:
    chip = page.locator("#live-link")
    device.show(2.0)
    expect(page.locator("#live-word")).to_have_text("Upright")
    device.close()
    expect(chip).to_contain_text(re.compile("The device is offline · last seen .* ago"))
    expect(page.locator("#live-word")).to_have_text("Unknown")
    page.reload()  # no reading has come to this page: the dashboard knows it
    expect(chip).to_contain_text(re.compile("The device is offline · last seen .* ago"))
    expect(page.locator("#live-word")).to_have_text("Unknown")


def test_last_seen_outlives_a_restart_of_the_dashboard(
    browser: Browser, tmp_path: Path, broker: Broker
) -> None:
    settings = Settings(tmp_path / "data", port=0, broker=broker.settings, timezone=NOON, language="en")
    first = Server(build(settings))
    first.start()
    device = Device(broker.port)
    device.anchor(time.time() - 60)
    device.tell(SessionStarted(0.0, "r1-1", 1))
    known = f"{first.address}api/v1/devices"
    wait_until(
        lambda: any(row["seen_utc_ms"] for row in httpx.get(known).json()["devices"]),
        "the first message's arrival",
    )
    device.close()
    first.stop()
    again = Server(build(dataclasses.replace(settings, port=first.port)))
    again.start()
    context = browser.new_context()
    page = context.new_page()
    page.goto(again.address)
    expect(page.locator("#live-link")).to_contain_text(re.compile("The device is offline · last seen .* ago"))
    context.close()
    again.stop()


def test_the_last_minute_is_drawn_read_by_keys_and_given_as_table_and_csv(
    page: Page, device: Device, tmp_path: Path
) -> None:
    device.anchor(time.time() - 60)
    device.tell(SessionStarted(0.0, "r1-1", 1))
    device.show(17.0, posture=Posture.SLOUCHED)
    plot = page.locator("#live-trace .plot")
    expect(page.locator("#live-link")).to_have_text("Live")
    said = page.locator("#live-trace .readout")

    def reads() -> bool:
        plot.focus()
        page.keyboard.press("ArrowLeft")
        return "17° · Slouched" in (said.text_content() or "")

    wait_until(reads, "the read-out")
    assert "17° · Slouched" in (plot.get_attribute("aria-valuetext") or "")
    plot.blur()
    expect(said).to_have_text("dashed: where a slouch begins")
    page.locator("#live-trace summary").click()
    expect(page.locator("#live-trace tbody tr").first).to_contain_text("17°Slouched")
    with page.expect_download() as started:
        page.locator("#live-trace a[download]").click()
    lines = started.value.path().read_text().splitlines()
    assert lines[0] == "t_s,flexion_deg,posture"
    assert lines[-1].endswith(",17,slouched")


def test_who_asked_for_sound_hears_a_reminder_fall_and_a_correction_rise(page: Page, device: Device) -> None:
    page.add_init_script(
        """window.heard = [];
        const begins = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (when) {
          window.heard.push(Math.round(this.frequency.value));
          begins.call(this, when);
        };"""
    )
    device.tell(SessionStarted(0.0, "r1-1", 1))
    device.show(19.0, posture=Posture.SLOUCHED)
    expect(page.locator("#live:not([data-first])")).to_be_visible()  # opened anew for its first device
    expect(page.locator("#live-word")).to_contain_text("Slouched")
    device.tell(SlouchAlert(9.0, 1, 1, 19.0, 300.0))
    expect(page.locator("#live-news")).to_have_text("Reminder given")
    assert page.evaluate("window.heard") == []
    page.get_by_role("button", name="Sound").click()
    assert page.evaluate("window.heard") == [523, 659], "what it will sound like"
    device.tell(SlouchAlert(20.0, 1, 2, 19.0, 300.0))
    wait_until(lambda: page.evaluate("window.heard.length") == 4, "the tones of a reminder")
    device.tell(SlouchEnded(25.0, 1, 1.0, 13.0, 21.0, 18.0, 9.0, 6.0, SlouchEnd.CORRECTED))
    wait_until(lambda: page.evaluate("window.heard.length") == 6, "the tones of its correction")
    assert page.evaluate("window.heard.slice(2)") == [392, 330, 523, 659]


def test_the_icon_shows_the_state_and_sound_is_off_until_asked_for(page: Page, device: Device) -> None:
    icon, sound = page.locator("link[rel=icon]"), page.get_by_role("button", name="Sound")
    device.show(2.0)
    expect(icon).to_have_attribute("href", re.compile("icon-upright"))
    expect(sound).to_have_attribute("aria-pressed", "false")
    sound.click()
    page.reload()
    expect(sound).to_have_attribute("aria-pressed", "true")
    device.show(21.0, posture=Posture.SLOUCHED)
    expect(icon).to_have_attribute("href", re.compile("icon-slouched"))
    device.show_nothing()
    expect(icon).to_have_attribute("href", re.compile("icon-unknown"))


def test_a_connection_that_went_silent_is_given_up_and_made_anew(
    browser: Browser, server: Server, device: Device
) -> None:
    # As after sleep or in aeroplane mode: nothing is closed, nothing comes any more.
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    made: list[WebSocketRoute] = []
    silent: set[WebSocketRoute] = set()

    def relay(socket: WebSocketRoute) -> None:
        made.append(socket)
        server_side = socket.connect_to_server()
        server_side.on_message(lambda told: None if socket in silent else socket.send(told))

    page.route_web_socket(re.compile(r"/live\b"), relay)
    page.goto(server.address)
    device.show(2.0)
    chip = page.locator("#live-link")
    expect(chip).to_have_text("Live")
    silent.update(made)
    expect(chip).to_contain_text("last seen")
    expect(chip).to_have_text("Live", timeout=20_000)
    assert set(made) - silent
    context.close()
