"""When a run was on the wall clock, found out as the clock is set.

A Raspberry Pi has no battery behind its clock: at boot it may believe in 1970, or in the moment it was
last shut down, until the network tells it the time. Somebody may also set it by hand, by a day or by
daylight saving gone wrong. What never jumps is the monotonic clock that `t_s` counts on, so one number a
run is enough, the UTC of its `t_s` = 0, and it is told again whenever it turns out to be another. All of
it is UTC; time zones and summer time belong to whoever shows it.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ..posture.messages import Anchor

STEP_S: Final = 0.5
"""A clock that moved by less was slewed, or read a little late."""

BUILT_UTC_S: Final = 1_735_689_600.0
"""2025-01-01: a clock that shows less has not been set, whatever it says of itself."""

_STA_UNSYNC: Final = 0x0040
_TIME_ERROR: Final = 5
_STATUS_WORD: Final = 10
"""Place of `status` in struct timex, in ints, where a long has 64 bits: modes and its padding, then
offset, freq, maxerror and esterror."""


def clock_is_set() -> bool:
    """Whether the system clock was set, by a battery-backed clock at boot or by a time service since.

    The kernel knows both: `hctosys` of the real-time clock (sysfs), and adjtimex(2), of which
    systemd-timesyncd, chrony and ntpd clear `STA_UNSYNC`. False where it cannot be asked.
    """
    try:
        if Path("/sys/class/rtc/rtc0/hctosys").read_text().strip() == "1":
            return True
    except OSError:
        pass  # no such clock, as on most Raspberry Pis
    timex = (ctypes.c_int * 64)()
    try:
        state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return False
    return state not in (-1, _TIME_ERROR) and not timex[_STATUS_WORD] & _STA_UNSYNC


def boot_id() -> str:
    """The kernel's name for this boot; a new one where it has none, so that no two boots look alike."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return os.urandom(16).hex()


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on both clocks.

    Attributes:
        utc_s: what the wall clock said, POSIX seconds.
        boot_s: seconds since boot, `CLOCK_BOOTTIME`.
        trusted: whether the wall clock is set.
    """

    utc_s: float
    boot_s: float
    trusted: bool


def now() -> Moment:
    """This moment."""
    utc_s = time.time()
    return Moment(utc_s, time.clock_gettime(time.CLOCK_BOOTTIME), clock_is_set() and utc_s > BUILT_UTC_S)


def utc_where_set() -> float | None:
    """POSIX time; None while the system clock is not set."""
    moment = now()
    return moment.utc_s if moment.trusted else None


def taken_on_trust() -> Moment:
    """This moment, for a simulated wearer: no history of a body hangs on its date."""
    return replace(now(), trusted=True)


class RunClock:
    """Watches the wall clock for one run.

    Args:
        since_start: seconds since `t_s` = 0 of the run, on its own clock.
        moment: reads the clocks.
    """

    def __init__(self, since_start: Callable[[], float], moment: Callable[[], Moment] = now) -> None:
        self.since_start = since_start
        self.moment = moment
        self._told: Anchor | None = None

    def origin_boot_s(self) -> float:
        """Seconds since boot at `t_s` = 0 of the run."""
        return self.moment().boot_s - self.since_start()

    def look(self) -> Anchor | None:
        """The anchor, where there is news: at first, when the clock was set, or when it jumped."""
        t_s = max(0.0, self.since_start())
        moment = self.moment()
        found = Anchor(t_s, moment.utc_s - t_s, moment.trusted)
        told = self._told
        if told is not None and told.trusted and not found.trusted and found.utc_s < BUILT_UTC_S:
            return None  # set back before this was built: it was right before
        if told is None or found.trusted != told.trusted or abs(found.utc_s - told.utc_s) > STEP_S:
            self._told = found
            return found
        return None


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that ended before its device knew the time.

    Attributes:
        boot: the boot it happened in.
        origin_boot_s: seconds since that boot at its `t_s` = 0.
        last_s: the last that was heard of it, on its own clock.
        utc_s: the anchor that was told last.
    """

    boot: str
    origin_boot_s: float
    last_s: float
    utc_s: float


def later_anchor(past: PastRun, moment: Moment, boot: str) -> Anchor | None:
    """What a moment with a trusted clock says of a run that had none; None where it says nothing.

    Within the same boot it says exactly when. After a power cut it says only that the run was over by
    the time of this boot: a run dated before `BUILT_UTC_S` is then put right there, still untrusted, so that
    nothing is dated 1970 for good.
    """
    if not moment.trusted:
        return None
    if past.boot == boot:
        since_start_s = moment.boot_s - past.origin_boot_s
        return Anchor(since_start_s, moment.utc_s - since_start_s, trusted=True)
    if past.utc_s >= BUILT_UTC_S:
        return None
    booted_utc_s = moment.utc_s - moment.boot_s
    return Anchor(past.last_s + 1.0, booted_utc_s - past.last_s, trusted=False)
