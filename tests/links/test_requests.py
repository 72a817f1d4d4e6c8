"""Requests are taken one by one, in measure, and each once."""

from __future__ import annotations

import dataclasses

import pytest

from firmware_py.links.requests import BURST, MAX_WATCH_S, MAX_WATCHERS, REMEMBERED, Doorkeeper, Watchers
from firmware_py.posture.events import Snooze
from firmware_py.posture.messages import Reply, Watch, encode_request
from firmware_py.posture.settings import ChangeSettings


@dataclasses.dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


def snooze(request_id: str) -> bytes:
    return encode_request("back", request_id, Snooze(0.0, 60.0)).payload


def unheard(_reply: Reply) -> None:
    """Where nobody looks at the answers."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_flood_is_turned_away_and_the_door_opens_again(clock: Clock) -> None:
    doorkeeper = Doorkeeper(unheard, clock)
    taken = [doorkeeper.take(snooze(f"q{n}")) for n in range(500)]
    assert sum(asked is not None for asked in taken) == BURST
    assert doorkeeper.refused == 500 - BURST
    clock.now_s += 1.0
    assert doorkeeper.take(snooze("later")) is not None


def test_a_repeated_request_is_answered_again_and_not_carried_out_again(clock: Clock) -> None:
    answers: list[Reply] = []
    doorkeeper = Doorkeeper(answers.append, clock)
    assert doorkeeper.take(snooze("q")) is not None
    assert doorkeeper.take(snooze("q")) is None
    assert answers == []
    doorkeeper.answered(Reply("q", True))
    assert doorkeeper.take(snooze("q")) is None
    assert answers == [Reply("q", True)]


def test_what_is_remembered_is_bounded(clock: Clock) -> None:
    doorkeeper = Doorkeeper(unheard, clock)
    for n in range(REMEMBERED + 1):
        clock.now_s += 1.0
        assert doorkeeper.take(snooze(f"q{n}")) is not None
    assert doorkeeper.take(snooze("q1")) is None
    clock.now_s += 1.0
    assert doorkeeper.take(snooze("q0")) is not None


def test_a_malformed_request_costs_an_allowance_and_nothing_else(clock: Clock) -> None:
    doorkeeper = Doorkeeper(unheard, clock)
    assert doorkeeper.take(b"\xff") is None
    assert doorkeeper.refused == 1
    assert doorkeeper.take(snooze("q")) is not None


def test_one_watcher_letting_go_leaves_the_other_watching(clock: Clock) -> None:
    watchers = Watchers(clock)
    watchers.heed(Watch(0.0, 30.0, "phone"))
    watchers.heed(Watch(0.0, 10.0, "desk"))
    watchers.heed(Watch(0.0, 0.0, "phone"))
    assert watchers.last_s == clock.now_s + 10.0
    watchers.heed(Watch(0.0, 0.0, "desk"))
    assert watchers.last_s == 0.0


def test_a_watch_ends_by_itself_and_nobody_can_ask_for_for_ever(clock: Clock) -> None:
    watchers = Watchers(clock)
    watchers.heed(Watch(0.0, 1e8, "phone"))
    assert watchers.last_s == clock.now_s + MAX_WATCH_S


def test_too_many_watchers_are_refused_until_one_is_gone(clock: Clock) -> None:
    watchers = Watchers(clock)
    assert all(watchers.heed(Watch(0.0, 30.0, str(n))) for n in range(MAX_WATCHERS))
    assert not watchers.heed(Watch(0.0, 30.0, "one more"))
    assert watchers.heed(Watch(0.0, 30.0, "0"))
    clock.now_s += 31.0
    assert watchers.heed(Watch(0.0, 30.0, "one more"))


def test_of_what_the_broker_kept_only_a_lasting_change_of_settings_counts(clock: Clock) -> None:
    doorkeeper = Doorkeeper(unheard, clock)
    lasting = ChangeSettings(0.0, rules={"load_s": 45.0}, lasting=True)
    for for_the_moment in (Snooze(0.0, 60.0), dataclasses.replace(lasting, lasting=False)):
        assert doorkeeper.take(encode_request("back", "q1", for_the_moment).payload, kept=True) is None
    sent = encode_request("back", "q2", lasting)
    assert sent.retain
    taken = doorkeeper.take(sent.payload, kept=True)
    assert taken is not None
    assert taken.request == lasting
