"""A programme's owner never learns of one person, not even by comparing what is told."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from dashboard.people import programme
from dashboard.people.programme import LEAST_PEOPLE, PersonWeek, figures, rounded_people
from dashboard.people_tables import accounts, programme_members, programme_weeks
from dashboard.store import Store
from dashboard.tables import FIGURES, days, devices, wearers
from dashboard.visitor import Role

from .town import Town

MONDAY = date(2026, 6, 15)
TODAY = MONDAY + timedelta(days=7 + 4)  # the week is over and has settled
HOUR = 36_000  # ticks

person_weeks = st.builds(
    PersonWeek,
    judged_h=st.floats(2, 80),
    upright=st.floats(0, 1),
    slouches_per_h=st.floats(0, 60),
    corrected=st.none() | st.floats(0, 1),
)


@given(st.lists(person_weeks, max_size=9))
def test_of_fewer_than_ten_nothing_at_all_is_told(people: list[PersonWeek]) -> None:
    assert set(figures(people).values()) == {None}


@given(st.lists(person_weeks, min_size=10, max_size=60))
def test_what_is_told_is_whole_numbers_over_a_count_in_fives(people: list[PersonWeek]) -> None:
    told = figures(people)
    assert told["people"] is not None
    assert LEAST_PEOPLE <= told["people"] <= len(people)
    assert told["people"] % 5 == 0
    assert all(value is None or isinstance(value, int) for value in told.values())
    reminded = [person for person in people if person.corrected is not None]
    assert (told["corrected_percent"] is None) == (len(reminded) < LEAST_PEOPLE)


@given(st.lists(person_weeks, min_size=11, max_size=30), st.floats(2, 10_000))
def test_wearing_it_longer_does_not_make_anybody_stand_out(people: list[PersonWeek], hours: float) -> None:
    first = people[0]
    longer = [PersonWeek(hours, first.upright, first.slouches_per_h, first.corrected), *people[1:]]
    same = ("people", "upright_percent", "slouches_per_h", "corrected_percent")
    assert [figures(longer)[name] for name in same] == [figures(people)[name] for name in same]


@given(st.integers(0, 10_000))
def test_a_count_never_tells_whether_one_joined(count: int) -> None:
    told = rounded_people(count)
    assert told is None if count < LEAST_PEOPLE else told == count - count % 5


@pytest.fixture
def study(store: Store) -> int:
    """A programme that was there before the week."""
    with store.at_the_door(writes=True) as connection:
        row = {"name": "otto", "label": "Otto", "role": Role.OWNER, "made_utc_ms": 0}
        made = connection.execute(insert(accounts).values(row).returning(accounts.c.account_id))
        owner: int = made.scalar_one()
    return programme.make(store, "Desks", owner)


def add_people(
    store: Store,
    study: int,
    count: int,
    *,
    judged: int = 10 * HOUR,
    since: date = MONDAY,
    simulated: bool = False,
) -> list[int]:
    """Members with a sum of the week's Tuesday each; their ids."""
    added = []
    at_ms = round(datetime(2026, 6, 16, tzinfo=UTC).timestamp() * 1000)
    since_ms = round(datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp() * 1000)
    with store.engine.execution_options(writes=True).begin() as connection:
        first = len(connection.execute(select(wearers)).all()) + 2
        for wearer_id in range(first, first + count):
            connection.execute(insert(wearers).values(wearer_id=wearer_id, name=""))
            device = {"name": f"d{wearer_id}", "label": "", "wearer_id": wearer_id, "simulated": simulated}
            made = connection.execute(insert(devices).values(device).returning(devices.c.device_id))
            sums = dict.fromkeys(FIGURES, 0) | {"judged": judged, "upright": judged // 2, "slouches": 30}
            row = {
                "device_id": made.scalar_one(),
                "start_utc_ms": at_ms,
                "wearer_id": wearer_id,
                "tally": "{}",
            }
            connection.execute(insert(days).values(row | sums))
            member = {"wearer_id": wearer_id, "programme_id": study, "since_utc_ms": since_ms}
            connection.execute(insert(programme_members).values(member))
            added.append(wearer_id)
    return added


def told(store: Store, study: int, today: date = TODAY) -> dict[str, tuple[int | None, ...]]:
    return {row.week: tuple(row)[2:] for row in programme.weeks_of(store, study, today)}


def test_ten_people_are_told_of_and_nine_are_not(store: Store, study: int) -> None:
    add_people(store, study, 9)
    assert set(told(store, study)["2026-06-15"]) == {None}
    with store.at_the_door(writes=True) as connection:
        connection.execute(delete(programme_weeks))
    add_people(store, study, 1)
    assert told(store, study)["2026-06-15"] == (10, 50, 10, 3, None)


def test_a_week_is_told_once_so_leaving_changes_nothing_that_could_be_compared(
    store: Store, study: int
) -> None:
    people = add_people(store, study, 11)
    before = told(store, study)
    assert before["2026-06-15"][0] == 10
    with store.at_the_door(writes=True) as connection:
        programme.leave(connection, people[0])
    with store.engine.execution_options(writes=True).begin() as connection:
        connection.execute(update(days).values(upright=0))
    assert told(store, study) == before


def test_a_week_is_not_told_before_devices_had_time_to_deliver(store: Store, study: int) -> None:
    add_people(store, study, 10)
    assert "2026-06-15" not in told(store, study, MONDAY + timedelta(days=7 + 2))
    assert "2026-06-15" in told(store, study, MONDAY + timedelta(days=7 + 3))


@pytest.mark.parametrize(
    "other",
    [
        {"since": MONDAY + timedelta(days=1)},
        {"judged": HOUR},
        {"simulated": True},
    ],
    ids=["joined in mid-week", "hardly wore it", "simulated"],
)
def test_who_does_not_count_does_not_make_the_tenth(store: Store, study: int, other: dict[str, Any]) -> None:
    add_people(store, study, 9)
    add_people(store, study, 5, **other)
    assert set(told(store, study)["2026-06-15"]) == {None}


def test_two_programmes_never_share_a_person(store: Store, study: int) -> None:
    [wearer] = add_people(store, study, 1)
    with store.at_the_door(writes=True) as connection:
        owner = connection.scalar(select(accounts.c.account_id))
    assert owner is not None
    another = programme.make(store, "Chairs", owner)
    with store.at_the_door(writes=True) as connection:
        programme.join(connection, wearer, another)
        found = programme.membership_of(connection, wearer)
        assert found.programme_id == another
        assert programme.about_how_many(connection, study) is None


def test_a_wearer_takes_part_by_an_own_decision_and_leaves(town: Town) -> None:
    otto, anna = town.person("otto", Role.OWNER), town.person("anna")
    number = programme.make(town.dashboard.store, "Desk study", otto.account_id)
    assert "Fewer than 10 people take part." in otto.get("/programme").text
    [link] = set(
        re.findall(r'href="[^"]+(/take-part\?code=[\w-]+)"', otto.post(f"/programme/{number}/invite").text)
    )
    assert "Desk study invites you." in anna.get(link).text
    code = link.partition("code=")[2]
    assert anna.post("/take-part", code=code).status_code == 303
    assert "You take part in Desk study" in anna.get("/who").text
    assert otto.post("/take-part", code=code).status_code == 403
    assert "Anna" not in otto.get("/programme").text
    anna.post("/who/programme/leave")
    assert "Desk study" not in anna.get("/who").text


def test_an_owner_sees_only_own_programmes(town: Town) -> None:
    otto, ida = town.person("otto", Role.OWNER), town.person("ida", Role.OWNER)
    number = programme.make(town.dashboard.store, "Desk study", otto.account_id)
    assert "Desk study" not in ida.get("/programme").text
    assert ida.post(f"/programme/{number}/invite").status_code == 404
    assert town.person("anna").get("/programme").status_code == 404
