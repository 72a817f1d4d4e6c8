"""The whole monitor, to be killed: the real driver on a simulated chip, core, publisher and outbox."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from firmware_py.hardware.clock import SystemClock
from firmware_py.hardware.twin.wearer_demo import demo_motion
from firmware_py.links.mqtt import MqttSettings
from firmware_py.live import Wiring, new_run, run_live
from firmware_py.posture.rules import Rules
from firmware_py.simulated import twins


def main() -> None:
    port, data, name = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    clock = SystemClock()
    origin_s = clock.monotonic()
    wearer = demo_motion(0)
    imus = twins(wearer, 1, clock, origin_s)
    run_live(
        Wiring(
            device=name,
            run=new_run(),
            imus=imus,
            clock=clock,
            origin_s=origin_s,
            rate_hz=imus[0].measured_rate_hz,
            profile=wearer.person.profile(1),
            rules=Rules(),
            mqtt=MqttSettings("127.0.0.1", port),
            data=data,
            simulated=True,
        ),
        asked.is_set,
    )


if __name__ == "__main__":
    main()
