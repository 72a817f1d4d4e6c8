"""The bus: retries, registers by name, and words for what is missing."""

import errno

import pytest
import smbus2
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.errors import SensorError
from firmware_py.hardware.bmi160 import Bmi160
from firmware_py.hardware.i2c import ATTEMPTS, Bits, I2cBus, I2cDevice
from firmware_py.hardware.icm20948 import Icm20948
from firmware_py.hardware.lsm6ds import Lsm6ds3trc, Lsm6dso
from firmware_py.hardware.motors import Drv2605
from firmware_py.hardware.mpu6050 import Mpu6500
from firmware_py.hardware.twin.bus import TwinBus
from firmware_py.hardware.twin.clock import VirtualClock


class Memory:
    """A chip that only remembers."""

    def __init__(self) -> None:
        self.registers = bytearray(range(256))
        self.pointer = 0

    def write(self, data: bytes) -> None:
        self.pointer = data[0]
        for value in data[1:]:
            self.registers[self.pointer] = value

    def read(self, count: int) -> bytes:
        return bytes(self.registers[self.pointer : self.pointer + count])


class Named(I2cDevice):
    whole = Bits(0x20)
    middle = Bits(0x21, 5, 2)


def named() -> tuple[Named, Memory]:
    bus, memory = TwinBus(VirtualClock(), 400e3), Memory()
    bus.attach(0x10, memory)
    return Named(I2cBus(bus, "bus 1"), 0x10), memory


@given(before=st.integers(0, 255), value=st.integers(0, 15))
def test_bits_keep_their_neighbours_and_come_back_as_written(before: int, value: int) -> None:
    device, memory = named()
    memory.registers[0x21] = before
    device.middle = value
    assert device.middle == value
    assert memory.registers[0x21] & 0b1100_0011 == before & 0b1100_0011


@pytest.mark.parametrize("value", [16, -1])
def test_a_value_that_does_not_fit_is_refused(value: int) -> None:
    device, memory = named()
    before = bytes(memory.registers)
    with pytest.raises(ValueError, match="does not fit the bits of register 0x21"):
        device.middle = value
    assert bytes(memory.registers) == before


@pytest.mark.parametrize("device", [Mpu6500, Icm20948, Lsm6ds3trc, Lsm6dso, Bmi160, Drv2605])
def test_no_two_names_of_a_table_mean_the_same_bits(device: type[I2cDevice]) -> None:
    table = {
        name: (bits.register, bits.mask)
        for kind in reversed(device.__mro__)
        for name, bits in vars(kind).items()
        if isinstance(bits, Bits)
    }
    shared = {"ICM-20948 banks": {"who_am_i", "gyro_divider"}}  # the same address in another bank
    seen: dict[tuple[int, int], str] = {}
    for name, place in table.items():
        if place in seen:
            assert {name, seen[place]} in shared.values(), f"{name} and {seen[place]} are one"
        seen[place] = name
    assert table


class Bouncing:
    """A wire that fails some times before it works."""

    def __init__(self, failures: int, code: int = errno.EREMOTEIO) -> None:
        self.failures = failures
        self.code = code
        self.calls = 0

    def i2c_rdwr(self, *messages: smbus2.i2c_msg) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise OSError(self.code, "no")

    def close(self) -> None:
        pass


def test_a_bounce_is_tried_again_at_once() -> None:
    wire = Bouncing(ATTEMPTS - 1)
    I2cBus(wire, "bus 1").transfer()
    assert wire.calls == ATTEMPTS


def test_a_wire_that_stays_silent_is_given_up() -> None:
    wire = Bouncing(99)
    with pytest.raises(OSError, match="no"):
        I2cBus(wire, "bus 1").transfer()
    assert wire.calls == ATTEMPTS


def test_a_stuck_bus_is_not_tried_twice() -> None:
    wire = Bouncing(99, errno.ETIMEDOUT)
    with pytest.raises(OSError, match="no"):
        I2cBus(wire, "bus 1").transfer()
    assert wire.calls == 1


def test_a_bus_that_may_not_be_opened_says_which_group_may(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(number: int) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("firmware_py.hardware.i2c.smbus2.SMBus", refuse)
    with pytest.raises(
        SensorError, match="no permission for I2C bus 1: /dev/i2c-1 belongs to the group i2c; add"
    ):
        I2cBus.open(1)
