"""What the kernel tells of the machine, from files as a Raspberry Pi has them."""

from __future__ import annotations

from pathlib import Path

from firmware_py.machine_state import machine_state
from firmware_py.posture.wire import MachineState

WIRELESS = """Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   56.  -54.  -256        0      0      0      0      0        0
"""


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_battery_radio_heat_and_supply_are_told(tmp_path: Path) -> None:
    put(tmp_path, "sys/class/power_supply/ac/type", "Mains\n")
    put(tmp_path, "sys/class/power_supply/bat/type", "Battery\n")
    put(tmp_path, "sys/class/power_supply/bat/capacity", "83\n")
    put(tmp_path, "sys/class/power_supply/bat/status", "Discharging\n")
    put(tmp_path, "proc/net/wireless", WIRELESS)
    put(tmp_path, "sys/class/thermal/thermal_zone0/temp", "48312\n")
    put(tmp_path, "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    put(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    assert machine_state(7.0, tmp_path) == MachineState(7.0, 83.0, False, -54.0, 48.312, True)


def test_what_the_machine_does_not_know_is_not_made_up(tmp_path: Path) -> None:
    put(tmp_path, "proc/net/wireless", "\n".join(WIRELESS.splitlines()[:2]))
    put(tmp_path, "sys/class/power_supply/bat/type", "Battery")
    put(tmp_path, "sys/class/thermal/thermal_zone0/temp", "soon")
    assert machine_state(0.0, tmp_path) == MachineState(0.0)
