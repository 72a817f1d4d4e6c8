"""What a person meets in a real Chromium: how soon, how smoothly, how accessibly."""

from __future__ import annotations

import statistics
import time
from datetime import datetime

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from tests.dashboard.conftest import Broker
from tests.dashboard.device import Device, reading
from tests.dashboard.seed import BERLIN

PHONE: ViewportSize = {"width": 390, "height": 844}
CPU_SLOWDOWN = 4
BYTES_PER_S = 10e6 / 8
REPEATS = 7
PATIENCE_MS = 120_000


def first_load_kb(browser: Browser, address: str) -> float:
    """Bytes over the wire of a first visit, headers and all."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address)
    page.wait_for_timeout(1000)
    context.close()
    return sum(sizes) / 1000


def ready_s(browser: Browser, address: str) -> float:
    """Until the page can be used (its modules have run), at a quarter of the processor and 10 Mbit/s."""
    times: list[float] = []
    for _ in range(REPEATS):
        context = browser.new_context(viewport=PHONE)
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 20,
                "downloadThroughput": BYTES_PER_S,
                "uploadThroughput": BYTES_PER_S,
            },
        )
        page.goto(address, wait_until="domcontentloaded", timeout=PATIENCE_MS)
        times.append(
            page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd") / 1000
        )
        context.close()
    return statistics.median(times)


WATCH = """() => {
  window.drawn = [];
  const angle = document.getElementById("live-angle");
  const now = () => performance.timeOrigin + performance.now();
  const say = () => requestAnimationFrame(() => window.drawn.push([angle.textContent, now()]));
  new MutationObserver(say).observe(angle, {childList: true, characterData: true, subtree: true});
}"""


def sensor_to_figure_ms(browser: Browser, address: str, broker: Broker) -> tuple[float, float]:
    """From the publishing of a reading to the frame that shows it: median and 95th percentile."""
    device = Device(broker.port, name="desk", run="bench", simulated=True)
    context = browser.new_context(viewport=PHONE, reduced_motion="reduce", locale="en-GB")
    page = context.new_page()
    page.goto(address)
    device.show(0.0)
    page.wait_for_selector("#live-link[data-state=live]")
    device.show_nothing()
    page.evaluate(WATCH)
    sent: dict[str, float] = {}
    for n in range(200):
        angle = 5 + n  # each only once, so that a drawn one is known for what it is
        sent_at = time.time() * 1000
        device.tell(reading(n / 10, float(angle)))
        sent[f"{n}"] = sent_at
        time.sleep(0.05)
    page.wait_for_timeout(500)
    drawn: list[tuple[str, float]] = page.evaluate("window.drawn")
    delays = []
    at = 0
    for n in range(200):  # readings in order; each is drawn once, or was overtaken by the next
        words = f"{5 + n}° forward of your neutral"
        for index in range(at, len(drawn)):
            if drawn[index][0] == words and drawn[index][1] >= sent[f"{n}"]:
                delays.append(drawn[index][1] - sent[f"{n}"])
                at = index + 1
                break
    context.close()
    device.close()
    delays.sort()
    return statistics.median(delays), delays[int(0.95 * len(delays))]


FRAMES = """() => {
  window.gaps = [];
  let before = null;
  const step = (now) => {
    if (before !== null) window.gaps.push(now - before);
    before = now;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""


def frame_gap_ms(browser: Browser, address: str, broker: Broker) -> float:
    """Between two frames while figure and trace run: the 95th percentile over some seconds."""
    device = Device(broker.port, name="desk", run="frames", simulated=True)
    context = browser.new_context(viewport=PHONE, locale="en-GB")
    page = context.new_page()
    page.goto(address)
    device.show(9.0)
    page.wait_for_selector("#live-link[data-state=live]")
    page.evaluate(FRAMES)
    for n in range(50):
        device.show(9.0 + 8.0 * (n % 2))
        page.wait_for_timeout(100)
    gaps: list[float] = sorted(page.evaluate("window.gaps"))
    context.close()
    device.close()
    return gaps[int(0.95 * len(gaps))]


def axe_findings(page: Page, address: str) -> int:
    """What axe-core finds on the main pages."""
    today = datetime.now(BERLIN).date()
    found = 0
    pages = ("settings", "devices", "data", "about", "offline", "wear", "exercises", "diary", "help")
    for path in ("", f"history/day/{today}", f"history/month/{today}", *pages):
        page.goto(address + path)
        found += Axe().run(page).violations_count
    return found
