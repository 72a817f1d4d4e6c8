"""Composition of the real sensors: configuration -> open sensors and the profile that fits them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .config import Config
from .errors import SensorError
from .hardware.clock import Clock
from .hardware.i2c import I2cBus
from .hardware.imu import Imu, open_imu
from .posture.blocks import Place
from .posture.profile import CalibrationProfile, SensorProfile


def open_sensors(config: Config, clock: Clock, origin_s: float) -> list[Imu]:
    """Open the sensors that the configuration names, the upper one first.

    Raises:
        SensorError: where a bus is absent or a sensor does not answer; what was opened is closed again.
    """
    wanted = [(Place.UPPER, config.sensors.upper)]
    if config.sensors.lower is not None:
        wanted.append((Place.LOWER, config.sensors.lower))
    buses: dict[int, I2cBus] = {}
    imus: list[Imu] = []
    try:
        for place, section in wanted:
            if section.bus not in buses:
                buses[section.bus] = I2cBus.open(section.bus)
            bus = buses[section.bus]
            imus.append(
                open_imu(bus, section.address, chip=section.chip, place=place, clock=clock, origin_s=origin_s)
            )
    except SensorError as error:
        for imu in imus:
            imu.close()
        for bus in buses.values():
            bus.close()
        raise SensorError(f"{place} back: {error}") from error
    return imus


def profile_for(imus: Sequence[Imu], folder: Path) -> CalibrationProfile | None:
    """The profile in force for these sensors, None where the upper one was never calibrated.

    A lower sensor that the profile does not know is used with the default mounting; one that is not there now
    is left out.

    Raises:
        ProfileError: naming file and key, where the profile cannot be read.
    """
    from calibration.profiles import Profiles

    found = Profiles(folder).current(imus[0].sensor_id)
    if found is None:
        return None
    if len(imus) == 1:
        return replace(found, lower=None)
    return found if found.lower is not None else replace(found, lower=default_profile(imus).lower)


def default_profile(imus: Sequence[Imu]) -> CalibrationProfile:
    """Where no one calibrated: boards flat on the back, their x axes up; upright is not known yet."""
    parts = [SensorProfile(sensor_id=imu.sensor_id) for imu in imus]
    return CalibrationProfile(upper=parts[0], lower=parts[1] if len(parts) == 2 else None)
