"""What runs in the emulated machine: a simulated sensor behind a real node, and the unmodified program.

Prints one line `RESULT {...}` for the test outside.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from firmware_py.hardware.clock import SystemClock
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.chip import TYPICAL
from firmware_py.hardware.twin.motion import Resting
from firmware_py.hardware.twin.mpu6050 import TwinMpu6050
from firmware_py.recording import Recording
from tests.hardware.emulated.cuse_bus import CuseBus

NODE = Path("/dev/i2c-1")


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_DATA_HOME": "/tmp/data", "PYTHONPATH": str(ROOT), "HOME": "/tmp"}
    return subprocess.run(
        [sys.executable, "-m", "firmware_py.cli", *arguments],
        cwd="/tmp",
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


def main() -> None:
    before = program("record", "/tmp/none.plumb", "--for", "1")
    if os.fork() == 0:
        clock = SystemClock()
        bus = TwinBus(clock)
        bus.attach(0x68, TwinMpu6050(Resting((9.80665, 0.0, 0.0)), clock, TYPICAL))
        CuseBus(bus, NODE.name).serve()
    deadline = time.monotonic() + 30.0
    while not NODE.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    recorded = program("record", "/tmp/run.plumb", "--for", "10")
    examined = program("doctor", "--json")
    table = program("export", "/tmp/run.plumb", "/tmp/run.csv")
    rows = Path("/tmp/run.csv").read_text().splitlines() if Path("/tmp/run.csv").exists() else []
    remarks = [
        f"{remark.t_s:.2f} {remark.kind} {remark.detail}"
        for block in (Recording.open(Path("/tmp/run.plumb")).blocks() if recorded.returncode == 0 else ())
        for remark in block.remarks
    ]
    result = {
        "remarks": remarks,
        "node": NODE.exists(),
        "without": [before.returncode, before.stdout + before.stderr],
        "recorded": [recorded.returncode, recorded.stdout + recorded.stderr],
        "examined": [examined.returncode, examined.stdout, examined.stderr],
        "exported": [table.returncode, table.stdout + table.stderr],
        "rows": len(rows),
        "head": rows[0] if rows else "",
        "last": rows[-1] if rows else "",
    }
    sys.stdout.write("RESULT " + json.dumps(result) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
