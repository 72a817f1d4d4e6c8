"""What pages are told is what is stored, on both engines; and a database that was away is found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from dashboard import queries
from dashboard.band import reminder_utc_ms
from dashboard.days import Stretch, days
from dashboard.figures import Figures, total
from dashboard.ingest import FIRST_WEARER, Ingest
from dashboard.row_security import DOOR, WEB, begun_in_role
from dashboard.store import Store
from dashboard.tables import minutes, sessions

from .seed import BERLIN, history
from .test_ingest import told

LAST = date(2026, 3, 20)
BIN_MS = 300_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Three working days of one wearer."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('queries') / 'plumbline.db'}"
    else:
        url = request.getfixturevalue("postgresql")()
    store = Store(url)
    for batch in history("back", LAST, 3, BERLIN):
        Ingest(store).take(told(*batch))
    yield store
    store.close()


def test_a_day_in_bins_is_each_minute_in_the_bin_it_began_in(filled: Store) -> None:
    # Not at a whole hour, so that a bin is one of the stretch and not of the clock.
    day = days(LAST, 1, BERLIN)
    stretch = Stretch(day.start_utc_ms + 70_000, day.end_utc_ms)
    with filled.reading(FIRST_WEARER) as connection:
        found = queries.bins_between(connection, FIRST_WEARER, stretch, BIN_MS)
        rows = connection.execute(
            select(minutes).where(minutes.c.start_utc_ms >= stretch.start_utc_ms).order_by("start_utc_ms")
        ).all()
    assert len(rows) > len(found) > 50
    for one in found:
        assert (one.start_utc_ms - stretch.start_utc_ms) % BIN_MS == 0
        own = [row for row in rows if one.start_utc_ms <= row.start_utc_ms < one.start_utc_ms + BIN_MS]
        assert total([one]) == total(map(Figures.of, own))
        assert one.end_utc_ms == max(row.end_utc_ms for row in own)
    assert total(found) == total(map(Figures.of, rows))


def test_a_band_has_the_reminders_of_all_slouches(filled: Store) -> None:
    day = days(LAST, 1, BERLIN)
    with filled.reading(FIRST_WEARER) as connection:
        reminded = queries.reminded_between(connection, FIRST_WEARER, day)
        every = queries.episodes_between(connection, FIRST_WEARER, day)
    given = [at for at in map(reminder_utc_ms, every) if at is not None]
    assert list(map(reminder_utc_ms, reminded)) == given
    assert 0 < len(given) < len(every)


@pytest.mark.parametrize("earlier", [0, 1, 3, 50])
def test_the_sessions_of_a_day_come_with_as_many_before_it_as_are_wanted(filled: Store, earlier: int) -> None:
    day = days(LAST, 1, BERLIN)
    with filled.reading(FIRST_WEARER) as connection:
        found = queries.sessions_of(connection, FIRST_WEARER, day, earlier)
        begun = sorted(connection.scalars(select(sessions.c.start_utc_ms)), reverse=True)
    of_day = [at for at in begun if at >= day.start_utc_ms]
    before = [at for at in begun if at < day.start_utc_ms]
    assert of_day
    assert before
    assert [row.start_utc_ms for row in found] == of_day + before[:earlier]


def test_stretches_are_summed_each_by_itself(filled: Store) -> None:
    stretches = [days(LAST, 1, BERLIN), days(date(2020, 1, 1), 5, BERLIN), days(date(2026, 3, 1), 30, BERLIN)]
    with filled.reading(FIRST_WEARER) as connection:
        found = queries.figures_of(connection, FIRST_WEARER, stretches)
        wanted = [total(queries.quarters_between(connection, FIRST_WEARER, one)) for one in stretches]
        assert queries.figures_of(connection, FIRST_WEARER, []) == []
    assert found == wanted
    assert found[0].judged < found[2].judged
    assert found[1] == Figures()


def test_a_page_goes_on_by_another_connection_where_the_server_ended_its_own(
    postgresql: Callable[[], str],
) -> None:
    store = Store(postgresql())

    def who() -> tuple[str, str]:
        with store.reading(7) as connection:
            row = connection.execute(text("SELECT current_user, current_setting('plumbline.wearer')")).one()
            return row[0], row[1]

    assert who() == (WEB, "7")
    for _ in range(2):
        with store.engine.begin() as connection:
            ended = connection.scalars(
                text(
                    "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            ).all()
        assert True in ended
        assert who() == (WEB, "7")
    store.close()


def test_a_role_that_is_refused_is_an_error_and_no_transaction_without_one(
    postgresql: Callable[[], str],
) -> None:
    store = Store(postgresql())
    with pytest.raises(DBAPIError, match="does not exist"):
        begun_in_role(store.engine, "plumbline_nobody")
    with begun_in_role(store.engine, DOOR) as connection:
        assert connection.scalar(text("SELECT current_user")) == DOOR
    store.close()
