"""Finding the sensor: by address and identity register, near relatives and strangers told apart."""

import pytest

from firmware_py.errors import SensorError
from firmware_py.hardware.i2c import I2cBus
from firmware_py.hardware.identify import PROBES, find, identify
from firmware_py.hardware.imu import open_imu
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.clock import VirtualClock
from firmware_py.hardware.twin.icm20948 import TwinIcm20948
from firmware_py.hardware.twin.motion import Resting
from firmware_py.hardware.twin.mpu6050 import TwinMpu6050, TwinMpu6500

from .test_contract import PAIRS


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(10.0)


@pytest.fixture
def twin(clock: VirtualClock) -> TwinBus:
    return TwinBus(clock, 400e3)


@pytest.mark.parametrize("part", PAIRS)
def test_each_part_is_found_by_itself(part: str, twin: TwinBus, clock: VirtualClock) -> None:
    driver, chip, address = PAIRS[part]
    twin.attach(address, chip(Resting(), clock))
    assert find(I2cBus(twin, "bus 1")) == (address, driver)
    assert open_imu(I2cBus(twin, "bus 1"), clock=clock, chip=part).name.startswith(part)


@pytest.mark.parametrize(
    ("says", "name"), [(0x98, "ICM-20689"), (0x75, "MPU-6500 clone"), (0x73, "MPU-9255"), (0x70, "MPU-6500")]
)
def test_relatives_and_clones_of_the_mpu_are_named_for_what_they_say(
    says: int, name: str, twin: TwinBus, clock: VirtualClock
) -> None:
    class Relative(TwinMpu6500):
        identity = says

    twin.attach(0x68, Relative(Resting(), clock))
    imu = open_imu(I2cBus(twin, "bus 1"), clock=clock)
    assert imu.name == f"{name} at 0x68 on bus 1"
    imu.read()
    clock.sleep(0.1)
    assert len(imu.read())


def test_a_stranger_is_quoted(twin: TwinBus, clock: VirtualClock) -> None:
    class Stranger(TwinMpu6050):
        identity = 0x42

    twin.attach(0x69, Stranger(Resting(), clock))
    with pytest.raises(SensorError, match="a chip at 0x69 on bus 1 is not known: register 0x75 says 0x42"):
        find(I2cBus(twin, "bus 1"))


def test_an_icm_left_in_another_bank_is_still_found(twin: TwinBus, clock: VirtualClock) -> None:
    chip = TwinIcm20948(Resting(), clock)
    chip.write(bytes([0x7F, 0x20]))
    twin.attach(0x69, chip)
    assert identify(I2cBus(twin, "bus 1"), 0x69).parts == {0xEA: "ICM-20948"}


def test_an_empty_bus_says_where_it_looked_and_what_to_check(twin: TwinBus, clock: VirtualClock) -> None:
    with pytest.raises(
        SensorError, match=r"no sensor on bus 1: nothing answered at 0x68, 0x69, 0x6a, 0x6b; is I2C"
    ):
        open_imu(I2cBus(twin, "bus 1"), clock=clock)


def test_a_missing_chip_at_a_given_address_is_named(twin: TwinBus, clock: VirtualClock) -> None:
    with pytest.raises(
        SensorError,
        match=r"^no MPU-6050 at 0x68 on bus 1: nothing answered; "
        r"is I2C switched on \(raspi-config\), is SDA on pin 3\?$",
    ):
        open_imu(I2cBus(twin, "bus 1"), 0x68, clock=clock)


def test_a_stuck_bus_is_not_taken_for_an_empty_one(twin: TwinBus, clock: VirtualClock) -> None:
    twin.stick(60.0)
    with pytest.raises(SensorError, match="MPU-6050 at 0x68 on bus 1: the bus is stuck"):
        find(I2cBus(twin, "bus 1"))


def test_another_part_than_the_configured_one_is_refused(twin: TwinBus, clock: VirtualClock) -> None:
    twin.attach(0x68, TwinMpu6050(Resting(), clock))
    with pytest.raises(SensorError, match="is not the BMI160 that the configuration names"):
        open_imu(I2cBus(twin, "bus 1"), clock=clock, chip="BMI160")


def test_every_identity_belongs_to_one_family_at_its_register() -> None:
    for probes in PROBES.values():
        for _, families in probes:
            values = [value for family in families for value in family.parts]
            assert len(values) == len(set(values))
