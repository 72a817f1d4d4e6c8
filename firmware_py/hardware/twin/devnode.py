"""Simulated buses beneath smbus2 itself: `/dev/i2c-N` opens, and smbus2's own `ioctl` reaches the twin.

So the driver and smbus2 both run unmodified; only the two system calls below them are other ones.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import smbus2.smbus2

from .bus import TwinBus

below: Any = smbus2.smbus2  # its module globals `os` and `ioctl` are what is exchanged


class _Calls:
    """`os` as smbus2 uses it, with the device nodes of the twins."""

    O_RDWR = os.O_RDWR

    def __init__(self, buses: Mapping[int, TwinBus]) -> None:
        self._paths = {f"/dev/i2c-{number}": bus for number, bus in buses.items()}
        self._open: dict[int, TwinBus] = {}

    def open(self, path: str, flags: int) -> int:
        bus = self._paths.get(path)
        if bus is None:
            return os.open(path, flags)
        descriptor = os.open(os.devnull, flags)
        self._open[descriptor] = bus
        return descriptor

    def close(self, descriptor: int) -> None:
        self._open.pop(descriptor, None)
        os.close(descriptor)

    def ioctl(self, descriptor: int, request: int, argument: Any = 0) -> int:
        bus = self._open.get(descriptor)
        if bus is None:
            return fcntl.ioctl(descriptor, request, argument)  # type: ignore[no-any-return]  # an int for these
        if request == below.I2C_RDWR:
            bus.i2c_rdwr(*(argument.msgs[i] for i in range(argument.nmsgs)))
        elif request == below.I2C_FUNCS:
            ctypes.cast(ctypes.byref(argument), ctypes.POINTER(ctypes.c_ulong))[0] = int(below.I2cFunc.I2C)
        return 0


@contextmanager
def mounted(buses: Mapping[int, TwinBus]) -> Iterator[None]:
    """While this lasts, `smbus2.SMBus(number)` opens the twin bus of that number.

    Args:
        buses: by bus number, 1 for `/dev/i2c-1`.
    """
    calls = _Calls(buses)
    before = below.os, below.ioctl
    below.os, below.ioctl = calls, calls.ioctl
    try:
        yield
    finally:
        below.os, below.ioctl = before
