"""Pictures of every page, phone and desktop, light and dark, from a made-up fortnight: `docs/screenshots/`.

Run: python -m docs.make_screenshots. Needs Chromium, Mosquitto and the extras `dev` and `benchmarks`.
What is seen is a simulated wearer, and every picture says so.
"""

from __future__ import annotations

import dataclasses
import math
import shutil
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from dashboard.app import Server, build
from dashboard.diary.entries import take_in
from dashboard.diary.symptoms import made
from dashboard.ingest import FIRST_WEARER
from dashboard.settings import Settings
from firmware_py.hardware.twin.wearer_diary import simulated_diary
from firmware_py.posture.events import Mode, ModeChanged, Posture, SessionStarted, WornChanged
from firmware_py.posture.exercise_words import ExerciseEnded, ExerciseOutcome
from firmware_py.posture.fit import NeutralOf
from firmware_py.posture.messages import Anchor, Encoder, MachineState, Outgoing
from firmware_py.posture.plan import DayKind, plan_day
from firmware_py.posture.rating import CalibrationInForce, Grade, Rating
from firmware_py.posture.settings import Chosen, PlanToday, QuietHours, TrainingPlan, Weekday
from tests.dashboard.conftest import Broker
from tests.dashboard.device import Device, settings_in_force
from tests.dashboard.seed import history

FOLDER = Path(__file__).parent / "screenshots"
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
DAYS = 45
AT_HOME = "~/plumbline/.venv/bin/plumbline password --data ~/.local/share/plumbline/back"
CITIES = (
    "Europe/Berlin", "America/New_York", "America/Los_Angeles",
    "Pacific/Auckland", "Asia/Tokyo", "Asia/Karachi"
)  # fmt: skip
"""In one of them it is afternoon, and the day has something to show."""

LIVE_MS = 10_000
"""How long a live page is watched before its picture is taken."""


def afternoon() -> ZoneInfo:
    """The time zone of the city in which it is nearest to four in the afternoon."""

    def away_h(city: str) -> float:
        there = datetime.now(ZoneInfo(city))
        return abs(there.hour + there.minute / 60 - 16.0)

    return ZoneInfo(min(CITIES, key=away_h))


ZONE = afternoon()


def main() -> None:
    """Make them all, or those whose names are given."""
    wanted = set(sys.argv[1:])
    FOLDER.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="plumbline-pictures-"))
    broker = Broker(scratch)
    broker.start()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            if not wanted or "first" in wanted:
                take(browser, scratch / "empty", None, {"first": ""})
            take(browser, scratch / "full", broker, None, wanted)
            browser.close()
    finally:
        broker.stop()
        shutil.rmtree(scratch)


def take(
    browser: Browser,
    data: Path,
    broker: Broker | None,
    pages: dict[str, str] | None,
    wanted: set[str] | None = None,
) -> None:
    """Serve a store and photograph its pages."""
    settings = Settings(
        data, port=0, broker=broker.settings if broker else None, timezone=ZONE.key, language="en"
    )
    dashboard = build(settings)
    now = datetime.now(ZONE)
    if broker is not None:
        past = history("desk", now.date(), DAYS, ZONE, until=now, goes_on=False)
        for batch in (*past, exercised("desk", now)):
            dashboard.ingest.take((message.topic, message.payload) for message in batch)
        noted = simulated_diary(DAYS, until=now.date(), zone=ZONE)
        take_in(dashboard.store, FIRST_WEARER, [made(entry) for entry in noted])
    server = Server(dashboard)
    server.start()
    sway = None
    if broker is not None:
        sway = Sway(worn_device(broker))
        sway.start()
        time.sleep(1.0)
    if pages is None:
        pages = all_pages(server.address, now)
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                locale="en-GB",
                reduced_motion="reduce",
            )
            context.set_default_timeout(120_000)
            page = context.new_page()
            for name, path in pages.items():
                if wanted and name not in wanted:
                    continue
                if sway is not None:
                    sway.begin()
                    time.sleep(0.3)
                page.goto(server.address + path)
                if path in ("", "settings", "devices") and sway is not None:
                    page.wait_for_timeout(LIVE_MS if path != "devices" else LIVE_MS / 5)
                if name == "people":  # which names the folders of whoever takes the pictures
                    page.locator("pre code").first.evaluate(f"line => line.textContent = '{AT_HOME}'")
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_timeout(150)
                if name != "now":  # as tall as the page, so that the bar at the foot stays at the foot
                    tall = page.evaluate("document.documentElement.scrollHeight")
                    page.set_viewport_size({"width": width, "height": max(height, tall)})
                path_of = FOLDER / f"{name}-{size}-{scheme}.png"
                page.screenshot(path=path_of)
                # 128 colours are enough for these pages, and half the bytes.
                Image.open(path_of).convert("RGB").quantize(128).save(path_of, optimize=True)
            context.close()
    if sway is not None:
        sway.stop()
    server.stop()


