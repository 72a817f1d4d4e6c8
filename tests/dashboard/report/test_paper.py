"""The record on paper: two sides of A4 and of US letter, from a page, a file and the command line."""

from __future__ import annotations

import dataclasses
import re
import stat
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, expect

from dashboard.app import Dashboard, Server
from dashboard.diary import entries
from dashboard.diary.body_map import PLACES
from dashboard.diary.symptoms import BroughtOn, Entry, Kind, Relief, Since, made
from dashboard.figures import Figures
from dashboard.report import files
from dashboard.report.collect import Column, ExerciseDone, Posture, Report, Slouches, symptoms_of
from dashboard.report.sheet import Sheet, sheet
from dashboard.words import words
from firmware_py.cli import main
from firmware_py.errors import ReportError
from firmware_py.hardware.twin.wearer_diary import simulated_diary

from ..seed import BERLIN, history

FIRST, LAST = date(2026, 5, 1), date(2026, 6, 14)
SAID = "Zieht vom Nacken über die Schulter bis in die Finger, #beim *Heben* stärker als $sonst \\ [sic] <b>_"


def crowded() -> Report:
    """As much as can stand on a record: every kind, everything said, every day worn."""
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    noted: list[Entry] = []
    for n, day in enumerate(days * 3):
        noted.append(
            made(
                {
                    "entry_id": f"00000000-0000-4000-8000-{n:012d}",
                    "day": day.isoformat(),
                    "kind": list(Kind)[n % 5],
                    "places": [PLACES[(n * 7 + k) % len(PLACES)] for k in range(6)],
                    "strength": n % 11,
                    "since": [*Since, "2025-12-31"][n % 7],
                    "brought_on": list(BroughtOn)[: 2 + n % 8],
                    "relief": list(Relief)[: 2 + n % 8],
                    "words": SAID * 3,
                    "edited_utc_ms": n,
                }
            )
        )
    noted.sort(key=lambda one: one.day)
    figures = Figures(280_000, 250_000, 150_000, 60_000, 20_000, 10_000, 10_000, 120, 40, 30, 3000)
    columns = [Column(day, day, figures, [-12.5, 8.0, 48.0]) for day in days]
    flexion = dict.fromkeys(range(-40, 70), 1000)
    posture = Posture(
        Figures(*(len(days) * n for n in msgspec.structs.astuple(figures))),
        len(days), 99, [1, 2], [-12.5, 8.0, 48.0],
        [(20, 0.5), (30, 0.25), (45, 0.111), (60, 0.055)],
        flexion, [[100 / 49] * 7] * 7, Slouches(5400, 61.5, 3599.0, 88.8), columns,
    )  # fmt: skip
    done = [ExerciseDone(f"exercise_with_a_long_name_{n}", 90, 45, 400, 500, 3) for n in range(9)]
    made_at = datetime(2026, 6, 15, 23, 59, tzinfo=BERLIN)
    remarks = [(day, SAID) for day in days]
    return Report(
        FIRST, LAST, made_at, "America/Argentina/ComodRivadavia", symptoms_of(noted), noted, done, posture,
        remarks, True,
    )  # fmt: skip


