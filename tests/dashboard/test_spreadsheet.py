"""What a wearer wrote is words in a spreadsheet, however it begins, in every file that is made for one."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path

import pytest

from dashboard.app import build
from dashboard.diary import entries
from dashboard.diary.symptoms import made
from dashboard.ingest import FIRST_WEARER
from dashboard.records import TABLES, as_csv, spreadsheet_cell
from dashboard.report import files
from dashboard.report.collect import collect
from dashboard.settings import Settings
from dashboard.tables import notes

from .seed import BERLIN

DAY = date(2026, 3, 3)

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\r\n")
"""Those after which one spreadsheet or another looks for a formula."""

RUNS = [f'{begins}HYPERLINK("http://elsewhere")' for begins in BEGINNINGS] + ["\n=1+1", "\t@SUM(A1)"]


def cells(text: str) -> list[list[str]]:
    """The rows of a file as a spreadsheet reads them, line breaks in cells included."""
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("words", RUNS, ids=ascii)
@pytest.mark.parametrize("table", TABLES)
def test_no_column_of_any_table_begins_as_a_formula_does(table: str, words: str) -> None:
    columns = list(TABLES[table].columns)
    whole = dict.fromkeys(columns, words)
    listed = {column: [words, "elsewhere"] for column in columns}
    head, *rows = cells("".join(as_csv(table, [whole, listed])))
    assert head == columns
    assert rows == [[f"'{words}"] * len(columns), [f"'{words}; elsewhere"] * len(columns)]


def test_numbers_below_zero_stay_numbers_and_ordinary_words_stay_as_they_are() -> None:
    assert [spreadsheet_cell(value) for value in (-1.5, -3, None, True)] == [-1.5, -3, "", True]
    assert spreadsheet_cell("left - then right\n= worse") == "left - then right\n= worse"


def test_the_words_of_diary_and_notes_are_only_words_in_the_record_for_a_doctor(tmp_path: Path) -> None:
    dashboard = build(Settings(tmp_path, port=0, broker=None, timezone="Europe/Berlin"))
    with dashboard.store.writing(FIRST_WEARER) as connection:
        for number, words in enumerate(RUNS):
            entry_id = f"00000000-0000-4000-8000-{number:012d}"
            fields = {"entry_id": entry_id, "day": DAY, "kind": "pain", "edited_utc_ms": 1, "words": words}
            entries.put(connection, FIRST_WEARER, made(fields))
            row = {"wearer_id": FIRST_WEARER, "day": DAY.isoformat(), "text": words}
            connection.execute(notes.insert().values(row))
    with dashboard.store.reading(FIRST_WEARER) as connection:
        report = collect(connection, FIRST_WEARER, DAY, DAY, BERLIN, datetime(2026, 3, 4, tzinfo=BERLIN))
    dashboard.store.close()
    told = [cell for row in cells(files.as_csv(report)) for cell in row]
    stripped = {words.strip() for words in RUNS}  # an entry's words have no blank ends
    running = {words for words in {*RUNS, *stripped} if words.startswith(BEGINNINGS)}
    assert running.isdisjoint(told)
    assert {f"'{words}" for words in running} <= set(told)
