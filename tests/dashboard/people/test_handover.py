"""A device that is handed on shows nobody the other's back: neither before nor after, nor what comes late."""

from __future__ import annotations

import time

import pytest

from dashboard.handover import all_devices, give
from dashboard.ingest import Ingest
from dashboard.people.accounts import Accounts
from dashboard.store import Store
from dashboard.tables import UNCLAIMED, devices, events, minutes, quarters, runs, sessions
from dashboard.visitor import Role
from firmware_py.errors import ConfigError

from ..test_ingest import rows
from .town import Town, messages


@pytest.fixture
def wearers(store: Store) -> tuple[int, int]:
    accounts = Accounts(store)
    for name in ("anna", "ben"):
        accounts.add(name, Role.WEARER)
    return accounts.wearer_named("anna"), accounts.wearer_named("ben")


def handed_on(store: Store, wearers: tuple[int, int], *before: list[tuple[str, bytes]]) -> Ingest:
    """A device that told this, was given to anna with it, and then to ben; takes in what comes now."""
    ingest = Ingest(store, UNCLAIMED)
    for told in before:
        ingest.take(told)
    for wearer_id in wearers:
        give(store, "back", wearer_id)
    return ingest


def owners(store: Store) -> set[tuple[str, int]]:
    return {(row["session"], row["wearer_id"]) for row in rows(store, minutes)}


def test_a_new_device_is_nobodys_until_it_is_given_with_all_it_measured(
    store: Store, wearers: tuple[int, int]
) -> None:
    anna, _ = wearers
    ingest = Ingest(store, UNCLAIMED)
    ingest.take(messages("back", "r1", time.time() - 600))
    assert [(one.name, one.account) for one in all_devices(store)] == [("back", None)]
    assert give(store, "back", anna)
    assert [(one.name, one.account) for one in all_devices(store)] == [("back", "anna")]
    for table in (minutes, sessions, quarters):
        assert {row["wearer_id"] for row in rows(store, table)} == {anna}


def test_what_was_measured_stays_with_who_wore_it_and_the_next_begins_empty(
    store: Store, wearers: tuple[int, int]
) -> None:
    anna, ben = wearers
    ingest = Ingest(store, UNCLAIMED)
    ingest.take(messages("back", "r1", time.time() - 900))
    give(store, "back", anna)
    assert not give(store, "back", ben)
    ingest.take(messages("back", "r2", time.time() + 1))
    assert owners(store) == {("r1-1", anna), ("r2-1", ben)}
    former, present = rows(store, devices)
    assert (former["wearer_id"], former["released_utc_ms"] is None) == (anna, False)
    assert (present["wearer_id"], present["released_utc_ms"]) == (ben, None)


def test_what_comes_late_of_the_time_before_still_goes_to_the_former_wearer(
    store: Store, wearers: tuple[int, int]
) -> None:
    anna, _ = wearers
    earlier = messages("back", "r1", time.time() - 900)
    handed_on(store, wearers, earlier[:5]).take(earlier)
    assert owners(store) == {("r1-1", anna)}


def test_a_day_offline_that_is_delivered_after_the_handover_is_the_former_wearers(
    store: Store, wearers: tuple[int, int]
) -> None:
    anna, ben = wearers
    ingest = handed_on(store, wearers, messages("back", "r1", time.time() - 9000))
    ingest.take(messages("back", "r2", time.time() - 4000))  # nothing of this run had come before
    ingest.take(messages("back", "r3", time.time() + 1))
    assert owners(store) == {("r1-1", anna), ("r2-1", anna), ("r3-1", ben)}


def test_the_part_of_a_run_before_the_handover_goes_to_the_former_wearer_though_it_is_told_last(
    store: Store, wearers: tuple[int, int]
) -> None:
    anna, ben = wearers
    ingest = handed_on(store, wearers, messages("back", "r1", time.time() - 9000))
    _, anchor, *rest = messages("back", "r2", time.time() - 150, minutes=6)
    ingest.take([anchor, *rest[-3:]])  # minutes that end after the device changed hands
    ingest.take(rest)
    assert owners(store) == {("r1-1", anna), ("r2-1", anna), ("r2-1", ben)}


