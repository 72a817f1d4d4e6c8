"""Notices over real HTTP, by the process that speaks Apprise: one that hangs or refuses delays no other."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from functools import partial
from pathlib import Path

import pytest

from dashboard.batch import FIRST_WEARER
from dashboard.phone import services as services_module
from dashboard.phone.courier import Courier
from dashboard.phone.decisions import Wish, wishes
from dashboard.phone.jobs import Fault, Job, Outcome, carry_out
from dashboard.phone.queue import Queue
from dashboard.phone.rules import Occasion, PhoneRules
from dashboard.phone.services import MAX_SERVICES, Services
from dashboard.store import Store, sqlite_url
from firmware_py.errors import ConfigError
from firmware_py.posture.events import ProfileStale

from ..conftest import wait_until
from .conftest import LONG_S, Service, Wearer

RULES = PhoneRules(on=frozenset(Occasion), quiet_from_min=0, quiet_to_min=0)
PATIENTLY = partial(carry_out, limit_s=LONG_S)
"""A process with Apprise takes seconds to begin on a busy machine; what hangs is let go by its test."""

Send = Callable[[Sequence[Job]], Iterable[Outcome]]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQLite alone: what differs between databases is tested with the decisions."""
    return sqlite_url(tmp_path / "plumbline.db")


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return Services(tmp_path)


def courier(wearer: Wearer, services: Services, send: Send = PATIENTLY) -> Courier:
    return Courier(wearer.store, services, UTC, send=send, now=lambda: wearer.now)


def states(store: Store) -> list[str]:
    return [one["became"] for one in Queue(store).latest(FIRST_WEARER, 10)]


def stale(wearer: Wearer, t_s: float) -> None:
    wearer.tell(ProfileStale(t_s, True, 9.0, "slipped"))
    wearer.at(t_s + 1.0)


def test_one_that_hangs_and_one_that_refuses_do_not_keep_a_notice_from_a_third(
    service: Service, services: Services, wearer: Wearer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wearer.wants(RULES)
    for path in ("hang", "refuse", "well"):
        services.add(FIRST_WEARER, "JSON", "", service.url(path))
    at_work = courier(wearer, services)
    stale(wearer, 10.0)
    at_work.round()
    # The next notice does not wait either, though the first is still being tried where it hangs.
    wait_until(lambda: [path for path, _ in service.taken] == ["/well"], "the first notice", LONG_S)
    wait_until(lambda: "/hang" in service.asked, "the attempt that hangs", LONG_S)
    stale(wearer, 20.0)
    wait_until(lambda: (at_work.round(), len(service.taken))[1] == 2, "the second notice", LONG_S)
    assert {path for path, _ in service.taken} == {"/well"}
    service.let_go.set()
    wait_until(lambda: states(wearer.store) == ["sent", "sent"], "the end of the attempts", LONG_S)
    # The one that refused is tried again and takes both; what it is called is in no log.
    service.refuses = False
    wearer.at(40.0)
    wait_until(
        lambda: (at_work.round(), sum(path == "/refuse" for path, _ in service.taken))[1] == 2,
        "the attempts that succeed",
        LONG_S,
    )
    at_work.stop()
    assert "did not take a notice: refused" in caplog.text
    assert "json://" not in caplog.text
    assert f":{service.url('').split(':')[2].split('/')[0]}" not in caplog.text


def test_a_service_that_hangs_is_given_up_when_its_time_is_over(service: Service) -> None:
    # Whether the process was quick enough to ask it at all, or not: it ends by itself, and says so.
    [outcome] = carry_out([Job("1", service.url("hang"), "t", "b")], limit_s=3.0)
    assert outcome.fault is Fault.SILENT
    assert service.taken == []


def test_what_waited_when_the_dashboard_died_is_sent_by_the_next_one(
    services: Services, wearer: Wearer
) -> None:
    wearer.wants(RULES)
    services.add(FIRST_WEARER, "JSON", "", "json://nowhere")

    def dies(_jobs: Sequence[Job]) -> list[Outcome]:
        raise OSError("no process can be started")

    first = courier(wearer, services, dies)
    stale(wearer, 10.0)
    first.round()
    first.stop()
    sent: list[Job] = []

    def takes(jobs: Sequence[Job]) -> list[Outcome]:
        sent.extend(jobs)
        return [Outcome(job.id, Fault.NONE) for job in jobs]

    second = courier(wearer, services, takes)
    wearer.at(20.0)
    wait_until(lambda: (second.round(), states(wearer.store))[1] == ["sent"], "the sending")
    wearer.at(30.0)
    second.round()
    assert len(sent) == 1, "told twice"
    second.stop()


def test_a_service_that_was_taken_away_is_told_nothing(services: Services, wearer: Wearer) -> None:
    wearer.wants(RULES)
    gone = services.add(FIRST_WEARER, "JSON", "", "json://nowhere")
    services.add(FIRST_WEARER, "JSON", "", "json://elsewhere")
    told: list[str] = []

    def takes(jobs: Sequence[Job]) -> list[Outcome]:
        told.extend(job.url for job in jobs)
        return [Outcome(job.id, Fault.NONE) for job in jobs]

    at_work = courier(wearer, services, takes)
    stale(wearer, 10.0)
    at_work._decisions.decide(_wish(wearer), [one.id for one in services.of(FIRST_WEARER)], wearer.now)
    services.remove(FIRST_WEARER, gone.id)
    at_work.round()
    wait_until(lambda: told == ["json://elsewhere"], "the sending")
    at_work.stop()


def test_a_courier_that_nobody_wants_anything_of_sleeps(services: Services, wearer: Wearer) -> None:
    at_work = courier(wearer, services)
    at_work.start()
    at_work.look()
    assert at_work.round() == pytest.approx(30.0)
    at_work.stop()


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("nonsense://x", Fault.UNKNOWN),
        ("no address at all", Fault.UNKNOWN),
        ("syslog://", Fault.LOCAL),
        ("json://127.0.0.1:1/", Fault.NONE),  # looked at, not spoken to
    ],
)
def test_an_address_is_looked_at_before_it_is_kept(url: str, fault: Fault) -> None:
    [outcome] = carry_out([Job("look", url)])
    assert outcome.fault is fault


