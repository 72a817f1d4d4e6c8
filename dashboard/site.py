"""What every page, answer and action shares: the store, the hub, the words and the templates."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response

from firmware_py.exercise_file import Described
from firmware_py.exercise_file import load as load_exercises

from .band_table import band_rows
from .door import Door
from .ingest import Ingest
from .live import Hub
from .navigation import places_for
from .preferences import Preferences, preferences_of
from .settings import Settings
from .store import Store
from .visitor import KEY, Visitor, visitor_of
from .words import Words, preferred, words

STATIC = Path(str(files("dashboard") / "static"))

_PREFERENCES = "plumbline.preferences"
"""Where in an ASGI scope they are kept, so that a page asks the store for them once."""


@dataclass
class Site:
    """One dashboard, as its pages see it.

    Attributes:
        store: the database.
        ingest: takes messages in.
        hub: live readings, and requests to devices.
        settings: as it was started.
        zone: the wearer's time zone.
        door: knows who comes.
        exercises: by key, in the order in which they are shown.
        on_erase: told whose data was deleted, by those who keep something of theirs outside the database.
    """

    store: Store
    ingest: Ingest
    hub: Hub
    settings: Settings
    zone: tzinfo
    door: Door
    exercises: dict[str, Described] = field(default_factory=load_exercises)
    on_erase: list[Callable[[int], None]] = field(default_factory=list)

    def now(self) -> datetime:
        """The present, on the wearer's clock."""
        return datetime.now(self.zone)

    def wearer(self, request: HTTPConnection) -> int:
        """Whose data a request may see.

        Raises:
            HTTPException: 401 without a sign-in, 403 where the asker may see nobody's, 409 where the
                page that asks (`?of=`) was opened for another wearer than the one open now.
        """
        sees = visitor_of(request).sees
        if sees is None:
            raise HTTPException(403)
        if request.query_params.get("of", str(sees)) != str(sees):
            raise HTTPException(409)
        return sees

    @contextmanager
    def reading(self, request: HTTPConnection) -> Iterator[Connection]:
        """A connection that reads what the request may see (errors as in `wearer`)."""
        wearer = self.wearer(request)
        with self.store.reading(wearer) as connection:
            if visitor_of(request).own_wearer == wearer:
                self._prefer(request, connection, wearer)  # every page asks for them, and here we are
            yield connection

    @contextmanager
    def writing(self, request: HTTPConnection) -> Iterator[Connection]:
        """A transaction that changes what is the asker's own (errors as in `wearer`; 403 for a carer)."""
        wearer = self.wearer(request)
        if not visitor_of(request).may_write:
            raise HTTPException(403)
        with self.store.writing(wearer) as connection:
            yield connection

    def words(self, request: HTTPConnection) -> Words:
        """The texts in the reader's language, with the reader's clock."""
        wanted = self.preferences(request)
        wish = self.settings.language or preferred(request.headers.get("accept-language", ""))
        return words(wanted.language or wish, wanted.clock_h, wanted.angle_digits)

    def preferences(self, request: HTTPConnection) -> Preferences:
        """How the reader wants the pages to speak; before a sign-in, and without a wearer, as it comes."""
        found: Preferences | None = request.scope.get(_PREFERENCES)
        if found is not None:
            return found
        visitor: Visitor | None = request.scope.get(KEY)
        if visitor is None or visitor.own_wearer is None:
            return Preferences()
        with self.store.reading(visitor.own_wearer) as connection:
            return self._prefer(request, connection, visitor.own_wearer)

    def speak_plainly(self, request: HTTPConnection) -> None:
        """Let the page be written as it is before a sign-in, if nobody has asked for preferences yet."""
        request.scope.setdefault(_PREFERENCES, Preferences())

    def _prefer(self, request: HTTPConnection, connection: Connection, wearer: int) -> Preferences:
        if _PREFERENCES not in request.scope:
            request.scope[_PREFERENCES] = preferences_of(connection, wearer)
        found: Preferences = request.scope[_PREFERENCES]
        return found

    def page(self, request: HTTPConnection, template: str, here: str, **shown: Any) -> Response:
        """A page; `here` is its key in the navigation, `status` its code where it is not 200."""
        visitor: Visitor | None = request.scope.get(KEY)
        tabs, more = places_for(visitor)
        html = self._templates.get_template(template).render(
            t=self.words(request),
            zone=self.zone,
            here=here,
            tabs=tabs,
            more=more,
            signed_in=visitor is not None and visitor.credential is not None,
            static=f"/static/{self.version}",
            visitor=visitor,
            may_write=visitor is not None and visitor.may_write,
            **shown,
        )
        headers = {"Cache-Control": "no-store", "Vary": "Accept-Language"}
        return HTMLResponse(html, shown.get("status", 200), headers)

    @cached_property
    def version(self) -> str:
        """Names the content of the static files, so that a browser may keep them for good."""
        digest = hashlib.sha256()
        for path in sorted(STATIC.rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(STATIC).as_posix().encode() + path.read_bytes())
        return digest.hexdigest()[:12]

    @cached_property
    def _templates(self) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("dashboard"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        environment.globals["band_rows"] = band_rows
        environment.globals["people"] = self.door.people
        environment.filters["json"] = _json_for_html
        environment.filters["json_text"] = lambda value: msgspec.json.encode(value).decode()
        return environment


def _json_for_html(value: Any) -> Markup:
    """JSON that cannot end the element it stands in."""
    text = msgspec.json.encode(value).decode().replace("<", "\\u003c").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 - nothing in it can end an element or begin an entity any more
