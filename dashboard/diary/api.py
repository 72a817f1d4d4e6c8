"""The diary for programs, and for the page that writes without a network: put an entry, delete an entry.

Reading is `/api/v1/diary.json`, like every table. Both requests may be repeated: what comes twice changes
nothing. Of two edits the later one holds, and the answer says what became of the other.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..days import utc_ms
from ..site import Site
from . import entries
from .body_map import PLACES
from .entries import Outcome, Put
from .symptoms import NAME, BroughtOn, Deleted, Entry, Kind, Relief, Since, Version, decoded, name_of

PATH = "/api/v1/diary/{entry_id}"

MAX_BODY_BYTES = 20_000

BASED_ON = "based_on"

BASED_ON_MS = "based_on_utc_ms"
"""The same by the time of the edit, which is all that programs of before know."""


class DiaryApi:
    """Puts and deletes entries of a site's diary."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route(PATH, self.put, methods=["PUT"]),
            Route(PATH, self.delete, methods=["DELETE"]),
        ]

    async def put(self, request: Request) -> Response:
        """Put a version of an entry into the diary."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise HTTPException(413)
        try:
            entry = decoded(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return _refusal(str(error))
        if entry.entry_id != request.path_params["entry_id"]:
            return _refusal("the entry's id is not the one in the address")
        return await self._write(request, entry)

    async def delete(self, request: Request) -> Response:
        """Take an entry out of the diary."""
        edited = _milliseconds(request, "edited_utc_ms") or 0
        fields = {"entry_id": request.path_params["entry_id"], "edited_utc_ms": edited}
        try:
            gone = msgspec.convert(fields, Deleted)
        except msgspec.ValidationError as error:
            return _refusal(str(error))
        return await self._write(request, gone)

    async def _write(self, request: Request, version: Version) -> Response:
        based_on = request.query_params.get(BASED_ON) or request.query_params.get(BASED_ON_MS)
        if based_on is not None and not NAME.fullmatch(based_on):
            raise HTTPException(400)
        became = await run_in_threadpool(write, self._site, request, version, based_on)
        return _json(
            {"outcome": became.outcome, "holds": _shown(became.holds), "other": _shown(became.other)}, 200
        )


def write(site: Site, request: Request, version: Version, based_on: str | None) -> Put:
    """Put a version into the diary of the request's wearer, as edited now at the latest."""
    # A clock that is ahead must not shut out every later edit.
    edited = min(version.edited_utc_ms or utc_ms(site.now()), utc_ms(site.now()))
    version = msgspec.structs.replace(version, edited_utc_ms=edited)
    wearer = site.wearer(request)
    with site.writing(request) as connection:
        if isinstance(version, Entry):
            # Whether a simulated wearer wrote it is not for a page to say.
            old = entries.entry_of(connection, wearer, version.entry_id)
            version = msgspec.structs.replace(version, simulated=old is not None and old.simulated)
        return entries.put(connection, wearer, version, based_on)


def _shown(version: Version | None) -> Any:
    if version is None:
        return None
    named = {"version": name_of(version)}
    if isinstance(version, Deleted):
        told = {"entry_id": version.entry_id, "edited_utc_ms": version.edited_utc_ms, "deleted": True}
        return told | named
    return msgspec.to_builtins(version) | named


def _milliseconds(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 16:
        raise HTTPException(400)
    return int(text)


def _refusal(why: str) -> Response:
    return _json({"error": why}, 400)


def _json(body: Any, status: int) -> Response:
    return Response(
        msgspec.json.encode(body), status, {"Cache-Control": "no-store"}, media_type="application/json"
    )


def _choices(kind: Any) -> dict[str, Any]:
    return {"type": "string", "enum": list(kind)}


def description() -> dict[str, Any]:
    """The OpenAPI paths of the diary."""
    entry = {
        "type": "object",
        "required": ["entry_id", "day", "kind", "edited_utc_ms"],
        "additionalProperties": False,
        "properties": {
            "entry_id": {"type": "string", "format": "uuid", "description": "as in the address"},
            "day": {"type": "string", "format": "date", "description": "the day it is about, local"},
            "time": {"type": ["string", "null"], "description": "HH:MM of that day, local"},
            "kind": _choices(Kind),
            "places": {"type": "array", "items": _choices(PLACES)},
            "strength": {"type": ["integer", "null"], "minimum": 0, "maximum": 10},
            "since": {"type": ["string", "null"], "description": f"a date, or one of {', '.join(Since)}"},
            "brought_on": {"type": "array", "items": _choices(BroughtOn)},
            "relief": {"type": "array", "items": _choices(Relief)},
            "words": {"type": "string", "maxLength": 1000},
            "edited_utc_ms": {
                "type": "integer",
                "description": "when it was written; of two the later holds",
            },
            "simulated": {"type": "boolean", "description": "ignored"},
        },
    }
    answer = {
        "type": "object",
        "required": ["outcome", "holds", "other"],
        "properties": {
            "outcome": {"type": "string", "enum": list(Outcome)},
            "holds": {"description": "the version that holds now, and in `version` what to call it"},
            "other": {"description": "the one that does not, where two edits did not know one another"},
        },
    }
    answers = {
        "200": {"description": "what became of it", "content": {"application/json": {"schema": answer}}},
        "400": {"description": "it is no entry; `error` says why"},
        "409": {"description": "`of` names another wearer than the one whose diary is open"},
    }
    place = {
        "name": "entry_id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    }
    based_on = {
        "name": BASED_ON,
        "in": "query",
        "description": "`version` of what was changed, out of `holds`; or its `edited_utc_ms`",
        "schema": {"type": "string", "pattern": f"^{NAME.pattern}$"},
    }
    edited = {
        "name": "edited_utc_ms",
        "in": "query",
        "description": "when it was deleted; now without it",
        "schema": {"type": "integer"},
    }
    of = {
        "name": "of",
        "in": "query",
        "description": "the wearer whose page sends it: somebody else may have signed in since",
        "schema": {"type": "integer"},
    }
    return {
        PATH: {
            "put": {
                "summary": "Put an entry into the symptom diary; may be repeated.",
                "parameters": [place, based_on, of],
                "requestBody": {"required": True, "content": {"application/json": {"schema": entry}}},
                "responses": answers,
            },
            "delete": {
                "summary": "Take an entry out of the symptom diary; may be repeated.",
                "parameters": [place, based_on, edited, of],
                "responses": answers,
            },
        }
    }
