"""What every page, answer and action shares: the store, the hub, the words and the templates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response

from .ingest import FIRST_WEARER, Ingest
from .live import Hub
from .navigation import MORE, TABS
from .settings import Settings
from .store import Store
from .words import Words, preferred, words

STATIC = Path(str(files("dashboard") / "static"))


@dataclass
class Site:
    """One dashboard, as its pages see it.

    Attributes:
        store: the database.
        ingest: takes messages in.
        hub: live readings, and requests to devices.
        settings: as it was started.
        zone: the wearer's time zone.
        locked: whether a password stands before the pages.
    """

    store: Store
    ingest: Ingest
    hub: Hub
    settings: Settings
    zone: tzinfo
    locked: bool = False

    def now(self) -> datetime:
        """The present, on the wearer's clock."""
        return datetime.now(self.zone)

    def wearer(self, _connection: HTTPConnection) -> int:
        """Whose data a request may see."""
        return FIRST_WEARER

    def words(self, request: HTTPConnection) -> Words:
        """The texts in the reader's language."""
        return words(self.settings.language or preferred(request.headers.get("accept-language", "")))

    def page(self, request: HTTPConnection, template: str, here: str, **shown: Any) -> Response:
        """A page; `here` is its key in the navigation, `status` its code where it is not 200."""
        html = self._templates.get_template(template).render(
            t=self.words(request),
            zone=self.zone,
            here=here,
            tabs=TABS,
            more=MORE,
            locked=self.locked and template != "login.html",
            static=f"/static/{self.version}",
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
        environment.filters["json"] = _json_for_html
        return environment


def _json_for_html(value: Any) -> Markup:
    """JSON that cannot end the element it stands in."""
    text = msgspec.json.encode(value).decode().replace("<", "\\u003c").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 - nothing in it can end an element or begin an entity any more
