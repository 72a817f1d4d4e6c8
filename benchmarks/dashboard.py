"""The dashboard's budgets, measured in a real Chromium against a real Mosquitto: one table.

Run: python -m benchmarks.dashboard [--days 365]. Needs Chromium, Mosquitto and the `dev` extra. The
dashboard runs in a process of its own, so that its processor time and memory are its own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from websockets.sync.client import connect

from dashboard.ingest import FIRST_WEARER, Ingest
from dashboard.store import Store, sqlite_url
from dashboard.tables import metadata
from tests.dashboard.conftest import Broker
from tests.dashboard.device import Device, reading
from tests.dashboard.seed import BERLIN, history

SERVE = """
import sys
from pathlib import Path
from dashboard.app import serve
from dashboard.settings import BrokerSettings, Settings
broker = BrokerSettings(port=int(sys.argv[2]))
settings = Settings(Path(sys.argv[1]), port=0, broker=broker, timezone="Europe/Berlin")
serve(settings, on_ready=lambda address: print(address, flush=True))
"""

PHONE = {"width": 390, "height": 844}
CPU_SLOWDOWN = 4
BYTES_PER_S = 10e6 / 8
VIEWERS = 3
LIVE_S = 20.0
REPEATS = 7
OPENINGS = 20
CROWD_DAYS = 28
PATIENCE_MS = 120_000


class Served:
    """A dashboard in its own process."""

    def __init__(self, folder: Path, broker_port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(folder), str(broker_port)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()

    def cpu_s(self) -> float:
        """Processor time so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> float:
        """Memory in use."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def stop(self) -> None:
        """End it in order."""
        self._process.terminate()
        self._process.wait()


def seed(folder: Path, days: int) -> int:
    """Fill a store with made-up days up to now; returns the minutes in it."""
    fresh = not (folder / "plumbline.db").exists()
    store = Store(sqlite_url(folder / "plumbline.db"))
    ingest = Ingest(store)
    now = datetime.now(BERLIN)
    if fresh:
        for batch in history("desk", now.date(), days, BERLIN, until=now - timedelta(minutes=5)):
            ingest.take((message.topic, message.payload) for message in batch)
    with store.engine.connect() as connection:
        count: int = connection.exec_driver_sql("SELECT count(*) FROM minutes").scalar_one()
    store.close()
    return count


def crowd(folder: Path, wearers: int) -> int:
    """Put as many wearers into a store as are wanted, copies of the one there is; returns the minutes."""
    store = Store(sqlite_url(folder / "plumbline.db"))
    with store.engine.execution_options(writes=True).begin() as connection:
        (own,) = connection.exec_driver_sql("SELECT min(device_id) FROM devices").one()
        connection.exec_driver_sql("CREATE TEMPORARY TABLE others (k INTEGER)")
        connection.exec_driver_sql("INSERT INTO others VALUES (?)", [(k,) for k in range(1, wearers)])
        for table in metadata.sorted_tables:
            if not {"device_id", "wearer_id"} & set(table.c.keys()):
                continue
            # Each copy has its own device and wearer; a name that must be the only one gets a number behind.
            as_copied = {"device_id": f"{own} + k", "wearer_id": f"{FIRST_WEARER} + k"}
            if table.name in ("devices", "wearers"):
                as_copied["name"] = "name || '-' || k"
            copied = ", ".join(as_copied.get(column.name, column.name) for column in table.c)
            whose = f"device_id = {own}" if "device_id" in table.c else f"wearer_id = {FIRST_WEARER}"
            names = ", ".join(column.name for column in table.c)
            connection.exec_driver_sql(
                f"INSERT INTO {table.name} ({names}) SELECT {copied} FROM {table.name}, others WHERE {whose}"
            )
        count: int = connection.exec_driver_sql("SELECT count(*) FROM minutes").scalar_one()
    with store.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    store.close()
    return count


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
    times = []
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


def opening_ms(served: Served) -> dict[str, tuple[float, float]]:
    """Median time to answer each page, and the dashboard's mean processor time for it."""
    address = served.address
    today = datetime.now(BERLIN).date()
    found = {}
    with httpx.Client() as client:
        sessions = client.get(f"{address}api/v1/sessions.json").json()["records"]
        paths = {"now": ""} | {span: f"history/{span}/{today}" for span in ("day", "week", "month", "year")}
        paths["session"] = f"session/desk/{sessions[-2]['session']}"
        for name, path in paths.items():
            client.get(address + path)
            times = []
            cpu_s = served.cpu_s()
            for _ in range(OPENINGS):
                began = time.perf_counter()
                client.get(address + path).raise_for_status()
                times.append(1000 * (time.perf_counter() - began))
            found[name] = statistics.median(times), 1000 * (served.cpu_s() - cpu_s) / OPENINGS
    return found


