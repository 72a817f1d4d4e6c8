"""The settings page: what the device goes by, and how the pages speak.

The numbers of the judgement are the device's. The page shows what the device says is in force, sends what
is changed to it, and tells its answer. A change for a device that is away waits at the broker (`wanted.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from firmware_py.errors import ConfigError
from firmware_py.posture.messages import Reply, TryBuzz
from firmware_py.posture.messages import Request as DeviceRequest
from firmware_py.posture.settings import BodyAlert, ChangeSettings, SettingsInForce, Weekday

from . import queries, settings_form, wanted_settings
from .forms import read_fields, read_form
from .preferences import CHOICES, chosen, keep
from .settings_form import Part
from .site import Site
from .visitor import visitor_of
from .wanted import Waiting

PATH = "/settings"

TOLD_WITHIN_S = 1.5
"""How long the page waits, after a device agreed, for its word on what is in force now."""


class SettingsPage:
    """The page and its actions."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route(PATH, self.show),
            Route(f"{PATH}/view", self.view, methods=["POST"]),
            Route(f"{PATH}/device/{{device}}/buzz/{{alert}}", self.buzz, methods=["POST"]),
            Route(f"{PATH}/device/{{device}}/discard", self.discard, methods=["POST"]),
            Route(f"{PATH}/device/{{device}}/{{part}}", self.change, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """The page."""
        return self._page(request)

    def _page(self, request: Request, **shown: Any) -> Response:
        query = request.query_params
        known = self._devices(request)
        name = request.path_params.get("device", query.get("device", ""))
        device = next((row for row in known if row.name == name), known[0] if known else None)
        in_force = self._site.hub.standing.settings_of(device.name) if device is not None else None
        waits = self._site.hub.wanted.of(device.name, in_force) if device is not None else None
        chosen_now = _chosen_now(in_force, waits)
        enter_deg = in_force.rules.get("slouch_enter_deg") if in_force is not None else None
        t = self._site.words(request)
        plan = chosen_now.plan if chosen_now is not None else None
        told: dict[str, Any] = {"told": query.get("told", ""), "part": query.get("part", ""), "detail": ""}
        return self._site.page(
            request,
            "settings.html",
            "settings",
            **{**told, **shown},
            devices=known,
            device=device,
            online=device is not None and self._site.hub.standing.is_online(device.name),
            in_force=in_force,
            chosen_now=chosen_now,
            waits=waits,
            waiting_parts=wanted_settings.parts_of(waits.request) if waits is not None else [],
            fields={part: settings_form.number_fields(part, chosen_now) for part in settings_form.RULES}
            if chosen_now is not None
            else {},
            first_glance=settings_form.FIRST_GLANCE,
            resettable=_resettable(chosen_now),
            modes=settings_form.MODES,
            weekdays=list(Weekday),
            alerts=list(BodyAlert),
            plan=plan,
            plan_bars=settings_form.plan_bars(plan) if plan is not None else [],
            preferences=self._site.preferences(request),
            choices=CHOICES,
            today=self._site.now().date(),
            has_own=visitor_of(request).own_wearer is not None,
            live_setup={
                "texts": t.under("live"),
                "decimal": t("format.decimal"),
                "angle_digits": t.angle_digits,
                "device": device.name if device is not None else "",
                "enter_deg": enter_deg,
                "waits_taken": t("settings.waits_taken"),
                "waits_refused": t("settings.waits_refused", detail="{detail}"),
            },
        )

    def _devices(self, request: Request) -> Sequence[Any]:
        with self._site.reading(request) as connection:
            return queries.devices_of(connection, self._site.wearer(request))

    async def view(self, request: Request) -> Response:
        """Keep how the pages are to speak."""
        form = await read_form(request)
        own = visitor_of(request).own_wearer
        if own is None:
            raise HTTPException(403)

        def write() -> None:
            with self._site.store.writing(own) as connection:
                keep(connection, own, chosen(form))

        await run_in_threadpool(write)
        return RedirectResponse(f"{PATH}?told=kept&part=view#view", 303)

    async def change(self, request: Request) -> Response:
        """Ask the device to go by other settings."""
        name = await self._own_device(request)
        fields = await read_fields(request)
        now = self._site.hub.standing.settings_of(name)
        waits = self._site.hub.wanted.of(name, now)
        try:
            part = Part(request.path_params["part"])
            chosen_now = _chosen_now(now, waits)
            if now is None or chosen_now is None:
                raise HTTPException(409)
            asked = settings_form.change(part, fields, chosen_now, str(getattr(self._site.zone, "key", "")))
            wanted = asked and wanted_settings.together(now, waits.request if waits else None, asked)
        except ConfigError as error:
            part = Part(request.path_params["part"])
            return await run_in_threadpool(self._page, request, told="refused", part=part, detail=str(error))
        except (ValueError, KeyError) as error:
            raise HTTPException(400) from error
        if asked is None:
            return _back(name, "unchanged", part)
        answer = await self._site.hub.ask_if_online(name, asked)
        if answer is None:
            return _back(name, await self._leave(name, wanted), part)
        if answer.accepted:
            await self._told_anew(name, now)
        return await self._answered(request, name, part, answer)

    async def _leave(self, device: str, wanted: ChangeSettings | None) -> str:
        """Leave it for a device that is away; what to tell of that."""
        if wanted is None:  # back to what the device goes by anyway
            self._site.hub.wanted.withdraw(device)
            return "discarded"
        return "waits" if await self._site.hub.want(device, wanted) else "silent"

    async def discard(self, request: Request) -> Response:
        """Take back what waits for the device."""
        name = await self._own_device(request)
        self._site.hub.wanted.withdraw(name)
        return RedirectResponse(f"{PATH}?device={name}&told=discarded", 303)

    async def buzz(self, request: Request) -> Response:
        """Let the wearer feel an alert."""
        name = await self._own_device(request)
        try:
            asked: DeviceRequest = TryBuzz(0.0, BodyAlert(request.path_params["alert"]))
        except ValueError as error:
            raise HTTPException(404) from error
        return await self._answered(request, name, Part.BUZZ, await self._site.hub.ask(name, asked), "buzzed")

    async def _answered(
        self, request: Request, name: str, part: Part, answer: Reply | None, good: str = "accepted"
    ) -> Response:
        if answer is not None and not answer.accepted:
            # Answered in place: the device's own words belong into no address.
            told = "refused" if answer.detail else "refused_plain"
            return await run_in_threadpool(self._page, request, told=told, part=part, detail=answer.detail)
        return _back(name, "silent" if answer is None else good, part)

    async def _told_anew(self, device: str, before: SettingsInForce) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TOLD_WITHIN_S):
                while self._site.hub.standing.settings_of(device) is before:
                    await asyncio.sleep(0.02)

    async def _own_device(self, request: Request) -> str:
        name: str = request.path_params["device"]
        if not any(row.name == name for row in await run_in_threadpool(self._devices, request)):
            raise HTTPException(404)
        return name


def _chosen_now(in_force: SettingsInForce | None, waits: Waiting | None) -> SettingsInForce | None:
    """What the forms show: what is in force, and over it what waits for the device."""
    if in_force is not None and waits is not None:
        with contextlib.suppress(ConfigError):  # asked by somebody else, and the device will say so
            return wanted_settings.overlaid(in_force, waits.request)
    return in_force


def _resettable(in_force: SettingsInForce | None) -> set[Part]:
    """The forms of which something is the page's choice, and could go back to the configuration."""
    if in_force is None:
        return set()
    return {
        part
        for part in Part
        if any(
            key in in_force.chosen and in_force.chosen[key].by != "file"
            for key in settings_form.keys_of(part)
        )
    }


def _back(device: str, told: str, part: Part) -> Response:
    return RedirectResponse(f"{PATH}?device={device}&told={told}&part={part}#{part}", 303)
