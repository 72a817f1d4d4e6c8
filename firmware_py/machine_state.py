"""How the machine on the body fares: battery, radio, heat, supply; each only where the system tells it."""

from __future__ import annotations

from pathlib import Path

from .posture.wire import MachineState


def machine_state(t_s: float, root: Path = Path("/")) -> MachineState:
    """What the kernel says just now; what it does not know is None.

    Args:
        t_s: seconds since the run began.
        root: of the file system.
    """
    percent, charging = _battery(root / "sys/class/power_supply")
    return MachineState(
        t_s,
        battery_percent=percent,
        charging=charging,
        signal_dbm=_signal_dbm(root / "proc/net/wireless"),
        cpu_c=_cpu_c(root / "sys/class/thermal/thermal_zone0/temp"),
        undervoltage=_undervoltage(root / "sys/class/hwmon"),
    )


def _battery(supplies: Path) -> tuple[float | None, bool | None]:
    # A power bank says nothing; a battery board says something where its kernel driver is loaded.
    for supply in _folders(supplies):
        if _text(supply / "type") == "Battery":
            percent = _number(supply / "capacity")
            if percent is not None:
                status = _text(supply / "status")
                return min(100.0, max(0.0, percent)), status in ("Charging", "Full") if status else None
    return None, None


def _signal_dbm(wireless: Path) -> float | None:
    # Two lines of heading, then one an interface: name, status, link quality, level, noise, …
    for line in (_text(wireless) or "").splitlines()[2:]:
        fields = line.split()
        try:
            level = float(fields[3])
        except (IndexError, ValueError):
            continue
        if -150.0 <= level < 0.0:
            return level
    return None


def _cpu_c(zone: Path) -> float | None:
    milli = _number(zone)
    return None if milli is None else milli / 1000.0


def _undervoltage(monitors: Path) -> bool | None:
    for monitor in _folders(monitors):
        if _text(monitor / "name") == "rpi_volt":
            alarm = _number(monitor / "in0_lcrit_alarm")
            return None if alarm is None else alarm != 0.0
    return None


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None


def _number(path: Path) -> float | None:
    try:
        return float(_text(path) or "")
    except ValueError:
        return None
