"""PURE: a message as rows of the store. No database and no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from firmware_py.posture.messages import Message, kind_of
from firmware_py.posture.minute_wire import Minute

Values = tuple[Any, ...]
Row = dict[str, Any]

UNDATED = 0
"""The month of a run whose name begins with no date."""

MAX_KIND = 40

_kind_names: dict[type[object], str] = {}
_encode = msgspec.json.Encoder().encode

_DATED = re.compile(r"(20\d\d)(0[1-9]|1[0-2])[0-3]\d(?!\d)")


@lru_cache(4096)
def month_of(run: str) -> int:
    """The month that a run's rows are kept in: `202603` for `20260301T081500Z-3f9a`.

    It is when the run began by the clock of that moment. That clock may have been wrong, and a run may
    last into the next month; neither matters, because the month serves to find a copy of a message and
    to let go of old rows together. What the wearer sees goes by absolute time.
    """
    found = _DATED.match(run)
    return int(found[1] + found[2]) if found else UNDATED


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a device while one wearer had it.

    Attributes:
        device_id: the row of `devices`.
        wearer_id: whose its rows are.
        run: its id.
        t0_utc_ms: wall clock of `t_s` = 0; None until its anchor came.
        released_utc_ms: when the device was handed on; None while this wearer has it.
    """

    device_id: int
    wearer_id: int
    run: str
    t0_utc_ms: int | None
    released_utc_ms: int | None = None

    def utc_ms(self, t_s: float | None) -> int | None:
        """The absolute time of a moment of the run; None while the run has no anchor."""
        if self.t0_utc_ms is None or t_s is None:
            return None
        return self.t0_utc_ms + round(t_s * 1000)

    def has(self, t_s: float) -> bool:
        """Whether what happened at `t_s` was the wearer's: before the device was handed on."""
        at_utc_ms = self.utc_ms(t_s)
        return self.released_utc_ms is None or at_utc_ms is None or at_utc_ms < self.released_utc_ms


def time_of(message: Message | Minute) -> float:
    """When in its run a message's content ended, seconds."""
    if isinstance(message, Minute):
        return message.end_s
    return float(getattr(message.body, "t_s", 0.0))


def named(session: str, run: Run) -> Row:
    """What names a row of history for good."""
    return {
        "device_id": run.device_id,
        "session": session,
        "run": run.run,
        "wearer_id": run.wearer_id,
    }


def spanned(run: Run, start_s: float, end_s: float | None) -> Row:
    """A stretch of the run, in its own time and in absolute time."""
    return {
        "start_s": start_s,
        "end_s": end_s,
        "start_utc_ms": run.utc_ms(start_s),
        "end_utc_ms": run.utc_ms(end_s),
    }


MINUTE_COLUMNS = (
    "device_id", "session", "seq", "month", "run", "wearer_id",
    "start_s", "end_s", "start_utc_ms", "end_utc_ms",
    "ticks", "judged", "upright", "slouched", "leaning_forward", "leaning_back", "side_bent",
    "slouches", "alerts", "corrections", "correction_ticks", "tally",
)  # fmt: skip
"""What `minute_values` gives, in its order; the primary key first."""

FIGURES_AT = slice(MINUTE_COLUMNS.index("ticks"), MINUTE_COLUMNS.index("tally"))
"""Where among them the figures are, in the order of `tables.FIGURES`."""

EVENT_COLUMNS = (
    "device_id", "session", "seq", "month", "run", "wearer_id", "kind", "t_s", "at_utc_ms", "payload"
)  # fmt: skip
"""What `event_values` gives, in its order; the primary key first."""


def minute_values(minute: Minute, run: Run) -> Values:
    """A row of `minutes`."""
    tally = minute.tally
    of = tally.posture.get
    return (
        run.device_id,
        minute.session,
        minute.seq,
        month_of(run.run),
        run.run,
        run.wearer_id,
        minute.start_s,
        minute.end_s,
        run.utc_ms(minute.start_s),
        run.utc_ms(minute.end_s),
        tally.ticks,
        tally.judged,
        of("upright", 0),
        of("slouched", 0),
        of("leaning_forward", 0),
        of("leaning_back", 0),
        of("side_bent", 0),
        tally.slouches,
        tally.alerts,
        tally.corrections,
        tally.correction_ticks,
        _encode(tally).decode(),
    )


def _kind_name(body: type[object]) -> str:
    known = _kind_names.get(body)
    return known if known is not None else _kind_names.setdefault(body, kind_of(body))


def event_values(message: Message, run: Run) -> Values:
    """A row of `events`."""
    t_s = time_of(message)
    kind = getattr(message.body, "kind", None) or _kind_name(type(message.body))
    return (
        run.device_id,
        message.session,
        message.seq,
        month_of(run.run),
        run.run,
        run.wearer_id,
        str(kind)[:MAX_KIND],
        t_s,
        run.utc_ms(t_s),
        message.payload.decode(),
    )