def worn_device(broker: Broker) -> Device:
    """A device that is worn, in a slouch that has lasted."""
    device = Device(broker.port, name="desk", run="live", simulated=True)
    device.anchor(time.time() - 120)
    device.tell(SessionStarted(0.0, "live-1", 1))
    device.tell(ModeChanged(0.1, Mode.TRAINING, None))
    made_at = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    in_force = CalibrationInForce(0.2, made_at, NeutralOf.THIS_WEAR, Rating(Grade.GOOD, 1.2))
    device.send(device.encoder.encode(in_force))
    device.tell(WornChanged(5.0, True, "it moves as a body does"))
    plan = TrainingPlan(start=(datetime.now(ZONE) - timedelta(days=16)).date())
    lunch = QuietHours((Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI), "12:00", "13:00")
    device.go_by(
        dataclasses.replace(
            settings_in_force(slouch_enter_deg=12.0, slouch_exit_deg=9.0),
            plan=plan,
            timezone=ZONE.key,
            quiet_hours=(lunch,),
            today=PlanToday(16, DayKind.FADING, plan_day(16, plan).share),
            chosen={key: Chosen("page", time.time()) for key in ("slouch_enter_deg", "plan", "quiet_hours")},
        )
    )
    device.send(device.encoder.machine(MachineState(60.0, 83.0, False, -54.0, 48.0, False)))
    return device


def exercised(name: str, now: datetime) -> list[Outgoing]:
    """A set or two on most of the last days, as a device tells them that has coached them."""
    first = (now - timedelta(days=7)).replace(hour=9, minute=0, second=0, microsecond=0)
    encoder = Encoder(name, f"{first.astimezone(UTC):%Y%m%dT%H%M%SZ}-coach", simulated=True)
    said = [encoder.anchor(Anchor(0.0, first.timestamp(), trusted=True))]
    for day, (lifts, blades) in enumerate([(7, 5), (0, 4), (9, 0), (8, 5), (0, 5), (10, 5), (6, 5)], 1):
        for hour, exercise, seen in ((0.5, "head_lift", lifts), (1.5, "scapular_retraction", blades)):
            t_s = 86_400.0 * day + 3600.0 * hour
            if not seen or t_s > (now - first).total_seconds():
                continue
            planned = 10 if exercise == "head_lift" else 5
            outcome = ExerciseOutcome.FINISHED if seen == planned else ExerciseOutcome.STOPPED
            told = ExerciseEnded(
                t_s, exercise, 1, t_s - 150.0, outcome, planned, seen, 0, 0, 5.0 * seen, 0.7, True
            )
            said.append(encoder.encode(told))
    return said


class Sway(threading.Thread):
    """Lets the device's wearer sit upright for some seconds and then sink in, so that a line has a shape."""

    def __init__(self, device: Device) -> None:
        super().__init__(daemon=True)
        self._device = device
        self._began_s = time.monotonic()
        self._stopping = threading.Event()

    def begin(self) -> None:
        """Sit upright again."""
        self._began_s = time.monotonic()

    def run(self) -> None:
        """Ten angles a second."""
        while not self._stopping.wait(0.1):
            at_s = time.monotonic() - self._began_s
            sunk = min(1.0, max(0.0, (at_s - 0.55 * LIVE_MS / 1000) / 2.0))
            angle = 2.5 + 14.0 * sunk + 1.1 * math.sin(1.7 * at_s) + 0.5 * math.sin(5.1 * at_s)
            slouched = angle > 12.0
            self._device.show(angle, posture=Posture.SLOUCHED if slouched else Posture.UPRIGHT)

    def stop(self) -> None:
        """And take it off."""
        self._stopping.set()
        self.join()
        self._device.close()


def all_pages(address: str, now: datetime) -> dict[str, str]:
    """Names and addresses of the pages."""
    day = (now - timedelta(days=(now.weekday() - 3) % 7 or 7)).date()  # last Thursday: a whole day
    listed = httpx.get(f"{address}api/v1/sessions.json?from={day}&to={day}").json()["records"]
    spans = {span: f"history/{span}/{day}" for span in ("day", "week", "month", "year")}
    session = {"session": f"session/desk/{listed[-1]['session']}"}
    return {
        "now": "",
        **spans,
        **session,
        "exercises": "exercises",
        "exercise": "exercises/head_lift",
        "wear": "wear",
        "settings": "settings",
        "phone-alerts": "settings/phone",
        "devices": "devices",
        "people": "who",
        "diary": "diary",
        "timeline": f"timeline/month/{day}",
        "record": f"report?to={day}",
        "help": "help",
        "data": "data",
        "offline": "offline",
        "about": "about",
    }


if __name__ == "__main__":
    main()