def test_addresses_stand_in_a_file_of_their_owners_alone_and_in_no_text(tmp_path: Path) -> None:
    kept = Services(tmp_path)
    added = kept.add(FIRST_WEARER, "ntfy", "My phone", "ntfy://a-secret-name")
    path = tmp_path / services_module.FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "a-secret-name" not in repr(added) + repr(Job("x", added.url, "t", "b")) + str(kept.of(1))
    assert [one.url for one in Services(tmp_path).of(FIRST_WEARER)] == ["ntfy://a-secret-name"]
    assert kept.find(FIRST_WEARER + 1, added.id) is None
    assert not kept.remove(FIRST_WEARER + 1, added.id)
    kept.forget(FIRST_WEARER)
    assert json.loads(path.read_bytes()) == []
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        Services(tmp_path)


def test_a_wearer_has_only_so_many_services(services: Services) -> None:
    for number in range(MAX_SERVICES):
        services.add(FIRST_WEARER, "JSON", "", f"json://{number}")
    with pytest.raises(ConfigError, match="take one away"):
        services.add(FIRST_WEARER, "JSON", "", "json://more")


def test_what_a_page_changes_holds_at_once_for_the_worker_that_tells_and_for_other_pages(
    tmp_path: Path,
) -> None:
    page, other_page, worker = (Services(tmp_path) for _ in range(3))
    first = page.add(FIRST_WEARER, "JSON", "", "json://first")
    second = other_page.add(FIRST_WEARER, "JSON", "", "json://second")
    assert worker.of(FIRST_WEARER) == page.of(FIRST_WEARER) == [first, second]
    assert worker.remove(FIRST_WEARER, first.id)
    assert page.find(FIRST_WEARER, first.id) is None
    other_page.forget(FIRST_WEARER)
    assert worker.of(FIRST_WEARER) == []


def test_of_pages_that_change_something_at_the_same_moment_none_undoes_the_others(tmp_path: Path) -> None:
    def names(wearer_id: int) -> None:
        page = Services(tmp_path)
        for number in range(MAX_SERVICES):
            page.add(wearer_id, "JSON", "", f"json://{number}")

    with ThreadPoolExecutor(4) as pages:
        list(pages.map(names, range(1, 5)))
    assert [len(Services(tmp_path).of(wearer_id)) for wearer_id in range(1, 5)] == [MAX_SERVICES] * 4


def _wish(wearer: Wearer) -> Wish:
    return wishes(wearer.store)[0]
