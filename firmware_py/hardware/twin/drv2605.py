"""A simulated DRV2605L (data sheet SLOS854D): identity, standby, real-time playback."""

from __future__ import annotations

from ..clock import Clock

STATUS = 0x00
MODE = 0x01
RTP_INPUT = 0x02
GO = 0x0C


class TwinDrv2605:
    """Attributes: `felt`, (moment of the clock, strength 0–1) of every change of what the motor does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.registers = bytearray(0x23)
        self.registers[STATUS] = 0xE0
        self.registers[MODE] = 0x40
        self.registers[0x1A] = 0x36
        self.registers[0x1D] = 0xA0
        self._pointer = 0
        self.felt: list[tuple[float, float]] = []

    def write(self, data: bytes) -> None:
        """Select a register and write what follows."""
        self._pointer = data[0]
        for value in data[1:]:
            if self._pointer != STATUS:
                self.registers[self._pointer] = value
            self._pointer = (self._pointer + 1) % len(self.registers)
        plays = self.registers[MODE] & 0x47 == 5
        strength = self.registers[RTP_INPUT] / 127 if plays and self.registers[RTP_INPUT] < 0x80 else 0.0
        if not self.felt or self.felt[-1][1] != strength:
            self.felt.append((self._clock.monotonic(), strength))

    def read(self, count: int) -> bytes:
        """Read from the selected register on."""
        out = bytes(self.registers[(self._pointer + i) % len(self.registers)] for i in range(count))
        self._pointer = (self._pointer + count) % len(self.registers)
        return out
