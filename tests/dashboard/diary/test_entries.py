"""The diary in the store: whatever comes twice or in another order, the last edit holds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard import archive
from dashboard.diary import entries
from dashboard.diary.body_map import PLACES, REGIONS, VIEWS
from dashboard.diary.entries import Outcome
from dashboard.diary.symptoms import MAX_WORDS, BroughtOn, Deleted, Entry, Kind, Relief, Since, decoded, made
from dashboard.store import Store, sqlite_url
from dashboard.words import LANGUAGES, words
from firmware_py.hardware.twin.wearer_diary import simulated_diary

from ..seed import BERLIN

ID = "0f0e0d0c-0b0a-4908-8706-050403020100"
DAY = date(2026, 3, 3)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """SQLite; both databases are held against one another by the first test."""
    opened = Store(sqlite_url(tmp_path / "diary.db"))
    yield opened
    opened.close()


def entry(**changed: Any) -> Entry:
    fields: dict[str, Any] = {"entry_id": ID, "day": "2026-03-03", "kind": "pain", "edited_utc_ms": 1000}
    return made(fields | changed)


def stored(store: Store, wearer: int = 1) -> list[Entry]:
    with store.reading(wearer) as connection:
        return entries.entries_between(connection, wearer, date(2026, 1, 1), date(2027, 1, 1))


def put(
    store: Store, version: Entry | Deleted, based_on: int | str | None = None, wearer: int = 1
) -> entries.Put:
    """Put it in; `based_on` is a version's name, or its time alone."""
    with store.writing(wearer) as connection:
        return entries.put(connection, wearer, version, None if based_on is None else str(based_on))


def test_an_entry_comes_back_as_it_went_in_from_either_database(database_url: str) -> None:
    store = Store(database_url)
    whole = entry(
        time="14:05",
        places=["between_shoulder_blades", "hand_back_left"],
        strength=0,
        since="2026-02-01",
        brought_on=["sitting", "screen"],
        relief=["warmth"],
        words='Zieht bis in die Hand.\nSeit dem Umzug: "schwere" Kisten 📦',
    )
    assert put(store, whole).outcome is Outcome.STORED
    assert stored(store) == [whole]
    assert put(store, whole).outcome is Outcome.KNOWN
    late = entry(time="09:00", edited_utc_ms=2000)
    assert put(store, late, 1000).outcome is Outcome.STORED
    untimed = entry(entry_id=ID[:-1] + "1")
    put(store, untimed)
    assert stored(store) == [untimed, late]
    with store.reading(1) as connection:
        assert entries.latest_entries(connection, 1, date(2026, 3, 4), 1) == [late, untimed]
        assert entries.extent(connection, 1) == (DAY, DAY)
    put(store, Deleted(entry_id=ID, edited_utc_ms=3000))
    assert stored(store) == [untimed]
    store.close()


def test_of_two_edits_the_later_holds_and_the_other_is_told(store: Store) -> None:
    put(store, entry())
    late, early = entry(strength=7, edited_utc_ms=3000), entry(strength=2, edited_utc_ms=2000)
    assert put(store, late, 1000).outcome is Outcome.STORED
    became = put(store, early, 1000)
    assert became == entries.Put(Outcome.OUTDATED, late, early)
    later_still = entry(strength=4, edited_utc_ms=4000)
    assert put(store, later_still, 1000) == entries.Put(Outcome.REPLACED, later_still, late)
    assert stored(store) == [later_still]


def test_an_edit_of_what_is_there_holds_even_where_its_clock_is_behind(store: Store) -> None:
    put(store, entry(edited_utc_ms=9000))
    assert put(store, entry(strength=3, edited_utc_ms=10), 9000).outcome is Outcome.STORED
    assert [one.strength for one in stored(store)] == [3]


def test_of_two_edits_of_one_moment_an_edit_says_which_it_had_seen(database_url: str) -> None:
    store = Store(database_url)
    put(store, entry())
    weaker, stronger = (entry(strength=n, edited_utc_ms=2000) for n in (2, 7))
    put(store, weaker, entry().version)
    assert put(store, stronger, entry().version) == entries.Put(Outcome.REPLACED, stronger, weaker)
    of_weaker, of_stronger = (entry(words=words, edited_utc_ms=3000) for words in ("weaker", "stronger"))
    assert put(store, of_weaker, weaker.version) == entries.Put(Outcome.REPLACED, of_weaker, stronger)
    put(store, stronger, of_weaker.version)
    assert stored(store)[0].strength == 7
    assert put(store, of_stronger, stored(store)[0].version).outcome is Outcome.STORED
    store.close()


def test_what_was_deleted_stays_deleted_and_leaves_no_word(store: Store) -> None:
    put(store, entry(words="private"))
    put(store, Deleted(entry_id=ID, edited_utc_ms=2000))
    assert put(store, entry(words="private", edited_utc_ms=1500)).outcome is Outcome.OUTDATED
    assert stored(store) == []
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM symptoms").mappings().all()
    assert "private" not in str(rows)
    assert [row["kind"] for row in rows] == [None]


