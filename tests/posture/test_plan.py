"""The training plan: a silent first day, then every reminder, then fewer, with silent probes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.errors import ConfigError
from firmware_py.posture.plan import DayKind, Plan, PlanDay, plan_day

plans = st.builds(
    Plan,
    full_days=st.integers(1, 90),
    fading_days=st.integers(1, 180),
    least_share=st.floats(0, 1),
    probe_every_days=st.integers(2, 30),
)


def test_the_plan_by_hand() -> None:
    assert plan_day(0) == PlanDay(DayKind.BASELINE, 0.0)
    assert plan_day(1) == PlanDay(DayKind.FULL, 1.0)
    assert plan_day(7) == PlanDay(DayKind.PROBE, 0.0)
    assert plan_day(16).kind is DayKind.FADING
    assert plan_day(16).share == pytest.approx(1.0 - 0.8 * 2 / 28)
    assert plan_day(41).share == pytest.approx(1.0 - 0.8 * 27 / 28)
    assert plan_day(43) == PlanDay(DayKind.OCCASIONAL, 0.2)
    assert plan_day(70).kind is DayKind.PROBE


@given(plans)
def test_feedback_never_grows_again_but_for_the_probes(plan: Plan) -> None:
    days = [plan_day(day, plan) for day in range(1, 300)]
    shares = [day.share for day in days if day.kind is not DayKind.PROBE]
    assert all(later <= earlier for earlier, later in pairwise(shares))
    assert shares[-1] == plan.least_share


@given(plans)
def test_one_day_in_so_many_is_a_silent_probe(plan: Plan) -> None:
    probes = [day for day in range(1, 200) if plan_day(day, plan).kind is DayKind.PROBE]
    assert probes == list(range(plan.probe_every_days, 200, plan.probe_every_days))
    assert all(plan_day(day, plan).share == 0.0 for day in probes)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="day -1"):
        plan_day(-1)
    with pytest.raises(ConfigError, match=r"least_share is 1\.5"):
        Plan(least_share=1.5)
