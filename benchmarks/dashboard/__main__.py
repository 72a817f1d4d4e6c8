"""The dashboard's budgets, measured in a real Chromium against a real Mosquitto: one table.

Run: python -m benchmarks.dashboard [--days 365]. Needs Chromium, Mosquitto and the `dev` extra.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import sync_playwright
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.dashboard.conftest import Broker
from tests.dashboard.device import Device
from tests.dashboard.seed import BERLIN

from .in_browser import PHONE, axe_findings, first_load_kb, frame_gap_ms, ready_s, sensor_to_figure_ms
from .made_up import crowd, seed
from .served import Served

VIEWERS = 3
LIVE_S = 20.0
OPENINGS = 20
CROWD_DAYS = 28


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
        connect(served.address.replace("http", "ws") + "live", origin=Origin(served.address[:-1]))
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
            context = browser.new_context(viewport=PHONE)
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
