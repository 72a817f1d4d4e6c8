"""A carer's first page: who lets this account look, and whose data is open now."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from .people import permits
from .site import Site
from .visitor import visitor_of


class Carer:
    """The page and its two actions."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/wearers", self.page),
            Route("/wearers/{wearer_id:row}/open", self.open, methods=["POST"]),
            Route("/wearers/close", self.close, methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """Whose data this account may look at."""
        account_id, _ = self._account(request)
        with self._site.store.at_the_door() as connection:
            wearers = permits.wearers_of(connection, account_id)
        return self._site.page(request, "wearers.html", "wearers", wearers=wearers)

    def open(self, request: Request) -> Response:
        """Open one wearer's data; what is looked at is logged from here on."""
        account_id, sign_in = self._account(request)
        wearer_id = request.path_params["wearer_id"]
        with self._site.store.at_the_door() as connection:
            if permits.name_of_open(connection, account_id, wearer_id) is None:
                raise HTTPException(404)
        self._site.door.sign_ins.look_at(sign_in, wearer_id)
        return RedirectResponse("/", 303)

    def close(self, request: Request) -> Response:
        """Look at nobody's data, or at one's own."""
        _, sign_in = self._account(request)
        self._site.door.sign_ins.look_at(sign_in, None)
        return RedirectResponse("/wearers", 303)

    def _account(self, request: Request) -> tuple[int, str]:
        visitor = visitor_of(request)
        if visitor.account_id is None or visitor.credential is None:
            raise HTTPException(404)
        return visitor.account_id, visitor.credential
