"""The ways in with a code: a phone that is paired, an invitation, a carer whom a wearer lets in.

Opening such an address shows what it would do; doing it is a button, because messengers and mail
programs open addresses that pass through them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from firmware_py.errors import ConfigError

from .forms import read_form
from .login import asked_to_wait, limits_of, signed_in
from .people import codes, permits, programme
from .people.accounts import Accounts
from .people.attempts import Attempts
from .people.codes import Purpose
from .people.sign_ins import AnyRow
from .people_tables import accounts, programmes
from .site import Site
from .visitor import KEY, Role, Visitor

Form = dict[str, str]


class Entrances:
    """The pages behind codes."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._door = site.door
        self._accounts = Accounts(site.store)
        self._attempts = Attempts(site.store)

    def routes(self) -> list[Route]:
        """Their addresses."""
        pages: dict[str, tuple[Purpose, Callable[[Request, Form], Response | None]]] = {
            "/pair": (Purpose.PAIR, self._pair),
            "/join": (Purpose.INVITE, self._join),
            "/let-in": (Purpose.CARE, self._let_in),
            "/take-part": (Purpose.PROGRAMME, self._take_part),
        }
        routes = []
        for path, (purpose, do) in pages.items():
            routes.append(Route(path, self._showing(purpose), methods=["GET"], name=f"{purpose}_show"))
            routes.append(Route(path, self._doing(purpose, do), methods=["POST"], name=f"{purpose}_do"))
        return routes

    def _showing(self, purpose: Purpose) -> Callable[[Request], Response]:
        def show(request: Request) -> Response:
            return self._page(request, purpose, request.query_params.get("code", ""), "")

        return show

    def _doing(self, purpose: Purpose, do: Callable[[Request, Form], Response | None]) -> Any:
        async def answer(request: Request) -> Response:
            form = await read_form(request)
            return await run_in_threadpool(self._attempted, request, purpose, do, form)

        return answer

    def _attempted(
        self,
        request: Request,
        purpose: Purpose,
        do: Callable[[Request, Form], Response | None],
        form: Form,
    ) -> Response:
        code = form.get("code", "")
        attempt = self._attempts.begin(limits_of(request))
        if attempt.wait_s > 0:
            return asked_to_wait(self._page(request, purpose, code, "entrance.wait", 429), attempt)
        if self._opens(purpose, code) is None:  # a code that opens nothing is one wrong guess
            return self._page(request, purpose, code, "", 403)
        self._attempts.was_right(attempt)
        try:
            done = do(request, form)
        except ConfigError:
            return self._page(request, purpose, code, "entrance.too_short", 400)
        return self._page(request, purpose, code, "entrance.refused", 403) if done is None else done

    def _pair(self, request: Request, form: Form) -> Response | None:
        with self._site.store.at_the_door(writes=True) as connection:
            opened = codes.redeem(connection, form["code"], Purpose.PAIR)
        if opened is None or opened.lock != (None if self._door.people else self._door.password.lock):
            return None
        return signed_in(request, self._door, "/", opened.account_id)

    def _join(self, request: Request, form: Form) -> Response | None:
        account_id = self._accounts.take_up(form["code"], form.get("password", ""))
        return None if account_id is None else signed_in(request, self._door, "/", account_id)

    def _let_in(self, request: Request, form: Form) -> Response | None:
        visitor: Visitor | None = request.scope.get(KEY)
        if visitor is None or visitor.account_id is None or visitor.role not in (Role.CARER, Role.WEARER):
            return None
        with self._site.store.at_the_door(writes=True) as connection:
            opened = codes.redeem(connection, form["code"], Purpose.CARE)
            if opened is None or opened.wearer_id == visitor.own_wearer:
                return None
            permits.let_in(connection, opened.wearer_id, visitor.account_id, opened.permit_s)
        return RedirectResponse("/wearers", 303)

    def _take_part(self, request: Request, form: Form) -> Response | None:
        visitor: Visitor | None = request.scope.get(KEY)
        if visitor is None or visitor.account_id is None or visitor.own_wearer is None:
            return None
        with self._site.store.at_the_door(writes=True) as connection:
            # Looked at, not used up: one such link goes to many, and opens nobody's data.
            opened = codes.look(connection, form["code"])
            if opened is None:
                return None
            programme.join(connection, visitor.own_wearer, opened.programme_id)
        return RedirectResponse("/who?told=joined#programme", 303)

    def _opens(self, purpose: Purpose, code: str) -> AnyRow | None:
        if not self._door.locked:
            return None
        with self._site.store.at_the_door() as connection:
            opened = codes.look(connection, code)
        return opened if opened is not None and opened.purpose == purpose else None

    def _page(
        self, request: Request, purpose: Purpose, code: str, complaint: str, status: int = 200
    ) -> Response:
        opened = self._opens(purpose, code)
        who = self._whose(opened) if opened is not None else None
        return self._site.page(
            request,
            "entrance.html",
            "",
            status=403 if opened is None and status == 200 else status,
            purpose=str(purpose),
            code=code if opened is not None else "",
            opened=opened,
            who=who,
            complaint=complaint,
        )

    def _whose(self, opened: AnyRow) -> Row[Any] | None:
        """The account that a code signs in or whose data it opens, or the programme that it invites to."""
        wanted = (
            accounts.c.account_id == opened.account_id
            if opened.account_id is not None
            else accounts.c.wearer_id == opened.wearer_id
        )
        if opened.programme_id is not None:
            wanted = programmes.c.programme_id == opened.programme_id
            with self._site.store.at_the_door() as connection:
                return connection.execute(select(programmes).where(wanted)).first()
        with self._site.store.at_the_door() as connection:
            return connection.execute(select(accounts).where(wanted)).first()