def test_a_name_for_the_device_is_not_handed_on_with_it(town: Town) -> None:
    anna, ben = town.wearer("anna"), town.person("ben")
    give(town.dashboard.store, anna.device, ben.wearer)
    assert "strap-of-anna" not in ben.get("/devices").text
    assert "anna-back" in ben.get("/devices").text
    assert "anna-back" not in anna.get("/devices").text
    assert "run-of-anna-1" in anna.get(f"/history/day/{town.today()}").text


def test_the_former_wearer_gives_it_no_orders(town: Town) -> None:
    anna, ben = town.wearer("anna"), town.person("ben")
    give(town.dashboard.store, anna.device, ben.wearer)
    assert anna.post(f"/devices/{anna.device}/label", label="still mine").status_code == 404
    assert ben.post(f"/devices/{anna.device}/label", label="mine now").status_code == 303


def test_an_archive_brings_nothing_into_anothers_history(town: Town) -> None:
    anna, ben = town.wearer("anna"), town.wearer("ben")
    whole = anna.get("/api/v1/archive.jsonl").content
    assert whole.count(b"\n") > 4
    before = anna.get("/api/v1/minutes.json").json()["records"]
    as_own = whole.replace(b"/anna-back/", b"/ben-back/").replace(b"run-of-anna", b"planted")
    forged = whole.replace(b'"upright":400', b'"upright":1').replace(b'"seq":3', b'"seq":333')
    taken = ben.browser.post("/data/restore", content=forged)
    assert "new=0" in taken.headers["location"]
    assert "bad=0" not in taken.headers["location"]
    assert anna.get("/api/v1/minutes.json").json()["records"] == before
    ben.browser.post("/data/restore", content=as_own)
    of_ben = ben.get("/api/v1/minutes.json").json()["records"]
    assert {(row["device"], row["session"]) for row in of_ben} >= {("ben-back", "planted-1")}
    assert anna.get("/api/v1/minutes.json").json()["records"] == before
    give(town.dashboard.store, anna.device, ben.wearer)
    ben.browser.post("/data/restore", content=forged)
    assert anna.get("/api/v1/minutes.json").json()["records"] == before


def test_nobody_takes_the_whole_database_along(town: Town) -> None:
    assert town.wearer("anna").get("/data/backup.db").status_code == 404


def test_what_makes_no_sense_is_told(store: Store, wearers: tuple[int, int]) -> None:
    anna, _ = wearers
    with pytest.raises(ConfigError, match="no device 'belt'"):
        give(store, "belt", anna)
    Ingest(store, UNCLAIMED).take(messages("back", "r1", 0.0))
    give(store, "back", anna)
    with pytest.raises(ConfigError, match="there already"):
        give(store, "back", anna)
    assert not give(store, "back", UNCLAIMED)


def test_a_run_whose_clock_becomes_known_only_after_the_handing_on_is_the_former_wearers(
    store: Store, wearers: tuple[int, int]
) -> None:
    anna, ben = wearers
    ingest = Ingest(store, UNCLAIMED)
    now_s = time.time()
    ingest.take(messages("back", "r1", now_s - 3600))
    give(store, "back", anna)
    status, anchor, *rest = messages("back", "r2", now_s - 1800)
    give(store, "back", ben)
    ingest.take([status, *rest])  # no clock yet: nobody can tell whose it is
    ingest.take([anchor])
    assert owners(store) == {("r1-1", anna), ("r2-1", anna)}
    assert {row["wearer_id"] for row in rows(store, quarters)} == {anna}
    for table in (sessions, events, runs):
        assert {row["wearer_id"] for row in rows(store, table) if row["run"] == "r2"} == {anna}


def test_a_run_without_a_clock_that_went_on_through_the_handing_on_is_parted_where_it_was(
    store: Store, wearers: tuple[int, int]
) -> None:
    anna, ben = wearers
    ingest = Ingest(store, UNCLAIMED)
    now_s = time.time()
    ingest.take(messages("back", "r1", now_s - 3600))
    give(store, "back", anna)
    give(store, "back", ben)
    status, anchor, *rest = messages("back", "r2", now_s - 90)  # minutes that end 30 s before and 30 s after
    ingest.take([status, *rest])
    ingest.take([anchor])
    ends = sorted((row["end_s"], row["wearer_id"]) for row in rows(store, minutes) if row["run"] == "r2")
    assert ends == [(60.0, anna), (120.0, ben), (180.0, ben)]
