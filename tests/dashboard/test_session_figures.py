"""A session's figures are the sums of its minutes, whatever came in which order, how often and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from dashboard.archive import erase
from dashboard.handover import give
from dashboard.ingest import Ingest
from dashboard.store import Store, sqlite_url
from dashboard.tables import FIGURES, FIRST_WEARER, UNCLAIMED, devices, minutes, sessions, wearers
from firmware_py.posture.events import MinutePassed, SessionEnded, SessionStarted, SessionSummary
from firmware_py.posture.messages import Anchor, Encoder
from firmware_py.posture.tally import Tally

from .test_ingest import told

T0_S = 1_700_000_000.0


def figures(store: Store) -> dict[tuple[int, str], tuple[int, ...]]:
    """Of every session, as they stand beside it."""
    with store.engine.connect() as connection:
        columns = (sessions.c[name] for name in FIGURES)
        found = connection.execute(select(sessions.c.device_id, sessions.c.session, *columns))
        return {(row[0], row[1]): tuple(row[2:]) for row in found}


def sums(store: Store) -> dict[tuple[int, str], tuple[int, ...]]:
    """Of every session that has minutes, by the database."""
    keys = (minutes.c.device_id, minutes.c.session)
    with store.engine.connect() as connection:
        columns = (func.sum(minutes.c[name]) for name in FIGURES)
        found = connection.execute(select(*keys, *columns).group_by(*keys))
        return {(row[0], row[1]): tuple(row[2:]) for row in found}


def agree(store: Store) -> bool:
    """Whether both say the same; a session without minutes has no figures."""
    stored, counted = figures(store), sums(store)
    nothing = (0,) * len(FIGURES)
    return counted.keys() <= stored.keys() and all(stored[key] == counted.get(key, nothing) for key in stored)


def a_run(
    device: str, run: str, tallies: Sequence[tuple[int, int, int]], t0_s: float = T0_S
) -> list[tuple[str, bytes]]:
    """An anchor, a start, minutes of (judged, upright, slouches), an end."""
    encoder = Encoder(device, run)
    out = [
        encoder.anchor(Anchor(0.0, t0_s, trusted=True)),
        encoder.encode(SessionStarted(0.0, f"{run}-1", 1)),
    ]
    whole = Tally()
    for n, (judged, upright, slouches) in enumerate(tallies):
        posture = {"upright": min(upright, judged), "slouched": judged - min(upright, judged)}
        tally = Tally(ticks=600, judged=judged, posture=posture, slouches=slouches)
        whole += tally
        out.append(encoder.encode(MinutePassed(60.0 * n + 60, 60.0 * n, tally)))
    out.append(
        encoder.encode(
            SessionEnded(60.0 * len(tallies), SessionSummary(f"{run}-1", 0.0, 60.0 * len(tallies), 1, whole))
        )
    )
    return told(*out)


TALLIES = st.lists(
    st.tuples(st.integers(0, 600), st.integers(0, 600), st.integers(0, 5)), min_size=1, max_size=12
)


NUMBERS = count()


@pytest.fixture(scope="module")
def of_many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all examples, each with runs of its own."""
    opened = Store(sqlite_url(tmp_path_factory.mktemp("figures") / "plumbline.db"))
    yield opened
    opened.close()


@settings(max_examples=25, deadline=None)
@given(TALLIES, TALLIES, st.data())
def test_any_order_in_any_batches_with_any_copies_adds_each_minute_once(
    of_many: Store, first: list[tuple[int, int, int]], second: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    run = f"r{next(NUMBERS)}"
    story = a_run("back", f"{run}-1", first) + a_run("chair", f"{run}-2", second, T0_S + 7200)
    copies = data.draw(st.lists(st.sampled_from(story), max_size=10))
    shuffled = data.draw(st.permutations(story + copies))
    ingest = Ingest(of_many)
    while shuffled:
        cut = data.draw(st.integers(1, len(shuffled)))
        ingest.take(shuffled[:cut])
        shuffled = shuffled[cut:]
        assert agree(of_many)
    assert {key[1] for key in sums(of_many)} >= {f"{run}-{n}-1" for n in (1, 2)}


def test_a_run_that_changes_hands_adds_to_each_wearers_session_its_own_minutes(store: Store) -> None:
    ingest = Ingest(store, UNCLAIMED)
    with store.engine.execution_options(writes=True).begin() as connection:
        store.insert_new(wearers, [{"wearer_id": n, "name": ""} for n in (1, 2)], connection)
    now_s = _released_s(store, ingest)
    # Begins ten minutes before the device is handed on, and is told long after.
    story = a_run("back", "r1", [(600, 500, 1)] * 20, now_s - 600)
    ingest.take(story[9:])
    ingest.take(reversed(story))
    assert agree(store)
    assert [key[1] for key in sums(store)].count("r1-1") == 2


def _released_s(store: Store, ingest: Ingest) -> float:
    """Give a device to one wearer, and then to another; when that was, POSIX time."""
    ingest.take(a_run("back", "r0", [(600, 600, 0)]))
    give(store, "back", 1)
    give(store, "back", 2)
    with store.engine.connect() as connection:
        released_utc_ms: int = connection.scalar(select(func.max(devices.c.released_utc_ms))) or 0
    return released_utc_ms / 1000


def test_a_run_whose_late_anchor_gives_it_to_the_former_wearer_takes_its_figures_along(store: Store) -> None:
    ingest = Ingest(store, UNCLAIMED)
    with store.engine.execution_options(writes=True).begin() as connection:
        store.insert_new(wearers, [{"wearer_id": n, "name": ""} for n in (1, 2)], connection)
    now_s = _released_s(store, ingest)
    anchor, *rest = a_run("back", "r1", [(600, 300, 2)] * 8, now_s - 3600)
    ingest.take(rest)
    assert agree(store)
    ingest.take([anchor])
    ingest.take(rest[:4])
    assert agree(store)
    with store.engine.connect() as connection:
        owner = connection.scalar(select(sessions.c.wearer_id).where(sessions.c.session == "r1-1"))
    assert owner == 1


def test_what_was_erased_and_comes_again_is_counted_anew(store: Store) -> None:
    ingest = Ingest(store)
    story = a_run("back", "r1", [(600, 200, 3)] * 5)
    ingest.take(story)
    erase(store, FIRST_WEARER)
    assert figures(store) == {}
    ingest.take(story[:4])
    assert agree(store)
    [found] = sums(store).values()
    assert found[0] == 2 * 600
