"""The JSON API, version 1: every number that the pages show, as JSON or CSV, described by OpenAPI."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sqlalchemy import Connection, func, select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from . import archive, parquet, queries
from .days import day_of
from .diary.api import description as diary_paths
from .door import COOKIE
from .downloads import download
from .records import TABLES, Record, as_csv, as_json, records
from .site import Site
from .tables import events, minutes, rejections, sessions

ROOT = "/api/v1"
DEFAULT_DAYS = 7

FORMATS = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


class Api:
    """The API of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route(f"{ROOT}/openapi.json", self.openapi),
            Route(f"{ROOT}/devices", self.devices),
            Route(f"{ROOT}/archive.jsonl", self.archive),
            Route(f"{ROOT}/{{table}}.{{format}}", self.table),
            Route("/metrics", self.metrics),
        ]

    def table(self, request: Request) -> Response:
        """Records of a range of local days."""
        name, form = request.path_params["table"], request.path_params["format"]
        if name not in TABLES or form not in FORMATS:
            raise HTTPException(404)
        first, last = self._range(request)
        session = request.query_params.get("session")
        wearer, zone = self._site.wearer(request), self._site.zone
        made_at = self._site.now()

        def chosen(connection: Connection) -> Iterator[Record]:
            rows = records(connection, name, wearer, first, last, zone)
            return rows if session is None else (row for row in rows if row.get("session") == session)

        def lines() -> Iterator[str]:
            with self._site.reading(request) as connection:
                rows = chosen(connection)
                yield from as_csv(name, rows) if form == "csv" else as_json(name, rows, made_at)

        if form == "parquet":
            if not parquet.is_installed():
                raise HTTPException(501)
            with NamedTemporaryFile(prefix="plumbline-", suffix=".parquet") as named:  # its owner's alone
                with self._site.reading(request) as connection:
                    columns = list(TABLES[name].columns)
                    zone_name = str(getattr(zone, "key", "UTC"))
                    parquet.write(Path(named.name), columns, chosen(connection), zone_name)
                filename = f"plumbline-{name}-{first}-{last}.parquet"
                return download(Path(named.name).open("rb"), FORMATS[form], filename)
        return _download(lines(), FORMATS[form], f"plumbline-{name}-{first}-{last}.{form}")

    def archive(self, request: Request) -> Response:
        """Everything, in the form that is taken in again."""
        wearer = self._site.wearer(request)

        def lines() -> Iterator[bytes]:
            with self._site.reading(request) as connection:
                yield from archive.archive(connection, wearer)

        name = f"plumbline-archive-{self._site.now().date()}.jsonl"
        return _download(lines(), "application/jsonl", name)

    def devices(self, request: Request) -> Response:
        """The wearer's devices."""
        with self._site.reading(request) as connection:
            rows = queries.devices_of(connection, self._site.wearer(request))
        listed = [
            {
                "device": row.name,
                "label": row.label,
                "simulated": bool(row.simulated),
                "online": self._site.hub.standing.is_online(row.name),
                "seen_utc_ms": row.seen_utc_ms,
            }
            for row in rows
        ]
        return JSONResponse({"devices": listed}, headers={"Cache-Control": "no-store"})

    def metrics(self, request: Request) -> Response:
        """Figures of the service itself, as Prometheus reads them; none of them is about a person."""
        with self._site.store.engine.connect() as connection:
            counts = {
                table.name: connection.scalar(select(func.count()).select_from(table)) or 0
                for table in (minutes, events, sessions)
            }
            rejected = connection.scalar(select(func.coalesce(func.sum(rejections.c.count), 0))) or 0
        hub = self._site.hub
        lines = [
            "# HELP plumbline_rows Rows in the store.",
            "# TYPE plumbline_rows gauge",
            *(f'plumbline_rows{{table="{name}"}} {count}' for name, count in counts.items()),
            "# HELP plumbline_rejected_messages_total Messages that could not be read.",
            "# TYPE plumbline_rejected_messages_total counter",
            f"plumbline_rejected_messages_total {rejected}",
            "# HELP plumbline_viewers Open pages with live readings.",
            "# TYPE plumbline_viewers gauge",
            f"plumbline_viewers {hub.viewers}",
            "# HELP plumbline_broker_reached Whether the message broker is reached.",
            "# TYPE plumbline_broker_reached gauge",
            f"plumbline_broker_reached {int(hub.broker_reached)}",
        ]
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")

    def openapi(self, request: Request) -> Response:
        """The description of all this."""
        return JSONResponse(description())

    def _range(self, request: Request) -> tuple[date, date]:
        try:
            last = day_of(request.query_params.get("to", self._site.now().date().isoformat()))
            first = day_of(
                request.query_params.get("from", (last - timedelta(days=DEFAULT_DAYS - 1)).isoformat())
            )
        except (ValueError, OverflowError) as error:
            raise HTTPException(400) from error
        if first > last:
            raise HTTPException(400)
        return first, last


