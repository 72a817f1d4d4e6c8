"""What a wearer does: rest reminders, change the mode, rename; take everything out, in again, delete it."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import insert

from dashboard import archive as archives
from dashboard.app import Dashboard, Server, build
from dashboard.archive import archive, erase, restore
from dashboard.ingest import FIRST_WEARER, Ingest
from dashboard.settings import Settings
from dashboard.store import Store, sqlite_url
from dashboard.tables import episodes, events, minutes, notes, quarters, sessions
from firmware_py.posture.events import Mode, Posture, SetMode, Snooze, Unjudged, WornChanged
from firmware_py.posture.messages import MachineState, Reply, Watch

from .conftest import Broker, wait_until
from .device import Device
from .seed import BERLIN, history
from .test_ingest import a_session, rows, told

LAST = date(2026, 6, 19)


@pytest.fixture
def server(tmp_path: Path, broker: Broker) -> Iterator[Server]:
    made = Server(build(Settings(tmp_path / "data", port=0, broker=broker.settings, language="en")))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def device(broker: Broker, server: Server) -> Iterator[Device]:
    made = Device(broker.port)
    wait_until(lambda: "back" in httpx.get(f"{server.address}api/v1/devices").text, "the device's arrival")
    wait_until(
        lambda: httpx.get(f"{server.address}api/v1/devices").json()["devices"][0]["online"], "its status"
    )
    yield made
    made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def asked(device: Device) -> list[object]:
    return [ask.request for ask in device.asked if not isinstance(ask.request, Watch)]


def test_reminders_rest_and_the_page_says_that_the_device_agreed(
    page: Page, server: Server, device: Device
) -> None:
    page.goto(f"{server.address}devices")
    page.get_by_label("Let reminders rest").select_option("60")
    page.get_by_role("button", name="Rest").click()
    expect(page.get_by_role("status")).to_have_text("The device accepted it.")
    assert asked(device) == [Snooze(0.0, 3600.0)]


def test_a_mode_is_set_for_an_hour_or_for_good(page: Page, server: Server, device: Device) -> None:
    page.goto(f"{server.address}devices")
    page.get_by_label("Change the mode").select_option("meeting")
    page.get_by_label("Back by itself after").select_option("60")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("status")).to_have_text("The device accepted the mode.")
    assert asked(device) == [SetMode(0.0, Mode.MEETING, 3600.0)]


def test_a_refusal_is_told(
    page: Page, server: Server, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = device.encoder.reply
    monkeypatch.setattr(device.encoder, "reply", lambda reply: encode(Reply(reply.id, accepted=False)))
    page.goto(f"{server.address}devices")
    page.get_by_role("button", name="End the session").click()
    expect(page.get_by_role("status")).to_have_text("The device refused it.")


def test_a_silent_device_is_told_and_nothing_is_claimed(
    page: Page, server: Server, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.live.ANSWER_S", 0.3)
    monkeypatch.setattr(device, "_heard", lambda *_: None)
    device._client.on_message = None
    page.goto(f"{server.address}devices")
    page.get_by_role("button", name="Rest").click()
    expect(page.get_by_role("status")).to_contain_text("did not answer")


def test_the_page_knows_whether_it_is_worn(page: Page, server: Server, device: Device) -> None:
    device.anchor(time.time() - 100)
    device.tell(WornChanged(50.0, True, "moved like a body"))
    wait_until(lambda: "yes, since" in httpx.get(f"{server.address}devices").text, "the worn state")


def test_a_device_is_renamed(page: Page, server: Server, device: Device) -> None:
    page.goto(f"{server.address}devices")
    page.get_by_label("Name").fill("Grey <b>strap</b>")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("Grey <b>strap</b>")


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("devices/back/snooze", {"minutes": "soon"}, 400),
        ("devices/back/mode", {"mode": "party"}, 400),
        ("devices/back/explode", {}, 400),
        ("devices/unknown/snooze", {"minutes": "5"}, 404),
        ("devices/back/label", {"label": "x" * 20_000}, 413),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    server: Server, device: Device, path: str, form: dict[str, str], status: int
) -> None:
    answer = httpx.post(server.address + path, data=form, headers={"Origin": server.address[:-1]})
    assert answer.status_code == status
    assert asked(device) == []


def test_a_form_of_another_site_changes_nothing(server: Server, device: Device) -> None:
    for path in ("devices/back/end", "data/erase", "data/restore"):
        answer = httpx.post(
            server.address + path, data={"sure": "yes"}, headers={"Origin": "http://evil.example"}
        )
        assert answer.status_code == 403
    assert asked(device) == []


def fill(dashboard: Dashboard, days: int = 2) -> None:
    for batch in history("desk", LAST, days, BERLIN):
        dashboard.ingest.take(told(*batch))


def test_an_archive_taken_in_elsewhere_gives_the_same_store(store: Store, tmp_path: Path) -> None:
    Ingest(store).take(told(*a_session()))
    with store.engine.execution_options(writes=True).begin() as connection:
        note = {"wearer_id": FIRST_WEARER, "day": "2026-06-01", "text": "another chair"}
        connection.execute(insert(notes).values(note))
        lines = list(archive(connection, FIRST_WEARER))
    other = Store(sqlite_url(tmp_path / "other.db"))
    taken = restore(other, FIRST_WEARER, lines)
    assert (taken.stored, taken.repeated, taken.rejected) == (7, 0, 0)
    for table in (minutes, events, episodes, sessions, quarters, notes):
        assert rows(other, table) == rows(store, table)
    again = restore(other, FIRST_WEARER, [*lines, b"{}\n", b"\xff\n"])
    assert (again.stored, again.repeated, again.rejected) == (0, 7, 2)
    assert len(rows(other, notes)) == 1
    other.close()


def test_what_is_deleted_is_gone_from_the_file_too(tmp_path: Path) -> None:
    path = tmp_path / "plumbline.db"
    store = Store(sqlite_url(path))
    Ingest(store).take(told(*a_session()))
    needle = b"r1-1"
    assert needle in path.read_bytes() + path.with_name("plumbline.db-wal").read_bytes()
    assert erase(store, FIRST_WEARER) == 2
    store.close()
    assert needle not in path.read_bytes()
    assert not path.with_name("plumbline.db-wal").exists()


def test_a_note_stands_at_its_date_until_it_is_deleted(page: Page, opened: Dashboard, served: Server) -> None:
    fill(opened, 1)
    page.goto(f"{served.address}history/week/{LAST}")
    page.get_by_label("Date").fill("2026-06-17")
    page.get_by_label("What changed").fill("a <higher> desk")
    page.get_by_role("button", name="Add a note").click()
    expect(page.locator(".note")).to_contain_text("Wed 17 Jun a <higher> desk")
    expect(page.locator(".note")).to_contain_text("Too little judged time around it")
    page.get_by_role("button", name="Delete: a <higher> desk").click()
    expect(page.locator(".note")).to_have_count(0)


def test_everything_is_deleted_from_the_page_only_when_one_is_sure(
    page: Page, opened: Dashboard, served: Server
) -> None:
    fill(opened, 1)
    page.goto(f"{served.address}data")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing was deleted")
    page.get_by_label("Yes, delete everything").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_contain_text("Everything is deleted")
    expect(page.get_by_text("Nothing is on record yet.")).to_be_visible()
    page.goto(served.address)
    expect(page.get_by_role("heading", name="No device yet")).to_be_visible()


def test_an_archive_goes_out_and_in_by_the_page(
    page: Page, opened: Dashboard, served: Server, tmp_path: Path
) -> None:
    fill(opened, 1)
    page.goto(f"{served.address}data")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the archive").click()
    file = tmp_path / "archive.jsonl"
    waiting.value.save_as(file)
    page.get_by_label("Archive, or table of messages").set_input_files(file)
    page.get_by_role("button", name="Take in").click()
    expect(page.get_by_role("status")).to_contain_text("0 new messages")


def test_a_backup_is_a_whole_database_that_only_its_owner_reads(opened: Dashboard, served: Server) -> None:
    fill(opened, 1)
    answer = httpx.get(f"{served.address}data/backup.db")
    copy = opened.settings.data_folder / "copy.db"
    copy.write_bytes(answer.content)
    connection = sqlite3.connect(copy)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("SELECT count(*) FROM minutes").fetchone()[0] > 300
    connection.close()


def test_of_a_backup_no_file_is_left_even_by_who_breaks_off_or_by_a_power_cut(
    opened: Dashboard, served: Server
) -> None:
    fill(opened, 1)
    folder = opened.settings.data_folder
    before = {path.name for path in folder.iterdir()}
    with archives.backup(opened.store, folder) as copy:
        assert copy.read(15) == b"SQLite format 3"
        assert {path.name for path in folder.iterdir()} == before, "it has a name by which it could stay"
    with httpx.stream("GET", f"{served.address}data/backup.db") as answer:
        assert answer.headers["cache-control"] == "no-store"
        next(answer.iter_raw(1000))  # and no further
    assert {path.name for path in folder.iterdir()} == before
    (folder / f"{archives.COPY}x.db").touch()
    (folder / "backup-of-mine.db").touch()
    build(opened.settings).store.close()
    assert {path.name for path in folder.iterdir()} == before | {"backup-of-mine.db"}


def test_the_self_check_says_live_what_works_and_what_does_not(
    page: Page, server: Server, device: Device
) -> None:
    def line(name: str) -> Locator:
        return page.locator(f"[data-for={name}]")

    device.show(3.0)
    page.goto(f"{server.address}devices")
    expect(line("link")).to_have_attribute("data-state", "good")
    expect(line("readings")).to_have_text(re.compile(r"a second"))
    expect(line("sensors")).to_contain_text("one answers")
    expect(line("certain")).to_contain_text("± 0.6°")
    expect(line("judged")).to_contain_text("judged: Upright")
    expect(line("supply")).to_be_hidden()  # nothing was told of it
    device.send(device.encoder.machine(MachineState(1.0, 41.0, True, -71.0, 48.0, True)))
    expect(page.locator("[data-of=battery]")).to_have_text("41 %, charging")
    expect(page.locator("[data-of=signal]")).to_have_text("fair (−71 dBm)")
    expect(line("supply")).to_have_attribute("data-state", "bad")
    device.show(3.0, posture=Posture.UNKNOWN, unjudged=Unjudged.NOT_WORN)
    expect(line("judged")).to_contain_text("not judged: Not worn")
    device.show_nothing()
    expect(line("readings")).to_have_attribute("data-state", "bad", timeout=20_000)
    page.reload()
    expect(page.locator("[data-of=battery]")).to_have_text("41 %, charging")
