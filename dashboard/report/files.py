"""A record as files: HTML that prints, PDF, and its numbers as JSON and CSV."""

from __future__ import annotations

import csv
import dataclasses
import importlib.util
import io
from datetime import date
from importlib.resources import files
from typing import Any

import jinja2
import msgspec

from firmware_py.errors import ReportError
from firmware_py.posture.trunk import TICK_S

from ..diary.symptoms import Entry
from ..records import spreadsheet_cell
from ..session_view import ANGLE_CLASSES_DEG, HOLD_CLASSES_S
from .collect import Column, Report
from .sheet import Sheet

PAPERS = ("a4", "us-letter")

SCHEMA = 1
"""Of the JSON and the CSV; a change that a reader would misread gets the next number."""


def formats() -> list[str]:
    """The kinds of file that can be made here; a PDF where the library for it is installed."""
    pdf = ["pdf"] if importlib.util.find_spec("typst") is not None else []
    return [*pdf, "html", "csv", "json"]


def as_html(sheet: Sheet, templates: jinja2.Environment | None = None) -> str:
    """One file that needs nothing beside it, and prints on two sides of A4 or US letter."""
    if templates is None:
        templates = jinja2.Environment(
            loader=jinja2.PackageLoader("dashboard"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
    style = files("dashboard").joinpath("static/sheet.css").read_text(encoding="utf-8")
    return templates.get_template("report_file.html").render(sheet=sheet, style=style)


def as_pdf(sheet: Sheet, paper: str = PAPERS[0]) -> bytes:
    """A tagged PDF of two sides, in typst's own fonts, so that it looks the same on every machine.

    Raises:
        ReportError: the library is not installed, or there is no such paper.
    """
    if paper not in PAPERS:
        raise ReportError(f"paper {paper!r} is unknown; one of {', '.join(PAPERS)}")
    return _typeset(sheet, paper, "pdf")[0]


def as_pictures(sheet: Sheet, paper: str = PAPERS[0], ppi: float = 96.0) -> list[bytes]:
    """The sides of that PDF as PNG, to look at.

    Raises:
        ReportError: the library is not installed.
    """
    return _typeset(sheet, paper, "png", ppi)


def _typeset(sheet: Sheet, paper: str, form: str, ppi: float | None = None) -> list[bytes]:
    try:
        import typst
    except ModuleNotFoundError as error:
        raise ReportError(
            "a PDF needs the library typst: pip install 'plumbline[pdf]'; the HTML record prints as well"
        ) from error
    told = dataclasses.asdict(sheet) | {"paper": paper}
    drawn = {f"{name}.svg": text.encode() for name, text in told.pop("svg").items()}
    told["drawings"] = sorted(drawn)
    template = files("dashboard").joinpath("report/sheet.typ").read_bytes()
    # What the wearer wrote goes in as data, never as markup.
    parts = {"main.typ": template, "sheet.json": msgspec.json.encode(told), **drawn}
    made: bytes | list[bytes] = typst.compile(  # type: ignore[call-overload]  # its stub knows no folder of files
        parts, format=form, ppi=ppi
    )
    return made if isinstance(made, list) else [made]


def as_json(report: Report) -> str:
    """Every number of the record, and every entry of the diary in it."""
    body = {"schema": SCHEMA, "made_by": "Plumbline", **_plain(report)}
    return msgspec.json.format(msgspec.json.encode(body), indent=1).decode() + "\n"


def as_csv(report: Report) -> str:
    """The same as lines of `section, item, name, value`, for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("section", "item", "name", "value"))
    for line in _lines(_plain(report)):
        writer.writerow([spreadsheet_cell(cell) for cell in line])
    return text.getvalue()


def _plain(report: Report) -> dict[str, Any]:
    whole: dict[str, Any] = msgspec.to_builtins(
        {field.name: getattr(report, field.name) for field in dataclasses.fields(report)}, enc_hook=_told
    )
    for symptom in whole["symptoms"]:
        for named in ("places", "since", "brought_on", "relief"):
            symptom[named] = dict(symptom[named])
    posture = whole["posture"]
    posture["figures"] = _figures(report.posture.figures)
    posture["variation_deg"] = report.posture.variation_deg
    posture["eva"] = {
        f"{angle} deg": dict(zip((f"{hold} s" for hold in HOLD_CLASSES_S), row, strict=True))
        for angle, row in zip(ANGLE_CLASSES_DEG, report.posture.eva, strict=False)
    }
    posture["columns"] = [_column(column) for column in report.posture.columns]
    posture["above"] = {f"{angle} deg": share for angle, share in report.posture.above}
    posture["percentiles_deg"] = dict(zip(("p10", "p50", "p90"), report.posture.percentiles_deg, strict=True))
    posture["flexion_ticks"] = {f"{degree} deg": n for degree, n in sorted(report.posture.flexion.items())}
    del posture["flexion"]
    whole["notes"] = [{"day": day.isoformat(), "text": words} for day, words in report.notes]
    return whole


def _figures(figures: Any) -> dict[str, Any]:
    seconds = {
        f"{name}_s": round(getattr(figures, name) * TICK_S, 1)
        for name in ("upright", "slouched", "leaning_forward", "leaning_back", "side_bent", "unknown")
    }
    return {
        "recorded_s": round(figures.recorded_s, 1),
        "judged_s": round(figures.judged_s, 1),
        **seconds,
        "slouches": figures.slouches,
        "slouches_per_hour": figures.slouches_per_hour,
        "reminders": figures.alerts,
        "corrections": figures.corrections,
        "correction_mean_s": figures.correction_mean_s,
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "first": column.first.isoformat(),
        "last": column.last.isoformat(),
        **_figures(column.figures),
        **dict(zip(("p10_deg", "p50_deg", "p90_deg"), column.percentiles_deg, strict=True)),
    }


def _told(value: Any) -> Any:
    if isinstance(value, Entry):
        return msgspec.to_builtins(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _lines(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, str, str, Any]]:
    if isinstance(value, dict):
        return [line for key, part in value.items() for line in _lines(part, (*path, str(key)))]
    if isinstance(value, list | tuple) and not all(isinstance(part, str) for part in value):
        return [line for n, part in enumerate(value, 1) for line in _lines(part, (*path, str(n)))]
    head, *rest = path
    return [(head, ".".join(rest[:-1]), rest[-1] if rest else head, value)]


def file_name(first: date, last: date, form: str) -> str:
    """What such a file is called."""
    return f"plumbline-record-{first}-{last}.{form}"
