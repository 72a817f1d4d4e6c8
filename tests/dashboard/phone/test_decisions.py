"""What the store was told becomes a decision, once; on a real SQLite and a real PostgreSQL."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from dashboard.batch import FIRST_WEARER
from dashboard.phone.decisions import Decisions, wishes
from dashboard.phone.queue import Queue
from dashboard.phone.rules import Occasion, PhoneRules
from firmware_py.posture.blocks import Place
from firmware_py.posture.events import (
    MinutePassed,
    ProfileStale,
    SensorBack,
    SensorLost,
    SlouchEnd,
    SlouchEnded,
)
from firmware_py.posture.tally import Tally

from .conftest import Wearer

BERLIN = ZoneInfo("Europe/Berlin")
EVERY = PhoneRules(on=frozenset(Occasion), quiet_from_min=0, quiet_to_min=0)


def decide(wearer: Wearer, t_s: float, services: tuple[str, ...] = ("one",)) -> bool:
    decisions = Decisions(wearer.store, BERLIN)
    [wish] = wishes(wearer.store)
    return decisions.decide(wish, services, wearer.at(t_s))


def became(wearer: Wearer) -> list[tuple[str, str]]:
    latest = Queue(wearer.store).latest(FIRST_WEARER, 100)
    return sorted((one["occasion"], one["became"]) for one in latest)


def sent(wearer: Wearer, t_s: float) -> list[str]:
    return [delivery.text for delivery in Queue(wearer.store).due(FIRST_WEARER, wearer.at(t_s))]


def test_an_ignored_reminder_is_told_once_to_every_service(wearer: Wearer) -> None:
    wearer.wants(EVERY)
    again = wearer.slouch(100.0, 1)
    assert decide(wearer, 101.0)
    assert sent(wearer, 101.0) == []
    assert not decide(wearer, 160.0, ("one", "two"))
    assert sent(wearer, 160.0) == ["A reminder: you have been leaning forward since 14:01."] * 2
    again()  # the broker brings it again
    decide(wearer, 161.0, ("one", "two"))
    assert len(sent(wearer, 161.0)) == 2


def test_a_reminder_that_was_followed_is_not_told(wearer: Wearer) -> None:
    wearer.wants(EVERY)
    wearer.slouch(100.0, 1)
    wearer.tell(SlouchEnded(120.0, 1, 70.0, 40.0, 16.0, 14.0, 100.0, 20.0, SlouchEnd.CORRECTED))
    decide(wearer, 161.0)
    assert became(wearer) == [("slouch", "answered")]


def test_nobody_is_told_of_a_slouch_when_the_device_is_out_of_touch(wearer: Wearer) -> None:
    wearer.wants(EVERY)
    wearer.slouch(100.0, 1)
    wearer.is_in_touch("offline")
    decide(wearer, 161.0)
    assert became(wearer) == [("slouch", "answered")]


def test_what_a_device_kept_for_an_hour_is_history_and_tells_nobody(wearer: Wearer) -> None:
    wearer.wants(EVERY)
    wearer.slouch(100.0, 1)
    wearer.tell(ProfileStale(110.0, True, 9.0, "slipped"))
    decide(wearer, 3700.0)
    wearer.slouch(3600.0, 2)
    decide(wearer, 3800.0)
    assert became(wearer) == []
    assert sent(wearer, 3800.0) == []


def test_a_date_in_the_future_is_of_a_wrong_clock_and_tells_nobody(wearer: Wearer) -> None:
    wearer.wants(EVERY)
    wearer.tell(ProfileStale(9000.0, True, 9.0, "slipped"))
    decide(wearer, 100.0)
    assert became(wearer) == []


def test_a_sensor_that_comes_back_within_a_minute_is_not_told(wearer: Wearer) -> None:
    wearer.wants(EVERY)
    wearer.tell(SensorLost(100.0, Place.UPPER, "nothing answered"), SensorBack(130.0, Place.UPPER, 30.0))
    wearer.tell(SensorLost(200.0, Place.UPPER, "nothing answered"))
    decide(wearer, 161.0)
    decide(wearer, 261.0)
    assert became(wearer) == [("sensor", "answered"), ("sensor", "waiting")]


def test_the_day_has_its_limit_and_the_night_is_quiet(wearer: Wearer) -> None:
    wearer.wants(PhoneRules(on=frozenset({Occasion.CALIBRATION}), most_a_day=2))
    for number in range(3):
        wearer.tell(ProfileStale(100.0 + number, True, 9.0, "slipped"))
    decide(wearer, 110.0)
    assert became(wearer) == [("calibration", "enough")] + [("calibration", "waiting")] * 2
    night_s = 8 * 3600.0  # ten in the evening in Berlin
    wearer.tell(ProfileStale(night_s, True, 9.0, "slipped"))
    decide(wearer, night_s + 1.0)
    assert ("calibration", "quiet") in became(wearer)


def test_only_what_is_wanted_is_told_and_discreetly_where_that_is_wanted(wearer: Wearer) -> None:
    wearer.wants(PhoneRules(on=frozenset({Occasion.CALIBRATION}), discreet=True))
    wearer.slouch(100.0, 1)
    wearer.tell(ProfileStale(100.0, True, 9.0, "slipped"), MinutePassed(60.5, 0.5, Tally(600, 600)))
    decide(wearer, 170.0)
    assert sent(wearer, 170.0) == ["Something to look at."]


def test_an_attempt_is_one_processs_own_and_what_expires_is_not_tried(wearer: Wearer) -> None:
    wearer.wants(EVERY)
    wearer.slouch(100.0, 1)
    decide(wearer, 160.0)
    queue = Queue(wearer.store)
    [delivery] = queue.due(FIRST_WEARER, wearer.now)
    assert queue.claim(delivery, wearer.now)
    assert not queue.claim(delivery, wearer.now), "two processes took the same delivery"
    assert queue.due(FIRST_WEARER, wearer.now) == []
    assert queue.due(FIRST_WEARER, wearer.at(166.0))[0].tries == 1
    assert queue.due(FIRST_WEARER, wearer.at(401.0)) == []
    assert became(wearer) == [("slouch", "expired")]
    queue.tidy(FIRST_WEARER, wearer.at(31 * 86_400.0))
    assert became(wearer) == []
