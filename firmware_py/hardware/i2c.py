"""The I²C bus over smbus2: transfers with retries, a device at an address, registers as descriptors."""

from __future__ import annotations

import ctypes
import errno
import fcntl
from contextlib import suppress
from typing import Any, Protocol, overload

import smbus2

from ..errors import SensorError

ATTEMPTS = 3
"""A transfer that was not acknowledged is tried this often at once: a loose contact bounces for
well under a millisecond, and one try of a short transfer takes 0.1–0.5 ms."""

ADAPTER_TIMEOUT_S = 0.2
"""What the kernel may wait for a stuck bus. Its own default of one second would let the other
sensor's FIFO run over; the longest transfer here, 1020 bytes at 100 kHz, takes 0.1 s."""

_I2C_TIMEOUT = 0x0702  # linux/i2c-dev.h, in units of 10 ms


CHECK_WIRING = "is I2C switched on (raspi-config), is SDA on pin 3?"


class NoSensorError(SensorError):
    """Nothing acknowledges the address."""


def no_answer(name: str, error: OSError) -> SensorError:
    """What a failed transfer means to a person; `name` says who was asked, and where."""
    if error.errno == errno.ETIMEDOUT:
        return SensorError(
            f"no {name}: the bus is stuck, a line is held low; is SDA on pin 3 and SCL on pin 5, "
            "and does no wire touch ground?"
        )
    if error.errno in (errno.EREMOTEIO, errno.ENXIO):
        return NoSensorError(f"no {name}: nothing answered; {CHECK_WIRING}")
    return SensorError(f"no {name}: {error.strerror or error}")


class Smbus(Protocol):
    """What is used of `smbus2.SMBus`, so that a twin may stand in for it."""

    def i2c_rdwr(self, *i2c_msgs: smbus2.i2c_msg) -> None:
        """Run the messages as one transaction, with repeated starts; raises `OSError`."""
        ...

    def close(self) -> None:
        """Let go of the bus."""
        ...


class I2cBus:
    """One bus.

    Attributes:
        name: as messages name it, such as `bus 1`.
    """

    def __init__(self, smbus: Smbus, name: str) -> None:
        self._smbus = smbus
        self.name = name

    @classmethod
    def open(cls, number: int) -> I2cBus:
        """Open `/dev/i2c-<number>`.

        Raises:
            SensorError: where it is absent or forbidden, with what to do about it.
        """
        try:
            smbus = smbus2.SMBus(number)
        except FileNotFoundError:
            raise SensorError(
                f"no I2C bus {number}: /dev/i2c-{number} does not exist; switch I2C on "
                "(sudo raspi-config, Interface Options, I2C) and start the Pi again"
            ) from None
        except PermissionError:
            raise SensorError(
                f"no permission for I2C bus {number}: /dev/i2c-{number} belongs to the group i2c; "
                "add yourself (sudo adduser $USER i2c) and log in again"
            ) from None
        except OSError as error:
            raise SensorError(f"I2C bus {number} cannot be opened: {error.strerror or error}") from error
        if smbus.fd is not None:
            with suppress(OSError):  # an adapter without the setting keeps its own limit
                fcntl.ioctl(smbus.fd, _I2C_TIMEOUT, round(ADAPTER_TIMEOUT_S * 100))
        return cls(smbus, f"bus {number}")

    def transfer(self, *messages: smbus2.i2c_msg, attempts: int = ATTEMPTS) -> None:
        """Run one transaction, again at once where the chip did not acknowledge it.

        Raises:
            OSError: what the last attempt met. A timeout, the sign of a stuck bus, is not tried
                again: each would block the loop for `ADAPTER_TIMEOUT_S`.
        """
        try:
            return self._smbus.i2c_rdwr(*messages)
        except OSError as error:
            if attempts <= 1 or error.errno == errno.ETIMEDOUT:
                raise
        return self.transfer(*messages, attempts=attempts - 1)

    def close(self) -> None:
        """Let go of the bus."""
        self._smbus.close()


class I2cDevice:
    """A chip at an address, read and written by register number.

    Subclasses name their registers with `Bits`, so that the head of a driver is the register table.
    """

    def __init__(self, bus: I2cBus, address: int) -> None:
        self.bus = bus
        self.address = address

    def read_registers(self, first: int, count: int = 1) -> bytes:
        """Read `count` registers from `first` on in one transaction (write, repeated start, read)."""
        answer = smbus2.i2c_msg.read(self.address, count)
        self.bus.transfer(smbus2.i2c_msg.write(self.address, [first]), answer)
        return bytes(answer)

    def write_register(self, register: int, value: int) -> None:
        """Write one register."""
        self.bus.transfer(smbus2.i2c_msg.write(self.address, [register, value]))


class Bits:
    """A register, or some of its bits, as an attribute of an `I2cDevice`.

    Reading gives the bits as an unsigned number. Writing part of a register reads it first and
    keeps the other bits; writing a whole register just writes it.

    Args:
        register: address of the register.
        high: most significant bit, 7 for a whole register.
        low: least significant bit.
    """

    def __init__(self, register: int, high: int = 7, low: int = 0) -> None:
        if not 0 <= low <= high <= 7:
            raise ValueError(f"bits {high}:{low} do not lie in a byte")
        self.register = register
        self.low = low
        self.mask = ((1 << (high - low + 1)) - 1) << low

    @overload
    def __get__(self, device: None, owner: type) -> Bits: ...

    @overload
    def __get__(self, device: I2cDevice, owner: type) -> int: ...

    def __get__(self, device: I2cDevice | None, owner: type) -> Bits | int:
        if device is None:
            return self
        return (device.read_registers(self.register)[0] & self.mask) >> self.low

    def __set__(self, device: I2cDevice, value: int) -> None:
        shifted = value << self.low
        if shifted & ~self.mask or value < 0:
            raise ValueError(f"{value} does not fit the bits of register 0x{self.register:02X}")
        if self.mask != 0xFF:
            shifted |= device.read_registers(self.register)[0] & ~self.mask
        device.write_register(self.register, shifted)


class BurstRead:
    """A read of up to `capacity` bytes from one register, prepared once and run ten times a second.

    Attributes:
        data: the buffer that the bus writes to; the next `read` overwrites it.
    """

    def __init__(self, device: I2cDevice, register: int, capacity: int) -> None:
        self._bus = device.bus
        self._select = smbus2.i2c_msg.write(device.address, [register])
        self._answer = smbus2.i2c_msg.read(device.address, capacity)
        start = ctypes.addressof(self._answer.buf.contents)
        borrowed: Any = (ctypes.c_ubyte * capacity).from_address(start)  # lives as long as `_answer`
        self.data = memoryview(borrowed).cast("B")

    @property
    def messages(self) -> tuple[smbus2.i2c_msg, smbus2.i2c_msg]:
        """For a transaction of several reads: `bus.transfer(*a.messages, *b.messages)`."""
        return self._select, self._answer

    def read(self, count: int, attempts: int = ATTEMPTS) -> None:
        """Fill the first `count` bytes of `data`; raises `OSError` like `I2cBus.transfer`."""
        self._answer.len = count
        self._bus.transfer(self._select, self._answer, attempts=attempts)
