"""Putting it on: whether yesterday's calibration still fits, and the guide, step by step.

The guide itself is the device's (`calibration/guide.py`); where it is comes over the WebSocket, and
`static/wear.js` shows it. What the wearer presses goes to the device as a request and is answered by it.
"""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from firmware_py.posture.guidance import (
    AcceptNeutral,
    GuidePlan,
    LeaveGuide,
    PressGuide,
    SkipStep,
    StartGuide,
)
from firmware_py.posture.messages import Request as DeviceRequest

from . import queries
from .days import utc_ms
from .fit_view import KINDS, fit_view
from .forms import read_form
from .site import Site

MAX_STEPS = 100

PLANS = (GuidePlan.NEUTRAL, GuidePlan.STRAP, GuidePlan.FULL, GuidePlan.POSES)
"""In the order in which they are wanted."""


class WearPages:
    """The page, its part that changes, and its buttons."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/wear", self.page),
            Route("/part/fit/{device}", self.fit_part),
            Route("/wear/{device}/{action}", self.ask, methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """The check and the guide of one device: the one asked for, or that was seen last."""
        with self._site.reading(request) as connection:
            known = queries.devices_of(connection, self._site.wearer(request))
            wanted = request.query_params.get("device")
            chosen = [row for row in known if wanted in (None, row.name)]
            if wanted is not None and not chosen:
                raise HTTPException(404)
            row = max(chosen, key=lambda row: row.seen_utc_ms or 0, default=None)
            fit = None if row is None else self._fit(connection, row)
        t = self._site.words(request)
        setup = {
            "device": None if row is None else row.name,
            "texts": t.under("guide"),
            "decimal": t("format.decimal"),
            "enter_deg": self._site.settings.slouch_enter_deg,
            "online": row is not None and self._site.hub.standing.is_online(row.name),
        }
        return self._site.page(
            request,
            "wear.html",
            "wear",
            device=row,
            devices=known,
            fit=fit,
            plans=PLANS,
            setup=setup,
            told=request.query_params.get("told", ""),
        )

    def fit_part(self, request: Request) -> Response:
        """The check again, for a page that is open."""
        with self._site.reading(request) as connection:
            known = queries.devices_of(connection, self._site.wearer(request))
            row = next((row for row in known if row.name == request.path_params["device"]), None)
            if row is None:
                raise HTTPException(404)
            fit = self._fit(connection, row)
        return self._site.page(request, "_fit.html", "wear", device=row, fit=fit)

    def _fit(self, connection: Any, row: Any) -> Any:  # Any: a row of the store
        latest = queries.latest_events(connection, row.device_id, KINDS)
        return fit_view(latest, utc_ms(self._site.now()))

    async def ask(self, request: Request) -> Response:
        """Ask the device; a script is told what it answered, a plain form comes back to the page."""
        name, action = request.path_params["device"], request.path_params["action"]
        form = await read_form(request)
        if not await run_in_threadpool(self._owns, request, name):
            raise HTTPException(404)
        answer = await self._site.hub.ask(name, _asked(action, form))
        told = "silent" if answer is None else "accepted" if answer.accepted else "refused"
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"told": told})
        return RedirectResponse(f"/wear?device={name}&told={told}", 303)

    def _owns(self, request: Request, name: str) -> bool:
        with self._site.reading(request) as connection:
            return any(row.name == name for row in queries.devices_of(connection, self._site.wearer(request)))


def _asked(action: str, form: dict[str, str]) -> DeviceRequest:
    try:
        index = int(form["index"]) if form.get("index") else None
        if index is not None and not 1 <= index <= MAX_STEPS:
            raise HTTPException(400)
        match action:
            case "start":
                return StartGuide(0.0, GuidePlan(form["plan"]))
            case "press":
                return PressGuide(0.0, index)
            case "skip":
                return SkipStep(0.0, index)
            case "leave":
                return LeaveGuide(0.0)
            case "accept":
                return AcceptNeutral(0.0)
    except (ValueError, KeyError) as error:
        raise HTTPException(400) from error
    raise HTTPException(400)