def _download(lines: Iterator[Any], media_type: str, filename: str) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(lines, media_type=media_type, headers=headers)


SESSION = {
    "name": "session",
    "in": "query",
    "description": "only what belongs to this session",
    "schema": {"type": "string"},
}


def description() -> dict[str, Any]:
    """The OpenAPI document, made from the very tables that the answers are made from."""
    days = [
        {
            "name": name,
            "in": "query",
            "description": text,
            "schema": {"type": "string", "format": "date"},
        }
        for name, text in (
            ("from", f"first local day; without it {DEFAULT_DAYS} days up to the last"),
            ("to", "last local day, included; without it today"),
        )
    ]
    paths: dict[str, Any] = {}
    for name, table in TABLES.items():
        asked = [*days, SESSION] if "session" in table.columns else days
        record = {
            "type": "object",
            "required": list(table.columns),
            "properties": {column: {"description": text} for column, text in table.columns.items()},
        }
        whole = {
            "type": "object",
            "required": ["table", "made_at", "columns", "records"],
            "properties": {
                "table": {"type": "string"},
                "made_at": {"type": "string", "format": "date-time"},
                "columns": {"type": "object"},
                "records": {"type": "array", "items": record},
            },
        }
        for form, content in (
            ("json", {"application/json": {"schema": whole}}),
            ("csv", {"text/csv": {"schema": {"type": "string"}}}),
            ("parquet", {FORMATS["parquet"]: {"schema": {"type": "string", "format": "binary"}}}),
        ):
            answers = {"200": {"description": table.summary, "content": content}}
            if form == "parquet":
                answers["501"] = {"description": "Parquet's library is not installed on this machine"}
            answers["400"] = {"description": "a day that is no date, or a range that runs backwards"}
            paths[f"{ROOT}/{name}.{form}"] = {
                "get": {"summary": table.summary, "parameters": asked, "responses": answers}
            }
    paths[f"{ROOT}/devices"] = {
        "get": {"summary": "The devices.", "responses": {"200": {"description": "`devices`: a list"}}}
    }
    paths[f"{ROOT}/archive.jsonl"] = {
        "get": {
            "summary": "Everything, one message a line; the page Your data takes it in again.",
            "responses": {"200": {"description": "lines of JSON: topic and message"}},
        }
    }
    paths |= diary_paths()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Plumbline",
            "version": "1",
            "description": "Upper-trunk inclination from the wearer's own neutral. A wellness record, "
            "not a medical device. Times are local with their offset; durations in seconds; angles in "
            "degrees, forward positive.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of the page Who sees my data. Its scopes: read (GET), write "
                    "(PUT, DELETE), live (the WebSocket /live), metrics (/metrics).",
                },
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            }
        },
        # Without a password the dashboard answers to its own machine alone, and to that without a word.
        "security": [{"token": []}, {"cookie": []}, {}],
    }
