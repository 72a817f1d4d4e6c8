"""Out of reach: the page that says so, and the service worker that keeps it.

The worker keeps static files and the few pages named here, none of which shows a figure of anybody:
an old figure could pass for a new one.
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .site import STATIC, Site
from .visitor import KEY, Visitor

PATH = "/offline"

INSTEAD = (("/diary", "/diary/offline"), ("/help", "/help"))
"""Beginning of an address, and the page that stands in its place while the dashboard is out of reach."""

FILES = ("style.css", "icon.svg", "offline.js", "diary.css", "diary.js", "diary_kept.js", "body_map.js")
"""Static files that those pages need."""


class Offline:
    """The page and the worker."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [Route("/sw.js", self.worker), Route(PATH, self.page)]

    def page(self, request: Request) -> Response:
        """That the dashboard is out of reach."""
        return self._site.page(request, "offline.html", "")

    def worker(self, request: Request) -> Response:
        """The service worker, anew for each version of the files, each language and each person.

        What is written in the diary out of reach belongs to whoever the kept page was made for.
        """
        visitor: Visitor | None = request.scope.get(KEY)
        person = "nobody" if visitor is None else f"{visitor.sees}{'' if visitor.may_write else '-read'}"
        static = f"/static/{self._site.version}/"
        setup = {
            "version": f"{self._site.version}-{self._site.words(request).language}-{person}",
            "static": static,
            "files": [static + name for name in FILES],
            "pages": [PATH, *(page for _, page in INSTEAD)],
            "instead": INSTEAD,
            "offline": PATH,
        }
        text = f"const setup = {json.dumps(setup)};\n{(STATIC / 'worker.js').read_text(encoding='utf-8')}"
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"}
        return Response(text, media_type="text/javascript", headers=headers)
