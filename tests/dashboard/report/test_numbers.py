"""Every number of the record, worked out once more by hand from the raw messages and entries."""

from __future__ import annotations

import csv
import io
import json
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dashboard.app import build
from dashboard.report import files
from dashboard.report.collect import Report, collect
from dashboard.report.sheet import Sheet, sheet
from dashboard.settings import Settings
from dashboard.words import words
from firmware_py.errors import ReportError

from ..seed import BERLIN
from .made_up import FIRST, LAST, ByHand, diary, fill

MADE_AT = datetime(2026, 6, 22, 9, 30, tzinfo=BERLIN)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


class Made(NamedTuple):
    report: Report
    sheet: Sheet
    html: str
    data: dict[str, Any]
    hand: ByHand


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    dashboard = build(
        Settings(tmp_path_factory.mktemp("numbers"), port=0, broker=None, timezone="Europe/Berlin")
    )
    messages = fill(dashboard)
    with dashboard.store.reading(1) as connection:
        report = collect(connection, 1, FIRST, LAST, BERLIN, MADE_AT)
        with pytest.raises(ReportError, match="1 to 366 days"):
            collect(connection, 1, LAST, FIRST, BERLIN, MADE_AT)
        year = collect(connection, 1, LAST - timedelta(days=365), LAST, BERLIN, MADE_AT)
        assert len(year.posture.columns) == 53
        assert sum(column.figures.judged for column in year.posture.columns) == year.posture.figures.judged
    laid_out = sheet(report, words("en"), str.upper, 10.0, "A. <Name>")
    yield Made(
        report,
        laid_out,
        files.as_html(laid_out),
        json.loads(files.as_json(report)),
        ByHand(messages, FIRST, LAST),
    )
    dashboard.store.close()


