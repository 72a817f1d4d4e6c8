"""The page "Who sees my data": carers, the log of who looked, tokens, signed-in browsers, pairing."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from firmware_py.errors import ConfigError

from .forms import read_fields, read_form
from .links import base_url, only_this_machine, qr_svg
from .login import signed_in
from .people import codes, looks, permits
from .people.accounts import Accounts
from .people.api_tokens import DAYS, TokenScope
from .people.attempts import Attempts, of_account
from .people.codes import Purpose
from .people.programme import membership_of
from .site import Site
from .visitor import Role, Visitor, visitor_of

SHOWN_LOOKS = 200

SCOPES = (TokenScope.READ, TokenScope.LIVE, TokenScope.WRITE)
"""What a wearer's own token may; the figures of the service are for whoever runs it."""


class Who:
    """The page and its actions, about the visitor's own account and data, never those a carer has open."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._door = site.door
        self._accounts = Accounts(site.store)
        self._attempts = Attempts(site.store)

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/who", self.page),
            Route("/who/carers", self.let_in, methods=["POST"]),
            Route("/who/carers/{permit_id:row}/end", self.shut_out, methods=["POST"]),
            Route("/who/tokens", self.make_token, methods=["POST"]),
            Route("/who/tokens/{token_id:row}/revoke", self.revoke_token, methods=["POST"]),
            Route("/who/pair", self.pair, methods=["POST"]),
            Route("/who/sign-ins/{sign_in}/end", self.end_sign_in, methods=["POST"]),
            Route("/who/password", self.password, methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """All of it."""
        return self._shown(request, told=request.query_params.get("told", ""))

    async def let_in(self, request: Request) -> Response:
        """Make the link with which a carer comes in."""
        form = await read_form(request)
        wearer = self._own_wearer(request)
        period_s = _chosen(form.get("period_s"), permits.PERIODS_S)
        if not self._door.people:
            raise HTTPException(404)
        return await run_in_threadpool(
            self._with_code, request, Purpose.CARE, "/let-in", wearer_id=wearer, permit_s=period_s
        )

    def shut_out(self, request: Request) -> Response:
        """End a carer's permit at once."""
        wearer = self._own_wearer(request)
        with self._site.store.at_the_door(writes=True) as connection:
            permits.shut_out(connection, wearer, request.path_params["permit_id"])
        return RedirectResponse("/who?told=shut_out#carers", 303)

    async def make_token(self, request: Request) -> Response:
        """Make a token, and show it this once."""
        form = await read_fields(request)
        wearer = self._own_wearer(request)
        days = _chosen(form.get("days", [""])[-1], DAYS)
        wished = form.get("scope", [])
        scopes = [scope for scope in SCOPES if scope in wished]
        if not scopes:
            return RedirectResponse("/who?told=no_scope#tokens", 303)
        label = form.get("label", [""])[-1]
        account_id = visitor_of(request).account_id
        token = await run_in_threadpool(self._door.tokens.make, label, scopes, days, wearer, account_id)
        return await run_in_threadpool(self._shown, request, token=token)

    def revoke_token(self, request: Request) -> Response:
        """Let a token open nothing any more."""
        self._door.tokens.revoke(request.path_params["token_id"], self._own_wearer(request))
        return RedirectResponse("/who?told=revoked#tokens", 303)

    def pair(self, request: Request) -> Response:
        """Make the code with which another browser is signed in as this one."""
        visitor = visitor_of(request)
        if not self._door.locked:
            raise HTTPException(404)
        lock = None if self._door.people else self._door.password.lock
        return self._with_code(request, Purpose.PAIR, "/pair", account_id=visitor.account_id, lock=lock)

    def end_sign_in(self, request: Request) -> Response:
        """Sign another browser out."""
        self._door.sign_ins.end(request.path_params["sign_in"], visitor_of(request).account_id)
        return RedirectResponse("/who?told=signed_out#sign-ins", 303)

    async def password(self, request: Request) -> Response:
        """Change the account's password; every other browser is signed out."""
        form = await read_form(request)
        return await run_in_threadpool(self._password, request, form)

    def _password(self, request: Request, form: dict[str, str]) -> Response:
        account_id = visitor_of(request).account_id
        if account_id is None:
            raise HTTPException(404)
        attempt = self._attempts.begin([of_account(account_id)])
        if attempt.wait_s > 0:
            return RedirectResponse("/who?told=password_wait#password", 303)
        if not self._accounts.has_password(account_id, form.get("present", "")):
            return RedirectResponse("/who?told=password_wrong#password", 303)
        self._attempts.was_right(attempt)
        try:
            self._accounts.change_password(account_id, form.get("password", ""))
        except ConfigError:
            return RedirectResponse("/who?told=password_short#password", 303)
        return signed_in(request, self._door, "/who?told=password_changed", account_id)

    def _with_code(self, request: Request, purpose: Purpose, path: str, **opens: Any) -> Response:
        with self._site.store.at_the_door(writes=True) as connection:
            code = codes.make(connection, purpose, **opens)
        link = f"{base_url(self._site.settings, request)}{path}?code={code}"
        return self._shown(
            request,
            link=link,
            link_for=str(purpose),
            link_qr=qr_svg(link),
            link_only_here=only_this_machine(link),
        )

    def _own_wearer(self, request: Request) -> int:
        wearer = visitor_of(request).own_wearer
        if wearer is None:
            raise HTTPException(403)
        return wearer

    def _shown(self, request: Request, **made: Any) -> Response:
        visitor = visitor_of(request)
        shown: dict[str, Any] = {"told": "", "token": "", "link": "", "link_for": "", "link_only_here": False}
        own = self._of_wearer(visitor) if visitor.own_wearer is not None else None
        return self._site.page(
            request,
            "who.html",
            "people" if own else "account",
            people=self._door.people,
            locked=self._door.locked,
            demonstration=self._site.settings.demonstration,
            opening=(
                shlex.join([_program(), "password", "--data", str(self._site.settings.data_folder)]),
                'host = "0.0.0.0"',
            ),
            own=own,
            sign_ins=self._sign_ins(visitor),
            carer=visitor.role is Role.CARER,
            periods_s=permits.PERIODS_S,
            token_days=DAYS,
            scopes=SCOPES,
            **(shown | made),
        )

    def _of_wearer(self, visitor: Visitor) -> dict[str, Any]:
        wearer = visitor.own_wearer
        if wearer is None:
            raise HTTPException(403)
        with self._site.store.at_the_door() as connection:
            carers = permits.carers_of(connection, wearer)
            programme = membership_of(connection, wearer)
            patients = (
                permits.wearers_of(connection, visitor.account_id) if visitor.account_id is not None else []
            )
        with self._site.store.reading(wearer) as connection:
            seen = looks.looks_of(connection, wearer, SHOWN_LOOKS)
        return {
            "carers": carers,
            "programme": programme,
            "patients": patients,
            "looks": seen,
            "tokens": self._door.tokens.of(wearer),
        }

    def _sign_ins(self, visitor: Visitor) -> Any:
        if visitor.credential is None:
            return []
        return self._door.sign_ins.of(visitor.account_id, self._door.password.lock)


def _program() -> str:
    """The command as the machine that serves this page finds it, on its path or not."""
    beside = Path(sys.executable).with_name("plumbline")
    return str(beside) if beside.exists() else "plumbline"


def _chosen(typed: str | None, offered: tuple[int, ...]) -> int:
    chosen = {str(one): one for one in offered}.get(typed or "")
    if chosen is None:
        raise HTTPException(400)
    return chosen
