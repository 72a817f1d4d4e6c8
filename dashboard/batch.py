"""One transaction's work of the ingest: which rows a batch of messages means, in whatever order they came."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, case, func, null, select, update

from firmware_py.posture.events import (
    MinutePassed,
    SessionEnded,
    SessionStarted,
    SlouchAlert,
    SlouchEnded,
    SlouchStarted,
)
from firmware_py.posture.messages import Anchor, Message, Status, kind_of

from .rollup import packed, quarter_of, recount
from .store import Store
from .tables import devices, episodes, events, minutes, rejections, runs, sessions, wearers

FIRST_WEARER = 1
"""The wearer whom a new device is given to."""

MAX_REJECTED_TOPICS = 100
"""Topics told apart in one day's rejections; a flood of forged topics ends under one name."""

OTHER_TOPICS = "(other topics)"


@dataclass
class Taken:
    """What a batch came to.

    Attributes:
        stored: durable messages that were new.
        repeated: durable messages that were there already.
        rejected: messages that could not be read.
        touched: (device, session) of which something new was stored.
    """

    stored: int = 0
    repeated: int = 0
    rejected: int = 0
    touched: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Run:
    device_id: int
    wearer_id: int
    run: str
    t0_utc_ms: int | None

    def utc_ms(self, t_s: float | None) -> int | None:
        """The absolute time of a moment of the run; None while the run has no anchor."""
        if self.t0_utc_ms is None or t_s is None:
            return None
        return self.t0_utc_ms + round(t_s * 1000)


