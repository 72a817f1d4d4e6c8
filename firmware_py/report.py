"""`plumbline report`: the record for a doctor, from the dashboard's database into a file."""

from __future__ import annotations

import dataclasses
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace, _SubParsersAction
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ConfigError, ReportError

if TYPE_CHECKING:
    from dashboard.settings import Settings
    from dashboard.store import Store

DEFAULT_DAYS = 28
FORMATS = ("html", "pdf", "csv", "json")


def add_commands(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add the command to the parser of `plumbline`; nothing is imported for it."""
    report = commands.add_parser(
        "report", help="write the record for a doctor: symptoms, exercises and posture on two printed sides"
    )
    report.add_argument("--config", type=Path, metavar="FILE", help="plumbline.toml to read")
    report.add_argument(
        "--from", dest="first", type=_day, metavar="DATE", help="first day, such as 2026-03-01"
    )
    report.add_argument("--to", dest="last", type=_day, metavar="DATE", help="last day (today)")
    report.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"file to write; its ending says what: {', '.join(FORMATS)} (an HTML file named by its days)",
    )
    report.add_argument("--paper", choices=("a4", "us-letter"), default="a4", help="of the PDF (a4)")
    report.add_argument("--language", choices=("en", "de"), default="en", help="of the record (en)")
    report.add_argument("--name", default="", help="name to print at its top; stored nowhere")
    report.add_argument(
        "--data", type=Path, metavar="FOLDER", help="the dashboard's data folder (that of plumbline.toml)"
    )
    report.add_argument("--wearer", metavar="ACCOUNT", help="whose, where the dashboard has accounts")
    report.set_defaults(run=run_report)


def run_report(args: Namespace) -> int:
    """`plumbline report`.

    Raises:
        ConfigError: there is no database yet, or no such wearer.
        ReportError: the range, or the ending of the file, makes no record.
        StoreError: the database cannot be opened.
    """
    from .config import load
    from .page import settings_of

    form = FORMATS[0] if args.out is None else args.out.suffix.removeprefix(".").lower()
    if form not in FORMATS:
        raise ReportError(f"{args.out} ends in none of {', '.join('.' + name for name in FORMATS)}")
    settings = settings_of(load(args.config))
    if args.data is not None:
        settings = dataclasses.replace(settings, data_folder=args.data, database="")
    if not settings.database and not (settings.data_folder / "plumbline.db").exists():
        raise ConfigError(
            f"there is no database in {settings.data_folder} yet; the dashboard makes one when it first runs"
        )
    written = _write(args, settings, form)
    sys.stdout.write(f"{written}\n")
    return 0


def _write(args: Namespace, settings: Settings, form: str) -> Path:
    from dashboard.days import zone_named
    from dashboard.report.collect import collect
    from dashboard.report.files import as_csv, as_html, as_json, as_pdf, file_name
    from dashboard.report.sheet import sheet
    from dashboard.store import Store
    from dashboard.words import words

    from .exercise_file import load as load_exercises

    zone = zone_named(settings.timezone)
    now = datetime.now(zone)
    last = args.last or now.date()
    first = args.first or last - timedelta(days=DEFAULT_DAYS - 1)
    store = Store(settings.database_url)
    try:
        wearer = _wearer(store, args.wearer)
        with store.reading(wearer) as connection:
            report = collect(connection, wearer, first, last, zone, now)
    finally:
        store.close()
    exercises = load_exercises(settings.exercises_file)

    def name_of(key: str) -> str:
        known = exercises.get(key)
        return key if known is None else known.wording(args.language).name

    out = args.out or Path(file_name(first, last, form))
    if form in ("csv", "json"):
        body = (as_csv(report) if form == "csv" else as_json(report)).encode()
    else:
        laid_out = sheet(report, words(args.language), name_of, settings.slouch_enter_deg, args.name)
        body = as_pdf(laid_out, args.paper) if form == "pdf" else as_html(laid_out).encode()
    out.touch(mode=0o600)  # what stands in it is the wearer's own affair
    out.write_bytes(body)
    return Path(out)


def _wearer(store: Store, account: str | None) -> int:
    from dashboard.ingest import FIRST_WEARER
    from dashboard.people.accounts import Accounts

    return FIRST_WEARER if account is None else Accounts(store).wearer_named(account)


def _day(text: str) -> date:
    from dashboard.days import day_of

    try:
        return day_of(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no date such as 2026-03-01") from error
