"""What must hold after any fault: exactly once, in order, whole, and at the right time."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from .machine import World

CLOCK_S = 1.0
"""How far a time in the store may be from the truth: a busy machine reads its two clocks some way apart."""


def verify(world: World) -> int:
    """Check the store against the journal; returns how many durable messages there are.

    Raises:
        AssertionError: saying what is lost, doubled, open or misdated.
    """
    rows = world.stored(
        "SELECT session, seq, 'minute', tally, start_s, start_utc_ms, run FROM minutes"
        " UNION ALL SELECT session, seq, kind, payload, t_s, at_utc_ms, run FROM events"
    )
    sessions: dict[str, dict[int, tuple[str, str]]] = defaultdict(dict)
    births = world.births()
    for session, seq, kind, content, t_s, utc_ms, run in rows:
        place = int(str(seq))
        assert place not in sessions[str(session)], f"{session} has number {seq} twice"
        sessions[str(session)][place] = (str(kind), str(content))
        assert utc_ms is not None, f"number {seq} of {session} has no date"
        if str(run) not in births:
            continue  # of the whole monitor, which keeps no journal
        true_ms = 1000.0 * (births[str(run)] + float(str(t_s)))
        off_s = (float(str(utc_ms)) - true_ms) / 1000.0
        assert abs(off_s) < CLOCK_S, f"number {seq} of {session} is dated {off_s:+.1f} s off"
    promised = {(session, seq) for _, session, seq in world.promises()}
    kept = {(session, seq) for session, numbers in sessions.items() for seq in numbers}
    assert promised <= kept, f"lost: {sorted(promised - kept)[:5]} and so on"
    for session, numbers in sessions.items():
        assert sorted(numbers) == list(range(len(numbers))), f"{session} has gaps: {sorted(numbers)[:20]}"
        if not session.endswith("-0"):
            _whole(session, numbers)
    return len(kept)


def _whole(session: str, numbers: dict[int, tuple[str, str]]) -> None:
    last_kind, last = numbers[len(numbers) - 1]
    assert last_kind == "session_ended", f"{session} is open; its last is {last_kind}"
    message: dict[str, Any] = json.loads(last)
    assert message["count"] == len(numbers), f"{session} should have {message['count']}, has {len(numbers)}"
    judged = sum(json.loads(tally).get("judged", 0) for kind, tally in numbers.values() if kind == "minute")
    summed = message["data"]["summary"]["tally"]["judged"]
    assert judged == summed, f"{session}: its minutes make {judged} judged ticks, its summary says {summed}"
