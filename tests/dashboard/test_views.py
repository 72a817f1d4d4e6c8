"""Rows to pages: bands with gaps, traces with breaks, nothing padded."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dashboard import charts
from dashboard.band import LEAST_HOURS, day_band
from dashboard.days import days
from dashboard.figures import Figures, total
from dashboard.tables import FIGURES
from dashboard.views import band_drawing
from dashboard.words import words

BERLIN = ZoneInfo("Europe/Berlin")
DAY = days(date(2026, 6, 1), 1, BERLIN)
HOUR_MS = 3_600_000


def minute(at_ms: int, judged: int = 600, slouched: int = 0) -> Any:
    counts = dict.fromkeys(FIGURES, 0) | {"ticks": 600, "judged": judged, "slouched": slouched}
    counts["upright"] = judged - slouched
    return SimpleNamespace(start_utc_ms=at_ms, end_utc_ms=at_ms + 60_000, **counts)


def at(hour: float) -> int:
    return DAY.start_utc_ms + int(hour * HOUR_MS)


def test_a_gap_in_the_record_is_a_gap_in_the_band() -> None:
    band = day_band([minute(at(9)), minute(at(11))], [], DAY, at(30))
    assert band is not None
    assert [(c.stretch.start_utc_ms - DAY.start_utc_ms) / HOUR_MS for c in band.columns] == [9, 11]
    assert len(band_drawing(band).columns) == 2


def test_unknown_time_is_drawn_as_unknown_and_never_as_upright() -> None:
    band = day_band([minute(at(9), judged=0)], [], DAY, at(30))
    assert band is not None
    drawing = band_drawing(band)
    assert drawing.paths["upright"] == drawing.paths["slouched"] == ""
    [(_, _, _, height)] = drawing.unknown
    assert height == 100.0


def test_a_band_shows_whole_hours_and_not_too_few() -> None:
    band = day_band([minute(at(9.5))], [], DAY, at(30))
    assert band is not None
    assert band.stretch.start_utc_ms == at(9)
    assert (band.stretch.end_utc_ms - band.stretch.start_utc_ms) == LEAST_HOURS * HOUR_MS
    late = day_band([minute(at(23.9))], [], DAY, at(30))
    assert late is not None
    assert late.stretch.end_utc_ms == DAY.end_utc_ms


def test_a_day_without_a_record_has_no_band() -> None:
    assert day_band([], [], DAY, at(12)) is None


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 600), st.integers(0, 600)), max_size=60))
def test_the_columns_of_a_band_add_up_to_the_day(picked: list[tuple[int, int, int]]) -> None:
    rows = [minute(at(n / 60), judged, min(judged, slouched)) for n, judged, slouched in sorted(picked)]
    band = day_band(rows, [], DAY, at(30))
    columns = band.columns if band else []
    assert total(column.figures for column in columns) == total(map(Figures.of, rows))


def test_a_share_without_judged_time_is_no_number() -> None:
    nothing = Figures(ticks=600)
    assert nothing.upright_share is None
    assert nothing.slouches_per_hour is None
    assert nothing.correction_mean_s is None
    assert words("en").percent(nothing.upright_share) == "–"


def test_a_rate_needs_ten_judged_minutes() -> None:
    assert Figures(ticks=5990, judged=5990, slouches=3).slouches_per_hour is None
    assert Figures(ticks=6000, judged=6000, slouches=3).slouches_per_hour == 18.0


def test_a_line_breaks_where_nothing_is_known_and_a_lone_point_is_still_seen() -> None:
    path = charts.line([(0, 10), (10, 20), (20, None), (30, 5), (90, 7)], reach=15)
    assert path == "M0 10L10 20M26.2 5L33.8 5M86.2 7L93.8 7"
