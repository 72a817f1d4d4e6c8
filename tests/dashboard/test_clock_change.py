"""The night of autumn in which clocks go back, through the whole product: 02:00 to 03:00 comes twice."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from dashboard.app import Server, build
from dashboard.days import utc_ms
from dashboard.exercises.times import choose_times, take_due
from dashboard.history import Period, Span, look
from dashboard.ingest import FIRST_WEARER
from dashboard.settings import Settings
from dashboard.store import Store
from dashboard.words import words
from firmware_py.exercise_file import load
from firmware_py.posture.messages import Anchor, Encoder

from .seed import BERLIN, Sitter
from .test_history import hours_of
from .test_ingest import told

SUNDAY = date(2026, 10, 25)
MIDNIGHT = datetime(2026, 10, 25, tzinfo=BERLIN)
MINUTES = 300  # from 00:00 to 04:00 by the clock


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def night(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard that holds one session over the change."""
    url: Callable[[], str] = (
        (lambda: "") if request.param == "sqlite" else request.getfixturevalue("postgresql")
    )
    folder = tmp_path_factory.mktemp(request.param)
    settings = Settings(folder, port=0, broker=None, timezone="Europe/Berlin", language="en", database=url())
    dashboard = build(settings)
    encoder = Encoder("back", "night", simulated=True)
    messages = [encoder.anchor(Anchor(0.0, MIDNIGHT.timestamp(), trusted=True))]
    messages += [encoder.encode(event) for event in Sitter(1).session("night", 1, 0.0, MINUTES, 0.0)]
    dashboard.ingest.take(told(*messages))
    server = Server(dashboard)
    server.start()
    yield server
    server.stop()


def read(server: Server, path: str) -> str:
    answer = httpx.get(server.address + path)
    assert answer.status_code == 200, path
    return answer.text


def table(server: Server, name: str, first: date = SUNDAY, last: date = SUNDAY) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(read(server, f"api/v1/{name}.csv?from={first}&to={last}"))))


def headings(page: str) -> list[list[str]]:
    """What the rows of each table are called."""
    bodies = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    return [re.findall(r'<th scope="row">(?:<a[^>]*>)?([^<]*)', body) for body in bodies]


def test_each_row_of_a_file_says_when_it_was_and_none_is_lost(night: Server) -> None:
    rows = table(night, "minutes")
    starts = [datetime.fromisoformat(row["start"]) for row in rows]
    assert [at.astimezone(UTC) for at in starts] == [
        MIDNIGHT.astimezone(UTC) + timedelta(minutes=n) for n in range(MINUTES)
    ]
    assert len({row["start"] for row in rows}) == MINUTES
    [day], [session] = table(night, "days"), table(night, "sessions")
    assert float(day["recorded_s"]) == float(session["recorded_s"]) == 60.0 * MINUTES
    assert (session["start"][11:16], session["end"][11:16]) == ("00:00", "04:00")


def test_the_days_before_and_after_have_no_part_of_it(night: Server) -> None:
    week = table(night, "days", SUNDAY - timedelta(days=7), SUNDAY + timedelta(days=7))
    assert [row["day"] for row in week] == [str(SUNDAY)]


def test_the_hour_that_comes_twice_stands_twice_in_the_day_and_each_is_an_hour(night: Server) -> None:
    page = read(night, f"history/day/{SUNDAY}")
    band, hours, *_ = headings(page)
    assert [name[:5] for name in band[24:48]] == 2 * [f"02:{m:02d}" for m in range(0, 60, 5)]
    assert len(set(band)) == len(band) == MINUTES // 5
    assert ">9</text>" in page  # a long day's chart names every third of its hours
    assert ">10</text>" not in page
    assert hours[:6] == ["00:00", "01:00", "02:00 CEST", "02:00 CET", "03:00", "04:00"]


@pytest.mark.parametrize("span", ["week", "month", "year"])
def test_a_longer_look_holds_all_of_it(night: Server, span: str) -> None:
    of_day = re.search(
        r'<dl class="counts">\s*<div><dt>[^<]*</dt><dd>([^<]*)', read(night, f"history/day/{SUNDAY}")
    )
    assert of_day is not None
    assert f"<dd>{of_day[1]}</dd>" in read(night, f"history/{span}/{SUNDAY}")


def test_the_minutes_of_a_session_are_told_apart(night: Server) -> None:
    [session] = table(night, "sessions")
    trace = headings(read(night, f"session/{session['device']}/{session['session']}"))[0]
    assert len(set(trace)) == len(trace) == MINUTES


def test_the_hours_of_a_day_add_up_to_the_day_and_none_is_longer_than_an_hour() -> None:
    for day, count in ((SUNDAY, 25), (date(2026, 3, 29), 23)):
        rows = hours_of(day, 0, count)
        seen = look(Period.around(Span.DAY, day), rows, [], BERLIN)
        assert [part.figures.judged_s for part in seen.parts] == [3600.0] * count
        assert [part.start_utc_ms for part in seen.parts] == [row.start_utc_ms for row in rows[::4]]


def test_only_a_time_that_comes_twice_names_its_zone() -> None:
    clock, second = words("en", 12).clock, datetime(2026, 10, 25, 2, 5, tzinfo=BERLIN, fold=1)
    assert clock(utc_ms(second.replace(fold=0)), BERLIN) == "2:05 a.m. CEST"
    assert clock(utc_ms(second), BERLIN) == "2:05 a.m. CET"
    assert clock(utc_ms(second.replace(hour=3)), BERLIN) == "3:05 a.m."
    assert clock(utc_ms(second.replace(hour=1)), BERLIN) == "1:05 a.m."
    island = ZoneInfo("Australia/Lord_Howe")
    assert clock(utc_ms(datetime(2026, 4, 5, 1, 45, tzinfo=island, fold=1)), island) == "1:45 a.m. UTC+10:30"


def test_a_day_that_a_zone_left_out_is_empty(tmp_path: Path) -> None:
    settings = Settings(tmp_path, port=0, broker=None, timezone="Pacific/Apia", language="en")
    server = Server(build(settings))
    server.start()
    for path in ("history/day/2011-12-30", "report?from=2011-12-30&to=2011-12-30"):
        read(server, path)
    server.stop()


def test_an_exercise_at_a_time_that_comes_twice_or_never_is_reminded_of_once(store: Store) -> None:
    for day in (SUNDAY, date(2026, 3, 29)):
        begin = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
        with store.writing(FIRST_WEARER) as connection:
            evening = (begin - timedelta(hours=2)).astimezone(BERLIN)
            choose_times(connection, FIRST_WEARER, "head_lift", ["02:30"], evening)
        looks = ((begin + timedelta(minutes=n)).astimezone(BERLIN) for n in range(0, 300, 5))
        due = [now for now in looks if take_due(store, load(), now, BERLIN)]
        assert len(due) == 1, day
