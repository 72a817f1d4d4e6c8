"""A simulated I²C bus: it takes smbus2's own messages, byte for byte, and hands them to simulated chips."""

from __future__ import annotations

import ctypes
import errno
import math
import threading
from typing import Protocol

import smbus2

from ..clock import Clock

READ = 0x0001  # I2C_M_RD of linux/i2c.h


class Chip(Protocol):
    """What answers at an address."""

    def write(self, data: bytes) -> None:
        """Bytes after the address, in one message: a register and what to put there."""
        ...

    def read(self, count: int) -> bytes:
        """`count` bytes from the register chosen before."""
        ...


class TwinBus:
    """Chips at addresses, wires that can fail, and time that transfers take.

    Stands in for `smbus2.SMBus` in `I2cBus`, or beneath it by `devnode.mounted`.

    Args:
        clock: the clock the chips live by.
        speed_hz: when given, every transfer takes its time on the wire (nine clocks a byte) off the
            clock; None where a real clock runs anyway.

    Attributes:
        transfers: transactions that were acknowledged.
        wire_s: time the wires were busy at `speed_hz` (400 kHz where none is given).
        log: (address, written bytes, number of bytes read) of every transaction when `record` is on.
    """

    def __init__(self, clock: Clock, speed_hz: float | None = None) -> None:
        self._clock = clock
        self._speed_hz = speed_hz
        self._chips: dict[int, Chip] = {}
        self._silent_until_s: dict[int, float] = {}
        self._stuck_until_s = -math.inf
        self._stuck_cost_s = 0.0
        self._lock = (
            threading.Lock()
        )  # the motor's thread and the sampling loop share a bus, as in the kernel
        self.transfers = 0
        self.wire_s = 0.0
        self.record = False
        self.log: list[tuple[int, bytes, int]] = []

    def attach(self, address: int, chip: Chip) -> None:
        """Solder a chip to the bus."""
        self._chips[address] = chip

    def detach(self, address: int) -> None:
        """Take it off: nothing answers there any more."""
        del self._chips[address]

    def silence(self, address: int, for_s: float) -> None:
        """Let the chip not acknowledge for a while; it goes on sampling."""
        self._silent_until_s[address] = self._clock.monotonic() + for_s

    def stick(self, for_s: float, costs_s: float = 0.2) -> None:
        """Hold a line low: every transfer times out, after `costs_s`."""
        self._stuck_until_s = self._clock.monotonic() + for_s
        self._stuck_cost_s = costs_s

    def i2c_rdwr(self, *i2c_msgs: smbus2.i2c_msg) -> None:
        """One transaction.

        Raises:
            OSError: EREMOTEIO where nothing acknowledges, ETIMEDOUT on a stuck bus, as the kernel does.
        """
        with self._lock:
            self._transfer(i2c_msgs)

    def _transfer(self, i2c_msgs: tuple[smbus2.i2c_msg, ...]) -> None:
        now_s = self._clock.monotonic()
        if now_s < self._stuck_until_s:
            self._clock.sleep(self._stuck_cost_s)
            raise OSError(errno.ETIMEDOUT, "Connection timed out")
        written = b""
        for message in i2c_msgs:
            self._pass(10)  # start and address; what is read is latched when the address was taken
            chip = self._chips.get(message.addr)
            if chip is None or now_s < self._silent_until_s.get(message.addr, -math.inf):
                raise OSError(errno.EREMOTEIO, "Remote I/O error")
            if message.flags & READ:
                ctypes.memmove(message.buf, chip.read(message.len), message.len)
                self._pass(9 * message.len)
            else:
                self._pass(9 * message.len)
                written = ctypes.string_at(message.buf, message.len)
                chip.write(written)
        self._pass(1)
        self.transfers += 1
        if self.record:
            last = i2c_msgs[-1]
            self.log.append((last.addr, written, last.len if last.flags & READ else 0))

    def close(self) -> None:
        """Nothing is held."""

    def _pass(self, clocks: int) -> None:
        self.wire_s += clocks / (self._speed_hz or 400_000.0)
        if self._speed_hz is not None:
            self._clock.sleep(clocks / self._speed_hz)
