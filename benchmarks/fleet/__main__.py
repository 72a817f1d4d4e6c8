"""The command: measures what is asked for, and prints tables."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from dashboard.store import Store

from .rig import rig
from .throughput import Rate, throughput


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet")
    parser.add_argument("--repeats", type=int, default=3, help="rounds of the rates, the best counts (3)")
    args = parser.parse_args()
    with rig() as running:
        Store(running.url).close()
        _print_rates(throughput(running, args.repeats))


def _print_rates(rates: Sequence[Rate]) -> None:
    alone = {rate.name: rate for rate in rates}
    print(f"{'':24}{'messages/s':>12}{'CPU us each':>12}   of which")
    for rate in rates:
        parts = ", ".join(f"{name} {us:.0f}" for name, us in rate.cpu_us.items())
        print(f"{rate.name:24}{rate.per_s:12.0f}{rate.total_us:12.0f}   {parts}")
    for number, plural in ((1, ""), (2, "s")):
        broker, stored = alone[f"broker, {number} reader{plural}"], alone[f"stored, {number} worker{plural}"]
        print(
            f"{number} worker{plural}: {stored.per_s / broker.per_s:.0%} of the broker's own rate by the clock, "
            f"{broker.total_us / stored.total_us:.0%} by processor time"
        )


if __name__ == "__main__":
    main()
