"""Stands where the `plumbline` command does on a machine without the chip: `run` is the monitor on a twin.

Everything else is the command itself. The watchdog is the product's own, fed by the same readings.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from firmware_py.cli import main as command
from firmware_py.config import load
from firmware_py.hardware.clock import SystemClock
from firmware_py.hardware.twin.wearer_demo import demo_motion
from firmware_py.links.mqtt import MqttSettings
from firmware_py.live import Wiring, new_run, run_live
from firmware_py.posture.rules import Rules
from firmware_py.service import Watchdog
from firmware_py.simulated import twins


def main() -> None:
    if sys.argv[1] != "run":
        raise SystemExit(command())
    config = load(Path(sys.argv[sys.argv.index("--config") + 1]))
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    clock = SystemClock()
    origin_s = clock.monotonic()
    wearer = demo_motion(0)
    imus = twins(wearer, 1, clock, origin_s)
    watchdog = Watchdog()
    wiring = Wiring(
        device="worn",
        run=new_run(),
        imus=imus,
        clock=clock,
        origin_s=origin_s,
        rate_hz=imus[0].measured_rate_hz,
        profile=wearer.person.profile(1),
        rules=Rules(),
        mqtt=MqttSettings(config.mqtt.host, config.mqtt.port),
        data=config.data_folder(),
        simulated=True,
        listeners=[watchdog],
    )
    run_live(wiring, asked.is_set)
    watchdog.stopping()


if __name__ == "__main__":
    main()
