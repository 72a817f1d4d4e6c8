"""What a wearer does on the pages: ask a device, take data in, delete it. Plain forms wherever they will do.

A form of another site cannot reach these: the guard refuses a foreign Origin.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import date
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Executable, delete, insert, update
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from firmware_py.errors import ReportError, StoreError
from firmware_py.posture.events import EndSession, Mode, SetMode, Snooze
from firmware_py.posture.messages import Request as DeviceRequest

from . import archive, parquet, queries
from .acquaintance import meet
from .api import FORMATS, ROOT
from .days import day_of
from .device_view import KINDS, device_view
from .downloads import download
from .forms import read_form
from .history import Span
from .ingest import Taken
from .own_messages import OwnMessages
from .records import TABLES
from .site import Site
from .tables import devices, notes
from .take_in import archive_lines

MAX_ARCHIVE_BYTES = 2_000_000_000
MAX_SNOOZE_S = 8 * 3600
MAX_LABEL = 60
MAX_DIGITS = 15
"""Of a count in an address; of some thousands Python itself reads none."""


class Actions:
    """The actions of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/devices", self.devices),
            Route("/devices/{device}/{action}", self.device, methods=["POST"]),
            Route("/notes", self.add_note, methods=["POST"]),
            Route("/notes/{note_id:row}/delete", self.delete_note, methods=["POST"]),
            Route("/data", self.data),
            Route("/data/export", self.export),
            Route("/data/backup.db", self.backup),
            Route("/data/restore", self.restore, methods=["POST"]),
            Route("/data/erase", self.erase, methods=["POST"]),
        ]

    def devices(self, request: Request) -> Response:
        """The devices and what they can be asked."""
        with self._site.reading(request) as connection:
            known = [
                device_view(
                    row,
                    queries.latest_events(connection, row.device_id, KINDS),
                    self._site.hub.standing,
                    self._site.zone,
                )
                for row in queries.devices_of(connection, self._site.wearer(request))
            ]
        t = self._site.words(request)
        return self._site.page(
            request,
            "devices.html",
            "devices",
            devices=known,
            today=self._site.now().date(),
            live_setup={"texts": t.under("live") | t.under("check") | {"decimal": t("format.decimal")}},
            modes=[Mode.TRAINING, Mode.TRACKING, Mode.MEETING, Mode.DRIVING],
            told=request.query_params.get("told", ""),
            told_device=request.query_params.get("device", ""),
        )

    async def device(self, request: Request) -> Response:
        """Ask a device, or rename it; then the page says what became of it."""
        name, action = request.path_params["device"], request.path_params["action"]
        form = await read_form(request)
        if not await run_in_threadpool(self._owns, request, name):
            raise HTTPException(404)
        if action == "label":
            label = form.get("label", "").strip()[:MAX_LABEL] or name
            await run_in_threadpool(self._rename, request, name, label)
            told = "renamed"
        else:
            asked = _asked(action, form)
            answer = await self._site.hub.ask(name, asked)
            told = "silent" if answer is None else action if answer.accepted else "refused"
        return RedirectResponse(f"/devices?told={told}&device={name}#{name}", 303)

    def _owns(self, request: Request, name: str) -> bool:
        with self._site.reading(request) as connection:
            return any(row.name == name for row in queries.devices_of(connection, self._site.wearer(request)))

    def _rename(self, request: Request, name: str, label: str) -> None:
        own = (devices.c.name == name) & (devices.c.wearer_id == self._site.wearer(request))
        self._write(request, update(devices).where(own).values(label=label))

    async def add_note(self, request: Request) -> Response:
        """Note something at a date."""
        form = await read_form(request)
        text = form.get("text", "").strip()[: archive.MAX_NOTE]
        try:
            day = day_of(form.get("day", ""))
        except ValueError as error:
            raise HTTPException(400) from error
        if text:
            row = {"wearer_id": self._site.wearer(request), "day": day.isoformat(), "text": text}
            await run_in_threadpool(self._note, request, row)
        return RedirectResponse(_back(form.get("back"), day), 303)

    async def delete_note(self, request: Request) -> Response:
        """Take a note away again."""
        form = await read_form(request)
        gone = delete(notes).where(
            notes.c.note_id == request.path_params["note_id"],
            notes.c.wearer_id == self._site.wearer(request),
        )
        await run_in_threadpool(self._write, request, gone)
        return RedirectResponse(_back(form.get("back"), self._site.now().date()), 303)

    def _note(self, request: Request, row: dict[str, Any]) -> None:
        with self._site.writing(request) as connection:
            meet(connection, row["wearer_id"])
            connection.execute(insert(notes).values(row))

    def _write(self, request: Request, statement: Executable) -> None:
        with self._site.writing(request) as connection:
            connection.execute(statement)

    def data(self, request: Request) -> Response:
        """Export, take in, back up, delete."""
        with self._site.reading(request) as connection:
            extent = queries.extent(connection, self._site.wearer(request))
        told = request.query_params.get("told", "")
        numbers = {
            key: int(value)
            for key, value in request.query_params.items()
            if key in ("new", "known", "bad", "gone") and value.isdecimal() and len(value) <= MAX_DIGITS
        }
        return self._site.page(
            request,
            "data.html",
            "data",
            extent=extent,
            today=self._site.now().date(),
            told=told,
            stores=self._site.settings.ingests,
            numbers=numbers,
            sqlite=self._site.store.is_sqlite and not self._site.door.people,
            tables=list(TABLES),
            parquet=parquet.is_installed(),
        )

    def export(self, request: Request) -> Response:
        """The form's choice, as an address of the API."""
        chosen = request.query_params
        table, form = chosen.get("table", ""), chosen.get("format", "")
        if table not in TABLES or form not in FORMATS:
            raise HTTPException(400)
        days = urlencode({key: chosen[key] for key in ("from", "to") if key in chosen})
        return RedirectResponse(f"{ROOT}/{table}.{form}?{days}", 303)

    def backup(self, _request: Request) -> Response:
        """A consistent copy of the database, where all of it is one wearer's."""
        if self._site.door.people:
            raise HTTPException(404)
        try:
            copy = archive.backup(self._site.store, self._site.settings.data_folder)
        except StoreError as error:
            raise HTTPException(404) from error
        name = f"plumbline-backup-{self._site.now().date()}.db"
        return download(copy, "application/vnd.sqlite3", name)

    async def restore(self, request: Request) -> Response:
        """Take an archive in: the body is the file itself. Beside workers pages have no right to."""
        if not self._site.settings.ingests:
            raise HTTPException(404)
        with TemporaryFile() as file:
            size = 0
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_ARCHIVE_BYTES:
                    raise HTTPException(413)
                file.write(chunk)
            file.seek(0)
            wearer = self._site.wearer(request)
            try:
                taken = await run_in_threadpool(self._take_in, wearer, archive_lines(file, size))
            except ReportError:
                return RedirectResponse("/data?told=unreadable", 303)
        self._site.hub.stored(taken)
        query = f"told=restored&new={taken.stored}&known={taken.repeated}&bad={taken.rejected}"
        return RedirectResponse(f"/data?{query}", 303)

    def _take_in(self, wearer: int, lines: Iterator[bytes]) -> Taken:
        if not self._site.door.people:
            return archive.restore(self._site.store, wearer, lines)
        return archive.restore(self._site.store, wearer, lines, OwnMessages(self._site.store, wearer).hold)

    async def erase(self, request: Request) -> Response:
        """Delete everything; asked for twice."""
        form = await read_form(request)
        if form.get("sure") != "yes":
            return RedirectResponse("/data?told=unsure#erase", 303)
        wearer = self._site.wearer(request)

        def erase() -> tuple[int, list[str]]:
            with self._site.reading(request) as connection:
                names = [row.name for row in queries.devices_of(connection, wearer)]
            gone = archive.erase(self._site.store, wearer)
            for forget in self._site.on_erase:
                forget(wearer)
            return gone, names

        gone, names = await run_in_threadpool(erase)
        for name in names:  # in the loop, as all that the hub does
            self._site.hub.forget(name)
        return RedirectResponse(f"/data?told=erased&gone={gone}", 303)


def _asked(action: str, form: dict[str, str]) -> DeviceRequest:
    with contextlib.suppress(ValueError, KeyError):
        if action == "snooze":
            return Snooze(0.0, min(MAX_SNOOZE_S, max(0.0, 60.0 * float(form["minutes"]))))
        if action == "mode":
            minutes = float(form.get("minutes") or 0)
            return SetMode(0.0, Mode(form["mode"]), 60.0 * minutes if minutes > 0 else None)
        if action == "end":
            return EndSession(0.0)
    raise HTTPException(400)


def _back(span: str | None, day: date) -> str:
    return f"/history/{span if span in set(Span) else Span.WEEK}/{day}#notes"
