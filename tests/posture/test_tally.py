"""Tallies add: in any order, in any grouping, and a week at once is the week of its minutes."""

from __future__ import annotations

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from firmware_py.posture.events import MinutePassed, SessionEnded
from firmware_py.posture.tally import Tally

from .trunks import a_judge, held, judged

counts = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(1, 9), max_size=3)
tallies = st.builds(
    Tally,
    ticks=st.integers(0, 600),
    judged=st.integers(0, 600),
    posture=counts,
    activity=counts,
    unjudged=counts,
    flexion=st.dictionaries(st.integers(-90, 179), st.integers(1, 9), max_size=4),
    slouches=st.integers(0, 9),
    alerts=st.integers(0, 9),
    withheld=counts,
    corrections=st.integers(0, 9),
    correction_ticks=st.integers(0, 999),
    breaks=st.integers(0, 2),
    eva=counts,
    holds=counts,
)


@given(tallies, tallies)
def test_the_order_of_two_stretches_does_not_matter(a: Tally, b: Tally) -> None:
    assert a + b == b + a


@given(tallies, tallies, tallies)
def test_the_grouping_of_stretches_does_not_matter(a: Tally, b: Tally, c: Tally) -> None:
    assert (a + b) + c == a + (b + c)


@given(tallies)
def test_an_empty_stretch_adds_nothing(a: Tally) -> None:
    assert a + Tally() == a


@given(st.lists(tallies, min_size=1, max_size=20), st.randoms())
def test_a_week_of_minutes_is_the_week_of_its_days(minutes: list[Tally], chance: object) -> None:
    at_once = sum(minutes, Tally())
    days = [minutes[start : start + 7] for start in range(0, len(minutes), 7)]
    assert sum((sum(day, Tally()) for day in reversed(days)), Tally()) == at_once
    assert list(accumulate(minutes))[-1] == at_once


def test_adding_leaves_both_as_they_were() -> None:
    a, b = Tally(ticks=1, posture={"upright": 1}), Tally(ticks=2, posture={"upright": 2})
    assert (a + b).posture == {"upright": 3}
    assert (a.posture, b.posture) == ({"upright": 1}, {"upright": 2})


def test_a_story_tallied_in_one_session_or_in_many_counts_the_same_time() -> None:
    def total(*cuts_s: float) -> Tally:
        judge = a_judge()
        edges = [0.0, *cuts_s, 300.0]
        tally = Tally()
        for start_s, end_s in pairwise(edges):
            shape = [held(start_s, end_s, 14.0 if start_s >= 100.0 else 2.0)]
            events = judged(judge, *shape) + (judge.finish() if end_s == 300.0 else [])
            tally = sum((e.tally for e in events if isinstance(e, MinutePassed)), tally)
        return tally

    assert total(100.0) == total(100.0, 130.0, 250.0)


def test_slouches_reminders_and_corrections_are_counted_in_the_minute_they_fall_in() -> None:
    judge = a_judge()
    events = judged(judge, held(0, 50, 0.0), held(50, 80, 20.0), held(80, 130, 0.0)) + judge.finish()
    first, second, _ = (event.tally for event in events if isinstance(event, MinutePassed))
    assert (first.slouches, first.alerts, first.corrections) == (1, 0, 0)
    assert (second.slouches, second.alerts, second.corrections) == (0, 1, 1)
    assert second.correction_ticks == 151, "reminded at 64.9 s, upright at 80 s"
    (ended,) = (event for event in events if isinstance(event, SessionEnded))
    assert ended.summary.tally.posture == {"slouched": 300, "upright": 1000}
