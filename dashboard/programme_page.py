"""What a programme's owner sees: weekly figures over at least ten people, and the link to take part."""

from __future__ import annotations

from datetime import UTC, date, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from .links import base_url, only_this_machine, qr_svg
from .people import codes, programme
from .people.codes import Purpose
from .site import Site
from .visitor import Role, visitor_of


class ProgrammePage:
    """The owner's page, its invitation, and a wearer's way out."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/programme", self.page),
            Route("/programme/{programme_id:row}/invite", self.invite, methods=["POST"]),
            Route("/who/programme/leave", self.leave, methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """Every programme of the owner, week by week."""
        return self._shown(request)

    def invite(self, request: Request) -> Response:
        """Make the link with which wearers take part."""
        owner_id, programme_id = self._owner(request), request.path_params["programme_id"]
        with self._site.store.at_the_door(writes=True) as connection:
            if programme_id not in {
                row.programme_id for row in programme.programmes_of(connection, owner_id)
            }:
                raise HTTPException(404)
            code = codes.make(connection, Purpose.PROGRAMME, programme_id=programme_id)
        return self._shown(request, f"{base_url(self._site.settings, request)}/take-part?code={code}")

    def leave(self, request: Request) -> Response:
        """Take part no longer."""
        wearer = visitor_of(request).own_wearer
        if wearer is None:
            raise HTTPException(403)
        with self._site.store.at_the_door(writes=True) as connection:
            programme.leave(connection, wearer)
        return RedirectResponse("/who?told=left#programme", 303)

    def _shown(self, request: Request, link: str = "") -> Response:
        owner_id, store = self._owner(request), self._site.store
        with store.at_the_door() as connection:
            found = [
                (row, programme.about_how_many(connection, row.programme_id))
                for row in programme.programmes_of(connection, owner_id)
            ]
        today = datetime.now(UTC).date()
        told = [
            {
                "programme_id": row.programme_id,
                "label": row.label,
                "people": people,
                "weeks": [
                    (date.fromisoformat(week.week), week)
                    for week in programme.weeks_of(store, row.programme_id, today)
                ],
            }
            for row, people in found
        ]
        return self._site.page(
            request,
            "programme.html",
            "programme",
            programmes=told,
            least=programme.LEAST_PEOPLE,
            link=link,
            link_qr=qr_svg(link) if link else "",
            link_only_here=bool(link) and only_this_machine(link),
        )

    def _owner(self, request: Request) -> int:
        visitor = visitor_of(request)
        if visitor.role is not Role.OWNER or visitor.account_id is None:
            raise HTTPException(404)
        return visitor.account_id
