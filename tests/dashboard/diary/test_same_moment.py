"""Two edits of one entry in the same moment, on a real PostgreSQL: neither is lost without a word."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import text

from dashboard.diary import entries
from dashboard.diary.entries import Outcome, Put
from dashboard.diary.symptoms import Entry
from dashboard.exercises import doses
from dashboard.store import Store
from firmware_py.posture.exercise_words import ExerciseOutcome

from ..conftest import wait_until
from .test_entries import entry

wearers = itertools.count(1)


@pytest.fixture(scope="module")
def store(postgresql: Callable[..., str]) -> Iterator[Store]:
    opened = Store(postgresql())
    yield opened
    opened.close()


@pytest.fixture
def wearer() -> int:
    """Somebody whom the store does not know yet."""
    return next(wearers)


def put(store: Store, wearer: int, version: Entry, based_on: str | None) -> Put:
    with store.writing(wearer) as connection:
        return entries.put(connection, wearer, version, based_on)


def waits(store: Store) -> bool:
    """Whether somebody waits for another's transaction."""
    with store.engine.connect() as connection:
        found = connection.execute(text("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
        return found.first() is not None


def put_at_once(
    store: Store, wearer: int, first: Entry, second: Entry, based_on: str | None
) -> tuple[Put, Put]:
    """Put the second while the first is put and not committed yet."""
    with ThreadPoolExecutor(1) as other:
        with store.writing(wearer) as connection:
            one = entries.put(connection, wearer, first, based_on)
            later: Future[Put] = other.submit(put, store, wearer, second, based_on)
            wait_until(lambda: waits(store) or later.done(), "the second edit's turn")
        return one, later.result(20.0)


def stored(store: Store, wearer: int) -> list[Entry]:
    with store.reading(wearer) as connection:
        return entries.entries_between(connection, wearer, date(2026, 1, 1), date(2027, 1, 1))


def test_of_two_edits_at_one_moment_one_holds_and_its_writer_is_told_of_the_other(
    store: Store, wearer: int
) -> None:
    put(store, wearer, entry(), None)
    weaker, stronger = entry(strength=2, edited_utc_ms=2000), entry(strength=7, edited_utc_ms=2000)
    one, two = put_at_once(store, wearer, weaker, stronger, entry().version)
    assert one == Put(Outcome.STORED, weaker)
    assert two == Put(Outcome.REPLACED, stronger, weaker)
    assert stored(store, wearer) == [stronger]


def test_the_later_of_two_edits_holds_though_it_came_first(store: Store, wearer: int) -> None:
    put(store, wearer, entry(), None)
    late, early = entry(strength=7, edited_utc_ms=3000), entry(strength=2, edited_utc_ms=2000)
    one, two = put_at_once(store, wearer, late, early, entry().version)
    assert one == Put(Outcome.STORED, late)
    assert two == Put(Outcome.OUTDATED, late, early)
    assert stored(store, wearer) == [late]


def test_a_new_entry_that_comes_twice_at_once_is_there_once_and_its_wearer_too(
    store: Store, wearer: int
) -> None:
    one, two = put_at_once(store, wearer, entry(), entry(), None)
    assert (one.outcome, two.outcome) == (Outcome.STORED, Outcome.KNOWN)
    assert stored(store, wearer) == [entry()]


def test_a_set_of_an_exercise_that_comes_twice_at_once_is_there_once(store: Store, wearer: int) -> None:
    done = doses.PageSet("set-00000001", 1_000, 61_000, 5, 5, ExerciseOutcome.FINISHED)

    def note() -> bool:
        with store.writing(wearer) as connection:
            return doses.put(connection, wearer, "head_lift", done)

    with ThreadPoolExecutor(1) as other:
        with store.writing(wearer) as connection:
            assert doses.put(connection, wearer, "head_lift", done)
            again = other.submit(note)
            wait_until(lambda: waits(store) or again.done(), "the second one's turn")
        assert again.result(20.0) is False