def laid_out(language: str = "de") -> Sheet:
    return sheet(crowded(), words(language), str, 10.0, "Annemarie von der Oberen Hochstädter-Allee")


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_fullest_record_fits_on_two_sides_of_either_paper(browser: Browser, language: str) -> None:
    full = laid_out(language)
    page = browser.new_page()
    page.set_content(files.as_html(full))
    page.emulate_media(media="print")
    over = page.evaluate(
        "[...document.querySelectorAll('.side')].map((e) => e.scrollHeight - e.clientHeight)"
    )
    assert over == [0, 0]
    wide = page.evaluate("[...document.querySelectorAll('.side')].map((e) => e.scrollWidth - e.clientWidth)")
    assert wide == [0, 0]
    for paper in ("A4", "Letter"):
        pdf = page.pdf(format=paper, prefer_css_page_size=False, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
    page.close()
    for paper in files.PAPERS:
        assert len(files.as_pictures(full, paper, 40)) == 2


def test_what_the_wearer_wrote_is_text_and_never_markup() -> None:
    fewer = dataclasses.replace(crowded(), symptoms=crowded().symptoms[:1])
    full = sheet(fewer, words("en"), str, 10.0, "<i>")
    assert len(full.quotes) > 3
    html = files.as_html(full)
    assert "<b>_" not in html
    assert "&lt;b&gt;_" in html
    pdf = files.as_pdf(full)
    assert pdf.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in pdf  # tagged: a screen reader finds its headings and tables


def test_the_file_is_whole_by_itself_and_asks_nobody_for_anything(browser: Browser) -> None:
    html = files.as_html(laid_out())
    assert not re.search(r"(?:src|href|url)\s*[=(]|@import|<script", html)
    context = browser.new_context()
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(html)
    expect(page.locator(".side")).to_have_count(2)
    assert [url for url in asked if not url.startswith("about:")] == []
    context.close()


def test_a_month_is_chosen_printed_and_taken_along_from_the_page(
    browser: Browser, opened: Dashboard, served: Server
) -> None:
    drawn = simulated_diary(20, until=LAST, zone=BERLIN)
    entries.take_in(opened.store, 1, [made(one) for one in drawn])
    for batch in history("desk", LAST, 3, BERLIN):
        opened.ingest.take((message.topic, message.payload) for message in batch)
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    page = context.new_page()
    page.goto(f"{served.address}diary")
    page.get_by_role("link", name="Record for a doctor").click()
    page.get_by_label("From").fill(FIRST.isoformat())
    page.get_by_label("To", exact=True).fill(LAST.isoformat())
    page.get_by_label("Name to print on it").fill("Ö. Beispiel")
    page.get_by_label("Paper").select_option("us-letter")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".sheet header").first).to_contain_text("1 May 2026 – 14 June 2026")
    expect(page.locator(".sheet header").first).to_contain_text("Ö. Beispiel")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    # What the page's own style does to the sheet shows here and not in the file.
    cut_off = "(e) => Math.max(e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight)"
    assert page.evaluate(f"[...document.querySelectorAll('.side')].map({cut_off})") == [0, 0]
    names = page.locator(".sheet .facts > div > h3")
    boxes = [name.bounding_box() for name in names.all()]
    assert len({round(box["y"]) for box in boxes if box is not None}) == 1, "groups stand side by side"
    assert None not in boxes
    page.emulate_media(media="print")
    expect(page.locator("nav").first).to_be_hidden()
    pdf = page.pdf(format="Letter", prefer_css_page_size=False)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
    page.emulate_media(media="screen")
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert download.value.suggested_filename == f"plumbline-record-{FIRST}-{LAST}.pdf"
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    page.goto(f"{served.address}report?from={LAST}&to={FIRST}")
    expect(page.get_by_role("alert")).to_contain_text("runs backwards")
    context.close()
    for form in ("html", "csv", "json", "pdf"):
        answer = httpx.get(f"{served.address}report/record.{form}?from={FIRST}&to={LAST}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
    assert httpx.get(f"{served.address}report/record.pdf?from={LAST}&to={FIRST}").status_code == 400
    assert httpx.get(f"{served.address}report/record.pdf?from=9999-12-31&to=9999-12-31").status_code == 400
    assert httpx.get(f"{served.address}report/record.docx").status_code == 404


def test_the_command_writes_each_kind_of_file_for_its_owner_alone(
    opened: Dashboard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = simulated_diary(20, until=LAST, zone=BERLIN)
    entries.take_in(opened.store, 1, [made(one) for one in drawn])
    data = str(opened.settings.data_folder)
    for form, start in (("html", b"<!doctype"), ("pdf", b"%PDF"), ("csv", b"section,"), ("json", b"{")):
        out = tmp_path / f"record.{form}"
        asked = ["report", "--data", data, "--from", str(FIRST), "--to", str(LAST), "--out", str(out)]
        assert main(asked) == 0
        assert capsys.readouterr().out == f"{out}\n"
        assert out.read_bytes().startswith(start)
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
    for wrong, said in (
        (["--out", "record.docx"], "ends in none of .html, .pdf, .csv, .json"),
        (["--from", "2026-06-02", "--to", "2026-06-01"], "1 to 366 days"),
        (["--data", str(tmp_path / "nowhere")], "there is no database"),
    ):
        assert main(["report", "--data", data, *wrong]) == 1
        assert said in capsys.readouterr().err


def test_without_the_library_a_pdf_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ReportError, match=r"pip install 'plumbline\[pdf\]'"):
        files.as_pdf(laid_out())
    with pytest.raises(ReportError, match="a4, us-letter"):
        files.as_pdf(laid_out(), "a5")
