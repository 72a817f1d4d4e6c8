"""Exercises in the store and on the page: doses, times to be reminded at, sets that the page coached."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from dashboard.app import Dashboard, Server, build
from dashboard.days import days, utc_ms
from dashboard.exercises.clock import ExerciseClock
from dashboard.exercises.doses import DoneSet, Dose, PageSet, doses, put, sets_between, week
from dashboard.exercises.times import Timekeeper, choose_times, take_due, times_of
from dashboard.ingest import FIRST_WEARER, Ingest
from dashboard.settings import Settings
from dashboard.store import Store, sqlite_url
from firmware_py.exercise_file import load
from firmware_py.posture.exercise_words import ExerciseEnded, ExerciseOutcome, RemindExercise
from firmware_py.posture.messages import Anchor, Encoder

from .. import noon

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 3, 4)
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=BERLIN)
KNOWN = load()
FINISHED, WORSE = ExerciseOutcome.FINISHED, ExerciseOutcome.WORSE


def ended(t_s: float, exercise: str = "head_lift", seen: int = 4, by_time: int = 1) -> ExerciseEnded:
    return ExerciseEnded(
        t_s, exercise, 1, max(0.0, t_s - 90.0), FINISHED, 5, seen, by_time, 1, 21.5, 0.7, True
    )


def tell(ingest: Ingest, at: datetime, *events: ExerciseEnded, run: str = "20260304T080000Z-aaaa") -> None:
    encoder = Encoder("back", run)
    messages = [encoder.anchor(Anchor(0.0, at.timestamp(), trusted=True)), *map(encoder.encode, events)]
    ingest.take((message.topic, message.payload) for message in messages)


def by_page(name: str, at: datetime, by_time: int = 3, outcome: ExerciseOutcome = FINISHED) -> PageSet:
    end = utc_ms(at)
    return PageSet(name, end - 60_000, end, 5, by_time, outcome)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """A store at home; what differs between the databases is in the tests with `store`."""
    opened = Store(sqlite_url(tmp_path / "plumbline.db"))
    yield opened
    opened.close()


def stored(store: Store, first: date = TODAY, count: int = 1) -> list[DoneSet]:
    with store.reading(FIRST_WEARER) as connection:
        return sets_between(connection, FIRST_WEARER, days(first, count, BERLIN))


def test_what_device_and_page_coached_stands_side_by_side_in_order(store: Store) -> None:
    tell(Ingest(store), NOON, ended(600.0), ended(30.0, "scapular_retraction", 0, 5))
    with store.writing(FIRST_WEARER) as connection:
        assert put(connection, FIRST_WEARER, "head_lift", by_page("set-000001", NOON + timedelta(minutes=5)))
        assert not put(connection, FIRST_WEARER, "head_lift", by_page("set-000001", NOON))
    found = stored(store)
    assert [(one.exercise, one.device, one.done) for one in found] == [
        ("scapular_retraction", "back", 5),
        ("head_lift", None, 3),
        ("head_lift", "back", 5),
    ]
    device = found[-1]
    assert (device.seen, device.by_time, device.short, device.held_s) == (4, 1, 1, 21.5)
    assert device.start_utc_ms == device.end_utc_ms - 90_000
    assert found[0].held_s is None, "what nothing was measured of has no hold"
    assert found[1].held_s is None


def test_a_dose_is_of_the_local_day_on_which_its_set_ended(sqlite: Store) -> None:
    late = datetime(2026, 3, 4, 23, 59, tzinfo=BERLIN)
    tell(Ingest(sqlite), late, ended(30.0), ended(120.0))
    assert len(stored(sqlite)) == 1
    found = doses(stored(sqlite, TODAY, 2), BERLIN)
    assert [found[TODAY + timedelta(days=n), "head_lift"].repetitions for n in (0, 1)] == [5, 5]


def test_doses_add_up_and_leave_what_the_limit_leaves(sqlite: Store) -> None:
    tell(Ingest(sqlite), NOON, ended(100.0), ended(300.0, seen=0, by_time=3))
    dose = doses(stored(sqlite), BERLIN)[TODAY, "head_lift"]
    assert dose == Dose(repetitions=8, seen=4, sets=2)
    assert dose.left(KNOWN["head_lift"].exercise) == 2
    grid = week({(TODAY, "head_lift"): dose}, ["head_lift", "other"], TODAY, 3)
    assert [(day.day, [one.repetitions for one in row]) for day, row in grid] == [
        (4, [8, 0]),
        (3, [0, 0]),
        (2, [0, 0]),
    ]


@pytest.mark.parametrize(
    "wrong", [{"by_time": 6}, {"start_utc_ms": 2**52, "end_utc_ms": 1}, {"end_utc_ms": 2**52}]
)
def test_a_set_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    sensible: dict[str, Any] = {
        "set_id": "set-000001",
        "start_utc_ms": 0,
        "end_utc_ms": 60_000,
        "planned": 5,
        "by_time": 5,
    }
    with pytest.raises(ValueError, match=r"repetitions|lasts"):
        PageSet(**(sensible | wrong), outcome=FINISHED)


def choose(store: Store, exercise: str, *times: str, now: datetime = NOON) -> None:
    with store.writing(FIRST_WEARER) as connection:
        choose_times(connection, FIRST_WEARER, exercise, times, now)


def names_due(store: Store, now: datetime) -> list[str]:
    return [one.exercise for one in take_due(store, KNOWN, now, BERLIN)]


def test_a_chosen_time_comes_once_a_day(store: Store) -> None:
    choose(store, "head_lift", "15:00", "13:00", "15:00")
    with store.reading(FIRST_WEARER) as connection:
        assert times_of(connection, FIRST_WEARER) == {"head_lift": ["13:00", "15:00"]}
    assert names_due(store, NOON) == []
    assert names_due(store, NOON.replace(hour=13, minute=1)) == ["head_lift"]
    assert names_due(store, NOON.replace(hour=13, minute=2)) == []
    assert names_due(store, NOON.replace(hour=15)) == ["head_lift"]
    assert names_due(store, NOON.replace(day=5, hour=13)) == ["head_lift"]


def test_a_time_that_is_past_when_it_is_chosen_begins_tomorrow(sqlite: Store) -> None:
    choose(sqlite, "head_lift", "11:59", "12:00")
    assert names_due(sqlite, NOON.replace(minute=1)) == []
    assert names_due(sqlite, NOON.replace(day=5, minute=1)) == ["head_lift"]


def test_a_time_that_passed_while_nothing_ran_is_let_go(sqlite: Store) -> None:
    choose(sqlite, "head_lift", "13:00")
    assert names_due(sqlite, NOON.replace(hour=16)) == []
    assert names_due(sqlite, NOON.replace(hour=16, minute=1)) == []


def test_nobody_is_reminded_of_a_dose_that_is_done_or_that_made_something_worse(sqlite: Store) -> None:
    choose(sqlite, "head_lift", "13:00")
    choose(sqlite, "scapular_retraction", "13:00")
    tell(Ingest(sqlite), NOON, ended(60.0, seen=10, by_time=0))
    with sqlite.writing(FIRST_WEARER) as connection:
        put(connection, FIRST_WEARER, "scapular_retraction", by_page("set-000002", NOON, 1, WORSE))
    assert names_due(sqlite, NOON.replace(hour=13)) == []


@pytest.mark.parametrize("times", [("25:00",), ("9:30",), ("09:30", "10:30", "11:30", "12:30", "13:30")])
def test_times_that_are_none_are_refused_and_those_before_stay(sqlite: Store, times: tuple[str, ...]) -> None:
    choose(sqlite, "head_lift", "13:00")
    with pytest.raises(ValueError, match="at most 4"):
        choose(sqlite, "head_lift", *times)
    with sqlite.reading(FIRST_WEARER) as connection:
        assert times_of(connection, FIRST_WEARER) == {"head_lift": ["13:00"]}


def test_the_wearers_own_devices_are_asked_to_remind(sqlite: Store) -> None:
    tell(Ingest(sqlite), NOON, ended(60.0, "scapular_retraction"))
    choose(sqlite, "head_lift", "13:00")
    asked: list[tuple[str, RemindExercise]] = []

    async def remind(device: str, request: RemindExercise) -> None:
        asked.append((device, request))

    keeper = Timekeeper(sqlite, KNOWN, BERLIN, remind, lambda: NOON.replace(hour=13, minute=3))
    # In a thread of its own: the browser of other tests keeps a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        due = thread.submit(lambda: asyncio.run(keeper.look())).result()
    assert [one.exercise for one in due] == ["head_lift"]
    assert asked == [("back", RemindExercise(0.0, "head_lift"))]


def test_of_two_workers_one_reminds(postgresql: Callable[[], str]) -> None:
    url = postgresql()
    stores = [Store(url) for _ in range(2)]
    tell(Ingest(stores[0]), NOON, ended(60.0, "scapular_retraction"))
    for key in ("head_lift", "scapular_retraction"):
        choose(stores[0], key, "13:00")
    asked: list[str] = []
    now = NOON.replace(hour=13, minute=3)
    clocks = [
        ExerciseClock(store, KNOWN, BERLIN, lambda request: asked.append(request.topic), lambda: now)
        for store in stores
    ]
    with ThreadPoolExecutor(2) as pool:
        due = [one for found in pool.map(lambda clock: clock.look(), clocks * 2) for one in found]
    for store in stores:
        store.close()
    assert sorted(one.exercise for one in due) == ["head_lift", "scapular_retraction"]
    assert asked == ["plumbline/v1/back/command"] * 2


# The pages


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """One dashboard for this file, served at the address in its settings."""
    folder = tmp_path_factory.mktemp("home")
    made = build(Settings(folder, port=0, broker=None, timezone=noon.NOON, language="en"))
    server = Server(made)
    server.start()
    made.settings = dataclasses.replace(made.settings, url=server.address)
    yield made
    server.stop()


@pytest.fixture
def client(home: Dashboard) -> Iterator[httpx.Client]:
    """Asks a dashboard in which nothing is on record."""
    with httpx.Client(base_url=home.settings.url) as made:
        assert made.post("/data/erase", data={"sure": "yes"}).status_code == 303
        yield made


def now_utc_ms(ago_s: float = 0.0) -> int:
    return utc_ms(datetime.now(UTC)) - round(1000 * ago_s)


def post_set(client: httpx.Client, **changes: object) -> httpx.Response:
    body = {
        "set_id": "0123456789abcdef",
        "start_utc_ms": now_utc_ms(90),
        "end_utc_ms": now_utc_ms(),
        "planned": 10,
        "by_time": 4,
    }
    return client.post("/exercises/head_lift/done", json=body | {"outcome": "finished"} | changes)


def test_a_set_of_the_page_is_stored_once_and_stands_on_it(client: httpx.Client) -> None:
    assert "0 of at most 10 today" in client.get("/exercises").text
    assert post_set(client).json() == {"stored": True}
    assert post_set(client).json() == {"stored": False}
    page = client.get("/exercises").text
    assert "4 of at most 10 today" in page
    assert "0 seen by the sensor, 4 counted by time" in page


@pytest.mark.parametrize(
    "wrong", [{"by_time": 11}, {"outcome": "great"}, {"end_utc_ms": 2**52}, {"set_id": "'"}, {"seen": 3}]
)
def test_a_set_that_makes_no_sense_is_refused(client: httpx.Client, wrong: dict[str, object]) -> None:
    assert post_set(client, **wrong).status_code == 400
    assert "0 of at most 10 today" in client.get("/exercises").text


def test_at_the_daily_limit_there_is_nothing_to_begin(client: httpx.Client) -> None:
    post_set(client, by_time=10)
    assert "That is the limit for one day." in client.get("/exercises").text
    assert 'id="coach-start" class="primary" hidden' in client.get("/exercises/head_lift").text


def test_what_made_something_worse_is_noted_beside_when_to_get_help(client: httpx.Client) -> None:
    post_set(client, by_time=2, outcome="worse")
    page = client.get("/exercises").text
    assert "You noted today that it makes something worse." in page
    assert 'href="/help"' in page
    assert client.get("/help").status_code == 200


def test_times_are_chosen_by_a_plain_form(client: httpx.Client) -> None:
    answer = client.post("/exercises/head_lift/times", data={"at_0": "15:30", "at_1": "", "at_2": "09:15"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/exercises?told=times#head_lift")
    assert "Remind me: 09:15, 15:30" in client.get("/exercises").text
    refused = client.post("/exercises/head_lift/times", data={"at_0": "noon"})
    assert "told=unclear" in refused.headers["location"]
    assert "09:15, 15:30" in client.get("/exercises").text


def test_what_is_not_there_is_not_found(client: httpx.Client) -> None:
    assert client.get("/exercises/handstand").status_code == 404
    assert client.post("/exercises/handstand/done", json={}).status_code == 404
    asked = client.post("/exercises/head_lift/ask", data={"device": "somebodys", "action": "start"})
    assert asked.status_code == 404, "nobody's device but one's own can be asked"


def test_without_script_a_page_shows_steps_doses_and_drawings(client: httpx.Client) -> None:
    page = client.get("/exercises").text
    for described in KNOWN.values():
        assert described.wording("en").name in page
        assert all(step in page for step in described.wording("en").steps)
    assert page.count('<svg class="person moves"') == 2


def test_sets_go_into_the_archive_come_back_and_can_be_erased(home: Dashboard, client: httpx.Client) -> None:
    tell(home.ingest, datetime.now(UTC) - timedelta(minutes=9), ended(60.0))
    post_set(client)
    today = noon.today()
    archived = client.get("/api/v1/archive.jsonl").content
    heads, *rows = client.get(f"/api/v1/exercises.csv?from={today}&to={today}").text.splitlines()
    assert heads.startswith("exercise,device,start,end")
    assert len(rows) == 2
    assert client.post("/data/erase", data={"sure": "yes"}).status_code == 303
    assert "0 of at most 10 today" in client.get("/exercises").text
    for _ in range(2):
        assert client.post("/data/restore", content=archived).status_code == 303
        assert "9 of at most 10 today" in client.get("/exercises").text
