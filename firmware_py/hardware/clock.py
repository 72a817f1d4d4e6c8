"""Time as the edges see it: one protocol, so that a test or a replay may bring its own."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds and the wish to wait; `twin.clock.VirtualClock` is the other one."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment; never goes backwards."""
        ...

    def sleep(self, for_s: float) -> None:
        """Wait `for_s` seconds (at once when it is zero or less)."""
        ...


class SystemClock:
    """The clock of the machine, untouched when somebody sets the date."""

    def monotonic(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    def sleep(self, for_s: float) -> None:
        """Sleep, unless the time asked for has already passed."""
        if for_s > 0:
            time.sleep(for_s)
