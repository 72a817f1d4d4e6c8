"""The walk from the computer to the broker: everything that a run needs is looked at once.

Nothing is changed; the sensors are reset and read for some seconds, so the monitor must not run meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import BROKER_FOLDER, default_data_home
from ..errors import ProfileError, SensorError
from ..hardware.clock import Clock, SystemClock
from ..hardware.examination import examine as examine_sensor
from ..hardware.i2c import I2cBus, I2cDevice, NoSensorError
from ..hardware.identify import PROBES, identify
from ..hardware.motors import Drv2605, GpioMotor, Motor, gpiozero_device
from ..hardware.patterns import patterns
from . import broker, machine
from .choices import choices
from .finding import Finding, Verdict
from .sensors import of_sensor

if TYPE_CHECKING:
    from ..config import Config

STALE_DAYS = 30

LIT_S = 1.0
"""How long the LED is lit."""

OTHER_CHIPS = {
    0x0C: "AK09916, the magnetometer of an ICM-20948 (not used)",
    0x0D: "QMC5883L magnetometer (not used)",
    0x3C: "a small display",
    0x5A: "DRV2605L, the motor's driver",
    0x76: "a BMP280 or BME280 (not used)",
    0x77: "a BMP280 or BME280 (not used)",
}


def examine(
    config: Config,
    *,
    root: Path = Path("/"),
    open_bus: Callable[[int], I2cBus] = I2cBus.open,
    clock: Clock | None = None,
    broker_folder: Path | None = None,
) -> list[Finding]:
    """Look at everything that a run needs.

    Args:
        config: what the user chose.
        root: of the file system, another one in tests.
        open_bus: opens a bus by its number, one over a twin in tests.
        clock: the machine's clock.
        broker_folder: where a broker may have been prepared; None for the place where that is usual.

    Returns:
        Findings in the order of a signal's way, from the computer to the broker.
    """
    clock = clock or SystemClock()
    findings = [machine.model(root), machine.system(root), *choices(config)]
    sensor_ids: list[str] = []
    wanted = [config.sensors.upper] + ([config.sensors.lower] if config.sensors.lower else [])
    drv2605 = config.motor.kind == "drv2605l"
    for number in sorted({section.bus for section in wanted} | ({config.motor.bus} if drv2605 else set())):
        findings.append(machine.bus_node(number, root))
        if findings[-1].verdict is Verdict.BAD:
            continue
        others = machine.bus_users(number, root)
        if others:
            findings.append(
                Finding(
                    "sensors",
                    Verdict.LEFT_OUT,
                    f"{', '.join(others)} holds bus {number}",
                    "stop it (sudo systemctl stop plumbline) and run this again",
                )
            )
            continue
        try:
            bus = open_bus(number)
        except SensorError as error:
            findings.append(Finding(f"I2C bus {number}", Verdict.BAD, str(error)))
            continue
        try:
            addresses = [section.address for section in wanted if section.bus == number]
            findings += _bus(bus, addresses, clock, sensor_ids)
            if drv2605 and config.motor.bus == number:
                findings.append(_motor(partial(_drv2605, bus), clock))
        finally:
            bus.close()
    if config.motor.kind == "gpio":
        findings.append(_motor(partial(GpioMotor, config.motor.pin), clock))
    if config.button.pin is not None:
        findings.append(_button(config.button.pin))
    if config.led.pin is not None:
        findings.append(_led(config.led.pin, clock))
    data = config.data_folder()
    findings += [machine.clock_synchronised(root), machine.disk(data), broker.lets_in(config)]
    findings += broker.prepared(broker_folder or default_data_home() / BROKER_FOLDER)
    findings += [_profile(data / "profiles", sensor_id) for sensor_id in sensor_ids[:1]]
    return findings


def _bus(bus: I2cBus, addresses: list[int | None], clock: Clock, sensor_ids: list[str]) -> Iterator[Finding]:
    found: list[int] = []
    seen: list[str] = []
    for address in range(0x08, 0x78):
        if not _answers(bus, address):
            continue
        found.append(address)
        seen.append(f"0x{address:02x}" + (f" ({OTHER_CHIPS[address]})" if address in OTHER_CHIPS else ""))
    sensors = [address for address in found if address in PROBES]
    wanted = [address for address in addresses if address is not None]
    wanted += [a for a in sensors if a not in wanted][: sum(address is None for address in addresses)]
    if not found:
        yield Finding(
            bus.name,
            Verdict.BAD,
            "nothing answers at any address",
            "check 3.3 V (pin 1), ground (pin 6), SDA (pin 3) and SCL (pin 5): docs/hardware.md",
        )
        return
    yield Finding(bus.name, Verdict.GOOD, f"answers at {', '.join(seen)}")
    if len(wanted) < len(addresses):
        yield Finding(
            "sensor",
            Verdict.BAD,
            f"{len(addresses)} configured on {bus.name}, {len(wanted)} found",
            "two alike need different addresses: tie the second one's AD0 (SDO, SA0) to 3.3 V",
        )
    for address in wanted:
        try:
            examined = examine_sensor(bus, address, identify(bus, address), clock)
        except NoSensorError as error:
            yield Finding(f"sensor 0x{address:02x}", Verdict.BAD, str(error))
        except (SensorError, OSError) as error:
            yield Finding(
                f"sensor 0x{address:02x}", Verdict.BAD, str(error), "a shorter or better cable often helps"
            )
        else:
            sensor_ids.append(f"{examined.part.lower().replace('-', '')}-0x{address:02x}")
            yield from of_sensor(examined)


def _answers(bus: I2cBus, address: int) -> bool:
    try:
        I2cDevice(bus, address).read_registers(0x00)
    except OSError:
        return False
    return True


def _drv2605(bus: I2cBus) -> Motor:
    motor = Drv2605(bus)
    motor.open()
    return motor


def _motor(make: Callable[[], Motor], clock: Clock) -> Finding:
    try:
        motor = make()
        try:
            for pulse in patterns()["done"]:
                motor.drive(pulse.strength)
                clock.sleep(pulse.on_s)
                motor.drive(0.0)
                clock.sleep(pulse.off_s)
        finally:
            motor.close()
    except (SensorError, OSError) as error:
        return Finding("motor", Verdict.BAD, str(error))
    return Finding(
        "motor", Verdict.NOTE, f"{motor.name} took a pattern: two short, one long; did you feel it?"
    )


def _button(pin: int) -> Finding:
    try:
        button = gpiozero_device("Button", f"button on GPIO {pin}")(pin, pull_up=True)
    except SensorError as error:
        return Finding("button", Verdict.BAD, str(error))
    held = bool(button.is_pressed)
    button.close()
    if held:
        return Finding(
            "button",
            Verdict.NOTE,
            f"GPIO {pin} is held to ground",
            "let go of it; if nobody presses it, it is wired to the wrong side",
        )
    return Finding("button", Verdict.GOOD, f"GPIO {pin} is not pressed")


def _led(pin: int, clock: Clock) -> Finding:
    try:
        led = gpiozero_device("LED", f"LED on GPIO {pin}")(pin)
    except SensorError as error:
        return Finding("led", Verdict.BAD, str(error))
    led.on()
    clock.sleep(LIT_S)
    led.off()
    led.close()
    return Finding("led", Verdict.NOTE, f"GPIO {pin} was lit for {LIT_S:g} s; did you see it?")


def _profile(folder: Path, sensor_id: str) -> Finding:
    from calibration.profiles import Profiles

    try:
        profile = Profiles(folder).current(sensor_id)
    except ProfileError as error:
        return Finding("calibration", Verdict.BAD, str(error))
    if profile is None:
        return Finding(
            "calibration", Verdict.NOTE, f"none for {sensor_id} yet", "put it on, then: plumbline calibrate"
        )
    try:
        days = (datetime.now(UTC) - datetime.fromisoformat(profile.made_at)).days
    except ValueError:
        return Finding("calibration", Verdict.NOTE, f"there is one for {sensor_id}, without a date")
    if days > STALE_DAYS:
        return Finding(
            "calibration",
            Verdict.NOTE,
            f"{days} days old",
            "backs and straps change: plumbline calibrate takes a minute",
        )
    return Finding("calibration", Verdict.GOOD, f"made {profile.made_at}")
