"""What a family says of its chip: how to identify, reset, configure and ask it. `fifo.py` says when."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import SensorError
from .i2c import I2cBus, I2cDevice
from .selftest import AxisResult

FRAMES_A_READ = 85
"""Most frames one read takes; more wait for the next. 85 frames of 12 bytes take 94 ms at 100 kHz."""

OVERFLOWED = -1
OUT_OF_STEP = -2


class FifoChip(I2cDevice):
    """A chip with a FIFO. Every method that reaches for the wire may raise `OSError`.

    Attributes:
        part: what the chip says it is; the family's own name until it has been asked.
        name: part, address and bus, for messages.
        sensor_id: part and address, by which calibration profiles are filed.
    """

    parts: ClassVar[dict[int, str]]
    """Value of the identity register -> the part's name; the first is the family's own."""

    rate_hz: ClassVar[float]
    reset_s: ClassVar[float]
    start_up_s: ClassVar[float]

    def __init__(self, bus: I2cBus, address: int) -> None:
        super().__init__(bus, address)
        self._call(next(iter(self.parts.values())))
        self._odd_reads = 0

    def _whole_frames(self, count: int, frame_bytes: int) -> int:
        """Frames in `count` bytes, or `OUT_OF_STEP`.

        A rest is seen once where a frame is being written just now; twice running, bytes were lost.
        """
        frames, rest = divmod(count, frame_bytes)
        self._odd_reads = self._odd_reads + 1 if rest else 0
        return OUT_OF_STEP if self._odd_reads > 1 else frames

    @abstractmethod
    def _identity(self) -> int:
        """The identity register."""

    @abstractmethod
    def _ask_reset(self) -> None:
        """Ask for every register's default; done after `reset_s`."""

    @abstractmethod
    def _configure(self) -> None:
        """Write every setting, FIFO running; may wait a few milliseconds, not more."""

    @abstractmethod
    def _flush(self) -> None:
        """Empty the FIFO, which goes on filling from the next sample."""

    @abstractmethod
    def _settings(self) -> bytes:
        """The registers that tell a configured chip from a reset one."""

    @abstractmethod
    def _level(self) -> int:
        """Whole frames in the FIFO, or `OVERFLOWED`, or `OUT_OF_STEP`."""

    @abstractmethod
    def _fetch(self, frames: int, into: NDArray[np.float32]) -> bool:
        """Read the oldest `frames` frames; row i of `into` is acc x y z, gyr x y z in counts.

        False where they turned out to be out of step.
        """

    @abstractmethod
    def _temperature_c(self) -> float:
        """Temperature of the chip."""

    @abstractmethod
    def _scales(self) -> NDArray[np.float32]:
        """(6,) m/s² and rad/s of one count."""

    def _call(self, part: str) -> None:
        self.part = part
        self.name = f"{part} at 0x{self.address:02x} on {self.bus.name}"
        self.sensor_id = f"{part.lower().replace('-', '')}-0x{self.address:02x}"

    def _identify(self) -> None:
        seen = self._identity()
        part = self.parts.get(seen)
        if part is None:
            known = ", ".join(f"0x{value:02X} ({part})" for value, part in self.parts.items())
            raise SensorError(
                f"the chip at 0x{self.address:02x} on {self.bus.name} says it is 0x{seen:02X}; known: {known}"
            )
        self._call(part)

    @abstractmethod
    def self_test(self) -> tuple[AxisResult, ...]:
        """The factory self-test of a still board, axis by axis; takes about a second.

        Empty where the chip carries no factory values (some clones). `open` it again afterwards.

        Raises:
            OSError: where it stops answering.
        """
