"""The command: measures what is asked for, and prints tables."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from dashboard.store import Store

from .day import Delays, outage
from .fill import DAYS, WEARERS, bytes_per_minute, fill
from .half_load import under_load
from .pages import OPENINGS, open_pages, shuffled, sign_in_everyone, table
from .rig import Rig, rig, stop
from .throughput import Rate, throughput

WORN_MINUTES_A_YEAR = 250 * 480
"""Of 250 working days of eight hours; `docs/scale.md` counts with it."""


HALF_LOAD = 8000.0
"""Messages a second, where the rates are not measured in the same run: half of what one worker stores live
on the two cores of docs/scale.md."""

CALM_OPENINGS = 15
"""Of each page, for comparison, before the load begins."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--repeats", type=int, default=2, help="rounds of the rates, the best counts (2)")
    parser.add_argument("--live-s", type=float, default=20.0, help="before the others return, and after (20)")
    parser.add_argument(
        "--half-load",
        type=float,
        help=f"messages/s (half of what two workers stored live; {HALF_LOAD:g} where that was not measured)",
    )
    parser.add_argument("--wearers", type=int, default=WEARERS, help=f"whose pages are opened ({WEARERS})")
    parser.add_argument("--only", choices=("rates", "latency", "outage", "pages"), help="one part of it")
    args = parser.parse_args()
    half_load = args.half_load or 0.0
    with rig() as running:
        Store(running.url).close()
        if args.only in (None, "rates"):
            rates = throughput(running, args.repeats)
            _print_rates(rates)
            half_load = half_load or next(r.per_s for r in rates if r.name == "live, 2 workers") / 2
        half_load = half_load or HALF_LOAD
        if args.only in (None, "latency"):
            _print_delays(half_load, outage(running, half_load, args.live_s, returning=0))
        if args.only in (None, "outage"):
            _print_delays(half_load, outage(running, half_load, args.live_s))
        if args.only in (None, "pages"):
            _print_pages(running, half_load, args.wearers)


def _print_rates(rates: Sequence[Rate]) -> None:
    print(f"{'':32}{'messages/s':>12}{'CPU us each':>12}   of which")
    for rate in rates:
        parts = ", ".join(f"{name} {us:.0f}" for name, us in rate.cpu_us.items())
        print(f"{rate.name:32}{rate.per_s:12.0f}{rate.total_us:12.0f}   {parts}")
    named = {rate.name: rate for rate in rates}
    for way in ("backlog", "live"):
        for reader in ("1 plain reader", "2 plain readers", "1 plain reader in C"):
            limit = named[f"{way}, {reader}"]
            for workers in ("1 worker", "2 workers"):
                stored = named[f"{way}, {workers}"]
                by_clock, by_cpu = stored.per_s / limit.per_s, limit.total_us / stored.total_us
                print(f"{way}: {workers} reach {by_clock:.0%} of {reader} by the clock, {by_cpu:.0%} by CPU")


def _print_delays(half_load: float, delays: Sequence[Delays]) -> None:
    print(f"\nFrom publishing to a visible row at {half_load:.0f} messages/s:")
    for one in delays:
        print(
            f"{one.name:28}{one.count:8} rows   p50 {one.p50_s:6.3f} s   p99 {one.p99_s:6.3f} s   "
            f"worst {one.worst_s:6.3f} s   lost {one.lost}, doubled {one.doubled}"
        )


def _print_pages(running: Rig, half_load: float, wearers: int) -> None:
    url = running.postgresql.database()
    minutes = fill(url, wearers)
    filled = Rig(running.broker, running.postgresql, url, running.folder)
    each = bytes_per_minute(filled, minutes)
    year_mb = each * WORN_MINUTES_A_YEAR / 1e6
    print(f"\n{wearers} wearers x {DAYS} days: {minutes} minutes of {each:.0f} bytes with what hangs on them")
    print(f"a wearer's year of {WORN_MINUTES_A_YEAR} worn minutes: {year_mb:.0f} MB")
    cookies = sign_in_everyone(filled, wearers)
    web, port = filled.web()
    drawn = shuffled(wearers)
    calm = min(CALM_OPENINGS, wearers // 10)
    print(table("Pages while nothing else goes on:", open_pages(port, web.pid, cookies, drawn, calm)))
    workers = [filled.worker(name, "pages") for name in ("0", "1")]
    count = min(OPENINGS, wearers // 4 - calm)
    with under_load(filled, half_load, web, *workers) as load:
        openings = open_pages(port, web.pid, cookies, drawn, count)
    print(table(f"Pages while {half_load:.0f} messages/s are asked of the workers:", openings))
    print(load.said())
    stop(*workers, web)


if __name__ == "__main__":
    main()