class _Sheet(HTMLParser):
    """The text of a sheet: facts by their key, tables as rows, and all that stands outside of both."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.facts: dict[str, str] = {}
        self.tables: dict[str, list[list[str]]] = {}
        self.rest = ""
        self._fact: str | None = None
        self._table: str | None = None
        self._skip = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._skip += tag in ("svg", "style", "title") or given.get("class") == "quotes"
        if "data-fact" in given:
            self._fact = given["data-fact"]
            self.facts[str(self._fact)] = ""
        if tag == "table":
            self._table = given["class"]
            self.tables[str(self._table)] = []
        if self._table and tag == "tr":
            self.tables[self._table].append([])
        if self._table and tag in ("td", "th"):
            self.tables[self._table][-1].append("")
        if self._table and tag == "br":
            self.tables[self._table][-1][-1] += " "

    def handle_endtag(self, tag: str) -> None:
        if tag in ("svg", "style", "title") or (tag == "dl" and self._skip):
            self._skip -= 1
        self._fact = None if tag == "dd" else self._fact
        self._table = None if tag == "table" else self._table

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        if self._fact:
            self.facts[self._fact] += data
        elif self._table:
            row = self.tables[self._table][-1]
            if row and data.strip():
                row[-1] += data
        else:
            self.rest += data


def percent(share: float) -> str:
    return f"{100 * share:.1f}\u00a0%"


def angle(value: float) -> str:
    return f"{value:.1f}°".replace("-", "−")


def test_every_fact_of_the_second_side_is_the_one_worked_out_by_hand(made: Made) -> None:
    hand, t = made.hand, words("en")
    ticks, judged = hand.count("ticks"), hand.count("judged")
    slouched_s = [one["slouched_s"] for one in hand.slouches]
    rate = hand.count("slouches") / (judged / 36_000)
    expected = {
        "worn_days": f"{len({day for day, tally in hand.minutes if tally['judged']})} of 8",
        "sessions": str(len(hand.sessions)),
        "recorded": t.duration(ticks / 10),
        "judged": t.duration(judged / 10),
        "unknown": percent((ticks - judged) / ticks),
        **{
            name: percent(hand.posture(name) / judged)
            for name in ("upright", "slouched", "leaning_forward", "leaning_back", "side_bent")
        },
        "p10": angle(hand.percentile(10)),
        "p50": angle(hand.percentile(50)),
        "p90": angle(hand.percentile(90)),
        "variation": angle(hand.percentile(90) - hand.percentile(10)),
        **{f"above_{at}": percent(hand.share_above(at)) for at in (20, 30, 45, 60)},
        "slouches": f"{hand.count('slouches')} ({rate:.1f} an hour)",
        "slouch_median": t.duration(statistics.median(slouched_s)),
        "slouch_longest": t.duration(max(slouched_s)),
        "slouch_deepest": angle(max(one["peak_deg"] for one in hand.slouches)),
        "reminders": str(hand.count("alerts")),
        "corrected": str(hand.count("corrections")),
        "correction": t.duration(hand.count("correction_ticks") / 10 / hand.count("corrections")),
    }
    assert _Sheet(made.html).facts == expected


def test_the_exposure_grid_is_the_one_worked_out_by_hand(made: Made) -> None:
    shown = _Sheet(made.html).tables["exposure"]
    assert shown[0][1:] == ["< 1", "1–3", "3–7", "7–15", "15–31", "31–63", "≥ 63"]
    expected = made.hand.exposure()
    for row, cells in zip(shown[1:], expected, strict=True):
        assert row[1:] == [f"{cell:.1f}" if cell >= 0.05 else "·" for cell in cells]
    assert sum(map(sum, expected)) == pytest.approx(100)


def test_the_symptoms_are_counted_as_they_were_noted(made: Made) -> None:
    t = words("en")
    raw = [one for one in diary() if FIRST.isoformat() <= one["day"] <= LAST.isoformat()]
    assert 3 < len(raw) < len(diary())
    kinds = Counter(one["kind"] for one in raw)
    shown = _Sheet(made.html).tables["symptoms"]
    assert shown[0] == [
        "What", "Where", "Strength 0–10", "Since when", "What brings it on", "What brings relief",
    ]  # fmt: skip
    assert [row[0].split(" ")[0] for row in shown[1:]] != []
    assert len(shown[1:]) == len(kinds)
    for row in shown[1:]:
        kind = next(kind for kind in kinds if row[0].startswith(t(f"symptom.{kind}")))
        mine = [one for one in raw if one["kind"] == kind]
        assert re.search(rf"\b{len(mine)} entr(y|ies) on {len({one['day'] for one in mine})} days?\b", row[0])
        last = date.fromisoformat(max(one["day"] for one in mine))
        assert f"last on {last.day} {last:%b}" in row[0]
        strengths = [one["strength"] for one in mine]
        assert row[2] == f"median {statistics.median(strengths):g} ({min(strengths)}–{max(strengths)})"
        for cell, field, prefix in (
            (row[1], "places", "place"),
            (row[4], "brought_on", "brought_on"),
            (row[5], "relief", "relief"),
        ):
            counts = Counter(one for entry in mine for one in entry[field])
            assert sorted(re.findall(r"\((\d+)×\)", cell)) == sorted(map(str, counts.values()))
            assert all(f"{t(f'{prefix}.{key}')} ({n}×)" in cell for key, n in counts.items())
        since = Counter(entry["since"] for entry in mine)
        assert sorted(re.findall(r"\((\d+)×\)", row[3])) == sorted(map(str, since.values()))
    quoted = [text for _, text in made.sheet.quotes]
    assert sorted(quoted) == sorted(["A new chair.", *(one["words"] for one in raw if one["words"])])


def test_the_exercises_are_those_of_the_range(made: Made) -> None:
    assert _Sheet(made.html).tables["exercises"][1:] == [
        ["HEAD_LIFT", "3", "2", "0", "20", "1"],
        ["SCAPULAR_RETRACTION", "1", "1", "0", "5", "0"],
    ]


def test_the_columns_of_the_drawings_are_the_days_worked_out_by_hand(made: Made) -> None:
    columns = made.report.posture.columns
    assert [column.first for column in columns] == DAYS
    for column in columns:
        day = [column.first]
        assert column.figures.ticks == made.hand.count("ticks", day)
        assert column.figures.judged == made.hand.count("judged", day)
        if column.figures.judged:
            expected = [made.hand.percentile(p, day) for p in (10, 50, 90)]
            assert column.percentiles_deg == pytest.approx(expected, abs=0.05)
        else:
            assert column.percentiles_deg == [None, None, None]
    # Judged bars: as high as the time, on one scale.
    bars = re.findall(r'height="([\d.]+)" fill="#bbb"', made.sheet.svg["hours"])
    judged = [made.hand.count("judged", [day]) for day in DAYS if made.hand.count("judged", [day])]
    assert len(bars) == len(judged)
    for bar, ticks in zip(map(float, bars), judged, strict=True):
        assert bar / float(bars[0]) == pytest.approx(ticks / judged[0], abs=0.01)
    assert made.sheet.svg["symptoms"].count("<circle") == 0
    shares = made.hand.distribution()
    top = max(shares.values())
    drawn = [float(h) for h in re.findall(r'height="([\d.]+)" fill="#777"', made.sheet.svg["distribution"])]
    seen = [share for share in shares.values() if share >= 0.001 and 86 * share / top >= 0.05]
    assert len(drawn) >= len(seen)
    assert max(drawn) == pytest.approx(86, abs=0.1)
    assert sum(drawn) == pytest.approx(86 / top, rel=0.02)


def test_no_number_stands_on_the_sheet_that_is_not_accounted_for(made: Made) -> None:
    shown = _Sheet(made.html)
    assert set(shown.tables) == {"symptoms", "exercises", "exposure"}
    left = shown.rest
    fixed = [*made.sheet.words.values(), *made.sheet.method, *made.sheet.limits]
    fixed += [fact.label for group in made.sheet.facts for fact in group.facts]
    for text in sorted(fixed, key=len, reverse=True):
        left = left.replace(text, " ")
    assert not re.search(r"\d", left), left
    # What is fixed says the range, the day it was made, and figures of the method with their source.
    assert "12 June 2026 – 19 June 2026" in shown.rest
    assert "22 June 2026, 09:30 (Europe/Berlin)" in shown.rest
    assert "A. <Name>" in shown.rest


def test_the_data_file_holds_the_same_numbers(made: Made) -> None:
    posture = made.data["posture"]
    assert posture["figures"]["judged_s"] == pytest.approx(made.hand.count("judged") / 10)
    assert posture["figures"]["slouched_s"] == pytest.approx(made.hand.posture("slouched") / 10)
    assert list(posture["percentiles_deg"].values()) == pytest.approx(
        [made.hand.percentile(p) for p in (10, 50, 90)], abs=0.05
    )
    assert [list(row.values()) for row in posture["eva"].values()] == made.hand.exposure()
    assert sum(posture["flexion_ticks"].values()) == made.hand.count("judged")
    assert posture["slouches"]["count"] == len(made.hand.slouches)
    raw = [one for one in diary() if FIRST.isoformat() <= one["day"] <= LAST.isoformat()]
    assert sorted(one["entry_id"] for one in made.data["entries"]) == sorted(one["entry_id"] for one in raw)
    assert made.data["notes"] == [{"day": "2026-06-15", "text": "A new chair."}]
    assert made.data["simulated"] is True
    rows = list(csv.DictReader(io.StringIO(files.as_csv(made.report))))
    told = {(row["section"], row["item"], row["name"]): row["value"] for row in rows}
    assert len(told) == len(rows)
    assert float(told["posture", "figures", "judged_s"]) == posture["figures"]["judged_s"]
    assert told["exercises", "1", "by_time"] == "20"


def test_simulated_data_says_so_on_both_sides_and_real_data_does_not(made: Made, tmp_path: Path) -> None:
    assert made.html.count("Contains simulated data") == 2
    empty = build(Settings(tmp_path, port=0, broker=None, timezone="Europe/Berlin"))
    with empty.store.reading(1) as connection:
        report = collect(connection, 1, FIRST, LAST, BERLIN, MADE_AT)
    nothing = files.as_html(sheet(report, words("de"), str, 10.0))
    empty.store.close()
    assert "simuliert" not in nothing
    for words_of_nothing in (
        "steht nichts im Tagebuch",
        "keine Übung aufgezeichnet",
        "wurde nichts gemessen",
    ):
        assert words_of_nothing in nothing
    assert not re.search(r"\b(NaN|nan|None|Infinity)\b", nothing + made.html)
