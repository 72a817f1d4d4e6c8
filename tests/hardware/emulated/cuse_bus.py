"""A character device in user space: `/dev/i2c-N` of a real kernel, with a simulated bus behind it.

Speaks the kernel's CUSE protocol (linux/fuse.h) on `/dev/cuse`. Whoever opens the node makes real
system calls; the kernel copies their buffers in and out as this side asks it to.
"""

from __future__ import annotations

import os
import struct

import smbus2

from firmware_py.hardware.twin.bus import READ, TwinBus

HEADER_IN = struct.Struct("<IIQQIIII")  # length, opcode, unique, node, uid, gid, pid, padding
HEADER_OUT = struct.Struct("<IiQ")  # length, error, unique
INIT_OUT = struct.Struct(
    "<18I"
)  # major, minor, unused, flags, max_read, max_write, dev_major, dev_minor, spare
OPEN_OUT = struct.Struct("<QII")
IOCTL_IN = struct.Struct("<QIIQII")  # handle, flags, command, argument, in_size, out_size
IOCTL_OUT = struct.Struct("<iIII")  # result, flags, in_iovs, out_iovs
IOVEC = struct.Struct("<QQ")
RDWR = struct.Struct("<QII")  # i2c_rdwr_ioctl_data: messages, count, padding
MESSAGE = struct.Struct("<HHHHQ")  # i2c_msg: address, flags, length, padding, buffer

CUSE_INIT, OPEN, RELEASE, INTERRUPT, IOCTL = 4096, 14, 18, 36, 39
UNRESTRICTED = 1
RETRY = 1 << 2
ENOSYS, ENOTTY = 38, 25
I2C_TIMEOUT, I2C_RETRIES, I2C_FUNCS, I2C_RDWR = 0x0702, 0x0701, 0x0705, 0x0707
FUNC_I2C = 1


class CuseBus:
    """Serves one bus until the process ends."""

    def __init__(self, bus: TwinBus, name: str) -> None:
        self._bus = bus
        self._name = name
        self._device = os.open("/dev/cuse", os.O_RDWR)

    def serve(self) -> None:
        """Answer whatever the kernel asks."""
        while True:
            request = os.read(self._device, 1 << 18)
            _, opcode, unique, *_ = HEADER_IN.unpack_from(request)
            body = request[HEADER_IN.size :]
            if opcode == INTERRUPT:
                continue
            error, answer = self._answer(opcode, body)
            os.write(self._device, HEADER_OUT.pack(HEADER_OUT.size + len(answer), -error, unique) + answer)

    def _answer(self, opcode: int, body: bytes) -> tuple[int, bytes]:
        if opcode == CUSE_INIT:
            major, minor = struct.unpack_from("<II", body)
            init = INIT_OUT.pack(major, minor, 0, UNRESTRICTED, 1 << 16, 1 << 16, *[0] * 12)
            return 0, init + f"DEVNAME={self._name}\0".encode()
        if opcode == OPEN:
            return 0, OPEN_OUT.pack(1, 0, 0)
        if opcode == RELEASE:
            return 0, b""
        if opcode == IOCTL:
            return self._ioctl(body)
        return ENOSYS, b""

    def _ioctl(self, body: bytes) -> tuple[int, bytes]:
        _, _, command, argument, in_size, out_size = IOCTL_IN.unpack_from(body)
        given = body[IOCTL_IN.size : IOCTL_IN.size + in_size]
        if command in (I2C_TIMEOUT, I2C_RETRIES):
            return 0, IOCTL_OUT.pack(0, 0, 0, 0)
        if command == I2C_FUNCS:
            if out_size == 0:
                return 0, ask_again([], [(argument, 8)])
            return 0, IOCTL_OUT.pack(0, 0, 0, 0) + struct.pack("<Q", FUNC_I2C)
        if command == I2C_RDWR:
            return self._transfer(argument, given, out_size)
        return ENOTTY, b""

    def _transfer(self, argument: int, given: bytes, out_size: int) -> tuple[int, bytes]:
        first = [(argument, RDWR.size)]
        if not given:
            return 0, ask_again(first, [])
        where, count, _ = RDWR.unpack_from(given)
        table = [*first, (where, MESSAGE.size * count)]
        if len(given) == RDWR.size:
            return 0, ask_again(table, [])
        asked = [MESSAGE.unpack_from(given, RDWR.size + MESSAGE.size * i) for i in range(count)]
        written = [(buffer, size) for _, flags, size, _, buffer in asked if not flags & READ]
        read = [(buffer, size) for _, flags, size, _, buffer in asked if flags & READ]
        data_at = RDWR.size + MESSAGE.size * count
        if len(given) - data_at != sum(size for _, size in written) or out_size != sum(s for _, s in read):
            return 0, ask_again([*table, *written], read)
        messages = []
        for address, flags, size, _, _ in asked:
            if flags & READ:
                messages.append(smbus2.i2c_msg.read(address, size))
            else:
                messages.append(smbus2.i2c_msg.write(address, given[data_at : data_at + size]))
                data_at += size
        try:
            self._bus.i2c_rdwr(*messages)
        except OSError as error:
            return error.errno or 5, b""
        answers = b"".join(bytes(message) for message in messages if message.flags & READ)
        return 0, IOCTL_OUT.pack(count, 0, 0, 0) + answers


def ask_again(into: list[tuple[int, int]], out: list[tuple[int, int]]) -> bytes:
    """Have the kernel call again with these parts of the caller's memory."""
    iovecs = b"".join(IOVEC.pack(*one) for one in (*into, *out))
    return IOCTL_OUT.pack(0, RETRY, len(into), len(out)) + iovecs
