"""Which sensor answers at an address, told by its identity register."""

from __future__ import annotations

from ..errors import SensorError
from .bmi160 import Bmi160
from .fifo import FifoImu
from .i2c import CHECK_WIRING, I2cBus, I2cDevice, NoSensorError, no_answer
from .icm20948 import Icm20948
from .lsm6ds import Lsm6ds3trc, Lsm6dso
from .mpu6050 import Mpu6050, Mpu6500

PROBES: dict[int, tuple[tuple[int, tuple[type[FifoImu], ...]], ...]] = {
    0x68: ((0x75, (Mpu6050, Mpu6500)), (0x00, (Icm20948, Bmi160))),
    0x69: ((0x75, (Mpu6050, Mpu6500)), (0x00, (Icm20948, Bmi160))),
    0x6A: ((0x0F, (Lsm6ds3trc, Lsm6dso)),),
    0x6B: ((0x0F, (Lsm6ds3trc, Lsm6dso)),),
}
"""Address -> identity registers to read, in order, and the families that have theirs there. An MPU's own
comes first: its register 0x00 holds a factory trim that may be anything."""

ICM_BANK = 0x7F


def identify(bus: I2cBus, address: int) -> type[FifoImu]:
    """The family of the sensor at an address.

    Raises:
        NoSensorError: where nothing answers.
        SensorError: where the bus is stuck or the chip is unknown.
    """
    if address not in PROBES:
        known = ", ".join(f"0x{known:02x}" for known in PROBES)
        raise SensorError(f"no sensor has the address 0x{address:02x}; known: {known}")
    device = I2cDevice(bus, address)
    seen: list[str] = []
    try:
        for register, families in PROBES[address]:
            value = device.read_registers(register)[0]
            seen.append(f"0x{register:02X} says 0x{value:02X}")
            for family in families:
                if value in family.parts:
                    return family
        if 0x00 in dict(PROBES[address]) and device.read_registers(ICM_BANK)[0] in (0x10, 0x20, 0x30):
            device.write_register(ICM_BANK, 0)  # an interrupted program left an ICM-20948 in another bank
            if device.read_registers(0x00)[0] in Icm20948.parts:
                return Icm20948
    except OSError as error:
        part = next(iter(PROBES[address][0][1][0].parts.values()))
        raise no_answer(f"{part} at 0x{address:02x} on {bus.name}", error) from error
    raise SensorError(
        f"a chip at 0x{address:02x} on {bus.name} is not known: register {', '.join(seen)}; "
        "known are MPU-6050/6500/9250, ICM-20948, LSM6DS3TR-C/DSO/DSOX and BMI160"
    )


def find(bus: I2cBus) -> tuple[int, type[FifoImu]]:
    """The first sensor on a bus: its address and family.

    Raises:
        SensorError: where there is none; an unknown chip's words go before silence.
    """
    strange: SensorError | None = None
    for address in PROBES:
        try:
            return address, identify(bus, address)
        except SensorError as error:
            if not isinstance(error, NoSensorError) and strange is None:
                strange = error
    if strange is not None:
        raise strange
    looked = ", ".join(f"0x{address:02x}" for address in PROBES)
    raise NoSensorError(f"no sensor on {bus.name}: nothing answered at {looked}; {CHECK_WIRING}")
