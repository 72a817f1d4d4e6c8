"""A clock that moves only when somebody sleeps on it: hours of sensor time in seconds."""

from __future__ import annotations


class VirtualClock:
    """Starts at `start_s`; `sleep` is the only way on, so every run of a test is the same run."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self._now_s

    def sleep(self, for_s: float) -> None:
        """Advance by `for_s` seconds; nothing happens when it is zero or less."""
        if for_s > 0:
            self._now_s += for_s
