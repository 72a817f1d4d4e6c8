"""The way in with a password, and out again."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from .door import Door, cookie_name, is_tls
from .forms import read_form
from .people.accounts import Accounts
from .people.attempts import OF_ALL, Attempt, Attempts, Limit, of_address, of_name
from .people.sign_ins import LASTS_S
from .site import Site
from .visitor import visitor_of

_BROWSERS = (("Firefox/", "Firefox"), ("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_MACHINES = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")


class Login:
    """The form and its answer."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._door = site.door
        self._accounts = Accounts(site.store)
        self._attempts = Attempts(site.store)

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/login", self.form, methods=["GET"]),
            Route("/login", self.enter, methods=["POST"]),
            Route("/logout", self.leave, methods=["POST"]),
        ]

    def form(self, request: Request) -> Response:
        """Asks for the password, and with accounts for the name."""
        return self._asking(request, "")

    async def enter(self, request: Request) -> Response:
        """Checks them."""
        form = await read_form(request)
        return await run_in_threadpool(self._enter, request, form.get("name", ""), form.get("password", ""))

    def _enter(self, request: Request, name: str, password: str) -> Response:
        door = self._door
        if not door.locked:
            return RedirectResponse("/", 303)
        limits = [
            of_address(address_of(request)),
            of_name(name.strip().casefold()) if door.people else OF_ALL,
        ]
        attempt = self._attempts.begin(limits)
        if attempt.wait_s > 0:
            return asked_to_wait(self._asking(request, "login.wait", 429), attempt)
        account_id = None
        if door.people:
            account_id = self._accounts.check(name, password)
            right = account_id is not None
        else:
            right = door.password.check(password)
        if not right:
            return self._asking(request, "login.wrong_name" if door.people else "login.wrong", 403)
        self._attempts.was_right(attempt)
        return signed_in(request, door, _own_path(request.query_params.get("next", "/")), account_id)

    def leave(self, request: Request) -> Response:
        """Ends this browser's sign-in."""
        visitor = visitor_of(request)
        if visitor.credential is not None:
            self._door.sign_ins.end(visitor.credential, visitor.account_id)
        left = RedirectResponse("/login" if self._door.locked else "/", 303)
        left.delete_cookie(cookie_name(request), secure=is_tls(request), httponly=True, samesite="lax")
        return left

    def _asking(self, request: Request, complaint: str, status: int = 200) -> Response:
        return self._site.page(
            request, "login.html", "", status=status, complaint=complaint, people=self._door.people
        )


def signed_in(request: Request, door: Door, path: str, account_id: int | None) -> Response:
    """An answer that signs this browser in and leads to a path of ours."""
    lock = door.password.lock if account_id is None else None
    answer = RedirectResponse(path, 303)
    answer.set_cookie(
        cookie_name(request),
        door.sign_ins.open(browser_of(request), account_id, lock),
        max_age=LASTS_S,
        httponly=True,
        samesite="lax",
        secure=is_tls(request),
    )
    return answer


def asked_to_wait(answer: Response, attempt: Attempt) -> Response:
    """The answer, with the time to wait in its head."""
    answer.headers["Retry-After"] = str(int(attempt.wait_s) + 1)
    return answer


def limits_of(request: Request) -> list[Limit]:
    """How often wrong codes may come from where this request comes from."""
    return [of_address(address_of(request))]


def address_of(request: HTTPConnection) -> str:
    """Where a request comes from: the proxy's word where a proxy is trusted."""
    return request.client.host if request.client else ""


def browser_of(request: Request) -> str:
    """What kind of browser asks, by its own word: `Firefox, Android`."""
    said = request.headers.get("user-agent", "")
    browser = next((name for mark, name in _BROWSERS if mark in said), "")
    machine = next((name for name in _MACHINES if name in said), "")
    return ", ".join(filter(None, (browser, machine))) or "?"


def _own_path(wished: str) -> str:
    """A path on this site, with its query; anything else leads to the first page."""
    try:
        parts = urlsplit(wished)
    except ValueError:
        return "/"
    own = not parts.scheme and not parts.netloc and wished.startswith("/") and not wished.startswith("//")
    if not own or "\\" in wished or any(ord(letter) < 0x21 for letter in wished):
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