class Batch:
    """One transaction's work; remembers the devices and runs it has met."""

    def __init__(self, store: Store, connection: Connection, taken: Taken) -> None:
        self._store = store
        self._connection = connection
        self._taken = taken
        self._runs: dict[tuple[str, str], _Run] = {}
        self._touched: dict[tuple[int, int], set[int]] = defaultdict(set)

    def reject(self, unreadable: Counter[tuple[str, str]]) -> None:
        """Count messages that could not be read, by reason and topic."""
        day_utc = datetime.now(UTC).date().isoformat()
        for (reason, topic), count in unreadable.items():
            of_today = select(func.count()).where(rejections.c.day_utc == day_utc)
            many = (self._connection.scalar(of_today) or 0) >= MAX_REJECTED_TOPICS
            row = {
                "day_utc": day_utc,
                "reason": reason,
                "topic": OTHER_TOPICS if many else topic,
                "count": count,
            }
            self._connection.execute(
                self._store.upsert(rejections, row, {"count": rejections.c.count + count})
            )

    def take(self, messages: Sequence[Message]) -> None:
        """Write what is new of these, and bring the sums that depend on it up to date."""
        # Anchors first, so that the rows behind them get their absolute times at once.
        for message in messages:
            if isinstance(message.body, Anchor):
                self._anchor(message, message.body)
        new_minutes: list[tuple[Message, dict[str, Any]]] = []
        new_events: list[tuple[Message, dict[str, Any]]] = []
        for message in messages:
            if isinstance(message.body, Status):
                self._status(message)
            elif isinstance(message.body, MinutePassed):
                new_minutes.append((message, self._minute(message, message.body)))
            elif message.seq is not None:
                new_events.append((message, self._event(message)))
        reach: dict[tuple[str, str], tuple[Message, float, float]] = {}
        for message, row in self._insert(minutes, new_minutes):
            key = (message.device, message.session)
            _, start_s, end_s = reach.get(key, (message, row["start_s"], row["end_s"]))
            reach[key] = (message, min(start_s, row["start_s"]), max(end_s, row["end_s"]))
            if row["start_utc_ms"] is not None:
                self._touched[row["device_id"], row["wearer_id"]].add(quarter_of(row["start_utc_ms"]))
        for message, start_s, end_s in reach.values():
            self._stretch_session(message, start_s, end_s)
        fresh = [message for message, _ in self._insert(events, new_events)]
        # The end of a slouch says all there is to say: what began and alerted it need not be written first.
        over = {
            (message.device, message.session, message.body.episode)
            for message in fresh
            if isinstance(message.body, SlouchEnded)
        }
        for message in fresh:
            body = message.body
            if (
                isinstance(body, SlouchStarted | SlouchAlert)
                and (message.device, message.session, body.episode) in over
            ):
                continue
            self._unfold(message)
        self._see()
        for (device_id, wearer_id), touched in self._touched.items():
            recount(self._connection, device_id, wearer_id, touched)

    def _see(self) -> None:
        names = {device for device, _ in self._taken.touched}
        if names:
            seen = update(devices).where(devices.c.name.in_(names)).values(seen_utc_ms=_now_utc_ms())
            self._connection.execute(seen)

    def _insert(
        self, table: Table, pairs: list[tuple[Message, dict[str, Any]]]
    ) -> list[tuple[Message, dict[str, Any]]]:
        """Insert what is not there yet; returns those pairs."""
        unique: dict[tuple[int, str, int], tuple[Message, dict[str, Any]]] = {}
        for message, row in pairs:
            unique.setdefault((row["device_id"], row["session"], row["seq"]), (message, row))
        new = self._store.insert_new(table, [row for _, row in unique.values()], self._connection)
        self._taken.stored += len(new)
        self._taken.repeated += len(pairs) - len(new)
        fresh = [unique[key] for key in unique if key in new]
        self._taken.touched.update((message.device, message.session) for message, _ in fresh)
        return fresh

    def _run_of(self, message: Message) -> _Run:
        key = (message.device, message.run)
        known = self._runs.get(key)
        if known is None:
            known = self._runs[key] = self._find_run(message)
        return known

    def _find_run(self, message: Message) -> _Run:
        connection = self._connection
        found = connection.execute(
            select(devices.c.device_id, devices.c.wearer_id).where(devices.c.name == message.device)
        ).first()
        if found is None:
            self._ensure_first_wearer()
            row = {
                "name": message.device,
                "label": message.device,
                "wearer_id": FIRST_WEARER,
                "simulated": message.simulated,
            }
            self._store.insert_new(devices, [row], connection)
            return self._find_run(message)
        row = {
            "device_id": found.device_id,
            "run": message.run,
            "trusted": False,
            "simulated": message.simulated,
        }
        self._store.insert_new(runs, [row], connection)
        t0_utc_ms = connection.scalar(
            select(runs.c.t0_utc_ms).where(runs.c.device_id == found.device_id, runs.c.run == message.run)
        )
        return _Run(found.device_id, found.wearer_id, message.run, t0_utc_ms)

    def _ensure_first_wearer(self) -> None:
        row = {"wearer_id": FIRST_WEARER, "name": ""}
        self._store.insert_new(wearers, [row], self._connection)

    def _anchor(self, message: Message, anchor: Anchor) -> None:
        run = self._run_of(message)
        t0_utc_ms = round(anchor.utc_s * 1000)
        changed = self._connection.execute(
            update(runs)
            .where(runs.c.device_id == run.device_id, runs.c.run == run.run)
            .where((runs.c.anchored_at_s.is_(null())) | (runs.c.anchored_at_s < anchor.t_s))
            .values(t0_utc_ms=t0_utc_ms, anchored_at_s=anchor.t_s, trusted=anchor.trusted)
        )
        if changed.rowcount == 0 or t0_utc_ms == run.t0_utc_ms:
            return
        self._runs[message.device, message.run] = _Run(run.device_id, run.wearer_id, run.run, t0_utc_ms)
        self._touch_quarters(run)
        for table, pairs in _TIMES.items():
            self._connection.execute(
                update(table)
                .where(table.c.device_id == run.device_id, table.c.run == run.run)
                .values({utc: t0_utc_ms + func.round(table.c[t_s] * 1000) for t_s, utc in pairs})
            )

        self._touch_quarters(run)

    def _touch_quarters(self, run: _Run) -> None:
        """The quarters that the run's minutes stand in now will be summed anew."""
        starts = self._connection.scalars(
            select(minutes.c.start_utc_ms).where(
                minutes.c.device_id == run.device_id,
                minutes.c.run == run.run,
                minutes.c.start_utc_ms.is_not(null()),
            )
        )
        self._touched[run.device_id, run.wearer_id].update(map(quarter_of, starts))

    def _status(self, message: Message) -> None:
        run = self._run_of(message)
        self._connection.execute(
            update(devices)
            .where(devices.c.device_id == run.device_id)
            .values(
                status=message.payload.decode(),
                simulated=message.simulated,
            )
        )

    def _minute(self, message: Message, body: MinutePassed) -> dict[str, Any]:
        tally = body.tally
        row = self._named(message)
        row |= self._spanned(message, body.start_s, body.t_s)
        row |= {name: tally.posture.get(name, 0) for name in _POSTURES}
        row |= {name: getattr(tally, name) for name in _COUNTS}
        row["tally"] = packed(tally)
        return row

    def _event(self, message: Message) -> dict[str, Any]:
        t_s = float(getattr(message.body, "t_s", 0.0))
        kind = getattr(message.body, "kind", None) or kind_of(type(message.body))
        return self._named(message) | {
            "kind": str(kind)[:40],
            "t_s": t_s,
            "at_utc_ms": self._run_of(message).utc_ms(t_s),
            "payload": message.payload.decode(),
        }

    def _unfold(self, message: Message) -> None:
        """What a new event means for its session and its slouch."""
        body = message.body
        if isinstance(body, SessionStarted):
            self._stretch_session(message, body.t_s, body.t_s, sensors=body.sensors)
        elif isinstance(body, SessionEnded):
            summary = body.summary
            self._stretch_session(
                message,
                summary.start_s,
                summary.end_s,
                sensors=summary.sensors,
                ended=True,
                message_count=message.count,
                summary=packed(summary.tally),
            )
        elif isinstance(body, SlouchStarted):
            self._episode(message, body.episode, body.t_s, peak_deg=body.flexion_deg)
        elif isinstance(body, SlouchAlert):
            self._episode(message, body.episode, body.t_s, alerted_s=body.t_s, peak_deg=body.flexion_deg)
        elif isinstance(body, SlouchEnded):
            self._episode(
                message,
                body.episode,
                body.started_s,
                end_s=body.t_s,
                slouched_s=body.slouched_s,
                peak_deg=body.peak_deg,
                mean_deg=body.mean_deg,
                alerted_s=body.alerted_s,
                corrected_after_s=body.corrected_after_s,
                outcome=str(body.outcome),
            )

    def _stretch_session(self, message: Message, start_s: float, end_s: float, **known: Any) -> None:
        """Let the session reach from `start_s` to `end_s` at least, and note what is `known`."""
        run = self._run_of(message)
        row = {"ended": False} | self._named(message) | self._spanned(message, start_s, end_s) | known
        del row["seq"]
        c = sessions.c
        start = case((c.start_s < start_s, c.start_s), else_=start_s)
        end = case((c.end_s > end_s, c.end_s), else_=end_s)
        change: dict[str, Any] = {"start_s": start, "end_s": end} | known
        if run.t0_utc_ms is not None:
            change["start_utc_ms"] = run.t0_utc_ms + func.round(start * 1000)
            change["end_utc_ms"] = run.t0_utc_ms + func.round(end * 1000)
        self._connection.execute(self._store.upsert(sessions, row, change))

    def _episode(self, message: Message, episode: int, start_s: float, **known: Any) -> None:
        """Put what one event says about a slouch together with what others said."""
        run = self._run_of(message)
        row = self._named(message) | {"episode": episode, "start_s": start_s} | known
        del row["seq"]
        row |= {"start_utc_ms": run.utc_ms(start_s), "end_utc_ms": run.utc_ms(known.get("end_s"))}
        c = episodes.c
        if "end_s" in known:  # the end says all there is to say
            change = {k: v for k, v in row.items() if k not in ("device_id", "session", "episode")}
        else:
            peak = known["peak_deg"]
            open_still = c.end_s.is_(null())
            change = {
                "start_s": case((c.start_s < start_s, c.start_s), else_=start_s),
                "start_utc_ms": case((c.start_s < start_s, c.start_utc_ms), else_=row["start_utc_ms"]),
                "peak_deg": case((open_still & (c.peak_deg < peak), peak), else_=c.peak_deg),
            }
            if "alerted_s" in known:
                alerted_s = known["alerted_s"]
                earlier = open_still & (c.alerted_s.is_(null()) | (c.alerted_s > alerted_s))
                change["alerted_s"] = case((earlier, alerted_s), else_=c.alerted_s)
        self._connection.execute(self._store.upsert(episodes, row, change))

    def _named(self, message: Message) -> dict[str, Any]:
        run = self._run_of(message)
        return {
            "device_id": run.device_id,
            "session": message.session,
            "seq": message.seq,
            "run": run.run,
            "wearer_id": run.wearer_id,
        }

    def _spanned(self, message: Message, start_s: float, end_s: float) -> dict[str, Any]:
        run = self._run_of(message)
        return {
            "start_s": start_s,
            "end_s": end_s,
            "start_utc_ms": run.utc_ms(start_s),
            "end_utc_ms": run.utc_ms(end_s),
        }


def _now_utc_ms() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)


_POSTURES = ("upright", "slouched", "leaning_forward", "leaning_back", "side_bent")
_COUNTS = ("ticks", "judged", "slouches", "alerts", "corrections", "correction_ticks")

_SPAN = (("start_s", "start_utc_ms"), ("end_s", "end_utc_ms"))
_TIMES: dict[Table, tuple[tuple[str, str], ...]] = {
    sessions: _SPAN,
    minutes: _SPAN,
    episodes: _SPAN,
    events: (("t_s", "at_utc_ms"),),
}
"""Which run-time column each absolute time is made of."""