def viewers_percent(served: Served, broker: Broker) -> float:
    """Share of one core that the dashboard takes with live viewers and one device."""
    device = Device(broker.port, name="desk", run="bench2", simulated=True)
    device.show(7.0)
    sockets = [
        connect(served.address.replace("http", "ws") + "live", origin=served.address[:-1])  # type: ignore[arg-type]
        for _ in range(VIEWERS)
    ]
    end = time.monotonic() + LIVE_S
    before, began = served.cpu_s(), time.monotonic()
    heard = 0
    while time.monotonic() < end:
        for socket in sockets:
            socket.recv(timeout=5)
            heard += 1
    used = 100 * (served.cpu_s() - before) / (time.monotonic() - began)
    for socket in sockets:
        socket.close()
    device.close()
    print(f"  (each viewer heard {heard / VIEWERS / LIVE_S:.1f} messages a second)")
    return used


def axe_findings(page: Page, address: str) -> int:
    """What axe-core finds on the main pages."""
    today = datetime.now(BERLIN).date()
    found = 0
    pages = ("settings", "devices", "data", "about", "offline", "wear", "exercises", "diary", "help")
    for path in ("", f"history/day/{today}", f"history/month/{today}", *pages):
        page.goto(address + path)
        found += Axe().run(page).violations_count
    return found


def main() -> None:
    """Print the table; exits with 1 where a budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365, help="days of history (default: a year)")
    parser.add_argument("--wearers", type=int, default=100, help="wearers in one store (default: 100)")
    parser.add_argument("--store", type=Path, help="folder of a made-up store to keep, and to use again")
    arguments = parser.parse_args()
    days: int = arguments.days
    scratch = Path(tempfile.mkdtemp(prefix="plumbline-bench-"))
    folder: Path = arguments.store or scratch
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    rows: list[tuple[str, str, str, bool]] = []

    def row(what: str, budget: float, measured: float, form: Callable[[float], str]) -> None:
        rows.append((what, form(budget), form(measured), measured <= budget))

    broker = Broker(scratch)
    broker.start()
    try:
        began = time.monotonic()
        count = seed(folder, days)
        print(f"{count} minutes over {days} days stored in {time.monotonic() - began:.0f} s")
        served = Served(folder, broker.port)
        with sync_playwright() as playwright:
            options: dict[str, Any] = {"executable_path": chromium, "args": ["--no-sandbox"]}
            browser = playwright.chromium.launch(**options)
            row("first load, compressed", 60, first_load_kb(browser, served.address), "{:.1f} kB".format)
            row("usable, CPU / 4, 10 Mbit/s", 1.5, ready_s(browser, served.address), "{:.2f} s".format)
            median_ms, p95_ms = sensor_to_figure_ms(browser, served.address, broker)
            row(f"sensor to figure, p95 (median {median_ms:.0f} ms)", 150, p95_ms, "{:.0f} ms".format)
            gap_ms = frame_gap_ms(browser, served.address, broker)
            row("between two frames of figure and trace, p95", 100, gap_ms, "{:.0f} ms".format)
            context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
            row("axe-core findings", 0, axe_findings(context.new_page(), served.address), "{:.0f}".format)
            browser.close()
        before_mb = served.resident_mb()
        for name, (ms, cpu_ms) in opening_ms(served).items():
            row(f"{days} days, open {name} (processor {cpu_ms:.0f} ms)", 300, ms, "{:.0f} ms".format)
        row("growth by opening them", 30, served.resident_mb() - before_mb, "{:.1f} MB".format)
        row(f"{VIEWERS} live viewers, of one core", 3, viewers_percent(served, broker), "{:.1f} %".format)
        rows.append(("resident memory at the end", "–", f"{served.resident_mb():.0f} MB", True))
        served.stop()
        if arguments.wearers > 1:
            many = scratch / "many"
            seed(many, CROWD_DAYS)
            count = crowd(many, arguments.wearers)
            print(f"{count} minutes of {arguments.wearers} wearers, {CROWD_DAYS} days each")
            served = Served(many, broker.port)
            for name, (ms, cpu_ms) in opening_ms(served).items():
                row(
                    f"one of {arguments.wearers}, open {name} (processor {cpu_ms:.0f} ms)",
                    500,
                    ms,
                    "{:.0f} ms".format,
                )
            served.stop()
    finally:
        broker.stop()
        shutil.rmtree(scratch)
    width = max(len(what) for what, *_ in rows)
    print(f"\n{'what':{width}}  {'budget':>9}  {'measured':>9}")
    for what, budget, measured, kept in rows:
        print(f"{what:{width}}  {budget:>9}  {measured:>9}  {'' if kept else 'EXCEEDED'}")
    sys.exit(0 if all(kept for *_, kept in rows) else 1)


if __name__ == "__main__":
    main()
