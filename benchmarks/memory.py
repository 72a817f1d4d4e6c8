"""What `plumbline run` keeps in memory: the whole program with a simulated chip beneath smbus2.

    python -m benchmarks.memory [--seconds 20]

The program runs as its own process with a local Mosquitto and a page that watches, so that readings are
sent. It sees a bus and a chip that answer by their registers; these share its process and so its
memory, which makes the figure a little too large. The resident set is read from the kernel
(/proc/PID/status: now, and the most it ever was).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from firmware_py.links.broker import start_broker

GOAL_MB = 60.0

PROGRAM = """
import sys
from firmware_py.hardware.clock import SystemClock
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.chip import TYPICAL
from firmware_py.hardware.twin.devnode import mounted
from firmware_py.hardware.twin.motion import Resting
from firmware_py.hardware.twin.mpu6050 import TwinMpu6050
from firmware_py.cli import main

clock = SystemClock()
bus = TwinBus(clock)
bus.attach(0x68, TwinMpu6050(Resting((9.80665, 0.0, 0.0)), clock, TYPICAL))
with mounted({1: bus}):
    sys.exit(main(["run", "--config", sys.argv[1]]))
"""

CONFIG = """
[device]
name = "bench"
data = "{data}"
[mqtt]
host = "{host}"
port = {port}
"""


def resident_mb(pid: int) -> dict[str, float]:
    """Resident set and its peak, megabytes of a million bytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM")}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="how long the program runs")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        broker = start_broker(Path(folder))
        config = Path(folder) / "plumbline.toml"
        config.write_text(
            CONFIG.format(data=f"{folder}/data", host=broker.host, port=broker.port), encoding="utf-8"
        )
        command = [sys.executable, "-m", "benchmarks.watcher", broker.host, str(broker.port), "bench"]
        watcher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        program = subprocess.Popen([sys.executable, "-c", PROGRAM, str(config)], stderr=subprocess.DEVNULL)
        try:
            time.sleep(seconds)
            if program.poll() is not None:
                raise RuntimeError(f"the program ended early with status {program.returncode}")
            seen = resident_mb(program.pid)
        finally:
            program.terminate()
            program.wait(20.0)
            heard = int(watcher.communicate("")[0].split()[-1])
            broker.stop()
    print(f"resident after {seconds:.0f} s: {seen['VmRSS']:.1f} MB, at most {seen['VmHWM']:.1f} MB", end="")
    print(f" (goal: at most {GOAL_MB:.0f} MB); {heard} readings reached the page")


if __name__ == "__main__":
    main()
