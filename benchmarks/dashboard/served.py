"""A dashboard in a process of its own, so that its processor time and memory are its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SERVE = """
import sys
from pathlib import Path
from dashboard.app import serve
from dashboard.settings import BrokerSettings, Settings
broker = BrokerSettings(port=int(sys.argv[2]))
settings = Settings(Path(sys.argv[1]), port=0, broker=broker, timezone="Europe/Berlin")
serve(settings, on_ready=lambda address: print(address, flush=True))
"""


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
