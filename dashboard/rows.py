"""PURE: a message as rows of the store. No database and no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from firmware_py.posture.events import MinutePassed
from firmware_py.posture.messages import Message, kind_of

from .rollup import packed

Row = dict[str, Any]

UNDATED = 0
"""The month of a run whose name begins with no date."""

MAX_KIND = 40

_DATED = re.compile(r"(20\d\d)(0[1-9]|1[0-2])[0-3]\d(?!\d)")


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


def time_of(message: Message) -> float:
    """When in its run a message's content ended, seconds."""
    return float(getattr(message.body, "t_s", 0.0))


def named(message: Message, run: Run) -> Row:
    """What names a row of history for good."""
    return {
        "device_id": run.device_id,
        "session": message.session,
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


def minute_row(message: Message, body: MinutePassed, run: Run) -> Row:
    """A row of `minutes`."""
    tally = body.tally
    row = named(message, run) | {"seq": message.seq, "month": month_of(run.run)}
    row |= spanned(run, body.start_s, body.t_s)
    row |= {name: tally.posture.get(name, 0) for name in _POSTURES}
    row |= {name: getattr(tally, name) for name in _COUNTS}
    row["tally"] = packed(tally)
    return row


def event_row(message: Message, run: Run) -> Row:
    """A row of `events`."""
    t_s = time_of(message)
    kind = getattr(message.body, "kind", None) or kind_of(type(message.body))
    return named(message, run) | {
        "seq": message.seq,
        "month": month_of(run.run),
        "kind": str(kind)[:MAX_KIND],
        "t_s": t_s,
        "at_utc_ms": run.utc_ms(t_s),
        "payload": message.payload.decode(),
    }


_POSTURES = ("upright", "slouched", "leaning_forward", "leaning_back", "side_bent")
_COUNTS = ("ticks", "judged", "slouches", "alerts", "corrections", "correction_ticks")
