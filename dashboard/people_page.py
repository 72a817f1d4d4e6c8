"""An administrator's page: accounts and their invitations, devices and who has them; nobody's data."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from firmware_py.errors import ConfigError

from .forms import read_form
from .handover import all_devices
from .links import base_url, only_this_machine, qr_svg
from .people.accounts import Accounts
from .site import Site
from .visitor import Role, Visitor, visitor_of


class PeoplePage:
    """The page and its actions."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._accounts = Accounts(site.store)

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/people", self.page),
            Route("/people/accounts", self.add, methods=["POST"]),
            Route("/people/accounts/{account}/invite", self.invite, methods=["POST"]),
            Route("/people/accounts/{account}/close", self.close, methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """All of it."""
        _administrator(request)
        return self._shown(request, request.query_params.get("told", ""))

    async def add(self, request: Request) -> Response:
        """Make an account, and show the link with which its password is chosen."""
        form = await read_form(request)
        return await run_in_threadpool(self._add, request, form)

    def _add(self, request: Request, form: dict[str, str]) -> Response:
        administrator = _administrator(request)
        name, role = form.get("name", ""), form.get("role", "")
        if role not in set(Role):
            raise HTTPException(400)
        try:
            self._accounts.add(name, Role(role), form.get("label", ""))
        except ConfigError:
            return self._shown(request, "name_taken", 400)
        return self._invited(request, name, administrator)

    def invite(self, request: Request) -> Response:
        """Make a new link, say for a forgotten password; its wearer reads that it was made."""
        return self._invited(request, request.path_params["account"], _administrator(request))

    def close(self, request: Request) -> Response:
        """Let an account in no longer."""
        administrator, name = _administrator(request), request.path_params["account"]
        try:
            if self._accounts.account_named(name) == administrator.account_id:
                return self._shown(request, "not_oneself", 400)
            self._accounts.close(name)
        except ConfigError as error:
            raise HTTPException(404) from error
        return RedirectResponse("/people?told=closed", 303)

    def _invited(self, request: Request, name: str, administrator: Visitor) -> Response:
        try:
            code = self._accounts.invitation(name, administrator.label, f"account {administrator.account_id}")
        except ConfigError as error:
            raise HTTPException(404) from error
        return self._shown(
            request, link=f"{base_url(self._site.settings, request)}/join?code={code}", name=name
        )

    def _shown(
        self, request: Request, told: str = "", status: int = 200, link: str = "", name: str = ""
    ) -> Response:
        return self._site.page(
            request,
            "people.html",
            "administer",
            status=status,
            told=told,
            accounts=self._accounts.all(),
            devices=all_devices(self._site.store),
            roles=list(Role),
            link=link,
            link_qr=qr_svg(link) if link else "",
            link_only_here=bool(link) and only_this_machine(link),
            name=name,
        )


def _administrator(request: Request) -> Visitor:
    visitor = visitor_of(request)
    if visitor.role is not Role.ADMINISTRATOR:
        raise HTTPException(404)
    return visitor
