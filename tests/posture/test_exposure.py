"""Statistics by hand: percentiles, shares, the exposure-variation grid, static holds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.posture.events import Activity, Posture, Reading, Unjudged
from firmware_py.posture.exposure import (
    acceptable_hold_s,
    eva_percent,
    percentile_deg,
    share_above,
    spread_deg,
)
from firmware_py.posture.sheet import TallySheet
from firmware_py.posture.tally import Tally

Stretch = tuple[float | None, float]
"""An angle in degrees (None: not judged) and for how many seconds it is held."""


def tallied(*stretches: Stretch) -> Tally:
    """The tally of these stretches, as of one session."""
    sheet = TallySheet()
    for angle_deg, for_s in stretches:
        for _ in range(round(for_s * 10)):
            sheet.add(reading(angle_deg))
    sheet.interrupt()
    return sheet.take()


def reading(angle_deg: float | None) -> Reading:
    angle = math.nan if angle_deg is None else angle_deg
    posture = Posture.UNKNOWN if angle_deg is None else Posture.UPRIGHT
    unjudged = Unjudged.MOVING if angle_deg is None else None
    return Reading(0.0, angle, 0.0, angle, None, 1.0, posture, Activity.STILL, unjudged, 1)


def of_angles(angles_deg: Sequence[float]) -> Tally:
    return tallied(*((angle, 0.1) for angle in angles_deg))


@given(st.lists(st.floats(-89.9, 179.9), min_size=1, max_size=300), st.floats(0.0, 100.0))
def test_a_percentile_is_within_half_a_degree_of_numpys_on_the_readings(
    angles: list[float], percent: float
) -> None:
    exact = float(np.percentile(angles, percent))
    assert percentile_deg(of_angles(angles).flexion, percent) == pytest.approx(exact, abs=0.5 + 1e-9)


def test_percentiles_by_hand() -> None:
    tally = of_angles([0.0] * 10 + [10.0] * 80 + [30.0] * 11)
    assert [percentile_deg(tally.flexion, p) for p in (5, 10, 50, 90, 100)] == [0.5, 10.5, 10.5, 30.5, 30.5]
    assert spread_deg(tally.flexion) == pytest.approx(20.0)
    assert math.isnan(percentile_deg({}, 50))


def test_the_share_above_an_angle_counts_judged_time_only() -> None:
    tally = tallied((10.0, 60), (20.0, 20), (45.5, 15), (75.0, 5), (None, 300))
    assert [share_above(tally, angle) for angle in (20, 30, 45, 60)] == pytest.approx(
        [0.40, 0.20, 0.20, 0.05]
    )
    assert math.isnan(share_above(tallied((None, 5)), 20))


def test_the_exposure_grid_by_hand() -> None:
    # 0.5 s at 5°, 2 s at 15°, 5 s at 5°, 40 s at 25°, 70 s at 5°, 0.9 s at −3°, 1.6 s at 65°
    tally = tallied((5, 0.5), (15, 2), (5, 5), (25, 40), (5, 70), (-3, 0.9), (65, 1.6))
    assert tally.eva == {"1,0": 5, "2,1": 20, "1,2": 50, "3,5": 400, "1,6": 700, "0,0": 9, "6,1": 16}
    grid = eva_percent(tally)
    assert grid[3][5] == pytest.approx(100 * 40 / 120)
    assert sum(map(sum, grid)) == pytest.approx(100.0)


@given(st.lists(st.tuples(st.none() | st.floats(-60, 100), st.floats(0.1, 30)), min_size=1, max_size=12))
def test_the_exposure_grid_holds_all_the_judged_time(stretches: list[Stretch]) -> None:
    tally = tallied(*stretches)
    assert sum(tally.eva.values()) == tally.judged
    expected = 100.0 if tally.judged else 0.0
    assert sum(map(sum, eva_percent(tally))) == pytest.approx(expected)


def test_a_hold_goes_on_over_the_turn_of_a_minute_and_counts_where_it_ends() -> None:
    sheet = TallySheet()
    for _ in range(400):
        sheet.add(reading(5.0))
    first = sheet.take()
    for _ in range(400):
        sheet.add(reading(5.0))
    sheet.interrupt()
    assert (first.eva, sheet.take().eva) == ({}, {"1,6": 800})


def test_what_is_not_judged_breaks_a_hold() -> None:
    assert tallied((5, 2), (None, 0.1), (5, 2)).eva == {"1,1": 40}


def test_the_longest_acceptable_holds_by_hand() -> None:
    assert acceptable_hold_s(20.0) == math.inf
    assert acceptable_hold_s(20.1) == pytest.approx(239.55)
    assert acceptable_hold_s(40.0) == pytest.approx(150.0)
    assert acceptable_hold_s(60.0) == pytest.approx(60.0)
    assert acceptable_hold_s(60.1) == 0.0


@pytest.mark.parametrize(
    ("angle_deg", "for_s", "counted"),
    [
        (20.0, 1000.0, {"3": 1, "3 ticks": 10_000}),
        (40.0, 150.0, {"4": 1, "4 ticks": 1500}),
        (40.0, 150.1, {"4": 1, "4 long": 1, "4 ticks": 1501}),
        (60.0, 60.0, {"6": 1, "6 ticks": 600}),
        (60.0, 60.1, {"6": 1, "6 long": 1, "6 ticks": 601}),
        (61.0, 4.0, {"6": 1, "6 long": 1, "6 ticks": 40}),
        (40.0, 3.9, {}),
    ],
)
def test_static_holds_by_hand(angle_deg: float, for_s: float, counted: dict[str, int]) -> None:
    assert tallied((angle_deg, for_s)).holds == counted


def test_five_degrees_from_its_mean_is_another_hold() -> None:
    assert tallied((30.0, 10), (34.9, 10)).holds == {"4": 1, "4 ticks": 200}
    assert tallied((30.0, 10), (35.1, 10)).holds == {"4": 2, "4 ticks": 200}