def test_one_wearers_entry_is_never_anothers_even_under_the_same_id(store: Store) -> None:
    put(store, entry(words="mine"), wearer=1)
    put(store, entry(words="theirs", edited_utc_ms=9), wearer=2)
    assert [one.words for one in stored(store, 1)] == ["mine"]
    assert [one.words for one in stored(store, 2)] == ["theirs"]


VERSIONS = st.one_of(
    st.builds(
        lambda strength, kind, at: entry(strength=strength, kind=kind, edited_utc_ms=at),
        st.integers(0, 3),
        st.sampled_from(list(Kind)[:2]),
        st.integers(1, 3),
    ),
    st.builds(lambda at: Deleted(entry_id=ID, edited_utc_ms=at), st.integers(1, 3)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=st.lists(VERSIONS, min_size=1, max_size=4), again=st.integers(0, 3))
def test_the_order_of_arrival_never_matters(
    store: Store, versions: list[Entry | Deleted], again: int
) -> None:
    results = []
    for wearer, order in enumerate(itertools.islice(itertools.permutations(versions), 6), 1):
        with store.engine.connect() as connection:  # never committed
            for version in (*order, order[again % len(order)]):
                entries.put(connection, wearer, version)
            found = entries.entries_between(connection, wearer, date(2026, 1, 1), date(2027, 1, 1))
        results.append([(one.kind, one.strength) for one in found])
    assert results.count(results[0]) == len(results)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "fatigue"},
        {"strength": 11},
        {"strength": -1},
        {"day": "2026-02-30"},
        {"time": "24:00"},
        {"since": "2026-03-04"},
        {"since": "2026-13-01"},
        {"since": "ages"},
        {"places": ["left ear"]},
        {"brought_on": ["posture"]},
        {"words": "x" * (MAX_WORDS + 1)},
        {"words": "a\x00b"},
        {"entry_id": "1"},
        {"entry_id": f"{ID}\n"},
        {"score": 3},
    ],
    ids=str,
)
def test_what_is_no_entry_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        entry(**wrong)


def test_choices_stand_once_and_in_the_order_of_their_list() -> None:
    body = entry(places=["elsewhere", "head_back", "elsewhere"], words="  so \n")
    assert body.places == ("head_back", "elsewhere")
    assert body.words == "so"
    assert decoded(msgspec.json.encode(body)) == body


def test_every_choice_has_its_words_in_every_language() -> None:
    for language in LANGUAGES:
        t = words(language)
        for prefix, choices in (
            ("place", PLACES),
            ("symptom", Kind),
            ("brought_on", BroughtOn),
            ("relief", Relief),
            ("since", Since),
        ):
            assert [choice for choice in choices if not t.has(f"{prefix}.{choice}")] == []
        assert all(t.has(f"since.said_{since}") for since in Since)
        assert len({t(f"place.{place}") for place in PLACES}) == len(PLACES)


def test_left_and_right_are_the_wearers_own_in_both_views() -> None:
    for view in VIEWS:
        for region in (region for region in REGIONS if region.view == view):
            if region.key.endswith("_left"):
                # From behind the wearer's left is on the reader's left, from the front on the right.
                assert (region.x < 110) == (view == "back"), region.key
            elif region.key.endswith("_right"):
                assert (region.x > 110) == (view == "back"), region.key
            else:
                assert region.x == 110


def test_the_diary_goes_with_the_archive_and_comes_back_once(store: Store, tmp_path: Path) -> None:
    for one in (entry(words="a"), entry(entry_id=ID[:-1] + "1", kind="tingling", simulated=True)):
        put(store, one)
    put(store, entry(entry_id=ID[:-1] + "2"))
    put(store, Deleted(entry_id=ID[:-1] + "2", edited_utc_ms=5000))
    with store.reading(1) as connection:
        lines = list(archive.archive(connection, 1))
    other = Store(sqlite_url(tmp_path / "other.db"))
    assert archive.restore(other, 1, lines).stored == 2
    assert archive.restore(other, 1, lines).repeated == 2
    assert stored(other) == stored(store)
    assert archive.restore(other, 1, [b'{"topic":"diary","message":{"kind":"pain"}}\n']).rejected == 1
    archive.erase(other, 1)
    assert stored(other) == []
    other.close()


def test_a_simulated_diary_is_an_entry_for_an_entry_a_diary_and_says_what_it_is() -> None:
    made_up = list(simulated_diary(30, until=DAY, zone=BERLIN))
    found = [made(fields) for fields in made_up]
    assert len(found) > 10
    assert all(one.simulated for one in found)
    assert len({one.entry_id for one in found}) == len(found)
    assert made_up == list(simulated_diary(30, until=DAY, zone=BERLIN))


def test_a_simulated_diary_in_another_language_differs_in_the_wearers_own_words_alone() -> None:
    english = list(simulated_diary(30, until=DAY, zone=BERLIN))
    german = list(simulated_diary(30, until=DAY, zone=BERLIN, language="de"))
    assert [one | {"words": ""} for one in german] == [one | {"words": ""} for one in english]
    pairs = {(one["words"], other["words"]) for one, other in zip(english, german, strict=True)}
    assert len(pairs) > 3
    assert all((one == "") == (other == "") and (one != other or one == "") for one, other in pairs)
