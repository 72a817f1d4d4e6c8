"""Senders take turns, and nothing is lost or turned round."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.fair_queue import FairQueue

SENDERS = st.lists(st.sampled_from("abcde"), max_size=60)


def filled(senders: list[str]) -> FairQueue[tuple[str, int]]:
    queue: FairQueue[tuple[str, int]] = FairQueue()
    for number, sender in enumerate(senders):
        queue.put(sender, (sender, number))
    return queue


@given(SENDERS, st.integers(1, 7))
def test_all_comes_out_once_and_each_senders_in_order(senders: list[str], most: int) -> None:
    queue = filled(senders)
    out: list[tuple[str, int]] = []
    while batch := queue.take(most, 0.0):
        assert len(batch) <= most
        out += batch
    assert sorted(out) == sorted((sender, number) for number, sender in enumerate(senders))
    for sender in set(senders):
        mine = [number for name, number in out if name == sender]
        assert mine == sorted(mine)
    assert queue.is_empty()


@given(SENDERS)
def test_nobody_is_served_twice_while_another_who_waited_is_served_not_at_all(senders: list[str]) -> None:
    first = filled(senders).take(len(set(senders)), 0.0)
    assert sorted(name for name, _ in first) == sorted(set(senders))


def test_a_closed_queue_gives_what_it_has_and_waits_for_nothing() -> None:
    queue = filled(["a"])
    queue.close()
    assert queue.take(5) == [("a", 0)]
    assert queue.take(5) == []
