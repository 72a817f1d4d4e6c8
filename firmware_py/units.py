"""The systemd units of monitor, dashboard and broker: no root, no more of the machine than needed.

`deploy/` shows them as they come out for an example; `install.py` writes them for a real machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SANDBOX: Final = """\
# No privilege is needed, and none can be gained.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
RestrictSUIDSGID=yes
UMask=0077
LimitCORE=0
# The system is there to be read; what is written is named below.
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateMounts=yes
ProtectProc=invisible
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
RemoveIPC=yes
MemoryDenyWriteExecute=yes
KeyringMode=private
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
"""

_NO_HARDWARE: Final = """\
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are on a machine.

    Attributes:
        user: who runs the services; owns configuration and data.
        program: the `plumbline` command, absolute.
        config: plumbline.toml, absolute.
        data: folder that monitor and dashboard write to, absolute.
        mosquitto: the broker's program, absolute.
        broker: folder of a prepared broker, absolute.
    """

    user: str
    program: Path
    config: Path
    data: Path
    mosquitto: Path = Path("/usr/sbin/mosquitto")
    broker: Path = Path("/var/lib/plumbline-broker")


def monitor_unit(place: Place) -> str:
    """The monitor: the I2C bus, the GPIO lines and the network, nothing else."""
    return f"""\
[Unit]
Description=Plumbline posture monitor
# It starts without a network and without a broker, and never gives up.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={_word(place.program)} run --config {_word(place.config)}
# Fed from the sampling loop: one that hangs is started again.
WatchdogSec=20
TimeoutStartSec=60
TimeoutStopSec=20
Restart=always
RestartSec=1
User={place.user}
SupplementaryGroups=i2c gpio
Nice=-5
MemoryMax=160M
TasksMax=32
{_SANDBOX}\
DevicePolicy=closed
DeviceAllow=char-i2c rw
DeviceAllow=char-gpiochip rw
# To ask whether the clock was set (adjtimex); without the capability it cannot be set.
SystemCallFilter=@system-service adjtimex
SystemCallFilter=~@privileged @resources
ReadWritePaths={_word(place.data)}

[Install]
WantedBy=multi-user.target
"""


def dashboard_unit(place: Place) -> str:
    """The dashboard: the network and its own folder."""
    return f"""\
[Unit]
Description=Plumbline dashboard
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={_word(place.program)} dashboard --config {_word(place.config)}
TimeoutStopSec=20
Restart=always
RestartSec=1
User={place.user}
MemoryMax=400M
TasksMax=64
{_SANDBOX}{_NO_HARDWARE}\
ReadWritePaths={_word(place.data)}

[Install]
WantedBy=multi-user.target
"""


def broker_unit(place: Place) -> str:
    """The broker that `plumbline broker` prepared."""
    return f"""\
[Unit]
Description=Plumbline message broker (Mosquitto)
StartLimitIntervalSec=0
After=network.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={_word(place.mosquitto)} -c {_word(place.broker / "mosquitto.conf")}
ExecReload=/bin/kill -HUP $MAINPID
TimeoutStopSec=20
Restart=always
RestartSec=1
User={place.user}
MemoryMax=200M
TasksMax=16
{_SANDBOX}{_NO_HARDWARE}\
ReadWritePaths={_word(place.broker)}

[Install]
WantedBy=multi-user.target
"""


def _word(path: Path) -> str:
    """A path as one word of a unit: `%` would begin a specifier, a space another word (systemd.syntax(7))."""
    text = str(path).replace("%", "%%")
    return f'"{text}"' if " " in text else text


UNITS: Final = {
    "plumbline.service": monitor_unit,
    "plumbline-dashboard.service": dashboard_unit,
    "plumbline-broker.service": broker_unit,
}
"""Names of the units, and who writes them."""
