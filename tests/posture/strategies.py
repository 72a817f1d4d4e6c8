"""Any message that makes sense, drawn by the unit in each field's name."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, get_type_hints

from hypothesis import strategies as st

from firmware_py.posture import events as ev
from firmware_py.posture.messages import CHANNELS, DURABLE, Channel
from firmware_py.posture.position import Position
from firmware_py.posture.rating import Grade, Rating, Weakness
from firmware_py.posture.sense import field_names
from firmware_py.posture.tally import Tally

EVENTS = [cls for cls, channel in CHANNELS.items() if channel in DURABLE or channel is Channel.LIVE]

_TIMES = st.floats(0.0, 1e9)
_ANGLES = st.floats(-360.0, 360.0)
_TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
_COUNTS = st.integers(0, 10**9)
_TABLES = st.dictionaries(st.text(min_size=1, max_size=20), _COUNTS, max_size=4)


_WEAK = st.lists(st.sampled_from(Weakness), max_size=5).map(tuple)


def _numbers(name: str) -> st.SearchStrategy[float]:
    return _ANGLES if name.endswith("_deg") else _TIMES


def tallies() -> st.SearchStrategy[Tally]:
    """Counts that do not contradict one another."""
    return st.tuples(
        _COUNTS, st.data(), st.dictionaries(st.integers(-90, 179), _COUNTS, max_size=5), _TABLES
    ).map(lambda drawn: Tally(drawn[0], drawn[0] // 2, drawn[3], flexion=drawn[2], eva=drawn[3]))


def _field(name: str, hint: Any) -> st.SearchStrategy[Any]:  # Any: whatever the field's type is
    if hint is Tally:
        return tallies()
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    known: dict[Any, st.SearchStrategy[Any]] = {
        float: _numbers(name),
        float | None: st.none() | _numbers(name),
        int: _COUNTS,
        str: _TEXTS,
        bool: st.booleans(),
        tuple[float, float, float] | None: st.none() | st.tuples(*[st.floats(-1.0, 1.0)] * 3),
        Rating | None: st.none() | st.builds(Rating, st.sampled_from(Grade), _ANGLES, _WEAK),
        dict[str, float]: st.dictionaries(_TEXTS.filter(lambda text: len(text) <= 40), st.floats(-1e6, 1e6)),
        Position | None: st.none() | st.sampled_from(Position),
        ev.Unjudged | None: st.none() | st.sampled_from(ev.Unjudged),
    }
    return known[hint]


@st.composite
def events(draw: st.DrawFn, cls: type, session: str = "run-1") -> Any:  # Any: one of the event types
    """An event of a type, with nothing in it that a decoder should refuse."""
    if cls is ev.SessionStarted:
        return ev.SessionStarted(draw(_TIMES), session, draw(st.integers(1, 2)))
    if cls is ev.SessionEnded:
        start_s, end_s = sorted(draw(st.tuples(_TIMES, _TIMES)))
        return ev.SessionEnded(end_s, ev.SessionSummary(session, start_s, end_s, 1, draw(tallies())))
    if cls is ev.MinutePassed:
        start_s, end_s = sorted(draw(st.tuples(_TIMES, _TIMES)))
        return ev.MinutePassed(end_s, start_s, draw(tallies()))
    hints = get_type_hints(cls)
    return cls(*(draw(_field(name, hints[name])) for name in field_names(cls)))
