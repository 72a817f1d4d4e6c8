"""What new events and minutes mean for their sessions and slouches, in whatever order they come.

Each is one statement that merges what is known with what is new; every merge gives the same whichever
side comes first. The statements go in the order of the primary keys, so that writers never wait for
one another in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, case, func, null, or_

from firmware_py.posture.events import (
    SessionEnded,
    SessionStarted,
    SlouchAlert,
    SlouchEnded,
    SlouchStarted,
)
from firmware_py.posture.messages import Message
from firmware_py.posture.minute_wire import Minute

from .bulk import Change, upsert
from .rollup import packed
from .rows import FIGURES_AT, Row, Run, Values, named, spanned
from .tables import FIGURES, episodes, sessions

_EPISODE_SAYS = (
    "slouched_s",
    "mean_deg",
    "alerted_s",
    "corrected_after_s",
    "outcome",
)
_SESSION_SAYS = ("sensors", "message_count", "summary")
_NOTHING = (0,) * len(FIGURES)


def unfold(
    connection: Connection,
    new_minutes: Iterable[tuple[Values, Minute, Run]],
    new_events: Iterable[tuple[Values, Message, Run]],
    kept_from_utc_ms: int,
) -> None:
    """Bring sessions and slouches up to date.

    Args:
        connection: the transaction that stored the messages.
        new_minutes: minutes that were not there before, each with its row.
        new_events: events, starts and ends of sessions that were not there before.
        kept_from_utc_ms: minutes that began before may be copies of what was counted and let go of since;
            they count no more.
    """
    reach: dict[tuple[int, str], Row] = {}
    counts: dict[tuple[int, str], list[Values]] = {}
    told: dict[tuple[int, str, int], list[Row]] = {}
    for values, minute, run in new_minutes:
        key = (run.device_id, minute.session)
        start_utc_ms = run.utc_ms(minute.start_s)
        if start_utc_ms is None or start_utc_ms >= kept_from_utc_ms:
            counts.setdefault(key, []).append(values[FIGURES_AT])
        row = reach.get(key)
        # Minutes of a batch mostly follow one another: only the end moves, and no other row is made.
        if row is None or minute.start_s < row["start_s"]:
            _stretch(reach, minute.session, run, minute.start_s, minute.end_s)
        elif minute.end_s > row["end_s"]:
            row["end_s"], row["end_utc_ms"] = minute.end_s, run.utc_ms(minute.end_s)
    for _, message, run in new_events:
        body = message.body
        if isinstance(body, SessionStarted):
            _stretch(reach, message.session, run, body.t_s, body.t_s, sensors=body.sensors)
        elif isinstance(body, SessionEnded):
            said: Row = {"sensors": body.summary.sensors, "message_count": message.count}
            said["summary"] = packed(body.summary.tally)
            summary = body.summary
            _stretch(reach, message.session, run, summary.start_s, summary.end_s, ended=True, **said)
        elif isinstance(body, SlouchStarted | SlouchAlert | SlouchEnded):
            row = _episode(message, run, body)
            told.setdefault((run.device_id, message.session, body.episode), []).append(row)
    for key, row in reach.items():
        row |= zip(FIGURES, map(sum, zip(*counts.get(key, (_NOTHING,)), strict=True)), strict=True)
    upsert(connection, sessions, reach.values(), _session_change)
    # The end of a slouch says all there is to say: what began and alerted it need not be written first.
    rows = [row for of_one in told.values() for row in _last_word(of_one)]
    upsert(connection, episodes, rows, _episode_change)


def _stretch(
    reach: dict[tuple[int, str], Row], session: str, run: Run, start_s: float, end_s: float, **said: Any
) -> None:
    """Let the session reach from `start_s` to `end_s` at least, and note what is said of it."""
    key = (run.device_id, session)
    row = reach.get(key)
    if row is None:
        row = named(session, run) | {"ended": False, **dict.fromkeys(_SESSION_SAYS)}
        reach[key] = row
    else:
        start_s, end_s = min(start_s, row["start_s"]), max(end_s, row["end_s"])
    row |= spanned(run, start_s, end_s) | said


def _session_change(new: Any) -> Change:  # Any: the row that was to be inserted
    old = sessions.c
    start_s = case((old.start_s < new.start_s, old.start_s), else_=new.start_s)
    end_s = case((old.end_s > new.end_s, old.end_s), else_=new.end_s)
    t0_utc_ms = new.start_utc_ms - func.round(new.start_s * 1000)
    return {
        "start_s": start_s,
        "end_s": end_s,
        # Null while the run has no anchor, and then the present one is null too.
        "start_utc_ms": func.coalesce(t0_utc_ms + func.round(start_s * 1000), old.start_utc_ms),
        "end_utc_ms": func.coalesce(t0_utc_ms + func.round(end_s * 1000), old.end_utc_ms),
        "ended": or_(old.ended, new.ended),
        **{name: func.coalesce(new[name], old[name]) for name in _SESSION_SAYS},
        # What is new was never counted: a copy of a minute is no new minute.
        **{name: old[name] + new[name] for name in FIGURES},
    }


def _episode(message: Message, run: Run, body: SlouchStarted | SlouchAlert | SlouchEnded) -> Row:
    row = named(message.session, run) | {"episode": body.episode, **dict.fromkeys(_EPISODE_SAYS)}
    if isinstance(body, SlouchEnded):
        row |= {name: getattr(body, name) for name in _EPISODE_SAYS} | {"outcome": str(body.outcome)}
        return row | spanned(run, body.started_s, body.t_s) | {"peak_deg": body.peak_deg}
    if isinstance(body, SlouchAlert):
        row["alerted_s"] = body.t_s
    return row | spanned(run, body.t_s, None) | {"peak_deg": body.flexion_deg}


def _last_word(rows: list[Row]) -> list[Row]:
    ended = [row for row in rows if row["end_s"] is not None]
    return ended[:1] or rows


def _episode_change(new: Any) -> Change:  # Any: the row that was to be inserted
    old = episodes.c
    says_the_end, is_over = new.end_s.is_not(null()), old.end_s.is_not(null())
    earlier = new.start_s < old.start_s
    change: Change = {
        # Whoever says the end says it all.
        name: case((says_the_end, new[name]), else_=old[name])
        for name in ("end_s", "end_utc_ms", "slouched_s", "mean_deg", "corrected_after_s", "outcome")
    }
    change |= {
        name: case((says_the_end, new[name]), (is_over, old[name]), (earlier, new[name]), else_=old[name])
        for name in ("start_s", "start_utc_ms")
    }
    deeper = new.peak_deg > old.peak_deg
    sooner = new.alerted_s.is_not(null()) & (old.alerted_s.is_(null()) | (new.alerted_s < old.alerted_s))
    for name, better in (("peak_deg", deeper), ("alerted_s", sooner)):
        change[name] = case(
            (says_the_end, new[name]), (is_over, old[name]), (better, new[name]), else_=old[name]
        )
    return change
