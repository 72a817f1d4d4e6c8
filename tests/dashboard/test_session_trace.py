"""The axis and the threshold of a session's trace: of its own time, not of today's."""

from __future__ import annotations

from itertools import pairwise
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.app import Dashboard, Server
from dashboard.days import Stretch, local
from dashboard.session_view import Threshold, thresholds
from dashboard.time_axis import AT_MOST, MINUTE_MS, STEPS_MIN, clock_ticks
from firmware_py.posture.events import MinutePassed, RulesChanged, SessionStarted
from firmware_py.posture.messages import Anchor, Encoder
from firmware_py.posture.tally import Tally

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns")]
SUMMER_2026_MS = 1_781_000_000_000


@given(
    start=st.integers(SUMMER_2026_MS, SUMMER_2026_MS + 30 * 86_400_000),
    minutes=st.integers(1, 24 * 60),
    zone=st.sampled_from(ZONES),
)
def test_an_axis_has_a_few_round_times_of_the_wearers_clock(start: int, minutes: int, zone: ZoneInfo) -> None:
    stretch = Stretch(start, start + minutes * MINUTE_MS)
    ticks = clock_ticks(stretch, zone)
    assert len(ticks) <= AT_MOST + 1
    assert len(ticks) >= 1 or minutes < STEPS_MIN[-1]
    for x, at in ticks:
        assert stretch.start_utc_ms <= at <= stretch.end_utc_ms
        assert 0.0 <= x <= 1000.0
        assert local(at, zone).second == 0
    apart = {second - first for (_, first), (_, second) in pairwise(ticks)}
    assert len(apart) <= 1


def payload(event: SessionStarted | RulesChanged) -> str:
    encoder = Encoder("back", "r1")
    encoder.encode(SessionStarted(0.0, "r1-1", 1))
    return encoder.encode(event).payload.decode()


def test_the_threshold_in_force_is_drawn_from_where_it_held() -> None:
    begin = (0.0, payload(SessionStarted(0.0, "r1-1", 1, 10.0)))
    moved = (400.0, payload(RulesChanged(60.0, {"slouch_enter_deg": 14.0, "slouch_exit_deg": 11.0})))
    other = (600.0, payload(RulesChanged(80.0, {"load_s": 45.0})))
    assert thresholds([begin, moved, other]) == [Threshold(0.0, 400.0, 10.0), Threshold(400.0, 1000.0, 14.0)]


def test_a_session_whose_device_did_not_tell_has_none() -> None:
    assert thresholds([(0.0, payload(SessionStarted(0.0, "r1-1", 1)))]) == []


@pytest.mark.parametrize(("enter_deg", "said"), [(13.0, "A slouch began at 13°"), (None, "is not on record")])
def test_the_page_of_a_session_tells_where_a_slouch_began_then(
    opened: Dashboard, served: Server, enter_deg: float | None, said: str
) -> None:
    encoder = Encoder("back", "r1")
    tally = Tally(ticks=600, judged=600, flexion={2: 600})
    opened.ingest.take(
        (message.topic, message.payload)
        for message in (
            encoder.anchor(Anchor(0.0, 1_781_000_000.0, trusted=True)),
            encoder.encode(SessionStarted(0.0, "r1-1", 1, enter_deg)),
            encoder.encode(MinutePassed(60.0, 0.0, tally)),
        )
    )
    answer = httpx.get(f"{served.address}session/back/r1-1")
    assert answer.status_code == 200
    assert said in answer.text
